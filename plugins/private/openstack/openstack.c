/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenStack driver: Keystone, Nova, Neutron, Glance and Cinder as tables.
 *
 * Read keystone.c for how a login becomes a session.  The other files are the
 * services, each one table and the few functions that a table cannot say.
 */
#include "openstack.h"

#include <string.h>

/* ---- services ----------------------------------------------------------- */

#define TOKEN "X-Auth-Token: {session.token}"

static const char *const headers[] = { TOKEN, NULL };

/* The pinned microversion; compute.c says why this one. */
static const char *const nova_headers[] = {
	TOKEN, "X-OpenStack-Nova-API-Version: 2.67", NULL
};

/* volume.c says why. */
static const char *const cinder_headers[] = {
	TOKEN, "OpenStack-API-Version: volume 3.42", NULL
};

/* cluster.c says why. */
static const char *const magnum_headers[] = {
	TOKEN, "OpenStack-API-Version: container-infra 1.10", NULL
};

/* The engine knows what most statuses mean; here is what these services mean
 * otherwise.  406 is what a cloud older than our microversion says. */
static const struct sc_error_row nova_errors[] = {
	{ 406, NULL, SC_UNSUPPORTED },
	{ 0 },
};

/* Neutron answers 409 for a full quota, too; its `type` tells them apart. */
static const struct sc_error_row neutron_errors[] = {
	{ 409, "OverQuota", SC_QUOTA },
	{ 0 },
};

/* Cinder and Glance have no limit of rates: their 413 is a full quota. */
static const struct sc_error_row cinder_errors[] = {
	{ 406, NULL, SC_UNSUPPORTED },
	{ 413, NULL, SC_QUOTA },
	{ 0 },
};

static const struct sc_error_row glance_errors[] = {
	{ 413, NULL, SC_QUOTA },
	{ 0 },
};

static const struct sc_service services[] = {
	{ "", "{session.compute}", nova_headers, nova_errors, NULL,
	  "*.message", "X-Compute-Request-Id" },
	{ "network", "{session.network}", headers, neutron_errors,
	  "NeutronError.type", "NeutronError.message", "X-Openstack-Request-Id" },
	{ "volume", "{session.volume}", cinder_headers, cinder_errors, NULL,
	  "*.message", "X-Compute-Request-Id" },
	{ "magnum", "{session.magnum}", magnum_headers, NULL, NULL,
	  "errors[].title", "X-Openstack-Request-Id" },
	{ "image", "{session.image}", headers, glance_errors, NULL, NULL,
	  "X-Openstack-Request-Id" },
	{ "identity", "{session.identity}", headers, NULL,
	  "error.title", "error.message", "X-Openstack-Request-Id" },
	{ NULL },
};

/* ---- settings and credential -------------------------------------------- */

/* clang-format off */
#define FIELD(name, rest, help) \
	"\"" name "\":{\"type\":\"string\"" rest ",\"description\":\"" help "\"}"
#define TEXT(name, help) FIELD(name, "", help)
#define SECRET(name, help) FIELD(name, ",\"writeOnly\":true", help)

/* Who logs in. */
#define CREDENTIAL \
	TEXT("username", "Name of the user; or user_id.") "," \
	TEXT("user_id", "Instead of username and its domain.") "," \
	SECRET("password", "Password of the user.") "," \
	TEXT("domain_name", "Domain of user and project; without it the domain default.") "," \
	TEXT("domain_id", "The same, by its id.") "," \
	TEXT("user_domain_name", "Domain of the user, where it is not the project's.") "," \
	TEXT("user_domain_id", "The same, by its id.") "," \
	TEXT("project_domain_name", "Domain of the project, where it is not the user's.") "," \
	TEXT("project_domain_id", "The same, by its id.") "," \
	TEXT("project_name", "Project to work in; without it the user's default project.") "," \
	TEXT("project_id", "The same, by its id.") "," \
	TEXT("application_credential_id", "Instead of user, password and project.") "," \
	SECRET("application_credential_secret", "Secret of the application credential.")

/* Where to. */
#define SETTINGS \
	FIELD("auth_url", ",\"format\":\"uri\"", "Keystone, with or without /v3.") "," \
	TEXT("region", "Region to work in when a request names none; " \
		       "not needed where the cloud has one.") "," \
	TEXT("ca_file", "File of the CAs to trust, instead of the system's.") "," \
	FIELD("interface", ",\"enum\":[\"public\",\"internal\",\"admin\"]", \
	      "Which endpoints of the catalogue; without it public.")
