/* SPDX-License-Identifier: Apache-2.0 */
#include "resource.h"

#include <stdio.h>
#include <stdlib.h>

#include "faults.h"
#include "members.h"
#include "settings.h"
#include "status.h"

/* ---- answers ------------------------------------------------------------- */

/* The cloud's own object, on request only. */
static json_t *view(const struct request *req, const json_t *entry)
{
	json_t *record = record_of(entry), *copy;

	if (!sc_bool(req->call, "native"))
		return json_incref(record);
	copy = json_copy(record);
	json_object_set(copy, "native", (json_t *)entry);
	return copy;
}

bool answer_entry(struct request *req, const json_t *entry)
{
	req->value = view(req, entry);
	req->id = get_str(record_of(entry), "id");
	return true;
}

bool run_get(struct request *req)
{
	const json_t *entry = find_or_refuse(req);

	return entry && answer_entry(req, entry);
}

/* ---- list ---------------------------------------------------------------- */

/*
 * Without the setting page_size the cloud gives everything and the SDK cuts
 * pages.  With it the cloud pages by itself: a token says behind which number
 * the next page begins, so that pages stay right while others create and
 * delete.
 */
struct page {
	json_t *items;
	long long after, last;
	size_t max; /* 0: all */
	bool more;
};

#define TOKEN "after:"
#define BEFORE_ALL (-1000000LL) /* seeds have numbers below zero */

static bool page_open(struct request *req, struct page *page)
{
	const char *token = sc_str(req->call, "page_token");
	long long limit = sc_int(req->call, "limit");
	char *end = NULL;

	*page = (struct page){ .after = BEFORE_ALL,
			       .max = (size_t)settings()->page_size };
	if (page->max && limit && (size_t)limit < page->max)
		page->max = (size_t)limit;
	if (token && !strncmp(token, TOKEN, strlen(TOKEN)))
		page->after = strtoll(token + strlen(TOKEN), &end, 10);
	if (token && (!end || *end))
		return refuse(req, SC_INVALID, "/page_token",
			      "page_token is not one that was given out");
	if (token && !page->max)
		page->max = limit ? (size_t)limit : 1000;
	page->items = json_array();
	return true;
}

/* A list waits for its reader, and the world changes meanwhile: gather first. */
static void gather(const struct request *req, struct page *page)
{
	const char *id;
	json_t *entry;

	json_object_foreach(world_all(req->world, req->kind->name), id,
			     entry) {
		if (!is_here(req, record_of(entry)) ||
		    get_int(entry, "seq") <= page->after)
			continue;
		if (page->max && json_array_size(page->items) == page->max) {
			page->more = true;
			return;
		}
		json_array_append_new(page->items, view(req, entry));
		page->last = get_int(entry, "seq");
	}
}

SC_WAITS static void hand_out(struct request *req, const struct page *page)
{
	size_t half = json_array_size(page->items) / 2, i;
	json_t *item;

	json_array_foreach(page->items, i, item) {
		if (i == half)
			fault_die(DIE_MID_LIST);
		if (!sc_emit(req->call, json_incref(item)))
			return;
	}
}

bool run_list(struct request *req)
{
	struct page page;
	char token[40];

	if (!page_open(req, &page))
		return false;
	gather(req, &page);
	snprintf(token, sizeof(token), TOKEN "%lld", page.last);
	hand_out(req, &page);
	json_decref(page.items);
	req->reply = sc_list_end(req->call, page.more ? token : NULL);
	return true;
}

/* ---- references ---------------------------------------------------------- */

static bool no_such(struct request *req, const struct ref *ref,
		    const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/%s", ref->member);
	return refuse(req, SC_INVALID, path, "no %s \"%.128s\" in region %s",
		      ref->kind, what, req->region);
}

/* The identifier (or name) of what @value refers to, new; NULL: refused. */
static json_t *resolve(struct request *req, const struct ref *ref,
		       const json_t *value)
{
	const char *text = json_string_value(value);
	json_t *entry = find(req, kind_find(ref->kind), text);

	if (entry && !is_going(entry))
		return json_incref(json_object_get(
			record_of(entry), ref->by_name ? "name" : "id"));
	no_such(req, ref, text);
	return NULL;
}

static bool resolve_list(struct request *req, const struct ref *ref,
			 json_t *record, const json_t *list)
{
	json_t *to = json_array(), *value, *id;
	size_t i;

	json_array_foreach(list, i, value) {
		id = resolve(req, ref, value);
		if (!id) {
			json_decref(to);
			return false;
		}
		json_array_append_new(to, id);
	}
	set(record, ref->member, to);
	return true;
}

