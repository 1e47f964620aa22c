/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Costs by prices of the settings and of a driver's own, of instances and of
 * volumes.  The clock stands at noon of 2 January 2026.
 */
#include "one_question.h"

#include "base/clock.h"

#define NOW_MS (36 * 3600000LL) /* after CLOCK_VIRTUAL_EPOCH */

/* clang-format off */
#define PRICES "{'currency':'EUR','instance_types':{'a':'0.02','b':'0.0104','x':'2 cents'," \
	"'max':'9223372036854775807'},'storage_gib_month':'0.10'}"
#define BARE "{'currency':'EUR'}"
#define TYPE(name, price) "{'name':'" name "','price':'" price "','currency':'EUR'}"
#define DAYS(first, last) "{'start_date':'2026-01-" first "','end_date':'2026-01-" last "'}"
#define MONTHS(first, last) \
	"{'start_date':'" first "','end_date':'" last "','granularity':'month'}"
#define RAN(type, from, to) "{'instance_type':'" type "','started_at':" from ",'ended_at':" to "}"
#define HELD(gib, from, to) "{'size_gib':" gib ",'started_at':" from ",'ended_at':" to "}"
#define T(day, time) "'2026-01-" day "T" time "Z'"
#define ITEM(service, cost, quantity, unit) "{'service':'" service "','cost':'" cost \
	"','quantity':'" quantity "','unit':'" unit "'}"
#define BILL(total, period, parts) "{'total_cost':'" total "','currency':'EUR'," \
	"'period':'" period "','breakdown':[" parts "]}"
#define BILL_IN(region, total, period, parts) "{'total_cost':'" total "','currency':'EUR'," \
	"'period':'" period "','region':'" region "','breakdown':[" parts "]}"
#define FOR(name, duration, cost, parts) "{'instance_type':'" name "','duration':'" duration \
	"','cost':'" cost "','currency':'EUR','breakdown':[" parts "]}"
#define TREND(granularity, points) "{'currency':'EUR','granularity':'" granularity \
	"','points':[" points "]}"
#define POINT(first, last, cost) "{'start_date':'" first "','end_date':'" last \
	"','cost':'" cost "'}"
#define NO_DURATION " is no duration; give a number and h, d, w, m or y, up to 100y"
#define IN_SETTINGS ": give it in the provider's settings, as instance_types of prices"
#define DECADE "'start_date':'2016-01-01'"
#define BAD_PRICE(price, of) "the price \"" price "\" of " of " is no decimal such as " \
	"\"0.02\", or the cost too large"
#define TOO_LARGE BAD_PRICE("9223372036854775807", "max")

