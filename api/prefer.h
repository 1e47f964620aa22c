/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client says about the answer it wants: the header Prefer (RFC 7240),
 * of which `wait` and `respond-async` are known here.
 */
#ifndef SKYCLUST_API_PREFER_H
#define SKYCLUST_API_PREFER_H

#include "base/base.h"

/*
 * How long to wait for what was asked for, in ms: @most unless @header (NULL:
 * not given) wants less.  What nobody understands is ignored, as the RFC says.
 * @applied gets the value of Preference-Applied, "" when there is none.
 */
#define PREFER_APPLIED 48
int64_t prefer_wait(const char *header, int64_t most,
		    char applied[PREFER_APPLIED]);

#endif
