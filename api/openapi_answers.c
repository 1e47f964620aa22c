/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which problems a route can answer follows from what it does: a table says
 * which of them come with what.  Those of HTTP itself, before any route is
 * found, are `default`.
 */
#include "openapi_answers.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "reply.h"

#define PROBLEMS "#/components/responses/"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

json_t *openapi_ref(const char *name)
{
	AUTO_FREE char *ref = mem_printf(OPENAPI_SCHEMAS "%s", name);

	return json_pack("{ss}", "$ref", ref);
}

/* ---- what a route does --------------------------------------------------- */

enum {
	ANY = 1 << 0,
	GUARDED = 1 << 1,  /* asks for a token */
	SIGNS_IN = 1 << 2, /* gives one */
	FINDS = 1 << 3,	   /* something that the path names */
	LIMITED = 1 << 4,  /* counts against limits, needs the store */
	BODY = 1 << 5,
	NOUN = 1 << 6,
	CHANGES_NOUN = 1 << 7,
	CLOUD = 1 << 8, /* asks a driver */
	OPERATION = 1 << 9,
	VERSIONED = 1 << 10,
};

static bool changes(const struct route *route)
{
	return route->op ? route->op->flags & CAT_MUTATES
			 : route->method != HTTP_GET;
}

bool openapi_begins_operation(const struct route *route)
{
	return !route->noun && route->scope == ACCESS_NAMED && changes(route);
}

bool openapi_is_versioned(const struct route *route)
{
	const struct cat_record *record = route->op ? route->op->result : NULL;

	return route->noun && record && !strcmp(route->op->verb, "update") &&
	       cat_field_find(record->fields, "version");
}

static bool asks_cloud(const struct route *route)
{
	return route->noun ? text_starts(route->id, "credential.")
			   : route->scope == ACCESS_NAMED ||
				     text_starts(route->id, "auth.oidc.");
}

static unsigned traits(const struct route *route)
{
	bool open = route->scope == ACCESS_OPEN;
	bool signs_in = open && text_starts(route->id, "auth.");

	return ANY | (open ? 0 : GUARDED) | (signs_in ? SIGNS_IN : 0) |
	       (route->param[0] || !open ? FINDS : 0) |
	       (!open || route->noun ? LIMITED : 0) |
	       (route->method & (HTTP_POST | HTTP_PATCH) ? BODY : 0) |
	       (route->noun ? NOUN : 0) |
	       (route->noun && changes(route) ? CHANGES_NOUN : 0) |
	       (asks_cloud(route) ? CLOUD : 0) |
	       (openapi_begins_operation(route) ? OPERATION : 0) |
	       (openapi_is_versioned(route) ? VERSIONED : 0);
}

/* ---- problems ------------------------------------------------------------ */

static const struct {
	unsigned http, traits;
} problems[] = {
	{ 400, ANY },
	{ 401, GUARDED | SIGNS_IN },
	{ 403, GUARDED | SIGNS_IN },
	{ 404, FINDS },
	{ 406, ANY },
	{ 409, CHANGES_NOUN | CLOUD },
	{ 412, NOUN },
	{ 413, BODY },
	{ 415, BODY },
	{ 422, GUARDED | SIGNS_IN },
	{ 424, CLOUD },
	{ 428, VERSIONED },
	{ 429, LIMITED },
	{ 499, OPERATION },
	{ 501, CLOUD },
	{ 502, CLOUD },
	{ 503, LIMITED },
	{ 504, CLOUD },
};

static json_t *problem_ref(const char *name)
{
	AUTO_FREE char *ref = mem_printf(PROBLEMS "%s", name);

	return json_pack("{ss}", "$ref", ref);
}

static void add_problems(json_t *all, const struct route *route)
{
	unsigned has = traits(route);

	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		char status[12];

		snprintf(status, sizeof(status), "%u", problems[i].http);
		if (problems[i].traits & has && !json_object_get(all, status))
			set(all, status, problem_ref(status));
	}
	set(all, "default", problem_ref("problem"));
}

/* "Conflict (conflict), Quota exceeded (quota)": all codes of a status. */
static void describe_status(unsigned http, struct buf *text)
{
	for (unsigned i = ERR_NONE + 1; i < ERR_COUNT; i++) {
		const struct err_info *info = err_info((enum err_code)i);

		if ((unsigned)info->http == http)
			buf_printf(text, "%s%s (%s)", text->n ? ", " : "",
				   info->title, info->name);
	}
}

