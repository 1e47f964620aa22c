/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <string.h>

#include "base/auto.h"
#include "base/man.h"
#include "base/mem.h"
#include "cli/command.h"
#include "nouns/nouns.h"

/* clang-format off */
static const char description[] =
	"The command line of SkyClust: a client of the REST API of skyclustd, "
	"and of nothing else. COLLECTION is a kind of resource, VERB what is "
	"done with it; both, and the arguments, are the same for every cloud. "
	"PROVIDER is a cloud as the server knows it; without it the one of "
	"--provider, SKYCLUST_PROVIDER or the context is meant, else the only "
	"one that the server has."
	"\n\nWherever an identifier is wanted, a name that only one resource "
	"has will do.";

static const struct man_entry arguments[] = {
	{ "--name TEXT", "An argument of the verb, also as --name=TEXT. Names are those of the "
			 "API with dashes for underscores; other names that clouds use for the "
			 "same (--type for --instance-type) are understood." },
	{ "--force", "A switch; --no-force and --force=false turn it off." },
	{ "--security-groups A,B", "A list, also by giving the option again, or as a JSON array." },
	{ "--tags NAME=VALUE", "A tag, the option again for each, or a JSON object." },
	{ "--node-pool NAME=VALUE,…", "A record, or a JSON object." },
	{ "@FILE", "As a value: what the file holds; @- is standard input, @@x the text @x." },
	{ "--", "What follows are words, not options." },
	{ NULL },
};

static const struct man_entry manifests[] = {
	{ "kind", "What it is: instance, network, …" },
	{ "name", "By kind and name a resource is found again, within what it belongs to; so it "
		  "can be in the file only once." },
	{ "provider", "Where it is; the program's own provider without it." },
	{ "other members", "What its create takes. What is not written is not looked at." },
	{ "${KIND.NAME.FIELD}", "Within a value: what another resource of the file has there, "
				"which is made before. $${KIND.NAME.FIELD} is this text itself." },
	{ NULL },
};

static const char manifests_text[] =
	"A file is YAML, with a document for each resource or lists of them, or "
	"JSON. All of it is checked before anything is done. apply makes what "
	"is not there, changes what is not as the file says (by update, "
	"resize, scale, upgrade or set-rules), and says unchanged of the rest; "
	"what cannot be changed is a failure. Rules are compared by direction, "
	"so that those of a direction that the file does not name stay. When "
	"one fails, those that need it are skipped, the others are done; "
	"running it again goes on from there.";

static const struct man_entry formats[] = {
	{ "table", "The columns that matter, cut to fit the terminal: what people get." },
	{ "wide", "All columns that have a value, never cut." },
	{ "json", "The server's own words; a list is an array." },
	{ "yaml", "The same as YAML." },
	{ "csv", "RFC 4180, with a header." },
	{ "name", "One name a line." },
	{ NULL },
};

static const struct man_entry files[] = {
	{ "~/.config/skyclust/config.yaml", "Contexts: saved settings by name; see the command "
					    "context. The token itself is never in it." },
	{ "~/.config/skyclust/logins.json", "What logins leave, by server: the refresh token and "
					    "the access token, readable by their user only." },
	{ "data/skyclust.sock", "The server's socket, used without any setting where it is: the "
				"server's own user needs no token there." },
	{ NULL },
};

static const char examples[] =
	"skyclust providers\n"
	"skyclust sim instances create web --type small \\\n"
	"        --image-id ubuntu-22.04 --tags team=shop --wait\n"
	"skyclust sim instances list --filter status=running -o wide\n"
	"skyclust sim instances list -o name | xargs skyclust sim instances stop\n"
	"skyclust sim networks delete shop --cascade --yes\n"
	"skyclust login --server https://sky.example --user ada\n"
	"skyclust context set work --server https://sky.example \\\n"
	"        --workspace web --provider openstack\n"
	"skyclust credentials create main --provider openstack --workspace web \\\n"
	"        --field username=demo --field password=-\n"
	"skyclust audit list --action auth.login --outcome denied\n"
	"skyclust explain instances.create\n"
	"skyclust apply -f web.yaml --dry-run\n"
	"source <(skyclust completion bash)\n";
/* clang-format on */

/* ---- the tables of command.h -------------------------------------------- */

/* "audit export" for audit_record.export. */
static void add_owner(struct buf *text, const char *name)
{
	const struct cat_op *op = noun_op_find(name);

	if (op)
		buf_printf(text, "%s %s", op->kind->collection, op->verb);
	else
		buf_add_str(text, name);
}

/* "apply delete": the commands that an option belongs to; NULL: all. */
static void add_owners(struct buf *text, const char *only)
{
	AUTO_FREE char *copy = only ? mem_strdup(only) : NULL;
	char *rest = copy, *name;

	if (!only)
		return;
	buf_add_str(text, " Only of ");
	while ((name = strsep(&rest, " "))) {
		add_owner(text, name);
		buf_add_str(text, rest ? ", " : ".");
	}
}

