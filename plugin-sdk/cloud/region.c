/* SPDX-License-Identifier: Apache-2.0 */
/* Is the region that is wanted among those there are? */
#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "cloud/call.h"

bool sc_has_region(struct sc_call *call, const json_t *regions)
{
	const char *wanted = call->region
				     ? call->region
				     : json_str(call->config, "region", NULL);
	AUTO_JSON json_t *set = json_object();
	AUTO(buf_done) struct buf known = { 0 };
	const char *name;
	json_t *region;
	size_t i;

	json_array_foreach (regions, i, region)
		if (json_is_string(region))
			json_object_set(set, json_string_value(region), region);
	if (wanted ? json_object_get(set, wanted) != NULL :
		     json_object_size(set) == 1)
		return true;
	json_object_foreach (set, name, region)
		buf_printf(&known, "%s%s", known.n ? ", " : "", name);
	if (!known.n)
		return fail_at(&call->fault, ERR_INVALID, "/region",
			       "the cloud shows this credential no region; "
			       "does it name a project or account?");
	return fail_at(&call->fault, ERR_INVALID, "/region",
		       "%s%s; there is: %s",
		       wanted ? "no region " : "choose a region",
		       wanted ? wanted : "", known.p);
}
