/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What things cost.  Money is counted in millionths and travels as decimal
 * strings; no binary fraction ever touches it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lookup.h"
#include "members.h"
#include "moment.h"
#include "verbs.h"

#define CURRENCY "USD"
#define MILLION 1000000LL
#define MONTH_HOURS 730
#define GIB_MONTH 100000LL /* 0.10 a GiB and month */
#define HOURS_MAX (100LL * 8760)
#define PERIODS_MAX 1000

/* ---- decimals ------------------------------------------------------------ */

/* "0.0104" as millionths. */
static long long parse_money(const char *text)
{
	long long whole = strtoll(text, NULL, 10), part = 0, unit = MILLION;
	const char *dot = strchr(text, '.');

	for (dot = dot ? dot + 1 : ""; *dot && unit > 1; dot++) {
		unit /= 10;
		part += (*dot - '0') * unit;
	}
	return whole * MILLION + part;
}

/* With two to six digits behind the point; new. */
static json_t *money(long long millionths)
{
	char text[48];
	size_t n = (size_t)snprintf(text, sizeof(text), "%lld.%06lld",
				    millionths / MILLION, millionths % MILLION);

	while (text[n - 1] == '0' && text[n - 3] != '.')
		text[--n] = '\0';
	return json_string(text);
}

static json_t *item(const char *service, long long cost, long long quantity,
		    const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", quantity);
	return json_pack("{ss so ss ss}", "service", service, "cost",
			 money(cost), "quantity", text, "unit", unit);
}

/* ---- estimate ------------------------------------------------------------ */

/* "730h", "30d", "1m": hours; -1: no duration. */
static long long parse_duration(const char *text)
{
	static const struct {
		char unit;
		long long hours;
	} units[] = { { 'h', 1 },
		      { 'd', 24 },
		      { 'w', 168 },
		      { 'm', MONTH_HOURS },
		      { 'y', 8760 } };
	char *end;
	long long n = strtoll(text, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].unit && !end[1] && end != text && n > 0 &&
		    n <= HOURS_MAX / units[i].hours)
			return n * units[i].hours;
	return -1;
}

static long long storage_cost(long long gib, long long hours)
{
	return gib * GIB_MONTH * hours / MONTH_HOURS;
}

static json_t *estimate(struct request *req, const json_t *type,
			const char *duration, long long hours)
{
	long long count =
		sc_has(req->call, "count") ? sc_int(req->call, "count") : 1;
	long long gib = sc_int(req->call, "storage_gib") * count;
	long long compute = parse_money(get_str(type, "price")) * hours * count;
	long long storage = storage_cost(gib, hours);
	json_t *parts = json_pack(
		"[o]", item("compute", compute, hours * count, "hours"));

	if (gib)
		json_array_append_new(parts,
				      item("storage", storage, gib, "GiB"));
	return json_pack("{ss ss ss so ss so}", "instance_type",
			 get_str(type, "id"), "region", req->region, "duration",
			 duration, "cost", money(compute + storage), "currency",
			 CURRENCY, "breakdown", parts);
}

bool run_estimate(struct request *req)
{
	const char *duration = sc_str(req->call, "duration");
	const json_t *type = lookup(req, "instance_type", sc_args(req->call),
				    "instance_type");
	long long hours;

	if (!duration)
		duration = "1h";
	hours = parse_duration(duration);
	if (!type)
		return refuse(req, SC_INVALID, "/instance_type",
			      "no instance_type \"%.128s\"",
			      sc_str(req->call, "instance_type"));
	if (hours < 0)
		return refuse(
			req, SC_INVALID, "/duration",
			"\"%s\" is no duration; give a number and h, d, w, "
			"m or y, up to 100y",
			duration);
	req->value = estimate(req, record_of(type), duration, hours);
	return true;
}

/* ---- what was used ------------------------------------------------------- */

struct usage {
	int64_t start, end; /* of the period */
	long long compute, hours, storage, gib;
};

/* Begun hours of a life within the period. */
static long long hours_within(const struct usage *u, int64_t born, int64_t died)
{
	int64_t from = born > u->start ? born : u->start;
	int64_t to = died < u->end ? died : u->end;

	return to > from ? (to - from + HOUR_MS - 1) / HOUR_MS : 0;
}

static void add_usage(struct usage *u, const struct request *req,
		      const char *kind, const json_t *entry, int64_t died)
{
	const json_t *record = record_of(entry), *type;
	long long hours = hours_within(u, get_int(entry, "born"), died);

	if (!hours || !same_str(record, "region", req->region))
		return;
	if (!strcmp(kind, "volume")) {
		u->storage += storage_cost(get_int(record, "size_gib"), hours);
		u->gib += get_int(record, "size_gib");
		return;
	}
	type = record_of(lookup(req, "instance_type", record, "instance_type"));
	u->compute += parse_money(get_str(type, "price")) * hours;
	u->hours += hours;
}

static void count_usage(const struct request *req, struct usage *u)
{
	static const char *const priced[] = { "instance", "volume" };
	const char *id;
	json_t *entry;
	size_t i;

	for (i = 0; i < sizeof(priced) / sizeof(priced[0]); i++)
		json_object_foreach(world_all(req->world, priced[i]), id,
				     entry)
			add_usage(u, req, priced[i], entry, req->now);
	json_array_foreach(req->world->past, i, entry)
		add_usage(u, req, get_str(entry, "kind"), entry,
			  get_int(entry, "died"));
}

static bool read_period(struct request *req, int64_t *start, int64_t *end)
{
	*start = moment_parse(sc_str(req->call, "start_date"));
	*end = moment_next_day(moment_parse(sc_str(req->call, "end_date")));
	return *start < *end || refuse(req, SC_INVALID, "/end_date",
				       "end_date is before start_date");
}

bool run_billing(struct request *req)
{
	struct usage u = { 0 };
	char period[40];

	if (!read_period(req, &u.start, &u.end))
		return false;
	count_usage(req, &u);
	snprintf(period, sizeof(period), "%s/%s",
		 sc_str(req->call, "start_date"),
		 sc_str(req->call, "end_date"));
	req->value =
		json_pack("{so ss ss ss s[oo]}", "total_cost",
			  money(u.compute + u.storage), "currency", CURRENCY,
			  "period", period, "region", req->region, "breakdown",
			  item("compute", u.compute, u.hours, "hours"),
			  item("storage", u.storage, u.gib, "GiB"));
	return true;
}

static json_t *trend_point(const struct request *req, int64_t start,
			   int64_t end)
{
	struct usage u = { .start = start, .end = end };

	count_usage(req, &u);
	return json_pack("{so so so}", "start_date", moment_date_json(start),
			 "end_date", moment_date_json(end - 1), "cost",
			 money(u.compute + u.storage));
}

bool run_trend(struct request *req)
{
	const char *granularity = sc_str(req->call, "granularity");
	bool months = granularity && !strcmp(granularity, "month");
	int64_t start, end, next;
	json_t *points;

	if (!read_period(req, &start, &end))
		return false;
	if ((end - start) / DAY_MS > (months ? 30 : 1) * PERIODS_MAX)
		return refuse(req, SC_INVALID, "/end_date",
			      "the fake cloud tells at most %d periods at once",
			      PERIODS_MAX);
	points = json_array();
	for (; start < end; start = next) {
		next = months ? moment_next_month(start)
			      : moment_next_day(start);
		if (next > end)
			next = end;
		json_array_append_new(points, trend_point(req, start, next));
	}
	req->value =
		json_pack("{ss ss so}", "currency", CURRENCY, "granularity",
			  months ? "month" : "day", "points", points);
	return true;
}
