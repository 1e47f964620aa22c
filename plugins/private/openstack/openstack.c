/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenStack driver.  Read keystone.c for how a login becomes a session; the
 * other files are the services: tables, and the few functions that a table
 * cannot say.
 */
#include "openstack.h"

/* Rows are read as tables. */
/* clang-format off */

#define HEADERS(...) \
	(const char *const[]){ "X-Auth-Token: {session.token}", ##__VA_ARGS__, NULL }
#define ERRORS(...) (const struct sc_error_row[]){ __VA_ARGS__, { 0 } }
#define PAGED .page = "limit={limit?}&marker={page_token?}"
#define LINKED PAGED, .next = "*[rel=next].href"

/*
 * compute.c negotiates Nova's microversion.  Of the others' the lowest that has
 * what we use is asked for: Cinder's 3.42 enlarges attached volumes, Magnum's
 * 1.10 begins clusters without nodes.  Neutron's 409 may be a full quota, and
 * so is each 413 of Cinder and Glance, which have no limit of rates.
 */
static const struct sc_service services[] = {
	{ "", "{session.compute}", HEADERS("X-OpenStack-Nova-API-Version: {session.nova_version}"),
	  ERRORS({ 406, NULL, SC_UNSUPPORTED }),
	  NULL, "*.message", "X-Compute-Request-Id", LINKED },
	{ "network", "{session.network:until /v2.0}/v2.0", HEADERS(),
	  ERRORS({ 409, "OverQuota", SC_QUOTA },
		 { 404, "ExternalGatewayForFloatingIPNotFound", SC_CONFLICT }),
	  "NeutronError.type", "NeutronError.message", "X-Openstack-Request-Id", LINKED },
	{ "volume", "{session.volume}", HEADERS("OpenStack-API-Version: volume 3.42"),
	  ERRORS({ 406, NULL, SC_UNSUPPORTED }, { 413, NULL, SC_QUOTA }),
	  NULL, "*.message", "X-Compute-Request-Id", LINKED },
	{ "image", "{session.image:until /v2}/v2", HEADERS(), ERRORS({ 413, NULL, SC_QUOTA }),
	  NULL, NULL, "X-Openstack-Request-Id", PAGED, .next = "next" },
	{ "magnum", "{session.magnum:until /v1}/v1",
	  HEADERS("OpenStack-API-Version: container-infra 1.10"), NULL,
	  NULL, "errors[].title", "X-Openstack-Request-Id", PAGED, .next = "next" },
	{ "balancer", "{session.balancer:until /v2}/v2/lbaas", HEADERS(), NULL,
	  NULL, "faultstring", "X-Openstack-Request-Id", LINKED },
	{ "stack", "{session.stack}", HEADERS(), NULL,
	  "error.type", "error.message", "X-Openstack-Request-Id", LINKED },
	{ "identity", "{config.auth_url:until /v3}/v3", HEADERS(), NULL,
	  "error.title", "error.message", "X-Openstack-Request-Id", .next = "links.next" },
	{ "login", "{config.auth_url:until /v3}/v3", NULL, NULL,
	  "error.title", "error.message", "X-Openstack-Request-Id" },
	{ NULL },
};

#define TEXT(name) "'" name "': {'type': 'string'}, "
#define SECRET(name) "'" name "': {'type': 'string', 'writeOnly': true}"

static const char config_schema[] =
	"{'type': 'object', 'required': ['auth_url'], 'properties': {"
	TEXT("region") TEXT("ca_file") "'auth_url': {'type': 'string', 'format': 'uri'},"
	"'interface': {'type': 'string', 'enum': ['public', 'internal', 'admin']},"
	"'prices': {'type': 'object', 'required': ['currency'], 'properties': {"
	TEXT("storage_gib_month") "'instance_types': {'type': 'object'},"
	"'currency': {'type': 'string', 'minLength': 3, 'maxLength': 3}}}}}";

static const char credential_schema[] =
	"{'type': 'object', 'properties': {" TEXT("username") TEXT("user_id")
	TEXT("domain_name") TEXT("domain_id") TEXT("user_domain_name") TEXT("user_domain_id")
	TEXT("project_name") TEXT("project_id") TEXT("project_domain_name")
	TEXT("project_domain_id") TEXT("application_credential_id")
	SECRET("application_credential_secret") ", " SECRET("password") "}}";

static const char *const env[][2] = {
	{ "OS_AUTH_URL", "auth_url" }, { "OS_REGION_NAME", "region" },
	{ "OS_INTERFACE", "interface" }, { "OS_CACERT", "ca_file" },
	{ "OS_USERNAME", "username" }, { "OS_USER_ID", "user_id" },
	{ "OS_PASSWORD", "password" }, { "OS_DOMAIN_NAME", "domain_name" },
	{ "OS_USER_DOMAIN_NAME", "user_domain_name" }, { "OS_USER_DOMAIN_ID", "user_domain_id" },
	{ "OS_PROJECT_DOMAIN_NAME", "project_domain_name" },
	{ "OS_PROJECT_DOMAIN_ID", "project_domain_id" },
	{ "OS_PROJECT_NAME", "project_name" }, { "OS_PROJECT_ID", "project_id" },
	{ "OS_APPLICATION_CREDENTIAL_ID", "application_credential_id" },
	{ "OS_APPLICATION_CREDENTIAL_SECRET", "application_credential_secret" },
	{ NULL },
};

static const struct sc_rest *const tables[] = {
	keystone_rest, compute_rest, storage_rest, account_rest, network_rest,
	balancer_rest, cluster_rest, stack_rest, NULL,
};

static const char kinds[] =
	"{'x.openstack.volume_type': {'title': 'Volume type', 'operations': {"
	"  'list': {'paged': true, 'help': 'List what `type` of a volume may be.'},"
	"  'get': {'args': {'type': 'object', 'required': ['id'], 'properties': {"
	"    'id': {'type': 'string'}}}}}}}";

static const char *const unsupported[][2] = {
	{ "cluster.update", "Magnum's clusters change by templates: upgrade" },
	{ "node.*", "nodes are the Kubernetes API's: use the kubeconfig" },
	{ NULL },
};

int main(int argc, char **argv)
{
	return sc_main(argc, argv, &(struct sc_driver) {
		.name = "openstack",
		.version = "1.0.0",
		.description = "OpenStack: Keystone v3, Nova, Neutron, Octavia, Glance, Cinder, "
			       "Magnum, Heat",
		.config_schema = config_schema,
		.credential_schema = credential_schema,
		.env = env,
		.rest_tables = tables,
		.services = services,
		.login = keystone_login,
		.unsupported = unsupported,
		.kinds = kinds,
	});
}