static const struct row {
	const char *what, *method, *args;
	const char *given;      /* a record of a type, or the uses */
	const char *says;
	const char *settings, *own; /* prices; NULL: none */
	const char *region, *own_region;
} rows[] = {
	/* ---- estimates ---- */
	{ "an hour", "estimate", "{'instance_type':'a'}", TYPE("a", "0.02"),
	  FOR("a", "1h", "0.02", ITEM("compute", "0.02", "1.00", "hours")) },
	{ "with storage", "estimate",
	  "{'instance_type':'a','duration':'1m','count':2,'storage_gib':5}", TYPE("a", "0.0104"),
	  FOR("a", "1m", "16.184", ITEM("compute", "15.184", "1460.00", "hours") ","
	  ITEM("storage", "1.00", "10.00", "GiB")), PRICES },
	{ "storage by the driver's price", "estimate", "{'instance_type':'a','storage_gib':730}",
	  TYPE("a", "0.01"), FOR("a", "1h", "0.21", ITEM("compute", "0.01", "1.00", "hours") ","
	  ITEM("storage", "0.20", "730.00", "GiB")), PRICES, "{'storage_gib_month':'0.20'}" },
	{ "a century", "estimate", "{'instance_type':'a','duration':'100y'}", TYPE("a", "1"),
	  FOR("a", "100y", "876000.00", ITEM("compute", "876000.00", "876000.00", "hours")) },
	{ "more", "estimate", "{'instance_type':'a','duration':'101y'}", TYPE("a", "1"),
	  "\"101y\"" NO_DURATION },
	{ "none", "estimate", "{'instance_type':'a','duration':'0h'}", TYPE("a", "1"),
	  "\"0h\"" NO_DURATION },
	{ "a sign", "estimate", "{'instance_type':'a','duration':'+1h'}", TYPE("a", "1"),
	  "\"+1h\"" NO_DURATION },
	{ "a space", "estimate", "{'instance_type':'a','duration':' 1h'}", TYPE("a", "1"),
	  "\" 1h\"" NO_DURATION },
	{ "no unit", "estimate", "{'instance_type':'a','duration':'17'}", TYPE("a", "1"),
	  "\"17\"" NO_DURATION },
	{ "much behind the unit", "estimate", "{'instance_type':'a','duration':'1dd'}",
	  TYPE("a", "1"), "\"1dd\"" NO_DURATION },
	{ "no price", "estimate", "{'instance_type':'a'}", "{'name':'a'}",
	  "no price of a is known" IN_SETTINGS },
	{ "no price of the driver", "estimate", "{'instance_type':'a'}", "{'name':'a'}",
	  "no price of a is known", .own = PRICES },
	{ "no price of storage", "estimate", "{'instance_type':'a','storage_gib':1}",
	  TYPE("a", "1"),
	  "no price of storage is known: give it in the provider's settings, as storage_gib_month "
	  "of prices", BARE },
	{ "too much", "estimate", "{'instance_type':'max','duration':'2h'}",
	  TYPE("max", "9223372036854775807"), TOO_LARGE },
	/* ---- bills ---- */
	{ "nothing", "billing", DAYS("01", "01"), "[]", BILL("0.00", "2026-01-01/2026-01-01", ""),
	  PRICES },
	{ "in the order of the prices, volumes last", "billing", DAYS("01", "01"),
	  "[" HELD("73", "'2025-12-31T00:00:00Z'", "null") ","
	  RAN("b", T("01", "23:00:00"), "null") ","
	  RAN("a", T("01", "00:30:00"), T("01", "01:00:00")) ","
	  RAN("b", T("01", "00:00:00.500"), T("01", "00:00:01")) ","
	  HELD("7", T("01", "10:00:00"), T("01", "10:00:00")) "]",
	  BILL("0.260401444", "2026-01-01/2026-01-01",
	       ITEM("compute a", "0.01", "0.50", "hours") ","
	       ITEM("compute b", "0.010401444", "1.000138889", "hours") ","
	       ITEM("storage", "0.24", "73.00", "GiB")), PRICES },
	{ "only what is in the period", "billing", DAYS("02", "02"),
	  "[" RAN("a", T("01", "00:00:00"), T("02", "00:00:00")) ","
	  RAN("a", T("03", "00:00:00"), "null") "," RAN("a", "null", "null") ","
	  HELD("1", T("01", "00:00:00"), T("02", "00:00:00")) "]",
	  BILL("0.00", "2026-01-02/2026-01-02", ""), PRICES },
	{ "up to now and through it", "billing", DAYS("02", "31"),
	  "[" HELD("1000000", T("02", "12:00:00"), "null") "]",
	  BILL("0.000038052", "2026-01-02/2026-01-31",
	       ITEM("storage", "0.000038052", "1000000.00", "GiB")), PRICES },
	{ "much at once", "billing", "{'start_date':'1970-01-01','end_date':'2169-12-31'}",
	  "[" HELD("9007199254740992", "'1970-01-01T00:00:00Z'", "'2170-01-01T00:00:00Z'") "]",
	  BILL("1644015921380.636024226", "1970-01-01/2169-12-31",
	       ITEM("storage", "1644015921380.636024226", "9007199254740992.00", "GiB")),
	  "{'currency':'EUR','storage_gib_month':'0.000000076'}" },
	{ "prices of the driver", "billing", DAYS("01", "01"),
	  "[" RAN("a", T("01", "00:00:00"), T("01", "01:00:00")) "]",
	  BILL("1.00", "2026-01-01/2026-01-01", ITEM("compute a", "1.00", "1.00", "hours")),
	  PRICES, "{'currency':'EUR','instance_types':{'a':'1'}}" },
	{ "of the call's region", "billing", DAYS("01", "01"), "[]",
	  BILL_IN("r", "0.00", "2026-01-01/2026-01-01", ""), PRICES, .region = "r" },
	{ "of the driver's region", "billing", DAYS("01", "01"), "[]",
	  BILL_IN("s", "0.00", "2026-01-01/2026-01-01", ""), PRICES,
	  .region = "r", .own_region = "s" },
	{ "no prices", "billing", DAYS("01", "01"), "[]",
	  "no prices are known: give them in the provider's settings, as currency and "
	  "instance_types of prices" },
	{ "a type without a price that did not run", "billing", DAYS("01", "01"),
	  "[" RAN("c", T("02", "00:00:00"), "null") "]",
	  BILL("0.00", "2026-01-01/2026-01-01", ""), PRICES },
	{ "and that did", "billing", DAYS("02", "02"),
	  "[" RAN("c", T("02", "00:00:00"), "null") "]",
	  "no price of c is known" IN_SETTINGS, PRICES },
	{ "volumes without a price", "billing", DAYS("01", "01"),
	  "[" HELD("1", T("01", "00:00:00"), "null") "]", "no price of storage is known",
	  .own = BARE },
	{ "no decimal", "billing", DAYS("01", "01"), "[" RAN("x", T("01", "00:00:00"), "null") "]",
	  BAD_PRICE("2 cents", "x"), PRICES },
	{ "a sum that is too large", "billing", DAYS("01", "01"),
	  "[" RAN("b", T("01", "00:00:00"), "null") ","
	  RAN("max", T("01", "00:00:00"), T("01", "01:00:00")) "]", TOO_LARGE, PRICES },
	{ "backwards", "billing", DAYS("02", "01"), "[]", "end_date is before start_date", PRICES },
	/* ---- trends ---- */
	{ "days add up to the bill", "trend", DAYS("01", "02"),
	  "[" RAN("a", T("01", "23:30:00"), T("02", "00:30:00")) ","
	  HELD("730", T("02", "00:00:00"), T("02", "01:00:00")) "]",
	  TREND("day", POINT("2026-01-01", "2026-01-01", "0.01") ","
		POINT("2026-01-02", "2026-01-02", "0.11")), PRICES },
	{ "months", "trend", MONTHS("2025-11-30", "2026-01-01"),
	  "[" RAN("a", "'2025-01-01T00:00:00Z'", "null") "]",
	  TREND("month", POINT("2025-11-30", "2025-11-30", "0.48") ","
		POINT("2025-12-01", "2025-12-31", "14.88") ","
		POINT("2026-01-01", "2026-01-01", "0.48")), PRICES },
	{ "too many days", "trend", "{" DECADE ",'end_date':'2026-01-08'}", "[]",
	  "a trend has at most 3660 points", PRICES },
	{ "too many months", "trend", MONTHS("1700-01-01", "2005-01-01"), "[]",
	  "a trend has at most 3660 points", PRICES },
};
/* clang-format on */

