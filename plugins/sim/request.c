/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "faults.h"
#include "members.h"
#include "moment.h"
#include "settings.h"
#include "status.h"

bool refuse(struct request *req, enum sc_code code, const char *path,
	    const char *fmt, ...)
{
	struct sc_fault fault = { .code = code,
				  .effect = SC_EFFECT_NONE,
				  .path = path };
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	req->reply = sc_fail_with(req->call, &fault, "%s", text);
	return false;
}

/* ---- looking ------------------------------------------------------------- */

json_t *record_of(const json_t *entry)
{
	return json_object_get(entry, "record");
}

bool is_here(const struct request *req, const json_t *record)
{
	return !has(record, "region") ||
	       same_str(record, "region", req->region);
}

bool is_going(const json_t *entry)
{
	return same_str(entry, "next", GONE);
}

/* Is @word one of @words, which spaces separate? */
static bool is_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; (p = strstr(p, word)); p += n)
		if ((p == words || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

bool state_allows(struct request *req, const json_t *entry)
{
	const char *status = get_str(record_of(entry), "status");
	const struct verb *v = req->verb;

	if (is_going(entry))
		return refuse(req, SC_CONFLICT, "/id",
			      "%s \"%s\" is being deleted", req->kind->name,
			      get_str(record_of(entry), "id"));
	if (!v->from || !status || is_word(v->from, status))
		return true;
	return refuse(req, SC_CONFLICT, "/id",
		      "%s \"%s\" is %s; %s needs it to be %s", req->kind->name,
		      get_str(record_of(entry), "id"), status, v->op, v->from);
}

/* Among those that this request puts; the latest. */
static json_t *find_put(const struct request *req, const struct kind *kind,
			const char *id)
{
	json_t *pair, *found = NULL;
	size_t i;

	json_array_foreach(req->put, i, pair)
		if (is_str(json_array_get(pair, 0), kind->name) &&
		    same_str(record_of(json_array_get(pair, 1)), "id", id))
			found = json_array_get(pair, 1);
	return found;
}

static json_t *find_named(const struct request *req, const struct kind *kind,
			  const char *name)
{
	json_t *entry, *found = NULL;
	const char *id;

	json_object_foreach(world_all(req->world, kind->name), id, entry) {
		if (!same_str(record_of(entry), "name", name) ||
		    !is_here(req, record_of(entry)))
			continue;
		if (found)
			return NULL;
		found = entry;
	}
	return found;
}

json_t *find(const struct request *req, const struct kind *kind,
	     const char *id_or_name)
{
	json_t *entry = find_put(req, kind, id_or_name);

	if (!entry)
		entry = world_entry(req->world, kind->name, id_or_name);
	if (entry)
		return is_here(req, record_of(entry)) ? entry : NULL;
	return find_named(req, kind, id_or_name);
}

json_t *find_or_refuse(struct request *req)
{
	const char *id = sc_str(req->call, "id");
	json_t *entry = find(req, req->kind, id);

	if (!entry)
		refuse(req, SC_NOT_FOUND, "/id",
		       "no %s \"%.128s\" in region %s", req->kind->name, id,
		       req->region);
	return entry;
}

/* ---- changing ------------------------------------------------------------ */

static json_t *put_entry(struct request *req, const struct kind *kind,
			 json_t *entry)
{
	json_array_append_new(req->put, json_pack("[so]", kind->name, entry));
	return entry;
}

json_t *edit(struct request *req, const struct kind *kind, const json_t *entry)
{
	json_t *mine = find_put(req, kind, get_str(record_of(entry), "id"));

	if (!mine)
		mine = put_entry(req, kind, json_deep_copy(entry));
	set(record_of(mine), "updated_at", moment_json(req->now));
	return mine;
}

void give_id(struct request *req, const struct kind *kind, json_t *record)
{
	char id[64];

	snprintf(id, sizeof(id), "%s-%08llx", kind->prefix,
		 (unsigned long long)++req->world->seq);
	set_str(record, "id", id);
}

/* The number an identifier was made of. */
static long long number_of(const char *id)
{
	return strtoll(strrchr(id, '-') + 1, NULL, 16);
}

json_t *put_new(struct request *req, const struct kind *kind, json_t *record)
{
	json_t *entry;

	if (!has(record, "id"))
		give_id(req, kind, record);
	if (!kind->global)
		set_str(record, "region", req->region);
	if (!has(record, "tags"))
		set(record, "tags", json_object());
	set(record, "created_at", moment_json(req->now));
	set(record, "updated_at", moment_json(req->now));
	entry = json_pack("{so sI sI}", "record", record, "seq",
			  (json_int_t)number_of(get_str(record, "id")), "born",
			  (json_int_t)req->now);
	put_entry(req, kind, entry);
	if (kind->there)
		move_to(req, entry, kind->coming, kind->there,
			kind->coming_percent);
	return entry;
}

void drop_entry(struct request *req, const struct kind *kind,
		const json_t *entry)
{
	json_array_append_new(
		req->drop,
		json_pack("[ss]", kind->name, get_str(record_of(entry), "id")));
}

void move_to(struct request *req, json_t *entry, const char *via,
	     const char *to, int percent)
{
	int64_t delay = settings()->boot_ms * percent / 100;

	status_write(record_of(entry), delay > 0 ? via : to);
	json_object_del(entry, "next");
	json_object_del(entry, "when");
	if (delay == 0)
		return;
	set_str(entry, "next", to);
	set_int(entry, "when", req->now + delay);
}

/* ---- the ledger ---------------------------------------------------------- */

static bool trouble(struct request *req)
{
	return refuse(req, SC_INTERNAL, NULL, "%s", req->world->ledger.why);
}

bool change_begin(struct request *req)
{
	struct world *w = req->world;

	req->put = json_array();
	req->drop = json_array();
	if (ledger_lock(&w->ledger) && world_refresh(w, req->now))
		return true;
	return trouble(req);
}

/* One change of the world, as it stands in the ledger. */
static json_t *line_of(const struct request *req)
{
	const char *op = sc_op(req->call);

	return json_pack("{sI so ss? ss ss ss? ss sO sO sO?}", "at",
			 (json_int_t)req->now, "time", moment_json(req->now),
			 "op", op, "method", sc_method_name(req->call), "kind",
			 req->kind->name, "id", req->id, "what",
			 req->verb->name, "put", req->put, "drop", req->drop,
			 "value", req->value);
}

bool change_commit(struct request *req)
{
	json_t *line = line_of(req);
	bool ok;

	fault_die(DIE_BEFORE_APPLY);
	ok = ledger_append(&req->world->ledger, line);
	if (ok) {
		fault_die(DIE_AFTER_LEDGER);
		world_apply(req->world, line);
		/* With boot_ms 0 something may be gone already. */
		ok = world_refresh(req->world, req->now);
	}
	json_decref(line);
	return ok || trouble(req);
}

void change_end(struct request *req)
{
	ledger_unlock(&req->world->ledger);
	json_decref(req->put);
	json_decref(req->drop);
	req->put = req->drop = NULL;
}
