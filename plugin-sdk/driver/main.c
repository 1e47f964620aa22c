/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * sc_main(): what a driver's main() calls.  Started by the host (the
 * environment has SKYCLUST_DRIVER, and there are no arguments) it serves the
 * protocol; from a person's hand it runs one of the commands below, and
 * without any it explains itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fiber.h"
#include "base/loop.h"
#include "base/mem.h"
#include "driver/commands.h"
#include "driver/options.h"
#include "driver/runtime.h"
#include "driver/serve.h"

static int run_version(const struct sc_driver *driver, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("%s %s (SkyClust SDK %s, protocol %s)\n", driver->name,
	       driver->version, SKYCLUST_VERSION, SDP_VERSION);
	return 0;
}

static int run_help(const struct sc_driver *driver, int argc, char **argv);

/* clang-format off */
const struct driver_command driver_commands[] = {
	{ "--check", check_main, "", "Is the driver as its tables say?" },
	{ "--describe", describe_main, "[--json] [--markdown]",
	  "What it can do, operation by operation." },
	{ "--schema", schema_main, "OPERATION",
	  "Arguments and record of an operation, as JSON Schema." },
	{ "--explain", explain_main, "OPERATION [ARGUMENTS]",
	  "The HTTP it would send; nothing is sent." },
	{ "--call", call_main, "OPERATION [ARGUMENTS]",
	  "Carry it out and print the value, or the error to standard error." },
	{ "--man", manual_main, "", "This driver's manual page: --man | man -l -" },
	{ "--version", run_version, "", "Name and versions." },
	{ "--help", run_help, "", "This text." },
	{ NULL },
};
/* clang-format on */

static void print_commands(FILE *to)
{
	const struct driver_command *row;

	fputs("The host (skyclustd) starts this program and speaks with it "
	      "over pipes.\nBy hand it takes one of:\n\n",
	      to);
	for (row = driver_commands; row->name; row++)
		fprintf(to, "  %s %s\n        %s\n", row->name, row->usage,
			row->help);
}

static void print_options(FILE *to)
{
	const struct call_option *row;

	fputs("\nARGUMENTS is a JSON object. --call and --explain also take:"
	      "\n\n",
	      to);
	for (row = call_options; row->name; row++)
		fprintf(to, "  %-13s %-5s %s%s\n", row->name,
			row->argument ? row->argument : "", row->help,
			row->only_call ? " (--call only)" : "");
}

static void print_environment(const struct sc_driver *driver, FILE *to)
{
	fputs("\nWhat no file gives is taken from the environment:\n\n", to);
	for (const char *const(*e)[2] = driver->env; e && (*e)[0]; e++)
		fprintf(to, "  %-28s %s\n", (*e)[0], (*e)[1]);
	if (!driver->env)
		fputs("  (this driver names no variables)\n", to);
}

static void print_help(const struct sc_driver *driver, FILE *to)
{
	fprintf(to, "%s %s - a SkyClust cloud driver%s%s\n\n", driver->name,
		driver->version, driver->description ? ": " : "",
		driver->description ? driver->description : "");
	print_commands(to);
	print_options(to);
	print_environment(driver, to);
}

static int run_help(const struct sc_driver *driver, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_help(driver, stdout);
	return 0;
}

static int run_command(const struct sc_driver *driver, int argc, char **argv)
{
	const struct driver_command *row;

	for (row = driver_commands; row->name; row++)
		if (!strcmp(argv[1], row->name))
			return row->run(driver, argc - 2, argv + 2);
	fprintf(stderr, "%s: unknown option %s; try --help\n", driver->name,
		argv[1]);
	return EX_USAGE;
}

static bool started_by_host(int argc)
{
	return argc < 2 && getenv("SKYCLUST_DRIVER") && !isatty(STDIN_FILENO);
}

int sc_main(int argc, char **argv, const struct sc_driver *driver)
{
	int status;

	mem_use_for_jansson();
	loop_init();
	if (started_by_host(argc)) {
		status = serve(driver);
	} else if (argc < 2) {
		print_help(driver, stderr);
		status = EX_USAGE;
	} else {
		status = run_command(driver, argc, argv);
	}
	return status;
}