/* ---- the driver ---------------------------------------------------------- */

static const struct row *at;

static json_t *read_text(const char *text)
{
	struct error err;
	json_t *v = json_read_quoted(text, &err);

	if (text && !v)
		fail_msg("%s: %s: %s", at->what, text, err.message);
	return v;
}

static struct sc_reply *answer(struct sc_call *call)
{
	AUTO_JSON json_t *own = read_text(at->own);
	const struct sc_costs costs = { own, at->own_region };
	const struct sc_costs *given =
		at->own || at->own_region ? &costs : NULL;

	if (!strcmp(at->method, "estimate"))
		return sc_cost_estimate(call, read_text(at->given), given);
	return sc_cost_report(call, read_text(at->given), given);
}

static const struct sc_method methods[] = {
	{ "cost.estimate", answer },
	{ "cost.billing", answer },
	{ "cost.trend", answer },
	{ NULL },
};

static const struct sc_driver driver = {
	.name = "test",
	.version = "1",
	.methods = methods,
};

/* ---- questions ----------------------------------------------------------- */

static void ask(void)
{
	AUTO_FREE char *method = mem_printf("cost.%s", at->method);

	json_object_del(rt.config, "prices");
	if (at->settings)
		json_object_set_new(rt.config, "prices",
				    read_text(at->settings));
	runtime_ask(method, json_pack("{s:{s:s*}, s:o}", "ctx", "region",
				      at->region, "args", read_text(at->args)));
}

/* Objects are compared as what they hold, all else to the letter. */
static void judge(void)
{
	const char *have = said.n ? said.p : "";
	AUTO_JSON json_t *value =
		refused ? json_string(have) : json_read(have, said.n, NULL);
	AUTO_JSON json_t *want =
		*at->says == '{' ? read_text(at->says) : json_string(at->says);

	if (!json_equal(value, want))
		fail_msg("%s: %s, not %s", at->what, have, at->says);
}

static void test_rows(void **state)
{
	(void)state;
	runtime_open(&driver);
	clock_set_virtual(NOW_MS);
	for (at = rows; at < rows + ARRAY_LEN(rows); at++) {
		ask();
		judge();
	}
	clock_set_real();
	runtime_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
