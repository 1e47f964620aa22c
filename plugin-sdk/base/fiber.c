/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fibers: stacks, the ready queue, waits.
 *
 * The record of a fiber lies at the top end of its own mapping:
 *
 *	| guard page | stack, growing down  <- | struct fiber |
 *
 * so that starting one from the pool allocates nothing.  Waking appends to the
 * ready queue, the loop runs the queue once a round: no system call and no
 * allocation on the way.
 */
#include "base/fiber.h"

#include <assert.h>
#include <ev.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/switch.h"
#include "base/sys.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STACK_SIZE (2 * FIBER_STACK) /* its frames have red zones */
#else
#define STACK_SIZE FIBER_STACK
#endif

#define WARM_STACKS 128 /* pooled with their pages */
#define COLD_STACKS 2048 /* pooled, their pages given back */
#define RECORD_ALIGN 64

struct fiber {
	struct context context;
	struct list node;       /* in the ready queue, or in the pool */
	void (*fn)(void *arg);
	void *arg;
	const char *name;
	char *stack;            /* lowest usable byte */
	enum fiber_wait result;
	bool waiting;           /* in fiber_park(), until that returns */
	bool queued;            /* in the ready queue */
	bool woken;             /* a wake that no park has used yet */
	bool cancelled;
	bool finished;
	struct timer timer;
	struct fiber_local local;
	void *asan_stack;       /* AddressSanitizer's fake stack */
};

static struct list ready = LIST_INIT(ready);
static struct list pool = LIST_INIT(pool);
static size_t pooled, alive;
static struct context scheduler;

/* Offload threads have no fiber, and a context of their own. */
static _Thread_local struct fiber *current;
static _Thread_local struct fiber_local outside;

/* ---- switching ----------------------------------------------------------- */

#ifdef HAVE_ASAN
static const void *scheduler_stack;
static size_t scheduler_size;

static void enter(struct fiber *f)
{
	void *own;

	__sanitizer_start_switch_fiber(&own, f->stack, STACK_SIZE);
	context_switch(&scheduler, &f->context);
	__sanitizer_finish_switch_fiber(own, NULL, NULL);
}

static void arrived(struct fiber *f)
{
	__sanitizer_finish_switch_fiber(f->asan_stack, &scheduler_stack,
					&scheduler_size);
}

static void leave(struct fiber *f)
{
	/* NULL: it never comes back, its fake stack can go. */
	__sanitizer_start_switch_fiber(f->finished ? NULL : &f->asan_stack,
				       scheduler_stack, scheduler_size);
	context_switch(&f->context, &scheduler);
	arrived(f);
}

static void forget_poison(struct fiber *f)
{
	__asan_unpoison_memory_region(f->stack, STACK_SIZE);
}
#else
static void enter(struct fiber *f)
{
	context_switch(&scheduler, &f->context);
}

static void arrived(struct fiber *f UNUSED)
{
}

static void leave(struct fiber *f)
{
	context_switch(&f->context, &scheduler);
}

static void forget_poison(struct fiber *f UNUSED)
{
}
#endif

/* ---- stacks -------------------------------------------------------------- */

static size_t page_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

/* The record takes a part of the page that the stack begins in. */
static size_t record_size(void)
{
	return (sizeof(struct fiber) + RECORD_ALIGN - 1) &
	       ~(size_t)(RECORD_ALIGN - 1);
}

static size_t map_size(void)
{
	size_t page = page_size();

	return page + ((STACK_SIZE + record_size() + page - 1) & ~(page - 1));
}

static char *map_start(struct fiber *f)
{
	return (char *)f + record_size() - map_size();
}

static struct fiber *stack_map(void)
{
	size_t size = map_size();
	char *map = sys_mmap_anon(size, PROT_READ | PROT_WRITE,
				  MAP_NORESERVE | MAP_STACK);
	struct fiber *f;

	if (map == MAP_FAILED)
		return NULL;
	if (mprotect(map, page_size(), PROT_NONE) != 0) {
		munmap(map, size);
		return NULL;
	}
	f = (struct fiber *)(map + size - record_size());
	f->stack = (char *)f - STACK_SIZE;
	list_init(&f->node);
	return f;
}

static struct fiber *stack_get(void)
{
	struct fiber *f = list_first(&pool, struct fiber, node);

	if (!f)
		return stack_map();
	list_del(&f->node);
	pooled--;
	return f;
}

/* Warm ones go to the head, so that they are used first. */
static void stack_put(struct fiber *f)
{
	forget_poison(f);
	if (pooled >= COLD_STACKS) {
		munmap(map_start(f), map_size());
		return;
	}
	if (pooled < WARM_STACKS) {
		list_add_head(&pool, &f->node);
	} else {
		char *first = map_start(f) + page_size();

		madvise(first, STACK_SIZE & ~(page_size() - 1), MADV_DONTNEED);
		list_add_tail(&pool, &f->node);
	}
	pooled++;
}

void fiber_done(void)
{
	struct fiber *f, *next;

	list_each_safe(f, next, &pool, struct fiber, node) {
		list_del(&f->node);
		munmap(map_start(f), map_size());
	}
	pooled = 0;
}

/* ---- life ---------------------------------------------------------------- */

static void make_ready(struct fiber *f)
{
	f->queued = true;
	list_add_tail(&ready, &f->node);
}

static void run(struct fiber *f)
{
	f->queued = false;
	current = f;
	enter(f);
	current = NULL;
	if (f->finished) {
		alive--;
		stack_put(f);
	}
}

