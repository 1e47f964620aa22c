/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking values against the tables: arguments on their way in, records on
 * their way out.  One walker does both; they differ in what is strict.
 */
#include "catalog/catalog.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

struct check {
	enum err_code code; /* what a fault is */
	const char *what;   /* operation or record, for messages */
	bool input;	    /* aliases, closed words, no unknown members */
	bool from_query;    /* scalars may come as text */
	struct error *err;
	char path[sizeof(((struct error *)0)->path)];
};

/* The members an object may have: an operation's arguments or a record's. */
struct members {
	const struct cat_op *op;
	const struct cat_field *fields; /* when @op is NULL */
};

static const struct cat_field *member_at(struct members m, size_t i)
{
	if (m.op)
		return cat_arg(m.op, i);
	return m.fields[i].name ? &m.fields[i] : NULL;
}

#define BAD(c, ...) fail_at((c)->err, (c)->code, (c)->path, __VA_ARGS__)

static const char *type_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",  [JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a fraction",  [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	     [JSON_NULL] = "null",
	};

	return names[json_typeof(v)];
}

static bool mistyped(struct check *c, const struct cat_field *f,
		     const char *wanted, const json_t *v)
{
	return BAD(c, "%s: \"%s\" must be %s, not %s", c->what, f->name, wanted,
		   type_name(v));
}

/* ---- text of a special form ---------------------------------------------- */

static bool is_decimal(const char *s)
{
	if (*s == '-')
		s++;
	if (!isdigit((unsigned char)*s))
		return false;
	while (isdigit((unsigned char)*s))
		s++;
	if (*s == '.' && isdigit((unsigned char)s[1]))
		for (s++; isdigit((unsigned char)*s);)
			s++;
	return !*s;
}

static bool is_time(const char *s)
{
	int64_t ms;

	return clock_parse(s, &ms);
}

static bool is_date(const char *s)
{
	AUTO_FREE char *midnight = mem_printf("%.10sT00:00:00Z", s);

	return strlen(s) == 10 && is_time(midnight);
}

/* The bytes of an address: 4, 16, or 0 when @s is none. */
static size_t parse_ip(const char *s, unsigned char bytes[16])
{
	if (inet_pton(AF_INET, s, bytes) == 1)
		return 4;
	return inet_pton(AF_INET6, s, bytes) == 1 ? 16 : 0;
}

static bool is_ip(const char *s)
{
	unsigned char bytes[16];

	return parse_ip(s, bytes) > 0;
}

/* network/prefix with no bit set behind the prefix. */
static bool is_cidr(const char *s)
{
	const char *slash = strchr(s, '/');
	unsigned char bytes[16];
	char ip[INET6_ADDRSTRLEN];
	long long prefix;
	size_t n;

	if (!slash || slash - s >= (ptrdiff_t)sizeof(ip))
		return false;
	memcpy(ip, s, slash - s);
	ip[slash - s] = '\0';
	n = parse_ip(ip, bytes);
	if (!n || !text_to_int(slash + 1, 0, (long long)n * 8, &prefix))
		return false;
	for (size_t bit = prefix; bit < n * 8; bit++)
		if (bytes[bit / 8] & (0x80 >> bit % 8))
			return false;
	return true;
}

/* How each type that travels as a string must look. */
/* clang-format off */
static const struct {
	bool (*fits)(const char *text);
	const char *wanted;
} forms[] = {
	[CAT_DECIMAL] = { is_decimal, "a decimal number as a string, such as \"0.0104\"" },
	[CAT_TIME] = { is_time, "a time as of RFC 3339, such as \"2026-11-21T09:41:59Z\"" },
	[CAT_DATE] = { is_date, "a date, such as \"2026-11-21\"" },
	[CAT_CIDR] = { is_cidr, "a network without host bits, such as \"10.0.0.0/16\"" },
	[CAT_IP] = { is_ip, "an IPv4 or IPv6 address" },
};
/* clang-format on */

/* ---- scalars ------------------------------------------------------------- */

static bool one_of(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (!strcmp(*words, text))
			return true;
	return false;
}

static bool check_words(struct check *c, const struct cat_field *f,
			const char *text)
{
	struct buf list = { 0 };

	if (!f->words || !c->input || one_of(f->words, text))
		return true;
	for (const char *const *w = f->words; *w; w++)
		buf_printf(&list, "%s%s", list.n ? ", " : "", *w);
	BAD(c, "%s: \"%s\" must be one of %s, not \"%.64s\"", c->what, f->name,
	    list.p, text);
	buf_done(&list);
	return false;
}

