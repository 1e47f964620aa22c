/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table engine against a scripted cloud.  A case is data: what is called,
 * what the cloud must be asked and how it answers, what must come of it.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/http.h"
#include "cloud/rest.h"
#include "cloud/rest_types.h"
#include "cloud/session.h"
#include "fake_cloud.h"

/* clang-format off: tables */
/* ---- the driver ---------------------------------------------------------------------- */

static const char *const states[][2] = {
	{ "ACTIVE", "running" }, { "1", "stopped" }, { "*", "unknown" }, { NULL },
};

static const struct sc_map server[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "status", .words = states },
	{ "provider_status", "status" },
	{ "instance_type", "flavor.id" },
	{ "public_ips", "addr.*[kind=out].ip", .list = true },
	{ "security_groups", "groups", .list = true },
	{ "host", "{host.name}/{host.slot?}" },
	{ "tags", "meta" },
	{ "zone", .value = "z1" },
	{ "created_at", "created" },
	{ "native", "extra" },
	{ NULL },
};

static const struct sc_map type_map[] = {
	{ "id", "id" }, { "name", "id" }, { "vcpus", "cpu" },
	{ "is_available", "up" }, { "price", "cost" }, { NULL },
};

static const struct sc_map rule[] = {
	{ "id", "id" }, { "direction", "dir" }, { "port_from", "from" },
	{ "port_to", "to" }, { NULL },
};

static const struct sc_map group[] = {
	{ "id", "id" }, { "name", "name" },
	{ "rules", "rules[]", .map = rule, .list = true }, { NULL },
};

static const struct sc_error_row start_errors[] = {
	{ 409, "AlreadyOn", SC_BUSY }, { 0 },
};

static const struct sc_error_row errors[] = {
	{ 0, "OverQuota", SC_QUOTA }, { 418, NULL, SC_UNSUPPORTED }, { 0 },
};

static struct sc_reply *by_hand(struct sc_call *call)
{
	(void)call;
	return NULL;
}

static const struct sc_rest compute[] = {
	{ "instance.list", "GET /servers?limit={limit?}&marker={page_token?}&name={name?}",
	  .items = "servers[]", .map = server, .next = "links[rel=next].href" },
	{ "instance.get", "GET /servers/{id}", .items = "server", .map = server },
	{ "instance.create", "POST /servers",
	  "{'server': {'name': '{name}', 'flavor': '{instance_type}', 'zone': '{zone?}',"
	  " 'groups': [{'name': '{security_groups[]?}'}]}}",
	  .items = "server", .then = "instance.get" },
	{ "instance.delete", "DELETE /servers/{id}" },
	{ "instance.start", "POST /servers/{id}/start", .errors = start_errors },
	{ "instance.resize", "POST /servers/{id}/resize", "{'to': '{instance_type}'}",
	  .map = server, .then = "instance.get" },
	{ "instance.stop", "POST /servers/{id}/stop", .then = "nobody" },
	{ "instance.restart", .run = by_hand },
	{ "instance_type.list", "GET /types?page={page_token?}", .items = "types[]?",
	  .map = type_map, .next = "next" },
	{ "instance_type.get", "GET /types?id={id}", .items = "types[]", .map = type_map },
	{ NULL },
};

static const struct sc_rest more[] = {
	{ "security_group.get", "GET /groups/{id}", .items = "", .map = group,
	  .service = "other" },
	{ ".raw", "GET /raw", .items = "" , .service = "other"},
	{ ".rows", "GET /rows", .items = "rows[].row", .service = "other" },
	{ ".post-read", "POST /read", .service = "other" },
	{ ".lost", "GET /lost", .service = "nowhere" },
	{ ".ftp", "GET /x", .service = "ftp" },
	{ ".volume", "GET /x", .service = "volume" },
	{ ".bad", "GET x", .service = "other" },
	{ ".missing", "GET /x/{nobody}", .service = "other" },
	{ ".header", "GET /x", .service = "header" },
	{ NULL },
};

static const char *const headers[] = { "X-Token: {session.token}",
				       "X-Zone: {cred.zone?}", NULL };
static const char *const odd_headers[] = { "X: {cred.nobody}", NULL };

static const struct sc_service services[] = {
	{ "", "{session.compute}/", headers, errors, "error.code",
	  "error.message", "X-Request-Id" },
	{ "other", "{config.url}" },
	{ "ftp", "ftp://h" },
	{ "volume", "{session.volume}" },
	{ "header", "{config.url}", odd_headers },
	{ NULL },
};

static int logins;

static json_t *log_in(struct sc_call *call)
{
	(void)call;
	return json_pack("{s:s, s:o}", "compute", fake.base, "token",
			 json_sprintf("t%d", ++logins));
}

static const struct sc_driver driver = {
	.name = "test", .version = "1.0", .services = services,
	.rest = compute,
	.rest_tables = (const struct sc_rest *const[]){ more, NULL },
	.login = log_in,
	.credential_schema = "{\"properties\":{\"password\":{\"writeOnly\":true}}}",
};

/* ---- the cloud ------------------------------------------------------------------------ */

/* One exchange; in both, BASE stands for the cloud's address. */
struct turn {
	const char *line;       /* "GET /servers?limit=2", or with a body */
	int status;
	const char *body, *headers;
};

static const struct turn *turns;
static size_t turns_left;
static char surprise[512];

