/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place of the host where a process is born.  See PROTOCOL.md,
 * "Spawning", for what a driver finds: descriptors 0, 1 and 2, three
 * environment variables, the working directory "/".
 */
#ifndef SKYCLUST_SUPERVISE_PROCESS_H
#define SKYCLUST_SUPERVISE_PROCESS_H

#include "supervise/image.h"
#include "supervise/sandbox.h"

struct process {
	pid_t pid;
	int pidfd;
	int in;         /* write end of its stdin */
	int out, err;   /* read ends of its stdout and stderr */
};

/*
 * Start @image under the name @name (its argv[0], unless it is a script).
 * False when the child did not get as far as its own program:
 * ERR_DRIVER_UNAVAILABLE that names the step and the reason.  The caller owns
 * all four descriptors and reaps the process.
 */
WAITS bool process_spawn(const struct image *image, const char *name,
			 const char *state_dir,
			 const struct sandbox_policy *policy, struct process *p,
			 struct error *err);

/* Send @sig to the whole process group of the leader behind @pidfd.  By the
 * pidfd where the kernel can (Linux 6.9), so also after it was reaped. */
void process_kill_group(int pidfd, pid_t leader, int sig);

/* Resident memory of @pid in KiB; 0 when it is gone. */
long long process_rss_kib(pid_t pid);

#endif
