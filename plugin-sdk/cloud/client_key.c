/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh key, and the request that a cloud signs for it. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "skyclust/driver.h"

/* What was written into @bio, new. */
static char *text_of(BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	return n > 0 ? mem_strndup(p, (size_t)n) : NULL;
}

static char *key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;

	if (bio &&
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		text = text_of(bio);
	BIO_free(bio);
	return text;
}

static bool add_name(X509_NAME *subject, const char *type, const char *value)
{
	return !value || X509_NAME_add_entry_by_txt(
				 subject, type, MBSTRING_UTF8,
				 (const unsigned char *)value, -1, -1, 0);
}

static char *request_text(EVP_PKEY *key, const char *cn, const char *o)
{
	X509_REQ *csr = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (csr && bio && X509_REQ_set_version(csr, 0) &&
	    add_name(X509_REQ_get_subject_name(csr), "O", o) &&
	    add_name(X509_REQ_get_subject_name(csr), "CN", cn) &&
	    X509_REQ_set_pubkey(csr, key) &&
	    X509_REQ_sign(csr, key, EVP_sha256()) &&
	    PEM_write_bio_X509_REQ(bio, csr))
		text = text_of(bio);
	BIO_free(bio);
	X509_REQ_free(csr);
	return text;
}

/* An elliptic key needs no time that others would have to wait for. */
bool sc_client_key(struct sc_client_key *made, const char *cn, const char *o)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	*made = (struct sc_client_key){ 0 };
	if (key) {
		made->key = key_text(key);
		made->csr = request_text(key, cn, o);
	}
	EVP_PKEY_free(key);
	if (made->key && made->csr)
		return true;
	sc_client_key_done(made);
	return false;
}

void sc_client_key_done(struct sc_client_key *made)
{
	if (made->key)
		mem_wipe(made->key, strlen(made->key));
	mem_free(made->key);
	mem_free(made->csr);
	*made = (struct sc_client_key){ 0 };
}
