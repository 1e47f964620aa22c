/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A driver is born here, and only here.
 *
 * The order matters.  Everything that can be prepared is prepared before the
 * fork; after it the child makes system calls and nothing else, because other
 * threads' locks may be held in its copy of our memory.  It takes its own
 * session (so that the group can be ended as one), asks to die with us and
 * looks whether it is too late for that, keeps five descriptors, puts the
 * walls up from the outside in, and becomes the sealed image.  If a step
 * fails, the number of the step and errno come back through a pipe that
 * closes by itself when all went well.
 */
#include "supervise/process.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fiber.h"
#include "base/sys.h"

#define SPAWN_LIMIT_MS 10000
#define OUT_OF_THE_WAY 16      /* descriptors are gathered above this first */
#define SIGNAL_GROUP (1U << 2) /* PIDFD_SIGNAL_PROCESS_GROUP */

enum stage {
	STAGE_SIGNALS,
	STAGE_SESSION,
	STAGE_PARENT,
	STAGE_FILES,
	STAGE_FOLDER,
	STAGE_LIMITS,
	STAGE_PRIVILEGES,
	STAGE_LANDLOCK,
	STAGE_SECCOMP,
	STAGE_EXEC,
};

static const char *const stage_names[] = {
	"resetting signals",	     "making a session", "tying it to the host",
	"arranging its descriptors", "entering /",	 "setting limits",
	"dropping privileges",	     "Landlock",	 "seccomp",
	"executing the image",
};

struct report {
	int stage, error;
};

/* What the child knows; all of it was made before the fork. */
struct birth {
	pid_t host;
	int fds[5]; /* become 0, 1, 2, the image, the status pipe */
	const struct sandbox_policy *policy;
	struct sandbox_paths paths;
	bool sanitized;
};

/* ---- in the child ----------------------------------------------------------
 */

static int reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? errno : 0;
}

static int tie_to_host(pid_t host)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return errno;
	return getppid() == host ? 0 : ESRCH; /* it died before the prctl */
}

static int arrange_fds(struct birth *b)
{
	for (int i = 0; i < 5; i++) {
		b->fds[i] = fcntl(b->fds[i], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
		if (b->fds[i] < 0)
			return errno;
	}
	for (int i = 0; i < 5; i++)
		if (dup3(b->fds[i], i, i > 2 ? O_CLOEXEC : 0) < 0)
			return errno;
	return syscall(SYS_close_range, SANDBOX_STATUS_FD + 1, ~0U, 0) < 0
		       ? errno
		       : 0;
}

static int run_stage(struct birth *b, enum stage stage)
{
	switch (stage) {
	case STAGE_SIGNALS:
		return reset_signals();
	case STAGE_SESSION:
		return setsid() < 0 ? errno : 0;
	case STAGE_PARENT:
		return tie_to_host(b->host);
	case STAGE_FILES:
		return arrange_fds(b);
	case STAGE_FOLDER:
		umask(077);
		return chdir("/") < 0 ? errno : 0;
	case STAGE_LIMITS:
		return sandbox_limits(b->policy, b->sanitized);
	case STAGE_PRIVILEGES:
		return sandbox_drop_privileges(b->policy);
	case STAGE_LANDLOCK:
		return sandbox_landlock(b->policy, &b->paths);
	case STAGE_SECCOMP:
		return sandbox_seccomp(b->policy);
	case STAGE_EXEC:
		return sandbox_exec();
	}
	return EINVAL;
}

__attribute__((noreturn)) static void child(struct birth *b)
{
	int status = b->fds[4];

	for (int stage = STAGE_SIGNALS; stage <= STAGE_EXEC; stage++) {
		struct report report = { stage,
					 run_stage(b, (enum stage)stage) };

		if (stage == STAGE_FILES && !report.error)
			status = SANDBOX_STATUS_FD;
		if (!report.error)
			continue;
		(void)!sys_write(status, &report, sizeof(report));
		break;
	}
	_exit(127);
}

/* ---- in the host ------------------------------------------------------------
 */

enum { IN, OUT, ERR, STATUS, PIPES };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++) {
		close_fd(&pipes[i][0]);
		close_fd(&pipes[i][1]);
	}
}