static char *with_base(const char *text)
{
	struct buf out = { 0 };
	const char *at;

	while ((at = strstr(text, "BASE"))) {
		buf_add(&out, text, (size_t)(at - text));
		buf_add_str(&out, fake.base);
		text = at + 4;
	}
	buf_add_str(&out, text);
	return buf_steal(&out, NULL);
}

static enum fake_end play(const struct fake_request *rq, struct buf *out)
{
	AUTO_FREE char *line = mem_printf("%s %s%s%s", rq->method, rq->target,
					  *rq->body ? " " : "", rq->body);
	AUTO_FREE char *body = NULL;

	if (!turns_left || strcmp(turns->line, line)) {
		snprintf(surprise, sizeof(surprise), "%s, not %s", line,
			 turns_left ? turns->line : "(nothing)");
		fake_reply(out, 599, "", "");
		return FAKE_CLOSE;
	}
	turns_left--;
	if (!turns->status) {
		turns++;
		return FAKE_CLOSE;
	}
	body = with_base(turns->body ? turns->body : "");
	fake_reply(out, turns->status, turns->headers ? turns->headers : "",
		   body);
	turns++;
	return FAKE_KEEP;
}

/* ---- running a case --------------------------------------------------------------------- */

struct row {
	const char *op, *args;
	struct turn turns[5];
	const char *value;      /* JSON; of a list with a token {"items", "next"} */
	enum err_code code;
	enum err_effect effect;
	const char *why;        /* in the message */
};

static const struct row *at;
static struct sc_call call;
static struct buf result;

static bool collect(void *arg, json_t *record)
{
	return json_array_append_new(arg, record) == 0;
}

static json_t *run_list(const struct sc_rest *row, json_t *args)
{
	json_t *items = json_array();
	char *next = NULL;

	if (!rest_list(&call, row, args, collect, items, &next)) {
		json_decref(items);
		return NULL;
	}
	if (next)
		items = json_pack("{s:o, s:s}", "items", items, "next", next);
	mem_free(next);
	return items;
}

static void run_case(void)
{
	AUTO_JSON json_t *args = json_read(at->args, strlen(at->args), NULL);
	const struct sc_rest *row = rest_find(&driver, at->op);
	json_t *v;

	assert_non_null(args);
	assert_non_null(row);
	call.args = args;
	v = rest_is_list(row) ? run_list(row, args) : rest_value(&call, row, NULL);
	if (v)
		json_write(v, &result);
	json_decref(v);
	call.args = NULL;
}

static void judge(void)
{
	const struct error *f = &call.fault;

	if (surprise[0] || turns_left)
		fail_msg("%s %s: asked %s; %zu turns left", at->op, at->args,
			 surprise, turns_left);
	if (at->value && !result.p)
		fail_msg("%s %s: %s", at->op, at->args, f->message);
	if (at->value && strcmp(at->value, result.p))
		fail_msg("%s %s:\n%s\nnot\n%s", at->op, at->args, result.p,
			 at->value);
	if (at->value)
		return;
	if (result.p)
		fail_msg("%s %s: %s", at->op, at->args, result.p);
	if (f->code != at->code || f->effect != at->effect ||
	    (at->why && !strstr(f->message, at->why)))
		fail_msg("%s %s: %d, effect %d: %s", at->op, at->args, f->code,
			 f->effect, f->message);
}

static void call_init(void)
{
	call = (struct sc_call){
		.driver = &driver,
		.secrets = json_pack("{s:s}", "password", "hunter22"),
		.config = json_pack("{s:s}", "url", fake.base),
	};
}

static void call_done(void)
{
	session_release(&call);
	json_decref(call.secrets);
	json_decref(call.config);
	arena_done(&call.arena);
}

static void run_row(const struct row *row)
{
	at = row;
	turns = row->turns;
	for (turns_left = 0; turns_left < 5 && turns[turns_left].line;)
		turns_left++;
	surprise[0] = '\0';
	buf_done(&result);
	call_init();
	in_fiber(run_case);
	judge();
	call_done();
	buf_done(&result);
}

static int set_up(void **state)
{
	(void)state;
	loop_init();
	fake_start();
	fake.answer = play;
	logins = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	session_done();
	http_done();
	fake_stop();
	assert_true(loop_run_until(fake_is_quiet, NULL, clock_ms() + 5000));
	loop_done();
	fiber_done();
	return 0;
}

static void run_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		run_row(&rows[i]);
		session_done();
	}
}

/* ---- one record ---------------------------------------------------------------------------- */

#define SERVER "{\"id\":\"s1\",\"name\":\"n\",\"status\":\"ACTIVE\"}"
#define NULLS                                                                \
	"\"instance_type\":null,\"public_ips\":[],\"security_groups\":[],"   \
	"\"host\":null,\"tags\":null,\"zone\":\"z1\",\"created_at\":null,"   \
	"\"native\":null"
#define RECORD(id)                                                           \
	"{\"id\":\"" id "\",\"name\":\"n\",\"status\":\"running\","          \
	"\"provider_status\":\"ACTIVE\"," NULLS "}"

