/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver for the host's own tests: it speaks the protocol by hand and does
 * what the test asks for.  How it says hello depends on its name, which is the
 * provider's; what it does later on `args.do`.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;
static const char *name;
static json_t *config, *state_dir;
static bool probed; /* a probe behaves, whatever its name */

static bool named(const char *wanted)
{
	return !strcmp(name, wanted);
}

static void send_text(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

static void send_json(json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	send_text(text);
	send_text("\n");
	free(text);
	json_decref(message);
}

static void send_result(const char *id, json_t *result)
{
	send_json(json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "id", id,
			    "result", result));
}

static void send_value(const char *id, json_t *value)
{
	send_result(id,
		    json_pack("{s:s, s:o}", "type", "done", "value", value));
}

static void send_error(const char *id, int code, const char *message)
{
	send_json(json_pack("{s:s, s:s, s:{s:i, s:s, s:{s:s}}}", "jsonrpc",
			    "2.0", "id", id, "error", "code", code, "message",
			    message, "data", "effect", "none"));
}

/* ---- hello -------------------------------------------------------------- */

/* One of each kind: what may be sent again, and how one finds out. */
static json_t *operations(void)
{
	return json_pack("{s:{}, s:{}, s:{}, s:{s:s}, s:{s:s}, s:{s:s}, s:{},"
			 " s:{s:s}, s:{}}",
			 "region.list", "instance.list", "instance.create",
			 "volume.create", "idempotency", "tag",
			 "snapshot.create", "idempotency", "token",
			 "volume.delete", "idempotency", "natural",
			 "op.reconcile", "key_pair.create", "idempotency",
			 "tag", "op.poll");
}

static json_t *hello(void)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:i, s:o,"
		" s:{s:s, s:{s:{s:s}, s:{s:s}}, s:[s*]},"
		" s:{s:s, s:{s:{s:s, s:b}}, s:[s*]}, s:{s:s, s:s}, s:{}}",
		"protocol", named("old") ? "0.9" : "1.0", "name", "test",
		"version", "1.2.3", "concurrency",
		named("serial") ? "serial" : "parallel", "max_inflight", 8,
		"operations", operations(), "config_schema", "type", "object",
		"properties", "endpoint", "type", "string", "size", "type",
		"integer", "required", named("needy") ? "endpoint" : NULL,
		"credential_schema", "type", "object", "properties", "password",
		"type", "string", "writeOnly", 1, "required",
		named("locked") ? "password" : NULL, "env",
		"HOST_TEST_ENDPOINT", "endpoint", "HOST_TEST_PASSWORD",
		"password", "kinds");
}

/* Tells twice that it is still at it, 60 ms apart. */
static void start_slowly(void)
{
	for (int i = 0; i < 3; i++) {
		send_json(json_pack("{s:s, s:s, s:{s:s}}", "jsonrpc", "2.0",
				    "method", "$/starting", "params", "stage",
				    "warming up"));
		poll(NULL, 0, 60);
	}
	send_json(json_pack("{s:s, s:s, s:{s:s, s:s}}", "jsonrpc", "2.0",
			    "method", "$/log", "params", "level", "info",
			    "message", "I am warm"));
}

static void say_hello(const char *id, json_t *params)
{
	bool probe = json_is_true(json_object_get(params, "probe"));

	probed = probe;
	if (named("mute"))
		pause();
	if (named("slow"))
		start_slowly();
	if (named("dies") && !probe)
		_exit(3);
	if (named("dies-once") && !probe &&
	    access(json_string_value(json_object_get(params, "state_dir")),
		   W_OK) == 0) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/was-here",
			 json_string_value(
				 json_object_get(params, "state_dir")));
		if (access(path, F_OK) != 0) {
			fclose(fopen(path, "w"));
			fprintf(stderr, "I was never here before\n");
			_exit(4);
		}
	}
	if (named("picky") && !probe) {
		send_error(id, -31003, "the endpoint is not to my taste");
		return;
	}
	if (named("garbage")) {
		send_result(id, json_pack("{s:s}", "protocol", "1.0"));
		return;
	}
	config = json_incref(json_object_get(params, "config"));
	state_dir = json_incref(json_object_get(params, "state_dir"));
	send_result(id, hello());
}

