/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --watch: what is printed is printed again when it has changed.
 */
#ifndef SKYCLUST_CLI_WATCH_H
#define SKYCLUST_CLI_WATCH_H

#include "cli/session.h"

#define WATCH_DEFAULT_S 2

/*
 * Let @print (to s->output.to) run every @every_s seconds until the user
 * interrupts.  A terminal is drawn anew; into a pipe go the lines that are new,
 * and of tables those that are gone; whole documents in JSON and YAML.  A fault
 * that may pass is told once and waited out.  Gives the exit status.
 */
int watch_run(struct session *s, long long every_s,
	      bool (*print)(struct session *s, struct error *err));

#endif
