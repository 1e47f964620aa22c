/* SPDX-License-Identifier: Apache-2.0 */
#include "base/man.h"

#include <ctype.h>

#include "base/text.h"

#define LINE_MAX_BYTES 72 /* linters of manual pages want less than 80 */

/* ---- characters ------------------------------------------------------- */

/* What roff writes otherwise than it is typed, or NULL.  A hyphen in running
 * text is one, in what is typed it is a minus. */
static const char *escape_of(char c, bool typed)
{
	switch (c) {
	case '\\':
		return "\\e";
	case '"':
		return "\\(dq";
	case '-':
		return typed ? "\\-" : NULL;
	case '\'':
		return typed ? "\\(aq" : NULL;
	case '`':
		return "\\(ga";
	case '^':
		return "\\(ha";
	case '~':
		return "\\(ti";
	default:
		return NULL;
	}
}

static void add_char(struct buf *out, const char *p, size_t n, bool typed)
{
	const char *escape = n == 1 ? escape_of(*p, typed) : NULL;

	if (escape)
		buf_add_str(out, escape);
	else if (n > 1)
		buf_printf(out, "\\[u%04X]", (unsigned)utf8_code(p, n));
	else
		buf_add_char(out,
			     n == 1 && !iscntrl((unsigned char)*p) ? *p : ' ');
}

static void add_chars(struct buf *out, struct slice s, bool typed)
{
	while (s.n > 0) {
		size_t n = utf8_char(s.p, s.n);

		add_char(out, s.p, n, typed);
		s.p += n ? n : 1;
		s.n -= n ? n : 1;
	}
}

/* ---- running text ----------------------------------------------------- */

static bool has_dash_before_word(struct slice word)
{
	size_t i = 0;

	while (i < word.n && ispunct((unsigned char)word.p[i]))
		if (word.p[i++] == '-')
			return i < word.n;
	return false;
}

static bool ends_sentence(struct slice word)
{
	return word.n > 1 && strchr(".?!", word.p[word.n - 1]);
}

static void end_line(struct buf *out, size_t *column)
{
	if (*column)
		buf_add_char(out, '\n');
	*column = 0;
}

/* One word, on a line of its own after a sentence or when the line is full. */
static void add_word(struct buf *out, struct slice word, size_t *column)
{
	bool typed = has_dash_before_word(word);
	size_t before;

	if (*column && *column + 1 + word.n > LINE_MAX_BYTES)
		end_line(out, column);
	before = out->n;
	if (*column)
		buf_add_char(out, ' ');
	else if (strchr(".'", word.p[0]))
		buf_add_str(out, "\\&");
	if (typed)
		buf_add_str(out, "\\%"); /* never parted by a hyphen */
	add_chars(out, word, typed);
	*column += out->n - before;
	if (ends_sentence(word))
		end_line(out, column);
}

void man_text(struct buf *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t space = strspn(text, " \t\n"), n;
		struct slice blank = { text, space };

		text += space;
		n = strcspn(text, " \t\n");
		if (n && memmem(blank.p, blank.n, "\n\n", 2)) {
			end_line(out, &column);
			buf_add_str(out, ".Pp\n");
		}
		if (n)
			add_word(out, (struct slice){ text, n }, &column);
		text += n;
	}
	end_line(out, &column);
}

/* ---- usages ----------------------------------------------------------- */

static bool is_to_fill_in(struct slice word)
{
	bool upper = false;

	for (size_t i = 0; i < word.n; i++) {
		if (islower((unsigned char)word.p[i]))
			return false;
		upper |= isupper((unsigned char)word.p[i]);
	}
	return upper;
}

/* An argument of a macro; what it could be taken for it is not. */
static void add_argument(struct buf *out, struct slice word)
{
	buf_add_char(out, ' ');
	if (word.n <= 3 || !isalpha((unsigned char)word.p[0]))
		buf_add_str(out, "\\&");
	add_chars(out, word, true);
}

