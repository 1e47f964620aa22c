/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "base/auto.h"
#include "base/buf.h"

#define NAME_COLUMNS 26

/* clang-format off */
static const char overview[] =
"Usage: skyclust [PROVIDER] COLLECTION VERB [ID…] [--argument value…]\n"
"       skyclust COMMAND [WORD…]\n"
"\n"
"Many clouds, one command line. Without PROVIDER it is the one of --provider,\n"
"SKYCLUST_PROVIDER or the context, else the only one that the server has.\n";

static const char examples[] =
"\nExamples:\n"
"  skyclust providers\n"
"  skyclust sim instances list --filter status=running\n"
"  skyclust sim instances create web --type small --image-id ubuntu-22.04 --wait\n"
"  skyclust sim instances delete web\n"
"  skyclust explain instances.create\n";
/* clang-format on */

/* How many bytes of @text are more than characters: "…" is one. */
static int surplus(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) == 0x80;
	return n;
}

static void row(FILE *to, const char *name, const char *help)
{
	fprintf(to, "  %-*s %s\n", NAME_COLUMNS + surplus(name), name, help);
}

/* ---- options of the program ------------------------------------------------------- */

static void print_option(FILE *to, const struct option_row *o)
{
	AUTO(buf_done) struct buf name = { 0 };

	if (o->letter)
		buf_printf(&name, "-%c, ", o->letter);
	buf_printf(&name, "--%s", o->name);
	if (o->takes == TAKES_VALUE)
		buf_printf(&name, " %s", o->value);
	else if (o->takes == TAKES_OPTIONAL)
		buf_printf(&name, "[=%s]", o->value);
	row(to, name.p, o->help);
}

/* @c NULL: those of every command, else those of this one only. */
static void print_options(FILE *to, const struct command *c)
{
	const struct command none = { 0 };
	bool any = false;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *o = &command_options[i];

		if (!!o->only != !!c ||
		    !command_option(c ? c : &none, o->name, strlen(o->name)))
			continue;
		if (!any)
			fputs("\nOptions:\n", to);
		any = true;
		print_option(to, o);
	}
}

/* ---- the overview --------------------------------------------------------------------- */

static void print_kinds(FILE *to, const struct cat_kind *const *kinds, bool own)
{
	for (; *kinds; kinds++)
		if (command_is_own(*kinds) == own)
			row(to, (*kinds)->collection, (*kinds)->help);
}

void help_overview(FILE *to)
{
	const struct cat_kind *const *kinds = command_kinds();
	const char *last = "";

	fputs(overview, to);
	fputs("\nCollections of the clouds:\n", to);
	print_kinds(to, kinds, false);
	fputs("\nCollections of SkyClust itself:\n", to);
	print_kinds(to, kinds, true);
	fputs("\nCommands:\n", to);
	for (const struct builtin *b = command_builtins; b->name; b++) {
		if (strcmp(b->name, last) != 0 && b->help)
			row(to, b->name, b->help);
		last = b->name;
	}
	print_options(to, NULL);
	fputs(examples, to);
}

void help_builtin(const struct builtin *builtin, FILE *to)
{
	const struct command c = { .builtin = builtin };
	const char *name = builtin->name;

	fputs("Usage:\n", to);
	for (const struct builtin *b = command_builtins; b->name; b++) {
		if (strcmp(b->name, name) != 0 || !b->help)
			continue;
		fprintf(to, "  skyclust %s%s%s%s%s\n      %s\n", name,
			b->sub ? " " : "", b->sub ? b->sub : "",
			*b->arguments ? " " : "", b->arguments, b->help);
	}
	print_options(to, &c);
	fputs("\nThe options of every command: `skyclust help`.\n", to);
}

/* ---- the catalogue ---------------------------------------------------------------------- */

/* What may stand before the collection. */
static const char *provider_of(const struct cat_kind *kind)
{
	return command_is_own(kind) ? "" : "[PROVIDER] ";
}

void help_kind(const struct cat_kind *kind, FILE *to)
{
	fprintf(to, "%s\n\nUsage: skyclust %s%s VERB …\n\nVerbs:\n",
		*kind->help ? kind->help : kind->title, provider_of(kind),
		kind->collection);
	for (const struct cat_op *op = kind->ops; op->name; op++) {
		AUTO_FREE char *verb = command_dashed(op->verb);

		row(to, verb, op->help);
	}
	fprintf(to, "\nMore: skyclust %s VERB --help; skyclust explain %s\n",
		kind->collection, kind->collection);
}

