/* SPDX-License-Identifier: Apache-2.0 */
#include "data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/sys.h"

static bool make(const char *path, struct error *err)
{
	return sys_mkdir(path, 0700) == 0 || errno == EEXIST ||
	       fail(err, ERR_INVALID,
		    "the data directory %s cannot be made: "
		    "%s; see --data-dir",
		    path, strerror(errno));
}

static void write_pid(int fd)
{
	AUTO_FREE char *text = mem_printf("%d\n", (int)getpid());

	/* For people only: the lock is what counts. */
	if (ftruncate(fd, 0) == 0)
		sys_write_all(fd, text, strlen(text));
}

static void tell_owner(const char *path, const char *file, struct error *err)
{
	struct buf pid = { 0 };

	sys_read_file(file, 32, &pid);
	fail(err, ERR_CONFLICT,
	     "the data directory %s is in use by another skyclustd, pid %.*s; "
	     "stop it, or choose another --data-dir",
	     path, (int)(pid.n ? pid.n - 1 : 0), pid.n ? pid.p : "");
	buf_done(&pid);
}

int data_dir_lock(const char *path, struct error *err)
{
	AUTO_FREE char *file = mem_printf("%s/lock", path);
	int fd;

	if (!make(path, err))
		return -1;
	fd = sys_open(file, O_RDWR | O_CREAT, 0600);
	if (fd < 0) {
		fail(err, ERR_INVALID, "%s cannot be opened: %s", file,
		     strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		write_pid(fd);
		return fd;
	}
	tell_owner(path, file, err);
	close(fd);
	return -1;
}
