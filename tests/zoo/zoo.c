/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zoo: drivers that misbehave.  Each is this file compiled with another
 * ZOO name; it speaks the protocol by hand, because the SDK would not let it
 * do what it does.  test_zoo.py holds each against the real host.
 *
 * All say hello properly unless that is their trick, and play it when
 * `region.list` is asked for; `zone.list` is always answered well, so that a
 * test can see whether the process still serves.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

static const char zoo[] = TEXT(ZOO);

static bool is(const char *name)
{
	return !strcmp(zoo, name);
}

/* ---- speaking ------------------------------------------------------------ */

static void put(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t w = write(1, text, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			_exit(1);
		text += w;
		n -= (size_t)w;
	}
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void answer(const char *id, const char *result)
{
	char line[4096];
	int n = snprintf(line, sizeof(line),
			 "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":%s}\n", id,
			 result);

	put(line, (size_t)n);
}

static void answer_list(const char *id)
{
	answer(id, "{\"type\":\"done\",\"value\":{\"items\":[{\"id\":\"r1\","
		   "\"name\":\"r1\"}],\"next_page_token\":null}}");
}

static void repeat(char c, size_t n)
{
	char block[65536];

	memset(block, c, sizeof(block));
	for (; n > sizeof(block); n -= sizeof(block))
		put(block, sizeof(block));
	put(block, n);
}

static void pause_for_ever(void)
{
	for (;;)
		pause();
}

/* ---- hello --------------------------------------------------------------- */

static void hello(const char *id)
{
	char line[2048];
	int n;

	if (is("no_hello"))
		pause_for_ever();
	if (is("dies_at_hello"))
		_exit(7);
	if (is("hello_garbage")) {
		answer(id, "{\"protocol\":[],\"operations\":42}");
		return;
	}
	n = snprintf(line, sizeof(line),
		     "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{"
		     "\"protocol\":\"%s\",\"name\":\"zoo\",\"version\":\"1.0\","
		     "\"sdk\":\"none/1.0\",\"concurrency\":\"parallel\","
		     "\"max_inflight\":16,\"operations\":{\"region.list\":{},"
		     "\"zone.list\":{},\"instance.create\":{}%s},"
		     "\"config_schema\":{},"
		     "\"credential_schema\":{\"type\":\"object\",\"properties\":"
		     "{\"password\":{\"type\":\"string\",\"writeOnly\":true}}},"
		     "\"env\":{},\"kinds\":{}}}\n",
		     id, is("wrong_version") ? "9.0" : "1.0",
		     is("lies_about_operations") ?
			     ",\"image.list\":{},\"warp.engage\":{}" : "");
	put(line, (size_t)n);
}

/* ---- tricks -------------------------------------------------------------- */

static void crash(const char *id)
{
	(void)id;
	raise(SIGSEGV);
}

static void hang(const char *id)
{
	(void)id; /* the reader goes on: only this call is never answered */
}

static void stuck(const char *id)
{
	(void)id;
	pause_for_ever();
}

static void garbage(const char *id)
{
	static const char bytes[] = "{\"jsonrpc\":\"2.0\",\"id\":\n[1,2,3]\n"
				    "\xff\xfe\x00\n";

	for (int i = 0; i < 1000; i++)
		put_text("*** Welcome to ACME cloud tools 3.1 ***\n");
	put(bytes, sizeof(bytes) - 1);
	answer_list(id);
}

static void huge_line(const char *id)
{
	repeat('x', 256u << 20);
	put_text("\n");
	answer_list(id);
}

static void flood_stderr(const char *id)
{
	static const char text[] = "the quick brown fox is in the log again\n";

	for (int i = 0; i < 200000; i++)
		if (write(2, text, sizeof(text) - 1) < 0)
			break;
	answer_list(id);
}

static void answers_twice(const char *id)
{
	answer_list(id);
	answer_list(id);
}

static void wrong_id(const char *id)
{
	answer("1.999999", "{\"type\":\"done\",\"value\":{\"items\":[]}}");
	answer("99.1", "{\"type\":\"done\",\"value\":{\"items\":[]}}");
	answer_list(id);
}

static void lies_about_operations(const char *id)
{
	char line[256];
	int n = snprintf(line, sizeof(line),
			 "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"error\":{\"code\":"
			 "-32601,\"message\":\"no such method\"}}\n", id);

	put(line, (size_t)n);
}

/* The grandchild keeps all three descriptors and leaves the group. */
static void forks_daemon(const char *id)
{
	if (fork() == 0) {
		setsid();
		signal(SIGTERM, SIG_IGN);
		for (int i = 0; i < 600; i++)
			sleep(1);
		_exit(0);
	}
	answer_list(id);
	_exit(0);
}

static void leaks(const char *id)
{
	for (;;) {
		char *p = malloc(1 << 20);

		if (!p)
			abort();
		memset(p, 1, 1 << 20);
	}
	answer_list(id);
}

