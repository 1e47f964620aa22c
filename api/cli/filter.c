/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output_filter(): conditions on the members of items.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cell.h"
#include "member.h"
#include "output.h"

struct condition {
	char *path;
	enum { EQUAL, UNEQUAL, CONTAINS } is;
	char *value;
};

/* ---- reading ------------------------------------------------------------- */

/* The piece up to the next comma that has no backslash before it; new. */
static char *next_piece(const char **at)
{
	struct buf piece = { 0 };
	const char *p = *at;

	buf_reserve(&piece, 1);
	for (; *p && *p != ','; p++) {
		if (*p == '\\' && (p[1] == ',' || p[1] == '\\'))
			p++;
		buf_add_char(&piece, *p);
	}
	*at = *p ? p + 1 : p;
	return buf_steal(&piece, NULL);
}

static bool read_condition(struct condition *c, const char *piece,
			   const struct cat_record *record, struct error *err)
{
	size_t n = strcspn(piece, "=!~");
	const char *sign = piece + n;
	bool two = sign[0] == '!' && sign[1] == '=';

	if (!n || !*sign || (*sign == '!' && !two))
		return fail(err, ERR_INVALID,
			    "filter \"%.64s\": write field=value, field!=value "
			    "or field~part",
			    piece);
	c->is = two ? UNEQUAL : *sign == '=' ? EQUAL : CONTAINS;
	c->path = mem_strndup(piece, n);
	c->value = mem_strdup(sign + (two ? 2 : 1));
	return member_check(record, c->path, err) || fail_within(err, "filter");
}

/* ---- asking -------------------------------------------------------------- */

static char *text_of(const json_t *value)
{
	struct buf text = { 0 };

	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	if (!cell_has_value(value))
		return mem_strdup("");
	json_write(value, &text);
	return buf_steal(&text, NULL);
}

/* Equal or containing; of a list any item may be so. */
static bool holds(const struct condition *c, const json_t *value)
{
	AUTO_FREE char *text = NULL;
	json_t *item;
	size_t i;

	json_array_foreach (value, i, item)
		if (holds(c, item))
			return true;
	text = text_of(value);
	return c->is == CONTAINS ? strstr(text, c->value) != NULL
				 : !strcmp(text, c->value);
}

static bool fits(const struct condition *c, const json_t *item)
{
	AUTO_JSON json_t *value = member_at(item, c->path);

	return holds(c, value) == (c->is != UNEQUAL);
}

static void keep_fitting(json_t *items, const struct condition *c)
{
	json_t *kept = json_array(), *item;
	size_t i;

	json_array_foreach (items, i, item)
		if (fits(c, item))
			json_array_append(kept, item);
	json_array_clear(items);
	json_array_extend(items, kept);
	json_decref(kept);
}

bool output_filter(json_t *items, const char *filter,
		   const struct cat_record *record, struct error *err)
{
	bool ok = true;

	while (ok && *filter) {
		AUTO_FREE char *piece = next_piece(&filter);
		struct condition c = { 0 };

		ok = read_condition(&c, piece, record, err);
		if (ok)
			keep_fitting(items, &c);
		mem_free(c.path);
		mem_free(c.value);
	}
	return ok;
}
