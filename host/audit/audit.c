/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records on their way to the log: with the transaction they belong to, or
 * gathered and written by a fiber.
 */
#include "audit/audit_impl.h"

#include "audit/record.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "keys/seal.h"
#include "metrics.h"

#define GATHER_MS 50 /* then what was gathered is written */
#define BACKOFF_MIN 100
#define BACKOFF_MAX 2000

/* ---- records ------------------------------------------------------------------- */

void audit_put(struct trust *t UNUSED, struct tx *tx,
	       const struct audit_event *event)
{
	record_put(&(struct record){ .event = event, .at = clock_wall_ms() },
		   tx);
	if (event->who && event->who->audited)
		*event->who->audited = true;
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

/* ---- the fiber ----------------------------------------------------------------- */

/* Until there is something to write, and some more had the time to come. */
static WAITS void gather(struct audit *a)
{
	int64_t until;

	while (!a->notes.n && !a->stopping) {
		a->idle = true;
		fiber_park(0);
		a->idle = false;
	}
	until = clock_ms() + (a->backoff ? a->backoff : GATHER_MS);
	while (clock_ms() < until && !a->stopping &&
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
		write_notes(a);
	}
	a->fiber = NULL;
	cond_broadcast(&a->ended);
}

/* ---- start and stop ------------------------------------------------------------ */

WAITS bool audit_start(struct trust *t, struct error *err)
{
	struct audit *a = mem_alloc(sizeof(*a));

	a->trust = t;
	notes_init(&a->notes);
	cond_init(&a->ended);
	a->fiber = fiber_spawn("audit", run, a);
	if (!a->fiber) {
		mem_free(a);
		return fail(err, ERR_BUSY, "no fiber for the audit log");
	}
	t->audit = a;
	return true;
}

WAITS void audit_stop(struct trust *t)
{
	struct audit *a = t->audit;

	if (!a)
		return;
	a->stopping = true;
	fiber_wake(a->fiber);
	while (a->fiber)
		cond_wait(&a->ended, 0);
	if (a->notes.n)
		log_error("records of the audit log are lost",
			  LOG_INT("records", (long long)a->notes.n));
	t->audit = NULL;
	notes_done(&a->notes);
	mem_free(a);
}
