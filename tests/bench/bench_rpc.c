/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call from host to driver and back costs, beside what two bare pipes
 * cost in the same run: one call at a time and 64 at once, both processes on
 * one CPU and anywhere; and the speed of the scanner beside jansson's.
 *
 *	bench_rpc [--seconds N] [--json FILE]
 */
#include "bench.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/loop.h"
#include "rpc/peer.h"
#include "rpc/scan.h"

#define AT_ONCE 64
#define SAMPLES (1 << 20)
#define CALL_GOAL 2.0	   /* times the bare pipe */
#define RATE_GOAL 500000.0 /* calls a second */
#define SCAN_GOAL 400.0	   /* MB/s */

static int seconds = 2;
static json_t *rows;

/* ---- figures ------------------------------------------------------------- */

struct figure {
	double p50, p99;  /* microseconds */
	double rate;	  /* a second */
	double cpu_spent; /* microseconds of both processes for one */
};

static struct {
	uint32_t *ns;
	size_t n, calls;
} sample;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Microseconds that this process and those that ended before it used. */
static double cpu_us(void)
{
	struct rusage mine, theirs;

	getrusage(RUSAGE_SELF, &mine);
	getrusage(RUSAGE_CHILDREN, &theirs);
	return (double)(mine.ru_utime.tv_sec + mine.ru_stime.tv_sec +
			theirs.ru_utime.tv_sec + theirs.ru_stime.tv_sec) *
		       1e6 +
	       (double)(mine.ru_utime.tv_usec + mine.ru_stime.tv_usec +
			theirs.ru_utime.tv_usec + theirs.ru_stime.tv_usec);
}

