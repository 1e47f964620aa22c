/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/auto.h"
#include "keyring_run.h"
#include "keys/seal.h"

#define PLACE "credentials/crd_1/ws_a/3"
#define PLAIN "{\"password\":\"hunter2-canary\"}"
/* Where the parts of a sealed text are (seal.c). */
#define HEAD 69
#define AROUND (HEAD + 12 + 16)

static struct buf sealed_of(const char *place, const char *plain)
{
	struct buf out = { 0 };

	seal(keys_ring, place, slice_of(plain), &out);
	return out;
}

static void check_refused(const char *place, const struct buf *sealed)
{
	AUTO(buf_wipe) struct buf out = { 0 }, again = { 0 };
	struct error err = { 0 };

	buf_add_str(&out, "before");
	assert_false(unseal(keys_ring, place, buf_slice(sealed), &out, &err));
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_null(strstr(err.message, "canary"));
	assert_string_equal(out.p, "before");
	assert_false(
		seal_rewrap(keys_ring, place, buf_slice(sealed), &again, &err));
	assert_int_equal(again.n, 0);
}

static void check_opens(const char *place, const struct buf *sealed,
			const char *plain)
{
	AUTO(buf_wipe) struct buf out = { 0 };
	struct error err = { 0 };

	if (!unseal(keys_ring, place, buf_slice(sealed), &out, &err))
		fail_msg("%s", err.message);
	assert_int_equal(out.n, strlen(plain));
	assert_memory_equal(out.p, plain, out.n);
}

/* ---- what it is for -------------------------------------------------------------- */

static void test_round(void **state UNUSED)
{
	AUTO_FREE char *large = mem_alloc(100001);
	const char *const plains[] = { "", "x", PLAIN, large };

	memset(large, 'l', 100000);
	for (size_t i = 0; i < ARRAY_LEN(plains); i++) {
		AUTO(buf_done) struct buf s = sealed_of(PLACE, plains[i]);

		assert_int_equal(s.n, strlen(plains[i]) + AROUND);
		assert_int_equal(seal_key_version(buf_slice(&s)), 1);
		check_opens(PLACE, &s, plains[i]);
	}
}

static void test_appends(void **state UNUSED)
{
	AUTO(buf_wipe) struct buf s = { 0 }, out = { 0 };

	buf_add_str(&s, "abc");
	seal(keys_ring, PLACE, slice_of(PLAIN), &s);
	buf_drop_front(&s, 3);
	buf_add_str(&out, "abc");
	assert_true(unseal(keys_ring, PLACE, buf_slice(&s), &out, NULL));
	assert_string_equal(out.p, "abc" PLAIN);
}

/* The same secret twice: not one block of them is the same. */
static void test_fresh_each_time(void **state UNUSED)
{
	AUTO(buf_done) struct buf a = sealed_of(PLACE, PLAIN);
	AUTO(buf_done) struct buf b = sealed_of(PLACE, PLAIN);

	assert_null(memmem(a.p, a.n, "hunter2", 7));
	for (size_t i = 9; i + 8 <= a.n; i += 8)
		assert_memory_not_equal(a.p + i, b.p + i, 8);
}

/* ---- what must not open ---------------------------------------------------------- */

static void test_every_bit(void **state UNUSED)
{
	AUTO(buf_done) struct buf s = sealed_of(PLACE, PLAIN);

	for (size_t i = 0; i < s.n * 8; i++) {
		s.p[i / 8] ^= (char)(1 << i % 8);
		check_refused(PLACE, &s);
		s.p[i / 8] ^= (char)(1 << i % 8);
	}
	check_opens(PLACE, &s, PLAIN);
}

static void test_every_length(void **state UNUSED)
{
	AUTO(buf_done) struct buf s = sealed_of(PLACE, PLAIN);
	struct buf cut = s;

	for (cut.n = 0; cut.n < s.n; cut.n++)
		check_refused(PLACE, &cut);
	buf_add_char(&s, '\0');
	check_refused(PLACE, &s);
}

static void test_place(void **state UNUSED)
{
	static const char *const others[] = {
		"",
		"credentials/crd_1/ws_a/2", /* rolled back */
		"credentials/crd_1/ws_a/4",
		"credentials/crd_1/ws_a/33",
		"credentials/crd_1/ws_b/3", /* another tenant's */
		"credentials/crd_2/ws_a/3", /* another row */
		"operations/crd_1/ws_a/3",  /* another table */
	};
	AUTO(buf_done) struct buf s = sealed_of(PLACE, PLAIN);

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		check_refused(others[i], &s);
}

