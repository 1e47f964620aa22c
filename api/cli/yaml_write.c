/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing YAML.  Plain and literal texts are the exception that must be earned;
 * everything else is in double quotes, whose escapes are JSON's and more (YAML
 * 1.2 section 5.7).  Controls are always escaped, so that they do no harm on a
 * terminal either.
 */
#include "yaml_write.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define STEP 2	    /* blanks of one level */
#define KEY_MAX 256 /* bytes: longer keys are written "? key" */

static void write_value(const json_t *value, size_t indent, struct buf *out);

static void add_blanks(struct buf *out, size_t n)
{
	while (n--)
		buf_add_char(out, ' ');
}

/* ---- which text may stand how -------------------------------------------- */

/* Printable as of section 5.1, no line break of YAML 1.1, no turner of the
 * direction of writing. */
static bool is_printable(uint32_t code)
{
	if (code < 0xa0)
		return code >= 0x20 && code < 0x7f;
	return !(code >= 0x2028 && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069) && code != 0x61c &&
	       code != 0x200e && code != 0x200f && code != 0xfeff &&
	       code != 0xfffe && code != 0xffff;
}

static bool all_printable(struct slice s, const char *also)
{
	for (size_t n; s.n; s.p += n, s.n -= n) {
		n = utf8_char(s.p, s.n);
		if (!n)
			return false;
		if (!is_printable(utf8_code(s.p, n)) &&
		    !(n == 1 && *s.p && strchr(also, *s.p)))
			return false;
	}
	return true;
}

/* Words that some version of YAML takes for null or a boolean. */
static bool is_word_of_yaml(const char *text)
{
	static const char *const words[] = { "null", "true", "false",
					     "yes",  "no",   "on",
					     "off",  "y",    "n" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return false;
}

/* Begins with a letter, "/" or "_", so that it is no number, date or sign; and
 * has nothing that ends a plain text (section 7.3.3). */
static bool is_plain(struct slice s)
{
	unsigned char c = s.n ? (unsigned char)*s.p : 0;

	if (!isalpha(c) && c != '/' && c != '_' && c < 0x80)
		return false;
	if (is_word_of_yaml(s.p) || s.p[s.n - 1] == ' ' ||
	    s.p[s.n - 1] == ':' || !all_printable(s, ""))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (strchr("#,[]{}&*!|>'\"%`\\", s.p[i]) ||
		    (s.p[i] == ':' && s.p[i + 1] == ' '))
			return false;
	return true;
}

/* Several lines of printable text: as a literal block (section 8.1.2). */
static bool is_literal(struct slice s)
{
	return s.n && memchr(s.p, '\n', s.n) && all_printable(s, "\n\t");
}

/* ---- texts --------------------------------------------------------------- */

static void write_escaped(uint32_t code, struct buf *out)
{
	switch (code) {
	case '\n':
		buf_add_str(out, "\\n");
		break;
	case '\r':
		buf_add_str(out, "\\r");
		break;
	case '\t':
		buf_add_str(out, "\\t");
		break;
	default:
		buf_printf(out, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
	}
}

static void write_quoted(struct slice s, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t n; s.n; s.p += n, s.n -= n) {
		uint32_t code;

		n = utf8_char(s.p, s.n);
		n = n ? n : 1;
		code = utf8_code(s.p, n);
		if (code == '"' || code == '\\')
			buf_add_char(out, '\\');
		if (is_printable(code))
			buf_add(out, s.p, n);
		else
			write_escaped(code, out);
	}
	buf_add_char(out, '"');
}

/* @indent of the lines; the one of the text's own is told by the header when
 * its first line begins with a blank or is empty (section 8.1.1.1). */
static void write_literal(struct slice s, size_t indent, struct buf *out)
{
	const char *end = s.p + s.n, *line = s.p;

	buf_add_char(out, '|');
	if (*s.p == ' ' || *s.p == '\n' || *s.p == '\t')
		buf_printf(out, "%d", STEP);
	if (end[-1] != '\n')
		buf_add_char(out, '-');
	else if (s.n == 1 || end[-2] == '\n')
		buf_add_char(out, '+');
	buf_add_char(out, '\n');
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((stop ? stop : end) - line);

		add_blanks(out, n ? indent : 0);
		buf_add(out, line, n);
		buf_add_char(out, '\n');
		line += n + 1;
	}
}

static void write_text(struct slice s, struct buf *out)
{
	if (is_plain(s))
		buf_add_slice(out, s);
	else
		write_quoted(s, out);
}

/* ---- numbers ------------------------------------------------------------- */

/* YAML 1.1 takes "1e20" for a text; "1.0e+20" is a number for everybody. */
static void write_real(double value, struct buf *out)
{
	char text[40];
	size_t mantissa;

	for (int digits = 15; digits <= 17; digits++) {
		double again = 0;

		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (sscanf(text, "%lf", &again) == 1 && again == value)
			break;
	}
	mantissa = strcspn(text, "e");
	buf_add(out, text, mantissa);
	if (!memchr(text, '.', mantissa))
		buf_add_str(out, ".0");
	buf_add_str(out, text + mantissa);
}

/* ---- structure ----------------------------------------------------------- */

static bool is_block(const json_t *value)
{
	return json_array_size(value) > 0 || json_object_size(value) > 0;
}

static void write_key(struct slice key, size_t indent, struct buf *out)
{
	bool is_long = key.n > KEY_MAX;

	buf_add_str(out, is_long ? "? " : "");
	write_text(key, out);
	if (is_long) {
		buf_add_char(out, '\n');
		add_blanks(out, indent);
	}
	buf_add_char(out, ':');
}

/* The first member stands where the line already is. */
static void write_map(const json_t *map, size_t indent, struct buf *out)
{
	json_t *object = (json_t *)map;
	bool begun = false;

	for (void *at = json_object_iter(object); at;
	     at = json_object_iter_next(object, at)) {
		struct slice key = { json_object_iter_key(at),
				     json_object_iter_key_len(at) };
		const json_t *value = json_object_iter_value(at);

		add_blanks(out, begun ? indent : 0);
		begun = true;
		write_key(key, indent, out);
		if (is_block(value)) {
			buf_add_char(out, '\n');
			add_blanks(out, indent + STEP);
		} else {
			buf_add_char(out, ' ');
		}
		write_value(value, indent + STEP, out);
	}
}

static void write_list(const json_t *list, size_t indent, struct buf *out)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		add_blanks(out, i ? indent : 0);
		buf_add_str(out, "- ");
		write_value(item, indent + STEP, out);
	}
}

static void write_string(const json_t *value, size_t indent, struct buf *out)
{
	struct slice s = { json_string_value(value),
			   json_string_length(value) };

	if (indent && is_literal(s)) {
		write_literal(s, indent, out);
		return;
	}
	write_text(s, out);
	buf_add_char(out, '\n');
}

/* With its line end; the line is indented already, the next ones by @indent. */
static void write_value(const json_t *value, size_t indent, struct buf *out)
{
	if (is_block(value)) {
		if (json_is_object(value))
			write_map(value, indent, out);
		else
			write_list(value, indent, out);
	} else if (json_is_string(value)) {
		write_string(value, indent, out);
	} else if (json_is_real(value)) {
		write_real(json_real_value(value), out);
		buf_add_char(out, '\n');
	} else {
		json_write(value, out);
		buf_add_char(out, '\n');
	}
}

void yaml_write(const json_t *value, struct buf *out)
{
	write_value(value, 0, out);
}
