/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * One call being served.  A read looks at the world and fills in `value` or
 * `reply`.  A change runs between lock and ledger: it looks, decides, and
 * gathers what shall be put and dropped; nothing of the world is touched
 * until the line that says so is on the disk.  Nothing in between waits, so
 * that no other call of this process comes in between either.
 */
#ifndef SKYCLUST_SIM_REQUEST_H
#define SKYCLUST_SIM_REQUEST_H

#include <skyclust/driver.h>

#include "kinds.h"
#include "world.h"

struct request {
	struct sc_call *call;
	struct world *world;
	const struct kind *kind;        /* of the method; NULL: none of ours */
	const struct verb *verb;        /* the method's row */
	const char *region;             /* "sim-east" */
	int64_t now;
	json_t *put, *drop;             /* [[kind, entry]…], [[kind, id]…] */
	json_t *value;                  /* the answer; NULL: nothing to tell */
	json_t *once;                   /* members of the answer that are kept
					 * nowhere, or NULL */
	struct sc_reply *reply;         /* set by refuse() and by lists */
	const char *id;                 /* of what is changed, or NULL */
};

/* One operation of the catalogue. */
struct verb {
	const char *op;                 /* "instance.stop" */
	bool (*run)(struct request *req); /* false: refused */
	bool writes;                    /* between lock and ledger */
	/* Changes of state: the states it can be done in, separated by
	 * spaces (NULL: any); through which to which, in percent of boot_ms. */
	const char *from, *via, *to;
	int percent;
	const char *name;               /* "stop"; filled in at start */
};

/* The call fails so. Always false. */
__attribute__((format(printf, 4, 5)))
bool refuse(struct request *req, enum sc_code code, const char *path,
	    const char *fmt, ...);

/* ---- looking ------------------------------------------------------------- */

/* The entry called @id_or_name among those of this region, also those being
 * made by this request; borrowed, NULL: none, or several of that name. */
json_t *find(const struct request *req, const struct kind *kind,
	     const char *id_or_name);
/* The same for the argument `id`; refuses with not_found. */
json_t *find_or_refuse(struct request *req);
json_t *record_of(const json_t *entry); /* borrowed; NULL gives NULL */
/* In the request's region, or in none. */
bool is_here(const struct request *req, const json_t *record);
bool is_going(const json_t *entry);
/* Refuses with conflict unless @entry is in a state its verb allows. */
bool state_allows(struct request *req, const json_t *entry);

/* ---- changing ------------------------------------------------------------ */

/* A copy of the entry, to be changed and put; borrowed. */
json_t *edit(struct request *req, const struct kind *kind, const json_t *entry);
/* Put a new entry for @record (stolen); borrowed. The state is the row's. */
json_t *put_new(struct request *req, const struct kind *kind, json_t *record);
void drop_entry(struct request *req, const struct kind *kind,
		const json_t *entry);
/* Go to state @to by way of @via, which takes @percent of boot_ms. */
void move_to(struct request *req, json_t *entry, const char *via,
	     const char *to, int percent);
/* Give @record its identifier, "i-0000002a"; put_new() does it otherwise. */
void give_id(struct request *req, const struct kind *kind, json_t *record);

/* The lock, then all that others wrote. */
bool change_begin(struct request *req);
/* The ledger, then the world; false: refused, nothing was applied. */
bool change_commit(struct request *req);
void change_end(struct request *req);

#endif
