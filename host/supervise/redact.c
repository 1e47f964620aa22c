/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/redact.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/secret.h"
#include "supervise/settings.h"

struct redact_guest {
	struct redact_guest *older;
	char *id;
	struct secret *text; /* the credential these words are of */
	unsigned calls;
	struct redact words;
};

/* ---- words -------------------------------------------------------------- */

static void add_word(struct redact *r, const char *word, size_t n)
{
	if (n < REDACT_MIN)
		return;
	r->words = mem_realloc(r->words, (r->n + 1) * sizeof(*r->words));
	r->words[r->n++] = secret_new(word, n);
}

void redact_add(struct redact *r, const json_t *secrets)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)secrets, key, value)
		if (json_is_string(value))
			add_word(r, json_string_value(value),
				 json_string_length(value));
}

void redact_done(struct redact *r)
{
	for (size_t i = 0; i < r->n; i++)
		secret_free(r->words[i]);
	mem_free(r->words);
	*r = (struct redact){ 0 };
}

/* ---- guests ------------------------------------------------------------- */

static void add_lines(struct redact *r, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\r\n");

		add_word(r, text, n);
		text += n;
		text += strspn(text, "\r\n");
	}
}

/* A member of a key file that is worth hiding: the rest of it (addresses, the
 * name of the account) would mask what is no secret. */
static bool sounds_secret(const char *member)
{
	return strcasestr(member, "private") || strcasestr(member, "secret") ||
	       strcasestr(member, "password");
}

static void add_all(struct redact *r, const json_t *value);

/* @text may be a key file: an object with the secrets inside. */
static void add_text(struct redact *r, const char *text)
{
	AUTO_JSON json_t *inside =
		*text == '{' ? json_read(text, strlen(text), NULL) : NULL;
	const char *key;
	json_t *member;

	add_lines(r, text);
	json_object_foreach (inside, key, member)
		if (sounds_secret(key))
			add_all(r, member);
	json_wipe(inside);
}

static void add_all(struct redact *r, const json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value))
		add_text(r, json_string_value(value));
	json_array_foreach ((json_t *)value, i, member)
		add_all(r, member);
	json_object_foreach ((json_t *)value, key, member)
		add_all(r, member);
}

static void add_secrets(struct redact *r, const struct secret *text,
			const json_t *schema)
{
	AUTO_JSON json_t *fields =
		json_read(secret_reveal(text), secret_length(text), NULL);
	const char *name;
	json_t *value;

	json_object_foreach (fields, name, value)
		if (settings_is_secret(schema, name))
			add_all(r, value);
	json_wipe(fields);
}

static bool is_same(const struct redact_guest *g, const char *id,
		    const struct secret *text)
{
	return !strcmp(g->id, id) &&
	       secret_equal(g->text, secret_reveal(text), secret_length(text));
}

static void forget(struct redact_guests *all, struct redact_guest **at)
{
	struct redact_guest *g = *at;

	*at = g->older;
	all->n--;
	redact_done(&g->words);
	secret_free(g->text);
	mem_free(g->id);
	mem_free(g);
}

/* The oldest one that no call uses goes. */
static void make_room(struct redact_guests *all)
{
	struct redact_guest **at, **oldest = NULL;

	for (at = &all->newest; *at; at = &(*at)->older)
		if (!(*at)->calls)
			oldest = at;
	if (all->n >= REDACT_GUESTS && oldest)
		forget(all, oldest);
}

static struct redact_guest *invite(struct redact_guests *all, const char *id,
				   const struct secret *secrets,
				   const json_t *schema)
{
	struct redact_guest *g = mem_alloc(sizeof(*g));

	make_room(all);
	g->id = mem_strdup(id);
	g->text = secret_new(secret_reveal(secrets), secret_length(secrets));
	add_secrets(&g->words, secrets, schema);
	g->older = all->newest;
	all->newest = g;
	all->n++;
	return g;
}

struct redact_guest *redact_hold(struct redact_guests *all, const char *id,
				 const struct secret *secrets,
				 const json_t *schema)
{
	struct redact_guest *g = all->newest;

	while (g && !is_same(g, id, secrets))
		g = g->older;
	if (!g)
		g = invite(all, id, secrets, schema);
	g->calls++;
	return g;
}

void redact_release(struct redact_guests *all, struct redact_guest *guest)
{
	if (!guest)
		return;
	guest->calls--;
	if (all->n > REDACT_GUESTS)
		make_room(all);
}

void redact_guests_done(struct redact_guests *all)
{
	while (all->newest)
		forget(all, &all->newest);
}

/* ---- masking ------------------------------------------------------------ */

static bool mask(char *text, size_t n, const char *word, size_t length)
{
	char *at = text, *end = text + n;
	bool found = false;

	while ((at = memmem(at, (size_t)(end - at), word, length))) {
		memset(at, '*', length);
		at += length;
		found = true;
	}
	return found;
}

static bool mask_all(const struct redact *r, char *text, size_t n)
{
	bool found = false;

	for (size_t i = 0; i < r->n; i++)
		found |= mask(text, n, secret_reveal(r->words[i]),
			      secret_length(r->words[i]));
	return found;
}

bool redact_text(const struct redact *r, char *text, size_t n)
{
	bool found = mask_all(r, text, n);

	if (r->guests)
		for (const struct redact_guest *g = r->guests->newest; g;
		     g = g->older)
			found |= mask_all(&g->words, text, n);
	return found;
}

void redact_error(const struct redact *r, const struct redact_guest *guest,
		  struct error *err)
{
	if (!err)
		return;
	mask_all(r, err->message, strlen(err->message));
	if (guest)
		mask_all(&guest->words, err->message, strlen(err->message));
}
