/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of one account: every change that was ever applied, one JSON
 * object a line, only appended to, on the disk before anybody is told.  Any
 * number of processes share it: a change is decided and written under its
 * lock, after what others wrote meanwhile was read.
 *
 * A process that dies while it writes leaves a line without its end.  Nobody
 * was told of that change; readers wait for the line's end, and the next
 * writer, who has the lock and so knows that nobody is writing, cuts it off.
 */
#ifndef SKYCLUST_SIM_LEDGER_H
#define SKYCLUST_SIM_LEDGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define LEDGER_PATH 1024

struct ledger {
	char path[LEDGER_PATH]; /* "": kept in memory only */
	off_t read;             /* bytes read, whole lines */
	long long lines;        /* lines read */
	FILE *file;             /* while locked, else NULL */
	char why[LEDGER_PATH + 256]; /* after false */
};

/* Of @account under @state_dir (NULL: memory only); makes the directory. */
bool ledger_open(struct ledger *l, const char *state_dir, const char *account);

/* Hand every new whole line to @take. */
bool ledger_read(struct ledger *l, void (*take)(void *arg, json_t *line),
		 void *arg);

/* For this process alone until ledger_unlock(). */
bool ledger_lock(struct ledger *l);
void ledger_unlock(struct ledger *l);

/* Locked, and all was read: @line is on the disk after true. */
bool ledger_append(struct ledger *l, const json_t *line);

#endif
