/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"

/* ---- what can be set ----------------------------------------------------- */

/* clang-format off */
#define FIELD(name, rest, help) "\"" name "\":{" rest ",\"description\":\"" help "\"}"
#define INTEGER(name, min, max, preset, help) \
	FIELD(name, "\"type\":\"integer\",\"minimum\":" min ",\"maximum\":" max \
	      ",\"default\":" preset, help)
#define RATE(name, help) \
	FIELD(name, "\"type\":\"number\",\"minimum\":0,\"maximum\":1,\"default\":0", help)
#define WORD(name, preset, words, help) \
	FIELD(name, "\"type\":\"string\",\"default\":\"" preset "\",\"enum\":[" words "]", help)
#define ALSO ","
#define HOUR "3600000"

const char settings_schema[] =
"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
	INTEGER("boot_ms", "0", HOUR, "2000",
		"Time an instance takes to boot, in ms; other changes go by it.") ALSO
	INTEGER("seed_instances", "0", "30000", "2", "Instances a new account begins with.") ALSO
	INTEGER("quota_instances", "0", "1000000", "0",
		"Most instances of an account in a region; 0: no limit.") ALSO
	INTEGER("page_size", "0", "1000", "0",
		"Most items the cloud gives in one answer; 0: all.") ALSO
	FIELD("token", "\"type\":\"string\",\"maxLength\":127,\"default\":\"\"",
	      "What a credential must show as its token; empty: any credential is good.") ALSO
	FIELD("checkpoint", "\"type\":\"boolean\",\"default\":false",
	      "Tell the identifier of what was made before the answer.") ALSO
	INTEGER("pending_ms", "0", HOUR, "0",
		"How long a change stays pending after it was applied, in ms; 0: not at all.") ALSO
	INTEGER("latency_ms", "0", HOUR, "0", "Time every call takes, in ms.") ALSO
	INTEGER("latency_jitter_ms", "0", HOUR, "0", "Up to so much more, at random.") ALSO
	INTEGER("rate_limit_per_second", "0", "1000000", "0",
		"Calls a second before rate_limited; 0: no limit.") ALSO
	RATE("error_rate", "Part of all calls that fail before anything is done.") ALSO
	WORD("error_code", "cloud_unavailable",
	     "\"cloud_unavailable\",\"cloud_bad_answer\",\"busy\",\"rate_limited\",\"quota\","
	     "\"forbidden\",\"unauthenticated\",\"credential_expired\",\"conflict\","
	     "\"needs_attention\",\"internal\"", "How they fail.") ALSO
	RATE("lose_answer_rate", "Part of all changes that are applied and never answered.") ALSO
	WORD("die_at", "",
	     "\"\",\"on-start\",\"on-call\",\"on-read\",\"mid-list\",\"before-apply\","
	     "\"mid-ledger\",\"after-ledger\",\"before-answer\",\"after-checkpoint\",\"on-poll\"",
	     "Point at which the driver kills itself.") ALSO
	INTEGER("die_after", "1", "1000000000", "1",
		"The how-manieth time that point is reached.") ALSO
	FIELD("die_once", "\"type\":\"boolean\",\"default\":false",
	      "Die only if no driver of this state directory died so before.") ALSO
	INTEGER("fault_seed", "0", "2147483647", "1",
		"Start of the random numbers behind rates and jitter.")
"}}";

const char credential_schema[] =
"{\"type\":\"object\",\"properties\":{"
	FIELD("account", "\"type\":\"string\",\"maxLength\":63,\"default\":\"demo\"",
	      "Which fake cloud, [a-z0-9-]: each account is a world of its own.") ALSO
	FIELD("token", "\"type\":\"string\",\"writeOnly\":true",
	      "Shown to the cloud; must be the setting token where that is set.") ALSO
	FIELD("expires_at", "\"type\":\"string\",\"format\":\"date-time\"",
	      "From then on the cloud says that the credential has expired.")
"}}";
/* clang-format on */

/* ---- reading ------------------------------------------------------------- */

static const struct settings defaults = {
	.boot_ms = 2000,
	.seed_instances = 2,
	.die_after = 1,
	.fault_seed = 1,
	.error_code = "cloud_unavailable",
};

static struct settings current = defaults;

enum type { INT, REAL, TEXT, BOOL };

/* clang-format off */
#define ROW(member, type) { #member, type, offsetof(struct settings, member), \
			    sizeof(((struct settings *)0)->member) }

static const struct {
	const char *name;
	enum type type;
	size_t offset, size;
} rows[] = {
	ROW(boot_ms, INT), ROW(seed_instances, INT), ROW(quota_instances, INT),
	ROW(page_size, INT), ROW(token, TEXT), ROW(checkpoint, BOOL),
	ROW(pending_ms, INT), ROW(latency_ms, INT),
	ROW(latency_jitter_ms, INT), ROW(rate_limit_per_second, INT),
	ROW(error_rate, REAL), ROW(error_code, TEXT),
	ROW(lose_answer_rate, REAL), ROW(die_at, TEXT), ROW(die_after, INT),
	ROW(die_once, BOOL), ROW(fault_seed, INT),
};
/* clang-format on */

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
