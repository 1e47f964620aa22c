/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op.reconcile by the tables: what it says of a lost create, and what the cloud
 * is asked for it.  Five seconds pass on a virtual clock.
 */
#include "rest_play.h"

#include "one_question.h"

/* clang-format off: tables */
static const struct sc_map record[] = { { "id name size_gib status" }, { NULL } };
static const struct sc_map group[] = { { "id name" }, { NULL } };

static struct sc_reply *by_hand(struct sc_call *c)
{
	return sc_ok(c);
}

static const struct sc_rest rows[] = {
	{ "volume.list", "GET /volumes", .items = "v[]", .map = record, .next = "next" },
	{ "volume.get", "GET /volumes/{id}", .items = "v", .map = record },
	{ "volume.create", "POST /volumes", "{'meta': {'op': '{op}'}}", .items = "v",
	  .map = record, .mark = "meta.op" },
	{ "security_group.list", "GET /groups", .items = "g[]", .map = group },
	{ "security_group.create", "POST /groups", .items = "g", .map = group, .unique = "name" },
	{ "network.list", "GET /nets", .items = "n[]", .map = group },
	{ "network.get", "GET /nets/{id}", .items = "", .map = group },
	{ "network.create", "POST /nets", "{'op': '{op}'}", .items = "", .map = group, .mark = "op",
	  .then = "subnet network.get" },
	{ "subnet", "POST /subnets", .when = "cidr" },
	{ "snapshot.create", .run = by_hand, .mark = "tags[]" },
	{ "snapshot.list", "GET /snapshots", .items = "s[]", .map = record },
	{ "key_pair.create", "POST /keys", .items = "" },
	{ NULL },
};

static const struct sc_service services[] = { { "", "{config.url}" }, { NULL } };

static const struct sc_driver driver = {
	.name = "test", .version = "1.0", .services = services, .rest = rows,
};

#define ABOUT(method, args, more) \
	"{\"op\":\"op-1\",\"method\":\"" method "\",\"args\":" args more "}"
#define VOLUME(id, op) "{\"id\":\"" id "\",\"name\":\"n\",\"size_gib\":1,\"status\":\"x\"," \
	"\"meta\":{\"op\":\"" op "\"}}"
#define OURS VOLUME("7", "by op-1.")
#define ITS VOLUME("8", "op-11")
#define RECORD "{\"id\":\"7\",\"name\":\"n\",\"size_gib\":1,\"status\":\"x\"}"
#define APPLIED "{\"outcome\":\"applied\",\"value\":" RECORD "}"
#define NOT_APPLIED "{\"outcome\":\"not_applied\"}"
#define CANNOT_TELL "{\"outcome\":\"cannot_tell\"}"
#define KNOWN ",\"checkpoint\":{\"id\":\"7\"}"
#define NONE { "GET /volumes", 200, "{\"v\":[" ITS "]}" }
#define GROUPS(one) { "GET /groups", 200, "{\"g\":[" one "]}" }
#define NAMED(name) "{\"id\":\"1\",\"name\":\"" name "\"}"

