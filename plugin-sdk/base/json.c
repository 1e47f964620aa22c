/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON layer.  jansson parses by recursion and takes any 64-bit integer,
 * so depth and integers are checked by a flat scan before it sees the text.
 */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

struct scan {
	const char *text;
	size_t n, at;
	size_t depth;
};

static bool fail_scan(const struct scan *s, const char *what, struct error *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < s->at; i++, column++)
		if (s->text[i] == '\n') {
			line++;
			column = 0;
		}
	return fail(err, ERR_INVALID, "JSON: %s (line %zu, column %zu)", what,
		    line, column);
}

/* Step over a string; its escapes matter here only where they hide a quote. */
static void scan_string(struct scan *s)
{
	for (s->at++; s->at < s->n && s->text[s->at] != '"'; s->at++)
		if (s->text[s->at] == '\\')
			s->at++;
	s->at++;
}

static bool is_digit(const struct scan *s, size_t at)
{
	return at < s->n && s->text[at] >= '0' && s->text[at] <= '9';
}

/* Step over digits; those of an integer must not exceed JSON_MAX_INT. */
static bool scan_number(struct scan *s, struct error *err)
{
	size_t start = s->at;
	long long value = 0;
	bool large = false, real;

	for (; is_digit(s, s->at); s->at++) {
		value = value * 10 + (s->text[s->at] - '0');
		large = large || value > JSON_MAX_INT;
		if (large)
			value = 0;
	}
	real = s->at < s->n && strchr(".eE", s->text[s->at]) && s->text[s->at];
	for (; real && s->at < s->n && s->text[s->at] &&
	       strchr("0123456789.eE+-", s->text[s->at]); s->at++)
		;
	if (!large || real)
		return true;
	s->at = start;
	return fail_scan(s, "integer beyond 2^53", err);
}

static bool scan_text(struct scan *s, struct error *err)
{
	while (s->at < s->n) {
		char c = s->text[s->at];

		if (c == '"') {
			scan_string(s);
			continue;
		}
		if (c >= '0' && c <= '9') {
			if (!scan_number(s, err))
				return false;
			continue;
		}
		if ((c == '[' || c == '{') && ++s->depth > JSON_MAX_DEPTH)
			return fail_scan(s, "nested too deeply", err);
		if (c == '\0') /* jansson passes over it */
			return fail_scan(s, "a NUL byte", err);
		if ((c == ']' || c == '}') && s->depth)
			s->depth--;
		s->at++;
	}
	return true;
}

/* jansson quotes the text near the fault: that may be a secret. */
static void drop_quote(char *text)
{
	char *near = strstr(text, " near ");

	if (near)
		*near = '\0';
}

json_t *json_read(const char *text, size_t n, struct error *err)
{
	struct scan scan = { .text = text, .n = n };
	json_error_t at;
	json_t *v;

	if (!scan_text(&scan, err))
		return NULL;
	mem_json_may_fail(true);
	v = json_loadb(text ? text : "", n,
		       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
	if (mem_json_may_fail(false)) {
		fail(err, ERR_INTERNAL, "JSON: out of memory");
	} else if (!v) {
		drop_quote(at.text);
		fail(err, ERR_INVALID, "JSON: %s (line %d, column %d)", at.text,
		     at.line, at.column);
	}
	return v;
}

json_t *json_read_quoted(const char *text, struct error *err)
{
	AUTO(buf_done) struct buf json = { 0 };

	if (!text || strchr(text, '"'))
		return text ? json_read(text, strlen(text), err) : NULL;
	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == '\'')
			buf_add_char(&json, *++text);
		else
			buf_add_char(&json, *text == '\'' ? '"' : *text);
	}
	return json_read(json.p, json.n, err);
}

/* ---- pointers (RFC 6901) ------------------------------------------------ */

/* Undo "~1" and "~0" in place; false on any other escape. */
static bool unescape(char *segment)
{
	char *to = segment;

	for (const char *p = segment; *p; p++) {
		if (*p != '~') {
			*to++ = *p;
			continue;
		}
		p++;
		if (*p != '0' && *p != '1')
			return false;
		*to++ = *p == '0' ? '~' : '/';
	}
	*to = '\0';
	return true;
}

static json_t *step_into(json_t *v, const char *segment)
{
	long long index;

	if (json_is_object(v))
		return json_object_get(v, segment);
	if (!json_is_array(v) || (segment[0] == '0' && segment[1]) ||
	    !text_to_int(segment, 0, JSON_MAX_INT, &index) || *segment == '-')
		return NULL;
	return json_array_get(v, (size_t)index);
}

json_t *json_at(json_t *root, const char *pointer)
{
	json_t *v = root;

	while (v && *pointer == '/') {
		size_t n = strcspn(pointer + 1, "/");
		AUTO_FREE char *segment = mem_strndup(pointer + 1, n);

		v = unescape(segment) ? step_into(v, segment) : NULL;
		pointer += 1 + n;
	}
	return *pointer ? NULL : v;
}

/* Append @n bytes of @p, all or nothing. */
static bool append(char *to, size_t size, const char *p, size_t n)
{
	size_t used = strlen(to);

	if (used + n >= size)
		return false;
	memcpy(to + used, p, n);
	to[used + n] = '\0';
	return true;
}

void json_pointer_add(char *pointer, size_t size, const char *name)
{
	size_t left = strlen(name), step;
	bool fits = append(pointer, size, "/", 1);

	for (; fits && left; name += step, left -= step) {
		step = utf8_char(name, left);
		if (!step)
			step = 1;
		if (*name == '~')
			fits = append(pointer, size, "~0", 2);
		else if (*name == '/')
			fits = append(pointer, size, "~1", 2);
		else
			fits = append(pointer, size, name, step);
	}
}

void json_pointer_add_index(char *pointer, size_t size, size_t index)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", index);
	json_pointer_add(pointer, size, text);
}

/* ---- accessors ---------------------------------------------------------- */

const char *json_str(const json_t *object, const char *name,
		     const char *otherwise)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : otherwise;
}

long long json_int(const json_t *object, const char *name, long long otherwise)
{
	const json_t *v = json_object_get(object, name);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool json_bool(const json_t *object, const char *name, bool otherwise)
{
	const json_t *v = json_object_get(object, name);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}
