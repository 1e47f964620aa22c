/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program skyclust-audit-verify: what it prints, and how it ends.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit_log.h"
#include "base/sys.h"

static struct audit_log the_log;

static char dir[] = "/tmp/skyclust-verify-XXXXXX";

static void write_file(const char *name, struct slice text)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, name);

	assert_int_equal(sys_replace_file(path, text.p, text.n, 0600), 0);
}

/* The exit status of the program in `dir`; @output gets what it prints. */
static int run_program(char *const argv[], struct buf *output)
{
	int status, fds[2];
	pid_t pid;

	buf_clear(output);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		if (chdir(dir) == 0 && dup2(fds[1], 1) == 1 &&
		    dup2(fds[1], 2) == 2) {
			close(fds[0]);
			execv(AUDIT_VERIFY, argv);
		}
		_exit(99);
	}
	close(fds[1]);
	for (ssize_t n = 1; n > 0;) {
		buf_reserve(output, 4096);
		n = read(fds[0], output->p + output->n, 4096);
		output->n += n > 0 ? (size_t)n : 0;
	}
	close(fds[0]);
	buf_add_str(output, "");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(output, ...) \
	run_program((char *const[]){ (char *)"verify", __VA_ARGS__, NULL }, \
		    output)
#define KEY (char *)"--key", (char *)"audit.pem"
#define CHECKPOINT (char *)"--checkpoint", (char *)"c4.json"

static void write_all(void)
{
	AUTO(buf_done) struct buf text = { 0 };

	audit_log_text(&the_log, &text);
	write_file("log.jsonl", buf_slice(&text));
	write_file("audit.pem", buf_slice(&audit_log_public));
	write_file("c4.json", buf_slice(&the_log.checkpoint[3]));
}

static void test_program(void **state UNUSED)
{
	AUTO(buf_done) struct buf out = { 0 };

	assert_non_null(mkdtemp(dir));
	audit_log_keys();
	audit_log_make(&the_log, 0, 0);
	write_all();
	assert_int_equal(RUN(&out, KEY, CHECKPOINT, (char *)"log.jsonl"), 0);
	assert_string_equal(out.p, "120 records, 3 lanes, 1 checkpoints, "
				   "0 faults\n");
	the_log.line[10].p[the_log.line[10].n - 4] ^= 1;
	buf_done(&the_log.line[--the_log.n]);
	write_all();
	assert_int_equal(RUN(&out, KEY, CHECKPOINT, (char *)"log.jsonl"), 1);
	assert_non_null(strstr(out.p, "log.jsonl:11: lane 0, record 11: "
				      "edited: the record does not match"));
	assert_non_null(strstr(out.p, "log.jsonl: lane 2, record 39: "
				      "truncated: "));
	assert_non_null(strstr(out.p, "119 records, 3 lanes, 1 checkpoints, "
				      "2 faults\n"));
	assert_int_equal(RUN(&out, KEY, (char *)"nonesuch"), 2);
	assert_int_equal(RUN(&out, (char *)"log.jsonl"), 2);
	assert_int_equal(RUN(&out, (char *)"--nonsense"), 2);
	assert_int_equal(RUN(&out, KEY), 2);
	assert_int_equal(RUN(&out, (char *)"--help"), 0);
	assert_int_equal(RUN(&out, (char *)"--man"), 0);
	assert_non_null(strstr(out.p, ".Dt SKYCLUST-AUDIT-VERIFY 1"));
	assert_int_equal(RUN(&out, (char *)"--version"), 0);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { "log.jsonl", "audit.pem",
						     "c4.json" };
		AUTO_FREE char *path = mem_printf("%s/%s", dir, names[i]);

		unlink(path);
	}
	rmdir(dir);
	audit_log_done(&the_log);
	buf_wipe(&audit_log_private);
	buf_done(&audit_log_public);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
