/* SPDX-License-Identifier: Apache-2.0 */
/* The listening sockets: which addresses are taken, and what becomes of what
 * stands in the way of the unix socket. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "listen.h"

static char folder[] = "/tmp/skyclust-listen-XXXXXX";
static char path[64];
static struct error err;

static int make_folder(void **state UNUSED)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	return 0;
}

static int remove_folder(void **state UNUSED)
{
	return rmdir(folder);
}

/* ---- the network ----------------------------------------------------------- */

static void test_loopback_only_without_tls(void **state UNUSED)
{
	static const char *const wide[] = { "0.0.0.0:0", "[::]:0" };
	char url[LISTEN_URL];
	int fd;

	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		assert_int_equal(listen_tcp(wide[i], false, url, &err), -1);
		assert_int_equal(err.code, ERR_INVALID);
		assert_non_null(strstr(err.message, "server.tls_certificate"));
	}
	fd = listen_tcp("0.0.0.0:0", true, url, &err);
	assert_true(fd >= 0);
	assert_int_equal(strncmp(url, "https://0.0.0.0:", 16), 0);
	close(fd);
	fd = listen_tcp("localhost:0", false, url, &err);
	assert_true(fd >= 0);
	assert_int_equal(strncmp(url, "http://127.0.0.1:", 17), 0);
	close(fd);
}

/* ---- the unix socket ------------------------------------------------------- */

static void test_only_its_owner_may_open_it(void **state UNUSED)
{
	mode_t mask = umask(0);
	int fd = listen_unix(path, &err);
	struct stat st;

	umask(mask);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close(fd);
	unlink(path);
}

static void test_stale_is_replaced(void **state UNUSED)
{
	int fd = listen_unix(path, &err);

	close(fd);
	fd = listen_unix(path, &err);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
}

static void test_in_use_is_left_alone(void **state UNUSED)
{
	int fd = listen_unix(path, &err);
	struct stat before, after;

	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(listen_unix(path, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	close(fd);
	unlink(path);
}

static void test_other_files_are_left_alone(void **state UNUSED)
{
	assert_int_equal(sys_replace_file(path, "mine", 4, 0600), 0);
	assert_int_equal(listen_unix(path, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(listen_unix("/nonesuch/socket", &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
}

/* unix(7): sun_path has 108 bytes. */
static void test_too_long(void **state UNUSED)
{
	char name[128];
	int fd;

	memset(name, 'x', sizeof(name));
	memcpy(name, folder, strlen(folder));
	name[strlen(folder)] = '/';
	name[108] = '\0';
	assert_int_equal(listen_unix(name, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.message, "at most 107 bytes"));
	name[107] = '\0';
	fd = listen_unix(name, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loopback_only_without_tls),
		cmocka_unit_test(test_only_its_owner_may_open_it),
		cmocka_unit_test(test_stale_is_replaced),
		cmocka_unit_test(test_in_use_is_left_alone),
		cmocka_unit_test(test_other_files_are_left_alone),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
