/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of one account: every resource, as the ledger has it.
 *
 * A resource is an entry, a JSON object:
 *
 *	record  what the catalogue calls it, as clients see it
 *	seq     its number, in order of creation
 *	born    when it was made (ms)
 *	next    the state it is on its way to ("gone": it vanishes), and
 *	when    the moment it gets there (ms); both absent when it rests
 *	own     it was made together with another one and goes with it
 *
 * No thread and no timer: states change when somebody looks, computed from
 * the clock, so that every process sees the same.
 */
#ifndef SKYCLUST_SIM_WORLD_H
#define SKYCLUST_SIM_WORLD_H

#include "ledger.h"

#include <stdint.h>

#define ACCOUNT_MAX 64
#define GONE "gone"

struct world {
	char account[ACCOUNT_MAX];
	struct ledger ledger;
	json_t *kinds;          /* {kind: {id: entry}} */
	json_t *moving;         /* {"kind/id": entry} of those with `next` */
	json_t *ops;            /* {op: {method, kind, id, value}} */
	json_t *past;           /* [entry]: instances and volumes that were */
	long long seq;          /* the last number given */
};

/* The world of @account, made and read at first use; NULL with @why. */
struct world *world_of(const char *account, const char *state_dir, char *why,
		       size_t size);

/* Read what others appended, and let everything that is due happen. */
bool world_refresh(struct world *w, int64_t now);

/* {id: entry} of a kind; borrowed, never NULL. */
json_t *world_all(const struct world *w, const char *kind);
json_t *world_entry(const struct world *w, const char *kind, const char *id);

/* Put or drop as a line of the ledger says (see request.c); also seeding. */
void world_put(struct world *w, const char *kind, json_t *entry);
void world_apply(struct world *w, const json_t *line);

#endif
