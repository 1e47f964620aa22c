/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: libev asks the kernel, everything else is ours.  Our timers live
 * in a heap of their own, because they follow clock_ms(), which tests make
 * virtual; libev sees one alarm, set for the earliest of them.
 */
#include "base/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

/* Work that never ends must not starve the kernel's events for ever. */
#define ROUNDS_PER_TURN 64
#define TASKS_PER_ROUND 4096

/* Turns that may follow a passed deadline of loop_run_until(), so that what
 * was on its way still arrives. */
#define LAST_TURNS 16

static struct {
	struct ev_loop *ev;
	bool stopping;
	bool (*run_ready)(void);
	struct loop_task *first, **end;
	struct timer **heap; /* from 1; heap[1] is due first */
	size_t timers, room;
	ev_timer alarm;
	int64_t alarm_due;   /* by real_ms() */
} loop;

/* The kernel's clock, whatever clock_ms() says. */
static int64_t real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void alarm_rang(struct ev_loop *ev UNUSED, ev_timer *w UNUSED,
		       int events UNUSED)
{
	/* It only ends the wait; timers run at the head of the next turn. */
}

void loop_init(void)
{
	/* Not the default loop: that one reaps every child by itself, and the
	 * status of a driver's end would be lost. */
	loop.ev = ev_loop_new(EVFLAG_NOENV);
	if (!loop.ev)
		mem_oom();
	/* Waiting is right even while nothing is watched: timers are ours. */
	ev_ref(loop.ev);
	ev_init(&loop.alarm, alarm_rang);
	loop.end = &loop.first;
	loop.stopping = false;
	signal(SIGPIPE, SIG_IGN);
}

void loop_done(void)
{
	if (!loop.ev)
		return;
	while (loop.timers)
		timer_stop(loop.heap[1]);
	while (loop.first)
		loop_undefer(loop.first);
	mem_free(loop.heap);
	loop.heap = NULL;
	loop.room = 0;
	ev_timer_stop(loop.ev, &loop.alarm);
	ev_loop_destroy(loop.ev);
	loop.ev = NULL;
}

struct ev_loop *loop_ev(void)
{
	return loop.ev;
}

void loop_on_ready(bool (*run_ready)(void))
{
	loop.run_ready = run_ready;
}

/* ---- timers: a binary heap ---------------------------------------------- */

static void heap_put(struct timer *timer, size_t slot)
{
	loop.heap[slot] = timer;
	timer->slot = slot;
}

static void heap_up(struct timer *timer, size_t slot)
{
	for (; slot > 1 && loop.heap[slot / 2]->due > timer->due; slot /= 2)
		heap_put(loop.heap[slot / 2], slot);
	heap_put(timer, slot);
}

static void heap_down(struct timer *timer, size_t slot)
{
	size_t child;

	while ((child = slot * 2) <= loop.timers) {
		if (child < loop.timers &&
		    loop.heap[child + 1]->due < loop.heap[child]->due)
			child++;
		if (loop.heap[child]->due >= timer->due)
			break;
		heap_put(loop.heap[child], slot);
		slot = child;
	}
	heap_put(timer, slot);
}

void timer_arm(struct timer *timer, int64_t due_ms)
{
	timer_stop(timer);
	if (loop.timers + 2 > loop.room) {
		loop.room = loop.room ? loop.room * 2 : 64;
		loop.heap = mem_realloc(loop.heap,
					loop.room * sizeof(*loop.heap));
	}
	timer->due = due_ms;
	heap_up(timer, ++loop.timers);
}

void timer_stop(struct timer *timer)
{
	size_t slot = timer->slot;
	struct timer *last;

	if (!slot)
		return;
	timer->slot = 0;
	last = loop.heap[loop.timers--];
	if (last == timer)
		return;
	if (slot > 1 && loop.heap[slot / 2]->due > last->due)
		heap_up(last, slot);
	else
		heap_down(last, slot);
}

static bool timer_due(int64_t now)
{
	return loop.timers && loop.heap[1]->due <= now;
}

