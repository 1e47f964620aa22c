/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's store on disks that are full, fail, or hang.  The faults come in
 * below SQLite: it lets its pwrite() be replaced, and takes the fdatasync() of
 * the program.  For one .c file of a program.
 */
#ifndef SKYCLUST_TESTS_UNIT_SQLITE_RUN_H
#define SKYCLUST_TESTS_UNIT_SQLITE_RUN_H

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "store_run.h"

#define FIBERS 64
#define SHORT_MS 300 /* store.timeout where it must run out */

/* ---- faults --------------------------------------------------------------- */

static atomic_bool disk_full, sync_fails, writes_hang;
static atomic_int syncs, refused;

/* A sync, or a write, that does not come back until it is let. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed, waiting;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };

static inline void wait_at_gate(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.waiting = gate.closed;
	while (gate.closed)
		pthread_cond_wait(&gate.changed, &gate.lock);
	gate.waiting = false;
	pthread_mutex_unlock(&gate.lock);
}

static inline void set_gate(bool closed)
{
	pthread_mutex_lock(&gate.lock);
	gate.closed = closed;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static inline bool is_hanging(void *arg UNUSED)
{
	bool waiting;

	pthread_mutex_lock(&gate.lock);
	waiting = gate.waiting;
	pthread_mutex_unlock(&gate.lock);
	return waiting;
}

int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	wait_at_gate();
	if (atomic_load(&sync_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static inline ssize_t write_at(int fd, const void *p, size_t n, off_t at)
{
	if (atomic_load(&writes_hang))
		wait_at_gate();
	if (atomic_load(&disk_full)) {
		atomic_fetch_add(&refused, 1);
		errno = ENOSPC;
		return -1;
	}
	return pwrite(fd, p, n, at);
}

static inline int replace_pwrite(void **state UNUSED)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	sqlite3_syscall_ptr fn = (sqlite3_syscall_ptr)write_at;

	return vfs->xSetSystemCall(vfs, "pwrite", fn) == SQLITE_OK &&
			       vfs->xSetSystemCall(vfs, "pwrite64", fn) ==
				       SQLITE_OK
		       ? 0
		       : -1;
}

/* ---- helpers -------------------------------------------------------------- */

static inline const char *path(void)
{
	return store_url + strlen("sqlite:");
}

static inline void put(struct tx *tx, const char *key)
{
	tx_put(tx,
	       "INSERT INTO login_failures (account, source, failures,"
	       " last_at, locked_until) VALUES ($1, 'here', 1, 0, 0)",
	       P_TEXT(key));
}

static inline bool write_key(const char *key, struct error *err)
{
	struct tx *tx = tx_begin(store, NULL);

	put(tx, key);
	return tx_commit(tx, err);
}

static inline void must_write(const char *key)
{
	if (!write_key(key, &store_err))
		fail_msg("%s", store_err.message);
}

static inline void write_fails(const char *key, enum err_effect effect,
			       const char *words)
{
	memset(&store_err, 0, sizeof(store_err));
	assert_false(write_key(key, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, effect);
	assert_true(store_err.retryable);
	if (!strstr(store_err.message, words))
		fail_msg("\"%s\" lacks \"%s\"", store_err.message, words);
}

static inline int64_t count(void)
{
	return store_number("SELECT count(*) AS n FROM login_failures");
}

static inline bool is_up(void *arg UNUSED)
{
	return store_is_up(store);
}

/* ---- many writers --------------------------------------------------------- */

static int wrote[FIBERS], lost[FIBERS], unknown[FIBERS];

static inline void write_one(void *index)
{
	size_t i = (size_t)index;
	struct error err = { 0 };
	char key[32];

	snprintf(key, sizeof(key), "key %zu", i);
	wrote[i] = write_key(key, &err);
	unknown[i] = !wrote[i] && err.effect == EFFECT_UNKNOWN;
	lost[i] = !wrote[i] && err.effect == EFFECT_NONE;
}

static inline int sum(const int *flags)
{
	int n = 0;

	for (size_t i = 0; i < FIBERS; i++)
		n += flags[i];
	return n;
}

#endif
