/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of each tenant: two buckets and who of it waits.  Tenants come
 * with their first request and are forgotten when they are quiet for so long
 * that nothing is left to be known of them; there are never more than
 * TENANTS_MAX, however many addresses an attacker has.
 */
#ifndef SKYCLUST_HOST_LIMIT_TENANT_H
#define SKYCLUST_HOST_LIMIT_TENANT_H

#include "base/list.h"

#define TENANTS_MAX 65536 /* quiet ones; about 200 bytes each */
#define TENANT_CHAINS 8192

/* A token bucket: @rate tokens a second flow in, up to @burst. */
struct bucket_size {
	long long rate, burst;
};

struct bucket {
	int64_t level; /* millionths of a token; below 0: owed */
	int64_t at;    /* clock_us() of that */
};

void bucket_init(struct bucket *b, const struct bucket_size *size); /* full */
/* Let flow in what came since. */
void bucket_fill(struct bucket *b, const struct bucket_size *size);
/* One token, if there is one; the bucket was filled. */
bool bucket_take(struct bucket *b);
/* @tokens of it, also if they are not there; at most @most are owed then. */
void bucket_owe(struct bucket *b, unsigned tokens, long long most);
/* Milliseconds until it holds @tokens, at least 1. */
int bucket_wait(const struct bucket *b, const struct bucket_size *size,
		unsigned tokens);

struct tenant {
	struct list quiet;   /* in tenants.quiet while it has no request here */
	struct list turn;    /* in limits.turns while one of them waits */
	struct tenant *next; /* of its chain */
	uint64_t hash;
	struct bucket requests; /* or attempts, of a source address */
	struct bucket refusals; /* what is owed is waited for */
	struct list waiters;	/* struct waiter, longest first */
	unsigned users;	  /* requests here: at work, waiting, or refused late */
	unsigned working; /* of these: at work */
	unsigned waiting; /* of these: for their turn */
	char name[];
};

struct tenants {
	struct list quiet; /* longest quiet first */
	size_t count, quiet_count;
	uint64_t seed;
	int64_t forget_us; /* of being quiet */
	struct tenant *chain[TENANT_CHAINS];
};

/* The buckets of a new one are full. */
void tenants_init(struct tenants *all);
void tenants_done(struct tenants *all);

/* Known and new, respectively; each is held until tenant_drop(). */
struct tenant *tenant_find(struct tenants *all, const char *name);
struct tenant *tenant_get(struct tenants *all, const char *name,
			  const struct bucket_size *requests,
			  const struct bucket_size *refusals);
void tenant_drop(struct tenants *all, struct tenant *t);

#endif
