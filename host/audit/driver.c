/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/driver.h"

#include <stdio.h>

#include "base/auto.h"
#include "supervise/provider.h"

static bool is_good(const struct provider_step *step)
{
	/* An end without a reason was asked for. */
	return !strcmp(step->what, "ready") ||
	       (!strcmp(step->what, "ended") && !step->err);
}

static json_t *details(const struct provider_step *step)
{
	json_t *more =
		json_pack("{s:I}", "generation", (json_int_t)step->generation);

	if (step->pid)
		json_object_set_new(more, "pid", json_integer(step->pid));
	if (step->err)
		json_object_set_new(more, "detail",
				    json_string(step->err->message));
	return more;
}

static void note(void *arg, const struct provider_step *step)
{
	AUTO_JSON json_t *more = details(step);
	char action[32];

	snprintf(action, sizeof(action), "driver.%s", step->what);
	audit_note(
		((struct audit *)arg)->trust,
		&(struct audit_event){
			.action = action,
			.outcome = is_good(step) ? "succeeded" : "failed",
			.reason = step->err ? err_info(step->err->code)->name
					    : NULL,
			.target = step->provider,
			.provider = step->provider,
			.driver = step->driver,
			.driver_version = *step->version ? step->version : NULL,
			.driver_digest = *step->digest ? step->digest : NULL,
			.more = more });
}

void driver_watch(struct audit *a)
{
	struct registry *r = a->trust->registry;
	struct provider_info info;

	provider_watch(note, a);
	for (size_t i = 0; r && registry_info(r, i, &info); i++)
		if (info.state == PROVIDER_READY)
			note(a,
			     &(struct provider_step){
				     .what = "ready",
				     .provider = info.name,
				     .driver = info.driver,
				     .version =
					     info.version ? info.version : "",
				     .digest = info.digest ? info.digest : "",
				     .generation = info.generation,
				     .pid = info.pid });
}

void driver_unwatch(void)
{
	provider_watch(NULL, NULL);
}
