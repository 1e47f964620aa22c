/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

#include "members.h"
#include "moment.h"
#include "seed.h"
#include "status.h"

#define WORLDS_MAX 1024

static struct world worlds[WORLDS_MAX];
static size_t worlds_count;

/* ---- looking ------------------------------------------------------------- */

json_t *world_all(const struct world *w, const char *kind)
{
	json_t *all = json_object_get(w->kinds, kind);

	if (!all) {
		all = json_object();
		json_object_set_new(w->kinds, kind, all);
	}
	return all;
}

json_t *world_entry(const struct world *w, const char *kind, const char *id)
{
	return json_object_get(world_all(w, kind), id);
}

/* ---- changing ------------------------------------------------------------ */

static void moving_key(char *key, size_t size, const char *kind, const char *id)
{
	snprintf(key, size, "%s/%s", kind, id);
}

void world_put(struct world *w, const char *kind, json_t *entry)
{
	const char *id = get_str(json_object_get(entry, "record"), "id");
	char key[1200];

	moving_key(key, sizeof(key), kind, id);
	json_object_set(world_all(w, kind), id, entry);
	if (has(entry, "next"))
		json_object_set(w->moving, key, entry);
	else
		json_object_del(w->moving, key);
	if (get_int(entry, "seq") > w->seq)
		w->seq = get_int(entry, "seq");
}

/* What costs money is remembered after its end. */
static void remember(struct world *w, const char *kind, json_t *entry,
		     int64_t end)
{
	if (strcmp(kind, "instance") != 0 && strcmp(kind, "volume") != 0)
		return;
	json_array_append_new(w->past,
			      json_pack("{ss sO sO sI}", "kind", kind, "record",
					json_object_get(entry, "record"),
					"born", json_object_get(entry, "born"),
					"died", (json_int_t)end));
}

static void drop(struct world *w, const char *kind, const char *id, int64_t end)
{
	json_t *entry = world_entry(w, kind, id);
	char key[1200];

	if (!entry)
		return;
	moving_key(key, sizeof(key), kind, id);
	remember(w, kind, entry, end);
	json_object_del(w->moving, key);
	json_object_del(world_all(w, kind), id);
}

void world_apply(struct world *w, const json_t *line)
{
	int64_t at = get_int(line, "at");
	json_t *pair, *op;
	size_t i;

	json_array_foreach(json_object_get(line, "put"), i, pair)
		world_put(w, json_string_value(json_array_get(pair, 0)),
			  json_array_get(pair, 1));
	json_array_foreach(json_object_get(line, "drop"), i, pair)
		drop(w, json_string_value(json_array_get(pair, 0)),
		     json_string_value(json_array_get(pair, 1)), at);
	op = json_object_get(line, "op");
	if (json_is_string(op))
		set(w->ops, json_string_value(op),
		    json_pack("{sO sO sO sO?}", "method",
			      json_object_get(line, "method"), "kind",
			      json_object_get(line, "kind"), "id",
			      json_object_get(line, "id"), "value",
			      json_object_get(line, "value")));
}

static void take_line(void *arg, json_t *line)
{
	world_apply(arg, line);
}

/* ---- time passes --------------------------------------------------------- */

/* Records are handed out by reference, so a new state makes a new record. */
static void arrive(json_t *entry)
{
	json_t *record = json_copy(json_object_get(entry, "record"));
	int64_t when = get_int(entry, "when");

	status_write(record, get_str(entry, "next"));
	set(record, "updated_at", moment_json(when));
	set(entry, "record", record);
	json_object_del(entry, "next");
	json_object_del(entry, "when");
}

static void settle(struct world *w, int64_t now)
{
	const char *key;
	json_t *entry;
	void *tmp;

	json_object_foreach_safe(w->moving, tmp, key, entry) {
		const char *slash = strchr(key, '/');
		char kind[32];

		if (get_int(entry, "when") > now)
			continue;
		snprintf(kind, sizeof(kind), "%.*s", (int)(slash - key), key);
		if (same_str(entry, "next", GONE)) {
			drop(w, kind,
			     get_str(json_object_get(entry, "record"), "id"),
			     get_int(entry, "when"));
			continue;
		}
		arrive(entry);
		json_object_del(w->moving, key);
	}
}

bool world_refresh(struct world *w, int64_t now)
{
	if (!ledger_read(&w->ledger, take_line, w))
		return false;
	settle(w, now);
	return true;
}

/* ---- all of them --------------------------------------------------------- */

static bool world_init(struct world *w, const char *account,
		       const char *state_dir)
{
	if (!ledger_open(&w->ledger, state_dir, account))
		return false;
	snprintf(w->account, sizeof(w->account), "%s", account);
	w->kinds = json_object();
	w->moving = json_object();
	w->ops = json_object();
	w->past = json_array();
	w->seq = 0;
	seed_world(w);
	return true;
}

struct world *world_of(const char *account, const char *state_dir, char *why,
		       size_t size)
{
	for (size_t i = 0; i < worlds_count; i++)
		if (!strcmp(worlds[i].account, account))
			return &worlds[i];
	if (worlds_count == WORLDS_MAX) {
		snprintf(why, size, "one process serves at most %d accounts",
			 WORLDS_MAX);
		return NULL;
	}
	if (!world_init(&worlds[worlds_count], account, state_dir)) {
		snprintf(why, size, "%s", worlds[worlds_count].ledger.why);
		return NULL;
	}
	return &worlds[worlds_count++];
}
