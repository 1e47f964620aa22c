/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes at the other end: bytes straight back, or answers by a link
 * and a message, which is all that a driver without the SDK needs.
 */
#include "bench.h"

#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/sys.h"
#include "rpc/link.h"
#include "rpc/message.h"

/* ---- starting ------------------------------------------------------------ */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (cpu < 0 || i == cpu)
			CPU_SET(i, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		err(1, "cannot run on CPU %d", cpu);
}

/* The path of @name beside this program. */
static void beside(const char *name, char path[4096])
{
	ssize_t n = readlink("/proc/self/exe", path, 4095);
	char *slash;

	if (n < 0)
		err(1, "/proc/self/exe");
	path[n] = '\0';
	if (name[0] == '-')
		return;
	slash = strrchr(path, '/');
	snprintf(slash + 1, (size_t)(path + 4096 - slash - 1), "%s", name);
}

static void run_other(const char *name, int in, int out)
{
	char driver[] = "SKYCLUST_DRIVER=1", language[] = "LANG=C.UTF-8";
	char *environment[] = { driver, language, NULL };
	char path[4096];
	char *argv[] = { path, name[0] == '-' ? (char *)name : NULL, NULL };

	beside(name, path);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(1);
	execve(path, argv, environment);
	warn("%s", path);
	_exit(127);
}

struct other other_start(const char *name, int cpu)
{
	int to[2], from[2];
	struct other o;

	pin(cpu);
	if (sys_pipe(to, 0) != 0 || sys_pipe(from, 0) != 0)
		err(1, "pipe");
	o.pid = sys_fork();
	if (o.pid < 0)
		err(1, "fork");
	if (o.pid == 0)
		run_other(name, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	o.in = from[0];
	o.out = to[1];
	return o;
}

void other_stop(struct other *o)
{
	int status;

	if (o->in >= 0)
		close(o->in);
	if (o->out >= 0)
		close(o->out);
	if (waitpid(o->pid, &status, 0) != o->pid || status != 0)
		errx(1, "the other process ended badly: status %d", status);
}

/* ---- serving ------------------------------------------------------------- */

void serve_pipe(void)
{
	char bytes[BENCH_BYTES];
	ssize_t n;

	while ((n = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)n) != n)
			return;
}

static void answer(struct link *l, struct slice frame)
{
	struct message m;

	if (!message_parse(frame, &m, NULL) || m.type != MSG_REQUEST)
		return;
	link_send(l,
		  (struct slice[]){
			  SLICE("{\"jsonrpc\":\"2.0\",\"id\":\""), m.id,
			  SLICE("\",\"result\":{\"type\":\"done\",\"value\":"
				"{\"id\":\"a-1\",\"name\":\"echo\","
				"\"vcpus\":4}}}") },
		  3);
}

static void stop(struct link *l, enum link_end why, int error)
{
	(void)why;
	(void)error;
	link_close(l);
	loop_stop();
}

void serve_link(void)
{
	struct link link = { .on_frame = answer, .on_end = stop };

	loop_init();
	link_open(&link, 0, 1, FRAME_MAX_DEFAULT);
	loop_run();
	loop_done();
}
