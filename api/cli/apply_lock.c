/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two runs at once would both find nothing and both make it: names are not
 * unique in most clouds.  The host listens on loopback only, so a lock of this
 * machine keeps them apart.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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

static char *lock_name(const struct session *s)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");

	if (!folder || !*folder)
		folder = getenv("TMPDIR");
	if (!folder || !*folder)
		folder = "/tmp";
	return mem_printf("%s/skyclust-apply-%lu-%016llx.lock", folder,
			  (unsigned long)geteuid(),
			  (unsigned long long)digest(s->server));
}

int apply_lock(struct session *s, struct error *err)
{
	AUTO_FREE char *name = lock_name(s);
	int fd = sys_open(name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

	if (fd < 0) {
		fail(err, ERR_INTERNAL, "the lock %s cannot be opened: %s",
		     name, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	session_say(s, "another apply is at work; waiting for its end");
	while (flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR && !session_interrupted)
			continue;
		fail(err, session_interrupted ? ERR_CANCELLED : ERR_INTERNAL,
		     "no lock on %s: %s; nothing was done", name,
		     strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}