/* One round: those that are ready now, each once. */
static bool run_ready(void)
{
	struct list round;
	struct fiber *f;

	if (list_empty(&ready))
		return false;
	list_init(&round);
	list_add_head(&ready, &round);
	list_del(&ready);
	while ((f = list_first(&round, struct fiber, node))) {
		list_del(&f->node);
		run(f);
	}
	return true;
}

static void entry(void)
{
	struct fiber *f = current;

	arrived(f);
	f->fn(f->arg);
	f->finished = true;
	leave(f);
	__builtin_unreachable();
}

static void timed_out(struct timer *timer)
{
	struct fiber *f = container_of(timer, struct fiber, timer);

	if (f->queued)
		return; /* woken in the same turn: that is worth more */
	f->result = WAIT_TIMEOUT;
	make_ready(f);
}

struct fiber *fiber_spawn(const char *name, void (*fn)(void *arg), void *arg)
{
	struct fiber *f = alive < FIBER_MAX ? stack_get() : NULL;
	char *stack;

	if (!f)
		return NULL;
	stack = f->stack;
	*f = (struct fiber){ .name = name, .fn = fn, .arg = arg, .stack = stack };
	f->timer.run = timed_out;
	context_make(&f->context, f, STACK_SIZE, entry);
	loop_on_ready(run_ready);
	alive++;
	make_ready(f);
	return f;
}

struct fiber *fiber_self(void)
{
	return current;
}

const char *fiber_name(void)
{
	return current ? current->name : NULL;
}

struct fiber_local *fiber_local(void)
{
	return current ? &current->local : &outside;
}

size_t fiber_count(void)
{
	return alive;
}

/* ---- waits --------------------------------------------------------------- */

enum fiber_wait fiber_park(int64_t deadline)
{
	struct fiber *f = current;

	assert(f && "fiber_park() outside of a fiber");
	if (f->cancelled)
		return WAIT_CANCELLED;
	if (f->woken) {
		f->woken = false;
		return WAIT_WOKEN;
	}
	if (deadline && deadline <= clock_ms())
		return WAIT_TIMEOUT;
	if (deadline)
		timer_arm(&f->timer, deadline);
	f->waiting = true;
	leave(f);
	f->waiting = false;
	timer_stop(&f->timer);
	return f->cancelled ? WAIT_CANCELLED : f->result;
}

void fiber_wake(struct fiber *f)
{
	if (!f->waiting) {
		f->woken = true;
		return;
	}
	f->result = WAIT_WOKEN;
	if (!f->queued)
		make_ready(f);
}

void fiber_cancel(struct fiber *f)
{
	f->cancelled = true;
	if (f->waiting)
		fiber_wake(f);
}

bool fiber_cancelled(void)
{
	return current && current->cancelled;
}

void fiber_clear_cancel(void)
{
	current->cancelled = false;
}

void fiber_yield(void)
{
	struct fiber *f = current;

	assert(f && "fiber_yield() outside of a fiber");
	make_ready(f);
	leave(f);
}

/* Park until *@done, however often the fiber is woken; such a wake is kept
 * for the next park. */
static enum fiber_wait wait_for(const bool *done, int64_t deadline)
{
	enum fiber_wait result = WAIT_WOKEN;
	bool woken = false;

	while (!*done && result == WAIT_WOKEN) {
		result = fiber_park(deadline);
		woken = woken || (result == WAIT_WOKEN && !*done);
	}
	if (woken)
		current->woken = true;
	return *done ? WAIT_WOKEN : result;
}

enum fiber_wait fiber_sleep(int64_t ms)
{
	static const bool never = false;

	if (ms > 0)
		return wait_for(&never, clock_ms() + ms);
	fiber_yield();
	return current->cancelled ? WAIT_CANCELLED : WAIT_TIMEOUT;
}

static void fd_ready(struct ev_loop *ev, ev_io *w, int events UNUSED)
{
	ev_io_stop(ev, w);
	fiber_wake(w->data);
}

enum fiber_wait fiber_wait_fd(int fd, int events, int64_t deadline)
{
	enum fiber_wait result;
	ev_io w;

	ev_io_init(&w, fd_ready, fd, events);
	w.data = current;
	ev_io_start(loop_ev(), &w);
	result = fiber_park(deadline);
	ev_io_stop(loop_ev(), &w);
	return result;
}

/* ---- conditions ---------------------------------------------------------- */

struct waiter {
	struct list node;
	struct fiber *fiber;
	bool signalled;
};

void cond_init(struct cond *c)
{
	list_init(&c->waiters);
}

enum fiber_wait cond_wait(struct cond *c, int64_t deadline)
{
	struct waiter w = { .fiber = current };
	enum fiber_wait result;

	list_add_tail(&c->waiters, &w.node);
	result = wait_for(&w.signalled, deadline);
	list_del(&w.node);
	return result;
}

/* A waiter that is about to leave by a cancel would lose the signal. */
static struct waiter *first_waiter(struct cond *c)
{
	struct waiter *w;

	list_each(w, &c->waiters, struct waiter, node)
		if (!w->fiber->cancelled)
			return w;
	return NULL;
}

void cond_signal(struct cond *c)
{
	struct waiter *w = first_waiter(c);

	if (!w)
		return;
	list_del(&w->node);
	w->signalled = true;
	fiber_wake(w->fiber);
}

void cond_broadcast(struct cond *c)
{
	while (!list_empty(&c->waiters)) {
		struct waiter *w = list_first(&c->waiters, struct waiter, node);

		list_del(&w->node);
		w->signalled = true;
		fiber_wake(w->fiber);
	}
}
