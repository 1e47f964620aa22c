/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts: records are looked for and counted.
 */
#include <inttypes.h>
#include <stdio.h>

#include "audit/audit_impl.h"
#include "audit/where.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define LIMIT 100
#define LIMIT_MOST 1000
#define STATS_DAYS 7 /* that are counted unless `since` says another */
#define DAY 86400000LL

/* ---- pages ------------------------------------------------------------------- */

/* The place of a record in the order of the list, as a page token. */
struct place {
	long long at, lane, seq;
};

static bool read_place(const char *token, struct place *place)
{
	int n = 0;

	return sscanf(token, "%20lld.%20lld.%20lld%n", &place->at, &place->lane,
		      &place->seq, &n) == 3 &&
	       !token[n];
}

static bool add_page(struct where *w, const json_t *args, struct error *err)
{
	const char *token = json_str(args, "page_token", NULL);
	struct place p;

	if (!token)
		return true;
	if (!read_place(token, &p))
		return fail_at(err, ERR_INVALID, "/page_token",
			       "page_token is not one of this list");
	where_add(w, "(at, lane, seq) < (?, ?, ?)",
		  STORE_PARAMS(P_INT(p.at), P_INT(p.lane), P_INT(p.seq)));
	return true;
}

static void add_filters(struct where *w, const json_t *args)
{
	static const struct {
		const char *name, *sql;
	} filters[] = {
		{ "actor", "actor = ?" },	{ "action", "action = ?" },
		{ "outcome", "outcome = ?" },	{ "target", "target = ?" },
		{ "provider", "provider = ?" },
	};

	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		const char *value = json_str(args, filters[i].name, NULL);

		if (value)
			where_add(w, filters[i].sql,
				  STORE_PARAMS(P_TEXT(value)));
	}
}

/* ---- the list ---------------------------------------------------------------- */

static void rename_member(json_t *object, const char *from, const char *to)
{
	json_t *value = json_object_get(object, from);

	if (!value)
		return;
	json_object_set(object, to, value);
	json_object_del(object, from);
}

/* The record with what the log adds to it. */
static json_t *item_of(const struct rows *rows, size_t i)
{
	const char *text = row_text(rows, i, "record");
	json_t *item = json_read(text, strlen(text), NULL);
	struct slice hash = row_blob(rows, i, "hash");
	char hex[CHAIN_HEX] = "", id[48];

	if (!item) /* an altered row must not hide the others */
		item = json_pack("{s:s, s:s, s:s}", "action",
				 "audit.unreadable", "outcome", "failed",
				 "reason", "the record is damaged");
	if (hash.n == CHAIN_HASH)
		chain_to_hex((const unsigned char *)hash.p, hex);
	snprintf(id, sizeof(id), "%" PRId64 "-%" PRId64,
		 row_int(rows, i, "lane"), row_int(rows, i, "seq"));
	json_object_set_new(item, "id", json_string(id));
	json_object_set_new(item, "hash", json_string(hex));
	rename_member(item, "workspace", "workspace_id");
	rename_member(item, "operation", "operation_id");
	return item;
}

/* @rows has one more than @limit when there is a next page. */
static json_t *page_of(const struct rows *rows, size_t limit)
{
	json_t *items = json_array(), *token = NULL;
	char text[72];

	for (size_t i = 0; i < rows->n && i < limit; i++)
		json_array_append_new(items, item_of(rows, i));
	if (rows->n > limit) {
		snprintf(text, sizeof(text), "%" PRId64 ".%" PRId64 ".%" PRId64,
			 row_int(rows, limit - 1, "at"),
			 row_int(rows, limit - 1, "lane"),
			 row_int(rows, limit - 1, "seq"));
		token = json_string(text);
	}
	return json_pack("{s:o, s:o}", "items", items, "next_page_token",
			 token ? token : json_null());
}

WAITS json_t *audit_record_list(struct trust *t, const struct actor *who,
				json_t *args, struct error *err)
{
	AUTO(where_done) struct where w = { 0 };
	AUTO(buf_done) struct buf sql = { 0 };
	long long limit = json_int(args, "limit", LIMIT);
	struct rows rows;
	json_t *page;

	limit = limit > LIMIT_MOST ? LIMIT_MOST : limit;
	where_common(&w, who, args);
	add_filters(&w, args);
	if (!add_page(&w, args, err))
		return NULL;
	buf_add_str(&sql, "SELECT lane, seq, at, hash, record FROM audit");
	where_write(&w, &sql);
	buf_printf(&sql, " ORDER BY at DESC, lane DESC, seq DESC LIMIT %lld",
		   limit + 1);
	if (!store_read_params(t->store, who->workspace, sql.p, &rows, err,
			       w.params))
		return NULL;
	page = page_of(&rows, (size_t)limit);
	rows_done(&rows);
	return page;
}