static bool open_pipes(int pipes[PIPES][2], struct error *err)
{
	memset(pipes, -1, sizeof(int) * PIPES * 2);
	for (int i = 0; i < PIPES; i++)
		if (sys_pipe(pipes[i], O_CLOEXEC) < 0)
			return fail(err, ERR_DRIVER_UNAVAILABLE,
				    "no pipe for a driver: %s",
				    strerror(errno));
	return true;
}

/* Wait for the report of a failed step; true when there was none. */
WAITS static bool await_exec(int status, struct error *err)
{
	struct report report;
	int64_t deadline = clock_ms() + SPAWN_LIMIT_MS;
	ssize_t n;

	if (fiber_self() &&
	    fiber_wait_fd(status, EV_READ, deadline) != WAIT_WOKEN)
		return fail(err, ERR_DRIVER_UNAVAILABLE, "not born within %d s",
			    SPAWN_LIMIT_MS / 1000);
	n = sys_read(status, &report, sizeof(report));
	if (n == 0)
		return true;
	if (n != sizeof(report))
		return fail(err, ERR_DRIVER_UNAVAILABLE, "died at birth");
	return fail(err, ERR_DRIVER_UNAVAILABLE, "%s: %s",
		    stage_names[report.stage], strerror(report.error));
}

static void set_args(const struct image *image, const char *name)
{
	char *own[] = { (char *)name, NULL };

	sandbox_set_args(image->script ? image->args : own);
}

static pid_t give_birth(const struct image *image, const char *name,
			const char *state_dir,
			const struct sandbox_policy *policy,
			int pipes[PIPES][2])
{
	struct birth b = {
		.host = getpid(),
		.fds = { pipes[IN][0], pipes[OUT][1], pipes[ERR][1],
			 image_exec_fd(image), pipes[STATUS][1] },
		.policy = policy,
		.paths = { image_loader(image), image->script, state_dir },
		.sanitized = image_sanitized(image),
	};
	pid_t pid;

	set_args(image, name);
	pid = sys_fork();
	if (pid == 0)
		child(&b);
	return pid;
}

/* It was not reaped yet, so the number is still its own. */
static void bury(pid_t pid)
{
	kill(pid, SIGKILL);
	TEMP_FAILURE_RETRY(waitid(P_PID, (id_t)pid, NULL, WEXITED));
}

WAITS bool process_spawn(const struct image *image, const char *name,
			 const char *state_dir,
			 const struct sandbox_policy *policy, struct process *p,
			 struct error *err)
{
	int pipes[PIPES][2], status;

	*p = (struct process){ .pidfd = -1, .in = -1, .out = -1, .err = -1 };
	if (!sandbox_prepare(policy, err))
		return false;
	if (!open_pipes(pipes, err)) {
		close_pipes(pipes);
		return false;
	}
	p->pid = give_birth(image, name, state_dir, policy, pipes);
	if (p->pid > 0)
		p->pidfd = sys_pidfd_open(p->pid);
	if (p->pid < 0 || p->pidfd < 0) {
		fail(err, ERR_DRIVER_UNAVAILABLE,
		     "no process for driver %s: %s", name, strerror(errno));
		close_pipes(pipes);
		if (p->pid > 0)
			bury(p->pid);
		return false;
	}
	p->in = pipes[IN][1];
	p->out = pipes[OUT][0];
	p->err = pipes[ERR][0];
	status = pipes[STATUS][0];
	pipes[IN][1] = pipes[OUT][0] = pipes[ERR][0] = pipes[STATUS][0] = -1;
	close_pipes(pipes);
	if (await_exec(status, err)) {
		close(status);
		return true;
	}
	close(status);
	bury(p->pid);
	close(p->in);
	close(p->out);
	close(p->err);
	close(p->pidfd);
	return fail_within(err, "driver %s could not be started", name);
}

void process_kill_group(int pidfd, pid_t leader, int sig)
{
	static bool by_pid; /* an older kernel */

	if (pidfd >= 0 && !by_pid) {
		if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL,
			    SIGNAL_GROUP) == 0 ||
		    errno != EINVAL)
			return;
		by_pid = true;
	}
	kill(-leader, sig);
}

long long process_rss_kib(pid_t pid)
{
	char path[64];
	struct buf text = { 0 };
	long long pages = 0;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (sys_read_file(path, 4096, &text) == 0)
		sscanf(text.p, "%*d %lld", &pages);
	buf_done(&text);
	return pages * sysconf(_SC_PAGESIZE) / 1024;
}