/* The first macro of a line follows its dot, the others a blank. */
static void add_macro(struct buf *out, const char *name)
{
	bool first = out->n >= 2 && !memcmp(out->p + out->n - 2, "\n.", 2);

	buf_printf(out, first ? "%s" : " %s", name);
}

static void add_typed(struct buf *out, struct slice word)
{
	if (word.p[0] == '-' && word.n > 1) {
		add_macro(out, "Fl");
		word.p++;
		word.n--;
	} else {
		add_macro(out, is_to_fill_in(word) ? "Ar" : "Cm");
	}
	add_argument(out, word);
}

/* "[--json", "FILE]": brackets around words are macros of their own, those
 * inside of one ("--wait[=SECONDS]") are as they are. */
static void add_usage_word(struct buf *out, struct slice word, size_t *open)
{
	size_t closing = 0;

	for (; word.n > 1 && word.p[0] == '['; word.p++, word.n--, ++*open)
		add_macro(out, "Oo");
	for (; *open && word.n > 1 && word.p[word.n - 1] == ']';
	     word.n--, --*open)
		closing++;
	add_typed(out, word);
	while (closing--)
		add_macro(out, "Oc");
}

static void add_usage(struct buf *out, const char *usage)
{
	size_t open = 0;

	while (*(usage += strspn(usage, " \n"))) {
		size_t n = strcspn(usage, " \n");

		add_usage_word(out, (struct slice){ usage, n }, &open);
		usage += n;
	}
	buf_add_char(out, '\n');
}

void man_usage(struct buf *out, const char *program, const char *usage)
{
	buf_add_str(out, ".Nm");
	add_argument(out, slice_of(program));
	buf_add_char(out, '\n');
	if (!*usage)
		return;
	buf_add_char(out, '.');
	add_usage(out, usage);
}

/* ---- the page --------------------------------------------------------- */

static void add_upper(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_add_char(out, (char)toupper((unsigned char)*text));
}

void man_begin(struct buf *out, const char *name, int section, const char *what)
{
	buf_add_str(out, ".Dd " SKYCLUST_DATE "\n.Dt ");
	add_upper(out, name);
	buf_printf(out, " %d\n.Os SkyClust " SKYCLUST_VERSION "\n", section);
	man_heading(out, "NAME");
	buf_printf(out, ".Nm %s\n.Nd ", name);
	add_chars(out, slice_of(what), false);
	buf_add_char(out, '\n');
}

void man_heading(struct buf *out, const char *title)
{
	buf_printf(out, ".Sh %s\n", title);
}

void man_subheading(struct buf *out, const char *title)
{
	buf_add_str(out, ".Ss \\&");
	add_chars(out, slice_of(title), false);
	buf_add_char(out, '\n');
}

void man_list(struct buf *out)
{
	buf_add_str(out, ".Bl -tag -width Ds\n");
}

void man_item(struct buf *out, const char *usage, const char *text)
{
	buf_add_str(out, ".It");
	add_usage(out, usage);
	if (text)
		man_text(out, text);
}

void man_list_end(struct buf *out)
{
	buf_add_str(out, ".El\n");
}

void man_entries(struct buf *out, const char *title,
		 const struct man_entry *entries)
{
	man_heading(out, title);
	man_list(out);
	for (; entries->usage; entries++)
		man_item(out, entries->usage, entries->text);
	man_list_end(out);
}

void man_code(struct buf *out, const char *text)
{
	buf_add_str(out, ".Bd -literal -offset indent\n");
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n && strchr(".'", *text))
			buf_add_str(out, "\\&");
		add_chars(out, (struct slice){ text, n }, true);
		buf_add_char(out, '\n');
		text += n + (text[n] == '\n');
	}
	buf_add_str(out, ".Ed\n");
}

void man_see(struct buf *out, const char *name, int section, bool last)
{
	buf_printf(out, ".Xr %s %d%s\n", name, section, last ? "" : " ,");
}
