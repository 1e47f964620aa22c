/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heat: stacks.  Heat wants a stack's name with its id (and redirects to that),
 * so the name is looked up.
 * API: https://docs.openstack.org/api-ref/orchestration/v1/
 */
#include "openstack.h"

/* clang-format off */
static const struct sc_map stack_map[] = {
	{ "id description parameters outputs" }, { "name", "stack_name" },
	{ "status", "stack_status", .words = "error=*_FAILED deleting=DELETE_* "
	  "creating=CREATE_IN_*|INIT_* available=*_COMPLETE updating=*_IN_PROGRESS unknown=*" },
	{ "provider_status", "stack_status" }, { "status_reason", "stack_status_reason" },
	{ "resource_ids", "{arg.resources?}" }, { "created_at", "creation_time" },
	{ "updated_at", "updated_time" }, { NULL },
};

#define HEAT .service = "stack"
#define STACK "/stacks/{stack.stack_name}/{id}"

const struct sc_rest stack_rest[] = {
	{ "stack.list", "GET /stacks?name={name?}", .items = "stacks[]", .map = stack_map, HEAT },
	{ "stack.get", "GET " STACK, .items = "stack", .map = stack_map, .let = "stack resources",
	  HEAT },
	{ "stack", "GET /stacks?id={id}", .items = "stacks[id={id}]", HEAT },
	{ "resources", "GET " STACK "/resources", .items = "resources[].physical_resource_id",
	  .next = "", HEAT },
	{ "stack.create", "POST /stacks",
	  "{'stack_name': '{name}', 'template': '{template}', 'parameters': '{parameters?}',"
	  " 'timeout_mins': '{timeout_minutes?}', 'tags': 'skyclust-op={op?}'}",
	  .items = "stack", .map = stack_map, .then = "stack.get", .mark = "tags[]", HEAT },
	/* What is not given stays as it is. */
	{ "stack.update", "PATCH " STACK,
	  "{'template': '{template?}', 'parameters': '{parameters?}'}", .let = "stack",
	  .then = "stack.get", HEAT },
	{ "stack.delete", "DELETE " STACK, .let = "stack", HEAT },
	{ NULL },
};
/* clang-format on */
