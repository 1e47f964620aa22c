/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"

static void test_zeroed_and_counted(void **state UNUSED)
{
	size_t before = mem_live();
	char *p = mem_alloc(100);

	assert_int_equal(mem_live(), before + 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	p = mem_realloc(p, 1000);
	assert_int_equal(mem_live(), before + 1);
	mem_free(p);
	mem_free(NULL);
	assert_int_equal(mem_live(), before);
}

static void test_realloc_of_nothing_counts(void **state UNUSED)
{
	size_t before = mem_live();
	char *p = mem_try_realloc(NULL, 10);

	assert_non_null(p);
	assert_int_equal(mem_live(), before + 1);
	mem_free(p);
}

static void test_strings(void **state UNUSED)
{
	char *p = mem_strdup("abc");

	assert_string_equal(p, "abc");
	mem_free(p);
	p = mem_strndup("abcdef", 3);
	assert_string_equal(p, "abc");
	mem_free(p);
	p = mem_strndup("ab\0def", 5);
	assert_string_equal(p, "ab");
	mem_free(p);
	assert_null(mem_strdup(NULL));
	assert_null(mem_strndup(NULL, 3));
	p = mem_printf("%s=%d", "n", 42);
	assert_string_equal(p, "n=42");
	mem_free(p);
}

static void test_wipe(void **state UNUSED)
{
	char text[] = "secret";

	mem_wipe(text, sizeof(text));
	for (size_t i = 0; i < sizeof(text); i++)
		assert_int_equal(text[i], 0);
	mem_wipe(NULL, 0);
}

static void test_nth_allocation_fails(void **state UNUSED)
{
	void *first, *third;

	mem_fail_after(2);
	first = mem_try(1);
	assert_non_null(first);
	assert_null(mem_try(1));
	third = mem_try(1);
	assert_non_null(third);
	mem_fail_after(1);
	assert_null(mem_try_realloc(first, 50));
	mem_free(first);
	mem_free(third);
	mem_fail_after(1);
	mem_fail_after(0);
	first = mem_try(1);
	assert_non_null(first);
	mem_free(first);
}

static jmp_buf out_of_memory;

static void jump(void)
{
	longjmp(out_of_memory, 1);
}

static void test_oom_hook(void **state UNUSED)
{
	mem_on_oom(jump);
	if (!setjmp(out_of_memory)) {
		mem_fail_after(1);
		mem_free(mem_alloc(1));
		fail_msg("mem_alloc() came back");
	}
	if (!setjmp(out_of_memory)) {
		mem_fail_after(1);
		mem_free(mem_realloc(NULL, 1));
		fail_msg("mem_realloc() came back");
	}
	mem_on_oom(NULL);
}

static void test_oom_ends_the_process(void **state UNUSED)
{
	int fds[2], status;
	char text[64] = "";
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		mem_fail_after(1);
		mem_free(mem_alloc(1));
		_exit(0);
	}
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_OSERR);
	assert_string_equal(text, "out of memory, ending\n");
}

static void test_jansson_allocates_here(void **state UNUSED)
{
	size_t before;
	json_t *v;

	mem_use_for_jansson();
	before = mem_live();
	v = json_string("x");
	assert_true(mem_live() > before);
	json_decref(v);
	assert_int_equal(mem_live(), before);
	mem_json_may_fail(true);
	mem_fail_after(1);
	assert_null(json_string("x"));
	mem_json_may_fail(false);
}

/* An object must not silently lack a member. */
static void test_jansson_does_not_fail(void **state UNUSED)
{
	mem_use_for_jansson();
	mem_on_oom(jump);
	mem_fail_after(1);
	if (!setjmp(out_of_memory)) {
		json_decref(json_string("x"));
		fail_msg("there was memory");
	}
	mem_on_oom(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_counted),
		cmocka_unit_test(test_realloc_of_nothing_counts),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_nth_allocation_fails),
		cmocka_unit_test(test_oom_hook),
		cmocka_unit_test(test_oom_ends_the_process),
		cmocka_unit_test(test_jansson_allocates_here),
		cmocka_unit_test(test_jansson_does_not_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
