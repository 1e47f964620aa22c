/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/sys.h"
#include "keyring_run.h"

static struct buf file_text(void)
{
	struct buf text = { 0 };

	assert_int_equal(sys_read_file(keys_file, 1 << 20, &text), 0);
	return text;
}

/* Without a sync: it is done very often. */
static void write_file(const void *p, size_t n)
{
	int fd = open(keys_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, p, n), (ssize_t)n);
	close(fd);
}

static bool opens(enum err_code *code)
{
	struct error err = { 0 };
	struct keyring *ring = keyring_open(keys_file, "HS256", &err);
	bool good = ring != NULL;

	*code = err.code;
	keyring_free(ring);
	return good;
}

/* All that a ring knows, with its secrets. */
static struct buf told(const struct keyring *ring)
{
	struct buf text = { 0 };
	json_t *list = keyring_list(ring), *row;
	size_t i;

	json_array_foreach (list, i, row) {
		const struct key *key =
			keyring_find_id(ring, json_str(row, "id", NULL));

		json_write(row, &text);
		buf_add(&text, key->secret, key->secret_length);
		buf_add_str(&text, key->public_pem ? key->public_pem : "-");
	}
	json_decref(list);
	return text;
}

static void check_same(const struct keyring *a, const struct keyring *b)
{
	AUTO(buf_wipe) struct buf x = told(a), y = told(b);

	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.p, y.p, x.n);
}

/* ---- the first start --------------------------------------------------------- */

static void test_made_at_first(void **state UNUSED)
{
	static const struct {
		enum key_use use;
		const char *id, *algorithm;
	} wanted[] = {
		{ KEY_WRAP, "wrap-1", "A256GCM" },
		{ KEY_MAC, "mac-1", "HS256" },
		{ KEY_TOKEN, "token-1", "HS256" },
		{ KEY_AUDIT, "audit-1", "Ed25519" },
	};
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		const struct key *key =
			keyring_active(keys_ring, wanted[i].use);

		assert_string_equal(key->id, wanted[i].id);
		assert_string_equal(key->algorithm, wanted[i].algorithm);
		assert_int_equal(key->version, 1);
		assert_int_equal(key->public_pem != NULL, i == 3);
		if (i != 3)
			assert_int_equal(key->secret_length, 32);
		assert_ptr_equal(keyring_find(keys_ring, wanted[i].use, 1),
				 key);
		assert_ptr_equal(keyring_find_id(keys_ring, wanted[i].id), key);
	}
	assert_null(keyring_find(keys_ring, KEY_WRAP, 2));
	assert_null(keyring_find_id(keys_ring, "wrap-2"));
	assert_null(keyring_find_id(keys_ring, NULL));
	assert_int_equal(stat(keys_file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_reads_what_it_wrote(void **state UNUSED)
{
	struct keyring *again = keys_open("HS256");

	check_same(keys_ring, again);
	keyring_free(again);
}

static void test_no_two_alike(void **state UNUSED)
{
	const struct key *wrap = keyring_active(keys_ring, KEY_WRAP);
	const struct key *mac = keyring_active(keys_ring, KEY_MAC);

	assert_memory_not_equal(wrap->secret, mac->secret, 32);
}

/* The keys are in pages that are neither dumped nor inherited. */
static void test_locked_memory(void **state UNUSED)
{
	const struct key *key = keyring_active(keys_ring, KEY_WRAP);
	FILE *maps = fopen("/proc/self/smaps", "r");
	char line[512];
	unsigned long from, to;
	bool inside = false, found = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)key->secret >= from &&
				 (uintptr_t)key->secret < to;
		if (inside && !strncmp(line, "VmFlags:", 8)) {
			found = true;
			assert_non_null(strstr(line, " dd")); /* no dump */
			assert_non_null(strstr(line, " wf")); /* no fork */
		}
	}
	fclose(maps);
	assert_true(found);
}

static void test_list_tells_no_key(void **state UNUSED)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO_JSON json_t *list = keyring_list(keys_ring);

	assert_int_equal(json_array_size(list), KEY_USES);
	assert_string_equal(json_str(json_array_get(list, 2), "id", ""),
			    "token-1");
	json_write(list, &text);
	assert_null(strstr(text.p, "secret"));
	assert_null(strstr(text.p, "PRIVATE"));
}

/* ---- a file that is not right ---------------------------------------------------- */

static void test_readable_by_others(void **state UNUSED)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0601, 0660, 0777 };
	enum err_code code;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		chmod(keys_file, modes[i]);
		assert_false(opens(&code));
		assert_int_equal(code, ERR_INVALID);
	}
	chmod(keys_file, 0400);
	assert_true(opens(&code));
}

