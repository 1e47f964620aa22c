/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kubeconfig for a cluster of Magnum's: a fresh key, a certificate that
 * Magnum signs for it, and the cluster's authority.  The key is made here and
 * leaves in the answer only.
 */
#include "openstack.h"

/* The certificate of @csr_pem by the cluster's authority, new; NULL: failed. */
SC_WAITS static json_t *sign(struct sc_call *call, const char *csr_pem)
{
	json_t *args = json_pack("{s:s, s:s}", "id", sc_str(call, "id"), "csr",
				 csr_pem);
	json_t *signed_ = sc_rest_call(call, "sign", args);

	return signed_;
}

static const char *pem(const json_t *object)
{
	return json_string_value(json_object_get(object, "pem"));
}

SC_WAITS static struct sc_reply *with_key(struct sc_call *call,
					  const json_t *cluster,
					  const char *server,
					  const struct sc_client_key *key)
{
	json_t *ca = sc_rest_call(call, "get_ca", NULL), *file;
	json_t *cert = ca ? sign(call, key->csr) : NULL;
	const struct sc_kubeconfig config = {
		.cluster = json_string_value(json_object_get(cluster, "name")),
		.server = server,
		.ca = pem(ca),
		.certificate = pem(cert),
		.key = key->key,
	};
	struct sc_reply *reply;

	file = cert ? sc_kubeconfig(&config) : NULL;
	if (file)
		reply = sc_value(call, json_pack("{s:o}", "kubeconfig", file));
	else if (cert)
		reply = sc_fail(call, SC_CLOUD_BAD_ANSWER,
				"Magnum gave no certificate that can be used");
	else
		reply = sc_failed(call);
	json_decref(ca);
	json_decref(cert);
	return reply;
}

struct sc_reply *cluster_kubeconfig(struct sc_call *call)
{
	json_t *cluster = sc_rest_call(call, "cluster.get", NULL);
	const char *server =
		json_string_value(json_object_get(cluster, "endpoint"));
	struct sc_client_key key = { 0 };
	struct sc_reply *reply;

	if (!cluster)
		return sc_failed(call);
	if (!server)
		reply = sc_fail(call, SC_CONFLICT,
				"the cluster has no address "
				"yet; try again when it is running");
	else if (!sc_client_key(&key, "admin", "system:masters"))
		reply = sc_fail(call, SC_INTERNAL, "no key could be made");
	else
		reply = with_key(call, cluster, server, &key);
	sc_client_key_done(&key);
	json_decref(cluster);
	return reply;
}
