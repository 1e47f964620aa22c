/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holes: how they are written, and the values they find.
 */
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/base64.h"
#include "cloud/template_fill.h"
#include "cloud/words.h"

/* ---- reading ------------------------------------------------------------ */

/* What may follow a form: the end, or a text. */
static bool ends_form(const char *p)
{
	return *p == '}' || (p[0] == '|' && p[1] == '=');
}

/* Words, ":tcp=TCP udp=UDP", go to the end of the hole; so does the text of
 * ":until TEXT". */
static const char *read_long_form(const char *p, struct hole *h)
{
	const char *close = strchr(p, '}');

	if (!close)
		return NULL;
	if (text_starts(p, ":until ")) {
		h->until = (struct slice){ p + 7, (size_t)(close - p - 7) };
		return h->until.n ? close : NULL;
	}
	if (*p != ':' || p[1 + strcspn(p + 1, "= |?}")] != '=')
		return NULL;
	h->words = (struct slice){ p + 1, (size_t)(close - p - 1) };
	return close;
}

/* The form "/12", ":12", ":base64" or one of the above at @p; what follows it,
 * NULL: it is none. */
static const char *read_form(const char *p, struct hole *h)
{
	size_t n = strspn(p + 1, "0123456789");

	if (text_starts(p, ":int") && ends_form(p + 4)) {
		h->integer = true;
		return p + 4;
	}
	if (text_starts(p, ":base64") && ends_form(p + 7)) {
		h->base64 = true;
		return p + 7;
	}
	if ((*p != '/' && *p != ':') || !n || n > 3 || !ends_form(p + 1 + n))
		return read_long_form(p, h);
	h->separator = *p;
	for (h->part = 0, p++; n; n--, p++)
		h->part = h->part * 10 + (*p - '0');
	return p;
}

/* A name ends where something else begins; names hold colons, too, and in
 * quotes everything. */
static const char *name_end(const char *p)
{
	struct hole none;
	bool quoted = false;

	for (; *p && *p != '}'; p++)
		if (*p == '\'')
			quoted = !quoted;
		else if (!quoted && (strchr("|?/", *p) || read_form(p, &none)))
			break;
	return p;
}

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' ||
		    memchr("{?[]", name.p[i], 4))
			return false;
	return name.n > 0;
}

/* "x", "x[k]", "x[only]", "x[]" or "x[].y". */
static bool read_first(struct slice name, struct hole *h)
{
	const char *open = memchr(name.p, '[', name.n);
	const char *end = name.p + name.n;

	h->name = name;
	if (!open)
		return is_name(name);
	if (slice_eq((struct slice){ open, (size_t)(end - open) }, "[only]")) {
		h->only = true;
		h->name.n = (size_t)(open - name.p);
		return is_name(h->name);
	}
	if (open + 1 < end && open[1] != ']')
		return end[-1] == ']' &&
		       is_name((struct slice){ name.p, (size_t)(open - name.p) }) &&
		       is_name((struct slice){ open + 1, (size_t)(end - open - 2) });
	if (end - open < 2)
		return false;
	h->each = true;
	h->name.n = (size_t)(open - name.p);
	if (open + 2 == end)
		return is_name(h->name);
	h->member = (struct slice){ open + 3, (size_t)(end - open - 3) };
	return open[2] == '.' && is_name(h->member) && is_name(h->name);
}

/* "|y|z[].w" */
static bool read_others(const char **p, struct hole *h)
{
	const char *start = *p + 1, *end = *p;
	struct hole other;

	while (end[0] == '|' && end[1] != '=') {
		struct slice name = { end + 1, 0 };

		end = name_end(name.p);
		name.n = (size_t)(end - name.p);
		other = (struct hole){ 0 };
		if (!read_first(name, &other))
			return false;
	}
	if (end > *p)
		h->others = (struct slice){ start, (size_t)(end - start) };
	*p = end;
	return true;
}

const char *hole_read(const char *open, struct hole *h)
{
	const char *p = open + 1, *end, *close = strchr(p, '}');

	*h = (struct hole){ .raw = *p == '+' };
	if (!close)
		return NULL;
	p += h->raw;
	end = name_end(p);
	if (!read_first((struct slice){ p, (size_t)(end - p) }, h) ||
	    !read_others(&end, h))
		return NULL;
	h->optional = *end == '?';
	p = read_form(end + h->optional, h);
	if (!p)
		p = end + h->optional;
	if (p[0] == '|' && p[1] == '=') {
		h->otherwise = (struct slice){ p + 2, (size_t)(close - p - 2) };
		p = close;
	}
	return *p == '}' ? p + 1 : NULL;
}

bool hole_is_all(const char *text, struct hole *h)
{
	const char *end = text[0] == '{' ? hole_read(text, h) : NULL;

	return end && !*end;
}

bool hole_malformed(const char *at, struct error *err)
{
	return fail(err, ERR_INVALID, "template: bad hole at \"%.40s\"", at);
}

