/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The birth of a driver, seen from inside by the test driver, and what its
 * sandbox lets it do.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "host.h"
#include "rpc/peer.h"
#include "supervise/hello.h"
#include "supervise/process.h"

static struct error err;
static struct sandbox_policy policy = { SANDBOX_BEST, 256, 200 };
static char copies[128], state_dir[128];

static struct image *driver_image(void)
{
	struct image *image = image_get(HOST_DRIVER, copies, &err);

	snprintf(copies, sizeof(copies), "%s/images", host_dir);
	snprintf(state_dir, sizeof(state_dir), "%s/state", host_dir);
	sys_mkdir(state_dir, 0700);
	assert_non_null(image);
	return image;
}

static void reap(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- a driver to talk to ------------------------------------------------------ */

static const struct peer_events no_events;

struct spoken {
	struct process p;
	struct peer *peer;
};

static json_t *ask(struct spoken *s, const char *method, const char *params)
{
	struct rpc_request req = { .method = method,
				   .params = slice_of(params),
				   .deadline = clock_ms() + 10000 };
	struct rpc_reply reply;
	json_t *value;

	if (!rpc_call(s->peer, &req, &reply, &err))
		fail_msg("%s: %s", method, err.message);
	value = json_read(reply.value.p, reply.value.n, &err);
	rpc_reply_done(&reply);
	return value;
}

static void speak(struct spoken *s)
{
	struct image *image = driver_image();
	struct buf params = { 0 };
	const struct hello_request hello = { .state_dir = state_dir,
					     .max_inflight = 8 };

	if (!process_spawn(image, "born", state_dir, &policy, &s->p, &err))
		fail_msg("%s", err.message);
	image_put(image);
	s->peer =
		peer_new(s->p.out, s->p.in, 1, HELLO_MAX_FRAME, &no_events, s);
	hello_write(&hello, &params);
	json_decref(ask(s, "initialize", params.p));
	buf_done(&params);
}

static void hush(struct spoken *s)
{
	peer_free(s->peer, NULL);
	close(s->p.err);
	reap(s->p.pid);
	close(s->p.pidfd);
	image_cache_done();
	assert_int_equal(host_children(), 0);
}

/* ---- tests ----------------------------------------------------------------------- */

static void finds_what_is_promised(void)
{
	struct spoken s;
	json_t *seen, *wanted;

	speak(&s);
	seen = ask(&s, "region.list", "{\"args\":{\"do\":\"look\"}}");
	wanted = json_pack("[i,i,i]", 0, 1, 2);
	assert_true(json_equal(json_object_get(seen, "fds"), wanted));
	json_decref(wanted);
	wanted = json_pack("[s,s,s]", "PATH=/usr/local/bin:/usr/bin:/bin",
			   "LANG=C.UTF-8", "SKYCLUST_DRIVER=1");
	assert_true(json_equal(json_object_get(seen, "env"), wanted));
	json_decref(wanted);
	assert_string_equal(json_str(seen, "cwd", ""), "/");
	assert_string_equal(json_str(seen, "argv0", ""), "born");
	assert_int_equal(json_int(seen, "pdeathsig", 0), SIGKILL);
	assert_true(json_bool(seen, "leads_session", false));
	assert_true(json_bool(seen, "leads_group", false));
	assert_int_equal(json_int(seen, "core", -1), 0);
	assert_int_equal(json_int(seen, "files", -1), 200);
	assert_int_equal(json_int(seen, "no_new_privs", 0), 1);
	assert_true(process_rss_kib(s.p.pid) > 100);
	json_decref(seen);
	hush(&s);
}

static void is_walled_in(void)
{
	static const char *const refused[] = { "execve",    "execveat",
					       "setsid",    "keyctl",
					       "unshare",   "memfd",
					       "pdeathsig", "kill_host" };
	static const char *const hidden[] = { "read_passwd", "write_tmp" };
	static const char *const allowed[] = { "own_file", "socket" };
	const char *level = sandbox_level(&policy);
	struct spoken s;
	json_t *tried;

	speak(&s);
	tried = ask(&s, "region.list", "{\"args\":{\"do\":\"try\"}}");
	for (size_t i = 0; i < ARRAY_LEN(refused) && strstr(level, "seccomp");
	     i++)
		if (json_int(tried, refused[i], 0) != EPERM)
			fail_msg("%s was not refused", refused[i]);
	for (size_t i = 0; i < ARRAY_LEN(hidden) && strstr(level, "landlock");
	     i++)
		if (json_int(tried, hidden[i], 0) != EACCES)
			fail_msg("%s was not refused", hidden[i]);
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		if (json_int(tried, allowed[i], -1) != 0)
			fail_msg("%s was refused", allowed[i]);
	json_decref(tried);
	hush(&s);
}

/* The same driver outside of the walls: what was refused above works. */
static void no_walls_when_off(void)
{
	struct rpc_request req = {
		.method = "region.list",
		.deadline = clock_ms() + 10000,
		.params = SLICE("{\"args\":{\"do\":\"try\"}}"),
	};
	struct rpc_reply reply;
	struct spoken s;
	json_t *seen;

	policy.mode = SANDBOX_OFF;
	assert_string_equal(sandbox_level(&policy), "sealed,group,rlimits");
	speak(&s);
	policy.mode = SANDBOX_BEST;
	seen = ask(&s, "region.list", "{\"args\":{\"do\":\"look\"}}");
	assert_int_equal(json_int(seen, "no_new_privs", -1), 0);
	json_decref(seen);
	/* It becomes /bin/true. */
	assert_false(rpc_call(s.peer, &req, &reply, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	hush(&s);
}

/* ---- failures --------------------------------------------------------------------- */

static void fails(const char *why)
{
	struct image *image = driver_image();
	struct process p;

	assert_false(
		process_spawn(image, "born", state_dir, &policy, &p, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	if (!strstr(err.message, why))
		fail_msg("%s", err.message);
	image_put(image);
	assert_int_equal(host_children(), 0);
}

static void says_which_step_failed(void)
{
	sys_fail(SYS_FORK, 1, EAGAIN);
	fails("Resource temporarily unavailable");
	sys_fail(SYS_PIDFD, 1, EMFILE);
	fails("Too many open files");
	for (long n = 1; n <= 4; n++) {
		sys_fail(SYS_PIPE, n, EMFILE);
		fails("no pipe");
	}
	image_cache_done();
}

/* An image that is no program any more by the time it is executed. */
static void exec_failure_is_reported(void)
{
	struct image *image;
	struct process p;
	char path[128];

	image_put(driver_image());
	snprintf(path, sizeof(path), "%s/elf", host_dir);
	assert_int_equal(sys_replace_file(path,
					  "\x7f"
					  "ELF\x02\x01\x01"
					  "012345678901234567890123456789012345"
					  "6789012345678901234567890",
					  68, 0700),
			 0);
	image = image_get(path, copies, &err);
	assert_non_null(image);
	assert_false(
		process_spawn(image, "born", state_dir, &policy, &p, &err));
	if (!strstr(err.message, "executing the image"))
		fail_msg("%s", err.message);
	image_put(image);
	image_cache_done();
	assert_int_equal(host_children(), 0);
}

/* ---- death of the host ---------------------------------------------------------------- */

/* It has ended, whether or not somebody has waited for it. */
static bool is_gone(void *arg)
{
	char path[64];
	struct buf text = { 0 };
	bool gone;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)*(pid_t *)arg);
	gone = sys_read_file(path, 4096, &text) < 0 || strstr(text.p, ") Z ");
	buf_done(&text);
	return gone;
}

/* In a child of ours that is the host for a moment: start a driver, tell its
 * pid, wait to be killed. */
static void be_host(int out)
{
	struct image *image = image_get(HOST_DRIVER, copies, &err);
	struct process p;

	if (!image || !process_spawn(image, "lingers", NULL, &policy, &p, &err))
		_exit(1);
	if (write(out, &p.pid, sizeof(p.pid)) < 0)
		_exit(1);
	pause();
	_exit(0);
}

static void dies_with_the_host(void)
{
	int fds[2];
	pid_t host, driver = 0;

	assert_int_equal(pipe(fds), 0);
	host = fork();
	if (host == 0) {
		/* Outside of any fiber: process_spawn() then just waits. */
		be_host(fds[1]);
	}
	assert_int_equal(read(fds[0], &driver, sizeof(driver)), sizeof(driver));
	assert_int_equal(kill(driver, 0), 0);
	assert_int_equal(kill(host, SIGKILL), 0);
	reap(host);
	host_await(is_gone, &driver);
	close(fds[0]);
	close(fds[1]);
}

static void ends_the_group(void)
{
	int fds[2];
	pid_t leader, member = 0;
	int pidfd;

	assert_int_equal(pipe(fds), 0);
	leader = fork();
	if (leader == 0) {
		setsid();
		member = fork();
		if (member == 0)
			for (;;)
				pause();
		if (write(fds[1], &member, sizeof(member)) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(fds[0], &member, sizeof(member)), sizeof(member));
	pidfd = sys_pidfd_open(leader);
	reap(leader);
	/* Its number may be somebody else's by now; the pidfd is not. */
	process_kill_group(pidfd, leader, SIGKILL);
	host_await(is_gone, &member);
	close(pidfd);
	close(fds[0]);
	close(fds[1]);
}

static void required_wants_all(void)
{
	policy.mode = SANDBOX_REQUIRED;
	if (strstr(sandbox_level(&policy), "landlock") &&
	    strstr(sandbox_level(&policy), "seccomp"))
		assert_true(sandbox_prepare(&policy, &err));
	else
		assert_false(sandbox_prepare(&policy, &err));
	policy.mode = SANDBOX_BEST;
}

/* ---- the walls from inside ------------------------------------------------------------ */

/* Capabilities, Landlock and seccomp hold a thread, so that one can try them
 * without walling in the whole test. */
static void *inside(void *arg)
{
	const struct sandbox_paths paths = { "/lib64/ld-linux-x86-64.so.2",
					     "/etc/hostname", arg };
	char path[160];

	if (sandbox_drop_privileges(&policy) ||
	    sandbox_landlock(&policy, &paths) || sandbox_seccomp(&policy))
		return (void *)"a wall does not stand";
	snprintf(path, sizeof(path), "%s/x", (char *)arg);
	if (sys_open(path, O_WRONLY | O_CREAT, 0600) < 0)
		return (void *)"its own folder is closed";
	if (sys_open("/etc/shadow", O_RDONLY, 0) >= 0 || errno != EACCES)
		return (void *)"/etc/shadow is open";
	if (syscall(SYS_keyctl, 0, 0) >= 0 || errno != EPERM)
		return (void *)"keyctl() is allowed";
	/* Descriptor 3 is no program here: any error but the filter's. */
	if (sandbox_exec() == EPERM)
		return (void *)"the one exec does not pass";
	return NULL;
}

static void test_walls_from_inside(void **state UNUSED)
{
	pthread_t thread;
	void *why;

	snprintf(state_dir, sizeof(state_dir), "%s/state", host_dir);
	assert_int_equal(sys_mkdir(state_dir, 0700), 0);
	assert_true(sandbox_prepare(&policy, &err));
	assert_int_equal(pthread_create(&thread, NULL, inside, state_dir), 0);
	assert_int_equal(pthread_join(thread, &why), 0);
	if (why)
		fail_msg("%s", (const char *)why);
}

static void test_limits(void **state UNUSED)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit files;

		if (sandbox_limits(&policy, true) ||
		    getrlimit(RLIMIT_NOFILE, &files))
			_exit(1);
		_exit(files.rlim_max == 200 ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define DEFINE(name) \
	static void test_##name(void **state UNUSED) \
	{ \
		host_run(name); \
	}
#define ROW(name) \
	cmocka_unit_test_setup_teardown(test_##name, host_setup, host_teardown)

DEFINE(finds_what_is_promised)
DEFINE(is_walled_in)
DEFINE(no_walls_when_off)
DEFINE(says_which_step_failed)
DEFINE(exec_failure_is_reported)
DEFINE(dies_with_the_host)
DEFINE(ends_the_group)
DEFINE(required_wants_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(finds_what_is_promised),
		ROW(is_walled_in),
		ROW(no_walls_when_off),
		ROW(says_which_step_failed),
		ROW(exec_failure_is_reported),
		ROW(dies_with_the_host),
		ROW(ends_the_group),
		ROW(required_wants_all),
		cmocka_unit_test_setup_teardown(test_walls_from_inside,
						host_setup, host_teardown),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