static void note(int64_t began)
{
	if (sample.n < SAMPLES)
		sample.ns[sample.n++] = (uint32_t)(now_ns() - began);
	sample.calls++;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static struct figure figure(int64_t took)
{
	struct figure f;

	qsort(sample.ns, sample.n, sizeof(*sample.ns), by_size);
	f.p50 = sample.ns[sample.n / 2] / 1e3;
	f.p99 = sample.ns[sample.n / 100 * 99] / 1e3;
	f.rate = (double)sample.calls / ((double)took / 1e9);
	sample.n = sample.calls = 0;
	return f;
}

/* One line of the table; @holds -1: no goal. */
static void row(const char *what, const char *measured, const char *beside,
		const char *goal, int holds)
{
	json_t *r = json_pack("{s:s, s:s, s:s, s:s}", "what", what, "measured",
			      measured, "beside", beside, "goal", goal);

	if (holds >= 0)
		json_object_set_new(r, "holds", json_boolean(holds));
	json_array_append_new(rows, r);
	printf("%-58s %-34s %-28s %-12s %s\n", what, measured, beside, goal,
	       holds < 0 ? ""
	       : holds	 ? "met"
			 : "not met");
	fflush(stdout);
}

/* ---- two bare pipes ------------------------------------------------------ */

static void move_all(int fd, char *bytes, size_t size, bool out)
{
	while (size > 0) {
		ssize_t n =
			out ? write(fd, bytes, size) : read(fd, bytes, size);

		if (n <= 0)
			err(1, "bare pipe");
		bytes += n;
		size -= (size_t)n;
	}
}

static struct figure bare(int cpu)
{
	struct other o = other_start(SERVE_PIPE, cpu);
	char bytes[BENCH_BYTES] = { 0 };
	int64_t began = now_ns(), end = began + seconds * 1000000000LL, at;

	for (at = began; at < end; at = now_ns()) {
		move_all(o.out, bytes, sizeof(bytes), true);
		move_all(o.in, bytes, sizeof(bytes), false);
		note(at);
	}
	other_stop(&o);
	return figure(at - began);
}

/* ---- calls --------------------------------------------------------------- */

static const struct peer_events events;

struct load {
	struct peer *peer;
	int64_t end; /* now_ns() */
	int running;
};

static void must_call(struct peer *p, const char *method, const char *params)
{
	struct rpc_request req = {
		.method = method,
		.params = slice_of(params),
		.deadline = clock_ms() + 60000,
	};
	struct rpc_reply reply;
	struct error error;

	if (!rpc_call(p, &req, &reply, &error))
		errx(1, "%s: %s", method, error.message);
	rpc_reply_done(&reply);
}

static void hello(void *arg)
{
	struct load *load = arg;

	must_call(load->peer, "initialize",
		  "{\"protocol\":[\"1.0\"],\"host\":{\"name\":\"bench\","
		  "\"version\":\"1.0\"},\"limits\":{\"max_frame\":1048576,"
		  "\"max_inflight\":256},\"config\":{},\"features\":[]}");
	load->running--;
}

static void caller(void *arg)
{
	struct load *load = arg;
	int64_t at = now_ns();

	for (; at < load->end; at = now_ns()) {
		must_call(load->peer, BENCH_METHOD, BENCH_PARAMS);
		note(at);
	}
	load->running--;
}

static bool is_over(void *load)
{
	return ((struct load *)load)->running == 0;
}

static void run_fibers(struct load *load, void (*fn)(void *arg), int n)
{
	load->running = n;
	while (n-- > 0)
		if (!fiber_spawn("bench", fn, load))
			errx(1, "no stack for a fiber");
	loop_run_until(is_over, load, 0);
}

static struct figure calls(const char *server, int at_once, int cpu)
{
	struct other o = other_start(server, cpu);
	struct load load = { 0 };
	double used = cpu_us(), n;
	struct figure f;
	int64_t began;

	load.peer = peer_new(o.in, o.out, 1, FRAME_MAX_DEFAULT, &events, NULL);
	o.in = o.out = -1;
	run_fibers(&load, hello, 1);
	began = now_ns();
	load.end = began + seconds * 1000000000LL;
	run_fibers(&load, caller, at_once);
	n = (double)sample.calls;
	f = figure(now_ns() - began);
	peer_free(load.peer, NULL);
	other_stop(&o);
	f.cpu_spent = (cpu_us() - used) / n;
	return f;
}

/* ---- the table ----------------------------------------------------------- */

static const struct {
	const char *name, *server;
} drivers[] = {
	{ "driver of the SDK", "bench/driver_echo" },
	{ "bare link, no SDK", SERVE_LINK },
};

static void one_at_a_time(const char *name, const char *server, int cpu,
			  const struct figure *pipe)
{
	struct figure f = calls(server, 1, cpu);
	char what[128], measured[64], beside[64];

	snprintf(what, sizeof(what), "host → %s → host, one call at a time, %s",
		 name, cpu < 0 ? "unpinned" : "one CPU");
	snprintf(measured, sizeof(measured), "p50 %.1f µs, p99 %.1f µs (%.1f×)",
		 f.p50, f.p99, f.p50 / pipe->p50);
	snprintf(beside, sizeof(beside), "bare pipe p50 %.1f µs", pipe->p50);
	if (cpu < 0)
		row(what, measured, beside, "", -1);
	else
		row(what, measured, beside, "≤ 2×",
		    f.p50 <= CALL_GOAL * pipe->p50);
}

static void many_at_once(const char *name, const char *server, int cpu,
			 const struct figure *pipe)
{
	struct figure f = calls(server, AT_ONCE, cpu);
	char what[128], measured[64], beside[64];

	snprintf(what, sizeof(what), "host → %s → host, %d at once, %s", name,
		 AT_ONCE, cpu < 0 ? "unpinned" : "one CPU");
	snprintf(measured, sizeof(measured),
		 "%.0f calls/s, %.2f µs of CPU each", f.rate, f.cpu_spent);
	snprintf(beside, sizeof(beside), "bare pipe, one: %.0f/s", pipe->rate);
	if (cpu < 0)
		row(what, measured, beside, "", -1);
	else
		row(what, measured, beside, "≥ 500,000/s", f.rate >= RATE_GOAL);
}

static void bench_calls(int cpu)
{
	struct figure pipe = bare(cpu);

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		one_at_a_time(drivers[i].name, drivers[i].server, cpu, &pipe);
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		many_at_once(drivers[i].name, drivers[i].server, cpu, &pipe);
}

/* A list of servers as a driver would send it. */
static void make_list(struct buf *b)
{
	buf_add_char(b, '[');
	for (int i = 0; i < 2000; i++)
		buf_printf(b,
			   "%s{\"id\":\"b5f1c0de-%04x-4a5b-9c1d-2f3e4d5c6b7a\","
			   "\"name\":\"web-%d\",\"status\":\"running\","
			   "\"provider_status\":\"ACTIVE\",\"instance_type\":"
			   "\"m1.small\",\"private_ip\":\"10.0.%d.%d\","
			   "\"public_ip\":null,\"zone\":\"nova\",\"tags\":"
			   "{\"env\":\"prod\",\"team\":\"a\"},\"vcpus\":4,"
			   "\"created_at\":\"2026-11-21T09:41:59Z\"}",
			   i ? "," : "", i, i, i >> 8, i & 255);
	buf_add_char(b, ']');
}

static bool by_scanner(const struct buf *b)
{
	return scan_valid(b->p, b->n, NULL);
}

static bool by_jansson(const struct buf *b)
{
	AUTO_JSON json_t *v = json_read(b->p, b->n, NULL);

	return v != NULL;
}

static double megabytes(const struct buf *b, bool (*read)(const struct buf *b))
{
	int64_t began = now_ns(), took;
	size_t times = 0;

	do {
		if (!read(b))
			errx(1, "the list is not JSON");
		times++;
		took = now_ns() - began;
	} while (took < seconds * 1000000000LL);
	return (double)(b->n * times) / 1e6 / ((double)took / 1e9);
}

static void bench_scan(void)
{
	struct buf b = { 0 };
	char measured[64], beside[64];
	double speed;

	make_list(&b);
	speed = megabytes(&b, by_scanner);
	snprintf(measured, sizeof(measured), "%.0f MB/s", speed);
	snprintf(beside, sizeof(beside), "jansson parse %.0f MB/s",
		 megabytes(&b, by_jansson));
	row("a list validated and sliced by the scanner", measured, beside,
	    "≥ 400 MB/s", speed >= SCAN_GOAL);
	buf_done(&b);
}

/* ---- main ---------------------------------------------------------------- */

static void usage(void)
{
	fprintf(stderr, "usage: bench_rpc [--seconds N] [--json FILE]\n");
	exit(64);
}

static void write_json(const char *file)
{
	AUTO_JSON json_t *all = json_pack("{s:O}", "rows", rows);

	if (json_dump_file(all, file, JSON_INDENT(1)) != 0)
		err(1, "%s", file);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "json", required_argument, NULL, 'j' },
		{ "serve-pipe", no_argument, NULL, 'p' },
		{ "serve-link", no_argument, NULL, 'l' },
		{ 0 },
	};
	const char *file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p' || c == 'l') {
			c == 'p' ? serve_pipe() : serve_link();
			return 0;
		}
		if (c == 's')
			seconds = (int)strtol(optarg, NULL, 10);
		else if (c == 'j')
			file = optarg;
		else
			usage();
	}
	if (seconds < 1 || optind != argc)
		usage();
	rows = json_array();
	sample.ns = mem_alloc(SAMPLES * sizeof(*sample.ns));
	loop_init();
	bench_calls(0);
	bench_calls(-1);
	bench_scan();
	if (file)
		write_json(file);
	json_decref(rows);
	mem_free(sample.ns);
	loop_done();
	return 0;
}