static void test_no_file_of_ours(void **state UNUSED)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"format\":1}",
		"{\"keys\":[]}",
		"{\"format\":1,\"keys\":[]}",
		"{\"format\":1,\"keys\":[{}]}",
		"{\"format\":1,\"keys\":[1]}",
		"{\"format\":1,\"keys\":{}}",
		"{\"format\":1,\"keys\":[{\"use\":1}]}",
		"{\"format\":1,\"keys\":[{\"nonsense\":\"x\"}]}",
	};
	enum err_code code;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		write_file(texts[i], strlen(texts[i]));
		assert_false(opens(&code));
		assert_int_equal(code, ERR_INVALID);
	}
	unlink(keys_file);
	assert_int_equal(mkdir(keys_file, 0700), 0);
	assert_false(opens(&code));
	rmdir(keys_file);
}

/* A flipped bit is noticed, or (in white space, in the case of a hex digit)
 * changes nothing. */
static void test_every_byte(void **state UNUSED)
{
	AUTO(buf_wipe) struct buf text = file_text();
	size_t refused = 0;
	struct error err;

	for (size_t i = 0; i < text.n; i++) {
		struct keyring *ring;

		text.p[i] ^= 0x10;
		write_file(text.p, text.n);
		text.p[i] ^= 0x10;
		ring = keyring_open(keys_file, "HS256", &err);
		if (ring)
			check_same(ring, keys_ring);
		else
			refused++;
		keyring_free(ring);
	}
	assert_true(refused > text.n * 3 / 4);
}

static void test_every_length(void **state UNUSED)
{
	AUTO(buf_wipe) struct buf text = file_text();
	enum err_code code;

	for (size_t n = 0; n + 2 < text.n; n += 7) {
		write_file(text.p, n);
		assert_false(opens(&code));
	}
}

static void test_unknown_algorithm(void **state UNUSED)
{
	struct error err;

	assert_null(keyring_open(keys_file, "none", &err));
	assert_int_equal(err.code, ERR_INVALID);
}

/* ---- rotation ------------------------------------------------------------------ */

static void test_rotate(void **state UNUSED)
{
	const struct key *old, *key;
	char secret[32];
	struct keyring *again;
	struct error err;

	for (int use = 0; use < KEY_USES; use++) {
		old = keyring_active(keys_ring, use);
		memcpy(secret, old->secret, sizeof(secret));
		assert_true(keyring_rotate(keys_ring, use, &err));
		key = keyring_active(keys_ring, use);
		assert_int_equal(key->version, 2);
		assert_memory_not_equal(key->secret, secret,
					key->public_pem ? old->secret_length
							: sizeof(secret));
		/* The pointer lives on, and so does the key. */
		assert_ptr_equal(keyring_find(keys_ring, use, 1), old);
		assert_memory_equal(old->secret, secret, sizeof(secret));
	}
	again = keys_open("HS256");
	check_same(keys_ring, again);
	keyring_free(again);
}

static void test_another_algorithm(void **state UNUSED)
{
	static const char *const names[] = { "ES256", "RS256", "HS256" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct keyring *ring = keys_open(names[i]);
		const struct key *key = keyring_active(ring, KEY_TOKEN);

		assert_int_equal(key->version, i + 2);
		assert_string_equal(key->algorithm, names[i]);
		assert_int_equal(key->public_pem != NULL, i < 2);
		assert_non_null(keyring_find_id(ring, "token-1"));
		keyring_free(ring);
	}
}

/* Whatever fails on the way to the disk, both rings are whole after it: the one
 * in memory and the one in the file. */
static void test_disk_fails(void **state UNUSED)
{
	static const struct {
		enum sys_call call;
		int error;
	} faults[] = {
		{ SYS_WRITE, ENOSPC },	{ SYS_FSYNC, EIO },
		{ SYS_RENAME, ENOSPC }, { SYS_OPEN, EMFILE },
		{ SYS_READ, EIO },
	};

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		AUTO(buf_wipe) struct buf before = told(keys_ring);
		AUTO(buf_wipe) struct buf after = { 0 };
		struct keyring *again;
		struct error err;

		sys_fail(faults[i].call, 1, faults[i].error);
		assert_false(keyring_rotate(keys_ring, KEY_WRAP, &err));
		sys_fail(faults[i].call, 0, 0);
		assert_non_null(strstr(err.message, keys_file));
		after = told(keys_ring);
		assert_int_equal(after.n, before.n);
		assert_memory_equal(after.p, before.p, after.n);
		again = keys_open("HS256");
		check_same(keys_ring, again);
		keyring_free(again);
	}
	assert_true(keyring_rotate(keys_ring, KEY_WRAP, NULL));
}

