/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/sys.h"

static char folder[] = "/tmp/test_sys.XXXXXX";

static char *in_folder(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static bool close_on_exec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static int setup(void **state UNUSED)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st UNUSED,
		      int type UNUSED, struct FTW *at UNUSED)
{
	return remove(path);
}

static int teardown(void **state UNUSED)
{
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_fault_is_the_nth(void **state UNUSED)
{
	char *path = in_folder("nth");
	int fd;

	sys_fail(SYS_OPEN, 2, EMFILE);
	fd = sys_open(path, O_CREAT | O_RDWR, 0600);
	assert_true(fd >= 0);
	assert_true(close_on_exec(fd));
	close(fd);
	assert_int_equal(sys_open(path, O_RDONLY, 0), -1);
	assert_int_equal(errno, EMFILE);
	fd = sys_open(path, O_RDONLY, 0);
	assert_true(fd >= 0);
	close(fd);
	sys_fail(SYS_OPEN, 1, EMFILE);
	sys_fail(SYS_OPEN, 0, 0);
	fd = sys_open(path, O_RDONLY, 0);
	assert_true(fd >= 0);
	close(fd);
	mem_free(path);
}

static int try_open(void)
{
	return sys_open("/dev/null", O_RDONLY, 0);
}

static int try_read(void)
{
	char c;

	return (int)sys_read(-1, &c, 1);
}

static int try_write(void)
{
	return (int)sys_write(-1, "x", 1);
}

static int try_writev(void)
{
	return (int)sys_writev(-1, NULL, 0);
}

static int try_fsync(void)
{
	return sys_fsync(-1);
}

static int try_rename(void)
{
	return sys_rename("/nonesuch/a", "/nonesuch/b");
}

static int try_mkdir(void)
{
	return sys_mkdir("/nonesuch/a", 0700);
}

static int try_pipe(void)
{
	int fds[2];

	return sys_pipe(fds, 0);
}

static int try_fork(void)
{
	return sys_fork();
}

static int try_memfd(void)
{
	return sys_memfd("x", 0);
}

static int try_pidfd(void)
{
	return sys_pidfd_open(getpid());
}

static int try_mmap(void)
{
	return sys_mmap_anon(4096, PROT_READ, 0) == MAP_FAILED ? -1 : 0;
}

static void test_every_call_can_fail(void **state UNUSED)
{
	static int (*const calls[SYS_CALL_COUNT])(void) = {
		[SYS_OPEN] = try_open, [SYS_READ] = try_read,
		[SYS_WRITE] = try_write, [SYS_WRITEV] = try_writev,
		[SYS_FSYNC] = try_fsync, [SYS_RENAME] = try_rename,
		[SYS_MKDIR] = try_mkdir, [SYS_PIPE] = try_pipe,
		[SYS_FORK] = try_fork, [SYS_MEMFD] = try_memfd,
		[SYS_PIDFD] = try_pidfd, [SYS_MMAP] = try_mmap,
	};

	for (int i = 0; i < SYS_CALL_COUNT; i++) {
		sys_fail((enum sys_call)i, 1, EXDEV);
		errno = 0;
		assert_int_equal(calls[i](), -1);
		assert_int_equal(errno, EXDEV);
	}
}

static void test_calls_work(void **state UNUSED)
{
	char c = 0, *path = in_folder("made");
	struct iovec v = { .iov_base = &c, .iov_len = 1 };
	int fds[2], fd, status;
	pid_t pid;
	void *p;

	assert_int_equal(sys_pipe(fds, 0), 0);
	assert_true(close_on_exec(fds[0]) && close_on_exec(fds[1]));
	assert_int_equal(sys_writev(fds[1], &v, 1), 1);
	assert_int_equal(sys_read(fds[0], &c, 1), 1);
	assert_int_equal(sys_set_nonblocking(fds[0]), 0);
	assert_int_equal(sys_read(fds[0], &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(sys_set_nonblocking(-1), -1);
	assert_int_equal(sys_mkdir(path, 0700), 0);
	fd = sys_memfd("x", MFD_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
	p = sys_mmap_anon(4096, PROT_READ | PROT_WRITE, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	munmap(p, 4096);
	pid = sys_fork();
	if (!pid)
		_exit(3);
	fd = sys_pidfd_open(pid);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 3);
	mem_free(path);
}

static void test_replace_and_read(void **state UNUSED)
{
	char *path = in_folder("file");
	struct buf b = { 0 };
	struct stat st;

	assert_int_equal(sys_replace_file(path, "one", 3, 0640), 0);
	assert_int_equal(sys_replace_file(path, "three", 5, 0640), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	buf_add_str(&b, "<");
	assert_int_equal(sys_read_file(path, 5, &b), 0);
	assert_string_equal(b.p, "<three");
	assert_int_equal(sys_read_file(path, 4, &b), -1);
	assert_int_equal(errno, EFBIG);
	assert_string_equal(b.p, "<three");
	sys_fail(SYS_READ, 1, EIO);
	assert_int_equal(sys_read_file(path, 5, &b), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(sys_read_file("/nonesuch/x", 5, &b), -1);
	assert_int_equal(errno, ENOENT);
	buf_done(&b);
	mem_free(path);
}

static void test_read_a_long_file(void **state UNUSED)
{
	char *path = in_folder("long"), *data = mem_alloc(200001);
	struct buf b = { 0 };

	memset(data, 'z', 200000);
	assert_int_equal(sys_replace_file(path, data, 200000, 0600), 0);
	assert_int_equal(sys_read_file(path, 1 << 20, &b), 0);
	assert_int_equal(b.n, 200000);
	assert_string_equal(b.p, data);
	buf_done(&b);
	mem_free(data);
	mem_free(path);
}

static int entries;

static int count_one(const char *path UNUSED, const struct stat *st UNUSED,
		     int type UNUSED, struct FTW *at UNUSED)
{
	entries++;
	return 0;
}

static int count_files(void)
{
	entries = 0;
	nftw(folder, count_one, 8, FTW_PHYS);
	return entries;
}

/* Whatever fails: the old content stays, no temporary file is left. */
static void test_replace_is_all_or_nothing(void **state UNUSED)
{
	static const enum sys_call steps[] = { SYS_OPEN, SYS_WRITE, SYS_FSYNC,
					       SYS_RENAME };
	char *path = in_folder("kept");
	struct buf b = { 0 };
	int before;

	assert_int_equal(sys_replace_file(path, "old", 3, 0600), 0);
	before = count_files();
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		sys_fail(steps[i], 1, ENOSPC);
		assert_int_equal(sys_replace_file(path, "new", 3, 0600), -1);
		assert_int_equal(errno, ENOSPC);
		buf_clear(&b);
		assert_int_equal(sys_read_file(path, 9, &b), 0);
		assert_string_equal(b.p, "old");
		assert_int_equal(count_files(), before);
	}
	/* The folder's own fsync comes after the point of no return. */
	sys_fail(SYS_FSYNC, 2, EIO);
	assert_int_equal(sys_replace_file(path, "new", 3, 0600), -1);
	assert_int_equal(errno, EIO);
	buf_done(&b);
	mem_free(path);
}

static void test_write_all(void **state UNUSED)
{
	int fds[2];

	assert_int_equal(sys_pipe(fds, 0), 0);
	assert_true(sys_write_all(fds[1], "abc", 3));
	sys_fail(SYS_WRITE, 1, EPIPE);
	assert_false(sys_write_all(fds[1], "abc", 3));
	assert_int_equal(errno, EPIPE);
	assert_true(sys_write_all(fds[1], "", 0));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_is_the_nth),
		cmocka_unit_test(test_every_call_can_fail),
		cmocka_unit_test(test_calls_work),
		cmocka_unit_test(test_replace_and_read),
		cmocka_unit_test(test_read_a_long_file),
		cmocka_unit_test(test_replace_is_all_or_nothing),
		cmocka_unit_test(test_write_all),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
