/* SPDX-License-Identifier: Apache-2.0 */
#include "act.h"

#include "base/json.h"

#define USUAL_LIMIT 100

long long act_limit(const json_t *args)
{
	return json_int(args, "limit", USUAL_LIMIT);
}

const char *act_after(const json_t *args)
{
	return json_str(args, "page_token", "");
}

json_t *act_page(json_t *records, const char *key, const json_t *args)
{
	size_t limit = (size_t)act_limit(args);
	json_t *token = json_null();

	if (json_array_size(records) > limit) {
		while (json_array_size(records) > limit)
			json_array_remove(records, limit);
		token = act_text(json_str(json_array_get(records, limit - 1),
					  key, NULL));
	}
	return json_pack("{so so}", "items", records, "next_page_token", token);
}

bool act_has_version(const struct actor *who, struct error *err)
{
	return who->if_match >= 0 ||
	       fail(err, ERR_PRECONDITION_REQUIRED,
		    "send the header If-Match with the ETag (the version) of "
		    "what is to be changed, so that nobody's change is "
		    "overwritten unseen");
}

json_t *act_text(const char *text)
{
	return text ? json_string(text) : json_null();
}
