/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two runs at once would both find nothing and both make it: names are not
 * unique in most clouds.  The host listens on loopback only, so a lock of this
 * machine keeps them apart.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply_impl.h"
#include "base/auto.h"
#include "base/sys.h"

/* FNV-1a, to tell servers apart in a file's name. */
static uint64_t digest(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 0x100000001b3u;
	return sum;
}

/* Not in the folder of a login session: a timer's run has none. */
static char *lock_name(const struct session *s)
{
	const char *folder = getenv("TMPDIR");

	if (!folder || !*folder)
		folder = P_tmpdir;
	return mem_printf("%s/skyclust-apply-%lu-%016llx.lock", folder,
			  (unsigned long)geteuid(),
			  (unsigned long long)digest(s->server));
}

/* Lock the file, or wait for who has it. */
static bool take(struct session *s, int fd, const char *name, bool *told,
		 struct error *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (!*told)
		session_say(s, "another apply is at work; waiting for its end");
	*told = true;
	while (flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR && !session_interrupted)
			continue;
		return fail(err,
			    session_interrupted ? ERR_CANCELLED : ERR_INTERNAL,
			    "no lock on %s: %s; nothing was done", name,
			    strerror(errno));
	}
	return true;
}

/* Who had it before has removed the file: the next one locks a new one. */
static bool is_removed(int fd)
{
	struct stat about;

	return fstat(fd, &about) == 0 && about.st_nlink == 0;
}

bool apply_lock(struct apply *a, struct error *err)
{
	bool told = false;

	a->lock_name = lock_name(a->s);
	for (;;) {
		int fd = sys_open(a->lock_name, O_RDWR | O_CREAT | O_NOFOLLOW,
				  0600);

		if (fd < 0)
			return fail(err, ERR_INTERNAL,
				    "the lock %s cannot be opened: %s",
				    a->lock_name, strerror(errno));
		if (!take(a->s, fd, a->lock_name, &told, err)) {
			close(fd);
			return false;
		}
		if (!is_removed(fd)) {
			a->lock = fd;
			return true;
		}
		close(fd);
	}
}

void apply_unlock(struct apply *a)
{
	if (a->lock >= 0) {
		unlink(a->lock_name);
		close(a->lock);
	}
	mem_free(a->lock_name);
}