/* ---- counts ------------------------------------------------------------------ */

/* The rows of "SELECT @columns, COUNT(*) AS n … GROUP BY @columns". */
static WAITS bool count_by(struct trust *t, const struct actor *who,
			   const struct where *w, const char *select,
			   const char *group, struct rows *rows,
			   struct error *err)
{
	AUTO(buf_done) struct buf sql = { 0 };

	buf_printf(&sql, "SELECT %s, COUNT(*) AS n FROM audit", select);
	where_write(w, &sql);
	buf_printf(&sql, " GROUP BY %s ORDER BY %s LIMIT 1000", group, group);
	return store_read_params(t->store, who->workspace, sql.p, rows, err,
				 w->params);
}

static WAITS bool add_actions(struct trust *t, const struct actor *who,
			      const struct where *w, json_t *stats,
			      struct error *err)
{
	json_t *list = json_array();
	struct rows rows;

	json_object_set_new(stats, "actions", list);
	if (!count_by(t, who, w, "action, outcome", "action, outcome", &rows,
		      err))
		return false;
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I}", "action",
					row_text(&rows, i, "action"), "outcome",
					row_text(&rows, i, "outcome"), "count",
					(json_int_t)row_int(&rows, i, "n")));
	rows_done(&rows);
	return true;
}

static WAITS bool add_days(struct trust *t, const struct actor *who,
			   const struct where *w, json_t *stats,
			   struct error *err)
{
	json_t *list = json_array();
	long long records = 0;
	struct rows rows;
	char day[CLOCK_TEXT];

	json_object_set_new(stats, "days", list);
	if (!count_by(t, who, w, "at / 86400000 AS day", "at / 86400000", &rows,
		      err))
		return false;
	for (size_t i = 0; i < rows.n; i++) {
		clock_format(row_int(&rows, i, "day") * DAY, day);
		day[10] = '\0';
		records += row_int(&rows, i, "n");
		json_array_append_new(
			list, json_pack("{s:s, s:I}", "day", day, "count",
					(json_int_t)row_int(&rows, i, "n")));
	}
	rows_done(&rows);
	json_object_set_new(stats, "records", json_integer(records));
	return true;
}

/* What concerns the whole log. */
static WAITS bool add_state(struct audit *a, json_t *stats, struct error *err)
{
	json_t *lanes = json_array();
	long long kept = 0;
	struct heads now;
	char hex[CHAIN_HEX];

	json_object_set_new(stats, "lanes", lanes);
	if (!audit_read_heads(a->trust->store, &a->last, &now, err))
		return false;
	for (size_t i = 0; i < now.n; i++) {
		const struct heads_lane *l = &now.lanes[i];

		kept += l->seq - l->first + 1;
		chain_to_hex(l->hash, hex);
		json_array_append_new(
			lanes, json_pack("{s:I, s:I, s:I, s:s}", "lane",
					 (json_int_t)l->lane, "first",
					 (json_int_t)l->first, "last",
					 (json_int_t)l->seq, "hash", hex));
	}
	heads_done(&now);
	json_object_set_new(stats, "kept", json_integer(kept));
	json_object_set_new(stats, "waiting",
			    json_integer((json_int_t)a->notes.n));
	json_object_set_new(stats, "lost", json_integer(a->notes.lost));
	json_object_set_new(stats, "last_checkpoint",
			    a->last.id ? json_integer(a->last.id)
				       : json_null());
	json_object_set_new(stats, "agreed_at_start",
			    a->disagreements	? json_false()
			    : a->file_was_there ? json_true()
						: json_null());
	json_object_set_new(stats, "disagreement",
			    a->disagreements ? json_string(a->disagreement)
					     : json_null());
	return true;
}

/* A week, unless it was asked for another time. */
static void default_since(json_t *args)
{
	char text[CLOCK_TEXT];

	if (!json_object_get(args, "since"))
		json_object_set_new(
			args, "since",
			json_string(clock_format(
				clock_wall_ms() - STATS_DAYS * DAY, text)));
}

WAITS json_t *audit_stats(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	AUTO(where_done) struct where w = { 0 };
	json_t *stats = json_object();

	default_since(args);
	where_common(&w, who, args);
	json_object_set(stats, "since", json_object_get(args, "since"));
	if (add_actions(t, who, &w, stats, err) &&
	    add_days(t, who, &w, stats, err) &&
	    (who->workspace || add_state(t->audit, stats, err)))
		return stats;
	json_decref(stats);
	return NULL;
}
