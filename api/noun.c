/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SkyClust itself is asked for: the arguments are checked by the noun's
 * table, the act does it, and its record is the answer.
 */
#include <string.h>

#include "api_impl.h"
#include "args.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "handlers.h"
#include "reply.h"

/* ---- conditions ---------------------------------------------------------- */

/* RFC 9110 section 13.1.1: `If-Match: "7"` is version 7 and nothing else. */
static bool read_if_match(struct request *req, struct error *err)
{
	const char *tag = http_header(req, "If-Match");
	long long version = -1;
	char digits[24];
	size_t n = tag ? strlen(tag) : 0;

	req->who->if_match = -1;
	if (!tag)
		return true;
	if (n > 2 && n < sizeof(digits) && tag[0] == '"' && tag[n - 1] == '"') {
		memcpy(digits, tag + 1, n - 2);
		digits[n - 2] = '\0';
		if (text_to_int(digits, 0, JSON_MAX_INT, &version)) {
			req->who->if_match = version;
			return true;
		}
	}
	return fail(err, ERR_PRECONDITION_FAILED,
		    "If-Match must be the ETag of an earlier answer, such as "
		    "\"7\" with its quotes");
}

/* A header that would be without effect is no silent one. */
static bool check_key(struct request *req, struct error *err)
{
	if (!(req->route->op->flags & CAT_MUTATES) ||
	    !http_header(req, "Idempotency-Key"))
		return true;
	return fail(err, ERR_INVALID,
		    "Idempotency-Key is for changes of clouds; what is edited "
		    "here takes If-Match, and names are not given twice");
}

static void add_etag(struct request *req, const json_t *value)
{
	json_t *version = json_object_get(value, "version");
	char text[32];

	if (!json_is_integer(version))
		return;
	snprintf(text, sizeof(text), "\"%lld\"",
		 (long long)json_integer_value(version));
	http_add_header(req, "ETag", text);
}

/* ---- answers ------------------------------------------------------------- */

static bool is_wanted(const json_t *fields, const char *name)
{
	json_t *field;
	size_t i;

	json_array_foreach (fields, i, field)
		if (!strcmp(json_string_value(field), name))
			return true;
	return false;
}

/* Keep the members of each item that `fields` names. */
static void prune(json_t *items, const json_t *fields)
{
	json_t *item, *value;
	const char *name;
	void *next;
	size_t i;

	if (!fields)
		return;
	json_array_foreach (items, i, item)
		json_object_foreach_safe (item, next, name, value)
			if (!is_wanted(fields, name))
				json_object_del(item, name);
}

static void answer_list(struct request *req, json_t *list, const json_t *fields)
{
	prune(json_object_get(list, "items"), fields);
	if (!json_object_get(list, "next_page_token"))
		json_object_set_new(list, "next_page_token", json_null());
	json_object_set_new(list, "errors", json_array());
	reply_json(req, 200, list);
}

/* Steals @value. */
static void answer(struct request *req, json_t *value, const json_t *fields)
{
	const struct cat_op *op = req->route->op;
	bool created = !strcmp(op->verb, "create");

	if (json_is_null(value)) {
		json_decref(value);
		reply_empty(req);
		return;
	}
	if (op->flags & CAT_PAGED) {
		answer_list(req, value, fields);
		return;
	}
	if (created)
		reply_location(req, json_str(value, "id", NULL));
	add_etag(req, value);
	reply_json(req, created ? 201 : 200, value);
}

/* ---- the call ------------------------------------------------------------ */

WAITS void noun_call(struct request *req)
{
	const struct route *route = req->route;
	struct trust *trust = api_of(req)->options.trust;
	AUTO_JSON json_t *fields = NULL;
	bool audited = false;
	struct error err;
	json_t *value = NULL;

	if (!cat_check_args(route->op, req->args, args_from_query(req), &err) ||
	    !read_if_match(req, &err) || !check_key(req, &err)) {
		reply_error(req, &err);
		return;
	}
	if (route->op->flags & CAT_PAGED) {
		fields = json_incref(json_object_get(req->args, "fields"));
		json_object_del(req->args, "fields");
	}
	req->who->audited = &audited;
	value = route->act(trust, req->who, req->args, &err);
	if (!value && err.code != ERR_STORE_UNAVAILABLE)
		err.effect = EFFECT_NONE; /* what fails is rolled back */
	if (!value)
		reply_error(req, &err);
	else
		answer(req, value, fields);
	if (value && !audited && route->op->flags & CAT_MUTATES)
		log_error("a change left no record in the audit log",
			  LOG_STR("operation", route->op->name));
}
