/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver for test_driver.py: each method does one thing that the run time
 * must cope with.  Methods of the form x.test.call.NAME.
 */
#include <skyclust/driver.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *named(const char *prefix, long long i)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%04lld", prefix, i);
	return json_pack("{s:s, s:s}", "id", name, "name", name);
}

/* ---- lists ------------------------------------------------------------ */

/* A whole list: five regions. */
static struct sc_reply *region_list(struct sc_call *call)
{
	json_t *all = json_array();

	for (int i = 0; i < 5; i++)
		json_array_append_new(all, named("r", i));
	return sc_list(call, all, NULL);
}

/* Item by item: as many zones as the settings say. */
static struct sc_reply *zone_list(struct sc_call *call)
{
	long long n = json_integer_value(
		json_object_get(sc_config_json(call), "zones"));

	for (long long i = 0; i < n; i++) {
		json_t *zone = named("z", i);

		json_object_set_new(zone, "native", json_string("cloud's own"));
		if (!sc_emit(call, zone))
			break;
	}
	return sc_list_end(call, NULL);
}

/* Pages of two by tokens of its own. */
static struct sc_reply *image_list(struct sc_call *call)
{
	const char *token = sc_str(call, "page_token");
	int from = token ? (int)strtol(token, NULL, 10) : 0;
	char next[16];

	snprintf(next, sizeof(next), "%d", from + 2);
	for (int i = from; i < from + 2 && i < 5; i++)
		sc_emit(call, named("i", i));
	return sc_list_end(call, from + 2 < 5 ? next : NULL);
}

/* ---- resources -------------------------------------------------------- */

/* Without the id and status that the record must have. */
static struct sc_reply *instance_get(struct sc_call *call)
{
	return sc_value(call, json_pack("{s:s}", "name", sc_str(call, "id")));
}

static struct sc_reply *instance_delete(struct sc_call *call)
{
	return sc_fail(call, SC_NOT_FOUND, "no instance %s", sc_str(call, "id"));
}

static struct sc_reply *instance_start(struct sc_call *call)
{
	return sc_fail_with(call,
			    &(struct sc_fault){
				    .code = SC_RATE_LIMITED,
				    .effect = SC_EFFECT_NONE,
				    .retry_after_ms = 1500,
				    .path = "/id",
				    .cloud_status = 429,
				    .cloud_code = "TooMany",
				    .cloud_request_id = "req-1" },
			    "slow down");
}

/* ---- one trick each --------------------------------------------------- */

static struct sc_reply *echo(struct sc_call *call)
{
	return sc_value(call,
			json_pack("{s:O, s:s?, s:s?, s:s?, s:b, s:s?}", "args",
				  sc_args(call), "region", sc_region(call),
				  "zone", sc_zone(call), "op", sc_op(call),
				  "has_password", sc_cred(call, "password") != NULL,
				  "state_dir", sc_state_dir(call)));
}

static struct sc_reply *wait_ms(struct sc_call *call)
{
	if (!sc_sleep(call, (int)sc_int(call, "ms")))
		return sc_fail(call, SC_CANCELLED, "gave up");
	return sc_ok(call);
}

static void nap(void *arg)
{
	(void)arg;
	pause();
}

static struct sc_reply *ignore_cancel(struct sc_call *call)
{
	sc_checkpoint(call, json_string("running"));
	while (sc_sleep(call, 60000))
		continue;
	return sc_value(call, json_string("done all the same"));
}

/* Deaf to everything, as a loop around a vendor's library might be. */
static struct sc_reply *never(struct sc_call *call)
{
	while (sc_method_name(call))
		sc_offload(nap, call);
	return sc_ok(call);
}

static struct sc_reply *fail_it(struct sc_call *call)
{
	return sc_fail(call, (enum sc_code)sc_int(call, "code"), "as asked: %s",
		       sc_str(call, "text"));
}

static struct sc_reply *progress(struct sc_call *call)
{
	for (int i = 1; i <= 1000; i++)
		sc_progress(call, i, 1000, "working");
	sc_progress(call, 10, 1000, "going back");
	sc_sleep(call, 250);
	return sc_ok(call);
}

static struct sc_reply *print(struct sc_call *call)
{
	static const char banner[] = "*** Welcome to ACME cloud tools ***\n";

