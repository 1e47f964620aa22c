/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets of one provider, to be masked in what its driver says: a driver
 * that prints its password must not put it into our log or an error.
 */
#ifndef SKYCLUST_SUPERVISE_REDACT_H
#define SKYCLUST_SUPERVISE_REDACT_H

#include <jansson.h>

#include "base/error.h"

#define REDACT_MIN 6 /* shorter secrets would mask ordinary words */

struct redact {
	struct secret **words;
	size_t n;
};

/* Add every string in @secrets (object, borrowed) that is long enough. */
void redact_add(struct redact *r, const json_t *secrets);
void redact_done(struct redact *r);

/* Overwrite each occurrence in place with asterisks; false: there was none. */
bool redact_text(const struct redact *r, char *text, size_t n);
/* The same for the message of an error. */
void redact_error(const struct redact *r, struct error *err);

#endif
