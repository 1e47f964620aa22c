/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation of the catalogue or of a vendor, from the words to the output.
 */
#ifndef SKYCLUST_CLI_OPERATION_H
#define SKYCLUST_CLI_OPERATION_H

#include "cli/session.h"

/* Run s->command.op; gives the exit status. */
int operation_run(struct session *s);

/* Fill in s->output by the options: format, fields, terminal. */
bool operation_set_output(struct session *s, const struct cat_record *record,
			  struct error *err);

/* Is what was @printed to s->output.to really out?  False: the disk is full,
 * and nobody has the answer. */
bool operation_printed(const struct session *s, bool printed,
		       struct error *err);

/* Print @results (an array), as one record when it is @one. */
bool operation_print(struct session *s, const json_t *results, bool one,
		     struct error *err);

/* Of the terminal that stdout is; 0: it is none. */
int operation_columns(void);

#endif
