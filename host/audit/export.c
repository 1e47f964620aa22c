/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Export: the records in the order of their lanes, some at a time.
 */
#include <inttypes.h>
#include <stdio.h>

#include "audit/audit_impl.h"
#include "audit/where.h"
#include "base/auto.h"
#include "base/json.h"

#define ROWS_AT_ONCE 500

/* ---- CSV (RFC 4180) ---------------------------------------------------------- */

/* In this order; "actor.id" is member id of member actor. */
static const char *const columns[] = {
	"at",	       "action",	 "outcome",   "reason", "actor.kind",
	"actor.id",    "actor.name",	 "workspace", "target", "provider",
	"driver.name", "driver.version", "operation", "effect", "request_id",
	"trace",       "source",	 "peer",      "agent",	"count",
	"last_at",
};

/* Quoted where it must be.  What a spreadsheet would take for a formula gets an
 * apostrophe before it, for clients choose these texts. */
static void add_cell(const char *text, struct buf *out)
{
	if (*text && strchr("=+-@\t\r", *text)) {
		buf_add_str(out, "\"'");
	} else if (!strpbrk(text, ",\"\r\n")) {
		buf_add_str(out, text);
		return;
	} else {
		buf_add_char(out, '"');
	}
	for (; *text; text++) {
		if (*text == '"')
			buf_add_char(out, '"');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

static const json_t *member_at(const json_t *root, const char *path)
{
	const char *dot = strchr(path, '.');
	char outer[16];

	if (!dot)
		return json_object_get(root, path);
	snprintf(outer, sizeof(outer), "%.*s", (int)(dot - path), path);
	return json_object_get(json_object_get(root, outer), dot + 1);
}

static void add_csv_row(const struct chain_link *link, struct buf *out)
{
	AUTO_JSON json_t *root =
		json_read(link->record.p, link->record.n, NULL);

	buf_printf(out, "%" PRId64 ",%" PRId64, link->lane, link->seq);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const json_t *value = member_at(root, columns[i]);

		buf_add_char(out, ',');
		if (json_is_integer(value))
			buf_printf(out, "%lld",
				   (long long)json_integer_value(value));
		else if (json_is_string(value))
			add_cell(json_string_value(value), out);
	}
	buf_add_str(out, "\r\n");
}

static void add_csv_head(struct buf *out)
{
	buf_add_str(out, "lane,seq");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		buf_printf(out, ",%s", columns[i]);
	buf_add_str(out, "\r\n");
}

/* ---- rows -------------------------------------------------------------------- */

struct export
{
	struct trust *trust;
	const struct actor *who;
	const json_t *args;
	bool csv;
	int64_t lane, seq; /* of the last record */
};

static void add_record(const struct export *e, const struct rows *rows,
		       size_t i, struct buf *out)
{
	struct chain_link link = {
		.lane = row_int(rows, i, "lane"),
		.seq = row_int(rows, i, "seq"),
		.record = slice_of(row_text(rows, i, "record")),
	};

	/* A damaged row is exported with zeros: the verifier will tell. */
	audit_row_hash(rows, i, "before", link.before);
	audit_row_hash(rows, i, "hash", link.hash);
	if (e->csv) {
		add_csv_row(&link, out);
		return;
	}
	chain_write_line(&link, out);
	buf_add_char(out, '\n');
}

/* Retention has not come to it yet, but the log begins behind it. */
static bool is_removed(const struct export *e, const struct rows *rows,
		       size_t i)
{
	const struct heads_lane *l =
		heads_find(&e->trust->audit->last, row_int(rows, i, "lane"));

	return l && row_int(rows, i, "seq") < l->first;
}

/* The next records onto @out; @n is how many were read. */
static WAITS bool read_some(struct export *e, struct buf *out, size_t *n,
			    struct error *err)
{
	AUTO(where_done) struct where w = { 0 };
	AUTO(buf_done) struct buf sql = { 0 };
	struct rows rows;

	where_common(&w, e->who, e->args);
	where_add(&w, "(lane, seq) > (?, ?)",
		  STORE_PARAMS(P_INT(e->lane), P_INT(e->seq)));
	buf_add_str(&sql, "SELECT lane, seq, before, hash, record FROM audit");
	where_write(&w, &sql);
	buf_printf(&sql, " ORDER BY lane, seq LIMIT %d", ROWS_AT_ONCE);
	if (!store_read_params(e->trust->store, e->who->workspace, sql.p, &rows,
			       err, w.params))
		return false;
	*n = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		if (!is_removed(e, &rows, i))
			add_record(e, &rows, i, out);
	if (rows.n) {
		e->lane = row_int(&rows, rows.n - 1, "lane");
		e->seq = row_int(&rows, rows.n - 1, "seq");
	}
	rows_done(&rows);
	return true;
}

WAITS bool audit_export(struct trust *t, const struct actor *who,
			const json_t *args, audit_writer *writer, void *arg,
			struct error *err)
{
	struct export e = {
		.trust = t,
		.who = who,
		.args = args,
		.csv = !strcmp(json_str(args, "format", "jsonl"), "csv"),
		.lane = -1,
	};
	AUTO(buf_done) struct buf piece = { 0 };
	size_t n;

	if (e.csv)
		add_csv_head(&piece);
	do {
		if (!read_some(&e, &piece, &n, err))
			return false;
		if (piece.n && !writer(arg, buf_slice(&piece)))
			return fail(err, ERR_CANCELLED,
				    "the reader of the export is gone");
		buf_clear(&piece);
		fiber_yield();
	} while (n);
	return true;
}