static const char *value_of(const struct cat_field *f)
{
	static const char *const names[] = {
		[CAT_STRING] = "TEXT",
		[CAT_INT] = "NUMBER",
		[CAT_BOOL] = "",
		[CAT_DECIMAL] = "DECIMAL",
		[CAT_TIME] = "TIME",
		[CAT_CIDR] = "CIDR",
		[CAT_IP] = "ADDRESS",
		[CAT_TAGS] = "NAME=VALUE",
		[CAT_OBJECT] = "NAME=VALUE,…",
		[CAT_ANY] = "JSON",
		[CAT_DATE] = "DATE",
	};

	return names[f->type];
}

static void add_words(struct buf *out, const char *before,
		      const char *const *words)
{
	for (size_t i = 0; words && words[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : before, words[i]);
}

/* " (required, GiB; one of a, b)" behind the sentence. */
static void add_remarks(struct buf *out, const struct cat_field *f)
{
	AUTO(buf_done) struct buf remarks = { 0 };

	if (f->flags & CAT_REQUIRED)
		buf_add_str(&remarks, "required");
	if (f->flags & CAT_LIST || f->type == CAT_TAGS)
		buf_printf(&remarks, "%s%s", remarks.n ? "; " : "",
			   "may be repeated");
	if (f->unit)
		buf_printf(&remarks, "%s%s", remarks.n ? "; " : "", f->unit);
	add_words(&remarks, remarks.n ? "; one of " : "one of ", f->words);
	if (remarks.n)
		buf_printf(out, " (%s)", remarks.p);
}

static void print_arg(FILE *to, const struct cat_field *f)
{
	AUTO_FREE char *dashed = command_option_name(f);
	AUTO(buf_done) struct buf name = { 0 }, help = { 0 };

	buf_printf(&name, "--%s%s%s", dashed, *value_of(f) ? " " : "",
		   value_of(f));
	buf_add_str(&help, f->help);
	add_remarks(&help, f);
	row(to, name.p, help.p);
	if (f->type != CAT_OBJECT)
		return;
	for (const struct cat_field *m = f->of->fields; m->name; m++) {
		AUTO(buf_done) struct buf member = { 0 }, text = { 0 };

		buf_printf(&member, "    %s=", m->name);
		buf_add_str(&text, m->help);
		add_remarks(&text, m);
		row(to, member.p, text.p);
	}
}

/* What stands behind the verb. */
static const char *words_of(const struct cat_op *op)
{
	if (op->flags & CAT_BY_ID)
		return command_takes_many(op) ? " ID…" : " ID";
	if (!strcmp(op->verb, "create") && cat_field_find(op->args, "name"))
		return " [NAME]";
	return "";
}

void help_op(const struct cat_op *op, FILE *to)
{
	AUTO_FREE char *verb = command_dashed(op->verb);
	const struct command c = { .kind = op->kind, .op = op };
	const struct cat_field *f = command_arg(op, 0);

	fprintf(to, "%s\n\nUsage: skyclust %s%s %s%s%s\n",
		*op->help ? op->help : op->name, provider_of(op->kind),
		op->kind->collection, verb, words_of(op),
		f ? " [--argument value…]" : "");
	if (f)
		fputs("\nArguments:\n", to);
	for (size_t i = 0; (f = command_arg(op, i)); i++)
		print_arg(to, f);
	print_options(to, &c);
	if (op->flags & CAT_BY_ID)
		fputs("\nID is an identifier, or a name that only one has.\n",
		      to);
	fputs("\n@FILE as a value means what the file holds; of a secret, - "
	      "means to ask for it. The\noptions of every command: `skyclust "
	      "help`.\n",
	      to);
}

void help_record(const struct cat_record *record, FILE *to)
{
	fprintf(to, "\nFields of %s:\n", record->name);
	for (const struct cat_field *f = record->fields; f->name; f++) {
		AUTO(buf_done) struct buf text = { 0 };

		buf_add_str(&text, f->help);
		if (f->unit)
			buf_printf(&text, " (%s)", f->unit);
		add_words(&text, " One of ", f->words);
		row(to, f->name, text.p);
	}
}

void help_command(const struct command *c, FILE *to)
{
	if (c->builtin)
		help_builtin(c->builtin, to);
	else if (c->op)
		help_op(c->op, to);
	else if (c->kind)
		help_kind(c->kind, to);
	else
		help_overview(to);
}
