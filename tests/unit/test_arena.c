/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/mem.h"
#include "base/sys.h"

static void test_zeroed_aligned_apart(void **state UNUSED)
{
	size_t before = mem_live();
	struct arena a = { 0 };
	char *last = NULL;

	for (size_t size = 1; size < 3000; size += 7) {
		char *p = arena_alloc(&a, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xee, size);
		assert_ptr_not_equal(p, last);
		last = p;
	}
	assert_true(mem_live() > before);
	arena_done(&a);
	assert_int_equal(mem_live(), before);
}

static void test_large_and_reuse(void **state UNUSED)
{
	struct arena a = { 0 };
	char *p = arena_alloc(&a, 1000000);

	p[999999] = 'x';
	arena_done(&a);
	assert_null(a.blocks);
	p = arena_strdup(&a, "again");
	assert_string_equal(p, "again");
	arena_done(&a);
	arena_done(&a);
	arena_done(NULL);
}

static void test_strings(void **state UNUSED)
{
	struct arena a = { 0 };

	assert_null(arena_strdup(&a, NULL));
	assert_null(arena_strndup(&a, NULL, 4));
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&a, "ab", 30), "ab");
	assert_string_equal(arena_printf(&a, "%s/%d", "x", 12), "x/12");
	assert_string_equal(arena_printf(&a, "%s", ""), "");
	arena_done(&a);
}

/* What was freed can only be looked at from outside. */
static void test_wipe(void **state UNUSED)
{
	static const char text[] = "a secret that is long enough to be found";
	AUTO_FD int memory = sys_open("/proc/self/mem", O_RDONLY, 0);
	char found[sizeof(text)] = "";
	struct arena a = { 0 };
	char *first = arena_strdup(&a, text);
	off_t at = (off_t)(uintptr_t)first;

	arena_alloc(&a, 5000); /* another block */
	assert_int_equal(pread(memory, found, sizeof(found), at),
			 sizeof(found));
	assert_string_equal(found, text);
	arena_wipe(&a);
	assert_null(a.blocks);
	if (pread(memory, found, sizeof(found), at) > 0)
		assert_null(memmem(found, sizeof(found), "enough", 6));
	arena_wipe(NULL);
}

static jmp_buf out_of_memory;

static void jump(void)
{
	longjmp(out_of_memory, 1);
}

static void test_absurd_size_is_out_of_memory(void **state UNUSED)
{
	struct arena a = { 0 };

	mem_on_oom(jump);
	if (!setjmp(out_of_memory)) {
		arena_alloc(&a, SIZE_MAX - 3);
		fail_msg("arena_alloc() came back");
	}
	mem_on_oom(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_aligned_apart),
		cmocka_unit_test(test_large_and_reuse),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_absurd_size_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
