/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings, shared by the reader (config.c), the printer and the
 * schema (config_print.c).
 */
#ifndef SKYCLUST_HOST_CONFIG_TABLE_H
#define SKYCLUST_HOST_CONFIG_TABLE_H

#include "config.h"

enum setting_type {
	SET_TEXT,       /* char * */
	SET_WORD,       /* char *, one of `words` */
	SET_INT,        /* long long */
	SET_DURATION,   /* long long, milliseconds; written "500ms", "10s" … */
	SET_BOOL,       /* bool */
};

struct setting {
	const char *key;        /* "server.listen" */
	enum setting_type type;
	const char *fallback;     /* the default, as it would be written */
	size_t offset;            /* of the member in struct config */
	long long min, max;       /* SET_INT, SET_DURATION (ms) */
	const char *help;         /* one sentence */
	const char *const *words; /* SET_WORD, ends with NULL */
};

/* Ends with a NULL key; in the order of the file, section by section. */
extern const struct setting config_settings[];

/* The value of @s in @c as it would be written, onto @out. */
void config_write_value(const struct setting *s, const struct config *c,
			struct buf *out);

#endif
