/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What things cost, for clouds that know what was used and not what it costs.
 */
#include <ctype.h>
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
#define YEAR_HOURS 8760
#define YEARS_MAX 100
#define POINTS_MAX 3660 /* of a trend: ten years of days */

/* One call, and what its answer is worked out from. */
struct costs {
	struct sc_call *call;
	const json_t *prices;
	const char *region; /* or NULL */
	bool settings;	    /* the prices are the provider's settings */
};

static struct costs costs_of(struct sc_call *call, const struct sc_costs *given)
{
	struct costs c = { .call = call, .region = call->region };

	c.settings = !given || !given->prices;
	c.prices = c.settings ? json_object_get(call->config, "prices")
			      : given->prices;
	if (given && given->region)
		c.region = given->region;
	return c;
}

struct price {
	const char *text;   /* NULL: none is known */
	const char *of;	    /* what */
	const char *member; /* of the prices, where it would be */
};

static struct price price_of_type(const char *type, const char *text)
{
	return (struct price){ text, type, "instance_types" };
}

static struct price price_of_storage(const struct costs *c)
{
	return (struct price){ json_str(c->prices, "storage_gib_month", NULL),
			       "storage", "storage_gib_month" };
}

static json_t *money(decimal d)
{
	char text[DECIMAL_TEXT];

	return json_string(decimal_format(d, text));
}

/* A part of a cost, for @n / @by of a @unit, of a @type where there are
 * several; new. */
static json_t *item(const char *service, const char *type, decimal cost,
		    int128 n, int64_t by, const char *unit)
{
	decimal quantity;

	decimal_parse("1", &quantity);
	decimal_times(&quantity, n, by);
	return json_pack(
		"{so so so ss}", "service",
		json_sprintf("%s%s%s", service, *type ? " " : "", type), "cost",
		money(cost), "quantity", money(quantity), "unit", unit);
}

static void no_price(const struct costs *c, struct price p)
{
	if (c->settings)
		sc_fail(c->call, SC_UNSUPPORTED,
			"no price of %s is known: give it in the provider's "
			"settings, as %s of prices",
			p.of, p.member);
	else
		sc_fail(c->call, SC_UNSUPPORTED, "no price of %s is known",
			p.of);
}

/* Set *@cost to @p * @n / @by and add it to *@total; false: sc_fail()ed. */
static bool add_cost(const struct costs *c, struct price p, int128 n,
		     int64_t by, decimal *cost, decimal *total)
{
	if (!p.text) {
		no_price(c, p);
		return false;
	}
	if (decimal_parse(p.text, cost) && decimal_times(cost, n, by) &&
	    decimal_add(total, *cost))
		return true;
	sc_fail(c->call, SC_INVALID,
		"the price \"%s\" of %s is no decimal such as \"0.02\", or the "
		"cost too large",
		p.text, p.of);
	return false;
}

/* ---- estimate ----------------------------------------------------------- */

