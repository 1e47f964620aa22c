/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/rest_types.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

static json_t *to_text(json_t *v)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (json_is_string(v))
		return json_incref(v);
	if (!json_is_integer(v) && !json_is_boolean(v) && !json_is_real(v))
		return NULL;
	json_write(v, &text);
	return json_stringn(text.p, text.n);
}

static json_t *to_int(json_t *v)
{
	double real = json_real_value(v);
	long long n;

	if (json_is_integer(v))
		return json_incref(v);
	if (json_is_real(v) && real == trunc(real) &&
	    fabs(real) <= (double)JSON_MAX_INT)
		return json_integer((json_int_t)real);
	if (json_is_string(v) &&
	    text_to_int(json_string_value(v), -JSON_MAX_INT, JSON_MAX_INT, &n))
		return json_integer(n);
	return NULL;
}

static json_t *to_bool(json_t *v)
{
	const char *text = json_string_value(v);

	if (json_is_boolean(v))
		return json_incref(v);
	if (json_is_integer(v))
		return json_boolean(json_integer_value(v) != 0);
	if (text && !strcasecmp(text, "true"))
		return json_true();
	if (text && !strcasecmp(text, "false"))
		return json_false();
	return NULL;
}

/* Digits, at most one point, a sign in front. */
static bool is_decimal(const char *text)
{
	const char *p = text + (*text == '-');
	size_t before = strspn(p, "0123456789"), after = 0;

	p += before;
	if (*p == '.') {
		after = strspn(p + 1, "0123456789");
		if (!after)
			return false;
		p += 1 + after;
	}
	return before && !*p;
}

static json_t *to_decimal(json_t *v)
{
	char text[64];
	size_t n;

	if (json_is_string(v))
		return is_decimal(json_string_value(v)) ? json_incref(v) : NULL;
	if (json_is_integer(v))
		return to_text(v);
	if (!json_is_real(v) || fabs(json_real_value(v)) > 1e15)
		return NULL;
	n = (size_t)snprintf(text, sizeof(text), "%.9f", json_real_value(v));
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	return json_stringn(text, n);
}

/* "2026-01-02 03:04:05.000000" without an offset: clouds mean UTC. */
static bool read_time(const char *text, int64_t *ms)
{
	char full[48];

	if (clock_parse(text, ms))
		return true;
	if (strlen(text) < 19 || strlen(text) > sizeof(full) - 2)
		return false;
	snprintf(full, sizeof(full), "%sZ", text);
	if (full[10] == ' ')
		full[10] = 'T';
	return clock_parse(full, ms);
}

static json_t *to_time(json_t *v)
{
	const json_int_t most = 253402300799; /* the end of year 9999 */
	char text[CLOCK_TEXT];
	int64_t ms;

	if (json_is_string(v)) {
		if (!read_time(json_string_value(v), &ms))
			return NULL;
	} else if (json_is_integer(v) && json_integer_value(v) >= 0 &&
		   json_integer_value(v) <= most) {
		ms = (int64_t)json_integer_value(v) * 1000;
	} else {
		return NULL;
	}
	return json_string(clock_format(ms, text));
}

/* The full-date that a date or time begins with. */
static json_t *to_date(json_t *v)
{
	const char *text = json_string_value(v);
	char full[32];
	int64_t ms;

	if (!text || strlen(text) < 10)
		return NULL;
	snprintf(full, sizeof(full), "%.10sT00:00:00Z", text);
	return clock_parse(full, &ms) ? json_stringn(full, 10) : NULL;
}

/* ---- tags --------------------------------------------------------------- */

/* "Key", "ParameterKey", "output_key": clouds name them by what they are. */
static json_t *member_ending(json_t *object, const char *name)
{
	size_t n, length = strlen(name);
	const char *key;
	json_t *v;

	json_object_foreach (object, key, v) {
		n = strlen(key);
		if (n >= length && !strcasecmp(key + n - length, name))
			return v;
	}
	return NULL;
}

/* What is no scalar (an output that is a list) is its JSON. */
static json_t *tag_text(json_t *v)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (!json_is_object(v) && !json_is_array(v))
		return to_text(v);
	json_write(v, &text);
	return json_stringn(text.p, text.n);
}

/* The tag by which op.reconcile finds what an operation made is not the
 * user's. */
#define OP_TAG "skyclust-op"

static void add_tag(json_t *tags, const char *name, json_t *value)
{
	json_t *text = value ? tag_text(value) : NULL;

	if (name && strcmp(name, OP_TAG) != 0)
		json_object_set_new(tags, name, text ? text : json_string(""));
	else
		json_decref(text);
}

static void add_tag_element(json_t *tags, json_t *e)
{
	json_t *name = member_ending(e, "key");

	if (json_is_string(e))
		add_tag(tags, json_string_value(e), NULL);
	else
		add_tag(tags, json_string_value(name),
			member_ending(e, "value"));
}

static json_t *to_tags(json_t *v)
{
	json_t *tags, *child;
	const char *name;
	size_t i;

	if (!json_is_object(v) && !json_is_array(v))
		return NULL;
	tags = json_object();
	json_object_foreach (v, name, child)
		add_tag(tags, name, child);
	json_array_foreach (v, i, child)
		add_tag_element(tags, child);
	return tags;
}

/* ---- all types ---------------------------------------------------------- */

static json_t *typed(enum cat_type type, json_t *v)
{
	switch (type) {
	case CAT_STRING:
	case CAT_CIDR:
	case CAT_IP:
		return to_text(v);
	case CAT_INT:
		return to_int(v);
	case CAT_BOOL:
		return to_bool(v);
	case CAT_DECIMAL:
		return to_decimal(v);
	case CAT_TIME:
		return to_time(v);
	case CAT_DATE:
		return to_date(v);
	case CAT_TAGS:
		return to_tags(v);
	case CAT_OBJECT:
		return json_is_object(v) ? json_incref(v) : NULL;
	case CAT_ANY:
		return json_incref(v);
	}
	return NULL;
}

json_t *rest_typed(enum cat_type type, json_t *v)
{
	json_t *made = typed(type, v);

	json_decref(v);
	return made;
}
