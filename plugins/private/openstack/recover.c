/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What takes longer than one call: changing an instance's size, and finding
 * out whether an instance was made when the answer was lost.
 */
#include "openstack.h"

#include <string.h>

#define POLL_MS 2000
/* Nova writes a new server down while it answers; a request that was on its
 * way when we lost its answer has had this long. */
#define SETTLE_MS 5000

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool is(const json_t *object, const char *name, const char *wanted)
{
	const char *have = text(object, name);

	return have && wanted && !strcmp(have, wanted);
}

SC_WAITS static json_t *get_server(struct sc_call *call, const char *id)
{
	json_t *args = json_pack("{s:s?}", "id", id), *server;

	server = sc_rest_call(call, "instance.get", args);
	return server;
}

/* ---- resize ------------------------------------------------------------- */

static struct sc_reply *wait_more(struct sc_call *call, const char *id,
				  const char *type, bool confirmed)
{
	return sc_pending(call,
			  json_pack("{s:s, s:s, s:b}", "id", id,
				    "instance_type", type, "confirmed",
				    confirmed),
			  POLL_MS);
}

SC_WAITS static struct sc_reply *resize_to(struct sc_call *call,
					   const json_t *type)
{
	const char *id = sc_str(call, "id");
	json_t *server = get_server(call, id), *args, *done;

	if (!server)
		return sc_failed(call);
	if (is(server, "instance_type", text(type, "name")))
		return sc_value(call, server);
	json_decref(server);
	args = json_pack("{s:s, s:s}", "id", id, "flavor", text(type, "id"));
	done = sc_rest_call(call, "resize_server", args);
	if (!done)
		return sc_fault_code(call) == SC_FORBIDDEN
			       ? nova_refused(call, type)
			       : sc_failed(call);
	json_decref(done);
	return wait_more(call, id, text(type, "name"), false);
}

struct sc_reply *nova_resize(struct sc_call *call)
{
	json_t *type = nova_find_type(call, sc_str(call, "instance_type"));
	struct sc_reply *reply;

	if (!type)
		return sc_failed(call);
	reply = resize_to(call, type);
	json_decref(type);
	return reply;
}

/* Nova keeps the old size aside until somebody confirms. */
SC_WAITS static struct sc_reply *confirm(struct sc_call *call,
					 const json_t *handle)
{
	json_t *done;

	if (!json_is_true(json_object_get(handle, "confirmed"))) {
		done = sc_rest_call(call, "confirm_server",
				    json_incref((json_t *)handle));
		if (!done && sc_fault_code(call) != SC_CONFLICT)
			return sc_failed(call);
		json_decref(done);
		sc_fault_clear(call);
	}
	return wait_more(call, text(handle, "id"),
			 text(handle, "instance_type"), true);
}

/* The server has come to rest; steals @server. */
static struct sc_reply *resized(struct sc_call *call, const json_t *handle,
				json_t *server)
{
	static const struct sc_fault undone = { .code = SC_CLOUD_UNAVAILABLE,
						.effect = SC_EFFECT_NONE };
	static const struct sc_fault broken = { .code = SC_NEEDS_ATTENTION,
						.effect = SC_EFFECT_PARTIAL };
	struct sc_reply *reply;

	if (is(server, "instance_type", text(handle, "instance_type")) &&
	    !is(server, "status", "error"))
		return sc_value(call, server);
	if (is(server, "status", "error"))
		reply = sc_fail_with(call, &broken,
				     "the instance broke while "
				     "its size was changed");
	else
		reply = sc_fail_with(
			call, &undone,
			"no host had room for the "
			"new size; the instance keeps its old one");
	json_decref(server);
	return reply;
}

/* op.poll: only resize leaves handles. */
SC_WAITS static struct sc_reply *poll(struct sc_call *call)
{
	const json_t *handle = json_object_get(sc_args(call), "handle");
	json_t *server = get_server(call, text(handle, "id"));

	if (!server)
		return sc_failed(call);
	if (is(server, "provider_status", "VERIFY_RESIZE")) {
		json_decref(server);
		return confirm(call, handle);
	}
	if (is(server, "provider_status", "RESIZE")) {
		json_decref(server);
		return wait_more(call, text(handle, "id"),
				 text(handle, "instance_type"), false);
	}
	return resized(call, handle, server);
}

/* ---- op.reconcile ------------------------------------------------------- */

static struct sc_reply *outcome(struct sc_call *call, const char *word,
				json_t *value)
{
	return sc_value(call, json_pack("{s:s, s:o*}", "outcome", word, "value",
					value));
}

/* The server that operation @op made, new; json_null(): none; NULL: failed. */
SC_WAITS static json_t *made_by(struct sc_call *call, const char *op)
{
	json_t *none = json_object(), *list, *server, *found = json_null();
	size_t i;

	list = sc_rest_call(call, "instance.list", none);
	if (!list)
		return NULL;
	json_array_foreach(list, i, server)
		if (is(json_object_get(server, "tags"), OP_TAG, op))
			found = json_incref(server);
	json_decref(list);
	return found;
}

/* Not found once may be too early; not found twice is not there. */
SC_WAITS static struct sc_reply *find_made(struct sc_call *call, const char *op)
{
	json_t *server = made_by(call, op);

	if (json_is_null(server)) {
		if (!sc_sleep(call, SETTLE_MS))
			return outcome(call, "cannot_tell", NULL);
		server = made_by(call, op);
	}
	if (!server)
		return sc_failed(call);
	if (json_is_null(server))
		return outcome(call, "not_applied", NULL);
	return outcome(call, "applied", server);
}

SC_WAITS static struct sc_reply *reconcile(struct sc_call *call)
{
	const char *op = sc_str(call, "op"), *method = sc_str(call, "method");
	const json_t *known = json_object_get(sc_args(call), "checkpoint");
	json_t *server;

	if (!op || !method || strcmp(method, "instance.create"))
		return outcome(call, "cannot_tell", NULL);
	if (!text(known, "id"))
		return find_made(call, op);
	if ((server = get_server(call, text(known, "id"))))
		return outcome(call, "applied", server);
	if (sc_fault_code(call) != SC_NOT_FOUND)
		return sc_failed(call);
	return outcome(call, "cannot_tell", NULL); /* made, and gone again? */
}

/* clang-format off */
const struct sc_rest recover_rest[] = {
	{ "op.poll", .run = poll },
	{ "op.reconcile", .run = reconcile },
	{ "resize_server", "POST /servers/{id}/action", "{'resize': {'flavorRef': '{flavor}'}}" },
	{ "confirm_server", "POST /servers/{id}/action", "{'confirmResize': null}" },
	{ NULL },
};
/* clang-format on */