static json_t *problem(const char *description)
{
	return json_pack("{ss s{s{so}}}", "description", description, "content",
			 REPLY_PROBLEM, "schema", openapi_ref("problem"));
}

json_t *openapi_problems(void)
{
	json_t *all = json_object();

	set(all, "problem", problem("What went wrong (RFC 9457)."));
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		AUTO(buf_done) struct buf text = { 0 };
		char status[12];

		snprintf(status, sizeof(status), "%u", problems[i].http);
		describe_status(problems[i].http, &text);
		set(all, status, problem(text.p));
	}
	return all;
}

/* ---- what was asked for -------------------------------------------------- */

static json_t *list_schema(const char *record)
{
	return json_pack("{ss s[sss] s{s{ss so} s{s[ss]} s{ss so}}}", "type",
			 "object", "required", "items", "next_page_token",
			 "errors", "properties", "items", "type", "array",
			 "items", openapi_ref(record), "next_page_token",
			 "type", "string", "null", "errors", "type", "array",
			 "items", openapi_ref("problem"));
}

static json_t *list_ref(const char *record, json_t *schemas)
{
	AUTO_FREE char *name = mem_printf("%s_list", record);

	if (!json_object_get(schemas, name))
		set(schemas, name, list_schema(record));
	return openapi_ref(name);
}

static json_t *answer_schema(const struct route *route, json_t *schemas)
{
	const struct cat_op *op = route->op;

	if (!strcmp(route->id, "auth.oidc.callback"))
		return openapi_ref("login");
	if (!op || !op->result)
		return json_object();
	return op->flags & CAT_PAGED ? list_ref(op->result->name, schemas)
				     : openapi_ref(op->result->name);
}

static json_t *with_content(const struct route *route, const char *description,
			    json_t *schemas)
{
	AUTO_FREE char *type =
		mem_strndup(route->type, strcspn(route->type, ";"));
	json_t *media = json_object();

	if (!strcmp(type, REPLY_JSON))
		set(media, "schema", answer_schema(route, schemas));
	return json_pack("{ss s{so}}", "description", description, "content",
			 type, media);
}

static json_t *header(const char *description)
{
	return json_pack("{ss s{ss}}", "description", description, "schema",
			 "type", "string");
}

static json_t *created(const struct route *route, json_t *schemas)
{
	json_t *answer = with_content(route, "It was made.", schemas);

	set(answer, "headers",
	    json_pack("{so}", "Location", header("Path of the new resource.")));
	return answer;
}

static json_t *accepted(void)
{
	return json_pack("{ss s{so so} s{s{so}}}", "description",
			 "The cloud still works on it: the operation tells how "
			 "it goes.",
			 "headers", "Location",
			 header("Path of the operation."), "Retry-After",
			 header("Seconds, until something new is to be "
				"expected."),
			 "content", REPLY_JSON, "schema",
			 openapi_ref("operation"));
}

static json_t *described(const char *text)
{
	return json_pack("{ss}", "description", text);
}

static bool is_verb(const struct route *route, const char *verb)
{
	const char *own = route->op ? route->op->verb : route->verb;

	return own && !strcmp(own, verb);
}

/* Whether there can be something to tell, and nothing. */
static bool may_tell(const struct route *route)
{
	return !is_verb(route, "create") && !is_verb(route, "delete") &&
	       (!route->op || route->op->result ||
		strcmp(route->type, REPLY_JSON) != 0);
}

static bool may_be_silent(const struct route *route)
{
	return is_verb(route, "delete") ||
	       (route->op ? !may_tell(route) && !is_verb(route, "create")
			  : route->scope == ACCESS_NAMED);
}

static void add_special(json_t *all, const struct route *route, json_t *schemas)
{
	if (!strcmp(route->id, "openapi"))
		set(all, "304", described("Not changed (If-None-Match)."));
	if (!strcmp(route->id, "ready"))
		set(all, "503",
		    with_content(route, "Every driver is broken.", schemas));
	if (!strcmp(route->id, "auth.oidc")) {
		json_object_del(all, "200");
		set(all, "302", described("Go to the OpenID provider."));
	}
}

json_t *openapi_answers(const struct route *route, json_t *schemas)
{
	json_t *all = json_object();

	if (is_verb(route, "create"))
		set(all, "201", created(route, schemas));
	if (may_tell(route))
		set(all, "200", with_content(route, "The answer.", schemas));
	if (openapi_begins_operation(route))
		set(all, "202", accepted());
	if (may_be_silent(route))
		set(all, "204", described("Done; there is nothing to tell."));
	add_special(all, route, schemas);
	add_problems(all, route);
	return all;
}