/* A disk that is really full: no file can grow. */
static void test_full_disk(void **state UNUSED)
{
	struct rlimit old, none;
	struct keyring *again;
	struct error err;

	getrlimit(RLIMIT_FSIZE, &old);
	none = old;
	none.rlim_cur = 100;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	assert_false(keyring_rotate(keys_ring, KEY_TOKEN, &err));
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(keyring_active(keys_ring, KEY_TOKEN)->version, 1);
	again = keys_open("HS256");
	check_same(keys_ring, again);
	keyring_free(again);
	assert_true(keyring_rotate(keys_ring, KEY_TOKEN, &err));
}

/* A rotation that was killed leaves no copy of the keys for ever. */
static void test_leftovers(void **state UNUSED)
{
	AUTO_FREE char *left = mem_printf("%s.123.0.tmp", keys_file);
	AUTO_FREE char *other = mem_printf("%s.copy", keys_file);
	struct keyring *again;

	assert_int_equal(sys_replace_file(left, "x", 1, 0600), 0);
	assert_int_equal(sys_replace_file(other, "x", 1, 0600), 0);
	again = keys_open("HS256");
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(access(other, F_OK), 0);
	keyring_free(again);
}

/* ---- removal ------------------------------------------------------------------- */

static void test_remove(void **state UNUSED)
{
	struct keyring *again;
	struct error err;

	assert_false(keyring_remove(keys_ring, KEY_MAC, 1, &err));
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_false(keyring_remove(keys_ring, KEY_MAC, 7, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_true(keyring_rotate(keys_ring, KEY_MAC, &err));
	sys_fail(SYS_WRITE, 1, ENOSPC);
	assert_false(keyring_remove(keys_ring, KEY_MAC, 1, &err));
	sys_fail(SYS_WRITE, 0, 0);
	assert_non_null(keyring_find(keys_ring, KEY_MAC, 1));
	assert_true(keyring_remove(keys_ring, KEY_MAC, 1, &err));
	assert_null(keyring_find(keys_ring, KEY_MAC, 1));
	again = keys_open("HS256");
	check_same(keys_ring, again);
	keyring_free(again);
	/* A version is never given twice. */
	assert_true(keyring_rotate(keys_ring, KEY_MAC, &err));
	assert_non_null(keyring_find(keys_ring, KEY_MAC, 3));
}

/* ---- two hosts, one file --------------------------------------------------------- */

static void test_two_hosts(void **state UNUSED)
{
	struct keyring *other = keys_open("HS256");
	const struct key *mine = keyring_active(keys_ring, KEY_TOKEN);
	struct error err;

	assert_true(keyring_rotate(other, KEY_TOKEN, &err));
	assert_null(keyring_find_id(keys_ring, "token-2"));
	assert_true(keyring_reload(keys_ring, &err));
	check_same(keys_ring, other);
	assert_ptr_equal(keyring_find_id(keys_ring, "token-1"), mine);

	/* Neither undoes what the other did. */
	assert_true(keyring_rotate(other, KEY_WRAP, &err));
	assert_true(keyring_rotate(keys_ring, KEY_WRAP, &err));
	assert_int_equal(keyring_active(keys_ring, KEY_WRAP)->version, 3);
	assert_true(keyring_reload(other, &err));
	check_same(keys_ring, other);
	assert_true(keyring_remove(other, KEY_WRAP, 1, &err));
	assert_true(keyring_reload(keys_ring, &err));
	assert_null(keyring_find(keys_ring, KEY_WRAP, 1));
	keyring_free(other);
}

/* The file of another installation must not be mixed into the ring. */
static void test_another_ring(void **state UNUSED)
{
	AUTO(buf_wipe) struct buf before = told(keys_ring), after = { 0 };
	struct keyring *other;
	struct error err;

	unlink(keys_file);
	other = keys_open("HS256");
	assert_false(keyring_reload(keys_ring, &err));
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_false(keyring_rotate(keys_ring, KEY_WRAP, &err));
	after = told(keys_ring);
	assert_memory_equal(after.p, before.p, before.n);
	keyring_free(other);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, keys_setup, keys_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_made_at_first),
		TEST(test_reads_what_it_wrote),
		TEST(test_no_two_alike),
		TEST(test_locked_memory),
		TEST(test_list_tells_no_key),
		TEST(test_readable_by_others),
		TEST(test_no_file_of_ours),
		TEST(test_every_byte),
		TEST(test_every_length),
		TEST(test_unknown_algorithm),
		TEST(test_rotate),
		TEST(test_another_algorithm),
		TEST(test_disk_fails),
		TEST(test_full_disk),
		TEST(test_leftovers),
		TEST(test_remove),
		TEST(test_two_hosts),
		TEST(test_another_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
