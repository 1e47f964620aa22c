/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver for the tests of the API: a vendor kind, lists without an end, and
 * work that goes on after the answer.
 */
#include <skyclust/driver.h>

#include <string.h>

/* ---- x.test.widget: one widget, whose size can be changed ---------------------- */

static long long widget_size = 1;
static bool widget_there = true;

static json_t *widget(void)
{
	return json_pack("{s:s, s:I}", "id", "w/1", "size",
			 (json_int_t)widget_size);
}

static struct sc_reply *widget_list(struct sc_call *call)
{
	json_t *all = json_array();

	if (widget_there && (!sc_has(call, "size") ||
			     sc_int(call, "size") == widget_size))
		json_array_append_new(all, widget());
	return sc_list(call, all, NULL);
}

static struct sc_reply *widget_get(struct sc_call *call)
{
	if (!widget_there || strcmp(sc_str(call, "id"), "w/1"))
		return sc_fail(call, SC_NOT_FOUND, "no widget %s",
			       sc_str(call, "id"));
	return sc_value(call, widget());
}

static struct sc_reply *widget_create(struct sc_call *call)
{
	widget_there = true;
	widget_size = sc_int(call, "size");
	return sc_value(call, widget());
}

static struct sc_reply *widget_update(struct sc_call *call)
{
	return widget_create(call);
}

static struct sc_reply *widget_delete(struct sc_call *call)
{
	widget_there = false;
	return sc_ok(call);
}

static struct sc_reply *widget_double(struct sc_call *call)
{
	if (widget_size < 1LL << 40)
		widget_size *= 2;
	return sc_value(call, widget());
}

/* ---- zones without an end ------------------------------------------------------ */

static struct sc_reply *zone_list(struct sc_call *call)
{
	static char filler[300];
	long long n = 0;

	memset(filler, 'x', sizeof(filler) - 1);
	while (sc_emit(call, json_pack("{s:s, s:s, s:s}", "id", "z", "name", "z",
				       "provider_status", filler)))
		n++;
	sc_log(call, "info", "endless list stopped after %lld zones", n);
	return sc_list_end(call, NULL);
}

/* Never answers by itself. */
static struct sc_reply *region_list(struct sc_call *call)
{
	while (sc_sleep(call, 60000))
		;
	sc_log(call, "info", "endless wait stopped");
	return sc_fail(call, SC_CANCELLED, "nobody waits any more");
}

/* The trace that came with the request. */
static struct sc_reply *region_get(struct sc_call *call)
{
	return sc_value(call, json_pack("{s:s, s:s}", "id", "r", "name",
					sc_region(call) ? sc_region(call) : "none"));
}

/* ---- work that goes on: volumes are made in three steps ------------------------ */

static struct sc_reply *volume_create(struct sc_call *call)
{
	return sc_pending(call, json_pack("{s:s, s:i}", "what",
					  sc_str(call, "name"), "left", 2), 50);
}

static struct sc_reply *poll(struct sc_call *call)
{
	json_t *handle = json_object_get(sc_args(call), "handle");
	const char *what = json_string_value(json_object_get(handle, "what"));
	json_int_t left = json_integer_value(json_object_get(handle, "left"));

	if (!strcmp(what, "slow"))
		return sc_pending(call, json_incref(handle), 60000);
	if (!strcmp(what, "broken"))
		return sc_fail(call, SC_QUOTA, "no room for a volume");
	if (left > 0)
		return sc_pending(call, json_pack("{s:s, s:I}", "what", what,
						  "left", left - 1), 50);
	return sc_value(call, json_pack("{s:s, s:s, s:s, s:i}", "id", "v-1",
					"name", what, "status", "available",
					"size_gib", 1));
}

/* ---- the driver ---------------------------------------------------------------- */

static const struct sc_method methods[] = {
	{ "x.test.widget.list", widget_list },
	{ "x.test.widget.get", widget_get },
	{ "x.test.widget.create", widget_create },
	{ "x.test.widget.update", widget_update },
	{ "x.test.widget.delete", widget_delete },
	{ "x.test.widget.double", widget_double },
	{ "zone.list", zone_list },
	{ "region.list", region_list },
	{ "region.get", region_get },
	{ "volume.create", volume_create },
	{ "op.poll", poll },
	{ NULL },
};

#define ID "\"id\":{\"type\":\"string\"}"
#define SIZE "\"size\":{\"type\":\"integer\"}"
#define TAKES(what) "{\"args\":{\"type\":\"object\",\"properties\":{" what "}}}"

static const char kinds[] =
	"{\"x.test.widget\":{\"title\":\"Widget\",\"operations\":{"
	"\"list\":{\"paged\":true,\"args\":{\"type\":\"object\",\"properties\":{" SIZE "}}},"
	"\"get\":" TAKES(ID) ","
	"\"create\":" TAKES(SIZE) ","
	"\"update\":" TAKES(ID "," SIZE) ","
	"\"delete\":" TAKES(ID) ","
	"\"double\":" TAKES(ID) "}}}";

int main(int argc, char **argv)
{
	return sc_main(argc, argv, &(struct sc_driver){
		.name = "widget",
		.version = "1.0",
		.description = "A driver for the tests of the API",
		.methods = methods,
		.kinds = kinds,
	});
}