/* ---- looking around ----------------------------------------------------- */

static json_t *open_files(void)
{
	json_t *list = json_array();
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    strtol(entry->d_name, NULL, 10) != dirfd(dir))
			json_array_append_new(
				list,
				json_integer(strtol(entry->d_name, NULL, 10)));
	if (dir)
		closedir(dir);
	return list;
}

static json_t *environment(void)
{
	json_t *list = json_array();

	for (char **e = environ; *e; e++)
		json_array_append_new(list, json_string(*e));
	return list;
}

static int try_exec(void)
{
	char *const argv[] = { (char *)"true", NULL };

	execve("/bin/true", argv, environ);
	return errno;
}

static int try_execveat(void)
{
	char *const argv[] = { (char *)"true", NULL };
	int fd = open("/usr/bin/true", O_PATH);

	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	close(fd);
	return errno;
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600), error = errno;

	if (fd < 0)
		return error;
	close(fd);
	return 0;
}

static int try_own_file(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/file", json_string_value(state_dir));
	return try_open(path, O_WRONLY | O_CREAT);
}

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

/* 0 for what was allowed, else the errno. */
static json_t *tries(void)
{
	return json_pack(
		"{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}",
		"execve", try_exec(), "execveat", try_execveat(), "setsid",
		error_of(setsid()), "keyctl",
		error_of(syscall(SYS_keyctl, 0, 0)), "unshare",
		error_of(syscall(SYS_unshare, 0)), "memfd",
		error_of(syscall(SYS_memfd_create, "x", 0)), "pdeathsig",
		error_of(prctl(PR_SET_PDEATHSIG, 0)), "kill_host",
		error_of(kill(getppid(), 0)), "read_passwd",
		try_open("/etc/shadow", O_RDONLY), "write_tmp",
		try_open("/tmp/skyclust-test-escape", O_WRONLY | O_CREAT),
		"own_file", try_own_file(), "socket",
		error_of(socket(AF_INET, SOCK_STREAM, 0)));
}

static json_t *surroundings(void)
{
	char cwd[256] = "";
	int signal_at_death = 0;
	struct rlimit core, files;

	prctl(PR_GET_PDEATHSIG, &signal_at_death);
	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_NOFILE, &files);
	return json_pack("{s:o, s:o, s:s, s:i, s:b, s:b, s:i, s:i, s:i, s:s, "
			 "s:O?, s:O?}",
			 "fds", open_files(), "env", environment(), "cwd",
			 getcwd(cwd, sizeof(cwd)) ? cwd : "", "pdeathsig",
			 signal_at_death, "leads_session",
			 getsid(0) == getpid(), "leads_group",
			 getpgrp() == getpid(), "core", (int)core.rlim_cur,
			 "files", (int)files.rlim_cur, "no_new_privs",
			 prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), "argv0", name,
			 "config", config, "state_dir", state_dir);
}

/* ---- doing -------------------------------------------------------------- */

static void flood(void)
{
	char line[20000];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	fprintf(stderr, "%s\n", line);
	for (int i = 0; i < 5000; i++)
		fprintf(stderr, "line %d\n", i);
}

static void stream(const char *id)
{
	for (int i = 0; i < 3; i++)
		send_json(json_pack(
			"{s:s, s:s, s:{s:s, s:i, s:[{s:i}, {s:i}]}}", "jsonrpc",
			"2.0", "method", "$/chunk", "params", "id", id, "seq",
			i, "items", "n", 2 * i, "n", 2 * i + 1));
	send_result(id, json_pack("{s:s, s:i, s:i}", "type", "stream_end",
				  "chunks", 3, "items", 6));
}

