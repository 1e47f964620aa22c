/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and replacing references.
 */
#include "reference.h"

#include <ctype.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"

struct fill {
	reference_fn *fn;
	void *arg;
	struct error *err;
};

/* ---- form ---------------------------------------------------------------- */

/* KIND is a word, NAME anything but a line end or a brace, MEMBER not empty. */
static bool is_form(const char *p, size_t n)
{
	const char *dot = memchr(p, '.', n), *last = memrchr(p, '.', n);

	if (!dot || dot == p || last <= dot + 1 || last == p + n - 1)
		return false;
	for (const char *c = p; c < dot; c++)
		if (!isalpha((unsigned char)*c) && *c != '_' && *c != '-')
			return false;
	return !memchr(p, '\n', n) && !memchr(p, '{', n) && !memchr(p, '$', n);
}

/* The bytes of the reference that begins at @p, its sign and braces included;
 * 0: there is none. */
static size_t length_at(const char *p)
{
	const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;

	return end && is_form(p + 2, (size_t)(end - p) - 2)
		       ? (size_t)(end - p) + 1
		       : 0;
}

/* ---- texts --------------------------------------------------------------- */

static json_t *value_at(const struct fill *f, const char *p, size_t n)
{
	AUTO_FREE char *name = mem_strndup(p + 2, n - 3);

	return f->fn(f->arg, name, f->err);
}

static bool add_value(const struct fill *f, const char *p, size_t n,
		      struct buf *out)
{
	AUTO_JSON json_t *value = value_at(f, p, n);

	if (!value)
		return false;
	if (json_is_string(value))
		buf_add_str(out, json_string_value(value));
	else if (json_is_number(value) || json_is_boolean(value))
		json_write(value, out);
	else
		return fail(f->err, ERR_INVALID,
			    "%.*s is no text that can stand within another",
			    (int)n, p);
	return true;
}

static bool fill_text(const struct fill *f, const char *p, struct buf *out)
{
	while (*p) {
		bool escaped = *p == '$' && length_at(p + 1);
		size_t n = escaped ? 0 : length_at(p);

		if (n && !add_value(f, p, n, out))
			return false;
		if (escaped) {
			n = 1 + length_at(p + 1);
			buf_add(out, p + 1, n - 1);
		} else if (!n) {
			buf_add_char(out, *p);
			n = 1;
		}
		p += n;
	}
	return true;
}

static json_t *filled_text(const struct fill *f, const json_t *value)
{
	AUTO(buf_done) struct buf out = { 0 };
	const char *text = json_string_value(value);
	size_t n = length_at(text);

	if (n && !text[n])
		return value_at(f, text, n);
	return fill_text(f, text, &out)
		       ? json_stringn(out.p ? out.p : "", out.n)
		       : NULL;
}

/* ---- values -------------------------------------------------------------- */

static json_t *filled(const struct fill *f, const json_t *value)
{
	json_t *copy, *item, *new;
	const char *name;
	size_t i;

	if (json_is_string(value))
		return filled_text(f, value);
	if (!json_is_object(value) && !json_is_array(value))
		return json_incref((json_t *)value);
	copy = json_is_object(value) ? json_object() : json_array();
	json_object_foreach ((json_t *)value, name, item) {
		if (!(new = filled(f, item)))
			goto failed;
		json_object_set_new(copy, name, new);
	}
	json_array_foreach (value, i, item) {
		if (!(new = filled(f, item)))
			goto failed;
		json_array_append_new(copy, new);
	}
	return copy;
failed:
	json_decref(copy);
	return NULL;
}

json_t *reference_fill(const json_t *value, reference_fn *fn, void *arg,
		       struct error *err)
{
	return filled(&(struct fill){ .fn = fn, .arg = arg, .err = err },
		      value);
}

static json_t *found(void *arg, const char *reference UNUSED,
		     struct error *err UNUSED)
{
	*(bool *)arg = true;
	return json_string("");
}

bool reference_in(const json_t *value)
{
	bool any = false;
	struct error err;

	json_decref(reference_fill(value, found, &any, &err));
	return any;
}
