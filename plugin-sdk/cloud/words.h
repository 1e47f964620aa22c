/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of a map (struct sc_map): what the cloud's words mean in ours.
 *
 *	running=ACTIVE|RESCUE updating=*_IN_PROGRESS none= -=snapshot unknown=*
 *
 * Meanings are separated by spaces; `*` stands for every word, and within one
 * for any text, `-` of ours says nothing, nothing after the = is the empty
 * text, and a word without a = is the same in both.
 */
#ifndef SKYCLUST_CLOUD_WORDS_H
#define SKYCLUST_CLOUD_WORDS_H

#include "base/base.h"

/* Reads pair by pair; begin with { .p = text }. */
struct words {
	const char *p;          /* what is left to read */
	struct slice ours, theirs;
};

/* The next pair.  False at the end, or, with something left in ->p, where the
 * text is not well-formed. */
bool words_next(struct words *w);

/* Is @text what @word of a table stands for? */
bool words_fit(struct slice word, const char *text);

/* Our word for @theirs: false if the table has none.  It is "-" for "says
 * nothing". */
bool words_find(const char *text, const char *theirs, struct slice *ours);

/* Is there a "-", a cloud's word that says nothing? */
bool words_may_say_nothing(const char *text);

#endif
