/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the host share: a folder of their own, and a fiber to run
 * in.
 */
#ifndef SKYCLUST_TESTS_UNIT_HOST_H
#define SKYCLUST_TESTS_UNIT_HOST_H

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sys.h"

#define HOST_TEST_MS 30000 /* after this a test is stuck */

static char host_dir[64];

static inline int host_remove(const char *path, const struct stat *st UNUSED,
			      int type UNUSED, struct FTW *ftw UNUSED)
{
	return remove(path);
}

static inline int host_setup(void **state UNUSED)
{
	snprintf(host_dir, sizeof(host_dir), "/tmp/skyclust-test-XXXXXX");
	assert_non_null(mkdtemp(host_dir));
	loop_init();
	return 0;
}

static inline int host_teardown(void **state UNUSED)
{
	fiber_done();
	loop_done();
	return nftw(host_dir, host_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file in the test's folder; its path, valid until the next call. */
static inline const char *host_file(const char *name, const char *text)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", host_dir, name);
	assert_int_equal(sys_replace_file(path, text, strlen(text), 0600), 0);
	return path;
}

struct host_run {
	void (*fn)(void);
	bool done;
};

static inline void host_run_fiber(void *arg)
{
	struct host_run *run = arg;

	run->fn();
	run->done = true;
}

static inline bool host_run_done(void *arg)
{
	return ((struct host_run *)arg)->done;
}

/* Run @fn in a fiber until it returns. */
static inline void host_run(void (*fn)(void))
{
	struct host_run run = { fn, false };

	assert_non_null(fiber_spawn("test", host_run_fiber, &run));
	assert_true(
		loop_run_until(host_run_done, &run, clock_ms() + HOST_TEST_MS));
}

/* Let the loop turn until @done(arg). */
static inline void host_await(bool (*done)(void *arg), void *arg)
{
	int64_t deadline = clock_ms() + HOST_TEST_MS;

	while (!done(arg)) {
		assert_true(clock_ms() < deadline);
		fiber_sleep(1);
	}
}

/* Children that this process has, alive or not yet waited for. */
static inline size_t host_children(void)
{
	char path[64];
	struct buf text = { 0 };
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	assert_int_equal(sys_read_file(path, 65536, &text), 0);
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ' ';
	buf_done(&text);
	return n;
}

#endif
