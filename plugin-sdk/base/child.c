/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children by pidfd, and signals.
 */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"

/* The status as wait(2) gives it, so that WIFEXITED() and friends work. */
static int wait_status(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return info->si_status | 0x80;
	default:
		return info->si_status;
	}
}

static void stop_watching(struct child *c)
{
	if (c->pidfd < 0)
		return;
	ev_io_stop(loop_ev(), &c->watch);
	close(c->pidfd);
	c->pidfd = -1;
}

static void readable(struct ev_loop *ev UNUSED, ev_io *w, int events UNUSED)
{
	struct child *c = w->data;
	siginfo_t info = { 0 };
	int result;

	result = TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t)c->pidfd, &info,
					   WEXITED | WNOHANG));
	if (result == 0 && !info.si_pid)
		return;
	/* A failure means that somebody else reaped it: gone all the same. */
	c->status = result == 0 ? wait_status(&info) : 0;
	c->exited = true;
	stop_watching(c);
	c->on_exit(c);
}

void child_watch(struct child *c, pid_t pid, int pidfd,
		 void (*on_exit)(struct child *child))
{
	*c = (struct child){ .pid = pid, .pidfd = pidfd, .on_exit = on_exit };
	ev_io_init(&c->watch, readable, pidfd, EV_READ);
	c->watch.data = c;
	ev_io_start(loop_ev(), &c->watch);
}

void child_forget(struct child *c)
{
	stop_watching(c);
}

bool child_kill(struct child *c, int sig)
{
	return c->pidfd >= 0 && pidfd_send_signal(c->pidfd, sig, NULL, 0) == 0;
}

const char *child_status_text(int status, char *text, size_t size)
{
	const char *name;

	if (WIFEXITED(status)) {
		snprintf(text, size, "exited with status %d",
			 WEXITSTATUS(status));
		return text;
	}
	name = sigabbrev_np(WTERMSIG(status));
	if (name)
		snprintf(text, size, "killed by SIG%s", name);
	else
		snprintf(text, size, "killed by signal %d", WTERMSIG(status));
	return text;
}

/* ---- signals ------------------------------------------------------------- */

static struct {
	ev_signal watch;
	void (*fn)(int sig);
} watched[_NSIG];

static void arrived(struct ev_loop *ev UNUSED, ev_signal *w, int events UNUSED)
{
	watched[w->signum].fn(w->signum);
}

void signal_watch(int sig, void (*fn)(int sig))
{
	watched[sig].fn = fn;
	if (ev_is_active(&watched[sig].watch))
		return;
	ev_signal_init(&watched[sig].watch, arrived, sig);
	ev_signal_start(loop_ev(), &watched[sig].watch);
}

void signal_forget(int sig)
{
	ev_signal_stop(loop_ev(), &watched[sig].watch);
}
