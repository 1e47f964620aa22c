/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "base/base.h"

enum { OPT_CONFIG = 256, OPT_DATA_DIR, OPT_LISTEN, OPT_COMMAND };

#define COMMAND(c) (OPT_COMMAND + COMMAND_##c)

/* clang-format off */
const struct option_row option_rows[] = {
	{ "config", "FILE", OPT_CONFIG, "Settings; without it the defaults hold." },
	{ "data-dir", "DIR", OPT_DATA_DIR, "All state is kept here (server.data_dir)." },
	{ "listen", "HOST:PORT", OPT_LISTEN,
	  "Loopback only without TLS; port 0 picks a free one (server.listen)." },
	{ "validate-config", "FILE", COMMAND(VALIDATE_CONFIG), "Say whether FILE can be used." },
	{ "print-config", NULL, COMMAND(PRINT_CONFIG),
	  "Every setting with its value, default and meaning." },
	{ "print-schema", NULL, COMMAND(PRINT_SCHEMA), "JSON Schema of the configuration file." },
	{ "list-plugins", NULL, COMMAND(LIST_PLUGINS),
	  "Drivers that are found, and the providers that use them." },
	{ "validate-plugin", "FILE", COMMAND(VALIDATE_PLUGIN),
	  "Start the driver program FILE alone and judge its answers." },
	{ "enable-plugin", "NAME", COMMAND(ENABLE_PLUGIN),
	  "Set plugins.providers.NAME.enabled in the --config file." },
	{ "migrate-store", "SRC DST", COMMAND(MIGRATE_STORE),
	  "Copy a stopped installation's database: sqlite:PATH, postgresql://…, or `config`." },
	{ "man", NULL, COMMAND(MAN), "This manual page: skyclustd --man | man -l -" },
	{ "help", NULL, COMMAND(HELP), "What you see with --help." },
	{ "version", NULL, COMMAND(VERSION), "The version." },
	{ NULL },
};

const struct exit_row exit_rows[] = {
	{ "0", "All went well; the host was asked to end." },
	{ "1", "It failed, or a second signal ended it at once." },
	{ "64", "The command line is wrong." },
	{ NULL },
};
/* clang-format on */

const char options_about[] =
	"The host of SkyClust: one HTTP API in front of many clouds, each\n"
	"behind a driver in a process of its own. When it is ready it prints\n"
	"one line, \"listening on http://HOST:PORT\", on standard output; its\n"
	"log goes to standard error.";

const char options_example[] =
	"skyclustd --config /etc/skyclust/skyclust.yaml "
	"--data-dir /var/lib/skyclust";

bool option_is_command(const struct option_row *row)
{
	return row->code > OPT_COMMAND;
}

/* ---- --help ----------------------------------------------------------- */

static void print_options(FILE *to, bool commands)
{
	const struct option_row *row;

	for (row = option_rows; row->name; row++)
		if (option_is_command(row) == commands)
			fprintf(to, "  --%s %-*s %s\n", row->name,
				(int)(20 - strlen(row->name)),
				row->argument ? row->argument : "", row->help);
}

void options_print_help(FILE *to)
{
	fprintf(to,
		"Usage: skyclustd [--config FILE] [--data-dir DIR] "
		"[--listen HOST:PORT]\n"
		"       skyclustd COMMAND\n\n%s\n\n",
		options_about);
	print_options(to, false);
	fputs("\nCommands, which print and end:\n", to);
	print_options(to, true);
	fputs("\nExit status:\n", to);
	for (const struct exit_row *row = exit_rows; row->status; row++)
		fprintf(to, "  %-23s %s\n", row->status, row->meaning);
	fprintf(to, "\nExample: %s\n", options_example);
}

/* ---- the command line ------------------------------------------------- */

/* The rows as getopt_long(3) wants them. */
static void make_getopt_table(struct option *table)
{
	const struct option_row *row;

	for (row = option_rows; row->name; row++)
		*table++ = (struct option){ row->name,
					    row->argument ? required_argument
							  : no_argument,
					    NULL, row->code };
	*table = (struct option){ 0 };
}

static bool wrong(const char *program, const char *what)
{
	fprintf(stderr, "%s%stry %s --help\n", what, *what ? "; " : "",
		program);
	return false;
}

static bool take(struct options *o, int option)
{
	if (option == OPT_CONFIG)
		o->config = optarg;
	else if (option == OPT_DATA_DIR)
		o->data_dir = optarg;
	else if (option == OPT_LISTEN)
		o->listen = optarg;
	else if (option > OPT_COMMAND && o->command == COMMAND_SERVE) {
		o->command = (enum command)(option - OPT_COMMAND);
		o->argument = optarg;
	} else
		return false;
	return true;
}

bool options_parse(struct options *o, int argc, char **argv)
{
	struct option table[ARRAY_LEN(option_rows)];
	int option;

	make_getopt_table(table);
	*o = (struct options){ .command = COMMAND_SERVE };
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == '?') /* getopt has said what is wrong */
			return wrong(argv[0], "");
		if (!take(o, option))
			return wrong(argv[0], "only one command at a time");
	}
	if (o->command == COMMAND_MIGRATE_STORE && optind < argc)
		o->second = argv[optind++];
	if (o->command == COMMAND_MIGRATE_STORE && !o->second)
		return wrong(argv[0], "--migrate-store needs SRC and DST");
	if (optind < argc)
		return wrong(argv[0], "options only");
	if (o->command == COMMAND_ENABLE_PLUGIN && !o->config)
		return wrong(argv[0], "--enable-plugin needs --config FILE");
	return true;
}

struct config *options_load_config(const struct options *o, struct error *err)
{
	const char *file =
		o->command == COMMAND_VALIDATE_CONFIG ? o->argument : o->config;
	struct config *c = config_load(file, err);

	if (c &&
	    (!o->data_dir ||
	     config_set(c, "server.data_dir", o->data_dir, err)) &&
	    (!o->listen || config_set(c, "server.listen", o->listen, err)))
		return c;
	config_free(c);
	return NULL;
}
