/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of words that parsing and completion share.  Private to
 * command*.c.
 */
#ifndef SKYCLUST_CLI_COMMAND_IMPL_H
#define SKYCLUST_CLI_COMMAND_IMPL_H

#include "cli/command.h"

struct reader {
	struct command *c;
	const struct cat_kind *vendor;	/* described, or NULL */
	const char *first;	/* a word that may be a kind or a provider */
	const struct option_row *option; /* waits for its value */
	const struct cat_field *field;	/* the same */
	bool completing;	/* values are not kept, and faults passed over */
	bool only_words;	/* "--" was read */
	bool helps;		/* --help: nothing more is missing */
};

/* Take the next word of the command line; borrowed for as long as `c`. */
bool command_read(struct reader *r, const char *word, struct error *err);

#endif
