/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/redact.h"

#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

static void add_word(struct redact *r, const json_t *word)
{
	if (json_string_length(word) < REDACT_MIN)
		return;
	r->words = mem_realloc(r->words, (r->n + 1) * sizeof(*r->words));
	r->words[r->n++] =
		secret_new(json_string_value(word), json_string_length(word));
}

void redact_add(struct redact *r, const json_t *secrets)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)secrets, key, value)
		if (json_is_string(value))
			add_word(r, value);
}

void redact_done(struct redact *r)
{
	for (size_t i = 0; i < r->n; i++)
		secret_free(r->words[i]);
	mem_free(r->words);
	*r = (struct redact){ 0 };
}

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

bool redact_text(const struct redact *r, char *text, size_t n)
{
	bool found = false;

	for (size_t i = 0; i < r->n; i++)
		found |= mask(text, n, secret_reveal(r->words[i]),
			      secret_length(r->words[i]));
	return found;
}

void redact_error(const struct redact *r, struct error *err)
{
	if (err)
		redact_text(r, err->message, strlen(err->message));
}
