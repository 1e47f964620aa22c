/* SPDX-License-Identifier: Apache-2.0 */
/* Is a quota full?  For clouds that refuse without a word about it. */
#include "base/auto.h"
#include "base/json.h"
#include "driver/runtime.h"

static bool has_room(json_t *quota, json_t *want)
{
	int64_t limit = json_int(quota, "limit", INT64_MAX);
	int64_t used = json_int(quota, "used", 0);
	int64_t more = json_int(want, json_str(quota, "name", ""), 0);

	return more <= 0 || used <= limit - more;
}

bool sc_quota_is_full(struct sc_call *call, json_t *want)
{
	AUTO_JSON json_t *owned = want;
	AUTO_JSON json_t *quotas =
		sc_rest_call(call, "quota.list", json_object());
	json_t *quota;
	size_t i;

	json_array_foreach (quotas, i, quota)
		if (!has_room(quota, owned))
			return true;
	return false;
}
