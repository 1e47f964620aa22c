/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/cache.h"

#include <string.h>

#include "base/mem.h"

static void free_token(struct cached_token *token)
{
	if (!token)
		return;
	mem_free(token->user_id);
	mem_free(token->name);
	mem_free(token->role);
	mem_free(token->session_id);
	mem_free(token->token_id);
	mem_free(token);
}

static void free_user(struct cached_user *user)
{
	if (!user)
		return;
	arena_done(&user->arena);
	mem_free(user);
}

static void free_limits(struct cached_limits *limits)
{
	if (!limits)
		return;
	mem_free(limits->token_id);
	mem_free(limits->workspace);
	json_decref(limits->permissions);
	mem_free(limits);
}

struct cache *cache_new(void)
{
	struct cache *c = mem_alloc(sizeof(*c));

	c->epoch = 1;
	return c;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CACHE_TOKENS; i++)
		free_token(c->tokens[i]);
	for (size_t i = 0; i < CACHE_USERS; i++)
		free_user(c->users[i]);
	for (size_t i = 0; i < CACHE_LIMITS; i++)
		free_limits(c->limits[i]);
	mem_free(c);
}

void cache_forget(struct cache *c)
{
	c->epoch++;
}

/* ---- tokens --------------------------------------------------------------- */

static struct cached_token **token_place(struct cache *c,
					 const unsigned char *digest)
{
	return &c->tokens[(digest[0] | digest[1] << 8) % CACHE_TOKENS];
}

struct cached_token *cache_find_token(struct cache *c,
				      const unsigned char *digest, int64_t now)
{
	struct cached_token *token = *token_place(c, digest);

	return token && token->epoch == c->epoch && token->until > now &&
			       !memcmp(token->digest, digest, CRYPTO_DIGEST)
		       ? token
		       : NULL;
}

void cache_put_token(struct cache *c, struct cached_token *token)
{
	struct cached_token **place = token_place(c, token->digest);

	free_token(*place);
	*place = token;
}

/* ---- users and limits, by identifier --------------------------------------- */

/* FNV-1a. */
static size_t hash(const char *id)
{
	uint32_t h = 2166136261u;

	for (; *id; id++)
		h = (h ^ (unsigned char)*id) * 16777619u;
	return h;
}

const struct cached_user *cache_find_user(struct cache *c, const char *id)
{
	const struct cached_user *user = c->users[hash(id) % CACHE_USERS];

	return user && user->epoch == c->epoch && !strcmp(user->user.id, id)
		       ? user
		       : NULL;
}

void cache_put_user(struct cache *c, struct cached_user *user)
{
	struct cached_user **place =
		&c->users[hash(user->user.id) % CACHE_USERS];

	free_user(*place);
	*place = user;
}

const struct cached_limits *cache_find_limits(struct cache *c,
					      const char *token_id)
{
	const struct cached_limits *limits =
		c->limits[hash(token_id) % CACHE_LIMITS];

	return limits && limits->epoch == c->epoch &&
			       !strcmp(limits->token_id, token_id)
		       ? limits
		       : NULL;
}

void cache_put_limits(struct cache *c, struct cached_limits *limits)
{
	struct cached_limits **place =
		&c->limits[hash(limits->token_id) % CACHE_LIMITS];

	free_limits(*place);
	*place = limits;
}
