/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver that costs nothing: its list was made before it is asked, so that a
 * list through the host shows what the host can carry.  It speaks the
 * protocol by hand (PROTOCOL.md, sections 3 and 7).
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ITEMS 10000
#define ITEMS_PER_CHUNK 100

static char *chunks[ITEMS / ITEMS_PER_CHUNK]; /* the inside of each array */

static void put(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t w = write(1, text, n);

		if (w < 0)
			exit(1);
		text += w;
		n -= (size_t)w;
	}
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	put(line, (size_t)n);
}

/* An instance as large as a real one: about 600 bytes. */
static void add_item(FILE *out, int i)
{
	fprintf(out,
		"%s{\"id\":\"i-%08d\",\"name\":\"vm-%d\",\"status\":\"running\","
		"\"provider_status\":\"ACTIVE\",\"instance_type\":\"m1.small\","
		"\"image_id\":\"7d2b4c1e-5f0a-4b6e-9c1d-0123456789ab\","
		"\"network_id\":\"net-%d\",\"subnet_id\":\"subnet-%d\","
		"\"private_ip\":\"10.0.%d.%d\",\"private_ips\":[\"10.0.%d.%d\"],"
		"\"public_ip\":null,\"public_ips\":[],\"key_pair\":\"default\","
		"\"security_groups\":[\"default\",\"web\"],\"zone\":\"nova\","
		"\"region\":\"RegionOne\",\"tags\":{\"env\":\"production\","
		"\"team\":\"platform\",\"owner\":\"someone@example.org\"},"
		"\"created_at\":\"2026-11-21T09:41:59.120Z\","
		"\"updated_at\":\"2026-11-21T09:42:07.004Z\"}",
		i % ITEMS_PER_CHUNK ? "," : "", i, i, i % 7, i % 11,
		i / 250, i % 250, i / 250, i % 250);
}

static void make_chunks(void)
{
	for (int c = 0; c < ITEMS / ITEMS_PER_CHUNK; c++) {
		size_t n;
		FILE *out = open_memstream(&chunks[c], &n);

		for (int i = 0; i < ITEMS_PER_CHUNK; i++)
			add_item(out, c * ITEMS_PER_CHUNK + i);
		fclose(out);
	}
}

/* The text or number after `"name":`, up to @size bytes; false: not there. */
static bool member(const char *line, const char *name, char *out, size_t size)
{
	char key[32];
	const char *p;
	size_t n;

	snprintf(key, sizeof(key), "\"%s\":", name);
	p = strstr(line, key);
	if (!p)
		return false;
	p += strlen(key);
	p += *p == '"';
	n = strcspn(p, "\",}");
	if (n >= size)
		return false;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

/* Read lines until one gives credit; pings are answered on the way. */
static long more_credit(char **line, size_t *cap)
{
	char text[32];

	while (getline(line, cap, stdin) > 0) {
		if (strstr(*line, "\"$/cancel\""))
			return -1;
		if (!member(*line, "n", text, sizeof(text)))
			continue;
		if (strstr(*line, "\"$/credit\""))
			return strtol(text, NULL, 10);
		say("{\"jsonrpc\":\"2.0\",\"method\":\"$/pong\",\"params\":"
		    "{\"n\":%s}}\n", text);
	}
	return -1;
}

static void list(const char *id, long credit, char **line, size_t *cap)
{
	for (int c = 0; c < ITEMS / ITEMS_PER_CHUNK; c++) {
		if (credit == 0)
			credit = more_credit(line, cap);
		if (credit < 0)
			break;
		say("{\"jsonrpc\":\"2.0\",\"method\":\"$/chunk\",\"params\":"
		    "{\"id\":\"%s\",\"seq\":%d,\"items\":[", id, c);
		put(chunks[c], strlen(chunks[c]));
		put("]}}\n", 4);
		credit--;
	}
	say("{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"type\":"
	    "\"stream_end\",\"chunks\":%d,\"items\":%d}}\n",
	    id, ITEMS / ITEMS_PER_CHUNK, ITEMS);
}

static void answer(const char *id, const char *method, char **line, size_t *cap)
{
	char credit[32] = "0";

	member(*line, "credit", credit, sizeof(credit));
	if (!strcmp(method, "initialize"))
		say("{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"protocol\":"
		    "\"1.0\",\"name\":\"list\",\"version\":\"1.0\",\"sdk\":\"none\","
		    "\"concurrency\":\"serial\",\"max_inflight\":1,\"operations\":"
		    "{\"instance.list\":{\"pageable\":true}},\"config_schema\":{},"
		    "\"credential_schema\":{},\"env\":{},\"kinds\":{}}}\n", id);
	else if (!strcmp(method, "instance.list"))
		list(id, strtol(credit, NULL, 10), line, cap);
	else
		say("{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"type\":"
		    "\"done\",\"value\":null}}\n", id);
}

int main(void)
{
	char *line = NULL, id[64], method[64], n[32];
	size_t cap = 0;

	make_chunks();
	while (getline(&line, &cap, stdin) > 0) {
		if (!member(line, "method", method, sizeof(method)))
			continue;
		if (!strcmp(method, "$/ping") && member(line, "n", n, sizeof(n)))
			say("{\"jsonrpc\":\"2.0\",\"method\":\"$/pong\","
			    "\"params\":{\"n\":%s}}\n", n);
		else if (member(line, "id", id, sizeof(id)) && method[0] != '$')
			answer(id, method, &line, &cap);
	}
	return 0;
}
