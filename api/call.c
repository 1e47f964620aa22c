/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's value goes to the client as the bytes it came as; a list's
 * items go while the driver still gathers them.  A failure after the first
 * bytes left breaks the connection off, since a list without its end is no
 * JSON and, in chunked coding, no HTTP answer either: it cannot be mistaken
 * for a short list.
 */
#include "call.h"

#include <string.h>

#include "api_impl.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "credential/credential.h"
#include "mutation.h"
#include "reply.h"
#include "rpc/scan.h"

/* ---- what is asked ------------------------------------------------------- */

const char *call_take_region(struct request *req, json_t *args)
{
	const char *region = json_str(args, "region", NULL);

	if (region)
		region = arena_strdup(&req->arena, region);
	json_object_del(args, "region");
	return region;
}

/* The account it is about; its secrets are for the caller to free. */
WAITS static bool open_credential(struct request *req,
				  struct driver_request *ask,
				  struct secret **secrets, struct error *err)
{
	const char *used = NULL;
	struct error why = { 0 };

	*secrets = credential_open(
		api_of(req)->options.trust, req->who, req->who->workspace,
		req->provider, req->credential_id, &used, &req->arena, &why);
	ask->secrets = *secrets;
	ask->credential = used;
	ask->workspace = req->who->workspace;
	if (*secrets || why.code == ERR_NONE)
		return true;
	*err = why;
	return false;
}

static struct driver_request make_request(struct request *req,
					  const struct cloud_call *call)
{
	const struct config *config = api_of(req)->options.config;

	return (struct driver_request){
		.provider = req->provider,
		.method = call->method,
		.region = call_take_region(req, call->args),
		.zone = json_str(call->args, "zone", NULL),
		.native = json_bool(call->args, "native", false),
		.args = call->args,
		.trace = req->who->trace,
		.deadline = clock_ms() + config->call_timeout_ms,
	};
}

bool call_bad_answer(struct request *req, const char *method, const char *what,
		     struct error *err)
{
	log_warn("driver gave a wrong answer", LOG_STR("driver", req->provider),
		 LOG_STR("method", method), LOG_STR("why", what));
	return fail(err, ERR_DRIVER_BAD_ANSWER,
		    "the driver of %s answered %s wrongly: %s", req->provider,
		    method, what);
}

/* ---- lists --------------------------------------------------------------- */

struct listing {
	struct request *req;
	bool begun;
};

static struct slice inside(struct slice array)
{
	return (struct slice){ array.p + 1, array.n - 2 };
}

WAITS static bool begin_list(struct listing *list)
{
	list->begun = true;
	http_begin(list->req, 200, REPLY_JSON);
	return http_write(list->req, SLICE("{\"items\":["));
}

WAITS static bool add_items(void *arg, struct slice array, size_t n)
{
	struct listing *list = arg;

	if (!n)
		return true;
	if (list->begun ? !http_write(list->req, SLICE(","))
			: !begin_list(list))
		return false;
	return http_write(list->req, inside(array));
}

WAITS static void end_list(struct listing *list, struct slice token)
{
	static const struct slice nothing = { "null", 4 };

	if (!list->begun)
		begin_list(list);
	http_write(list->req, SLICE("],\"next_page_token\":"));
	http_write(list->req,
		   token.n && !slice_eq(token, "\"\"") ? token : nothing);
	http_write(list->req, SLICE(",\"errors\":[]}"));
	http_end(list->req);
}

/* A list that came as one value: its parts. */
static bool read_list(struct slice value, struct slice *items,
		      struct slice *token)
{
	struct scan s;
	struct slice key;

	*items = *token = (struct slice){ 0 };
	scan_init(&s, value.p, value.n);
	scan_object(&s);
	while (scan_member(&s, &key)) {
		bool is_items =
			slice_eq(key, "items") && scan_peek(&s) == SCAN_ARRAY;
		bool is_token = slice_eq(key, "next_page_token") &&
				scan_peek(&s) == SCAN_STRING;

		scan_skip(&s, is_items ? items : is_token ? token : NULL);
	}
	return scan_end(&s, NULL) && items->n;
}

WAITS static bool answer_list(struct listing *list,
			      const struct cloud_call *call,
			      const struct driver_reply *reply,
			      struct error *err)
{
	struct slice items, token = reply->next_page_token;

	if (reply->pending)
		return call_bad_answer(list->req, call->method,
				       "a list cannot be pending", err);
	if (!reply->streamed) {
		if (!read_list(reply->value, &items, &token))
			return call_bad_answer(list->req, call->method,
					       "this is no list", err);
		add_items(list, items, scan_count_items(items));
	}
	end_list(list, token);
	return true;
}

WAITS static bool call_list(struct request *req, const struct cloud_call *call,
			    struct driver_request *ask, struct error *err)
{
	struct listing list = { .req = req };
	struct driver_reply reply;
	bool ok;

	ask->on_items = add_items;
	ask->arg = &list;
	ok = driver_call(api_of(req)->options.registry, ask, &reply, err);
	if (ok) {
		ok = answer_list(&list, call, &reply, err);
		driver_reply_done(&reply);
	}
	if (ok || !list.begun || http_drop(req))
		return ok;
	log_warn("list broken off", LOG_STR("driver", req->provider),
		 LOG_STR("method", call->method), LOG_ERR(err));
	return true;
}

/* ---- one value ----------------------------------------------------------- */

static void answer_value(struct request *req, struct driver_reply *reply)
{
	struct slice value = reply->value;

	if (!value.n || slice_eq(value, "null")) {
		reply_empty(req);
		return;
	}
	http_keep(req, &reply->frame);
	reply_raw(req, 200, value);
}

WAITS static bool call_value(struct request *req, const struct cloud_call *call,
			     struct driver_request *ask, struct error *err)
{
	struct registry *registry = api_of(req)->options.registry;
	struct driver_reply reply;
	bool ok;

	if (!driver_call(registry, ask, &reply, err))
		return false;
	if (reply.pending)
		ok = call_bad_answer(req, call->method,
				     "a read cannot be pending", err);
	else if (call->gives && (!reply.value.n || reply.value.p[0] != '{'))
		ok = call_bad_answer(req, call->method, "this is no object",
				     err);
	else
		ok = true;
	if (ok)
		answer_value(req, &reply);
	driver_reply_done(&reply);
	return ok;
}

WAITS static bool call_read(struct request *req, const struct cloud_call *call,
			    struct error *err)
{
	struct driver_request ask = make_request(req, call);
	struct secret *secrets;
	bool ok;

	if (!open_credential(req, &ask, &secrets, err))
		return false;
	ok = call->outcome == CALL_LIST ? call_list(req, call, &ask, err)
					: call_value(req, call, &ask, err);
	secret_free(secrets);
	return ok;
}

WAITS void call_answer(struct request *req, const struct cloud_call *call)
{
	struct error err;

	if (call->mutates)
		mutation_answer(req, call);
	else if (!call_read(req, call, &err))
		reply_error(req, &err);
}
