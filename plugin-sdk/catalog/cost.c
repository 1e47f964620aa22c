/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue, what is used and what it costs: cost, quota, metric (seeds
 * 000 and 002).  Money is a decimal string beside its ISO 4217 currency.
 */
#include "catalog/tables.h"

/* Rows are read as a table. */
/* clang-format off */

#define F_CURRENCY                                                    \
	{ "currency", CAT_STRING, REQ, "ISO 4217 code.", .example = "\"USD\"" }

/* ---- cost ---------------------------------------------------------------- */

const struct cat_record cat_record_cost_item = {
	"cost_item", "One service's part of a cost.",
	(const struct cat_field[]){
		{ "service", CAT_STRING, REQ, "The cloud's service." },
		{ "cost", CAT_DECIMAL, REQ, "Its part.", .example = "\"7.59\"" },
		{ "quantity", CAT_DECIMAL, 0, "How much of it." },
		{ "unit", CAT_STRING, 0, "Of what, such as hours." },
		{ NULL },
	},
};

const struct cat_record cat_record_cost_estimate = {
	"cost_estimate", "What an instance will cost.",
	(const struct cat_field[]){
		{ "instance_type", CAT_STRING, REQ, "Size of the instance." },
		{ "region", CAT_STRING, 0, "Region it is in." },
		{ "duration", CAT_STRING, REQ, "Time it runs." },
		{ "cost", CAT_DECIMAL, REQ, "The cost." },
		F_CURRENCY,
		{ "breakdown", CAT_OBJECT, LIST, "What it is made of.",
		  .of = &cat_record_cost_item },
		{ NULL },
	},
};

const struct cat_record cat_record_billing = {
	"billing", "What was used and what it cost.",
	(const struct cat_field[]){
		{ "total_cost", CAT_DECIMAL, REQ, "The cost." },
		F_CURRENCY,
		{ "period", CAT_STRING, REQ, "First and last day.",
		  .example = "\"2026-11-01/2026-11-30\"" },
		{ "region", CAT_STRING, 0, "Only of this region." },
		{ "breakdown", CAT_OBJECT, LIST, "What it is made of.",
		  .of = &cat_record_cost_item },
		{ NULL },
	},
};

const struct cat_record cat_record_cost_point = {
	"cost_point", "The cost of one period.",
	(const struct cat_field[]){
		{ "start_date", CAT_DATE, REQ, "First day." },
		{ "end_date", CAT_DATE, REQ, "Last day." },
		{ "cost", CAT_DECIMAL, REQ, "The cost." },
		{ NULL },
	},
};

const struct cat_record cat_record_cost_trend = {
	"cost_trend", "Cost over time.",
	(const struct cat_field[]){
		F_CURRENCY,
		{ "granularity", CAT_STRING, REQ, "Length of a period.",
		  .words = WORDS("day", "month") },
		{ "points", CAT_OBJECT, REQ | LIST, "The periods, oldest first.",
		  .of = &cat_record_cost_point },
		{ NULL },
	},
};

static const struct cat_field cost_estimate[] = {
	REF("instance_type", REQ, "Size of the instance.", .aliases = WORDS("type", "spec_id")),
	{ "duration", CAT_STRING, 0,
	  "Time it runs: a number and h, d, w, m (of 730 hours) or y; an hour without it.",
	  .min = 2, .max = 16, .example = "\"730h\"" },
	{ "count", CAT_INT, 0, "Number of instances; 1 without it.", .min = 1, .max = 100000 },
	{ "storage_gib", CAT_INT, 0, "Volumes beside them, each.", .unit = "GiB", .min = 1,
	  .max = 65536 },
	{ NULL },
};

#define A_PERIOD(day_flags)                                                    \
	{ "start_date", CAT_DATE, day_flags, "First day.", .example = "\"2026-11-01\"" }, \
	{ "end_date", CAT_DATE, day_flags, "Last day.", .example = "\"2026-11-30\"" }

static const struct cat_field cost_billing[] = { A_PERIOD(REQ), { NULL } };

static const struct cat_field cost_trend[] = {
	A_PERIOD(REQ),
	{ "granularity", CAT_STRING, 0, "Length of a period; day without it.",
	  .words = WORDS("day", "month") },
	{ NULL },
};

