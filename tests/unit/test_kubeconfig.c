/* SPDX-License-Identifier: Apache-2.0 */
/* A kubeconfig's text, and the key and request that go before it. */
#include "unit.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/path.h"
#include "skyclust/driver.h"

/* ---- keys --------------------------------------------------------------- */

static char *subject(X509_REQ *csr)
{
	return X509_NAME_oneline(X509_REQ_get_subject_name(csr), NULL, 0);
}

static void test_key(void **state)
{
	struct sc_client_key made, other;
	EVP_PKEY *key;
	X509_REQ *csr;
	BIO *bio;
	char *name;

	(void)state;
	assert_true(sc_client_key(&made, "admin", "system:masters"));
	bio = BIO_new_mem_buf(made.key, -1);
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	bio = BIO_new_mem_buf(made.csr, -1);
	csr = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_non_null(key);
	assert_non_null(csr);
	assert_int_equal(X509_REQ_verify(csr, key), 1);
	name = subject(csr);
	assert_string_equal(name, "/O=system:masters/CN=admin");
	OPENSSL_free(name);
	X509_REQ_free(csr);
	EVP_PKEY_free(key);
	assert_true(sc_client_key(&other, "admin", NULL));
	assert_string_not_equal(made.key, other.key);
	sc_client_key_done(&made);
	sc_client_key_done(&other);
	assert_null(made.key);
}

/* ---- files -------------------------------------------------------------- */

static const char *const command[] = { "login-tool", "--cluster", "x", NULL };

/* clang-format off: tables */
#define PEM "-----BEGIN X-----\n"
#define PEM_64 "LS0tLS1CRUdJTiBYLS0tLS0K"

static const struct {
	struct sc_kubeconfig config;
	const char *path, *text;        /* what must be where; NULL: no file */
} files[] = {
	{ { .server = "https://h", .token = "t" }, "users[].user.token", "t" },
	{ { .server = "https://h", .token = "t" }, "clusters[].cluster.server", "https://h" },
	{ { .server = "https://h", .token = "t" }, "current-context", "cluster" },
	{ { .server = "https://h", .token = "t", .cluster = "c" }, "contexts[].context.user", "c" },
	{ { .server = "h", .token = "t", .ca = PEM },
	  "clusters[].cluster.certificate-authority-data", PEM_64 },
	{ { .server = "h", .token = "t", .ca = PEM_64 },
	  "clusters[].cluster.certificate-authority-data", PEM_64 },
	{ { .server = "h", .certificate = PEM, .key = PEM },
	  "users[].user.client-certificate-data", PEM_64 },
	{ { .server = "h", .certificate = PEM, .key = PEM },
	  "users[].user.client-key-data", PEM_64 },
	{ { .server = "h", .exec = command }, "users[].user.exec.command", "login-tool" },
	{ { .token = "t" }, "", NULL },
	{ { .server = "h" }, "", NULL },
	{ { .server = "h", .key = PEM }, "", NULL },
};
/* clang-format on */

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_JSON json_t *text = sc_kubeconfig(&files[i].config);
		AUTO_JSON json_t *tree = NULL;
		const char *found;

		if (!*files[i].path) {
			assert_null(text);
			continue;
		}
		tree = json_read(json_string_value(text),
				 json_string_length(text), NULL);
		assert_non_null(tree);
		assert_string_equal(json_str(tree, "kind", ""), "Config");
		found = json_string_value(path_first(tree, files[i].path));
		if (!found || strcmp(found, files[i].text))
			fail_msg("%zu: %s: %s", i, files[i].path,
				 found ? found : "(nothing)");
	}
}

static void test_command(void **state)
{
	const struct sc_kubeconfig config = { .server = "h", .exec = command };
	AUTO_JSON json_t *text = sc_kubeconfig(&config), *tree = NULL;
	json_t *args;

	(void)state;
	tree = json_read(json_string_value(text), json_string_length(text),
			 NULL);
	args = path_first(tree, "users[].user.exec.args");
	assert_int_equal(json_array_size(args), 2);
	assert_string_equal(json_string_value(json_array_get(args, 1)), "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
