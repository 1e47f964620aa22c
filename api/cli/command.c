/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Word by word.  Options of the program may stand anywhere; those of an
 * operation after its verb, because their names and types are the operation's.
 */
#include "cli/command.h"

#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "cli/argument.h"
#include "cli/command_impl.h"

/* ---- options -------------------------------------------------------------- */

static bool is_among(const char *names, const char *name)
{
	while (name && *names) {
		size_t n = strcspn(names, " ");

		if (!strncmp(names, name, n) && !name[n])
			return true;
		names += n + strspn(names + n, " ");
	}
	return false;
}

/* Is the command, or the operation, among those that the option is for? */
static bool belongs_to(const struct option_row *row, const struct command *c)
{
	return is_among(row->only, c->builtin ? c->builtin->name : NULL) ||
	       is_among(row->only, c->op ? c->op->name : NULL);
}

const struct option_row *command_option(const struct command *c,
					const char *name, size_t n)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &command_options[i];

		if (strncmp(row->name, name, n) || row->name[n])
			continue;
		if (!row->only || belongs_to(row, c))
			return row;
	}
	return NULL;
}

static const struct option_row *option_by_letter(const struct command *c,
						 char letter)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &command_options[i];

		if (row->letter == letter)
			return command_option(c, row->name, strlen(row->name));
	}
	return NULL;
}

static bool is_word(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (!strcmp(*words, text))
			return true;
	return false;
}

static bool wrong_word(const struct option_row *row, const char *text,
		       struct error *err)
{
	size_t n = 0;
	const char *nearest;

	while (row->words[n])
		n++;
	nearest = text_nearest(text, row->words, n);
	return fail(err, ERR_INVALID, "--%s: there is no %s \"%.64s\"%s%s%s",
		    row->name, row->value, text,
		    nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		    nearest ? "\"?" : "");
}

/* "90"; seconds may also be "90s", "15m" or "2h". */
static bool read_number(const struct option_row *row, const char *text,
			long long *n)
{
	static const struct {
		const char *suffix;
		long long seconds;
	} units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 } };
	AUTO_FREE char *digits = mem_strdup(text);
	long long factor = 1;

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (!strcmp(row->value, "SECONDS") &&
		    text_ends(text, units[i].suffix)) {
			digits[strlen(digits) - 1] = '\0';
			factor = units[i].seconds;
		}
	if (!text_to_int(digits, 0, row->max, n))
		return false;
	*n *= factor;
	return *n >= row->min && *n <= row->max;
}

static bool check_option(const struct option_row *row, const char *text,
			 struct error *err)
{
	long long n;

	if (row->words && !is_word(row->words, text))
		return wrong_word(row, text, err);
	if (row->max && *text && !read_number(row, text, &n))
		return fail(err, ERR_INVALID,
			    "--%s must be a number from %lld to %lld, not "
			    "\"%.64s\"",
			    row->name, row->min, row->max, text);
	return row->takes != TAKES_VALUE || *text ||
	       fail(err, ERR_INVALID, "--%s is empty", row->name);
}

static bool set_option(struct reader *r, const struct option_row *row,
		       const char *text, struct error *err)
{
	r->option = NULL;
	r->c->option[row - command_options] = text;
	return r->completing || check_option(row, text, err);
}

long long command_number(const struct command *c, enum option_id id,
			 long long otherwise)
{
	const struct option_row *row = &command_options[id];
	long long n;

	if (c->option[id] && read_number(row, c->option[id], &n))
		return n;
	return otherwise;
}

/* @value: what follows "=", or NULL. */
static bool read_option(struct reader *r, const struct option_row *row,
			const char *value, struct error *err)
{
	if (row->takes == TAKES_NONE && value)
		return fail(err, ERR_INVALID, "--%s takes no value", row->name);
	if (row->takes == TAKES_VALUE && !value) {
		r->option = row;
		return true;
	}
	if (row == &command_options[OPTION_HELP] ||
	    row == &command_options[OPTION_MAN])
		r->helps = true;
	return set_option(r, row, value ? value : "", err);
}

/* -yq, -o json, -ojson */
static bool read_letters(struct reader *r, const char *word, struct error *err)
{
	for (const char *p = word + 1; *p; p++) {
		const struct option_row *row = option_by_letter(r->c, *p);

		if (!row)
			return fail(err, ERR_INVALID,
				    "there is no option -%c; see --help", *p);
		if (row->takes == TAKES_VALUE)
			return read_option(r, row, p[1] ? p + 1 : NULL, err);
		if (!read_option(r, row, NULL, err))
			return false;
	}
	return true;
}

