/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/filter_split.h"

#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "cli/argument.h"
#include "cli/command.h"

/* How many bytes the first condition of @text has; "\," ends none. */
static size_t first_length(const char *text)
{
	size_t n = 0;

	while (text[n] && text[n] != ',')
		n += text[n] == '\\' && text[n + 1] ? 2 : 1;
	return n;
}

/* The text behind "=", without the backslash of each "\,". */
static void add_value(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n && p[i + 1] == ',')
			i++;
		buf_add_char(out, p[i]);
	}
}

/* The argument that the cloud chooses by, for "name=value"; NULL: none. */
static const struct cat_field *filter_of(const struct cat_op *op,
					 const char *name, char sign)
{
	const struct cat_field *f =
		sign == '=' ? command_arg_find(op, name) : NULL;

	return f && f->flags & CAT_FILTER ? f : NULL;
}

/* An empty value means what is missing, which no cloud is asked for. */
static bool take(const struct cat_op *op, const char *p, size_t n, json_t *args,
		 struct buf *rest, struct error *err)
{
	size_t sign = strcspn(p, "=!~");
	AUTO_FREE char *name = mem_strndup(p, sign < n ? sign : n);
	const struct cat_field *f =
		sign + 1 < n ? filter_of(op, name, p[sign]) : NULL;
	AUTO(buf_done) struct buf value = { 0 };

	if (f && !json_object_get(args, f->name)) {
		add_value(&value, p + sign + 1, n - sign - 1);
		return argument_add(args, f, value.p, err);
	}
	buf_add_str(rest, rest->n ? "," : "");
	buf_add(rest, p, n);
	return true;
}

char *filter_split(const struct cat_op *op, const char *filter, json_t *args,
		   struct error *err)
{
	AUTO(buf_done) struct buf rest = { 0 };

	while (*filter) {
		size_t n = first_length(filter);

		if (!take(op, filter, n, args, &rest, err))
			return NULL;
		filter += n;
		filter += *filter == ',';
	}
	return rest.n ? buf_steal(&rest, NULL) : mem_strdup("");
}
