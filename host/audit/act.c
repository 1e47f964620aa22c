/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts: the log is verified, checkpoints are signed and shown.
 */
#include <inttypes.h>
#include <stdio.h>

#include "audit/check.h"
#include "audit/checkpoint.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "keys/keyring.h"

#define LIMIT 100
#define LIMIT_MOST 1000

/* ---- verification ------------------------------------------------------------ */

static void keep_first(void *arg, const struct verify_fault *f)
{
	json_t **first = arg;

	if (*first)
		return;
	*first = json_pack("{s:s, s:s}", "kind", f->kind, "detail", f->text);
	if (f->lane >= 0)
		json_object_set_new(*first, "lane", json_integer(f->lane));
	if (f->seq >= 0)
		json_object_set_new(*first, "record", json_integer(f->seq));
}

static void note_verification(struct trust *t, const struct actor *who,
			      const json_t *result)
{
	bool ok = json_bool(result, "ok", false);

	audit_note(t, &(struct audit_event){ .who = who,
					     .action = "audit.verified",
					     .outcome = ok ? "succeeded"
							   : "failed",
					     .reason = ok ? NULL : "altered",
					     .workspace = "",
					     .more = result });
}

static json_t *result_of(const struct verify *v, json_t *first)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:O}", "ok", v->faults == 0,
			 "records", (json_int_t)v->records, "lanes",
			 (json_int_t)v->n_lanes, "checkpoints",
			 (json_int_t)v->n_checkpoints, "faults",
			 (json_int_t)v->faults, "first_fault", first);
}

/* Faults may be the work of another host, which has signed that the log begins
 * later, and removed what was before, while we read. */
static WAITS bool was_overtaken(struct trust *t, const struct verify *v)
{
	const struct verify_checkpoint *newest =
		v->n_checkpoints ? &v->checkpoints[v->n_checkpoints - 1] : NULL;
	struct heads last;
	bool overtaken;

	if (!v->faults || !checkpoint_last(t->store, &last, NULL, NULL))
		return false;
	overtaken = last.id > (newest ? newest->heads.id : 0);
	heads_done(&last);
	return overtaken;
}

static WAITS json_t *verify_once(struct trust *t, bool *overtaken,
				 struct error *err)
{
	json_t *first = NULL, *result = NULL;
	AUTO(verify_done)
	struct verify v = { .report = keep_first, .arg = &first };

	if (check_all(t->audit, &v, err)) {
		*overtaken = was_overtaken(t, &v);
		result = result_of(&v, first ? first : json_null());
	}
	json_decref(first);
	return result;
}

WAITS json_t *audit_verify_now(struct trust *t, const struct actor *who,
			       json_t *args UNUSED, struct error *err)
{
	bool overtaken = false;
	json_t *result = verify_once(t, &overtaken, err);

	if (overtaken) {
		json_decref(result);
		result = verify_once(t, &overtaken, err);
	}
	if (result)
		note_verification(t, who, result);
	return result;
}

/* ---- checkpoints ------------------------------------------------------------- */

static json_t *checkpoint_value(const struct rows *rows, size_t i)
{
	AUTO(buf_done) struct buf envelope = { 0 };
	char id[24];

	checkpoint_envelope(rows, i, &envelope);
	snprintf(id, sizeof(id), "%" PRId64, row_int(rows, i, "id"));
	return json_pack("{s:s, s:o, s:s, s:s}", "id", id, "at",
			 trust_time(row_int(rows, i, "at")), "key_id",
			 row_text(rows, i, "key_id"), "envelope", envelope.p);
}

#define CHECKPOINTS \
	"SELECT id, at, body, key_id, signature FROM audit_checkpoints"

static bool read_token(const json_t *args, int64_t *below, struct error *err)
{
	const char *token = json_str(args, "page_token", NULL);
	long long id = INT64_MAX;

	if (token && !text_to_int(token, 1, INT64_MAX, &id))
		return fail_at(err, ERR_INVALID, "/page_token",
			       "page_token is not one of this list");
	*below = id;
	return true;
}

WAITS json_t *audit_checkpoint_list(struct trust *t,
				    const struct actor *who UNUSED,
				    json_t *args, struct error *err)
{
	long long limit = json_int(args, "limit", LIMIT);
	json_t *items, *token;
	struct rows rows;
	int64_t below = 0;

	limit = limit > LIMIT_MOST ? LIMIT_MOST : limit;
	if (!read_token(args, &below, err) ||
	    !store_read(t->store, NULL,
			CHECKPOINTS " WHERE id < $1 ORDER BY id DESC LIMIT $2",
			&rows, err, P_INT(below), P_INT(limit + 1)))
		return NULL;
	items = json_array();
	for (size_t i = 0; i < rows.n && i < (size_t)limit; i++)
		json_array_append_new(items, checkpoint_value(&rows, i));
	token = rows.n > (size_t)limit
			? json_incref(json_object_get(
				  json_array_get(items, (size_t)limit - 1),
				  "id"))
			: json_null();
	rows_done(&rows);
	return json_pack("{s:o, s:o}", "items", items, "next_page_token",
			 token);
}

WAITS json_t *audit_checkpoint_create(struct trust *t, const struct actor *who,
				      json_t *args UNUSED, struct error *err)
{
	struct rows rows;
	json_t *value;

	if (!checkpoint_make(t->audit, who, NULL, err) ||
	    !store_read(t->store, NULL, CHECKPOINTS " WHERE id = $1", &rows,
			err, P_INT(t->audit->last.id)))
		return NULL;
	value = rows.n ? checkpoint_value(&rows, 0) : NULL;
	if (!value)
		fail(err, ERR_INTERNAL, "the new checkpoint is not there");
	rows_done(&rows);
	return value;
}

WAITS json_t *audit_key(struct trust *t, const struct actor *who UNUSED,
			json_t *args UNUSED, struct error *err UNUSED)
{
	const struct key *active = keyring_active(t->keyring, KEY_AUDIT);
	json_t *keys = json_array();

	for (long long i = 1; i <= active->version; i++) {
		const struct key *key = keyring_find(t->keyring, KEY_AUDIT, i);

		if (key)
			json_array_append_new(
				keys,
				json_pack("{s:s, s:s, s:s, s:b}", "id", key->id,
					  "algorithm", key->algorithm,
					  "public_key", key->public_pem,
					  "active", key == active));
	}
	return json_pack("{s:o}", "keys", keys);
}