/* ---- arguments -------------------------------------------------------------- */

static bool set_argument(struct reader *r, const struct cat_field *f,
			 const char *text, struct error *err)
{
	r->field = NULL;
	return r->completing || argument_add(r->c->args, f, text, err);
}

#define NEAREST_OF 96 /* options and arguments, a test counts them */

static bool unknown_option(struct reader *r, const char *name,
			   struct error *err)
{
	const char *names[NEAREST_OF], *nearest;
	const struct cat_op *op = r->c->op;
	const struct cat_field *f;
	AUTO_FREE char *dashed = NULL;
	size_t n = 0;

	for (size_t i = 0; op && n < NEAREST_OF / 2 && (f = command_arg(op, i));
	     i++)
		names[n++] = f->name;
	for (size_t i = 0; i < OPTION_COUNT && n < NEAREST_OF; i++)
		if (!command_options[i].only)
			names[n++] = command_options[i].name;
	nearest = text_nearest(name, names, n);
	if (nearest)
		dashed = command_dashed(nearest);
	if (dashed)
		return fail(err, ERR_INVALID,
			    "there is no option --%.64s; did you mean --%s?",
			    name, dashed);
	if (!op && !r->c->builtin)
		return fail(err, ERR_INVALID,
			    "--%.64s: options of a verb stand behind it", name);
	return fail(err, ERR_INVALID,
		    "there is no option --%.64s; --help lists them", name);
}

/* --no-force: the switch it turns off, or NULL. */
static const struct cat_field *negated(const struct cat_op *op,
				       const char *name)
{
	const struct cat_field *f = text_starts(name, "no-")
					    ? command_arg_find(op, name + 3)
					    : NULL;

	return f && f->type == CAT_BOOL && !(f->flags & CAT_LIST) ? f : NULL;
}

static bool read_argument(struct reader *r, const char *name, const char *value,
			  struct error *err)
{
	const struct cat_op *op = r->c->op;
	const struct cat_field *f = op ? command_arg_find(op, name) : NULL;
	const struct cat_field *off = op && !f ? negated(op, name) : NULL;

	/* A vendor's kind is not yet described: read again when it is. */
	if (r->c->vendor && !r->c->kind)
		return true;
	if (off && !value)
		return set_argument(r, off, "false", err);
	if (!f)
		return unknown_option(r, name, err);
	if (value)
		return set_argument(r, f, value, err);
	if (f->type == CAT_BOOL && !(f->flags & CAT_LIST))
		return set_argument(r, f, "true", err);
	r->field = f;
	return true;
}

static bool read_long(struct reader *r, const char *word, struct error *err)
{
	size_t n = strcspn(word, "=");
	const struct option_row *row = command_option(r->c, word, n);
	const char *value = word[n] ? word + n + 1 : NULL;
	AUTO_FREE char *name = mem_strndup(word, n);

	return row ? read_option(r, row, value, err)
		   : read_argument(r, name, value, err);
}

/* ---- words -------------------------------------------------------------------- */

const char *command_nearest(const char *word, bool with_builtins)
{
	static const char *names[256];
	const struct cat_kind *const *kinds = command_kinds();
	size_t n = 0;

	for (size_t i = 0; kinds[i] && n + 2 < ARRAY_LEN(names); i++) {
		names[n++] = kinds[i]->collection;
		names[n++] = kinds[i]->name;
	}
	for (const struct builtin *b = command_builtins;
	     with_builtins && b->name && n < ARRAY_LEN(names); b++)
		if (b->help)
			names[n++] = b->name;
	return text_nearest(word, names, n);
}

static bool is_verb(const char *word)
{
	const struct cat_kind *const *kinds = command_kinds();

	for (size_t i = 0; kinds[i]; i++)
		if (command_op(kinds[i], word))
			return true;
	return false;
}

static bool no_such_kind(const char *word, bool with_builtins,
			 struct error *err)
{
	const char *nearest = command_nearest(word, with_builtins);

	if (nearest)
		return fail(err, ERR_INVALID,
			    "there is no %s \"%.64s\"; did you mean \"%s\"?",
			    with_builtins ? "command or kind" : "kind", word,
			    nearest);
	return fail(err, ERR_INVALID,
		    "there is no %s \"%.64s\"; `skyclust kinds` lists them",
		    with_builtins ? "command or kind" : "kind", word);
}

static bool no_such_verb(const struct cat_kind *kind, const char *word,
			 struct error *err)
{
	const char *names[NEAREST_OF], *nearest;
	AUTO(buf_done) struct buf all = { 0 };
	size_t n = 0;

