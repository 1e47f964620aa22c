/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content negotiation (RFC 9110 sections 8.3 and 12.5.1), as far as an API of
 * one representation needs it.
 */
#ifndef SKYCLUST_API_ACCEPT_H
#define SKYCLUST_API_ACCEPT_H

#include "base/error.h"

/* Does the header Accept (@accept, NULL: none) admit @type?
 * ERR_NOT_ACCEPTABLE otherwise. */
bool accept_allows(const char *accept, const char *type, struct error *err);

/* Is @content_type (NULL: none) JSON in UTF-8?  ERR_MEDIA_TYPE otherwise. */
bool accept_is_json(const char *content_type, struct error *err);

#endif
