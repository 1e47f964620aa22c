/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock (landlock(7)): which files a driver may touch.  By raw system
 * calls, because the C library has none; rights that the running kernel does
 * not know are not asked for.
 *
 * A driver reads what a program needs to run and to speak TLS, writes its own
 * state folder and nothing else, and executes nothing but its ELF loader.  Its
 * signals and abstract sockets stay inside (ABI 6).  The network is open: that
 * is what a driver is for.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "supervise/sandbox.h"

/* Of newer headers than Debian 12's. */
#define FS_REFER (1ULL << 13)		  /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)	  /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15)	  /* ABI 5 */
#define SCOPE_ABSTRACT_SOCKET (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)	  /* ABI 6 */

struct ruleset {
	uint64_t fs, net, scoped;
};

#define FS_ABI1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* What makes sense on a file; the rest is for folders only. */
#define FS_FILE \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_OWN \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)

static const char *const readable[] = {
	"/usr",
	"/lib",
	"/lib64",
	"/lib32",
	"/bin",
	"/etc/ssl",
	"/etc/ca-certificates",
	"/etc/pki",
	"/etc/crypto-policies",
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/ld.so.cache",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/localtime",
	"/etc/timezone",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/dev/urandom",
	"/dev/random",
	"/dev/zero",
	"/proc/self",
	"/proc/meminfo",
	"/proc/cpuinfo",
	"/proc/sys/vm",
	"/proc/sys/kernel",
	"/sys/devices/system/cpu",
};

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static uint64_t known_rights(int abi)
{
	uint64_t rights = FS_ABI1;

	if (abi >= 2)
		rights |= FS_REFER;
	if (abi >= 3)
		rights |= FS_TRUNCATE;
	if (abi >= 5)
		rights |= FS_IOCTL_DEV;
	return rights;
}

/* Allow @rights beneath @path; a path that is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	struct stat st;
	int error = 0;

	rule.parent_fd = sys_open(path, O_PATH, 0);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : errno;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0) < 0)
		error = errno;
	close(rule.parent_fd);
	return error;
}

static int allow_all(int ruleset, const struct sandbox_paths *paths,
		     uint64_t known)
{
	int error = allow(ruleset, "/dev/null",
			  FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE);

	for (size_t i = 0; i < ARRAY_LEN(readable) && !error; i++)
		error = allow(ruleset, readable[i], FS_READ);
	if (!error && paths->loader)
		error = allow(ruleset, paths->loader,
			      FS_READ | LANDLOCK_ACCESS_FS_EXECUTE);
	if (!error && paths->script)
		error = allow(ruleset, paths->script, FS_READ);
	if (!error && paths->state_dir)
		error = allow(ruleset, paths->state_dir, FS_OWN & known);
	return error;
}

int landlock_restrict(const struct sandbox_paths *paths)
{
	int abi = landlock_abi(), fd, error;
	struct ruleset attr = { .fs = known_rights(abi) };
	size_t size = sizeof(attr.fs);

	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return errno;
	error = allow_all(fd, paths, attr.fs);
	if (!error && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		error = errno;
	close(fd);
	return error;
}
