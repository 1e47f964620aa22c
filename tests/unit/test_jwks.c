/* SPDX-License-Identifier: Apache-2.0 */
/* ID tokens against a provider's keys: which are taken, which are not. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "jwks_cases.h"

static json_t *read_set(void)
{
	struct error err;
	json_t *set = json_read(jwks_set, strlen(jwks_set), &err);

	assert_non_null(set);
	return set;
}

static void test_tokens(void **state UNUSED)
{
	AUTO_JSON json_t *set = read_set();

	for (size_t i = 0; i < ARRAY_LEN(jwks_cases); i++) {
		AUTO_JSON json_t *claims = NULL;
		enum jwks_result result = jwks_verify(
			set, slice_of(jwks_cases[i].token), &claims);

		if (result != jwks_cases[i].result)
			fail_msg("%s: %d", jwks_cases[i].what, result);
		assert_int_equal(claims != NULL, result == JWKS_GOOD);
		if (claims)
			assert_string_equal(json_str(claims, "sub", ""), "ann");
	}
}

/* Whatever the provider publishes, it is an answer and no crash. */
static void test_broken_sets(void **state UNUSED)
{
	static const char *const sets[] = {
		"{}",
		"{\"keys\":1}",
		"{\"keys\":[1]}",
		"{\"keys\":[{}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"!\",\"e\":"
		"\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"AQ\",\"e\":"
		"\"AQ\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"kid\":\"r\",\"crv\":\"P-256\","
		"\"x\":\"AQ\",\"y\":\"AQ\"}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		AUTO_JSON json_t *set = json_read(sets[i], strlen(sets[i]), NULL);
		AUTO_JSON json_t *claims = NULL;

		assert_non_null(set);
		assert_int_not_equal(
			jwks_verify(set, slice_of(jwks_cases[0].token),
				    &claims),
			JWKS_GOOD);
		assert_null(claims);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_broken_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