const struct cat_kind cat_kind_cost = {
	"cost", "cost", "Cost", "What things cost.",
	NULL,
	(const struct cat_op[]){
		OP(cost, estimate, CAT_ACTION, "Tell what an instance will cost.",
		   .args = cost_estimate, .result = &cat_record_cost_estimate),
		OP(cost, billing, CAT_ACTION, "Tell what was used and what it cost.",
		   .args = cost_billing, .result = &cat_record_billing),
		OP(cost, trend, CAT_ACTION, "Tell the cost over time.", .args = cost_trend,
		   .result = &cat_record_cost_trend),
		{ NULL },
	},
};

/* ---- quota --------------------------------------------------------------- */

const struct cat_record cat_record_quota = {
	"quota", "A limit on use.",
	(const struct cat_field[]){
		F_NAME,
		{ "service", CAT_STRING, 0, "The cloud's service." },
		{ "limit", CAT_INT, REQ | CAT_NULLABLE, "Most that can be used; null: no limit." },
		{ "used", CAT_INT, 0, "How much is used." },
		{ "unit", CAT_STRING, 0, "Of what." },
		{ "region", CAT_STRING, 0, "Region it counts in." },
		{ "provider", CAT_STRING, 0, "Provider that answered." },
		{ NULL },
	},
};

static const struct cat_field quota_filters[] = {
	BY_NAME,
	{ "service", CAT_STRING, FILTER, "Only those of this service." },
	{ NULL },
};

const struct cat_kind cat_kind_quota = {
	"quota", "quotas", "Quota", "Limits on use.",
	&cat_record_quota,
	(const struct cat_op[]){
		OP_LIST(quota, &cat_record_quota, quota_filters),
		{ NULL },
	},
};

/* ---- metric -------------------------------------------------------------- */

static const char *const metric_kinds[] = { "instance", "volume", "cluster", NULL };

const struct cat_record cat_record_metric_point = {
	"metric_point", "One measurement.",
	(const struct cat_field[]){
		{ "time", CAT_TIME, REQ, "Start of the period it stands for." },
		{ "value", CAT_DECIMAL, REQ | CAT_NULLABLE, "The value; null: none was taken." },
		{ NULL },
	},
};

const struct cat_record cat_record_metric = {
	"metric", "Measurements over time.",
	(const struct cat_field[]){
		F_NAME,
		{ "resource_kind", CAT_STRING, REQ, "What was measured.", .words = metric_kinds },
		{ "resource_id", CAT_STRING, REQ, "Which one." },
		{ "unit", CAT_STRING, 0, "Unit of the values.", .example = "\"percent\"" },
		{ "period_seconds", CAT_INT, 0, "Time between values.", .unit = "seconds" },
		{ "points", CAT_OBJECT, REQ | LIST, "The values, oldest first.",
		  .of = &cat_record_metric_point },
		{ NULL },
	},
};

static const struct cat_field metric_query[] = {
	{ "resource_kind", CAT_STRING, REQ, "What to look at.", .aliases = WORDS("kind"),
	  .words = metric_kinds },
	REF("resource_id", REQ, "Which one."),
	{ "name", CAT_STRING, REQ, "What to measure.",
	  .words = WORDS("cpu_percent", "memory_percent", "network_in_bytes",
			 "network_out_bytes", "disk_read_bytes", "disk_write_bytes",
			 "node_count") },
	{ "start_time", CAT_TIME, 0, "First moment; an hour before end_time without it." },
	{ "end_time", CAT_TIME, 0, "Last moment; now without it." },
	{ "period_seconds", CAT_INT, 0, "Time between values; 60 without it.",
	  .unit = "seconds", .min = 1, .max = 86400 },
	{ NULL },
};

const struct cat_kind cat_kind_metric = {
	"metric", "metrics", "Metric", "Measurements of resources.",
	&cat_record_metric,
	(const struct cat_op[]){
		OP(metric, query, CAT_ACTION, "Get measurements of one resource.",
		   .args = metric_query, .result = &cat_record_metric),
		{ NULL },
	},
};
