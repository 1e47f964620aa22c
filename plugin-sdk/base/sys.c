/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls with a seam for injected faults.
 */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"

#define RETRY(call) TEMP_FAILURE_RETRY(call)
#define READ_STEP (64 * 1024)

/* Atomic, because offload threads sync files. */
static struct {
	atomic_long in; /* the in-th next call fails; 0: none */
	int error;
} faults[SYS_CALL_COUNT];

/* True, with errno set, when a test wants this @call to fail. */
static bool injected(enum sys_call call)
{
	if (LIKELY(atomic_load_explicit(&faults[call].in,
					memory_order_relaxed) <= 0))
		return false;
	if (atomic_fetch_sub(&faults[call].in, 1) != 1)
		return false;
	errno = faults[call].error;
	return true;
}

void sys_fail(enum sys_call call, long nth, int error)
{
	faults[call].error = error;
	atomic_store(&faults[call].in, nth);
}

int sys_open(const char *path, int flags, mode_t mode)
{
	if (injected(SYS_OPEN))
		return -1;
	return RETRY(open(path, flags | O_CLOEXEC, mode));
}

ssize_t sys_read(int fd, void *p, size_t n)
{
	return injected(SYS_READ) ? -1 : RETRY(read(fd, p, n));
}

ssize_t sys_write(int fd, const void *p, size_t n)
{
	return injected(SYS_WRITE) ? -1 : RETRY(write(fd, p, n));
}

ssize_t sys_writev(int fd, const struct iovec *v, int n)
{
	return injected(SYS_WRITEV) ? -1 : RETRY(writev(fd, v, n));
}

int sys_fsync(int fd)
{
	return injected(SYS_FSYNC) ? -1 : RETRY(fsync(fd));
}

int sys_rename(const char *from, const char *to)
{
	return injected(SYS_RENAME) ? -1 : rename(from, to);
}

int sys_mkdir(const char *path, mode_t mode)
{
	return injected(SYS_MKDIR) ? -1 : mkdir(path, mode);
}

int sys_pipe(int fds[2], int flags)
{
	return injected(SYS_PIPE) ? -1 : pipe2(fds, flags | O_CLOEXEC);
}

pid_t sys_fork(void)
{
	return injected(SYS_FORK) ? -1 : fork();
}

int sys_memfd(const char *name, unsigned flags)
{
	return injected(SYS_MEMFD) ? -1 : memfd_create(name, flags);
}

int sys_pidfd_open(pid_t pid)
{
	return injected(SYS_PIDFD) ? -1 : pidfd_open(pid, 0);
}

void *sys_mmap_anon(size_t size, int prot, int flags)
{
	if (injected(SYS_MMAP))
		return MAP_FAILED;
	return mmap(NULL, size, prot, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

bool sys_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t done = sys_write(fd, at, n);

		if (done < 0)
			return false;
		at += done;
		n -= (size_t)done;
	}
	return true;
}

int sys_read_file(const char *path, size_t max, struct buf *out)
{
	AUTO_FD int fd = sys_open(path, O_RDONLY | O_NOCTTY, 0);
	size_t start = out->n;
	ssize_t n;

	if (fd < 0)
		return -1;
	for (;;) {
		buf_reserve(out, READ_STEP);
		n = sys_read(fd, out->p + out->n, READ_STEP);
		if (n <= 0)
			break;
		out->n += (size_t)n;
		out->p[out->n] = '\0';
		if (out->n - start > max) {
			errno = EFBIG;
			n = -1;
			break;
		}
	}
	if (n < 0)
		buf_truncate(out, start);
	return (int)n;
}

/* So that the new name survives a crash, too. */
static bool sync_folder_of(const char *path)
{
	AUTO_FREE char *copy = mem_strdup(path);
	AUTO_FD int fd = sys_open(dirname(copy), O_RDONLY | O_DIRECTORY, 0);

	return fd >= 0 && sys_fsync(fd) == 0;
}

static bool write_new_file(const char *path, const void *p, size_t n,
			   mode_t mode)
{
	AUTO_FD int fd = sys_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	return fd >= 0 && fchmod(fd, mode) == 0 && sys_write_all(fd, p, n) &&
	       sys_fsync(fd) == 0;
}

int sys_replace_file(const char *path, const void *p, size_t n, mode_t mode)
{
	static atomic_uint serial;
	AUTO_FREE char *temporary = mem_printf("%s.%d.%u.tmp", path,
		(int)getpid(), atomic_fetch_add(&serial, 1));
	int error;

	if (write_new_file(temporary, p, n, mode) &&
	    sys_rename(temporary, path) == 0)
		return sync_folder_of(path) ? 0 : -1;
	error = errno;
	unlink(temporary);
	errno = error;
	return -1;
}

int sys_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}