static const struct question {
	const char *args;
	struct turn turns[4];
	const char *says;       /* the value; "": an error */
	bool waits;
} questions[] = {
	/* With the id of a checkpoint. */
	{ ABOUT("volume.create", "{}", KNOWN),
	  { { "GET /volumes/7", 200, "{\"v\":" OURS "}" } }, APPLIED },
	{ ABOUT("volume.create", "{}", KNOWN), { { "GET /volumes/7", 404 } }, CANNOT_TELL },
	{ ABOUT("volume.create", "{}", KNOWN), { { "GET /volumes/7", 403 } }, "" },
	{ ABOUT("key_pair.create", "{\"name\":\"k\"}", KNOWN), .says = CANNOT_TELL },
	/* Of several steps the first was done; the second? */
	{ ABOUT("network.create", "{}", KNOWN), { { "GET /nets/7", 200, NAMED("n") } },
	  "{\"outcome\":\"applied\",\"value\":" NAMED("n") "}" },
	{ ABOUT("network.create", "{\"cidr\":\"c\"}", KNOWN),
	  { { "GET /nets/7", 200, NAMED("n") } }, CANNOT_TELL },
	{ ABOUT("network.create", "{\"cidr\":\"c\"}", ""),
	  { { "GET /nets", 200, "{\"n\":[{\"id\":\"1\",\"name\":\"n\",\"op\":\"op-1\"}]}" } },
	  CANNOT_TELL },
	/* By the mark, on any page, on the second look. */
	{ ABOUT("volume.create", "{}", ""),
	  { { "GET /volumes", 200, "{\"v\":[" ITS "],\"next\":\"/volumes?2\"}" },
	    { "GET /volumes?2", 200, "{\"v\":[" OURS "]}" } }, APPLIED },
	{ ABOUT("volume.create", "{}", ""),
	  { NONE, { "GET /volumes", 200, "{\"v\":[" ITS "," OURS "]}" } }, APPLIED, true },
	{ ABOUT("volume.create", "{}", ""), { NONE, NONE }, NOT_APPLIED, true },
	{ ABOUT("volume.create", "{}", ""), { { "GET /volumes", 403 } }, "" },
	{ ABOUT("volume.create", "{}", ""), { NONE, { "GET /volumes", 403 } }, "", true },
	{ ABOUT("snapshot.create", "{}", ""),
	  { { "GET /snapshots", 200, "{\"s\":[{\"id\":\"7\",\"name\":\"n\",\"size_gib\":1,"
	      "\"status\":\"x\",\"tags\":[\"a\",\"op-1\"]}]}" } }, APPLIED },
	/* By the name: it says less. */
	{ ABOUT("security_group.create", "{\"name\":\"g\"}", ""), { GROUPS(NAMED("g")) },
	  CANNOT_TELL },
	{ ABOUT("security_group.create", "{\"name\":\"g\"}", ""),
	  { GROUPS(NAMED("h")), GROUPS(NAMED("h")) }, NOT_APPLIED, true },
	{ ABOUT("security_group.create", "{}", ""), .says = CANNOT_TELL },
	/* Nothing is known. */
	{ ABOUT("key_pair.create", "{\"name\":\"k\"}", ""), .says = CANNOT_TELL },
	{ ABOUT("volume.none", "{}", ""), .says = CANNOT_TELL },
	{ "{\"op\":\"\",\"method\":\"volume.create\",\"args\":{}}", .says = CANNOT_TELL },
	{ "{}", .says = CANNOT_TELL },
};
/* clang-format on */

/* ---- questions ----------------------------------------------------------- */

static void ask(const struct question *q)
{
	turns = q->turns;
	for (turns_left = 0; turns_left < 4 && turns[turns_left].line;)
		turns_left++;
	surprise[0] = '\0';
	runtime_ask("op.reconcile",
		    json_pack("{s:o}", "args",
			      json_read(q->args, strlen(q->args), NULL)));
}

static void judge_answer(const struct question *q, int64_t took)
{
	const char *says = refused ? "" : said.p;

	if (strcmp(says, q->says) || surprise[0] || turns_left)
		fail_msg("%s: %s, not %s; asked %s; %zu turns left", q->args,
			 says, q->says, surprise, turns_left);
	if (q->waits != (took >= 5000))
		fail_msg("%s: took %lld ms", q->args, (long long)took);
}

static void test_questions(void **state)
{
	int64_t began;

	(void)state;
	runtime_open(&driver);
	json_object_set_new(rt.config, "url", json_string(fake.base));
	virtual_time(true);
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		began = clock_ms();
		ask(&questions[i]);
		judge_answer(&questions[i], clock_ms() - began);
	}
	virtual_time(false);
	runtime_close();
}

/* ---- who answers it ----------------------------------------------------- */

static void test_who_answers(void **state)
{
	static const struct sc_rest plain[] = {
		{ "volume.create", "POST /volumes" },
		{ NULL },
	};
	static const struct sc_method own[] = {
		{ "op.reconcile", by_hand },
		{ NULL },
	};
	const struct sc_driver other = { .name = "o", .rest = plain };
	const struct sc_driver itself = { .rest = rows, .methods = own };
	struct handlers h;

	(void)state;
	handlers_init(&h, &driver);
	assert_ptr_equal(handlers_find(&h, "op.reconcile")->run, reconcile);
	assert_string_equal(handlers_find(&h, "volume.create")->idempotency,
			    "tag");
	assert_string_equal(
		handlers_find(&h, "security_group.create")->idempotency,
		"none");
	handlers_done(&h);
	handlers_init(&h, &other);
	assert_null(handlers_find(&h, "op.reconcile"));
	handlers_done(&h);
	handlers_init(&h, &itself);
	assert_ptr_equal(handlers_find(&h, "op.reconcile")->run, by_hand);
	handlers_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_questions, set_up,
						tear_down),
		cmocka_unit_test(test_who_answers),
	};

	mem_use_for_jansson();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
