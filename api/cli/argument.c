/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not right here is left as text: cat_check_args() then says what the
 * value must be, in the words of the server.
 */
#include "cli/argument.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/command.h"

static bool bad(const struct cat_field *f, struct error *err, const char *what,
		const char *text)
{
	AUTO_FREE char *option = command_option_name(f);
	char pointer[128] = "";

	json_pointer_add(pointer, sizeof(pointer), f->name);
	return fail_at(err, ERR_INVALID, pointer, "--%s %s, not \"%.64s\"",
		       option, what, text);
}

/* ---- @FILE ------------------------------------------------------------------- */

/* Editors end a file by a line end; no password has one. */
static void chop_line_end(struct buf *b)
{
	if (b->n && b->p[b->n - 1] == '\n')
		buf_truncate(b, b->n - 1);
}

static bool read_file(const char *name, struct buf *out, struct error *err)
{
	const char *file = !strcmp(name, "-") ? "/dev/stdin" : name;

	return sys_read_file(file, ARGUMENT_FILE_MAX, out) == 0 ||
	       fail(err, ERR_INVALID, "%s cannot be read: %s", file,
		    strerror(errno));
}

/* The text of a key file is always in a file: its name needs no "@". */
static bool is_file(const struct cat_field *f)
{
	return f->flags & CAT_SECRET && text_ends(f->name, "_file");
}

/* The answer of whoever sits at the terminal, else a line of standard input. */
static bool ask(const char *name, struct buf *out, struct error *err)
{
	AUTO_FREE char *question = mem_printf("%s: ", name);
	char *answer = ask_line(question, true, err);

	if (!answer)
		return false;
	buf_add_str(out, answer);
	mem_wipe(answer, strlen(answer));
	mem_free(answer);
	return true;
}

/* Fill in @out with the secret that @text stands for: "-" is asked for. */
static bool expand_secret(const char *name, const char *text, struct buf *out,
			  struct error *err)
{
	if (!strcmp(text, "-"))
		return ask(name, out, err);
	if (*text != '@' || text[1] == '@') {
		buf_add_str(out, *text == '@' ? text + 1 : text);
		return true;
	}
	if (!read_file(text + 1, out, err))
		return false;
	chop_line_end(out);
	return true;
}

/* Fill in @out with what @text stands for. */
static bool expand(const struct cat_field *f, const char *text, struct buf *out,
		   struct error *err)
{
	if (is_file(f))
		return read_file(text + (*text == '@'), out, err);
	if (f->flags & CAT_SECRET)
		return expand_secret(f->name, text, out, err);
	if (*text == '@' && text[1] != '@')
		return read_file(text + 1, out, err);
	buf_add_str(out, *text == '@' ? text + 1 : text);
	return true;
}

static json_t *text_value(const struct cat_field *f, const char *text,
			  struct error *err)
{
	AUTO(buf_wipe) struct buf b = { 0 };
	json_t *v;

	if (!expand(f, text, &b, err))
		return NULL;
	v = json_stringn(b.n ? b.p : "", b.n);
	if (!v)
		bad(f, err, "must be UTF-8 text", "bytes");
	return v;
}

/* ---- values ------------------------------------------------------------------- */