/* The hole with the next of its other names; false: there is none. */
static bool next_name(struct hole *h)
{
	struct slice name = h->others;

	if (!name.n)
		return false;
	name.n = (size_t)(name_end(name.p) - name.p);
	h->each = h->only = false;
	h->member = (struct slice){ 0 };
	read_first(name, h);
	h->others.p += name.n;
	h->others.n -= name.n;
	if (h->others.n) { /* the bar */
		h->others.p++;
		h->others.n--;
	}
	return true;
}

bool hole_visit(const struct hole *h,
		bool (*fn)(const struct hole *hole, void *arg), void *arg)
{
	struct hole one = *h;

	do {
		if (!fn(&one, arg))
			return false;
	} while (next_name(&one));
	return true;
}

/* ---- values ------------------------------------------------------------- */

static json_t *string_value(const char *text)
{
	return text ? json_string(text) : NULL;
}

/* Names of headers have no case. */
static json_t *header_value(json_t *headers, const char *name)
{
	const char *key;
	json_t *v;

	json_object_foreach (headers, key, v)
		if (!strcasecmp(key, name))
			return json_incref(v);
	return NULL;
}

/* What a prefix such as "cred." means; *@rest is the name after it. */
static json_t *prefixed(const char *name, const struct template_scope *scope,
			const char **rest)
{
	const struct {
		const char *prefix;
		json_t *from;
	} rows[] = {
		{ "cred.", scope->cred },
		{ "config.", scope->config },
		{ "session.", scope->session },
		{ "arg.", scope->row },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (text_starts(name, rows[i].prefix)) {
			*rest = name + strlen(rows[i].prefix);
			return rows[i].from ? rows[i].from : json_null();
		}
	return NULL;
}

static json_t *find_value(const char *name, const struct template_scope *scope);

/* The value of "x[k]": the member of x whose name is the text k; new, or
 * NULL. */
static json_t *find_member(const char *name, const char *open,
			   const struct template_scope *scope)
{
	AUTO_FREE char *of = mem_strndup(name, (size_t)(open - name));
	AUTO_FREE char *by = mem_strndup(open + 1, strlen(open) - 2);
	AUTO_JSON json_t *object = find_value(of, scope);
	AUTO_JSON json_t *key = find_value(by, scope);

	if (!json_is_string(key))
		return NULL;
	return json_incref(json_object_get(object, json_string_value(key)));
}

/* The value of @name, new, or NULL. */
static json_t *find_value(const char *name, const struct template_scope *scope)
{
	const char *rest, *text, *open = strchr(name, '[');
	json_t *from, *v;

	if (open)
		return find_member(name, open, scope);
	if (!strcmp(name, "region")) {
		text = scope->region ? scope->region
				     : json_str(scope->config, "region", NULL);
		return string_value(text);
	}
	if (!strcmp(name, "op"))
		return string_value(scope->op);
	if (text_starts(name, "header."))
		return header_value(scope->headers, name + 7);
	from = prefixed(name, scope, &rest);
	if (!from)
		return json_incref(path_first(scope->args, name));
	v = path_first(from, rest);
	if (scope->explain && (!v || from == scope->session))
		return json_sprintf("{%s}", name);
	return json_incref(v);
}

/* The N-th part of a text split at @separator; steals @v, new or NULL. */
static json_t *take_part(json_t *v, char separator, int part)
{
	const char *p = json_string_value(v);
	const char stop[] = { separator, '\0' };
	json_t *found = NULL;

	for (; p && part > 0; part--) {
		p = strchr(p, separator);
		p = p ? p + 1 : NULL;
	}
	if (p)
		found = json_stringn(p, strcspn(p, stop));
	json_decref(v);
	return found;
}

/* In base64 (RFC 4648), what is no text as its JSON; steals @v, new. */
static json_t *in_base64(json_t *v)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	AUTO(buf_wipe) struct buf made = { 0 };

	if (json_is_string(v))
		buf_add(&text, json_string_value(v), json_string_length(v));
	else
		json_write(v, &text);
	json_decref(v);
	base64_add(&made, buf_slice(&text));
	return json_stringn(made.p, made.n);
}

/* The text of {x|=text}; a number or boolean where it is written like one. */
static json_t *otherwise(struct slice text)
{
	AUTO(buf_done) struct buf again = { 0 };
	AUTO_JSON json_t *v = json_read(text.p, text.n, NULL);

	if (json_is_number(v) || json_is_boolean(v))
		json_write(v, &again);
	if (again.n && again.n == text.n && !memcmp(again.p, text.p, text.n))
		return json_incref(v);
	return json_stringn(text.p, text.n);
}

/* Their word for ours (words.h), read the other way round than in maps: `-`
 * stands for no value, the empty text of theirs means none, and * in a word of
 * ours is any text.  Steals @v, new, or NULL. */