/* What is too short is so for its reader, what is too long for its keeper. */
static bool check_string(struct check *c, const struct cat_field *f,
			 const json_t *v)
{
	const char *text = json_string_value(v);
	size_t n = json_string_length(v);

	if (!text)
		return mistyped(c, f, "a string", v);
	if (c->input && f->min && utf8_count(text, n) < (size_t)f->min)
		return BAD(c, "%s: \"%s\" must have at least %lld characters",
			   c->what, f->name, f->min);
	if (c->input && f->max && n > (size_t)f->max)
		return BAD(c, "%s: \"%s\" must have at most %lld bytes", c->what,
			   f->name, f->max);
	return check_words(c, f, text);
}

static bool check_form(struct check *c, const struct cat_field *f,
		       const json_t *v)
{
	if (!json_is_string(v))
		return mistyped(c, f, forms[f->type].wanted, v);
	if (!forms[f->type].fits(json_string_value(v)))
		return BAD(c, "%s: \"%s\" must be %s, not \"%.64s\"", c->what,
			   f->name, forms[f->type].wanted,
			   json_string_value(v));
	return true;
}

static bool check_int(struct check *c, const struct cat_field *f,
		      const json_t *v)
{
	bool limited = c->input && (f->min || f->max);
	long long min = limited ? f->min : -JSON_MAX_INT;
	long long max = limited ? f->max : JSON_MAX_INT;
	long long n = json_integer_value(v);

	if (!json_is_integer(v))
		return mistyped(c, f, "an integer", v);
	if (n < min || n > max)
		return BAD(c,
			   "%s: \"%s\" must be within %lld and %lld, not %lld",
			   c->what, f->name, min, max, n);
	return true;
}

static bool check_tags(struct check *c, const struct cat_field *f, json_t *v)
{
	const char *name;
	json_t *value;

	if (!json_is_object(v))
		return mistyped(c, f, "an object of names and strings", v);
	json_object_foreach(v, name, value) {
		if (json_is_string(value))
			continue;
		json_pointer_add(c->path, sizeof(c->path), name);
		return BAD(c,
			   "%s: \"%s\": value of \"%.64s\" must be a string, "
			   "not %s",
			   c->what, f->name, name, type_name(value));
	}
	return true;
}

/* ---- conversion of query strings ----------------------------------------- */

static json_t *split_at_commas(const char *text)
{
	json_t *list = json_array();

	for (;;) {
		size_t n = strcspn(text, ",");

		json_array_append_new(list, json_stringn(text, n));
		if (!text[n])
			return list;
		text += n + 1;
	}
}

/* What text @v of a query string stands for, new, or NULL: leave it. */
static json_t *from_text(const struct cat_field *f, const json_t *v)
{
	const char *text = json_string_value(v);
	long long n;

	if (!text)
		return NULL;
	if (f->flags & CAT_LIST)
		return split_at_commas(text);
	if (f->type == CAT_INT &&
	    text_to_int(text, -JSON_MAX_INT, JSON_MAX_INT, &n))
		return json_integer(n);
	if (f->type == CAT_BOOL &&
	    one_of((const char *const[]){ "true", "1", NULL }, text))
		return json_true();
	if (f->type == CAT_BOOL &&
	    one_of((const char *const[]){ "false", "0", NULL }, text))
		return json_false();
	return NULL;
}

/* ---- other spellings ----------------------------------------------------- */

static bool rename_member(struct check *c, json_t *object, const char *from,
			  const char *to)
{
	json_t *v = json_object_get(object, from);

	if (!v)
		return true;
	if (json_object_get(object, to)) {
		json_pointer_add(c->path, sizeof(c->path), from);
		return BAD(
			c,
			"%s: \"%s\" and \"%s\" mean the same; give one of them",
			c->what, from, to);
	}
	json_object_set(object, to, v);
	json_object_del(object, from);
	return true;
}

static bool rename_aliases(struct check *c, struct members m, json_t *object)
{
	const struct cat_field *f;

	for (size_t i = 0; (f = member_at(m, i)); i++)
		for (size_t a = 0; f->aliases && f->aliases[a]; a++)
			if (!rename_member(c, object, f->aliases[a], f->name))
				return false;
	return true;
}

