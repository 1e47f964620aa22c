/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watching processes by pidfd (pidfd_open(2)), and signals by the loop.  A
 * pidfd never names another process, however often its pid is used again.
 */
#ifndef SKYCLUST_BASE_CHILD_H
#define SKYCLUST_BASE_CHILD_H

#include <ev.h>

#include "base/base.h"

struct child {
	pid_t pid;
	int pidfd;      /* -1 after it was reaped */
	int status;     /* as of wait(2), once exited */
	bool exited;
	void (*on_exit)(struct child *child);
	void *data;     /* the owner's */
	ev_io watch;
};

/* Watch the child behind @pidfd (stolen); on_exit runs once, on the loop,
 * after it was reaped, and may free @c.  Clears all of @c first. */
void child_watch(struct child *c, pid_t pid, int pidfd,
		 void (*on_exit)(struct child *child));

/* Stop watching and close the pidfd; the process is neither killed nor
 * reaped. */
void child_forget(struct child *c);

/* Send @sig through the pidfd; false when it has exited. */
bool child_kill(struct child *c, int sig);

/* "exited with status 3", "killed by SIGSEGV"; @text is filled and returned. */
const char *child_status_text(int wait_status, char *text, size_t size);

/* Call @fn(sig) on the loop each time @sig arrives; a second call for the same
 * signal replaces @fn. */
void signal_watch(int sig, void (*fn)(int sig));
void signal_forget(int sig); /* back to its default action; before loop_done() */

#endif