static json_t *in_words(struct slice table, json_t *v)
{
	AUTO_FREE char *text = mem_strndup(table.p, table.n);
	AUTO(buf_done) struct buf ours = { 0 };
	struct words w = { .p = text };
	bool found = false;

	if (v && !json_is_string(v))
		json_write(v, &ours);
	else
		buf_add_str(&ours, v ? json_string_value(v) : "-");
	while (!found && words_next(&w))
		found = !v == slice_eq(w.ours, "-") &&
			words_fit(w.ours, ours.p ? ours.p : "");
	if (!found)
		return v;
	json_decref(v);
	return w.theirs.n ? otherwise(w.theirs) : NULL;
}

/* A text that is a number as one; steals @v, new. */
static json_t *as_integer(json_t *v)
{
	long long n;

	if (!json_is_string(v) ||
	    !text_to_int(json_string_value(v), -JSON_MAX_INT, JSON_MAX_INT, &n))
		return v;
	json_decref(v);
	return json_integer(n);
}

json_t *value_until(json_t *v, struct slice until)
{
	AUTO_FREE char *stop = mem_strndup(until.p, until.n);
	const char *text = json_string_value(v);
	const char *at = text ? strstr(text, stop) : NULL;
	json_t *made;

	if (!at)
		return v;
	made = json_stringn(text, (size_t)(at - text));
	json_decref(v);
	return made;
}

/* The first element of a list, steals @v, new or NULL.  That there is only one
 * has been looked at before (rest_refuse.c). */
static json_t *only_of(json_t *v)
{
	json_t *one = json_incref(json_array_get(v, 0));

	json_decref(v);
	return one;
}

json_t *hole_list(const struct hole *h, const struct template_scope *scope)
{
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);

	return find_value(name, scope);
}

static json_t *item_value(const struct hole *h,
			  const struct template_scope *scope)
{
	AUTO_FREE char *path = NULL;

	while (scope && (scope->list.n != h->name.n ||
			 memcmp(scope->list.p, h->name.p, h->name.n)))
		scope = scope->outer;
	if (!scope)
		return NULL;
	if (!h->member.n)
		return json_incref(scope->item);
	path = mem_strndup(h->member.p, h->member.n);
	return json_incref(path_first(scope->item, path));
}

/* What the hole's first name finds, in its form; new, NULL: missing. */
static json_t *value_of(const struct hole *h, const struct template_scope *scope)
{
	json_t *v = h->each ? item_value(h, scope) : hole_list(h, scope);

	if (json_is_null(v)) {
		json_decref(v);
		return NULL;
	}
	if (h->only && json_is_array(v))
		v = only_of(v);
	if (v && h->separator)
		return take_part(v, h->separator, h->part);
	if (v && h->integer)
		return as_integer(v);
	if (v && h->until.n)
		return value_until(v, h->until);
	return v && h->base64 ? in_base64(v) : v;
}

static bool is_empty(const json_t *v)
{
	return json_is_string(v) && !json_string_length(v);
}

json_t *hole_value(const struct hole *h, const struct template_scope *scope,
		   bool text)
{
	struct hole one = *h;
	json_t *v = value_of(&one, scope);

	while ((!v || (text && is_empty(v))) && next_name(&one)) {
		json_decref(v);
		v = value_of(&one, scope);
	}
	if (h->words.n) {
		if (text && is_empty(v)) {
			json_decref(v);
			v = NULL;
		}
		return in_words(h->words, v);
	}
	if ((v && !(text && is_empty(v))) || !h->otherwise.p)
		return v;
	json_decref(v);
	return otherwise(h->otherwise);
}

/* Whose fault it is that there is no value, in the words of whoever must
 * supply it. */
bool hole_missing(const struct hole *h, struct error *err)
{
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);
	char pointer[sizeof(err->path)] = "";

	if (text_starts(name, "session."))
		return fail(err, ERR_UNSUPPORTED,
			    "the cloud does not offer \"%s\" to this "
			    "credential in this region",
			    name + 8);
	if (text_starts(name, "cred."))
		return fail(err, ERR_UNAUTHENTICATED,
			    "the credential has no %s; add "
			    "it to the credential",
			    name + 5);
	if (text_starts(name, "config."))
		return fail(err, ERR_INVALID,
			    "the setting %s is not given; "
			    "add it to the provider's config",
			    name + 7);
	json_pointer_add(pointer, sizeof(pointer), name);
	if (h->each)
		return fail_at(err, ERR_INVALID, pointer,
			       "%s[] finds no value in the element", name);
	if (h->separator) /* and nothing has an id that is none */
		return fail_at(err, strcmp(name, "id") ? ERR_INVALID : ERR_NOT_FOUND,
			       pointer, "%s has no part %d (it is split at %c)",
			       name, h->part, h->separator);
	return fail_at(err, ERR_INVALID, pointer, "%s%s%.*s is needed", name,
		       h->others.n ? " or " : "", (int)h->others.n,
		       h->others.p ? h->others.p : "");
}
