/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keystone: regions, projects, users and roles.  All but regions and one's own
 * projects are for the cloud's administrators; others get "forbidden".
 * API: https://docs.openstack.org/api-ref/identity/v3/
 */
#include "openstack.h"

static const struct sc_map region_map[] = {
	{ "id", "id" },
	{ "name", "id" },
	{ "display_name", "description" },
	{ NULL },
};

static const struct sc_map project_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "domain_id", "domain_id" },
	{ "parent_id", "parent_id" },
	{ "is_active", "enabled" },
	{ NULL },
};

static const struct sc_map user_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "email", "email" },
	{ "domain_id", "domain_id" },
	{ "project_id", "default_project_id" },
	{ "is_active", "enabled" },
	{ NULL },
};

static const struct sc_map role_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ NULL },
};

/* project.create and user.create */
SC_WAITS static struct sc_reply *create(struct sc_call *call)
{
	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags",
				"Keystone's tags are words without values");
	return sc_rest_reply(call, sc_method_name(call), NULL);
}

/* Keystone gives a whole list in one answer, and `links.next` is null. */
/* clang-format off */
const struct sc_rest identity_rest[] = {
	{ "region.list", "GET /regions", .items = "regions[]", .map = region_map,
	  .next = "links.next", .service = "identity" },
	{ "region.get", "GET /regions/{id}", .items = "region", .map = region_map,
	  .service = "identity" },

	{ "project.list", "GET /auth/projects", .items = "projects[]", .map = project_map,
	  .next = "links.next", .service = "identity" },
	{ "project.get", "GET /projects/{id}", .items = "project", .map = project_map,
	  .service = "identity" },
	{ "project.create", "POST /projects",
	  "{'project': {'name': '{name}', 'description': '{description?}',"
	  "             'domain_id': '{domain_id?}', 'parent_id': '{parent_id?}'}}",
	  .items = "project", .map = project_map, .service = "identity", .run = create },
	{ "project.delete", "DELETE /projects/{id}", .service = "identity" },

	{ "user.list", "GET /users?name={name?}", .items = "users[]", .map = user_map,
	  .next = "links.next", .service = "identity" },
	{ "user.get", "GET /users/{id}", .items = "user", .map = user_map,
	  .service = "identity" },
	{ "user.create", "POST /users",
	  "{'user': {'name': '{name}', 'password': '{password?}', 'email': '{email?}',"
	  "          'domain_id': '{domain_id?}', 'default_project_id': '{project_id?}',"
	  "          'description': '{description?}'}}",
	  .items = "user", .map = user_map, .service = "identity", .run = create },
	{ "user.delete", "DELETE /users/{id}", .service = "identity" },

	{ "role.list", "GET /roles?name={name?}", .items = "roles[]", .map = role_map,
	  .next = "links.next", .service = "identity" },
	{ "role.get", "GET /roles/{id}", .items = "role", .map = role_map,
	  .service = "identity" },
	{ NULL },
};
/* clang-format on */
