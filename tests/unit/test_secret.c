/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"

static void test_holds_what_it_got(void **state UNUSED)
{
	static const size_t sizes[] = { 0, 1, 100, 246, 247, 248, 4096, 10000 };
	char bytes[10000];

	memset(bytes, 's', sizeof(bytes));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct secret *s = secret_new(bytes, sizes[i]);

		assert_int_equal(secret_length(s), sizes[i]);
		assert_int_equal(strlen(secret_reveal(s)), sizes[i]);
		assert_memory_equal(secret_reveal(s), bytes, sizes[i]);
		secret_free(s);
	}
	secret_free(NULL);
}

static void test_equal(void **state UNUSED)
{
	struct secret *s = secret_new("token", 5), *e = secret_new(NULL, 0);

	assert_true(secret_equal(s, "token", 5));
	assert_false(secret_equal(s, "toke", 4));
	assert_false(secret_equal(s, "token\0", 6));
	assert_false(secret_equal(s, "tokex", 5));
	assert_false(secret_equal(s, "Token", 5));
	assert_false(secret_equal(s, "", 0));
	assert_false(secret_equal(s, "tokentoken", 10));
	assert_true(secret_equal(e, "", 0));
	assert_false(secret_equal(e, "x", 1));
	secret_free(s);
	secret_free(e);
}

/* Its slot is read after it was freed: that is the test. The first slot of a
 * slab that lives on is still mapped. */
static void test_wiped_when_freed(void **state UNUSED)
{
	struct secret *keep = secret_new("keep", 4);
	struct secret *s = secret_new("hunter2", 7);
	const char *bytes = secret_reveal(s);

	secret_free(s);
	for (int i = 0; i < 7; i++)
		assert_int_equal(bytes[i], 0);
	secret_free(keep);
}

#define MANY 300

static void test_many(void **state UNUSED)
{
	struct secret *all[MANY];
	char text[16];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			int n = snprintf(text, sizeof(text), "secret-%d", i);

			all[i] = secret_new(text, (size_t)n);
		}
		for (int i = 0; i < MANY; i++) {
			snprintf(text, sizeof(text), "secret-%d", i);
			assert_string_equal(secret_reveal(all[i]), text);
		}
		for (int i = 0; i < MANY; i++)
			secret_free(all[(i * 7) % MANY]);
	}
}

static void test_random(void **state UNUSED)
{
	struct secret *a = secret_random_hex(32), *b = secret_random_hex(32);

	assert_int_equal(secret_length(a), 64);
	assert_int_equal(strlen(secret_reveal(a)), 64);
	assert_int_equal(strspn(secret_reveal(a), "0123456789abcdef"), 64);
	assert_false(secret_equal(a, secret_reveal(b), 64));
	secret_free(a);
	secret_free(b);
}

static void test_not_in_a_forked_child(void **state UNUSED)
{
	struct secret *s = secret_new("hunter2", 7);
	const char *bytes = secret_reveal(s);
	int status;
	pid_t pid = fork();

	if (!pid) {
		bool gone = bytes[0] == '\0';
		struct secret *own = secret_new("own", 3);
		bool works = secret_equal(own, "own", 3);

		secret_free(own);
		_exit(gone && works ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(bytes, "hunter2");
	secret_free(s);
}

static int told;

static void count_line(const char *line UNUSED, size_t n UNUSED)
{
	told++;
}

/* Without locked memory it works all the same, and says so once.  In a child:
 * root regardless of the limit may lock. */
static void test_no_locked_memory(void **state UNUSED)
{
	struct rlimit none = { 0, 0 };
	char bytes[5000] = "x";
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct secret *a, *b;
		bool fine;

		log_set_sink(count_line);
		log_set_level(LOG_DEBUG);
		setrlimit(RLIMIT_MEMLOCK, &none);
		if (getuid() == 0 && setuid(65534) != 0)
			_exit(2);
		a = secret_new(bytes, sizeof(bytes));
		b = secret_new(bytes, sizeof(bytes));
		fine = secret_length(a) == sizeof(bytes) && told == 1;
		secret_free(a);
		secret_free(b);
		_exit(fine ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_json_wipe(void **state UNUSED)
{
	json_t *v = json_pack("{s:s, s:[s, {s:s}, i], s:n}", "a", "one", "b",
			      "two", "c", "three", 4, "d");
	struct buf b = { 0 };

	json_wipe(v);
	assert_int_equal(json_string_length(json_object_get(v, "a")), 3);
	assert_string_equal(json_str(v, "a", "x"), "");
	assert_string_equal(json_string_value(json_at(v, "/b/0")), "");
	assert_string_equal(json_string_value(json_at(v, "/b/1/c")), "");
	assert_int_equal(json_integer_value(json_at(v, "/b/2")), 4);
	json_decref(v);
	json_wipe(NULL);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_locked_memory), /* told once: first */
		cmocka_unit_test(test_holds_what_it_got),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_wiped_when_freed),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_not_in_a_forked_child),
		cmocka_unit_test(test_json_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
