/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manual pages: the language mdoc(7), written from the tables that a program
 * has already.  A page is built front to back in a buffer:
 *
 *	man_begin(&out, "prog", 8, "what it is");
 *	man_heading(&out, "OPTIONS");
 *	man_list(&out);
 *	man_item(&out, "--file FILE", "Read FILE first.");
 *	man_list_end(&out);
 *
 * All text is plain UTF-8: nothing in it is taken for markup.  Sources:
 * mdoc(7), mandoc_char(7), groff_char(7).
 */
#ifndef SKYCLUST_BASE_MAN_H
#define SKYCLUST_BASE_MAN_H

#include "base/base.h"
#include "base/buf.h"

/* The head of the page @name(@section), with @what it is in a few words. */
void man_begin(struct buf *out, const char *name, int section,
	       const char *what);

void man_heading(struct buf *out, const char *title);    /* "EXIT STATUS" */
void man_subheading(struct buf *out, const char *title); /* "Faults" */

/* Running text; a blank line in @text begins a paragraph. */
void man_text(struct buf *out, const char *text);

/* One way to call @program, below the heading SYNOPSIS.  @usage as for
 * man_item(). */
void man_usage(struct buf *out, const char *program, const char *usage);

/*
 * A list of terms.  @usage is written as in a help text, "--json [FILE]":
 * dashes make an option, capitals something to fill in, brackets what may be
 * left out, all else is typed as it stands.  @text may be NULL.
 */
void man_list(struct buf *out);
void man_item(struct buf *out, const char *usage, const char *text);
void man_list_end(struct buf *out);

/* A heading and, below it, such a list; the last entry has no usage. */
struct man_entry {
	const char *usage, *text;
};
void man_entries(struct buf *out, const char *title,
		 const struct man_entry *entries);

/* Lines as they are, in a fixed-width font. */
void man_code(struct buf *out, const char *text);

/* What SEE ALSO names; all but the last get a comma. */
void man_see(struct buf *out, const char *name, int section, bool last);

#endif
