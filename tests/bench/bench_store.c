/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_store URL [SECONDS [POOL]]: durable transactions per second of 64 fibers, each
 * transaction an update that must find its row, an insert, and a record of the
 * audit log's kind; in one message, and with the update's row asked for first,
 * which takes two. Prints a line of JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/offload.h"
#include "store/store.h"

#define FIBERS 64

static struct {
	const char *url;
	int64_t ms, until;
	unsigned pool;
	struct store *store;
	size_t alive;
	bool ask; /* in a round trip of its own */
	uint64_t done, failed, row;
	double rates[2];
	bool ok;
} bench;

static void fill(struct store_lane *lane, struct slice text,
		 unsigned char hash[STORE_HASH])
{
	lane->seq++;
	memset(lane->hash, (int)(text.n + (size_t)lane->seq), STORE_HASH);
	memcpy(hash, lane->hash, STORE_HASH);
}

static void put_insert(struct tx *tx)
{
	char account[32];

	snprintf(account, sizeof(account), "row%" PRIu64, bench.row++);
	tx_put(tx,
	       "INSERT INTO login_failures (account, source, failures,"
	       " last_at, locked_until) VALUES ($1, 'bench', 1, 0, 0)",
	       P_TEXT(account));
}

static void put_record(struct tx *tx)
{
	static const char text[] =
		"{\"action\":\"instance.create\",\"outcome\":\"allowed\"}";

	tx_append(tx,
		  "INSERT INTO audit (lane, seq, before, hash, record, at,"
		  " workspace_id, actor, action, outcome)"
		  " VALUES ($1, $2, $3, $4, $5, $6, '', 'bench', 'bench', '')",
		  fill, slice_of(text), STORE_PARAMS(P_INT(clock_wall_ms())));
}

static void put_update(struct tx *tx, const char *account)
{
	tx_put(tx,
	       "UPDATE login_failures SET failures = failures + 1"
	       " WHERE account = $1 AND source = 'fiber'",
	       P_TEXT(account));
	if (!bench.ask)
		tx_must(tx, ERR_NOT_FOUND, "no %s", account);
}

static WAITS bool ask(struct tx *tx, const char *account, struct error *err)
{
	struct rows rows;
	bool ok = tx_query(tx,
			   "SELECT failures FROM login_failures"
			   " WHERE account = $1 AND source = 'fiber'",
			   &rows, err, P_TEXT(account)) &&
		  rows.n == 1;

	rows_done(&rows);
	return ok;
}

WAITS static void work(void *index)
{
	char account[32];
	struct error err;
	struct tx *tx;

	snprintf(account, sizeof(account), "fiber%zu", (size_t)index);
	while (clock_ms() < bench.until) {
		tx = tx_begin(bench.store, NULL);
		put_update(tx, account);
		if (bench.ask && !ask(tx, account, &err))
			bench.failed++;
		put_insert(tx);
		put_record(tx);
		*(tx_commit(tx, &err) ? &bench.done : &bench.failed) += 1;
	}
	bench.alive--;
}

static WAITS void prepare(void)
{
	struct tx *tx = tx_begin(bench.store, NULL);
	char account[32];

	tx_put(tx, "DELETE FROM login_failures");
	for (size_t i = 0; i < FIBERS; i++) {
		snprintf(account, sizeof(account), "fiber%zu", i);
		tx_put(tx,
		       "INSERT INTO login_failures (account, source, failures,"
		       " last_at, locked_until) VALUES ($1, 'fiber', 0, 0, 0)",
		       P_TEXT(account));
	}
	bench.ok = tx_commit(tx, NULL);
}

static WAITS double measure(bool with_question)
{
	int64_t since = clock_us();

	bench.ask = with_question;
	bench.done = 0;
	bench.until = clock_ms() + bench.ms;
	for (bench.alive = 0; bench.alive < FIBERS; bench.alive++)
		if (!fiber_spawn("bench", work, (void *)bench.alive))
			abort();
	while (bench.alive)
		fiber_sleep(1);
	return (double)bench.done * 1e6 / (double)(clock_us() - since);
}

WAITS static void run(void *arg)
{
	struct error err;

	(void)arg;
	bench.store = store_open(&(struct store_options){ .url = bench.url,
							  .pool = bench.pool,
							  .timeout_ms = 10000 },
				 &err);
	if (!bench.store) {
		fprintf(stderr, "%s\n", err.message);
		loop_stop();
		return;
	}
	prepare();
	bench.rates[0] = measure(false);
	bench.rates[1] = measure(true);
	printf("{\"engine\": \"%s\", \"fibers\": %d, \"one_message\": %.0f,"
	       " \"two_messages\": %.0f, \"failed\": %" PRIu64 "}\n",
	       store_engine(bench.store), FIBERS, bench.rates[0],
	       bench.rates[1], bench.failed);
	store_close(bench.store);
	loop_stop();
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 4)
		return 64;
	bench.url = argv[1];
	bench.ms = (argc > 2 ? strtol(argv[2], NULL, 10) : 5) * 1000;
	bench.pool = (unsigned)(argc > 3 ? strtol(argv[3], NULL, 10) : 8);
	log_set_level(LOG_WARN);
	loop_init();
	if (!fiber_spawn("bench", run, NULL))
		return 1;
	loop_run();
	offload_done();
	fiber_done();
	loop_done();
	return bench.ok && !bench.failed ? 0 : 1;
}
