/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotas and metrics.
 */
#include <stdio.h>

#include "lookup.h"
#include "members.h"
#include "moment.h"
#include "settings.h"
#include "verbs.h"

/* ---- quota --------------------------------------------------------------- */

#define PUBLIC_IPS 254
#define POINTS_MAX 1440

bool run_quotas(struct request *req)
{
	const struct {
		const char *name, *service, *kind;
		long long limit;
	} rows[] = {
		{ "instances", "compute", "instance",
		  settings()->quota_instances },
		{ "key_pairs", "compute", "key_pair", 0 },
		{ "networks", "network", "network", 0 },
		{ "public_ips", "network", "public_ip", PUBLIC_IPS },
		{ "volumes", "storage", "volume", 0 },
		{ "clusters", "kubernetes", "cluster", 0 },
	};
	json_t *items = json_array();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *limit = rows[i].limit ? json_integer(rows[i].limit)
					      : json_null();

		json_array_append_new(
			items,
			json_pack("{ss ss so sI ss ss}", "name", rows[i].name,
				  "service", rows[i].service, "limit", limit,
				  "used",
				  (json_int_t)count_here(req, rows[i].kind),
				  "unit", "count", "region", req->region));
	}
	req->reply = sc_list(req->call, items, NULL);
	return true;
}

/* ---- metric -------------------------------------------------------------- */

static const struct {
	const char *name, *unit;
	unsigned max;
} metrics[] = {
	{ "cpu_percent", "percent", 100 },
	{ "memory_percent", "percent", 100 },
	{ "network_in_bytes", "bytes", 100000000 },
	{ "network_out_bytes", "bytes", 100000000 },
	{ "disk_read_bytes", "bytes", 50000000 },
	{ "disk_write_bytes", "bytes", 50000000 },
	{ "node_count", "count", 0 },
};

/* FNV-1a: the same question always has the same answer. */
static uint64_t hash(const char *id, const char *name, int64_t bucket)
{
	uint64_t h = 14695981039346656037ULL;
	char text[1200];

	snprintf(text, sizeof(text), "%s/%s/%lld", id, name, (long long)bucket);
	for (const char *p = text; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	return h ^ h >> 32;
}

struct series {
	const char *id, *name;
	int64_t start, end, period;
	size_t metric;
	long long nodes;
};

static json_t *value_at(const struct series *s, int64_t at)
{
	unsigned max = metrics[s->metric].max;
	char text[32];

	if (!max)
		snprintf(text, sizeof(text), "%lld", s->nodes);
	else
		snprintf(text, sizeof(text), "%u.%u",
			 (unsigned)(hash(s->id, s->name, at / s->period) % max),
			 (unsigned)(hash(s->name, s->id, at / s->period) % 10));
	return json_string(text);
}

static json_t *points_of(const struct series *s)
{
	json_t *points = json_array();

	for (int64_t at = s->start - s->start % s->period; at <= s->end;
	     at += s->period)
		json_array_append_new(
			points, json_pack("{so so}", "time", moment_json(at),
					  "value", value_at(s, at)));
	return points;
}

static bool read_times(struct request *req, struct series *s)
{
	const char *start = sc_str(req->call, "start_time");
	const char *end = sc_str(req->call, "end_time");
	long long seconds = sc_int(req->call, "period_seconds");

	s->period = (seconds ? seconds : 60) * 1000;
	s->end = end ? moment_parse(end) : req->now;
	s->start = start ? moment_parse(start) : s->end - HOUR_MS;
	if (s->start > s->end)
		return refuse(req, SC_INVALID, "/start_time",
			      "start_time is behind end_time");
	if ((s->end - s->start) / s->period >= POINTS_MAX)
		return refuse(req, SC_INVALID, "/period_seconds",
			      "that makes over %d points; ask for a longer "
			      "period",
			      POINTS_MAX);
	return true;
}

bool run_metric(struct request *req)
{
	const char *kind = sc_str(req->call, "resource_kind");
	const json_t *entry =
		lookup(req, kind, sc_args(req->call), "resource_id");
	struct series s = { .name = sc_str(req->call, "name") };

	if (!entry)
		return refuse(req, SC_NOT_FOUND, "/resource_id",
			      "no %s \"%.128s\" in region %s", kind,
			      sc_str(req->call, "resource_id"), req->region);
	s.id = get_str(record_of(entry), "id");
	s.nodes = get_int(record_of(entry), "node_count");
	while (strcmp(metrics[s.metric].name, s.name) != 0)
		s.metric++;
	if (!metrics[s.metric].max && strcmp(kind, "cluster") != 0)
		return refuse(req, SC_INVALID, "/name",
			      "only clusters have a %s", s.name);
	if (!read_times(req, &s))
		return false;
	req->value = json_pack("{ss ss ss ss sI so}", "name", s.name,
			       "resource_kind", kind, "resource_id", s.id,
			       "unit", metrics[s.metric].unit, "period_seconds",
			       (json_int_t)(s.period / 1000), "points",
			       points_of(&s));
	return true;
}