static bool check_members(struct check *c, struct members m, json_t *object);

/* Move the members of @inner (taken out of its object) up into @outer. */
static bool merge_members(struct check *c, const struct cat_field *f,
			  json_t *outer, json_t *inner)
{
	const char *name;
	json_t *value;

	json_pointer_add(c->path, sizeof(c->path), f->name);
	if (!json_is_object(inner))
		return mistyped(c, f, "an object", inner);
	if (!check_members(c, (struct members){ .fields = f->of->fields },
			   inner))
		return false;
	json_object_foreach(inner, name, value) {
		if (!json_object_get(outer, name)) {
			json_object_set(outer, name, value);
			continue;
		}
		json_pointer_add(c->path, sizeof(c->path), name);
		return BAD(c,
			   "%s: \"%s\" is given twice, in \"%s\" and beside it",
			   c->what, name, f->name);
	}
	c->path[0] = '\0';
	return true;
}

/* Only an operation's own arguments have CAT_MERGE, never nested records. */
static bool merge_spellings(struct check *c, const struct cat_op *op,
			    json_t *args)
{
	for (const struct cat_field *f = op->args; f && f->name; f++) {
		AUTO_JSON json_t *inner = NULL;

		if (!(f->flags & CAT_MERGE))
			continue;
		inner = json_incref(json_object_get(args, f->name));
		json_object_del(args, f->name);
		if (inner && !merge_members(c, f, args, inner))
			return false;
	}
	return true;
}

/* ---- the walk ------------------------------------------------------------ */

static bool check_one(struct check *c, const struct cat_field *f, json_t *v)
{
	switch (f->type) {
	case CAT_STRING:
		return check_string(c, f, v);
	case CAT_INT:
		return check_int(c, f, v);
	case CAT_BOOL:
		return json_is_boolean(v) || mistyped(c, f, "true or false", v);
	case CAT_DECIMAL:
	case CAT_TIME:
	case CAT_DATE:
	case CAT_CIDR:
	case CAT_IP:
		return check_form(c, f, v);
	case CAT_TAGS:
		return check_tags(c, f, v);
	case CAT_OBJECT:
		if (!json_is_object(v))
			return mistyped(c, f, "an object", v);
		return check_members(
			c, (struct members){ .fields = f->of->fields }, v);
	case CAT_ANY:
		return true;
	}
	return true;
}

static bool check_list(struct check *c, const struct cat_field *f, json_t *v)
{
	size_t here = strlen(c->path), i;
	json_t *item;

	if (!json_is_array(v))
		return mistyped(c, f, "an array", v);
	json_array_foreach(v, i, item) {
		json_pointer_add_index(c->path, sizeof(c->path), i);
		if (!check_one(c, f, item))
			return false;
		c->path[here] = '\0';
	}
	return true;
}

static bool null_is_fine(const struct check *c, const struct cat_field *f)
{
	return (f->flags & CAT_NULLABLE) ||
	       (!c->input && !(f->flags & CAT_REQUIRED));
}

/* Nothing to check: most members of most records. */
static bool may_be_empty(const struct check *c, const struct cat_field *f,
			 const json_t *v)
{
	return v ? json_is_null(v) && null_is_fine(c, f)
		 : !(f->flags & CAT_REQUIRED);
}

static bool check_member(struct check *c, const struct cat_field *f,
			 json_t *object, json_t *v)
{
	json_t *converted;

	if (!v)
		return BAD(c, "%s: \"%s\" is missing: %s", c->what, f->name,
			   f->help);
	if (c->from_query && (converted = from_text(f, v))) {
		json_object_set_new(object, f->name, converted);
		v = converted;
	}
	return f->flags & CAT_LIST ? check_list(c, f, v) : check_one(c, f, v);
}

#define NEAREST_OF 64 /* no table has as many members; a test says so */

static bool unknown_member(struct check *c, struct members m, const char *name)
{
	const char *names[NEAREST_OF], *nearest;
	const struct cat_field *f;
	size_t n = 0;

	for (; n < NEAREST_OF && (f = member_at(m, n)); n++)
		names[n] = f->name;
	nearest = text_nearest(name, names, n);
	json_pointer_add(c->path, sizeof(c->path), name);
	if (!nearest)
		return BAD(c, "%s: unknown member \"%.64s\"", c->what, name);
	return BAD(c, "%s: unknown member \"%.64s\"; did you mean \"%s\"?",
		   c->what, name, nearest);
}