/* Dies of it the first time only. */
static void die_once(const char *id)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/died", json_string_value(state_dir));
	if (access(path, F_OK) == 0) {
		send_value(id, json_pack("{s:[]}", "items"));
		return;
	}
	fclose(fopen(path, "w"));
	raise(SIGKILL);
}

/* The cloud names what it makes, and then nothing more is heard. */
static void checkpoint_and_die(const char *id)
{
	send_json(json_pack("{s:s, s:s, s:{s:s, s:{s:s}}}", "jsonrpc", "2.0",
			    "method", "$/checkpoint", "params", "id", id,
			    "data", "id", "made-1"));
	raise(SIGKILL);
}

static void lose_answer(const char *id)
{
	send_json(json_pack("{s:s, s:s, s:{s:i, s:s, s:{s:s}}}", "jsonrpc",
			    "2.0", "id", id, "error", "code", -31012, "message",
			    "the cloud did not answer", "data", "effect",
			    "unknown"));
}

/* A file in the state directory; its stream, for the caller to close. */
static FILE *state_file(const char *file, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", json_string_value(state_dir),
		 file);
	return fopen(path, mode);
}

/* The cloud of this driver: a line for each operation that was applied. */
static void apply(const char *op)
{
	FILE *f = state_file("applied", "a");

	fprintf(f, "%s\n", op);
	fclose(f);
}

static bool was_applied(const char *op)
{
	FILE *f = state_file("applied", "r");
	char line[128];
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		found |= !strcmp(line, op);
	}
	if (f)
		fclose(f);
	return found;
}

static json_t *made(const char *op)
{
	return json_pack("{s:s, s:s}", "id", op, "private_key",
			 "THE PRIVATE KEY");
}

/* Says what the lost call's argument `outcome` wants, and what it was asked;
 * "look": what is so. */
static void reconcile(const char *id, json_t *args)
{
	json_t *lost = json_object_get(args, "args");
	const char *outcome =
		json_string_value(json_object_get(lost, "outcome"));
	const char *op = json_string_value(json_object_get(args, "op"));

	if (!outcome)
		raise(SIGKILL);
	if (!strcmp(outcome, "look")) {
		if (was_applied(op))
			send_value(id, json_pack("{s:s, s:o}", "outcome",
						 "applied", "value", made(op)));
		else
			send_value(id, json_pack("{s:s}", "outcome",
						 "not_applied"));
		return;
	}
	send_value(id, json_pack("{s:s, s:O, s:{s:s}}", "outcome", outcome,
				 "value", args, "handle", "id", "made-1"));
}

static void send_pending(const char *id, int left)
{
	send_result(id, json_pack("{s:s, s:{s:i}, s:i}", "type", "pending",
				  "handle", "left", left, "poll_after_ms", 50));
}

/* One step nearer to the end; at 100 it never comes. */
static void poll_pending(const char *id, json_t *args)
{
	json_t *handle = json_object_get(args, "handle");
	int left = (int)json_integer_value(json_object_get(handle, "left"));

	if (left > 0)
		send_pending(id, left == 100 ? 100 : left - 1);
	else
		send_value(id, json_pack("{s:s}", "id", "made-at-last"));
}

static void send_note(const char *id, const char *method, const char *member,
		      json_t *value)
{
	send_json(json_pack("{s:s, s:s, s:{s:s, s:o}}", "jsonrpc", "2.0",
			    "method", method, "params", "id", id, member,
			    value));
}

static char waiting[64]; /* for $/cancel: the call that does */