static const struct row values[] = {
	{ "instance.get", "{\"id\":\"s1\"}",
	  { { "GET /servers/s1", 200, "{\"server\":" SERVER "}" } }, RECORD("s1") },
	{ "instance.get", "{\"id\":\"s2\"}",
	  { { "GET /servers/s2", 200,
	      "{\"server\":{\"id\":2,\"name\":\"n\",\"status\":1,\"flavor\":{\"id\":\"f\"},"
	      "\"addr\":{\"a\":[{\"kind\":\"out\",\"ip\":\"203.0.113.1\"},{\"kind\":\"in\",\"ip\":\"x\"}],"
	      "\"b\":[{\"kind\":\"out\",\"ip\":\"203.0.113.2\"}]},\"groups\":[\"g1\",null,2],"
	      "\"host\":{\"name\":\"h\",\"slot\":4},\"meta\":{\"a\":1},"
	      "\"created\":\"2026-01-02T03:04:05+01:00\",\"extra\":{\"x\":1}}}" } },
	  "{\"id\":\"2\",\"name\":\"n\",\"status\":\"stopped\",\"provider_status\":\"1\","
	  "\"instance_type\":\"f\",\"public_ips\":[\"203.0.113.1\",\"203.0.113.2\"],"
	  "\"security_groups\":[\"g1\",\"2\"],\"host\":\"h/4\",\"tags\":{\"a\":\"1\"},"
	  "\"zone\":\"z1\",\"created_at\":\"2026-01-02T02:04:05.000Z\",\"native\":{\"x\":1}}" },
	{ "instance.get", "{\"id\":\"s3\"}",
	  { { "GET /servers/s3", 200,
	      "{\"server\":{\"id\":\"s3\",\"name\":\"n\",\"status\":\"ODD\",\"created\":\"soon\","
	      "\"meta\":5,\"flavor\":{\"id\":{}},\"host\":{\"name\":\"h\"}}}" } },
	  "{\"id\":\"s3\",\"name\":\"n\",\"status\":\"unknown\",\"provider_status\":\"ODD\"," NULLS "}" },
	{ "instance.get", "{\"id\":\"s4\"}",
	  { { "GET /servers/s4", 200, "{\"server\":{\"id\":\"s4\",\"status\":\"ACTIVE\"}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"name\"" },
	{ "instance.get", "{\"id\":\"s5\"}",
	  { { "GET /servers/s5", 200, "{\"server\":{\"id\":[],\"name\":\"n\"}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "unusable \"id\"" },
	{ "instance.get", "{\"id\":\"s6\"}",
	  { { "GET /servers/s6", 200, "{\"machine\":{}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"server\"" },
	{ "instance.get", "{\"id\":\"s7\"}",
	  { { "GET /servers/s7", 200, "<html>hello</html>" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not JSON" },
	{ "instance.get", "{\"id\":\"s8\"}",
	  { { "GET /servers/s8", 200, "" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"server\"" },
	{ "instance.get", "{\"id\":\"s9\"}",
	  { { "GET /servers/s9", 200, "{\"server\":5}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not an object" },
	{ "instance.get", "{\"id\":\"..\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "instance.get: id" },
	{ "instance_type.get", "{\"id\":\"t1\"}",
	  { { "GET /types?id=t1", 200, "{\"types\":[{\"id\":\"t1\",\"cpu\":\"4\",\"up\":\"True\",\"cost\":0.5}]}" } },
	  "{\"id\":\"t1\",\"name\":\"t1\",\"vcpus\":4,\"is_available\":true,\"price\":\"0.5\"}" },
	{ "instance_type.get", "{\"id\":\"t2\"}",
	  { { "GET /types?id=t2", 200, "{\"types\":[]}" } },
	  NULL, ERR_NOT_FOUND, EFFECT_NONE, "none" },
	{ "security_group.get", "{\"id\":\"g\"}",
	  { { "GET /groups/g", 200, "{\"id\":\"g\",\"name\":\"web\",\"rules\":[{\"id\":1,\"dir\":\"ingress\",\"from\":80,\"to\":\"81\"},5]}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, NULL },
	{ "security_group.get", "{\"id\":\"g\"}",
	  { { "GET /groups/g", 200, "{\"id\":\"g\",\"name\":\"web\",\"rules\":[{\"id\":1,\"dir\":\"ingress\",\"from\":80,\"to\":\"81\"}]}" } },
	  "{\"id\":\"g\",\"name\":\"web\",\"rules\":[{\"id\":\"1\",\"direction\":\"ingress\",\"port_from\":80,\"port_to\":81}]}" },
	{ ".raw", "{}", { { "GET /raw", 200, "[1,{\"a\":2}]" } }, "[1,{\"a\":2}]" },
	{ ".rows", "{}", { { "GET /rows", 200, "{\"rows\":[{\"row\":1},{\"row\":2}]}" } }, "[1,2]" },
};

static void test_values(void **state)
{
	(void)state;
	run_rows(values, ARRAY_LEN(values));
}

/* ---- what changes the cloud --------------------------------------------------------------- */

static const struct row changes[] = {
	{ "instance.create",
	  "{\"name\":\"n\",\"instance_type\":\"t\",\"security_groups\":[\"a\",\"b\"]}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\",\"groups\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}",
	      202, "{\"server\":{\"id\":\"s1\"}}" },
	    { "GET /servers/s1", 200, "{\"server\":" SERVER "}" } }, RECORD("s1") },
	{ "instance.create", "{\"name\":\"n\",\"instance_type\":\"t\",\"zone\":\"z\"}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\",\"zone\":\"z\"}}", 202,
	      "{\"server\":{\"id\":\"s1\"}}" },
	    { "GET /servers/s1", 404, "{}" } },
	  NULL, ERR_NOT_FOUND, EFFECT_APPLIED, "instance.get" },
	{ "instance.create", "{\"name\":\"n\",\"instance_type\":\"t\"}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\"}}", 202, "{}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_APPLIED, "no \"server\"" },
	{ "instance.create", "{\"name\":\"n\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "instance_type is needed" },
	{ "instance.create", "{\"name\":\"n\",\"instance_type\":\"t\"}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\"}}", 0 } },
	  NULL, ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN, "instance.create" },
	{ "instance.delete", "{\"id\":\"s1\"}", { { "DELETE /servers/s1", 204 } }, "null" },
	{ "instance.delete", "{\"id\":\"s1\"}", { { "DELETE /servers/s1", 404, "gone" } }, "null" },
	{ "instance.delete", "{\"id\":\"s1\"}", { { "DELETE /servers/s1", 500 } },
	  NULL, ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN, "500" },
	{ "instance.start", "{\"id\":\"s1\"}", { { "POST /servers/s1/start", 202, "<html/>" } }, "null" },
	{ "instance.start", "{\"id\":\"s1\"}",
	  { { "POST /servers/s1/start", 409, "{\"error\":{\"code\":\"AlreadyOn\"}}" } },
	  NULL, ERR_BUSY, EFFECT_NONE, "AlreadyOn" },
	{ "instance.resize", "{\"id\":\"s1\",\"instance_type\":\"t\"}",
	  { { "POST /servers/s1/resize {\"to\":\"t\"}", 202, "" },
	    { "GET /servers/s1", 200, "{\"server\":" SERVER "}" } }, RECORD("s1") },
	{ "instance.stop", "{\"id\":\"s1\"}", { { "POST /servers/s1/stop", 202 } },
	  NULL, ERR_INTERNAL, EFFECT_UNKNOWN, "names no row" },
};

static void test_changes(void **state)
{
	(void)state;
	run_rows(changes, ARRAY_LEN(changes));
}

static char checkpointed[64];

static void take_checkpoint(struct sc_call *c, json_t *data)
{
	(void)c;
	snprintf(checkpointed, sizeof(checkpointed), "%s",
		 json_str(data, "id", ""));
	json_decref(data);
}

static void create_it(void)
{
	json_t *args = json_pack("{s:s, s:s}", "name", "n", "instance_type", "t");
	json_t *v = rest_value(&call, rest_find(&driver, "instance.create"), args);

	assert_null(v); /* the cloud is asked for the record, and is not there */
	assert_string_equal(checkpointed, "s1");
	json_decref(args);
}

static void test_checkpoint(void **state)
{
	static const struct turn script[] = {
		{ "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\"}}",
		  202, "{\"server\":{\"id\":\"s1\"}}" },
		{ "GET /servers/s1", 500 },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	call.checkpoint = take_checkpoint;
	in_fiber(create_it);
	assert_int_equal(call.fault.effect, EFFECT_APPLIED);
	call_done();
}

/* ---- refusals ------------------------------------------------------------------------------- */

static const struct {
	int status;
	const char *body;
	enum err_code code;
	enum err_effect effect;
} refusals[] = {
	{ 400, "", ERR_INVALID, EFFECT_NONE },
	{ 402, "", ERR_QUOTA, EFFECT_NONE },
	{ 403, "", ERR_FORBIDDEN, EFFECT_NONE },
	{ 403, "{\"error\":{\"code\":\"OverQuota\"}}", ERR_QUOTA, EFFECT_NONE },
	{ 404, "", ERR_NOT_FOUND, EFFECT_NONE },
	{ 405, "", ERR_UNSUPPORTED, EFFECT_NONE },
	{ 408, "", ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN },
	{ 409, "{\"error\":{\"code\":7}}", ERR_CONFLICT, EFFECT_NONE },
	{ 410, "", ERR_NOT_FOUND, EFFECT_NONE },
	{ 412, "", ERR_CONFLICT, EFFECT_NONE },
	{ 413, "", ERR_RATE_LIMITED, EFFECT_NONE },
	{ 418, "", ERR_UNSUPPORTED, EFFECT_NONE },
	{ 422, "", ERR_INVALID, EFFECT_NONE },
	{ 429, "", ERR_RATE_LIMITED, EFFECT_NONE },
	{ 451, "", ERR_INVALID, EFFECT_NONE },
	{ 500, "", ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN },
	{ 501, "", ERR_UNSUPPORTED, EFFECT_UNKNOWN },
	{ 503, "", ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN },
	{ 302, "", ERR_CLOUD_BAD_ANSWER, EFFECT_UNKNOWN },
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct row row = {
			"instance.start", "{\"id\":\"s\"}",
			{ { "POST /servers/s/start", refusals[i].status,
			    refusals[i].body } },
			NULL, refusals[i].code, refusals[i].effect, NULL,
		};

		run_row(&row);
	}
}

static void start_it(void)
{
	json_t *args = json_pack("{s:s}", "id", "s");

	assert_null(rest_value(&call, rest_find(&driver, "instance.start"), args));
	json_decref(args);
}

static void test_details(void **state)
{
	static const struct turn script[] = {
		{ "POST /servers/s/start", 429,
		  "{\"error\":{\"code\":7,\"message\":\"no hunter22 here\"}}",
		  "Retry-After: 3\r\nX-Request-Id: req-9\r\n" },
		{ "POST /servers/s/start", 409,
		  "{\"error\":{\"code\":\"c\",\"message\":\"it runs\"}}" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	in_fiber(start_it);
	assert_int_equal(call.fault.retry_after_ms, 3000);
	assert_int_equal(call.fault.cloud.http, 429);
	assert_string_equal(call.fault.cloud.code, "7");
	assert_string_equal(call.fault.cloud.request_id, "req-9");
	assert_null(strstr(call.fault.message, "hunter22"));
	in_fiber(start_it);
	assert_non_null(strstr(call.fault.message, "it runs"));
	assert_string_equal(call.fault.cloud.code, "c");
	assert_int_equal(sc_fault_code(&call), SC_CONFLICT);
	sc_fault_clear(&call);
	assert_int_equal(sc_fault_code(&call), 0);
	call_done();
}

static const struct row defects[] = {
	{ ".lost", "{}", { { NULL } }, NULL, ERR_INTERNAL, EFFECT_UNKNOWN, "nowhere" },
	{ ".ftp", "{}", { { NULL } }, NULL, ERR_INVALID, EFFECT_NONE, "http(s)" },
	{ ".volume", "{}", { { NULL } }, NULL, ERR_UNSUPPORTED, EFFECT_NONE, "volume" },
	{ ".bad", "{}", { { NULL } }, NULL, ERR_INTERNAL, EFFECT_NONE, "no method" },
	{ ".missing", "{}", { { NULL } }, NULL, ERR_INVALID, EFFECT_NONE, "nobody" },
	{ ".header", "{}", { { NULL } }, NULL, ERR_INVALID, EFFECT_NONE, "credential" },
	{ "instance.restart", "{}", { { NULL } }, NULL, ERR_UNSUPPORTED, EFFECT_NONE, "function" },
};

static void test_defects(void **state)
{
	(void)state;
	run_rows(defects, ARRAY_LEN(defects));
}

/* ---- sessions -------------------------------------------------------------------------------- */

static const struct row renewals[] = {
	{ "instance.start", "{\"id\":\"s1\"}",
	  { { "POST /servers/s1/start", 401 }, { "POST /servers/s1/start", 202 } }, "null" },
	{ "instance.start", "{\"id\":\"s1\"}",
	  { { "POST /servers/s1/start", 401 }, { "POST /servers/s1/start", 401 } },
	  NULL, ERR_UNAUTHENTICATED, EFFECT_NONE, "401" },
	{ ".post-read", "{}", { { "POST /read", 401 } },
	  NULL, ERR_UNAUTHENTICATED, EFFECT_NONE, NULL },
};

static void test_renewed_once(void **state)
{
	(void)state;
	run_row(&renewals[0]);
	assert_int_equal(logins, 2);
	run_row(&renewals[1]);
	assert_int_equal(logins, 3); /* the cached one, and one more */
	run_row(&renewals[2]); /* a row without a session has none to renew */
	assert_int_equal(logins, 3);
}

/* ---- lists ------------------------------------------------------------------------------------ */

#define ONE(id) "{\"id\":\"" id "\",\"name\":\"n\",\"status\":\"ACTIVE\"}"
#define TYPE(id) "{\"id\":\"" id "\"}"
#define TYPE_RECORD(id)                                                      \
	"{\"id\":\"" id "\",\"name\":\"" id "\",\"vcpus\":null,"             \
	"\"is_available\":null,\"price\":null}"
#define NEXT(url) "\"links\":[{\"rel\":\"next\",\"href\":\"" url "\"}]"

static const struct row lists[] = {
	{ "instance.list", "{}", { { "GET /servers", 200, "{\"servers\":[]}" } }, "[]" },
	{ "instance.list", "{\"name\":\"a b\"}",
	  { { "GET /servers?name=a%20b", 200,
	      "{\"servers\":[" ONE("1") "]," NEXT("BASE/servers?marker=1") "}" },
	    { "GET /servers?marker=1", 200, "{\"servers\":[" ONE("2") "]," NEXT("/servers?marker=2") "}" },
	    { "GET /servers?marker=2", 200, "{\"servers\":[" ONE("3") "]," NEXT("") "}" } },
	  "[" RECORD("1") "," RECORD("2") "," RECORD("3") "]" },
	{ "instance.list", "{\"limit\":1}",
	  { { "GET /servers?limit=1", 200, "{\"servers\":[" ONE("1") "]," NEXT("BASE/prefix/servers?limit=1&marker=1") "}" } },
	  "{\"items\":[" RECORD("1") "],\"next\":\"q:limit=1&marker=1\"}" },
	{ "instance.list", "{\"limit\":1,\"page_token\":\"q:limit=1&marker=1\"}",
	  { { "GET /servers?limit=1&marker=1", 200, "{\"servers\":[" ONE("2") "]}" } },
	  "[" RECORD("2") "]" },
	{ "instance.list", "{\"page_token\":\"m:x/../y\"}",
	  { { "GET /servers?marker=x%2F..%2Fy", 200, "{\"servers\":[]}" } }, "[]" },
	{ "instance_type.list", "{\"limit\":5}",
	  { { "GET /types", 200, "{\"types\":[" TYPE("a") "],\"next\":\"p2\"}" },
	    { "GET /types?page=p2", 200, "{\"types\":[" TYPE("b") "],\"next\":null}" } },
	  "[" TYPE_RECORD("a") "," TYPE_RECORD("b") "]" },
	{ "instance_type.list", "{}", { { "GET /types", 200, "{}" } }, "[]" },
	/* Not at the service's address. */
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("http://evil.test/servers") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "evil.test" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("https://127.0.0.1/servers") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not followed" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("BASE@evil.test/") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not followed" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("BASE/servers?a=\\u0001") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, NULL },
	/* In circles. */
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("BASE/servers?m=1") "}" },
	    { "GET /servers?m=1", 200, "{\"servers\":[]," NEXT("BASE/servers?m=2") "}" },
	    { "GET /servers?m=2", 200, "{\"servers\":[]," NEXT("BASE/servers?m=1") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "circle" },
	{ "instance_type.list", "{}",
	  { { "GET /types", 200, "{\"next\":\"p\"}" }, { "GET /types?page=p", 200, "{\"next\":\"p\"}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "circle" },
	/* Of another shape. */
	{ "instance.list", "{}", { { "GET /servers", 200, "{}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no list" },
	{ "instance.list", "{}", { { "GET /servers", 200, "{\"servers\":{}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no list" },
	{ "instance.list", "{}", { { "GET /servers", 200, "" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no list" },
	{ "instance.list", "{}", { { "GET /servers", 200, "{\"servers\":[{}]}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"id\"" },
	{ "instance_type.list", "{}", { { "GET /types", 200, "{\"next\":5}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not text" },
	{ "instance_type.list", "{}", { { "GET /types", 200, "{\"next\":\"a\\nb\"}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "control" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[" ONE("1") "]," NEXT("BASE/servers?m=1") "}" },
	    { "GET /servers?m=1", 403 } },
	  NULL, ERR_FORBIDDEN, EFFECT_NONE, "403" },
	/* Tokens that nobody gave out. */
	{ "instance.list", "{\"page_token\":\"x\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
	{ "instance.list", "{\"page_token\":\"q:a b\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
	{ "instance.list", "{\"page_token\":\"q:a#b\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
	{ "instance.list", "{\"page_token\":\"m:\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
};

static void test_lists(void **state)
{
	(void)state;
	run_rows(lists, ARRAY_LEN(lists));
}

static int taken;

static bool take_two(void *arg, json_t *record)
{
	(void)arg;
	json_decref(record);
	return ++taken < 2;
}

static void list_some(void)
{
	json_t *args = json_object();
	char *next;

	assert_true(rest_list(&call, rest_find(&driver, "instance.list"), args,
			      take_two, NULL, &next));
	assert_null(next);
	assert_int_equal(taken, 2);
	json_decref(args);
}

static void test_enough(void **state)
{
	static const struct turn script[] = {
		{ "GET /servers", 200, "{\"servers\":[" ONE("1") "," ONE("2") ","
		  ONE("3") "]," NEXT("BASE/servers?m=1") "}" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	taken = 0;
	call_init();
	in_fiber(list_some);
	assert_int_equal(turns_left, 0);
	call_done();
}

/* ---- for handlers ------------------------------------------------------------------------------- */

static void call_rows(void)
{
	json_t *args = json_pack("{s:s}", "id", "s1"), *v;

	call.native = true;
	v = sc_rest_call(&call, "instance.get", args);
	assert_string_equal(json_str(json_object_get(v, "native"), "status", ""),
			    "ACTIVE");
	json_decref(v);
	v = sc_rest_call(&call, "instance.list", NULL);
	assert_int_equal(json_array_size(v), 1);
	json_decref(v);
	assert_null(sc_rest_call(&call, "instance.list", NULL));
	assert_null(sc_rest_call(&call, "no.such", NULL));
	assert_int_equal(sc_fault_code(&call), SC_INTERNAL);
	json_decref(args);
}

static void test_rest_call(void **state)
{
	static const struct turn script[] = {
		{ "GET /servers/s1", 200, "{\"server\":" SERVER "}" },
		{ "GET /servers", 200, "{\"servers\":[" ONE("1") "]}" },
		{ "GET /servers", 400 },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	call.args = json_object();
	in_fiber(call_rows);
	json_decref(call.args);
	call_done();
}

static void send_http(void)
{
	static const char *const mine[] = { "X-A: b", NULL };
	struct sc_http http = { .method = "POST", .headers = mine,
				.body = "{\"a\":1}", .want_header = "x-got" };
	AUTO_FREE char *url = with_base("BASE/login");

	http.url = url;
	assert_true(sc_http(&call, &http));
	assert_int_equal(http.status, 201);
	assert_string_equal(http.header, "token");
	assert_int_equal(json_int(http.answer, "n", 0), 4);
	sc_http_done(&http);
	assert_null(http.answer);
	http.body = NULL;
	assert_true(sc_http(&call, &http));
	assert_int_equal(http.status, 400);
	assert_null(http.answer);
	sc_http_done(&http);
	http.url = "ftp://h/";
	assert_false(sc_http(&call, &http));
	assert_int_equal(call.fault.code, ERR_INVALID);
	sc_http_done(&http);
}

static void test_http(void **state)
{
	static const struct turn script[] = {
		{ "POST /login {\"a\":1}", 201, "{\"n\":4}", "X-Got: token\r\n" },
		{ "POST /login", 400, "<html>" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	in_fiber(send_http);
	call_done();
}

/* ---- explain ------------------------------------------------------------------------------------ */

static void test_explain(void **state)
{
	AUTO_JSON json_t *args = json_pack("{s:s, s:s, s:s}", "name", "hunter22",
					   "instance_type", "t", "zone", "z");
	AUTO(buf_done) struct buf out = { 0 };
	struct error err;

	(void)state;
	call_init();
	call.args = args;
	json_object_set_new(call.secrets, "zone", json_string("hunter22"));
	assert_true(rest_explain(&call, rest_find(&driver, "instance.create"),
				 NULL, &out, &err));
	assert_string_equal(out.p,
			    "POST {session.compute}/servers\n"
			    "X-Token: {session.token}\n"
			    "X-Zone: ***\n"
			    "Accept: application/json\n"
			    "Content-Type: application/json\n"
			    "User-Agent: skyclust-test/1.0\n"
			    "\n{\n  \"server\": {\n    \"name\": \"***\",\n"
			    "    \"flavor\": \"t\",\n    \"zone\": \"z\"\n  }\n}\n"
			    "\nthen: instance.get\n");
	assert_false(rest_explain(&call, rest_find(&driver, "instance.get"),
				  NULL, &out, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_false(rest_explain(&call, rest_find(&driver, "instance.restart"),
				  NULL, &out, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_int_equal(logins, 0);
	call_done();
}

/* ---- types ---------------------------------------------------------------------------------------- */

static const struct {
	enum cat_type type;
	const char *from, *to;  /* NULL: it is not of this type */
} types[] = {
	{ CAT_STRING, "\"x\"", "\"x\"" },
	{ CAT_STRING, "5", "\"5\"" },
	{ CAT_STRING, "true", "\"true\"" },
	{ CAT_STRING, "{}", NULL },
	{ CAT_IP, "\"::1\"", "\"::1\"" },
	{ CAT_INT, "7", "7" },
	{ CAT_INT, "7.0", "7" },
	{ CAT_INT, "7.5", NULL },
	{ CAT_INT, "1e300", NULL },
	{ CAT_INT, "\"-12\"", "-12" },
	{ CAT_INT, "\"12x\"", NULL },
	{ CAT_INT, "true", NULL },
	{ CAT_BOOL, "true", "true" },
	{ CAT_BOOL, "\"True\"", "true" },
	{ CAT_BOOL, "\"FALSE\"", "false" },
	{ CAT_BOOL, "0", "false" },
	{ CAT_BOOL, "2", "true" },
	{ CAT_BOOL, "\"yes\"", NULL },
	{ CAT_DECIMAL, "\"0.0104\"", "\"0.0104\"" },
	{ CAT_DECIMAL, "\"-3\"", "\"-3\"" },
	{ CAT_DECIMAL, "\"1e5\"", NULL },
	{ CAT_DECIMAL, "\"1.\"", NULL },
	{ CAT_DECIMAL, "\"\"", NULL },
	{ CAT_DECIMAL, "3", "\"3\"" },
	{ CAT_DECIMAL, "0.25", "\"0.25\"" },
	{ CAT_DECIMAL, "2.0", "\"2\"" },
	{ CAT_DECIMAL, "1e20", NULL },
	{ CAT_DECIMAL, "[]", NULL },
	{ CAT_TIME, "\"2026-01-02T03:04:05Z\"", "\"2026-01-02T03:04:05.000Z\"" },
	{ CAT_TIME, "\"2026-01-02T03:04:05.123456\"", "\"2026-01-02T03:04:05.123Z\"" },
	{ CAT_TIME, "\"2026-01-02 03:04:05\"", "\"2026-01-02T03:04:05.000Z\"" },
	{ CAT_TIME, "\"2026-01-02T03:04:05+02:00\"", "\"2026-01-02T01:04:05.000Z\"" },
	{ CAT_TIME, "1767225600", "\"2026-01-01T00:00:00.000Z\"" },
	{ CAT_TIME, "-1", NULL },
	{ CAT_TIME, "999999999999999", NULL },
	{ CAT_TIME, "\"2026-01-02\"", NULL },
	{ CAT_TIME, "\"yesterday, at about three o'clock\"", NULL },
	{ CAT_TIME, "true", NULL },
	{ CAT_DATE, "\"2026-01-02\"", "\"2026-01-02\"" },
	{ CAT_DATE, "\"2026-01-02T03:04:05Z\"", "\"2026-01-02\"" },
	{ CAT_DATE, "\"2026-13-02\"", NULL },
	{ CAT_DATE, "5", NULL },
	{ CAT_TAGS, "{\"a\":\"b\",\"n\":5,\"z\":null}", "{\"a\":\"b\",\"n\":\"5\",\"z\":\"\"}" },
	{ CAT_TAGS, "[{\"Key\":\"a\",\"Value\":\"b\"},{\"key\":\"c\"},{\"x\":1},{\"value\":\"v\"}]",
	  "{\"a\":\"b\",\"c\":\"\"}" },
	{ CAT_TAGS, "[\"a\",\"b\"]", "{\"a\":\"\",\"b\":\"\"}" },
	{ CAT_TAGS, "\"a\"", NULL },
	{ CAT_OBJECT, "{}", "{}" },
	{ CAT_OBJECT, "[]", NULL },
	{ CAT_ANY, "[1]", "[1]" },
};

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		json_t *v = json_read(types[i].from, strlen(types[i].from), NULL);
		AUTO_JSON json_t *made = rest_typed(types[i].type, v);
		AUTO(buf_done) struct buf text = { 0 };

		if (made)
			json_write(made, &text);
		if (!made != !types[i].to ||
		    (made && strcmp(text.p, types[i].to)))
			fail_msg("%d %s: %s", types[i].type, types[i].from,
				 made ? text.p : "(none)");
	}
}

/* ---- lint ------------------------------------------------------------------------------------------- */

static const char *const odd_words[][2] = {
	{ "a", "sleeping" }, { "*", "running" }, { "b", "stopped" }, { NULL },
};

static const struct sc_map odd_map[] = {
	{ "id", "a..b" }, { "id", "id" }, { "no_such", "x" },
	{ "status", "s", .words = odd_words }, { "name", "{", },
	{ "zone", "z", .list = true },
	{ NULL },
};

static const struct sc_map bare_group[] = {
	{ "id", "id" }, { "name", "name" }, { "rules", "rules[]", .list = true },
	{ NULL },
};

static const struct sc_error_row odd_errors[] = { { 400, NULL, 5 }, { 0 } };

static const struct sc_rest odd[] = {
	{ "instance.lst", "GET /x" },
	{ "instance.get", "GET /{id}/{idd}/{zone?}", .items = "a[", .map = odd_map },
	{ "instance.list", "GET /x?y={list[]}", .map = odd_map, .items = "x" },
	{ "instance.create", "POST x", "{'a': '{name}', 'b': '{volume}'}" },
	{ "instance.stop", "post /x", "{'a': b}", .map = server, .service = "none" },
	{ "instance.start", NULL },
	{ "instance.resume", "POST /{cred.x}/{config.y}", .then = "instance.none" },
	{ "instance.suspend", "POST /x", .then = "instance.list", .errors = odd_errors },
	{ "security_group.get", "GET /x/{id}", .map = bare_group, .next = "n" },
	{ "instance.delete", "DELETE" },
	{ "instance.restart", "POST /x/{anything}", .run = by_hand },
	{ ".private", "GET /x/{whatever}" },
	{ NULL },
};

static const char *const odd_service_headers[] = { "X: {", "Y: {session.t}",
						   "Z: {name}", NULL };

static const struct sc_service odd_services[] = {
	{ "", "{config.nowhere}", odd_service_headers, odd_errors, "a..b", "[" },
	{ NULL },
};

static const char *const findings[] = {
	"service \"\": {config.nowhere}: the config schema has no nowhere",
	"service \"\": template: bad hole",
	"service \"\": {session.t}: the driver has no login",
	"service \"\": {name}: a service has no parameters",
	"service \"\": errors: there is no code 5",
	"service \"\": error_code:",
	"service \"\": error_message:",
	"instance.lst: is no operation of the catalogue",
	"instance.get: {idd}: instance.get has no parameter idd",
	"instance.get: {zone?}: nothing in a URL's path is optional",
	"instance.get: items:",
	"instance.get: id: path",
	"instance.get: id is mapped twice",
	"instance.get: instance has no field no_such",
	"instance.get: status: the catalogue has no word \"sleeping\"",
	"instance.get: status: words after \"*\" are never reached",
	"instance.get: name: template: bad hole",
	"instance.get: zone is not a list",
	"instance.list: {list[]}: only bodies are repeated",
	"instance.list: is a list, and .items selects no elements",
	"instance.create: \"POST x\" is not a method and a path",
	"instance.create: {volume}: instance.create has no parameter volume",
	"instance.create: answers with instance, and the row has no .map",
	"instance.stop: \"post /x\" is not a method and a path",
	"instance.stop: body template: JSON:",
	"instance.stop: answers with nothing, and the row has a .map",
	"instance.stop: there is no service \"none\"",
	"instance.start: has neither a request nor a function",
	"instance.resume: {cred.x}: the credential schema has no x",
	"instance.resume: {config.y}: the config schema has no y",
	"instance.resume: then: instance.none is no row with a request",
	"instance.suspend: then: instance.list is a list",
	"instance.suspend: errors: there is no code 5",
	"security_group.get: rules is a record: it needs a .map",
	"security_group.get: has .next and is not a list",
	"instance.delete: \"DELETE\" is not a method and a path",
};

static bool has_finding(json_t *all, const char *start)
{
	json_t *v;
	size_t i;

	json_array_foreach(all, i, v)
		if (!strncmp(json_string_value(v), start, strlen(start)))
			return true;
	return false;
}

static void test_lint(void **state)
{
	const struct sc_driver bad = { .name = "odd", .rest = odd,
				       .services = odd_services };
	AUTO_JSON json_t *all = json_array();

	(void)state;
	rest_lint(&bad, all);
	for (size_t i = 0; i < ARRAY_LEN(findings); i++)
		if (!has_finding(all, findings[i]))
			fail_msg("nothing begins with %s", findings[i]);
	assert_false(has_finding(all, "instance.restart"));
	assert_false(has_finding(all, ".private"));
}

static void test_lint_is_silent(void **state)
{
	static const struct sc_rest sound[] = {
		{ "instance_type.list", "GET /types?page={page_token?}",
		  .items = "types[]?", .map = type_map, .next = "next" },
		{ "instance.delete", "DELETE /servers/{id}" },
		{ NULL },
	};
	const struct sc_driver good = { .name = "good", .rest = sound,
					.services = services, .login = log_in,
		.config_schema = "{\"properties\":{\"url\":{}}}",
		.credential_schema = "{\"properties\":{\"zone\":{},\"nobody\":{}}}" };
	AUTO_JSON json_t *all = json_array();

	(void)state;
	rest_lint(&good, all);
	if (json_array_size(all))
		fail_msg("%s", json_string_value(json_array_get(all, 0)));
}

#define WITH_CLOUD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_values),
		WITH_CLOUD(test_changes),
		WITH_CLOUD(test_checkpoint),
		WITH_CLOUD(test_refusals),
		WITH_CLOUD(test_details),
		WITH_CLOUD(test_defects),
		WITH_CLOUD(test_renewed_once),
		WITH_CLOUD(test_lists),
		WITH_CLOUD(test_enough),
		WITH_CLOUD(test_rest_call),
		WITH_CLOUD(test_http),
		WITH_CLOUD(test_explain),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_lint_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
