/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help at every level, from the tables.
 */
#ifndef SKYCLUST_CLI_HELP_H
#define SKYCLUST_CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* What can be told about what stands on the command line so far. */
void help_command(const struct command *c, FILE *to);

void help_overview(FILE *to);
/* All rows of the command's name. */
void help_builtin(const struct builtin *builtin, FILE *to);
void help_kind(const struct cat_kind *kind, FILE *to);
void help_op(const struct cat_op *op, FILE *to);
/* The members of a record. */
void help_record(const struct cat_record *record, FILE *to);

#endif