/* A part of one sealed text in another of the same place. */
static void test_swapped_parts(void **state UNUSED)
{
	static const struct {
		size_t from, n;
	} parts[] = {
		{ 9, 12 },		/* nonce of the wrapping */
		{ 21, 32 },		/* wrapped key */
		{ 53, 16 },		/* its tag */
		{ 9, HEAD - 9 },	/* all of the wrapping */
		{ HEAD, 12 },		/* nonce of the text */
		{ HEAD + 12, 29 },	/* the text */
		{ HEAD + 12 + 29, 16 }, /* its tag */
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		AUTO(buf_done) struct buf a = sealed_of(PLACE, PLAIN);
		AUTO(buf_done) struct buf b = sealed_of(PLACE, PLAIN);

		assert_int_equal(a.n, AROUND + 29);
		memcpy(a.p + parts[i].from, b.p + parts[i].from, parts[i].n);
		check_refused(PLACE, &a);
	}
}

static void test_other_ring(void **state UNUSED)
{
	AUTO(buf_done) struct buf s = sealed_of(PLACE, PLAIN);

	keyring_free(keys_ring);
	unlink(keys_file);
	keys_ring = keys_open("HS256");
	check_refused(PLACE, &s);
}

/* ---- rotation ------------------------------------------------------------------- */

static void test_rewrap(void **state UNUSED)
{
	AUTO(buf_done) struct buf old = sealed_of(PLACE, PLAIN), new = { 0 };
	struct error err;

	assert_true(keyring_rotate(keys_ring, KEY_WRAP, &err));
	check_opens(PLACE, &old, PLAIN);
	assert_true(seal_rewrap(keys_ring, PLACE, buf_slice(&old), &new, &err));
	assert_int_equal(seal_key_version(buf_slice(&old)), 1);
	assert_int_equal(seal_key_version(buf_slice(&new)), 2);
	/* The text itself was not touched. */
	assert_int_equal(new.n, old.n);
	assert_memory_equal(new.p + HEAD, old.p + HEAD, old.n - HEAD);
	check_opens(PLACE, &new, PLAIN);
	check_refused("elsewhere", &new);
	new.p[8] = 1; /* claims the old version */
	check_refused(PLACE, &new);
	new.p[8] = 2;

	assert_true(keyring_remove(keys_ring, KEY_WRAP, 1, &err));
	check_opens(PLACE, &new, PLAIN);
	check_refused(PLACE, &old);
	assert_false(unseal(keys_ring, PLACE, buf_slice(&old),
			    &(struct buf){ 0 }, &err));
	assert_non_null(strstr(err.message, "wrap key 1"));
}

/* Another host that shares the file is ahead. */
static void test_key_of_another_host(void **state UNUSED)
{
	struct keyring *other = keys_open("HS256");
	AUTO(buf_done) struct buf sealed = { 0 };
	struct error err;

	assert_true(keyring_rotate(other, KEY_WRAP, &err));
	seal(other, PLACE, slice_of(PLAIN), &sealed);
	assert_null(keyring_find(keys_ring, KEY_WRAP, 2));
	check_opens(PLACE, &sealed, PLAIN);
	keyring_free(other);
}

/* ---- MACs ----------------------------------------------------------------------- */

static void test_mac(void **state UNUSED)
{
	unsigned char a[MAC_SIZE], b[MAC_SIZE];
	struct error err;

	assert_true(keyed_mac(keys_ring, 0, SLICE("token"), a));
	assert_true(keyed_mac(keys_ring, 1, SLICE("token"), b));
	assert_memory_equal(a, b, MAC_SIZE);
	assert_true(keyed_mac(keys_ring, 0, SLICE("tokem"), b));
	assert_memory_not_equal(a, b, MAC_SIZE);
	assert_false(keyed_mac(keys_ring, 2, SLICE("token"), b));
	assert_true(keyring_rotate(keys_ring, KEY_MAC, &err));
	assert_true(keyed_mac(keys_ring, 0, SLICE("token"), b));
	assert_memory_not_equal(a, b, MAC_SIZE);
	assert_true(keyed_mac(keys_ring, 1, SLICE("token"), b));
	assert_memory_equal(a, b, MAC_SIZE);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, keys_setup, keys_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round),	    TEST(test_appends),
		TEST(test_fresh_each_time), TEST(test_every_bit),
		TEST(test_every_length),    TEST(test_place),
		TEST(test_swapped_parts),   TEST(test_other_ring),
		TEST(test_rewrap),	    TEST(test_key_of_another_host),
		TEST(test_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
