/* SPDX-License-Identifier: Apache-2.0 */
/* Problem documents: every code, and every member when there is one. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "limit_headers.h"
#include "reply.h"

static void test_every_code(void **state UNUSED)
{
	for (unsigned code = ERR_NONE + 1; code < ERR_COUNT; code++) {
		const struct err_info *info = err_info((enum err_code)code);
		struct error err;
		char type[80];
		json_t *doc;

		fail(&err, (enum err_code)code, "what and why");
		doc = reply_problem(&err, "r-1", NULL);
		snprintf(type, sizeof(type), "urn:skyclust:problem:%s",
			 info->name);
		assert_string_equal(json_str(doc, "type", ""), type);
		assert_string_equal(json_str(doc, "code", ""), info->name);
		assert_string_equal(json_str(doc, "title", ""), info->title);
		assert_int_equal(json_int(doc, "status", 0), info->http);
		assert_string_equal(json_str(doc, "detail", ""), "what and why");
		assert_string_equal(json_str(doc, "instance", ""), "r-1");
		assert_int_equal(json_bool(doc, "retryable", false),
				 info->retryable);
		assert_int_equal(json_object_size(doc), 8);
		json_decref(doc);
	}
}

/* A caller's mistake is never told as a server's, nor the other way. */
static void test_status_is_sensible(void **state UNUSED)
{
	for (unsigned code = ERR_NONE + 1; code < ERR_COUNT; code++) {
		int http = err_info((enum err_code)code)->http;

		assert_true(http >= 400 && http < 600);
	}
	assert_int_equal(err_info(ERR_UNAUTHENTICATED)->http, 424);
	assert_int_equal(err_info(ERR_UNAUTHORIZED)->http, 401);
	assert_int_equal(err_info(ERR_NOT_ACCEPTABLE)->http, 406);
}

static void test_everything_there_is(void **state UNUSED)
{
	struct error err;
	AUTO_JSON json_t *doc = NULL;
	AUTO_JSON json_t *cloud = json_pack("{si ss ss}", "http", 403, "code",
					    "QuotaExceeded", "request_id", "q-7");

	fail_at(&err, ERR_QUOTA, "/count", "no room");
	err.effect = EFFECT_PARTIAL;
	err.retryable = true;
	err.cloud.http = 403;
	text_copy(err.cloud.code, sizeof(err.cloud.code), "QuotaExceeded");
	text_copy(err.cloud.request_id, sizeof(err.cloud.request_id), "q-7");
	doc = reply_problem(&err, "r-2", "aws");
	assert_string_equal(json_str(doc, "effect", ""), "partial");
	assert_true(json_bool(doc, "retryable", false));
	assert_string_equal(json_str(doc, "pointer", ""), "/count");
	assert_string_equal(json_str(doc, "provider", ""), "aws");
	assert_true(json_equal(json_object_get(doc, "cloud"), cloud));
}

static void test_part_of_the_cloud(void **state UNUSED)
{
	struct error err;
	AUTO_JSON json_t *doc = NULL;

	fail(&err, ERR_CLOUD_UNAVAILABLE, "it is away");
	err.cloud.http = 503;
	doc = reply_problem(&err, "r-3", "x");
	assert_int_equal(json_object_size(json_object_get(doc, "cloud")), 1);
	assert_string_equal(json_str(doc, "effect", ""), "unknown");
}

static const char *header_of(const struct request *req, const char *name)
{
	for (const struct http_header *h = req->headers; h; h = h->next)
		if (!strcmp(h->name, name))
			return h->value;
	return "";
}

static void test_limits_are_told(void **state UNUSED)
{
	struct limit_state limit = { .quota = 2000, .window_s = 2,
				     .remaining = 1999, .reset_s = 1 };
	struct request req = { 0 };

	limit_headers_add(&req, &limit);
	assert_string_equal(header_of(&req, "RateLimit-Policy"),
			    "\"requests\";q=2000;w=2");
	assert_string_equal(header_of(&req, "RateLimit"),
			    "\"requests\";r=1999;t=1");
	arena_done(&req.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code),
		cmocka_unit_test(test_status_is_sensible),
		cmocka_unit_test(test_everything_there_is),
		cmocka_unit_test(test_part_of_the_cloud),
		cmocka_unit_test(test_limits_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