/* What operations do. */
static bool do_operation(const char *id, const char *what, const char *op)
{
	if (!strcmp(what, "apply")) {
		apply(op);
		send_value(id, made(op));
	} else if (!strcmp(what, "apply and die")) {
		apply(op);
		raise(SIGKILL);
	} else if (!strcmp(what, "apply and hang")) {
		apply(op);
	} else if (!strcmp(what, "pending")) {
		send_pending(id, 2);
	} else if (!strcmp(what, "pending for ever")) {
		send_pending(id, 100);
	} else if (!strcmp(what, "checkpoint and hang")) {
		send_note(id, "$/checkpoint", "data",
			  json_pack("{s:s}", "id", "made-1"));
		send_note(id, "$/progress", "done", json_integer(7));
	} else if (!strcmp(what, "wait for cancel")) {
		send_note(id, "$/progress", "done", json_integer(1));
		snprintf(waiting, sizeof(waiting), "%s", id);
	} else if (!strcmp(what, "busy")) {
		send_error(id, -31014, "come back later");
	} else if (!strcmp(what, "quota")) {
		send_error(id, -31008, "no more of these");
	} else {
		return false;
	}
	return true;
}

static void do_call(const char *id, json_t *params)
{
	json_t *ctx = json_object_get(params, "ctx");
	json_t *args = json_object_get(params, "args");
	const char *what = json_string_value(json_object_get(args, "do"));

	if (!what)
		send_value(id, json_pack("{s:[]}", "items"));
	else if (do_operation(id, what,
			      json_string_value(json_object_get(ctx, "op"))))
		return;
	else if (!strcmp(what, "look"))
		send_value(id, surroundings());
	else if (!strcmp(what, "try"))
		send_value(id, tries());
	else if (!strcmp(what, "params"))
		send_value(id, json_incref(params));
	else if (!strcmp(what, "stream"))
		stream(id);
	else if (!strcmp(what, "die"))
		raise(SIGKILL);
	else if (!strcmp(what, "exit"))
		_exit(9);
	else if (!strcmp(what, "die once"))
		die_once(id);
	else if (!strcmp(what, "checkpoint and die"))
		checkpoint_and_die(id);
	else if (!strcmp(what, "lose answer"))
		lose_answer(id);
	else if (!strcmp(what, "cloud down"))
		send_error(id, -31012, "the cloud does not answer");
	else if (!strcmp(what, "echo secret"))
		send_error(id, -31006,
			   json_string_value(json_object_get(
				   json_object_get(params, "secrets"),
				   "password")));
	else if (!strcmp(what, "flood")) {
		flood();
		send_value(id, json_null());
	} else if (!strcmp(what, "violate")) {
		for (int i = 0; i < 150; i++)
			send_text("this is no JSON\n");
		send_value(id, json_null());
	} else if (!strcmp(what, "close stdout")) {
		fclose(stdout);
		pause();
	} else if (!strcmp(what, "half a line")) {
		send_text("{\"jsonrpc\":");
	}
	/* "hang": no answer at all */
}

static void handle(json_t *message)
{
	const char *method =
		json_string_value(json_object_get(message, "method"));
	const char *id = json_string_value(json_object_get(message, "id"));
	json_t *params = json_object_get(message, "params");

	if (!strcmp(method, "$/ping") && !named("deaf"))
		send_json(json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0",
				    "method", "$/pong", "params", params));
	if (!strcmp(method, "$/cancel") &&
	    !strcmp(waiting, json_string_value(json_object_get(params, "id"))))
		send_error(waiting, -31001, "it was undone");
	if (!id)
		return;
	if (!strcmp(method, "initialize"))
		say_hello(id, params);
	else if (!strcmp(method, "shutdown"))
		send_value(id, json_null());
	else if (!strcmp(method, "op.reconcile"))
		reconcile(id, json_object_get(params, "args"));
	else if (!strcmp(method, "op.poll"))
		poll_pending(id, json_object_get(params, "args"));
	else
		do_call(id, params);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;

	name = argc ? argv[0] : "";
	if (named("stubborn"))
		signal(SIGTERM, SIG_IGN);
	while (getline(&line, &room, stdin) > 0) {
		json_t *message = json_loads(line, 0, NULL);

		handle(message);
		json_decref(message);
	}
	while (!probed && (named("stubborn") || named("lingers")))
		pause();
	free(line);
	json_decref(config);
	json_decref(state_dir);
	return 0;
}
