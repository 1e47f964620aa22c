/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of skyclustd.
 */
#ifndef SKYCLUST_HOST_OPTIONS_H
#define SKYCLUST_HOST_OPTIONS_H

#include <stdio.h>

#include "config.h"

enum command {
	COMMAND_SERVE,
	COMMAND_VALIDATE_CONFIG,
	COMMAND_PRINT_CONFIG,
	COMMAND_PRINT_SCHEMA,
	COMMAND_LIST_PLUGINS,
	COMMAND_VALIDATE_PLUGIN,
	COMMAND_ENABLE_PLUGIN,
	COMMAND_MIGRATE_STORE,
	COMMAND_MAN,
	COMMAND_HELP,
	COMMAND_VERSION,
};

struct options {
	enum command command;
	const char *config;             /* file, or NULL; borrowed from argv */
	const char *data_dir, *listen;  /* or NULL */
	const char *argument;           /* of the command */
	const char *second;             /* its second one, or NULL */
};

/* False: wrong usage, already said on stderr. */
bool options_parse(struct options *o, int argc, char **argv);

/* The configuration that these options ask for: file, then command line. */
struct config *options_load_config(const struct options *o, struct error *err);

/* ---- the table of it, for --help and --man ------------------------------ */

struct option_row {
	const char *name;     /* "config", without its dashes */
	const char *argument; /* "FILE"; NULL: takes none */
	int code;             /* what getopt_long(3) returns */
	const char *help;
};

struct exit_row {
	const char *status, *meaning;
};

extern const struct option_row option_rows[]; /* ends with a NULL name */
extern const struct exit_row exit_rows[];     /* ends with a NULL status */
extern const char options_about[], options_example[];

/* Does it print something and end? */
bool option_is_command(const struct option_row *row);

void options_print_help(FILE *to);

#endif