static json_t *bool_value(const char *text)
{
	static const char *const words[][2] = { { "false", "true" },
						{ "no", "yes" },
						{ "0", "1" } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		for (int on = 0; on < 2; on++)
			if (!strcmp(text, words[i][on]))
				return json_boolean(on);
	return NULL;
}

static json_t *scalar(const struct cat_field *f, const char *text,
		      struct error *err)
{
	long long n;
	json_t *v;

	if (f->type == CAT_BOOL) {
		v = bool_value(text);
		if (!v)
			bad(f, err, "must be true or false", text);
		return v;
	}
	if (f->type != CAT_INT)
		return text_value(f, text, err);
	if (text_to_int(text, -JSON_MAX_INT, JSON_MAX_INT, &n))
		return json_integer(n);
	bad(f, err, "must be a whole number", text);
	return NULL;
}

static bool looks_like_json(const char *text)
{
	text += strspn(text, " \t\r\n");
	return *text == '{' || *text == '[';
}

static json_t *json_value(const struct cat_field *f, const char *text, size_t n,
			  struct error *err)
{
	AUTO_FREE char *option = command_option_name(f);
	json_t *v = json_read(text, n, err);

	if (!v)
		fail_within(err, "--%s", option);
	return v;
}

/* ---- objects and tags ---------------------------------------------------------- */

static const struct cat_field *member_find(const struct cat_field *f,
					   const char *name)
{
	for (const struct cat_field *m = f->of->fields; m->name; m++) {
		AUTO_FREE char *dashed = command_dashed(m->name);

		if (!strcmp(name, m->name) || !strcmp(name, dashed))
			return m;
		for (size_t a = 0; m->aliases && m->aliases[a]; a++)
			if (!strcmp(name, m->aliases[a]))
				return m;
	}
	return NULL;
}

/* "name=value" into @object; an unknown name stays as it is, for
 * cat_check_args() to name the nearest. */
static bool add_pair(json_t *object, const struct cat_field *f, char *pair,
		     struct error *err)
{
	char *eq = strchr(pair, '=');
	const struct cat_field *member;
	json_t *v;

	if (!eq || eq == pair)
		return bad(f, err, "wants name=value", pair);
	*eq = '\0';
	member = f->of ? member_find(f, pair) : NULL;
	v = member ? scalar(member, eq + 1, err) : json_string(eq + 1);
	if (!v)
		return false;
	json_object_set_new(object, member ? member->name : pair, v);
	return true;
}

static json_t *pairs_value(const struct cat_field *f, char *text,
			   struct error *err)
{
	json_t *object = json_object();
	char *pair;

	while ((pair = strsep(&text, ","))) {
		if (add_pair(object, f, pair, err))
			continue;
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Where anything may stand, what is no JSON is text. */
static json_t *any_value(const struct cat_field *f, const char *text,
			 struct error *err)
{
	json_t *v = json_read(text, strlen(text), err);

	return v ? v : text_value(f, text, err);
}

static json_t *object_value(const struct cat_field *f, const char *text,
			    struct error *err)
{
	AUTO(buf_done) struct buf b = { 0 };

	if (!expand(f, text, &b, err))
		return NULL;
	if (!b.n)
		return json_object();
	if (*text == '@' || looks_like_json(b.p))
		return json_value(f, b.p, b.n, err);
	if (f->type == CAT_ANY)
		return any_value(f, b.p, err);
	return pairs_value(f, b.p, err);
}

/* Each --tags adds to those before. */
static bool add_tags(json_t *args, const struct cat_field *f, const char *text,
		     struct error *err)
{
	AUTO_FREE char *pair = mem_strdup(text);
	AUTO_JSON json_t *more = NULL;
	json_t *all = json_object_get(args, f->name);

	if (!all)
		json_object_set_new(args, f->name, all = json_object());
	if (!looks_like_json(text) && *text != '@')
		return add_pair(all, f, pair, err);
	more = object_value(f, text, err);
	if (!more)
		return false;
	if (!json_is_object(more))
		return bad(f, err, "wants an object", text);
	json_object_update(all, more);
	return true;
}

/* NAME=VALUE of a credential, each --field adding to those before. */
static bool add_secret_pair(json_t *all, const struct cat_field *f,
			    const char *text, struct error *err)
{
	const char *eq = strchr(text, '=');
	AUTO_FREE char *name = eq ? mem_strndup(text, eq - text) : NULL;
	AUTO(buf_wipe) struct buf value = { 0 };
	json_t *v;

	if (!eq || eq == text)
		return bad(f, err, "wants name=value", "…");
	if (!expand_secret(name, eq + 1, &value, err))
		return false;
	v = json_stringn(value.n ? value.p : "", value.n);
	if (!v)
		return bad(f, err, "must be UTF-8 text", "bytes");
	return json_object_set_new(all, name, v) == 0;
}

static bool add_secrets(json_t *args, const struct cat_field *f,
			const char *text, struct error *err)
{
	AUTO_JSON json_t *more = NULL;
	json_t *all = json_object_get(args, f->name);

	if (!all)
		json_object_set_new(args, f->name, all = json_object());
	if (!looks_like_json(text) && *text != '@')
		return add_secret_pair(all, f, text, err);
	more = object_value(f, text, err);
	if (!more)
		return false;
	if (!json_is_object(more))
		return bad(f, err, "wants an object", "…");
	json_object_update(all, more);
	return true;
}

/* ---- lists ----------------------------------------------------------------------- */

/* Steals @v; false: there was none. */
static bool append(json_t *list, json_t *v)
{
	AUTO_JSON json_t *value = v;

	if (json_is_array(value))
		json_array_extend(list, value);
	else if (value)
		json_array_append(list, value);
	return value != NULL;
}

static bool add_items(json_t *list, const struct cat_field *f, char *text,
		      struct error *err)
{
	char *item;

	while ((item = strsep(&text, ",")))
		if (!append(list, scalar(f, item, err)))
			return false;
	return true;
}

static bool add_list(json_t *args, const struct cat_field *f, const char *text,
		     struct error *err)
{
	AUTO_FREE char *copy = mem_strdup(text);
	json_t *list = json_object_get(args, f->name);

	if (!list)
		json_object_set_new(args, f->name, list = json_array());
	if (f->type == CAT_OBJECT || f->type == CAT_ANY)
		return append(list, object_value(f, text, err));
	if (*text == '[')
		return append(list, json_value(f, text, strlen(text), err));
	return !*text || add_items(list, f, copy, err);
}

/* ---- public ------------------------------------------------------------------------ */

bool argument_add(json_t *args, const struct cat_field *f, const char *text,
		  struct error *err)
{
	AUTO_FREE char *option = command_option_name(f);
	json_t *v;

	if (f->type == CAT_TAGS)
		return add_tags(args, f, text, err);
	if (f->flags & CAT_LIST)
		return add_list(args, f, text, err);
	if (f->type == CAT_ANY && f->flags & CAT_SECRET)
		return add_secrets(args, f, text, err);
	if (json_object_get(args, f->name))
		return fail(err, ERR_INVALID, "--%s is given twice", option);
	v = f->type == CAT_OBJECT || f->type == CAT_ANY
		    ? object_value(f, text, err)
		    : scalar(f, text, err);
	return v && json_object_set_new(args, f->name, v) == 0;
}
