/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of a driver's command line.  Each gets the words after its own
 * name and returns the program's exit status: 0, 1 (it was done, and the
 * outcome is bad), 64 (wrong usage).
 */
#ifndef SKYCLUST_DRIVER_COMMANDS_H
#define SKYCLUST_DRIVER_COMMANDS_H

#include "skyclust/driver.h"

#define EX_USAGE 64

struct driver_command {
	const char *name; /* "--check" */
	int (*run)(const struct sc_driver *driver, int argc, char **argv);
	const char *usage; /* what follows the name, or "" */
	const char *help;
};

extern const struct driver_command driver_commands[]; /* ends with NULL */

int check_main(const struct sc_driver *driver, int argc, char **argv);
int describe_main(const struct sc_driver *driver, int argc, char **argv);
int schema_main(const struct sc_driver *driver, int argc, char **argv);
int explain_main(const struct sc_driver *driver, int argc, char **argv);
int call_main(const struct sc_driver *driver, int argc, char **argv);
int manual_main(const struct sc_driver *driver, int argc, char **argv);

#endif
