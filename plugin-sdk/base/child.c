/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pidfd is readable when its process has ended; waitid(P_PIDFD) then reaps
 * just that one.
 */
#include "base/child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "base/loop.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* What waitpid would have said, from what waitid says. */
static int wait_status(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return (info->si_status & 0xff) << 8;
	return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

static void on_pidfd(struct ev_loop *loop, ev_io *watch, int events)
{
	struct child *c = container_of(watch, struct child, watch);
	siginfo_t info = { 0 };

	(void)loop, (void)events;
	if (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOHANG) < 0 ||
	    !info.si_pid)
		return;
	c->status = wait_status(&info);
	c->exited = true;
	child_forget(c);
	c->on_exit(c);
}

void child_watch(struct child *c, pid_t pid, int pidfd,
		 void (*on_exit)(struct child *child))
{
	c->pid = pid;
	c->pidfd = pidfd;
	c->status = 0;
	c->exited = false;
	c->on_exit = on_exit;
	ev_io_init(&c->watch, on_pidfd, pidfd, EV_READ);
	ev_io_start(loop_ev(), &c->watch);
}

void child_forget(struct child *c)
{
	if (c->pidfd < 0)
		return;
	ev_io_stop(loop_ev(), &c->watch);
	close(c->pidfd);
	c->pidfd = -1;
}

bool child_kill(struct child *c, int sig)
{
	return c->pidfd >= 0 &&
	       syscall(SYS_pidfd_send_signal, c->pidfd, sig, NULL, 0) == 0;
}

const char *child_status_text(int status, char *text, size_t size)
{
	const char *name;

	if (WIFEXITED(status)) {
		snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
		return text;
	}
	name = sigabbrev_np(WTERMSIG(status));
	snprintf(text, size, "killed by SIG%s%s", name ? name : "?",
		 WCOREDUMP(status) ? " (core dumped)" : "");
	return text;
}

/* ---- signals ------------------------------------------------------------- */

static struct {
	ev_signal watch;
	void (*fn)(int sig);
} handlers[NSIG];

static void on_signal(struct ev_loop *loop, ev_signal *watch, int events)
{
	(void)loop, (void)events;
	handlers[watch->signum].fn(watch->signum);
}

void signal_watch(int sig, void (*fn)(int sig))
{
	handlers[sig].fn = fn;
	ev_signal_init(&handlers[sig].watch, on_signal, sig);
	ev_signal_start(loop_ev(), &handlers[sig].watch);
	ev_unref(loop_ev());
}