	for (const struct cat_op *op = kind->ops; op->name; op++) {
		AUTO_FREE char *verb = command_dashed(op->verb);

		if (n < NEAREST_OF)
			names[n++] = op->verb;
		buf_printf(&all, "%s%s", all.n ? ", " : "", verb);
	}
	nearest = word ? text_nearest(word, names, n) : NULL;
	if (!word)
		return fail(err, ERR_INVALID,
			    "what shall be done with %s? There is %s",
			    kind->collection, all.p);
	return fail(err, ERR_INVALID, "%s has no \"%.64s\"%s%s%s has %s",
		    kind->collection, word, nearest ? "; did you mean \"" : "",
		    nearest ? nearest : "", nearest ? "\"? It" : "; it", all.p);
}

static bool read_kind(struct reader *r, const char *word, struct error *err)
{
	struct command *c = r->c;

	c->kind = c->provider ? command_cloud_kind(word) : command_kind(word);
	if (c->kind)
		return true;
	if (command_is_vendor(word)) {
		c->vendor = word;
		if (r->vendor && !strcmp(r->vendor->name, word))
			c->kind = r->vendor;
		return true;
	}
	/* The first word was taken for a provider because it is nothing else:
	 * the fault may be there. */
	if (!is_verb(word))
		return no_such_kind(word, false, err);
	if (command_nearest(c->provider, true))
		return no_such_kind(c->provider, true, err);
	return fail(err, ERR_INVALID,
		    "%.64s what? skyclust %.64s COLLECTION %.64s; `skyclust "
		    "kinds` lists the collections",
		    word, c->provider, word);
}

static bool read_verb(struct reader *r, const char *word, struct error *err)
{
	struct command *c = r->c;

	c->op = c->kind ? command_op(c->kind, word) : NULL;
	if (c->op || !c->kind)
		return true;
	/* "skyclust network subnets list": a provider named like a kind. */
	if (r->first && (command_kind(word) || command_is_vendor(word))) {
		c->provider = r->first;
		r->first = NULL;
		c->kind = NULL;
		return read_kind(r, word, err);
	}
	return no_such_verb(c->kind, word, err);
}

static const struct builtin *builtin_find(const char *name, const char *sub)
{
	for (const struct builtin *b = command_builtins; b->name; b++)
		if (!strcmp(b->name, name) &&
		    (!sub || (b->sub && !strcmp(b->sub, sub))))
			return b;
	return NULL;
}

static bool no_such_sub(const struct builtin *b, const char *word,
			struct error *err)
{
	AUTO(buf_done) struct buf all = { 0 };

	for (const char *name = b->name; b->name && !strcmp(b->name, name); b++)
		buf_printf(&all, "%s%s", all.n ? ", " : "", b->sub);
	return fail(err, ERR_INVALID, "there is no \"%.64s\" here; there is %s",
		    word, all.p);
}

static bool read_builtin_word(struct reader *r, const char *word,
			      struct error *err)
{
	const struct builtin *b = r->c->builtin, *with_sub;

	if (!b->sub || r->first != b->name) {
		json_array_append_new(r->c->words, json_string(word));
		return true;
	}
	r->first = NULL;
	with_sub = builtin_find(b->name, word);
	if (!with_sub)
		return no_such_sub(b, word, err);
	r->c->builtin = with_sub;
	return true;
}

static bool read_first(struct reader *r, const char *word, struct error *err)
{
	struct command *c = r->c;

	c->builtin = builtin_find(word, NULL);
	if (c->builtin) {
		r->first = c->builtin->name;
		return true;
	}
	if (command_kind(word) || command_is_vendor(word)) {
		r->first = word;
		return read_kind(r, word, err);
	}
	c->provider = word;
	return true;
}

static bool read_word(struct reader *r, const char *word, struct error *err)
{
	struct command *c = r->c;

	if (c->builtin)
		return read_builtin_word(r, word, err);
	if (c->op || (c->vendor && !c->kind)) {
		json_array_append_new(c->words, json_string(word));
		return true;
	}
	if (c->kind)
		return read_verb(r, word, err);
	return c->provider ? read_kind(r, word, err) : read_first(r, word, err);
}

bool command_read(struct reader *r, const char *word, struct error *err)
{
	if (!utf8_valid(word, strlen(word)))
		return fail(err, ERR_INVALID, "\"%.64s\" is not UTF-8 text",
			    word);
	if (r->option)
		return set_option(r, r->option, word, err);
	if (r->field)
		return set_argument(r, r->field, word, err);
	if (r->only_words || word[0] != '-' || !word[1])
		return read_word(r, word, err);
	if (!strcmp(word, "--")) {
		r->only_words = true;
		return true;
	}
	return word[1] == '-' ? read_long(r, word + 2, err)
			      : read_letters(r, word, err);
}

