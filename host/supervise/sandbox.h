/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around a driver process: limits, no capabilities, no_new_privs,
 * Landlock (landlock.c) and seccomp (seccomp.c).  The host finds out once what
 * the kernel offers and prepares the filter; the child then only makes system
 * calls, for between fork and exec nothing else is safe.
 */
#ifndef SKYCLUST_SUPERVISE_SANDBOX_H
#define SKYCLUST_SUPERVISE_SANDBOX_H

#include "base/error.h"

enum sandbox_mode { SANDBOX_BEST, SANDBOX_REQUIRED, SANDBOX_OFF };

/* What is the same for all drivers. */
struct sandbox_policy {
	enum sandbox_mode mode;
	long long memory_mib;   /* private writable memory */
	long long open_files;
};

/* What one driver may touch; paths may be NULL. */
struct sandbox_paths {
	const char *loader;     /* may be executed (the ELF interpreter) */
	const char *script;     /* may be read */
	const char *state_dir;  /* may be read and written */
};

/* In the child these descriptors are the image and the status pipe. */
#define SANDBOX_IMAGE_FD 3
#define SANDBOX_STATUS_FD 4

/* Find out what there is, build the filter. ERR_DRIVER_UNAVAILABLE when the
 * mode is `required` and a wall is missing. */
bool sandbox_prepare(const struct sandbox_policy *policy, struct error *err);

/* What a driver started now gets: "sealed,group,rlimits,no_new_privs,
 * landlock-7,seccomp"; borrowed until the next call. */
const char *sandbox_level(const struct sandbox_policy *policy);

/* ---- in the child, in this order; 0 or an errno ---------------------------
 */

/* @sanitized: the program needs shadow memory besides its own. */
int sandbox_limits(const struct sandbox_policy *policy, bool sanitized);
int sandbox_drop_privileges(const struct sandbox_policy *policy);
int sandbox_landlock(const struct sandbox_policy *policy,
		     const struct sandbox_paths *paths);
int sandbox_seccomp(const struct sandbox_policy *policy);
/* Replace this process by the image in SANDBOX_IMAGE_FD; returns only when it
 * fails. The one call of execveat() that the filter lets pass. */
int sandbox_exec(void);

/* argv of the next sandbox_exec(), set by the parent before the fork: at most
 * SANDBOX_ARGS of @args (ends with NULL); borrowed until then. */
#define SANDBOX_ARGS 6
void sandbox_set_args(char *const *args);

/* ---- the parts --------------------------------------------------------------
 */

int landlock_abi(void); /* 0: the kernel has none */
int landlock_restrict(const struct sandbox_paths *paths);

/* The only system calls to start a program that the filter lets pass. */
struct seccomp_exec {
	int fd;
	const char *path;
	char *const *argv, *const *env;
};
bool seccomp_build(const struct seccomp_exec *exec, bool allow_kill,
		   struct error *err);
bool seccomp_ready(void);
int seccomp_load_filter(void);

#endif