/* One that arms itself again for now waits for the next turn. */
static bool run_timers(void)
{
	size_t most = loop.timers;
	bool ran = false;
	int64_t now;

	if (!most)
		return false;
	now = clock_ms();
	for (; most && timer_due(now); most--) {
		struct timer *timer = loop.heap[1];

		timer_stop(timer);
		timer->run(timer);
		ran = true;
	}
	return ran;
}

/* ---- deferred tasks ------------------------------------------------------ */

void loop_defer(struct loop_task *task)
{
	if (task->queued)
		return;
	task->queued = true;
	task->next = NULL;
	*loop.end = task;
	loop.end = &task->next;
}

void loop_undefer(struct loop_task *task)
{
	struct loop_task **p = &loop.first;

	if (!task->queued)
		return;
	while (*p != task)
		p = &(*p)->next;
	*p = task->next;
	if (loop.end == &task->next)
		loop.end = p;
	task->queued = false;
}

/* Those that are queued now: what they queue comes after the fibers that they
 * woke, in the next round. */
static bool run_tasks(void)
{
	struct loop_task **last = loop.end;
	bool ran = false;

	for (int i = 0; i < TASKS_PER_ROUND && loop.first; i++) {
		struct loop_task *task = loop.first;
		bool is_last = &task->next == last;

		loop_undefer(task);
		task->run(task);
		ran = true;
		if (is_last)
			break;
	}
	return ran;
}

/* ---- turns --------------------------------------------------------------- */

/* Run fibers until none is ready, then tasks, which may wake fibers, and so
 * on.  True when nothing is left to do. */
static bool settle(bool *worked)
{
	for (int i = 0; i < ROUNDS_PER_TURN; i++) {
		if ((loop.run_ready && loop.run_ready()) || run_tasks())
			*worked = true;
		else
			return true;
	}
	run_tasks();
	return false;
}

/* Make sure that the kernel's wait ends at @due.  An alarm that is too early
 * is left alone: ringing once for nothing is cheaper than setting it anew. */
static void set_alarm(int64_t due)
{
	int64_t left;

	if (ev_is_active(&loop.alarm) && loop.alarm_due <= due)
		return;
	left = due - real_ms();
	ev_now_update(loop.ev);
	ev_timer_stop(loop.ev, &loop.alarm);
	ev_timer_set(&loop.alarm, left > 0 ? (double)left / 1e3 : 0., 0.);
	ev_timer_start(loop.ev, &loop.alarm);
	loop.alarm_due = due;
}

/* Ask the kernel; wait for it unless there is work, at most until @until (by
 * real_ms(), 0: no limit).  The virtual clock stands still while we wait, so
 * its timers do not count then. */
static void ask_kernel(bool settled, int64_t until)
{
	if (!settled || loop.stopping || (loop.timers && timer_due(clock_ms()))) {
		ev_run(loop.ev, EVRUN_NOWAIT);
		return;
	}
	if (until && until <= real_ms()) {
		ev_run(loop.ev, EVRUN_NOWAIT);
		return;
	}
	if (until)
		set_alarm(until);
	if (loop.timers && !clock_is_virtual())
		set_alarm(loop.heap[1]->due);
	ev_run(loop.ev, EVRUN_ONCE);
}

/* One turn's own work, before the kernel is asked. */
struct work {
	bool any;       /* there was some */
	bool settled;   /* nothing is left */
};

static struct work do_work(void)
{
	struct work w = { .any = run_timers() };

	w.settled = settle(&w.any);
	return w;
}

void loop_run(void)
{
	while (!loop.stopping)
		ask_kernel(do_work().settled, 0);
	loop.stopping = false;
}

void loop_stop(void)
{
	loop.stopping = true;
}

bool loop_run_until(bool (*done)(void *arg), void *arg, int64_t deadline)
{
	int64_t until = deadline ? real_ms() + clock_left(deadline) : 0;
	int left = LAST_TURNS;

	while (!done(arg)) {
		struct work w = do_work();

		if (done(arg))
			return true;
		ask_kernel(w.settled, until);
		if (!until || (real_ms() < until && clock_left(deadline)))
			continue;
		if (!w.any || --left == 0)
			return done(arg);
	}
	return true;
}
