/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of skyclustd.
 */
#ifndef SKYCLUST_HOST_OPTIONS_H
#define SKYCLUST_HOST_OPTIONS_H

#include "config.h"

enum command {
	COMMAND_SERVE,
	COMMAND_VALIDATE_CONFIG,
	COMMAND_PRINT_CONFIG,
	COMMAND_PRINT_SCHEMA,
	COMMAND_LIST_PLUGINS,
	COMMAND_VALIDATE_PLUGIN,
	COMMAND_ENABLE_PLUGIN,
	COMMAND_HELP,
	COMMAND_VERSION,
};

struct options {
	enum command command;
	const char *config;             /* file, or NULL; borrowed from argv */
	const char *data_dir, *listen;  /* or NULL */
	const char *argument;           /* of the command */
};

/* False: wrong usage, already said on stderr. */
bool options_parse(struct options *o, int argc, char **argv);

/* The configuration that these options ask for: file, then command line. */
struct config *options_load_config(const struct options *o, struct error *err);

extern const char options_help[];

#endif
