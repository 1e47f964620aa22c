/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider's block mixes settings and credential, as people write it.  The
 * driver's schemas tell them apart: what credential_schema names travels with
 * each request as `secrets`, the rest goes into `initialize` as `config`.  What
 * the block does not give is looked for in the host's own environment, under
 * the names that the driver lists in `env`.
 */
#ifndef SKYCLUST_SUPERVISE_SETTINGS_H
#define SKYCLUST_SUPERVISE_SETTINGS_H

#include <jansson.h>

#include "base/error.h"
#include "supervise/redact.h"

struct settings {
	json_t *config;         /* for `initialize` */
	struct secret *secrets; /* the JSON text of each request's `secrets` */
	struct redact redact;
	struct error missing;   /* ERR_INVALID: a setting that the driver
				 * requires and nobody gave: it cannot start */
	struct error no_secret; /* ERR_UNAUTHENTICATED: the same of the
				 * credential; a call with one of its own can
				 * be made all the same */
};

/* Split @block (object) of provider @name by @hello. */
void settings_init(struct settings *s, const char *name, const json_t *hello,
		   const json_t *block);
void settings_done(struct settings *s);

/* @text as the type that @schema (of one field) asks for; new. */
json_t *settings_typed(const char *text, const json_t *schema);

/* Does credential @schema say that @field is a secret, or part of it is
 * ("writeOnly": true)?  What it does not name is one. */
bool settings_is_secret(const json_t *schema, const char *field);

#endif
