/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Costs by prices of the settings, for clouds that know what was used and not
 * what it costs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/json.h"
#include "cloud/rest_types.h"
#include "driver/runtime.h"

#define HOUR_MS 3600000LL
#define MONTH_HOURS 730
#define YEARS_MAX 10

static json_t *prices(struct sc_call *call)
{
	return json_object_get(call->config, "prices");
}

static json_t *money(decimal d)
{
	char text[DECIMAL_TEXT];

	return json_string(decimal_format(d, text));
}

/* A part of a cost, for @n / @by of a @unit, of a @type where there are
 * several; new. */
static json_t *item(const char *service, const char *type, decimal cost,
		    int64_t n, int64_t by, const char *unit)
{
	decimal quantity;

	decimal_parse("1", &quantity);
	decimal_times(&quantity, n, by);
	return json_pack(
		"{so so so ss}", "service",
		json_sprintf("%s%s%s", service, *type ? " " : "", type), "cost",
		money(cost), "quantity", money(quantity), "unit", unit);
}

/* @price * @n / @by; false: sc_fail()ed, for want of the setting @member of
 * prices. */
static bool cost_of(struct sc_call *call, const char *price, int64_t n,
		    int64_t by, const char *of, const char *member, decimal *d)
{
	if (!price) {
		sc_fail(call, SC_UNSUPPORTED,
			"no price of %s is known: give it in the provider's "
			"settings, as %s of prices",
			of, member);
		return false;
	}
	if (decimal_parse(price, d) && decimal_times(d, n, by))
		return true;
	sc_fail(call, SC_INVALID,
		"the price \"%s\" of %s is no decimal such as \"0.02\", or the "
		"cost too large",
		price, of);
	return false;
}

/* ---- estimate ----------------------------------------------------------- */

/* Hours of "730h", "30d", "1m"; -1: no duration. */
static int64_t hours_of(const char *duration)
{
	static const char units[] = "hdwmy";
	static const int hours[] = { 1, 24, 168, MONTH_HOURS, 8760 };
	char *end;
	long long n = strtoll(duration, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (end == duration || !unit || end[1] || n < 1 || n > 1000000)
		return -1;
	return n * hours[unit - units];
}

/* The answer; NULL: sc_fail()ed. */
static json_t *estimate(struct sc_call *call, const json_t *type,
			const char *duration, int64_t hours)
{
	int64_t count = sc_has(call, "count") ? sc_int(call, "count") : 1;
	int64_t gib = sc_int(call, "storage_gib") * count;
	AUTO_JSON json_t *parts = json_array();
	const char *name = json_str(type, "name", "");
	decimal compute, storage = 0;

	if (!cost_of(call, json_str(type, "price", NULL), hours * count, 1,
		     name, "instance_types", &compute))
		return NULL;
	json_array_append_new(
		parts, item("compute", "", compute, hours * count, 1, "hours"));
	if (gib &&
	    !cost_of(call, json_str(prices(call), "storage_gib_month", NULL),
		     gib * hours, MONTH_HOURS, "storage", "storage_gib_month",
		     &storage))
		return NULL;
	if (gib)
		json_array_append_new(
			parts, item("storage", "", storage, gib, 1, "GiB"));
	return json_pack("{ss ss so ss* sO}", "instance_type", name, "duration",
			 duration, "cost", money(compute + storage), "currency",
			 json_str(type, "currency", NULL), "breakdown", parts);
}

struct sc_reply *sc_cost_estimate(struct sc_call *call, json_t *type)
{
	AUTO_JSON json_t *owned = type;
	const char *duration = sc_str(call, "duration");
	int64_t hours = hours_of(duration ? duration : "1h");
	const struct sc_fault odd = { .code = SC_INVALID, .path = "/duration" };
	json_t *value;

	if (hours < 0)
		return sc_fail_with(call, &odd,
				    "\"%s\" is no duration; give a number and "
				    "h, d, w, m or y",
				    duration);
	value = estimate(call, owned, duration ? duration : "1h", hours);
	return value ? sc_value(call, value) : sc_failed(call);
}

/* ---- what was used ------------------------------------------------------ */

struct period {
	int64_t start, end; /* milliseconds, the end not in it */
};

/* The moment in @use->@member; @none when there is none. */
static int64_t moment(const json_t *use, const char *member, int64_t none)
{
	AUTO_JSON json_t *time =
		rest_typed(CAT_TIME, json_incref(json_object_get(use, member)));
	int64_t ms;

	return time && clock_parse(json_string_value(time), &ms) ? ms : none;
}

/* Milliseconds of @p for each instance type of @uses; new. */
static json_t *used_in(const struct period *p, const json_t *uses)
{
	json_t *used = json_object(), *use;
	int64_t now = clock_wall_ms(), from, to;
	const char *type;
	size_t i;

	json_array_foreach (uses, i, use) {
		type = json_str(use, "instance_type", "");
		from = moment(use, "started_at", now);
		to = moment(use, "ended_at", now);
		from = from > p->start ? from : p->start;
		to = to < p->end ? to : p->end;
		if (to > from)
			json_object_set_new(
				used, type,
				json_integer(json_int(used, type, 0) + to -
					     from));
	}
	return used;
}

/* What they cost; @parts (may be NULL) gets an item for each type.  False:
 * sc_fail()ed. */
static bool add_up(struct sc_call *call, const struct period *p,
		   const json_t *uses, decimal *total, json_t *parts)
{
	AUTO_JSON json_t *used = used_in(p, uses);
	json_t *types = json_object_get(prices(call), "instance_types"), *ms;
	const char *type;
	decimal cost;

	*total = 0;
	json_object_foreach (used, type, ms) {
		if (!cost_of(call, json_str(types, type, NULL),
			     json_integer_value(ms), HOUR_MS, type,
			     "instance_types", &cost))
			return false;
		*total += cost;
		if (parts)
			json_array_append_new(parts,
					      item("compute", type, cost,
						   json_integer_value(ms),
						   HOUR_MS, "hours"));
	}
	return true;
}

static int64_t midnight(const char *date)
{
	char text[32];
	int64_t ms = 0;

	snprintf(text, sizeof(text), "%.10sT00:00:00Z", date);
	clock_parse(text, &ms);
	return ms;
}

/* The midnight @days and @months after @ms, of a month its first. */
static int64_t later(int64_t ms, int days, int months)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	tm.tm_mday = months ? 1 : tm.tm_mday + days;
	tm.tm_mon += months;
	return (int64_t)timegm(&tm) * 1000;
}

