/* SPDX-License-Identifier: Apache-2.0 */
/*
 * API tokens: "skt_" TOKEN "_" SECRET.  What one is good for (whose, where, for
 * what, until when) is bound to it by a MAC, so a row that was altered is good
 * for nothing.
 */
#ifndef SKYCLUST_HOST_IDENTITY_API_TOKEN_H
#define SKYCLUST_HOST_IDENTITY_API_TOKEN_H

#include "store/store.h"
#include "trust.h"

#define API_TOKEN_PREFIX "skt_"

/* The identifier in @token; false: it is none of ours. */
bool api_token_read_id(const char *token, char id[TRUST_ID_SIZE]);

/* The columns that api_token_is_good() looks at. */
#define API_TOKEN_COLUMNS \
	"t.id, t.user_id, t.workspace_id, t.permissions, t.expires_at," \
	" t.revoked_at, t.mac"

/* Does row @i (API_TOKEN_COLUMNS) say what it said when it was written, is it in
 * force, and (unless NULL) is @token its token? */
bool api_token_is_good(struct trust *t, const struct rows *rows, size_t i,
		       const char *token, int64_t now);

#endif
