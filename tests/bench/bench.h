/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two halves of bench_rpc share: the load and what is measured
 * against (bench_rpc.c), and the processes at the other end (bench_serve.c).
 */
#ifndef SKYCLUST_BENCH_BENCH_H
#define SKYCLUST_BENCH_BENCH_H

#include "base/base.h"

/* The request of every measurement; the bare pipe moves as many bytes. */
#define BENCH_METHOD "instance_type.get"
#define BENCH_PARAMS                                                      \
	"{\"ctx\":{\"op\":\"01KAJ2Z7TQ\",\"workspace\":\"default\","      \
	"\"region\":\"RegionOne\",\"deadline_ms\":30000,\"attempt\":1},"  \
	"\"secrets\":{},\"args\":{\"id\":\"a-1\"}}"
#define BENCH_BYTES 240 /* of the frame */

/* A process at the other end of two pipes. */
struct other {
	pid_t pid;
	int in, out;            /* its stdout, its stdin */
};

/* Start @name: SERVE_* of this program itself, or a program beside it, with
 * both processes on CPU @cpu (-1: anywhere).  Ends the program on failure. */
#define SERVE_PIPE "--serve-pipe"
#define SERVE_LINK "--serve-link"
struct other other_start(const char *name, int cpu);
void other_stop(struct other *o); /* closes what is still open, waits */

/* What the child does; they return at the end of its input. */
void serve_pipe(void);
void serve_link(void);

#endif
