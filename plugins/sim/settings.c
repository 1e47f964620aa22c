/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"

/* ---- what can be set --------------------------------------------------------- */

/* clang-format off */
const char settings_schema[] =
"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
"\"boot_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":3600000,\"default\":2000,"
  "\"description\":\"Time an instance takes to boot; other changes take a part or a multiple of it.\",\"x-unit\":\"ms\"},"
"\"seed_instances\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":30000,\"default\":2,"
  "\"description\":\"Instances a new account begins with.\"},"
"\"quota_instances\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000000,\"default\":0,"
  "\"description\":\"Most instances of an account in a region; 0: no limit.\"},"
"\"page_size\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000,\"default\":0,"
  "\"description\":\"Most items the cloud gives in one answer; 0: all.\"},"
"\"token\":{\"type\":\"string\",\"maxLength\":127,\"default\":\"\","
  "\"description\":\"What a credential must show as its token; empty: any credential is good.\"},"
"\"latency_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":3600000,\"default\":0,"
  "\"description\":\"Time every call takes.\",\"x-unit\":\"ms\"},"
"\"latency_jitter_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":3600000,\"default\":0,"
  "\"description\":\"Up to so much more, at random.\",\"x-unit\":\"ms\"},"
"\"rate_limit_per_second\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000000,\"default\":0,"
  "\"description\":\"Calls a second before rate_limited; 0: no limit.\"},"
"\"error_rate\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1,\"default\":0,"
  "\"description\":\"Part of all calls that fail before anything is done.\"},"
"\"error_code\":{\"type\":\"string\",\"default\":\"cloud_unavailable\",\"description\":\"How they fail.\","
  "\"enum\":[\"cloud_unavailable\",\"cloud_bad_answer\",\"busy\",\"rate_limited\",\"quota\",\"forbidden\","
  "\"unauthenticated\",\"credential_expired\",\"conflict\",\"needs_attention\",\"internal\"]},"
"\"lose_answer_rate\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1,\"default\":0,"
  "\"description\":\"Part of all changes that are applied and never answered.\"},"
"\"die_at\":{\"type\":\"string\",\"default\":\"\",\"description\":\"Point at which the driver kills itself.\","
  "\"enum\":[\"\",\"on-start\",\"on-call\",\"on-read\",\"mid-list\",\"before-apply\",\"mid-ledger\","
  "\"after-ledger\",\"before-answer\"]},"
"\"die_after\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000000,\"default\":1,"
  "\"description\":\"The how-manieth time that point is reached.\"},"
"\"die_once\":{\"type\":\"boolean\",\"default\":false,"
  "\"description\":\"Die only if no driver of this state directory died so before.\"},"
"\"fault_seed\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":2147483647,\"default\":1,"
  "\"description\":\"Start of the random numbers behind rates and jitter.\"}"
"}}";

const char credential_schema[] =
"{\"type\":\"object\",\"properties\":{"
"\"account\":{\"type\":\"string\",\"maxLength\":63,\"default\":\"demo\","
  "\"description\":\"Which fake cloud: each account is a world of its own. [a-z0-9-]\"},"
"\"token\":{\"type\":\"string\",\"writeOnly\":true,"
  "\"description\":\"Shown to the cloud; must be the setting token where that is set.\"},"
"\"expires_at\":{\"type\":\"string\",\"format\":\"date-time\","
  "\"description\":\"From then on the cloud says that the credential has expired.\"}"
"}}";
/* clang-format on */

/* ---- reading ------------------------------------------------------------------ */

static const struct settings defaults = {
	.boot_ms = 2000,
	.seed_instances = 2,
	.die_after = 1,
	.fault_seed = 1,
	.error_code = "cloud_unavailable",
};

static struct settings current = defaults;

enum type { INT, REAL, TEXT, BOOL };

#define ROW(member, type) { #member, type, offsetof(struct settings, member), \
			    sizeof(((struct settings *)0)->member) }

static const struct {
	const char *name;
	enum type type;
	size_t offset, size;
} rows[] = {
	ROW(boot_ms, INT), ROW(seed_instances, INT), ROW(quota_instances, INT),
	ROW(page_size, INT), ROW(token, TEXT), ROW(latency_ms, INT),
	ROW(latency_jitter_ms, INT), ROW(rate_limit_per_second, INT),
	ROW(error_rate, REAL), ROW(error_code, TEXT),
	ROW(lose_answer_rate, REAL), ROW(die_at, TEXT), ROW(die_after, INT),
	ROW(die_once, BOOL), ROW(fault_seed, INT),
};

static void take(struct settings *s, size_t row, const json_t *value)
{
	void *at = (char *)s + rows[row].offset;

	switch (rows[row].type) {
	case INT:
		*(long long *)at = json_integer_value(value);
		break;
	case REAL:
		*(double *)at = json_number_value(value);
		break;
	case TEXT:
		snprintf(at, rows[row].size, "%s", json_string_value(value));
		break;
	case BOOL:
		*(bool *)at = json_is_true(value);
		break;
	}
}

static struct settings read_all(const json_t *config)
{
	struct settings s = defaults;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const json_t *value = json_object_get(config, rows[i].name);

		if (value && !json_is_null(value))
			take(&s, i, value);
	}
	return s;
}

static bool is_sound(const struct settings *s, char *why, size_t size)
{
	if (!fault_code(s->error_code))
		snprintf(why, size, "error_code: \"%s\" is no error",
			 s->error_code);
	else if (s->die_at[0] && !fault_point_known(s->die_at))
		snprintf(why, size, "die_at: \"%s\" is no point", s->die_at);
	else
		return true;
	return false;
}

bool settings_check(json_t *config, char *why, size_t size)
{
	struct settings s = read_all(config);

	return is_sound(&s, why, size);
}

bool settings_read(const json_t *config, char *why, size_t size)
{
	current = read_all(config);
	return is_sound(&current, why, size);
}

const struct settings *settings(void)
{
	return &current;
}
