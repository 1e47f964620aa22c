/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: sealed, digested, cached, and honest about files that are none.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "host.h"
#include "supervise/image.h"

static struct error err;
static char copies[128];

static int setup(void **state)
{
	host_setup(state);
	snprintf(copies, sizeof(copies), "%s/images", host_dir);
	return 0;
}

static int teardown(void **state)
{
	image_cache_done();
	return host_teardown(state);
}

static const char *program(const char *name, const char *text)
{
	const char *path = host_file(name, text);

	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

static struct image *get(const char *path)
{
	struct image *image = image_get(path, copies, &err);

	if (!image)
		fail_msg("%s", err.message);
	return image;
}

static void refused(const char *path, const char *why)
{
	assert_null(image_get(path, copies, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	if (!strstr(err.message, why) || !strstr(err.message, path))
		fail_msg("%s", err.message);
}

static void test_is_sealed(void **state UNUSED)
{
	struct image *image = get("/usr/bin/true");
	char byte = 'x';

	assert_int_equal(fcntl(image->fd, F_GET_SEALS),
			 F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
				 F_SEAL_WRITE);
	assert_int_equal(pwrite(image->fd, &byte, 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(image->fd, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, image->fd, 0),
			 MAP_FAILED);
	assert_true(fcntl(image->fd, F_GETFD) & FD_CLOEXEC);
	assert_non_null(strstr(image_loader(image), "ld-linux"));
	assert_int_equal(image_exec_fd(image), image->fd);
	image_put(image);
	image_put(NULL);
}

static void test_digest_is_of_the_bytes(void **state UNUSED)
{
	struct image *image = get(program("s", "#!/bin/sh\n"));

	/* printf '#!/bin/sh\n' | sha256sum */
	assert_string_equal(image->digest, "a8076d3d28d21e02012b20eaf7dbf754"
					   "09a6277134439025f282e368e3305abf");
	image_put(image);
}

static void test_cache(void **state UNUSED)
{
	const char *path = program("s", "#!/bin/sh\nexit 1\n");
	struct image *first = get(path), *again = get(path), *other;

	assert_ptr_equal(first, again);
	other = get(program("s", "#!/bin/sh\nexit 2\n"));
	assert_ptr_not_equal(first, other);
	assert_string_not_equal(first->digest, other->digest);
	/* A copy that is gone is made anew. */
	assert_int_equal(unlink(other->script), 0);
	again = get(path);
	assert_int_equal(access(again->script, R_OK), 0);
	image_put(first);
	image_put(first);
	image_put(other);
	image_put(again);
}

static void test_script(void **state UNUSED)
{
	static const char text[] = "#!/bin/sh -e\nexit 0\n";
	struct image *image = get(program("s", text));
	struct buf copy = { 0 };
	struct stat st;

	assert_string_equal(image->args[0], "/bin/sh");
	assert_string_equal(image->args[1], "-e");
	assert_string_equal(image->args[2], image->script);
	assert_null(image->args[3]);
	assert_int_equal(image->fd, -1);
	assert_int_equal(image_exec_fd(image), image->interpreter->fd);
	assert_non_null(image_loader(image));
	assert_int_equal(sys_read_file(image->script, 1000, &copy), 0);
	assert_string_equal(copy.p, text);
	assert_int_equal(stat(image->script, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	buf_done(&copy);
	image_put(image);
}

static void test_env_finds_the_interpreter(void **state UNUSED)
{
	struct image *image = get(program("s", "#!/usr/bin/env sh \r\n"));

	assert_non_null(strstr(image->args[0], "/sh"));
	assert_string_equal(image->args[1], image->script);
	image_put(image);
	refused(program("s", "#!/usr/bin/env no-such-program\n"), "first line");
	refused(program("s", "#!/usr/bin/env ../sh\n"), "first line");
}

static void test_refuses(void **state UNUSED)
{
	const char *path = host_file("plain", "#!/bin/sh\n");

	refused(path, "chmod +x");
	refused(host_dir, "not a file");
	refused("/nowhere/x", "No such file");
	refused(program("s", "hello\n"), "neither an ELF");
	refused(program("s", ""), "neither an ELF");
	refused(program("s", "#!/bin/sh"), "neither an ELF");
	refused(program("s", "#!sh\n"), "first line");
	refused(program("s", "#!/nowhere/sh\n"), "interpreter");
	program("t", "#!/bin/sh\n");
	{
		char text[256];

		snprintf(text, sizeof(text), "#!%s/t\n", host_dir);
		refused(program("s", text), "cannot be an interpreter");
	}
	refused(program("s", "\x7f"
			     "ELF but not much more"),
		"neither an ELF");
}

static void test_refuses_broken_elf(void **state UNUSED)
{
	struct buf text = { 0 };
	char path[128];
	struct image *image;

	/* A header whose program headers point nowhere. */
	assert_int_equal(sys_read_file("/usr/bin/true", 1 << 20, &text), 0);
	memset(text.p + 32, 0x7f, 8);
	snprintf(path, sizeof(path), "%s/elf", host_dir);
	assert_int_equal(sys_replace_file(path, text.p, text.n, 0700), 0);
	image = get(path);
	assert_null(image_loader(image));
	image_put(image);
	buf_done(&text);
}

static void test_faults(void **state UNUSED)
{
	sys_fail(SYS_MEMFD, 1, EMFILE);
	refused("/usr/bin/true", "Too many open files");
	sys_fail(SYS_READ, 1, EIO);
	refused("/usr/bin/true", "Input/output error");
	sys_fail(SYS_WRITE, 1, ENOSPC);
	refused("/usr/bin/true", "No space left");
	sys_fail(SYS_MEMFD, 1, EINVAL); /* an older kernel: tried once more */
	image_put(get("/usr/bin/true"));
	image_cache_done();
	sys_fail(SYS_MKDIR, 1, EACCES);
	refused(program("s", "#!/bin/sh\n"), "Permission denied");
}

#define ROW(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_is_sealed),
		ROW(test_digest_is_of_the_bytes),
		ROW(test_cache),
		ROW(test_script),
		ROW(test_env_finds_the_interpreter),
		ROW(test_refuses),
		ROW(test_refuses_broken_elf),
		ROW(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
