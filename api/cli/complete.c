/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complete.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/context.h"
#include "nouns/nouns.h"

#define PATIENCE_S "2" /* of one question to the server: a person waits */
#define RESOURCES_MAX 1000

struct completion {
	const char *begun; /* the word under the cursor */
	const char *stem;  /* the part of it that is completed: all of it,
				 * or what follows the "=" of "--type=m1" */
	const struct next *next;
	struct session live; /* the words as a command line: whom to ask */
};

/* ---- printing ----------------------------------------------------------- */

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

/* @help is empty for none. */
static void print(const struct completion *c, const char *word,
		  const char *help)
{
	if (!text_starts(word, c->stem) || !*word || !is_one_line(word))
		return;
	printf("%.*s%s%s%s\n", (int)(c->stem - c->begun), c->begun, word,
	       *help ? "\t" : "", is_one_line(help) ? help : "");
}

/* ---- what only others know ---------------------------------------------- */

static void print_providers(struct completion *c)
{
	struct error err;
	AUTO_JSON json_t *all =
		session_get(&c->live, "/api/v1/providers", &err);
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(all, "items"), i, item) {
		AUTO_FREE char *help = mem_printf("Provider, driver %s.",
						  json_str(item, "driver", ""));

		print(c, json_str(item, "name", ""), help);
	}
}

static void print_contexts(struct completion *c)
{
	struct error err;
	AUTO_JSON json_t *all = context_load(&err);
	const char *name;
	json_t *context;

	json_object_foreach (json_object_get(all, "contexts"), name, context)
		print(c, name, json_str(context, "server", ""));
}

static void print_vendor_kinds(struct completion *c)
{
	struct error err;
	AUTO_JSON json_t *about = session_describe(&c->live, &err);
	const char *name;
	json_t *kind;

	json_object_foreach (json_object_get(about, "kinds"), name, kind)
		print(c, name, json_str(kind, "title", ""));
}

static void print_collections(struct completion *c)
{
	const struct cat_kind *const *kinds = command_kinds();

	for (size_t i = 0; kinds[i]; i++)
		print(c, kinds[i]->collection, kinds[i]->help);
}

static void print_topics(struct completion *c)
{
	const char *last = "";

	for (const struct builtin *b = command_builtins; b->name; b++) {
		if (b->help && strcmp(b->name, last) != 0)
			print(c, b->name, b->help);
		last = b->name;
	}
	print_collections(c);
}

/* ---- resources ---------------------------------------------------------- */

static const struct cat_op *list_of(const struct cat_kind *kind)
{
	const struct cat_op *op = kind ? command_op(kind, "list") : NULL;

	return op && op->flags & CAT_PAGED ? op : NULL;
}

/* How many of @items have each name: an object, new. */
static json_t *count_names(const json_t *items)
{
	json_t *counts = json_object(), *item;
	size_t i;

	json_array_foreach (items, i, item) {
		const char *name = json_str(item, "name", "");

		json_object_set_new(
			counts, name,
			json_integer(json_int(counts, name, 0) + 1));
	}
	return counts;
}

/* By its name where that is enough; by its identifier else, or when that is
 * what was begun. */
static void print_resource(const struct completion *c, const json_t *counts,
			   const json_t *item)
{
	const char *id = json_str(item, "id", "");
	const char *name = json_str(item, "name", "");
	bool by_name = *name && json_int(counts, name, 0) == 1;

	if (by_name)
		print(c, name, strcmp(id, name) != 0 ? id : "");
	if (!by_name || (*c->stem && strcmp(id, name) != 0))
		print(c, id, name);
}

static void print_resources(struct completion *c, const struct cat_kind *kind)
{
	struct error err;
	const struct cat_op *op = list_of(kind);
	AUTO_JSON json_t *args = NULL;
	AUTO_JSON json_t *items = NULL;
	AUTO_JSON json_t *counts = NULL;
	json_t *item;
	size_t i;

	if (op && cat_arg_find(op, "fields"))
		args = json_pack("{s:[s,s]}", "fields", "id", "name");
	if (op)
		items = session_list(&c->live, op, args, RESOURCES_MAX, &err);
	counts = count_names(items);
	json_array_foreach (items, i, item)
		print_resource(c, counts, item);
}

static void print_live(struct completion *c, enum live live)
{
	switch (live) {
	case LIVE_NONE:
		break;
	case LIVE_PROVIDER:
		print_providers(c);
		break;
	case LIVE_CONTEXT:
		print_contexts(c);
		break;
	case LIVE_FILE:
		puts("\tfiles");
		break;
	case LIVE_KIND:
		if (json_array_size(c->next->words) == 0)
			print_collections(c); /* else they are among these */
		print_vendor_kinds(c);
		break;
	case LIVE_TOPIC:
		print_topics(c);
		break;
	case LIVE_REGION:
		print_resources(c, cat_kind_find("region"));
		break;
	case LIVE_WORKSPACE:
		print_resources(c, noun_find("workspace")->kind);
		break;
	case LIVE_CREDENTIAL:
		print_resources(c, noun_find("credential")->kind);
		break;
	case LIVE_RESOURCE:
		print_resources(c, c->next->kind);
		break;
	}
}

/* ---- the commands ------------------------------------------------------- */

/* The words as far as they are a command line: which server, which provider.
 * That they are not yet whole is no fault. */
static void read_words(struct session *live, int argc, char **argv)
{
	struct error err;

	command_parse(&live->command, argc, argv, NULL, &err);
	live->command.option[OPTION_TIMEOUT] = PATIENCE_S;
	live->command.option[OPTION_VERBOSE] = NULL;
}

static void print_all(struct completion *c)
{
	json_t *pair;
	size_t i;

	json_array_foreach (c->next->words, i, pair)
		print(c, json_string_value(json_array_get(pair, 0)),
		      json_string_value(json_array_get(pair, 1)));
	for (i = 0; i < ARRAY_LEN(c->next->live); i++)
		print_live(c, c->next->live[i]);
}

/* What may come after @n @words; a vendor's kind is asked for first. */
static void find_next(struct completion *c, const char *const *words, size_t n,
		      struct next *next)
{
	const struct cat_kind *kind;
	struct error err;

	command_next(words, n, c->begun, NULL, next);
	c->next = next;
	if (!next->vendor)
		return;
	kind = session_vendor_kind(&c->live, next->vendor, &err);
	if (!kind)
		return;
	command_next_done(next);
	command_next(words, n, c->begun, kind, next);
}

int complete_run(struct session *s)
{
	const json_t *given = s->command.words;
	size_t n = json_array_size(given);
	struct completion c = { .begun = "" };
	struct next next;
	const char **words = mem_alloc((n + 1) * sizeof(*words));

	words[0] = "skyclust";
	for (size_t i = 0; i < n; i++)
		words[i + 1] = json_string_value(json_array_get(given, i));
	if (n > 0)
		c.begun = words[n];
	c.stem = c.begun;
	if (text_starts(c.begun, "--") && strchr(c.begun, '='))
		c.stem = strchr(c.begun, '=') + 1;
	n = n ? n - 1 : 0;
	read_words(&c.live, (int)n + 1, (char **)words);
	find_next(&c, words + 1, n, &next);
	print_all(&c);
	command_next_done(&next);
	session_done(&c.live);
	mem_free(words);
	return STATUS_OK;
}
