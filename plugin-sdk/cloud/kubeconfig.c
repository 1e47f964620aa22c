/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubeconfig files (kubernetes.io, "Organizing Cluster Access Using kubeconfig
 * Files").  JSON is YAML, so they are made as JSON.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "cloud/base64.h"
#include "skyclust/driver.h"

/* PEM is encoded; what some clouds give is so already.  New, NULL for NULL. */
static json_t *data(const char *pem)
{
	AUTO(buf_wipe) struct buf text = { 0 };

	if (!pem || !text_starts(pem, "-----BEGIN"))
		return pem ? json_string(pem) : NULL;
	base64_add(&text, slice_of(pem));
	return json_stringn(text.p, text.n);
}

/* Commands tell of a login's result in this form. */
#define EXEC_API "client.authentication.k8s.io/v1"

static json_t *command(const char *const *exec)
{
	json_t *args = json_array();

	for (const char *const *arg = exec + 1; *arg; arg++)
		json_array_append_new(args, json_string(*arg));
	return json_pack("{s:s, s:s, s:o, s:s}", "apiVersion", EXEC_API,
			 "command", exec[0], "args", args, "interactiveMode",
			 "IfAvailable");
}

/* How the user proves who it is; new, NULL: nothing was given. */
static json_t *user(const struct sc_kubeconfig *k)
{
	if (k->certificate && k->key)
		return json_pack("{s:o, s:o}", "client-certificate-data",
				 data(k->certificate), "client-key-data",
				 data(k->key));
	if (k->token)
		return json_pack("{s:s}", "token", k->token);
	return k->exec && k->exec[0]
		       ? json_pack("{s:o}", "exec", command(k->exec))
		       : NULL;
}

static int add(const char *p, size_t n, void *out)
{
	buf_add(out, p, n);
	return 0;
}

json_t *sc_kubeconfig(const struct sc_kubeconfig *k)
{
	const char *name = k->cluster ? k->cluster : "cluster";
	AUTO(buf_wipe) struct buf text = { 0 };
	json_t *login = user(k), *tree;

	if (!k->server || !login) {
		json_decref(login);
		return NULL;
	}
	tree = json_pack("{s:s, s:s, s:s, s:[{s:s, s:{s:s, s:o*}}],"
			 " s:[{s:s, s:{s:s, s:s}}], s:[{s:s, s:o}]}",
			 "apiVersion", "v1", "kind", "Config",
			 "current-context", name, "clusters", "name", name,
			 "cluster", "server", k->server,
			 "certificate-authority-data", data(k->ca), "contexts",
			 "name", name, "context", "cluster", name, "user", name,
			 "users", "name", name, "user", login);
	buf_reserve(&text, 16384); /* growing would leave copies */
	json_dump_callback(tree, add, &text, JSON_INDENT(2));
	json_wipe(tree);
	json_decref(tree);
	return json_stringn(text.p, text.n);
}
