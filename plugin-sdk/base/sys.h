/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thin layer over the system calls that fail in real life (full disk, no
 * descriptors, no processes), so that a test can make any of them fail.
 * Results and errno are those of the call itself; EINTR is retried.
 */
#ifndef SKYCLUST_BASE_SYS_H
#define SKYCLUST_BASE_SYS_H

#include <sys/stat.h>
#include <sys/uio.h>

#include "base/base.h"

enum sys_call {
	SYS_OPEN, SYS_READ, SYS_WRITE, SYS_WRITEV, SYS_FSYNC, SYS_RENAME,
	SYS_MKDIR, SYS_PIPE, SYS_FORK, SYS_MEMFD, SYS_PIDFD, SYS_MMAP,
	SYS_CALL_COUNT
};

int sys_open(const char *path, int flags, mode_t mode); /* adds O_CLOEXEC */
ssize_t sys_read(int fd, void *p, size_t n);
ssize_t sys_write(int fd, const void *p, size_t n);
ssize_t sys_writev(int fd, const struct iovec *v, int n);
int sys_fsync(int fd);
int sys_rename(const char *from, const char *to);
int sys_mkdir(const char *path, mode_t mode);
int sys_pipe(int fds[2], int flags);            /* adds O_CLOEXEC */
pid_t sys_fork(void);
int sys_memfd(const char *name, unsigned flags);
int sys_pidfd_open(pid_t pid);
void *sys_mmap_anon(size_t size, int prot, int flags); /* MAP_FAILED */

/* Write all of it; false with errno set. */
bool sys_write_all(int fd, const void *p, size_t n);
/* Read a whole file of at most @max bytes into @out; -1 with errno (EFBIG). */
struct buf;
int sys_read_file(const char *path, size_t max, struct buf *out);
/* Write-then-rename with fsync of file and directory: all or nothing. */
int sys_replace_file(const char *path, const void *p, size_t n, mode_t mode);
int sys_set_nonblocking(int fd);

/* Tests: the @nth next @call fails with @error; 0 turns it off. */
void sys_fail(enum sys_call call, long nth, int error);

#endif