static void echoes_secrets(const char *id)
{
	char line[512];
	int n = snprintf(line, sizeof(line),
			 "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"error\":{\"code\":"
			 "-31006,\"message\":\"login with canary-5ecret-v4lue "
			 "failed\",\"data\":{\"effect\":\"none\"}}}\n", id);

	fprintf(stderr, "debug: password is canary-5ecret-v4lue\n");
	put(line, (size_t)n);
}

static void deep_json(const char *id)
{
	put_text("{\"jsonrpc\":\"2.0\",\"id\":\"");
	put_text(id);
	put_text("\",\"result\":");
	repeat('[', 500000);
	put_text("\n");
	answer_list(id);
}

static void closes_stdout(const char *id)
{
	(void)id;
	close(1);
	pause_for_ever();
}

static void half_a_line(const char *id)
{
	put_text("{\"jsonrpc\":\"2.0\",\"id\":\"");
	put_text(id);
	pause_for_ever();
}

static void bad_totals(const char *id)
{
	char line[512];
	int n = snprintf(line, sizeof(line),
			 "{\"jsonrpc\":\"2.0\",\"method\":\"$/chunk\",\"params\":"
			 "{\"id\":\"%s\",\"seq\":0,\"items\":[{\"id\":\"a\"}]}}\n",
			 id);

	put(line, (size_t)n);
	answer(id, "{\"type\":\"stream_end\",\"chunks\":1,\"items\":7}");
}

/* In one piece, so that no credit can come in between. */
static void chunk_flood(const char *id)
{
	enum { CHUNKS = 10000, LINE = 128 };
	char *lines = malloc((size_t)CHUNKS * LINE);
	size_t n = 0;

	for (int i = 0; lines && i < CHUNKS; i++)
		n += (size_t)snprintf(
			lines + n, LINE,
			"{\"jsonrpc\":\"2.0\",\"method\":\"$/chunk\",\"params\":"
			"{\"id\":\"%.16s\",\"seq\":%d,\"items\":[{\"id\":\"a\"}]}}\n",
			id, i);
	put(lines, n);
	free(lines);
	answer(id, "{\"type\":\"stream_end\",\"chunks\":10000,\"items\":10000}");
}

static void not_a_list(const char *id)
{
	answer(id, "{\"type\":\"done\",\"value\":\"forty-two\"}");
}

static void plain(const char *id)
{
	answer_list(id);
}

static const struct {
	const char *name;
	void (*play)(const char *id);
} tricks[] = {
	{ "crashes", crash },
	{ "hangs", hang },
	{ "stuck", stuck },
	{ "prints_garbage", garbage },
	{ "huge_line", huge_line },
	{ "flood_stderr", flood_stderr },
	{ "answers_twice", answers_twice },
	{ "wrong_id", wrong_id },
	{ "lies_about_operations", lies_about_operations },
	{ "forks_daemon", forks_daemon },
	{ "ignores_signals", stuck },
	{ "leaks", leaks },
	{ "echoes_secrets", echoes_secrets },
	{ "deep_json", deep_json },
	{ "closes_stdout", closes_stdout },
	{ "half_a_line", half_a_line },
	{ "bad_totals", bad_totals },
	{ "chunk_flood", chunk_flood },
	{ "not_a_list", not_a_list },
	{ "no_hello", plain },
	{ "dies_at_hello", plain },
	{ "hello_garbage", plain },
	{ "wrong_version", plain },
};

/* ---- reading ------------------------------------------------------------- */

/* The text between `"name":"` and the next quote; false when not there. */
static bool member(const char *line, const char *name, char *out, size_t size)
{
	char key[64];
	const char *p, *end;

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	p = strstr(line, key);
	if (!p)
		return false;
	p += strlen(key);
	end = strchr(p, '"');
	if (!end || (size_t)(end - p) >= size)
		return false;
	memcpy(out, p, (size_t)(end - p));
	out[end - p] = '\0';
	return true;
}

static void play(const char *id)
{
	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++)
		if (is(tricks[i].name))
			tricks[i].play(id);
}

static void handle(const char *line)
{
	char method[64], id[64] = "";

	if (!member(line, "method", method, sizeof(method)))
		return;
	if (!strcmp(method, "$/ping")) {
		const char *n = strstr(line, "\"n\":");
		char pong[128];

		snprintf(pong, sizeof(pong),
			 "{\"jsonrpc\":\"2.0\",\"method\":\"$/pong\",\"params\":"
			 "{\"n\":%ld}}\n", n ? strtol(n + 4, NULL, 10) : 0);
		put_text(pong);
	}
	if (!member(line, "id", id, sizeof(id)) || method[0] == '$')
		return;
	if (!strcmp(method, "initialize"))
		hello(id);
	else if (!strcmp(method, "region.list"))
		play(id);
	else if (!strcmp(method, "shutdown"))
		answer(id, "{\"type\":\"done\",\"value\":null}");
	else
		answer_list(id);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;

	if (is("ignores_signals")) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
	}
	while (getline(&line, &cap, stdin) > 0)
		handle(line);
	free(line);
	if (is("ignores_signals"))
		pause_for_ever();
	return 0;
}
