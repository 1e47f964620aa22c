/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/sys.h"

#define PATIENCE_MS 10000

static int setup(void **state UNUSED)
{
	loop_init();
	return 0;
}

static int teardown(void **state UNUSED)
{
	loop_done();
	return 0;
}

static int exits;

static void count_exit(struct child *c)
{
	assert_true(c->exited);
	assert_int_equal(c->pidfd, -1);
	exits++;
}

static bool has_exited(void *arg)
{
	return ((struct child *)arg)->exited;
}

/* A child that waits for a signal, or ends with @status if that is >= 0. */
static void start(struct child *c, int status)
{
	pid_t pid = sys_fork();

	if (!pid && status >= 0)
		_exit(status);
	if (!pid)
		for (;;)
			pause();
	assert_true(pid > 0);
	child_watch(c, pid, sys_pidfd_open(pid), count_exit);
}

static void wait_exit(struct child *c)
{
	assert_true(loop_run_until(has_exited, c, clock_ms() + PATIENCE_MS));
}

static void test_exit_status(void **state UNUSED)
{
	char text[64];
	struct child c;

	exits = 0;
	start(&c, 3);
	wait_exit(&c);
	assert_int_equal(exits, 1);
	assert_true(WIFEXITED(c.status));
	assert_int_equal(WEXITSTATUS(c.status), 3);
	assert_string_equal(child_status_text(c.status, text, sizeof(text)),
			    "exited with status 3");
	assert_int_equal(waitpid(c.pid, NULL, WNOHANG), -1); /* reaped */
	assert_false(child_kill(&c, SIGTERM));
	child_forget(&c);
}

static void test_killed(void **state UNUSED)
{
	char text[64];
	struct child c;

	start(&c, -1);
	assert_true(child_kill(&c, SIGKILL));
	wait_exit(&c);
	assert_true(WIFSIGNALED(c.status));
	assert_int_equal(WTERMSIG(c.status), SIGKILL);
	assert_string_equal(child_status_text(c.status, text, sizeof(text)),
			    "killed by SIGKILL");
}

static void test_many_at_once(void **state UNUSED)
{
	struct child children[20];

	for (int i = 0; i < 20; i++)
		start(&children[i], i);
	for (int i = 0; i < 20; i++) {
		wait_exit(&children[i]);
		assert_int_equal(WEXITSTATUS(children[i].status), i);
	}
}

static void test_forget(void **state UNUSED)
{
	struct child c;
	int fd, status;

	exits = 0;
	start(&c, -1);
	fd = c.pidfd;
	child_forget(&c);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_false(child_kill(&c, SIGTERM));
	assert_int_equal(kill(c.pid, SIGKILL), 0);
	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	assert_int_equal(exits, 0);
}

/* Somebody else took the status: the child is gone all the same. */
static void test_reaped_elsewhere(void **state UNUSED)
{
	struct child c;

	start(&c, 5);
	assert_int_equal(waitpid(c.pid, NULL, 0), c.pid);
	wait_exit(&c);
	assert_int_equal(c.status, 0);
}

static void test_status_texts(void **state UNUSED)
{
	char text[64];

	assert_string_equal(child_status_text(SIGSEGV | 0x80, text, 64),
			    "killed by SIGSEGV");
	assert_string_equal(child_status_text(33, text, 64),
			    "killed by signal 33");
	assert_string_equal(child_status_text(255 << 8, text, 64),
			    "exited with status 255");
}

static int got_signal, got_times;

static void keep_signal(int sig)
{
	got_signal = sig;
	got_times++;
}

static void keep_otherwise(int sig)
{
	got_signal = -sig;
	got_times++;
}

static bool got_any(void *arg UNUSED)
{
	return got_times > 0;
}

static void wait_signal(void)
{
	got_times = 0;
	assert_true(loop_run_until(got_any, NULL, clock_ms() + PATIENCE_MS));
}

static void test_signals(void **state UNUSED)
{
	signal_watch(SIGUSR1, keep_signal);
	raise(SIGUSR1);
	wait_signal();
	assert_int_equal(got_signal, SIGUSR1);
	signal_watch(SIGUSR1, keep_otherwise);
	raise(SIGUSR1);
	wait_signal();
	assert_int_equal(got_signal, -SIGUSR1);
	assert_int_equal(got_times, 1);
	signal_forget(SIGUSR1);
	signal_forget(SIGUSR2);
	signal_watch(SIGUSR1, keep_signal);
	raise(SIGUSR1);
	wait_signal();
	assert_int_equal(got_signal, SIGUSR1);
	signal_forget(SIGUSR1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exit_status),
		TEST(test_killed),
		TEST(test_many_at_once),
		TEST(test_forget),
		TEST(test_reaped_elsewhere),
		TEST(test_status_texts),
		TEST(test_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
