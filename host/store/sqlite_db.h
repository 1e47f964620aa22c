/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a SQLite database, used by one thread only.
 */
#ifndef SKYCLUST_HOST_STORE_SQLITE_DB_H
#define SKYCLUST_HOST_STORE_SQLITE_DB_H

#include "store/backend.h"

struct db;

/* "SkyC": marks the file as ours (file format, section 1.3.15). */
#define DB_APPLICATION_ID 0x536b7943

/*
 * Open @path.  The @writer makes the file (0600) when there is none.  New, or
 * NULL: ERR_INVALID when it is no database of ours, else ERR_STORE_UNAVAILABLE.
 */
struct db *db_open(const char *path, bool writer, int64_t timeout_ms,
		   struct error *err);
void db_close(struct db *db);

/* What runs from now on is interrupted after @ms. */
void db_start(struct db *db, int64_t ms);

/* What a migration may take, or opening after a crash. */
#define DB_SLOW_MS (10 * 60000)

/*
 * Run one statement; its rows into @rows (NULL: not wanted), its demand is
 * looked at.  False, with no rows: ERR_CONFLICT of a key, the demand's code,
 * ERR_INTERNAL of a wrong statement; or ERR_STORE_UNAVAILABLE, then the whole
 * transaction must be rolled back, and db_is_broken().
 */
bool db_run(struct db *db, const struct statement *st, struct rows *rows,
	    struct error *err);
bool db_do(struct db *db, const char *sql, struct error *err);

/* Several statements without parameters. */
bool db_script(struct db *db, const char *sql, struct error *err);

/* Write the mark that the file is ours, again: what changes nothing, but needs
 * all that a change does. */
bool db_claim(struct db *db, struct error *err);

/* COMMIT; when it fails, err->effect says whether that is sure. */
bool db_commit(struct db *db, struct error *err);

/* Whether the engine itself failed at what was run last. */
bool db_is_broken(const struct db *db);
bool db_in_transaction(const struct db *db);

/* Whether the file is where it was opened; else nothing that is written to it
 * will ever be found. */
bool db_is_there(struct db *db, struct error *err);

/* Milliseconds of the kernel's clock: threads do not follow the loop's. */
int64_t db_now(void);

#endif