/* clang-format on */

#define OBJECT(members, required)                                        \
	"{\"type\":\"object\",\"properties\":{" members "},\"required\":[" required "]}"

static const char *const env[][2] = {
	{ "OS_AUTH_URL", "auth_url" },
	{ "OS_USERNAME", "username" },
	{ "OS_USER_ID", "user_id" },
	{ "OS_PASSWORD", "password" },
	{ "OS_DOMAIN_NAME", "domain_name" },
	{ "OS_USER_DOMAIN_NAME", "user_domain_name" },
	{ "OS_USER_DOMAIN_ID", "user_domain_id" },
	{ "OS_PROJECT_DOMAIN_NAME", "project_domain_name" },
	{ "OS_PROJECT_DOMAIN_ID", "project_domain_id" },
	{ "OS_PROJECT_NAME", "project_name" },
	{ "OS_PROJECT_ID", "project_id" },
	{ "OS_APPLICATION_CREDENTIAL_ID", "application_credential_id" },
	{ "OS_APPLICATION_CREDENTIAL_SECRET", "application_credential_secret" },
	{ "OS_REGION_NAME", "region" },
	{ "OS_INTERFACE", "interface" },
	{ "OS_CACERT", "ca_file" },
	{ NULL },
};

struct sc_reply *fail_arg(struct sc_call *call, enum sc_code code,
			  const char *path, const char *why)
{
	const struct sc_fault fault = { .code = code, .path = path,
					.effect = SC_EFFECT_NONE };

	return sc_fail_with(call, &fault, "%s", why);
}

json_t *record_find(json_t *list, const char *member, const char *text)
{
	const char *have;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		have = json_string_value(json_object_get(item, member));
		if (have && !strcmp(have, text))
			return item;
	}
	return NULL;
}

json_t *openstack_base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	static char out[BASE64_MAX + 1]; /* no wait happens while in use */
	size_t n = strlen(text), at = 0;
	unsigned bits;

	if ((n + 2) / 3 * 4 > BASE64_MAX)
		return NULL;
	for (size_t i = 0; i < n; i += 3) {
		bits = (unsigned char)text[i] << 16;
		bits |= i + 1 < n ? (unsigned char)text[i + 1] << 8 : 0;
		bits |= i + 2 < n ? (unsigned char)text[i + 2] : 0;
		out[at++] = digits[bits >> 18];
		out[at++] = digits[bits >> 12 & 63];
		out[at++] = i + 1 < n ? digits[bits >> 6 & 63] : '=';
		out[at++] = i + 2 < n ? digits[bits & 63] : '=';
	}
	return json_stringn(out, at);
}

/* Is the cloud there, for this credential and region?  The cheapest question
 * that needs the token and Nova. */
SC_WAITS static struct sc_reply *health(struct sc_call *call)
{
	json_t *limits = sc_rest_call(call, "limits", NULL);

	if (!limits)
		return sc_failed(call);
	json_decref(limits);
	return sc_ok(call);
}

static const struct sc_rest *const tables[] = {
	identity_rest, nova_rest, flavor_rest, quota_rest, recover_rest,
	neutron_rest, security_rest, router_rest, glance_rest, cinder_rest,
	cluster_rest, node_pool_rest, NULL,
};

static const char *const unsupported[][2] = {
	{ "load_balancer.*", "not written yet (Octavia)" },
	{ "cluster.update", "Magnum's clusters change by templates: upgrade" },
	{ "node_pool.update", "not written yet" },
	{ "node.*", "nodes are the Kubernetes API's: use the kubeconfig" },
	{ "role.create", "not written yet" },
	{ "role.delete", "not written yet" },
	{ "stack.*", "not written yet (Heat)" },
	{ "cost.*", "OpenStack has no prices of its own" },
	{ "metric.*", "OpenStack's core services measure nothing" },
	{ NULL },
};

int main(int argc, char **argv)
{
	return sc_main(argc, argv, &(struct sc_driver) {
		.name = "openstack",
		.version = "1.0.0",
		.description = "OpenStack: Keystone v3, Nova, Neutron, Glance, Cinder, Magnum",
		.config_schema = OBJECT(SETTINGS, "\"auth_url\""),
		.credential_schema = OBJECT(CREDENTIAL, ""),
		.env = env,
		.rest_tables = tables,
		.services = services,
		.login = keystone_login,
		.health = health,
		.unsupported = unsupported,
	});
}