	for (int i = 0; i < 500; i++) {
		printf("%s", banner);
		if (write(STDOUT_FILENO, banner, sizeof(banner) - 1) < 0)
			return sc_fail(call, SC_INTERNAL, "cannot write");
	}
	return sc_value(call, json_integer(getchar()));
}

static struct sc_reply *checkpoint(struct sc_call *call)
{
	sc_checkpoint(call, json_pack("{s:s}", "cloud_id", "vm-1"));
	return sc_ok(call);
}

static struct sc_reply *forget(struct sc_call *call)
{
	(void)call;
	return NULL;
}

static struct sc_reply *twice(struct sc_call *call)
{
	sc_value(call, json_string("first"));
	return sc_fail(call, SC_INTERNAL, "second");
}

/* ---- defects of a handler ---------------------------------------------- */

static struct sc_reply *no_value(struct sc_call *call)
{
	return sc_value(call, NULL);
}

static struct sc_reply *no_array(struct sc_call *call)
{
	return sc_list(call, json_string("many"), NULL);
}

static struct sc_reply *no_item(struct sc_call *call)
{
	sc_emit(call, NULL);
	return sc_list_end(call, NULL);
}

static struct sc_reply *no_failure(struct sc_call *call)
{
	return sc_failed(call);
}

static struct sc_reply *no_handle(struct sc_call *call)
{
	return sc_pending(call, NULL, 1);
}

/* Ask the cloud at args.url. */
SC_WAITS static struct sc_reply *fetch(struct sc_call *call)
{
	struct sc_http http = { .method = "GET", .url = sc_str(call, "url") };
	struct sc_reply *reply;

	if (!sc_http(call, &http))
		return sc_failed(call);
	reply = sc_value(call, json_integer(http.status));
	sc_http_done(&http);
	return reply;
}

/* Connect to args.address, were it not a test. */
static struct sc_reply *connect_to(struct sc_call *call)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	inet_pton(AF_INET, sc_str(call, "address"), &to.sin_addr);
	if (!sc_may_connect(call, (const struct sockaddr *)&to))
		return sc_failed(call);
	return sc_ok(call);
}

static struct sc_reply *no_row(struct sc_call *call)
{
	return sc_rest_reply(call, "instance.get", NULL);
}

static struct sc_reply *others(struct sc_call *call)
{
	static struct sc_reply *first;

	if (first)
		return first;
	first = sc_ok(call);
	sc_sleep(call, 60000);
	return first;
}

static struct sc_reply *failed_before(struct sc_call *call)
{
	sc_fail(call, SC_QUOTA, "all used");
	return NULL;
}

/* ---- and more ----------------------------------------------------------- */

static struct sc_reply *pending(struct sc_call *call)
{
	return sc_pending(call, json_pack("{s:s}", "task", "t-1"), 5000);
}

static struct sc_reply *huge(struct sc_call *call)
{
	size_t n = 2 << 20;
	char *text = malloc(n);
	json_t *value;

	memset(text, 'x', n);
	value = json_stringn(text, n);
	free(text);
	return sc_value(call, value);
}

static struct sc_reply *log_it(struct sc_call *call)
{
	sc_log(call, "info", "noted: %s", sc_str(call, "text"));
	return sc_ok(call);
}

static void count_up(void *arg)
{
	++*(int *)arg;
}

static struct sc_reply *offload(struct sc_call *call)
{
	int n = 41;

	sc_offload(count_up, &n);
	return sc_value(call, json_integer(n));
}

