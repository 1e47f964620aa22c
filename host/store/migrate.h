/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema's versions: host/store/schema/NNNN.sql, numbered from 1 without a
 * gap, are part of the program.  What was released is never changed, only
 * followed by the next; there is no way back.
 */
#ifndef SKYCLUST_HOST_STORE_MIGRATE_H
#define SKYCLUST_HOST_STORE_MIGRATE_H

#include "store/store.h"

struct migration {
	const char *sql;      /* NNNN.sql, for both engines */
	const char *postgres; /* NNNN.postgres.sql, or NULL */
};

/* Made by schema/embed.cmake; [0] is version 1. */
extern const struct migration store_migrations[];
extern const size_t store_migrations_count;

/* Bring the schema to the newest version, each step in a transaction of its
 * own.  Hosts that start at the same time take turns.  ERR_INVALID when the
 * database is newer than this program. */
WAITS bool store_migrate(struct store *s, struct error *err);

#endif