/* Hours of "730h", "30d", "1m"; -1: no duration. */
static int64_t hours_of(const char *duration)
{
	static const char units[] = "hdwmy";
	static const int hours[] = { 1, 24, 168, MONTH_HOURS, YEAR_HOURS };
	char *end;
	long long n = strtoll(duration, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (!isdigit((unsigned char)*duration) || !unit || end[1] || n < 1 ||
	    n > YEARS_MAX * YEAR_HOURS / hours[unit - units])
		return -1;
	return n * hours[unit - units];
}

/* The answer; NULL: sc_fail()ed. */
static json_t *estimate(const struct costs *c, const json_t *type,
			const char *duration, int64_t hours)
{
	int64_t count = sc_has(c->call, "count") ? sc_int(c->call, "count") : 1;
	int64_t gib = sc_int(c->call, "storage_gib") * count;
	AUTO_JSON json_t *parts = json_array();
	const char *name = json_str(type, "name", "");
	decimal cost, total = 0;

	if (!add_cost(c, price_of_type(name, json_str(type, "price", NULL)),
		      hours * count, 1, &cost, &total))
		return NULL;
	json_array_append_new(
		parts, item("compute", "", cost, hours * count, 1, "hours"));
	if (gib && !add_cost(c, price_of_storage(c), gib * hours, MONTH_HOURS,
			     &cost, &total))
		return NULL;
	if (gib)
		json_array_append_new(parts,
				      item("storage", "", cost, gib, 1, "GiB"));
	return json_pack("{ss ss* ss so ss* sO}", "instance_type", name,
			 "region", c->region, "duration", duration, "cost",
			 money(total), "currency",
			 json_str(type, "currency", NULL), "breakdown", parts);
}

struct sc_reply *sc_cost_estimate(struct sc_call *call, json_t *type,
				  const struct sc_costs *costs)
{
	AUTO_JSON json_t *owned = type;
	const struct costs c = costs_of(call, costs);
	const char *duration = sc_str(call, "duration");
	int64_t hours = hours_of(duration ? duration : "1h");
	const struct sc_fault odd = { .code = SC_INVALID, .path = "/duration" };
	json_t *value;

	if (hours < 0)
		return sc_fail_with(call, &odd,
				    "\"%s\" is no duration; give a number and "
				    "h, d, w, m or y, up to %dy",
				    duration, YEARS_MAX);
	value = estimate(&c, owned, duration ? duration : "1h", hours);
	return value ? sc_value(call, value) : sc_failed(call);
}

/* ---- what was used ------------------------------------------------------ */

/* What has a price of its own, and how much of it a period saw. */
struct tariff {
	struct price price;
	bool storage;
	int128 ms, gib_ms; /* times how many, and how large, they were */
	int128 gib;
};

struct use {
	struct tariff *tariff;
	int64_t from, to; /* milliseconds, the end not in it */
	int64_t gib;
};

struct report {
	struct costs c;
	struct use *uses;
	struct tariff *tariffs; /* in the order of the prices, storage last */
	size_t uses_n, tariffs_n;
};

struct period {
	int64_t start, end; /* as in struct use */
};

/* The moment in @use->@member; @none when there is none. */
static int64_t moment(const json_t *use, const char *member, int64_t none)
{
	AUTO_JSON json_t *time =
		rest_typed(CAT_TIME, json_incref(json_object_get(use, member)));
	int64_t ms;

	return time && clock_parse(json_string_value(time), &ms) ? ms : none;
}

static struct tariff *add_tariff(struct report *r, struct price p)
{
	r->tariffs[r->tariffs_n].price = p;
	return &r->tariffs[r->tariffs_n++];
}

static void read_prices(struct report *r)
{
	json_t *types = json_object_get(r->c.prices, "instance_types"), *price;
	const char *type;

	json_object_foreach (types, type, price)
		add_tariff(r, price_of_type(type, json_string_value(price)));
	add_tariff(r, price_of_storage(&r->c))->storage = true;
}

static struct tariff *tariff_of(struct report *r, const json_t *use)
{
	bool storage = json_is_integer(json_object_get(use, "size_gib"));
	const char *type = json_str(use, "instance_type", "");

	for (size_t i = 0; i < r->tariffs_n; i++)
		if (r->tariffs[i].storage == storage &&
		    (storage || !strcmp(r->tariffs[i].price.of, type)))
			return &r->tariffs[i];
	return add_tariff(r, price_of_type(type, NULL));
}

/* What began and has not ended runs through this millisecond. */
static void read_uses(struct report *r, const json_t *uses)
{
	const json_t *types = json_object_get(r->c.prices, "instance_types");
	size_t n = json_array_size(uses), i;
	int64_t now = clock_wall_ms() + 1;
	json_t *use;

	r->uses = mem_alloc((n + 1) * sizeof(*r->uses));
	r->tariffs = mem_alloc((json_object_size(types) + 1 + n) *
			       sizeof(*r->tariffs));
	read_prices(r);
	json_array_foreach (uses, i, use)
		r->uses[r->uses_n++] = (struct use){
			.tariff = tariff_of(r, use),
			.from = moment(use, "started_at", now),
			.to = moment(use, "ended_at", now),
			.gib = json_int(use, "size_gib", 0),
		};
}

static void report_done(struct report *r)
{
	mem_free(r->uses);
	mem_free(r->tariffs);
}

/* How much of each tariff @p saw. */
static void count(struct report *r, const struct period *p)
{
	for (struct tariff *t = r->tariffs; t < r->tariffs + r->tariffs_n; t++)
		t->ms = t->gib_ms = t->gib = 0;
	for (const struct use *u = r->uses; u < r->uses + r->uses_n; u++) {
		int64_t from = u->from > p->start ? u->from : p->start;
		int64_t to = u->to < p->end ? u->to : p->end;

		if (to <= from)
			continue;
		u->tariff->ms += to - from;
		u->tariff->gib_ms += (int128)u->gib * (to - from);
		u->tariff->gib += u->gib;
	}
}

/* The part of a bill that @t is; new. */
static json_t *tariff_item(const struct tariff *t, decimal cost)
{
	return t->storage ? item("storage", "", cost, t->gib, 1, "GiB")
			  : item("compute", t->price.of, cost, t->ms, HOUR_MS,
				 "hours");
}

/* What @p costs; @parts (may be NULL) gets an item for each tariff.  False:
 * sc_fail()ed. */
static bool add_up(struct report *r, const struct period *p, decimal *total,
		   json_t *parts)
{
	const struct tariff *t = r->tariffs;
	decimal cost;

	*total = 0;
	count(r, p);
	for (; t < r->tariffs + r->tariffs_n; t++) {
		if (!t->ms)
			continue;
		if (!add_cost(&r->c, t->price, t->storage ? t->gib_ms : t->ms,
			      t->storage ? MONTH_HOURS * HOUR_MS : HOUR_MS,
			      &cost, total))
			return false;
		if (parts)
			json_array_append_new(parts, tariff_item(t, cost));
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

/* The midnight @n days after @ms, or the first of the month @n months after. */
static int64_t later(int64_t ms, bool months, int n)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	tm.tm_mday = months ? 1 : tm.tm_mday + n;
	tm.tm_mon += months ? n : 0;
	return (int64_t)timegm(&tm) * 1000;
}

static json_t *date(int64_t ms)
{
	char text[CLOCK_TEXT];

	return json_stringn(clock_format(ms, text), 10);
}

/* The answer of cost.billing; NULL: sc_fail()ed. */
static json_t *billing(struct report *r, const struct period *all)
{
	AUTO_JSON json_t *parts = json_array();
	decimal total;

	if (!add_up(r, all, &total, parts))
		return NULL;
	return json_pack("{so ss* so ss* sO}", "total_cost", money(total),
			 "currency", json_str(r->c.prices, "currency", NULL),
			 "period",
			 json_sprintf("%s/%s", sc_str(r->c.call, "start_date"),
				      sc_str(r->c.call, "end_date")),
			 "region", r->c.region, "breakdown", parts);
}

/* The answer of cost.trend; NULL: sc_fail()ed. */
static json_t *trend(struct report *r, const struct period *all)
{
	const char *word = sc_str(r->c.call, "granularity");
	bool months = word && !strcmp(word, "month");
	AUTO_JSON json_t *points = json_array();
	struct period p = { all->start, 0 };
	decimal cost;

	if (all->end > later(all->start, months, POINTS_MAX)) {
		sc_fail_with(r->c.call,
			     &(struct sc_fault){ .code = SC_INVALID,
						 .path = "/end_date" },
			     "a trend has at most %d points", POINTS_MAX);
		return NULL;
	}
	for (; p.start < all->end; p.start = p.end) {
		p.end = later(p.start, months, 1);
		p.end = p.end < all->end ? p.end : all->end;
		if (!add_up(r, &p, &cost, NULL))
			return NULL;
		json_array_append_new(points,
				      json_pack("{so so so}", "start_date",
						date(p.start), "end_date",
						date(p.end - 1), "cost",
						money(cost)));
	}
	return json_pack("{ss* ss sO}", "currency",
			 json_str(r->c.prices, "currency", NULL), "granularity",
			 months ? "month" : "day", "points", points);
}

struct sc_reply *sc_cost_report(struct sc_call *call, json_t *uses,
				const struct sc_costs *costs)
{
	AUTO_JSON json_t *owned = uses;
	AUTO(report_done) struct report r = { .c = costs_of(call, costs) };
	const struct period all = {
		midnight(sc_str(call, "start_date")),
		later(midnight(sc_str(call, "end_date")), false, 1),
	};
	const struct sc_fault odd = { .code = SC_INVALID, .path = "/end_date" };
	json_t *value;

	if (!json_str(r.c.prices, "currency", NULL))
		return sc_fail(call, SC_UNSUPPORTED,
			       "no prices are known: give them in the "
			       "provider's settings, as currency and "
			       "instance_types of prices");
	if (all.end <= all.start)
		return sc_fail_with(call, &odd,
				    "end_date is before start_date");
	read_uses(&r, owned);
	value = !strcmp(sc_method_name(call), "cost.trend") ? trend(&r, &all)
							    : billing(&r, &all);
	return value ? sc_value(call, value) : sc_failed(call);
}