/* ---- the whole ------------------------------------------------------------------- */

static bool value_is_missing(const struct reader *r, struct error *err)
{
	AUTO_FREE char *name =
		command_dashed(r->option ? r->option->name : r->field->name);

	return fail(err, ERR_INVALID, "--%s wants a value%s%s", name,
		    r->option ? ": " : "", r->option ? r->option->value : "");
}

/* As kubectl has it: "get instances". */
static bool verb_first(const struct cat_kind *kind, const char *verb,
		       struct error *err)
{
	return fail(err, ERR_INVALID, "the verb stands behind: skyclust %s %s",
		    kind->collection, verb);
}

static bool check_builtin(const struct command *c, struct error *err)
{
	const struct builtin *b = c->builtin;
	size_t n = json_array_size(c->words);
	const char *word = json_string_value(json_array_get(c->words, 0));

	if (n >= (size_t)b->least && n <= (size_t)b->most)
		return true;
	if (word && command_kind(word) && is_verb(b->name))
		return verb_first(command_kind(word), b->name, err);
	return fail(err, ERR_INVALID, "usage: skyclust %s%s%s%s%s", b->name,
		    b->sub ? " " : "", b->sub ? b->sub : "",
		    *b->arguments ? " " : "", b->arguments);
}

/* What a word behind the verb means: identifiers, or the name of what is
 * made. */
static bool check_words(struct command *c, struct error *err)
{
	size_t n = json_array_size(c->words);
	AUTO_FREE char *verb = command_dashed(c->op->verb);

	if (c->op->flags & CAT_BY_ID) {
		if (!n)
			return fail(err, ERR_INVALID,
				    "which one? skyclust %s %s ID",
				    c->kind->collection, verb);
		return n == 1 || command_takes_many(c->op) ||
		       fail(err, ERR_INVALID, "%s %s takes one identifier",
			    c->kind->collection, verb);
	}
	if (n == 1 && !strcmp(c->op->verb, "create") &&
	    cat_field_find(c->op->args, "name") &&
	    !json_object_get(c->args, "name")) {
		json_object_set(c->args, "name", json_array_get(c->words, 0));
		json_array_clear(c->words);
		return true;
	}
	return !n || fail(err, ERR_INVALID,
			  "%s %s takes options, not the word \"%.64s\"",
			  c->kind->collection, verb,
			  json_string_value(json_array_get(c->words, 0)));
}

/* --provider is the program's; of SkyClust's own nouns it is an argument. */
static void take_provider(struct command *c)
{
	const char *name = c->option[OPTION_PROVIDER];

	if (name && c->op && command_is_own(c->kind) &&
	    cat_arg_find(c->op, "provider"))
		json_object_set_new(c->args, "provider", json_string(name));
}

static bool check_whole(struct reader *r, struct error *err)
{
	struct command *c = r->c;

	take_provider(c);

	if (r->option || r->field)
		return value_is_missing(r, err);
	if (r->helps || (c->vendor && !c->kind))
		return true;
	if (c->builtin)
		return check_builtin(c, err);
	if (c->op)
		return check_words(c, err);
	if (c->kind && c->provider && is_verb(c->provider))
		return verb_first(c->kind, c->provider, err);
	if (c->kind)
		return no_such_verb(c->kind, NULL, err);
	if (c->provider && command_nearest(c->provider, true))
		return no_such_kind(c->provider, true, err);
	if (c->provider)
		return fail(
			err, ERR_INVALID,
			"what of \"%.64s\"? skyclust %.64s COLLECTION VERB; "
			"`skyclust kinds` lists the collections",
			c->provider, c->provider);
	return fail(err, ERR_INVALID,
		    "usage: skyclust [PROVIDER] COLLECTION VERB [ID] "
		    "[--argument value]; `skyclust help` tells more");
}

bool command_parse(struct command *c, int argc, char **argv,
		   const struct cat_kind *vendor, struct error *err)
{
	struct reader r = { .c = c, .vendor = vendor };

	*c = (struct command){ .words = json_array(), .args = json_object() };
	for (int i = 1; i < argc; i++)
		if (!command_read(&r, argv[i], err))
			return false;
	return check_whole(&r, err);
}

void command_done(struct command *c)
{
	json_decref(c->words);
	json_decref(c->args);
	c->words = c->args = NULL;
}
