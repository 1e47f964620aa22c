/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * What is remembered of tokens and users, so that a request costs no question
 * to the database.  All of it is forgotten when anything changes that matters
 * (identity_changed()): a new epoch begins, and what is of an older one is not
 * found.  The epoch is taken before the database is asked, so an answer that was
 * overtaken by a change is old when it comes.
 *
 * The tables have a fixed size; what falls on the same place takes it.
 */
#ifndef SKYCLUST_HOST_IDENTITY_CACHE_H
#define SKYCLUST_HOST_IDENTITY_CACHE_H

#include "identity/identity.h"
#include "keys/crypto.h"

#define CACHE_TOKENS 8192
#define CACHE_USERS 4096
#define CACHE_LIMITS 1024

/* A token that was verified, and whose it is. */
struct cached_token {
	int64_t epoch;
	unsigned char digest[CRYPTO_DIGEST];
	enum actor_kind kind;
	char *user_id, *name, *role;
	char *session_id, *token_id; /* one of them */
	int64_t until;		     /* wall clock */
	int64_t used_at;	     /* as the database has it, or will */
};

struct cached_user {
	int64_t epoch;
	struct arena arena; /* of what `user` points to */
	struct identity_user user;
};

/* What an API token is limited to. */
struct cached_limits {
	int64_t epoch;
	char *token_id, *workspace;
	json_t *permissions; /* or NULL */
};

struct cache {
	int64_t epoch;
	struct cached_token *tokens[CACHE_TOKENS];
	struct cached_user *users[CACHE_USERS];
	struct cached_limits *limits[CACHE_LIMITS];
};

struct cache *cache_new(void);
void cache_free(struct cache *c);
void cache_forget(struct cache *c); /* everything: the next epoch */

/* Borrowed until the next WAITS; or NULL. */
struct cached_token *cache_find_token(struct cache *c,
				      const unsigned char *digest, int64_t now);
const struct cached_user *cache_find_user(struct cache *c, const char *id);
const struct cached_limits *cache_find_limits(struct cache *c,
					      const char *token_id);

/* Steal what was learnt; it can be read until the next WAITS. */
void cache_put_token(struct cache *c, struct cached_token *token);
void cache_put_user(struct cache *c, struct cached_user *user);
void cache_put_limits(struct cache *c, struct cached_limits *limits);

#endif
