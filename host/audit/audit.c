/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records on their way to the log: with the transaction they belong to, or
 * gathered and written by a fiber, which also does what is due from time to
 * time.
 */
#include "audit/audit_impl.h"

#include "audit/check.h"
#include "audit/checkpoint.h"
#include "audit/checkpoint_file.h"
#include "audit/driver.h"
#include "audit/record.h"
#include "audit/retention.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "keys/seal.h"
#include "metrics.h"

#define GATHER_MS 50 /* then what was gathered is written */
#define BACKOFF_MIN 100
#define BACKOFF_MAX 2000
#define MIRROR_MS 1000 /* between two writings of audit.heads */
#define SIGN_AGAIN_MS 10000

/* ---- records ------------------------------------------------------------------- */

/* The ends of the lanes move. */
static void touch(struct audit *a)
{
	if (a->dirty)
		return;
	a->dirty = true;
	a->mirror_at = clock_ms() + MIRROR_MS;
	if (a->idle)
		fiber_wake(a->fiber);
}

void audit_put(struct trust *t, struct tx *tx, const struct audit_event *event)
{
	record_put(&(struct record){ .event = event, .at = clock_wall_ms() },
		   tx);
	if (event->who && event->who->audited)
		*event->who->audited = true;
	if (t->audit)
		touch(t->audit);
	metric_add("skyclust_audit_records_total", NULL, NULL, NULL, NULL, 1);
}

bool audit_note(struct trust *t, const struct audit_event *event)
{
	struct audit *a = t->audit;

	if (!a || !notes_add(&a->notes, event))
		return false;
	if (a->idle || a->notes.n == NOTES_BATCH)
		fiber_wake(a->fiber);
	return true;
}

void audit_mac(struct trust *t, const char *secret, char hex[65])
{
	unsigned char mac[MAC_SIZE];

	keyed_mac(t->keyring, 0, slice_of(secret), mac);
	text_hex(mac, sizeof(mac), hex);
}

/* ---- from time to time ------------------------------------------------------- */

static bool same_heads(const struct heads *a, const struct heads *b)
{
	return a->id == b->id && a->n == b->n &&
	       (!a->n ||
		!memcmp(a->lanes, b->lanes, a->n * sizeof(a->lanes[0])));
}

/* Write audit.heads, until a second passes in which nothing changed: a
 * transaction may be committed long after audit_put(). */
static WAITS void mirror(struct audit *a)
{
	struct error err = { 0 };
	struct heads now;

	if (!audit_read_heads(a->trust->store, &a->last, &now, &err)) {
		a->mirror_at = clock_ms() + MIRROR_MS;
		heads_done(&now);
		return;
	}
	now.id = a->last.id;
	a->dirty = !same_heads(&now, &a->mirrored);
	a->mirror_at = clock_ms() + MIRROR_MS;
	now.at = clock_wall_ms();
	if (a->dirty && !heads_file_write(a->trust, &now, &err))
		log_error("the end of the audit log cannot be kept",
			  LOG_ERR(&err));
	heads_done(&a->mirrored);
	a->mirrored = now;
}

static WAITS void do_what_is_due(struct audit *a)
{
	int64_t interval = a->trust->config->audit_checkpoint_ms;

	if (clock_ms() >= a->sign_at) {
		/* Another host may have signed one meanwhile. */
		a->sign_at = clock_ms() + (checkpoint_due(a, interval / 2)
						   ? interval
						   : SIGN_AGAIN_MS);
		retention_due(a);
		a->dirty = true;
	}
	if (a->dirty && clock_ms() >= a->mirror_at)
		mirror(a);
}

static bool is_due(const struct audit *a)
{
	return clock_ms() >= a->sign_at ||
	       (a->dirty && clock_ms() >= a->mirror_at);
}

/* ---- the fiber ----------------------------------------------------------------- */

/* Until there is something to write, and some more had the time to come; or
 * until something is due. */
static WAITS void gather(struct audit *a)
{
	int64_t until;

	while (!a->notes.n && !a->stopping && !is_due(a)) {
		a->idle = true;
		fiber_park(a->dirty && a->mirror_at < a->sign_at ? a->mirror_at
								 : a->sign_at);
		a->idle = false;
	}
	until = clock_ms() + (a->backoff ? a->backoff : GATHER_MS);
	while (a->notes.n && clock_ms() < until && !a->stopping &&
	       (a->backoff || a->notes.n < NOTES_BATCH))
		fiber_park(until);
}

/* False: the store does not take them. */
static WAITS bool write_notes(struct audit *a)
{
	struct error err;

	while (a->notes.n) {
		if (notes_write(&a->notes, a->trust->store, &err)) {
			a->backoff = 0;
			touch(a);
			continue;
		}
		if (!a->backoff)
			log_error("the audit log cannot be written",
				  LOG_ERR(&err),
				  LOG_INT("waiting", (long long)a->notes.n));
		metric_add("skyclust_audit_failures_total", NULL, NULL, NULL,
			   NULL, 1);
		a->backoff = a->backoff ? a->backoff * 2 : BACKOFF_MIN;
		if (a->backoff > BACKOFF_MAX)
			a->backoff = BACKOFF_MAX;
		return false;
	}
	return true;
}

static void run(void *arg)
{
	struct audit *a = arg;

	while (!a->stopping) {
		gather(a);
		if (write_notes(a) && !a->stopping)
			do_what_is_due(a);
	}
	if (write_notes(a) && checkpoint_due(a, 0))
		mirror(a);
	a->fiber = NULL;
	cond_broadcast(&a->ended);
}

/* ---- start and stop ------------------------------------------------------------ */

static void audit_free(struct audit *a)
{
	notes_done(&a->notes);
	heads_done(&a->last);
	heads_done(&a->mirrored);
	mem_free(a);
}

/* An interval after the newest checkpoint, which an earlier process may have
 * signed; soon when there is none. */
static int64_t first_signature(const struct audit *a)
{
	int64_t interval = a->trust->config->audit_checkpoint_ms;
	int64_t left = a->last.at + interval - clock_wall_ms();

	if (left < 0 || !a->last.id)
		left = 0;
	return clock_ms() + (left < interval ? left : interval);
}

WAITS bool audit_start(struct trust *t, struct error *err)
{
	struct audit *a = mem_alloc(sizeof(*a));

	a->trust = t;
	notes_init(&a->notes);
	cond_init(&a->ended);
	if (!check_start(a, err)) {
		audit_free(a);
		return false;
	}
	a->sign_at = first_signature(a);
	a->fiber = fiber_spawn("audit", run, a);
	if (!a->fiber) {
		audit_free(a);
		return fail(err, ERR_BUSY, "no fiber for the audit log");
	}
	t->audit = a;
	driver_watch(a);
	return true;
}

WAITS void audit_stop(struct trust *t)
{
	struct audit *a = t->audit;

	if (!a)
		return;
	driver_unwatch();
	a->stopping = true;
	fiber_wake(a->fiber);
	while (a->fiber)
		cond_wait(&a->ended, 0);
	if (a->notes.n)
		log_error("records of the audit log are lost",
			  LOG_INT("records", (long long)a->notes.n));
	t->audit = NULL;
	audit_free(a);
}