static const struct sc_method methods[] = {
	{ "region.list", region_list },
	{ "zone.list", zone_list },
	{ "image.list", image_list },
	{ "instance.get", instance_get },
	{ "instance.delete", instance_delete },
	{ "instance.start", instance_start, .idempotency = "natural" },
	{ "op.poll", offload },
	{ "x.test.call.listed", region_list },
	{ "x.test.call.echo", echo },
	{ "x.test.call.wait", wait_ms },
	{ "x.test.call.ignore_cancel", ignore_cancel, .cancel = "safe" },
	{ "x.test.call.uncancellable", wait_ms, .idempotency = "none",
	  .cancel = "no" },
	{ "x.test.call.never", never },
	{ "x.test.call.fail", fail_it },
	{ "x.test.call.fail_mutation", fail_it, .idempotency = "none" },
	{ "x.test.call.progress", progress },
	{ "x.test.call.print", print },
	{ "x.test.call.checkpoint", checkpoint, .idempotency = "token" },
	{ "x.test.call.forget", forget },
	{ "x.test.call.twice", twice },
	{ "x.test.call.no_value", no_value },
	{ "x.test.call.no_array", no_array },
	{ "x.test.call.no_item", no_item },
	{ "x.test.call.no_failure", no_failure },
	{ "x.test.call.no_handle", no_handle },
	{ "x.test.call.fetch", fetch },
	{ "x.test.call.connect_to", connect_to },
	{ "x.test.call.no_row", no_row },
	{ "x.test.call.others", others },
	{ "x.test.call.failed_before", failed_before },
	{ "x.test.call.pending", pending },
	{ "x.test.call.huge", huge },
	{ "x.test.call.log", log_it },
	{ "x.test.call.offload", offload },
	{ NULL }
};

/* ---- a row -------------------------------------------------------------- */

static const struct sc_map server[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", NULL, .value = "running" },
	{ NULL }
};

/* The cloud filters by zone, and tells of neither zone nor image. */
static const struct sc_rest rows[] = {
	{ "instance.list", "GET /servers?zone={zone?}", .items = "servers[]",
	  .map = server },
	{ NULL }
};

static const struct sc_service services[] = {
	{ "", "http://cloud.test" }, { NULL }
};

static bool check_config(json_t *config, char *why, size_t size)
{
	if (!json_object_get(config, "refuse"))
		return true;
	snprintf(why, size, "refuse is set");
	return false;
}

/* Blocks until somebody opens the other end of the FIFO it is told of. */
static bool start(json_t *config, const char *state_dir, char *why, size_t size)
{
	const char *fifo = getenv("TEST_START_FIFO");
	FILE *f = fifo ? fopen(fifo, "r") : NULL;

	(void)config;
	(void)state_dir;
	if (!fifo)
		return true;
	if (!f || fgetc(f) != 'y')
		snprintf(why, size, "it was told not to");
	if (f)
		fclose(f);
	return !why[0];
}

static json_t *login(struct sc_call *call)
{
	const char *password = sc_cred(call, "password");

	if (password && !strcmp(password, "wrong")) {
		sc_fail(call, SC_UNAUTHENTICATED, "the cloud refused it");
		return NULL;
	}
	return json_pack("{s:s}", "token", "t-1");
}

static void stop(void)
{
	fputs("stopped cleanly\n", stderr);
}

int main(int argc, char **argv)
{
	return sc_main(argc, argv, &(struct sc_driver){
		.name = "test",
		.version = "1.0",
		.description = "for the tests",
		.config_schema =
			"{\"type\": \"object\", \"properties\": {"
			"\"zones\": {\"type\": \"integer\", \"minimum\": 0},"
			"\"refuse\": {\"type\": \"boolean\"}},"
			"\"additionalProperties\": false}",
		.credential_schema =
			"{\"type\": \"object\", \"properties\": {"
			"\"password\": {\"type\": \"string\","
			" \"writeOnly\": true}}}",
		.env = (const char *const[][2]){
			{ "TEST_PASSWORD", "password" }, { NULL } },
		.methods = methods,
		.rest = rows,
		.services = services,
		.check_config = check_config,
		.login = login,
		.start = start,
		.stop = stop,
		.kinds = "{\"x.test.call\": {\"title\": \"Call\", \"operations\": {"
			 "\"wait\": {\"args\": {\"type\": \"object\","
			 "\"properties\": {\"ms\": {\"type\": \"integer\"}},"
			 "\"required\": [\"ms\"]}},"
			 "\"listed\": {\"paged\": true, \"args\": {\"type\":"
			 "\"object\", \"additionalProperties\": false}}}}}",
		.serial = getenv("TEST_SERIAL") != NULL,
		.max_inflight = 8,
		.rate_limits = (const struct sc_rate_limit[]){
			{ "calls", 10 }, { NULL } },
		.egress = (const char *const[]){ "example.org", NULL },
		.unsupported = (const char *const[][2]){
			{ "cluster.*", "not in a test" }, { NULL } },
	});
}