static void write_option(struct buf *out, const struct option_row *row)
{
	AUTO(buf_done) struct buf usage = { 0 }, text = { 0 };

	if (row->letter)
		buf_printf(&usage, "-%c | ", row->letter);
	buf_printf(&usage, "--%s", row->name);
	if (row->takes == TAKES_VALUE)
		buf_printf(&usage, " %s", row->value);
	if (row->takes == TAKES_OPTIONAL)
		buf_printf(&usage, "[=%s]", row->value);
	buf_add_str(&text, row->help);
	add_owners(&text, row->only);
	if (row->variable)
		buf_printf(&text, " Environment: %s.", row->variable);
	man_item(out, usage.p, text.p);
}

static void write_options(struct buf *out)
{
	man_heading(out, "OPTIONS");
	man_text(out, "They may stand anywhere.");
	man_list(out);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		write_option(out, &command_options[i]);
	man_list_end(out);
}

static void write_commands(struct buf *out)
{
	man_heading(out, "COMMANDS");
	man_list(out);
	for (const struct builtin *b = command_builtins; b->name; b++) {
		AUTO_FREE char *usage =
			mem_printf("%s %s %s", b->name, b->sub ? b->sub : "",
				   b->arguments);

		if (b->help)
			man_item(out, usage, b->help);
	}
	man_list_end(out);
}

static void write_statuses(struct buf *out)
{
	man_heading(out, "EXIT STATUS");
	man_list(out);
	for (const struct status_row *row = command_statuses; row->help;
	     row++) {
		AUTO_FREE char *status = mem_printf("%d", row->status);

		man_item(out, status, row->help);
	}
	man_list_end(out);
}

static void write_environment(struct buf *out)
{
	man_heading(out, "ENVIRONMENT");
	man_text(out, "An option goes before its variable, a variable before "
		      "the context.");
	man_list(out);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &command_options[i];
		AUTO_FREE char *text = mem_printf("As --%s.", row->name);

		if (row->variable)
			man_item(out, row->variable, text);
	}
	for (const struct variable_row *row = command_variables; row->name;
	     row++)
		man_item(out, row->name, row->help);
	man_list_end(out);
}

/* ---- the catalogue ------------------------------------------------------ */

static void add_arguments(struct buf *text, const struct cat_op *op)
{
	const struct cat_field *f;

	for (size_t i = 0; (f = command_arg(op, i)); i++) {
		AUTO_FREE char *name = command_option_name(f);

		buf_printf(text, "%s --%s", i ? "," : " Arguments:", name);
		if (f->flags & CAT_REQUIRED)
			buf_add_str(text, " (required)");
	}
	if (text->n && text->p[text->n - 1] != '.')
		buf_add_char(text, '.');
}

static void write_verb(struct buf *out, const struct cat_op *op)
{
	AUTO_FREE char *verb = command_dashed(op->verb);
	AUTO(buf_done) struct buf usage = { 0 }, text = { 0 };

	buf_add_str(&usage, verb);
	if (op->flags & CAT_BY_ID)
		buf_add_str(&usage, command_takes_many(op) ? " ID…" : " ID");
	buf_add_str(&text, op->help);
	add_arguments(&text, op);
	man_item(out, usage.p, text.p);
}

static void write_collections(struct buf *out)
{
	man_heading(out, "COLLECTIONS");
	man_text(out, "With their verbs, and the arguments of these; what they "
		      "mean tells skyclust COLLECTION VERB --help. Not every "
		      "cloud can do everything: skyclust providers show NAME. "
		      "What only one cloud has is x.VENDOR.KIND.");
	for (const struct cat_kind *const *k = command_kinds(); *k; k++) {
		man_subheading(out, (*k)->collection);
		man_text(out, (*k)->help);
		man_list(out);
		for (const struct cat_op *op = (*k)->ops; op->name; op++)
			write_verb(out, op);
		man_list_end(out);
	}
}

/* ---- the page ----------------------------------------------------------- */

void manual_write(struct buf *out)
{
	man_begin(out, "skyclust", 1, "many clouds, one command line");
	man_heading(out, "SYNOPSIS");
	man_usage(out, "skyclust",
		  "[PROVIDER] COLLECTION VERB [ID …] [--argument VALUE …]");
	man_usage(out, "skyclust", "COMMAND [WORD …]");
	man_heading(out, "DESCRIPTION");
	man_text(out, description);
	write_options(out);
	write_commands(out);
	man_entries(out, "ARGUMENTS", arguments);
	man_entries(out, "RESOURCES IN A FILE", manifests);
	man_text(out, manifests_text);
	man_entries(out, "OUTPUT", formats);
	write_collections(out);
	write_environment(out);
	man_entries(out, "FILES", files);
	write_statuses(out);
	man_heading(out, "EXAMPLES");
	man_code(out, examples);
	man_heading(out, "SEE ALSO");
	man_see(out, "skyclustd", 8, true);
}
