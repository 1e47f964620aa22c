/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kubeconfig for a cluster of Magnum's: a fresh key, a certificate that
 * Magnum signs for it, and the cluster's authority.  The key is made here and
 * leaves in the answer only.  JSON is YAML, so the file is made as JSON.
 */
#include "openstack.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define PEM_MAX 4096

static bool name(X509_REQ *csr)
{
	X509_NAME *subject = X509_REQ_get_subject_name(csr);

	return X509_NAME_add_entry_by_txt(
		       subject, "O", MBSTRING_ASC,
		       (const unsigned char *)"system:masters", -1, -1, 0) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					  (const unsigned char *)"admin", -1,
					  -1, 0);
}

/* What was written into @bio, as a text in @out; false: too long. */
static bool read_text(BIO *bio, char *out)
{
	int n = BIO_read(bio, out, PEM_MAX - 1);

	if (n <= 0 || BIO_pending(bio))
		return false;
	out[n] = '\0';
	return true;
}

static bool write_key(EVP_PKEY *key, char *out)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool ok =
		bio &&
		PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
		read_text(bio, out);

	BIO_free(bio);
	return ok;
}

static bool write_request(EVP_PKEY *key, char *out)
{
	X509_REQ *csr = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = csr && bio && X509_REQ_set_version(csr, 0) && name(csr) &&
		  X509_REQ_set_pubkey(csr, key) &&
		  X509_REQ_sign(csr, key, EVP_sha256()) &&
		  PEM_write_bio_X509_REQ(bio, csr) && read_text(bio, out);

	BIO_free(bio);
	X509_REQ_free(csr);
	return ok;
}

/* An elliptic key needs no time that others would have to wait for. */
static bool make_key(char *key_pem, char *csr_pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	bool ok = key && write_key(key, key_pem) && write_request(key, csr_pem);

	EVP_PKEY_free(key);
	return ok;
}

/* The certificate of @csr_pem by the cluster's authority, new; NULL: failed. */
SC_WAITS static json_t *sign(struct sc_call *call, const char *csr_pem)
{
	json_t *args = json_pack("{s:s, s:s}", "id", sc_str(call, "id"), "csr",
				 csr_pem);
	json_t *signed_ = sc_rest_call(call, "sign", args);

	return signed_;
}

static json_t *encoded(const json_t *object)
{
	const char *pem = json_string_value(json_object_get(object, "pem"));

	return pem ? openstack_base64(pem) : NULL;
}

/* The file as a tree, new; NULL: Magnum's answers lack a part. */
static json_t *config(const char *server, const char *cluster, const json_t *ca,
		      const json_t *cert, const char *key)
{
	return json_pack("{s:s, s:s, s:s, s:[{s:s, s:{s:s, s:o}}],"
			 " s:[{s:s, s:{s:s, s:s}}], s:[{s:s, s:{s:o, s:o}}]}",
			 "apiVersion", "v1", "kind", "Config",
			 "current-context", "default", "clusters", "name",
			 cluster, "cluster", "server", server,
			 "certificate-authority-data", encoded(ca), "contexts",
			 "name", "default", "context", "cluster", cluster,
			 "user", "admin", "users", "name", "admin", "user",
			 "client-certificate-data", encoded(cert),
			 "client-key-data", openstack_base64(key));
}

/* {"kubeconfig": text} of a tree; steals @tree. */
static struct sc_reply *answer(struct sc_call *call, json_t *tree)
{
	static char file[8 * PEM_MAX]; /* no wait happens while in use */
	size_t n = tree ? json_dumpb(tree, file, sizeof(file),
				     JSON_INDENT(2) | JSON_PRESERVE_ORDER)
			: 0;
	json_t *value = NULL;

	json_decref(tree);
	if (n && n <= sizeof(file))
		value = json_pack("{s:o}", "kubeconfig", json_stringn(file, n));
	explicit_bzero(file, sizeof(file));
	if (value)
		return sc_value(call, value);
	return sc_fail(call, SC_CLOUD_BAD_ANSWER,
		       "Magnum gave no certificate that can be used");
}

SC_WAITS static struct sc_reply *with_key(struct sc_call *call,
					  const json_t *cluster,
					  const char *server, const char *key,
					  const char *csr)
{
	json_t *ca = sc_rest_call(call, "get_ca", NULL);
	json_t *cert = ca ? sign(call, csr) : NULL;
	struct sc_reply *reply;

	if (cert)
		reply = answer(call, config(server,
					    json_string_value(json_object_get(
						    cluster, "name")),
					    ca, cert, key));
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
	char key[PEM_MAX], csr[PEM_MAX];
	struct sc_reply *reply;

	if (!cluster)
		return sc_failed(call);
	if (!server)
		reply = sc_fail(call, SC_CONFLICT,
				"the cluster has no address "
				"yet; try again when it is running");
	else if (!make_key(key, csr))
		reply = sc_fail(call, SC_INTERNAL, "no key could be made");
	else
		reply = with_key(call, cluster, server, key, csr);
	explicit_bzero(key, sizeof(key));
	json_decref(cluster);
	return reply;
}
