/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of resources, as rows: what each refers to, how it comes and
 * goes, what holds it.  Everything that is the same for all of them (looking
 * up, creating, updating, deleting) is done by resource.c from these rows.
 */
#ifndef SKYCLUST_SIM_KINDS_H
#define SKYCLUST_SIM_KINDS_H

#include <jansson.h>
#include <stdbool.h>

struct request;

/* What becomes of the one that refers when the other one goes. */
enum ref_tie {
	REF_FREE,       /* nothing: it only says where it came from */
	REF_HOLDS,      /* the other one cannot go */
	REF_RELEASES,   /* the reference becomes null */
	REF_FOLLOWS,    /* it goes too */
};

struct ref {
	const char *member;     /* one identifier or a list of them */
	const char *kind;       /* of what it refers to */
	enum ref_tie tie;
	bool by_name;           /* its name is kept, not its identifier */
};

struct kind {
	const char *name;       /* the catalogue's */
	const char *prefix;     /* of identifiers: "i" makes i-0000002a */
	bool global;            /* in no region */
	bool zoned;             /* is in a zone */
	bool unique;            /* no two of the same name in a region */
	/* States: while it is made and after that (percent of boot_ms); the
	 * one in which it cannot be deleted; while it goes. NULL: none. */
	const char *coming, *there;
	int coming_percent;
	const char *busy;
	const char *going;
	int going_percent;
	const char *defaults;   /* members unless given: JSON with ' for " */
	const char *const *keep_out; /* arguments that are no members */
	const struct ref *refs; /* ends with a NULL member */
	/* Work out the rest of a new @record, and refuse what is wrong. */
	bool (*prepare)(struct request *req, json_t *record);
	/* Put in order what a deleted one leaves behind. */
	void (*leave)(struct request *req, const json_t *record);
};

/* All of them; the last one has a NULL name. */
extern const struct kind kinds[];

const struct kind *kind_find(const char *name);

#endif
