/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keystone v3: the login, regions, projects, users and roles.  A login gives a
 * token and the catalogue of endpoints; both are the session, which the rows of
 * all services use as {session.token}, {session.compute} and so on.
 * API: https://docs.openstack.org/api-ref/identity/v3/
 */
#include "openstack.h"

json_t *keystone_login(struct sc_call *call)
{
	json_t *session = sc_rest_call(call, "login", NULL);

	if (session && sc_has_region(call, json_object_get(session, "regions")) &&
	    nova_version(call, session))
		return session;
	json_decref(session);
	return NULL;
}

/* All projects are the administrator's to see; others see their own. */
SC_WAITS static struct sc_reply *project_list(struct sc_call *call)
{
	json_t *all = sc_rest_call(call, "project.list", NULL);

	if (all)
		return sc_list(call, all, NULL);
	if (sc_fault_code(call) != SC_FORBIDDEN)
		return sc_failed(call);
	sc_fault_clear(call);
	return sc_rest_reply(call, "own_projects", NULL);
}

/* Rows are read as a table. */
/* clang-format off */

#define AT(type)                                                                                \
	"catalog[type=" type "].endpoints[interface={config.interface|=public}]"                \
	"[region_id={region?}].url"

static const struct sc_map session_map[] = {
	{ "token", "{header.X-Subject-Token}" }, { "expires_at" }, { "project_id", "project.id" },
	{ "regions", "catalog[].endpoints[].region_id", .list = true },
	{ "compute", AT("compute") }, { "network", AT("network") }, { "image", AT("image") },
	{ "volume", AT("volumev3") }, { "magnum", AT("container-infra") },
	{ "balancer", AT("load-balancer") }, { "stack", AT("orchestration") }, { NULL },
};

static const struct sc_map region_map[] = {
	{ "id" }, { "name", "id" }, { "display_name", "description" }, { NULL },
};

static const struct sc_map project_map[] = {
	{ "id name domain_id parent_id" }, SIGNED_TEXT, { "is_active", "enabled" }, { NULL },
};

static const struct sc_map user_map[] = {
	{ "id name email domain_id" }, SIGNED_TEXT, { "project_id", "default_project_id" },
	{ "is_active", "enabled" }, { NULL },
};

static const struct sc_map role_map[] = { { "id name" }, SIGNED_TEXT, { NULL } };

#define DOMAIN(of)                                                                              \
	"{'|': [{'id': '{cred." of "_domain_id}'}, {'name': '{cred." of "_domain_name|"         \
	"cred.domain_name}'}, {'id': '{cred.domain_id|=default}'}]}"
#define REGION .map = region_map, .service = "identity"
#define PROJECT .map = project_map, .service = "identity"
#define USER .map = user_map, .service = "identity"
#define ROLE .map = role_map, .service = "identity"

/* Lists come in one piece: `links.next` is always null. */
const struct sc_rest keystone_rest[] = {
	/* An application credential is bound to its project, so there is no scope; a user's may
	 * name none, which is the user's default project. */
	{ "login", "POST /auth/tokens",
	  "{'auth': {'|': [{'identity': {'methods': ['application_credential'],"
	  "    'application_credential': {'id': '{cred.application_credential_id}',"
	  "      'secret': '{cred.application_credential_secret}'}}},"
	  "  {'identity': {'methods': ['password'], 'password': {'user': {'|': ["
	  "     {'id': '{cred.user_id}', 'password': '{cred.password}'},"
	  "     {'name': '{cred.username}', 'domain': " DOMAIN("user") ","
	  "      'password': '{cred.password}'}]}}},"
	  "   'scope': {'|': [{'project': {'id': '{cred.project_id}'}},"
	  "     {'project': {'name': '{cred.project_name}', 'domain': " DOMAIN("project") "}},"
	  "     '{cred.project_id?}']}}]}}",
	  .items = "token", .map = session_map, .service = "login" },

	{ "region.list", "GET /regions", .items = "regions[]", REGION },
	{ "region.get", "GET /regions/{id}", .items = "region", REGION },

	{ "project.list", "GET /projects?name={name?}", .items = "projects[]", PROJECT,
	  .run = project_list },
	{ "own_projects", "GET /auth/projects", .items = "projects[]", PROJECT },
	{ "project.get", "GET /projects/{id}", .items = "project", PROJECT },
	{ "project.create", "POST /projects",
	  "{'project': {'name': '{name}', 'domain_id': '{domain_id?}', 'parent_id': '{parent_id?}',"
	  "             " SIGN_TEXT "}}", .items = "project", PROJECT, SIGNED },
	{ "project.delete", "DELETE /projects/{id}", .service = "identity" },

	{ "user.list", "GET /users?name={name?}", .items = "users[]", USER },
	{ "user.get", "GET /users/{id}", .items = "user", USER },
	{ "user.create", "POST /users",
	  "{'user': {'name': '{name}', 'password': '{password?}', 'email': '{email?}',"
	  "          'domain_id': '{domain_id?}', 'default_project_id': '{project_id?}',"
	  "          " SIGN_TEXT "}}", .items = "user", USER, SIGNED },
	{ "user.delete", "DELETE /users/{id}", .service = "identity" },

	{ "role.list", "GET /roles?name={name?}", .items = "roles[]", ROLE },
	{ "role.get", "GET /roles/{id}", .items = "role", ROLE },
	{ "role.create", "POST /roles", "{'role': {'name': '{name}', " SIGN_TEXT "}}",
	  .items = "role", ROLE, SIGNED },
	{ "role.delete", "DELETE /roles/{id}", .service = "identity" },
	{ NULL },
};
/* clang-format on */
