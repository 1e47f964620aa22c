/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/where.h"

#include "base/clock.h"
#include "base/json.h"

void where_done(struct where *w)
{
	buf_done(&w->sql);
}

void where_add(struct where *w, const char *sql,
	       const struct store_param *params)
{
	if (w->sql.n)
		buf_add_str(&w->sql, " AND ");
	for (const char *p = sql; *p; p++) {
		if (*p != '?') {
			buf_add_char(&w->sql, *p);
		} else if (w->n < WHERE_MOST) {
			w->params[w->n++] = *params++;
			buf_printf(&w->sql, "$%u", w->n);
		}
	}
}

static void add_time(struct where *w, const char *sql, const json_t *args,
		     const char *name)
{
	int64_t at;

	if (clock_parse(json_str(args, name, ""), &at))
		where_add(w, sql, STORE_PARAMS(P_INT(at)));
}

void where_common(struct where *w, const struct actor *who, const json_t *args)
{
	const char *workspace = who->workspace
					? who->workspace
					: json_str(args, "workspace_id", NULL);

	if (workspace)
		where_add(w, "workspace_id = ?",
			  STORE_PARAMS(P_TEXT(workspace)));
	add_time(w, "at >= ?", args, "since");
	add_time(w, "at < ?", args, "until");
}

void where_write(const struct where *w, struct buf *out)
{
	if (!w->sql.n)
		return;
	buf_add_str(out, " WHERE ");
	buf_add_slice(out, buf_slice(&w->sql));
}
