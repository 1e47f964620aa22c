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
#define REDACT_GUESTS 64 /* credentials remembered after their last call */

struct redact_guest;

/* The tenants' credentials of late: what a driver prints is no single call's,
 * and may come after its end.  A zeroed one is empty. */
struct redact_guests {
	struct redact_guest *newest;
	size_t n;
};

struct redact {
	struct secret **words;
	size_t n;
	const struct redact_guests *guests; /* borrowed, or NULL */
};

/* Add every string in @secrets (object, borrowed) that is long enough. */
void redact_add(struct redact *r, const json_t *secrets);
void redact_done(struct redact *r);

/*
 * A call uses the credential @id whose JSON text is @secrets: what the driver's
 * credential @schema calls secret is masked until redact_release(), and until
 * REDACT_GUESTS others came after it.  A secret of many lines (a private key)
 * is masked line by line, since that is how stderr comes.  Borrowed.
 */
struct redact_guest *redact_hold(struct redact_guests *all, const char *id,
				 const struct secret *secrets,
				 const json_t *schema);
void redact_release(struct redact_guests *all, struct redact_guest *guest);
void redact_guests_done(struct redact_guests *all);

/* Overwrite each occurrence in place with asterisks; false: there was none. */
bool redact_text(const struct redact *r, char *text, size_t n);
/* The same for the message of an error, by the provider's own secrets and those
 * of the call, @guest (NULL: none). */
void redact_error(const struct redact *r, const struct redact_guest *guest,
		  struct error *err);

#endif
