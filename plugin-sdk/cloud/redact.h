/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redaction: what must not be written to logs and recordings becomes "***".
 * That is: the headers Authorization, X-Auth-Token, X-Subject-Token, Cookie,
 * Set-Cookie and their like, JSON members named as secrets are ("password",
 * "adminPass", "private_key", …), and every text that contains a value which
 * is known to be secret.
 */
#ifndef SKYCLUST_CLOUD_REDACT_H
#define SKYCLUST_CLOUD_REDACT_H

#include <jansson.h>

#include "base/base.h"

#define REDACTED "***"

struct sc_call;

/* The values known to be secret: an array of strings.  Zeroed: none. */
struct redact {
	json_t *values;
};

/* What is secret in @call: of the credential the fields that the driver's
 * schema marks "writeOnly" (without a schema: all), and the session's tokens.
 * Values shorter than 4 bytes are left out: they would blacken everything. */
void redact_init(struct redact *r, const struct sc_call *call);
void redact_done(struct redact *r); /* the values are not wiped: they are shared */

bool redact_header_is_secret(const char *name);
bool redact_member_is_secret(const char *name);

/* Does @text contain a secret value?  @r may be NULL. */
bool redact_hits(const struct redact *r, const char *text);

/* A copy of @v (new) with its secrets replaced. */
json_t *redact_json(const struct redact *r, json_t *v);

#endif
