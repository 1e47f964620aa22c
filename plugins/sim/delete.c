/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deleting, and what that means for everything that refers to what goes: the
 * rows' ties say whether it holds it, lets go, or goes too.
 */
#include "members.h"
#include "resource.h"
#include "settings.h"

bool refers(const json_t *record, const char *member, const char *id)
{
	const json_t *value = json_object_get(record, member), *item;
	size_t i;

	if (!json_is_array(value))
		return is_str(value, id);
	json_array_foreach(value, i, item)
		if (is_str(item, id))
			return true;
	return false;
}

static bool is_dropped(const struct request *req, const struct kind *kind,
		       const char *id)
{
	json_t *pair;
	size_t i;

	json_array_foreach(req->drop, i, pair)
		if (is_str(json_array_get(pair, 0), kind->name) &&
		    is_str(json_array_get(pair, 1), id))
			return true;
	return false;
}

static bool let_go(struct request *req, const struct kind *kind,
		   const json_t *entry, bool cascade);

static bool drop_with(struct request *req, const struct kind *kind,
		      const json_t *entry, bool cascade)
{
	if (!let_go(req, kind, entry, cascade))
		return false;
	drop_entry(req, kind, entry);
	return true;
}

static void release(struct request *req, const struct kind *kind,
		    const struct ref *ref, const json_t *entry)
{
	json_t *mine = edit(req, kind, entry);

	set(record_of(mine), ref->member, json_null());
	if (has(record_of(mine), "device"))
		set(record_of(mine), "device", json_null());
	move_to(req, mine, NULL, kind->there, 0);
}

static bool held(struct request *req, const struct kind *kind,
		 const json_t *entry)
{
	return refuse(req, SC_CONFLICT, "/id",
		      "it is in use by %s \"%s\" (%s); delete that first%s",
		      kind->name, get_str(record_of(entry), "name"),
		      get_str(record_of(entry), "id"),
		      strcmp(req->kind->name, "network") ? ""
							 : ", or use cascade");
}

static bool untie(struct request *req, const struct kind *kind,
		  const struct ref *ref, const json_t *entry, bool cascade)
{
	switch (ref->tie) {
	case REF_FREE:
		return true;
	case REF_HOLDS:
		return cascade ? drop_with(req, kind, entry, cascade)
			       : held(req, kind, entry);
	case REF_RELEASES:
		if (get_bool(entry, "own"))
			return drop_with(req, kind, entry, cascade);
		release(req, kind, ref, entry);
		return true;
	case REF_FOLLOWS:
		return drop_with(req, kind, entry, cascade);
	}
	return true;
}

/* Everything of @kind that refers by @ref to what is called @id. */
static bool untie_all(struct request *req, const struct kind *kind,
		      const struct ref *ref, const char *id, bool cascade)
{
	const char *other;
	json_t *entry;

	json_object_foreach(world_all(req->world, kind->name), other, entry)
		if (refers(record_of(entry), ref->member, id) &&
		    !is_dropped(req, kind, other) &&
		    !untie(req, kind, ref, entry, cascade))
			return false;
	return true;
}

static bool let_go(struct request *req, const struct kind *gone,
		   const json_t *entry, bool cascade)
{
	const char *id = get_str(record_of(entry), "id");

	for (const struct kind *kind = kinds; kind->name; kind++)
		for (const struct ref *ref = kind->refs; ref && ref->member;
		     ref++)
			if (ref->tie != REF_FREE &&
			    !strcmp(ref->kind, gone->name) &&
			    !untie_all(req, kind, ref, id, cascade))
				return false;
	if (gone->leave)
		gone->leave(req, record_of(entry));
	return true;
}

static bool is_free(struct request *req, const json_t *entry)
{
	if (!same_str(record_of(entry), "status", req->kind->busy))
		return true;
	return refuse(req, SC_CONFLICT, "/id",
		      "%s \"%s\" is %s; detach it first", req->kind->name,
		      get_str(record_of(entry), "id"), req->kind->busy);
}

bool run_delete(struct request *req)
{
	const struct kind *kind = req->kind;
	json_t *entry = find(req, kind, sc_str(req->call, "id"));

	if (!entry || is_going(entry))
		return true; /* deleted already */
	req->id = get_str(record_of(entry), "id");
	if (!is_free(req, entry) ||
	    !let_go(req, kind, entry, sc_bool(req->call, "cascade")))
		return false;
	if (kind->going && settings()->boot_ms * kind->going_percent >= 100)
		move_to(req, edit(req, kind, entry), kind->going, GONE,
			kind->going_percent);
	else
		drop_entry(req, kind, entry);
	return true;
}
