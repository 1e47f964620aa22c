/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sys.h"

static const char empty_path[] = "";
static char *exec_args[SANDBOX_ARGS + 1];
static char *const exec_env[] = {
	(char *)"PATH=/usr/local/bin:/usr/bin:/bin",
	(char *)"LANG=C.UTF-8",
	(char *)"SKYCLUST_DRIVER=1",
	NULL,
};

static struct {
	int landlock; /* ABI, 0: none */
	bool seccomp;
	long long base_data; /* bytes that the sanitizers need by themselves */
} kernel;

#if defined(__SANITIZE_ADDRESS__)
/* The shadow memory counts as data; ours is as large as a driver's. */
static long long sanitizer_data(void)
{
	struct buf text = { 0 };
	long long kib = 0;
	const char *at;

	if (sys_read_file("/proc/self/status", 64 * 1024, &text) == 0 &&
	    (at = strstr(text.p, "VmData:")))
		sscanf(at, "VmData: %lld", &kib);
	buf_done(&text);
	return kib * 1024;
}
#else
static long long sanitizer_data(void)
{
	return 0;
}
#endif

bool sandbox_prepare(const struct sandbox_policy *policy, struct error *err)
{
	const struct seccomp_exec own = { SANDBOX_IMAGE_FD, empty_path,
					  exec_args, exec_env };

	kernel.landlock = landlock_abi();
	/* Where Landlock confines signals, a driver may signal itself. */
	if (!seccomp_build(&own, kernel.landlock >= 6, err))
		return false;
	kernel.seccomp = seccomp_ready();
	kernel.base_data = sanitizer_data();
	if (policy->mode != SANDBOX_REQUIRED)
		return true;
	if (!kernel.landlock || !kernel.seccomp)
		return fail(err, ERR_DRIVER_UNAVAILABLE,
			    "supervisor.sandbox is `required`, but this kernel "
			    "offers no %s; enable it, or set `best`",
			    kernel.landlock ? "seccomp" : "Landlock");
	return true;
}

const char *sandbox_level(const struct sandbox_policy *policy)
{
	static char level[128];
	char landlock[32] = "";

	if (policy->mode == SANDBOX_OFF)
		return "sealed,group,rlimits";
	if (kernel.landlock)
		snprintf(landlock, sizeof(landlock), ",landlock-%d",
			 kernel.landlock);
	snprintf(level, sizeof(level),
		 "sealed,group,rlimits,no_new_privs,no_capabilities%s%s",
		 landlock, kernel.seccomp ? ",seccomp" : "");
	return level;
}

static int limit(int what, long long most)
{
	struct rlimit now, wanted;

	if (getrlimit((__rlimit_resource_t)what, &now) < 0)
		return errno;
	wanted.rlim_cur = wanted.rlim_max =
		now.rlim_max < (rlim_t)most ? now.rlim_max : (rlim_t)most;
	return setrlimit((__rlimit_resource_t)what, &wanted) < 0 ? errno : 0;
}

int sandbox_limits(const struct sandbox_policy *policy, bool sanitized)
{
	long long shadow = sanitized ? kernel.base_data : 0;
	int error = limit(RLIMIT_CORE, 0); /* secrets must not reach a disk */

	if (!error)
		error = limit(RLIMIT_NOFILE, policy->open_files);
	if (!error)
		error = limit(RLIMIT_DATA,
			      shadow + policy->memory_mib * 1048576);
	return error;
}

/* Root without its powers: root's user id alone opens only root's files.  The
 * last call and no_new_privs are what counts; the others close the way back a
 * second time, where we may make them. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { 0 };

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_SET_SECUREBITS, SECURE_ALL_BITS | SECURE_ALL_LOCKS, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? errno : 0;
}

int sandbox_drop_privileges(const struct sandbox_policy *policy)
{
	int error;

	if (policy->mode == SANDBOX_OFF)
		return 0;
	error = drop_capabilities();
	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		error = errno;
	return error;
}

int sandbox_landlock(const struct sandbox_policy *policy,
		     const struct sandbox_paths *paths)
{
	if (policy->mode == SANDBOX_OFF || !kernel.landlock)
		return 0;
	return landlock_restrict(paths);
}

int sandbox_seccomp(const struct sandbox_policy *policy)
{
	if (policy->mode == SANDBOX_OFF || !kernel.seccomp)
		return 0;
	return seccomp_load_filter();
}

void sandbox_set_args(char *const *args)
{
	size_t n = 0;

	while (n < SANDBOX_ARGS && args[n]) {
		exec_args[n] = args[n];
		n++;
	}
	exec_args[n] = NULL;
}

int sandbox_exec(void)
{
	syscall(SYS_execveat, SANDBOX_IMAGE_FD, empty_path, exec_args, exec_env,
		AT_EMPTY_PATH);
	return errno;
}