static bool known(struct members m, const char *name)
{
	const struct cat_field *f;

	for (size_t i = 0; (f = member_at(m, i)); i++)
		if (!strcmp(f->name, name))
			return true;
	return false;
}

static bool check_no_others(struct check *c, struct members m,
			    const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
		if (!known(m, name))
			return unknown_member(c, m, name);
	return true;
}

/* Names of the tables have nothing to escape (json_pointer_add() would). */
static void push(struct check *c, const char *name)
{
	size_t used = strlen(c->path), n = strlen(name);

	if (used + n + 2 > sizeof(c->path))
		return;
	c->path[used] = '/';
	memcpy(c->path + used + 1, name, n + 1);
}

static bool check_input(struct check *c, struct members m, json_t *object)
{
	size_t here = strlen(c->path);
	const struct cat_field *f;

	if (!rename_aliases(c, m, object) || !check_no_others(c, m, object))
		return false;
	for (size_t i = 0; (f = member_at(m, i)); i++) {
		json_t *v = json_object_get(object, f->name);

		if (may_be_empty(c, f, v))
			continue;
		push(c, f->name);
		if (!check_member(c, f, object, v))
			return false;
		c->path[here] = '\0';
	}
	return true;
}

/* The field of this name; the search begins after the last one found, because
 * drivers write records in the order of the tables. */
static const struct cat_field *next_field(const struct cat_field *fields,
					  size_t *at, const char *name)
{
	size_t start = *at, i = start;

	do {
		const struct cat_field *f = &fields[i];

		i = f->name ? i + 1 : 0;
		if (f->name && *f->name == *name && !strcmp(f->name, name)) {
			*at = i;
			return f;
		}
	} while (i != start);
	return NULL;
}

static bool check_required(struct check *c, const struct cat_field *fields,
			   json_t *object)
{
	for (const struct cat_field *f = fields; f->name; f++) {
		if (!(f->flags & CAT_REQUIRED) ||
		    json_object_get(object, f->name))
			continue;
		push(c, f->name);
		return check_member(c, f, object, NULL);
	}
	return true;
}

/* Most members: nothing more is asked of a text on its way out. */
static bool is_plain_text(const struct cat_field *f, const json_t *v)
{
	return f->type == CAT_STRING && !(f->flags & CAT_LIST) &&
	       json_is_string(v);
}

/* A record: what it has is looked up in the table, not the other way round,
 * because lists are long and most fields of most records are absent. */
static bool check_output(struct check *c, const struct cat_field *fields,
			 json_t *object)
{
	size_t here = strlen(c->path), at = 0;
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v) {
		const struct cat_field *f = next_field(fields, &at, name);

		if (!f || may_be_empty(c, f, v) || is_plain_text(f, v))
			continue;
		push(c, f->name);
		if (!check_member(c, f, object, v))
			return false;
		c->path[here] = '\0';
	}
	return check_required(c, fields, object);
}

static bool check_members(struct check *c, struct members m, json_t *object)
{
	return c->input ? check_input(c, m, object)
			: check_output(c, m.fields, object);
}

/* ---- public -------------------------------------------------------------- */

bool cat_check_args(const struct cat_op *op, json_t *args, bool from_query,
		    struct error *err)
{
	struct check c = {
		.code = ERR_INVALID,
		.what = op->name,
		.input = true,
		.from_query = from_query,
		.err = err,
	};

	if (!json_is_object(args))
		return fail(err, ERR_INVALID,
			    "%s: arguments must be an object, not %s", op->name,
			    args ? type_name(args) : "missing");
	return merge_spellings(&c, op, args) &&
	       check_members(&c, (struct members){ .op = op }, args);
}

bool cat_check_record(const struct cat_record *rec, const json_t *value,
		      struct error *err)
{
	struct check c = { .code = ERR_CLOUD_BAD_ANSWER, .err = err };

	if (!rec)
		return true;
	c.what = rec->name;
	if (!json_is_object(value))
		return fail(err, c.code, "%s: must be an object, not %s",
			    rec->name, value ? type_name(value) : "missing");
	/* Only input is changed by the walk; see rename_aliases, from_text. */
	return check_members(&c, (struct members){ .fields = rec->fields },
			     (json_t *)value);
}