static bool resolve_ref(struct request *req, const struct ref *ref,
			json_t *record)
{
	const json_t *value = json_object_get(record, ref->member);
	json_t *id;

	if (!has(record, ref->member))
		return true;
	if (json_is_array(value))
		return resolve_list(req, ref, record, value);
	id = resolve(req, ref, value);
	if (id)
		set(record, ref->member, id);
	return id != NULL;
}

bool resolve_refs(struct request *req, const struct kind *kind, json_t *record)
{
	static const struct ref zone = { "zone", "zone" };

	for (const struct ref *ref = kind->refs; ref && ref->member; ref++)
		if (!resolve_ref(req, ref, record))
			return false;
	return !kind->zoned || resolve_ref(req, &zone, record);
}

static bool name_is_free(struct request *req, const struct kind *kind,
			 const json_t *record)
{
	const char *name = get_str(record, "name"), *id;
	json_t *entry;

	if (!kind->unique || !name)
		return true;
	json_object_foreach(world_all(req->world, kind->name), id, entry)
		if (same_str(record_of(entry), "name", name) &&
		    is_here(req, record_of(entry)) &&
		    !same_str(record, "id", id))
			return refuse(
				req, SC_CONFLICT, "/name",
				"there is a %s named \"%.128s\" already (%s)",
				kind->name, name, id);
	return true;
}

/* ---- create -------------------------------------------------------------- */

/* Text with ' for ", as the rows have it. */
static json_t *parse_quoted(const char *text)
{
	char json[1024];
	size_t n = 0;

	for (; text[n] && n + 1 < sizeof(json); n++)
		json[n] = text[n] == '\'' ? '"' : text[n];
	return json_loadb(json, n, 0, NULL);
}

void fill_defaults(const struct kind *kind, json_t *record)
{
	json_t *defaults;

	if (!kind->defaults)
		return;
	defaults = parse_quoted(kind->defaults);
	json_object_update_missing(record, defaults);
	json_decref(defaults);
}

/* Arguments are members of the record, but for a few. */
static json_t *record_from_args(const struct request *req)
{
	json_t *record = json_deep_copy(sc_args(req->call));

	json_object_del(record, "region");
	json_object_del(record, "id");
	return record;
}

static void keep_out(const struct kind *kind, json_t *record)
{
	for (const char *const *k = kind->keep_out; k && *k; k++)
		json_object_del(record, *k);
}

bool run_create(struct request *req)
{
	const struct kind *kind = req->kind;
	json_t *record = record_from_args(req);

	give_id(req, kind, record);
	fill_defaults(kind, record);
	if (!resolve_refs(req, kind, record) ||
	    !name_is_free(req, kind, record) ||
	    (kind->prepare && !kind->prepare(req, record))) {
		json_decref(record);
		return false;
	}
	keep_out(kind, record);
	return answer_entry(req, put_new(req, kind, record));
}

/* ---- update, states ------------------------------------------------------ */

json_t *update_entry(struct request *req)
{
	const struct verb *v = req->verb;
	json_t *entry = find_or_refuse(req), *args, *mine;
	bool ok;

	if (!entry || !state_allows(req, entry))
		return NULL;
	args = record_from_args(req);
	keep_out(req->kind, args);
	ok = resolve_refs(req, req->kind, args);
	mine = ok ? edit(req, req->kind, entry) : NULL;
	if (mine) {
		json_object_update(record_of(mine), args);
		ok = name_is_free(req, req->kind, record_of(mine));
	}
	json_decref(args);
	if (!ok)
		return NULL;
	if (v->to)
		move_to(req, mine, v->via, v->to, v->percent);
	return mine;
}

bool run_update(struct request *req)
{
	json_t *entry = update_entry(req);

	return entry && answer_entry(req, entry);
}

/* Is it there, or on its way already? */
static bool is_done(const struct request *req, const json_t *entry)
{
	const char *next = get_str(entry, "next");

	return same_str(record_of(entry), "status", req->verb->to) ||
	       (next && !strcmp(next, req->verb->to) &&
		same_str(record_of(entry), "status", req->verb->via));
}

bool run_state(struct request *req)
{
	const struct verb *v = req->verb;
	json_t *entry = find_or_refuse(req);

	if (!entry)
		return false;
	req->id = get_str(record_of(entry), "id");
	if (strcmp(v->via, "rebooting") != 0 && is_done(req, entry))
		return true;
	if (!state_allows(req, entry))
		return false;
	entry = edit(req, req->kind, entry);
	move_to(req, entry, v->via, v->to, v->percent);
	return true;
}