static json_t *date(int64_t ms)
{
	char text[CLOCK_TEXT];

	return json_stringn(clock_format(ms, text), 10);
}

/* The answer of cost.billing; NULL: sc_fail()ed. */
static json_t *billing(struct sc_call *call, const struct period *all,
		       const json_t *uses)
{
	AUTO_JSON json_t *parts = json_array();
	decimal total;

	if (!add_up(call, all, uses, &total, parts))
		return NULL;
	return json_pack("{so ss* so sO}", "total_cost", money(total),
			 "currency", json_str(prices(call), "currency", NULL),
			 "period",
			 json_sprintf("%s/%s", sc_str(call, "start_date"),
				      sc_str(call, "end_date")),
			 "breakdown", parts);
}

/* The answer of cost.trend; NULL: sc_fail()ed. */
static json_t *trend(struct sc_call *call, const struct period *all,
		     const json_t *uses)
{
	const char *word = sc_str(call, "granularity");
	bool months = word && !strcmp(word, "month");
	AUTO_JSON json_t *points = json_array();
	struct period p = { all->start, 0 };
	decimal cost;

	for (; p.start < all->end; p.start = p.end) {
		p.end = later(p.start, 1, months);
		p.end = p.end < all->end ? p.end : all->end;
		if (!add_up(call, &p, uses, &cost, NULL))
			return NULL;
		json_array_append_new(points,
				      json_pack("{so so so}", "start_date",
						date(p.start), "end_date",
						date(p.end - 1), "cost",
						money(cost)));
	}
	return json_pack("{ss* ss sO}", "currency",
			 json_str(prices(call), "currency", NULL),
			 "granularity", months ? "month" : "day", "points",
			 points);
}

struct sc_reply *sc_cost_report(struct sc_call *call, json_t *uses)
{
	AUTO_JSON json_t *owned = uses;
	const struct period all = {
		midnight(sc_str(call, "start_date")),
		later(midnight(sc_str(call, "end_date")), 1, 0),
	};
	const struct sc_fault odd = { .code = SC_INVALID, .path = "/end_date" };
	json_t *value;

	if (!json_str(prices(call), "currency", NULL))
		return sc_fail(call, SC_UNSUPPORTED,
			       "no prices are known: give them in the "
			       "provider's settings, as currency and "
			       "instance_types of prices");
	if (all.end <= all.start ||
	    all.end > later(all.start, 0, 12 * YEARS_MAX))
		return sc_fail_with(call, &odd,
				    "end_date is before start_date, or more "
				    "than %d years after it",
				    YEARS_MAX);
	value = !strcmp(sc_method_name(call), "cost.trend")
			? trend(call, &all, owned)
			: billing(call, &all, owned);
	return value ? sc_value(call, value) : sc_failed(call);
}
