/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>

/* clang-format off */
const char options_help[] =
"Usage: skyclustd [--config FILE] [--data-dir DIR] [--listen HOST:PORT]\n"
"       skyclustd COMMAND\n"
"\n"
"The host of SkyClust: one HTTP API in front of many clouds, each behind a\n"
"driver in a process of its own. When it is ready it prints one line,\n"
"\"listening on http://HOST:PORT\", on standard output; its log goes to standard\n"
"error. SIGHUP reads the configuration again, SIGTERM and SIGINT end it\n"
"gracefully, a second one at once.\n"
"\n"
"  --config FILE           settings; without it the defaults hold\n"
"  --data-dir DIR          all state is kept here (server.data_dir)\n"
"  --listen HOST:PORT      loopback only; port 0 picks a free one (server.listen)\n"
"\n"
"Commands, which print and end:\n"
"  --validate-config FILE  say whether FILE can be used\n"
"  --print-config          every setting with its value, default and meaning\n"
"  --print-schema          JSON Schema of the configuration file\n"
"  --list-plugins          drivers that are found, and the providers that use them\n"
"  --validate-plugin FILE  start the driver program FILE alone and judge its answers\n"
"  --enable-plugin NAME    set plugins.providers.NAME.enabled in the --config file\n"
"  --help, --version\n"
"\n"
"Exit status: 0, or 1 after a failure, or 64 when the command line is wrong.\n"
"Example: skyclustd --config /etc/skyclust/skyclust.yaml --data-dir /var/lib/skyclust\n";
/* clang-format on */

enum { OPT_CONFIG = 256, OPT_DATA_DIR, OPT_LISTEN, OPT_COMMAND };

static const struct option table[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "data-dir", required_argument, NULL, OPT_DATA_DIR },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "validate-config", required_argument, NULL,
	  OPT_COMMAND + COMMAND_VALIDATE_CONFIG },
	{ "print-config", no_argument, NULL,
	  OPT_COMMAND + COMMAND_PRINT_CONFIG },
	{ "print-schema", no_argument, NULL,
	  OPT_COMMAND + COMMAND_PRINT_SCHEMA },
	{ "list-plugins", no_argument, NULL,
	  OPT_COMMAND + COMMAND_LIST_PLUGINS },
	{ "validate-plugin", required_argument, NULL,
	  OPT_COMMAND + COMMAND_VALIDATE_PLUGIN },
	{ "enable-plugin", required_argument, NULL,
	  OPT_COMMAND + COMMAND_ENABLE_PLUGIN },
	{ "help", no_argument, NULL, OPT_COMMAND + COMMAND_HELP },
	{ "version", no_argument, NULL, OPT_COMMAND + COMMAND_VERSION },
	{ NULL, 0, NULL, 0 },
};

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
	int option;

	*o = (struct options){ .command = COMMAND_SERVE };
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == '?') /* getopt has said what is wrong */
			return wrong(argv[0], "");
		if (!take(o, option))
			return wrong(argv[0], "only one command at a time");
	}
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
