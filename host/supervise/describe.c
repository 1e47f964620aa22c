/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/describe.h"

static json_t *known; /* digest → hello */

const json_t *description_of(const char *digest)
{
	return json_object_get(known, digest);
}

void description_keep(const char *digest, const json_t *hello)
{
	if (!known)
		known = json_object();
	json_object_set(known, digest, (json_t *)hello);
}

void descriptions_done(void)
{
	json_decref(known);
	known = NULL;
}
