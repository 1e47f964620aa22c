/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fake cloud does wrong when it is told to: being slow, refusing,
 * losing answers, and ending the whole process at a named point.
 */
#ifndef SKYCLUST_SIM_FAULTS_H
#define SKYCLUST_SIM_FAULTS_H

#include <skyclust/driver.h>

/* Where a driver can die; the order is that of a call. */
enum fault_point {
	DIE_ON_START,           /* while it is initialized */
	DIE_ON_CALL,            /* a call has come in */
	DIE_ON_READ,            /* a read is about to look */
	DIE_MID_LIST,           /* half of a list has been handed out */
	DIE_BEFORE_APPLY,       /* a change is decided, nothing is written */
	DIE_MID_LEDGER,         /* half of its line is written */
	DIE_AFTER_LEDGER,       /* its line is on the disk, nothing else is */
	DIE_BEFORE_ANSWER,      /* it is applied, nobody has been told */
	DIE_AFTER_CHECKPOINT,   /* what was made was told, the answer was not */
	DIE_ON_POLL,            /* somebody asks how pending work goes */
	DIE_POINTS
};

/* Once at start: @state_dir (NULL: none) remembers for die_once. */
void faults_start(const char *state_dir);

/* SIGKILL this process if the settings say so: here, this time. */
void fault_die(enum fault_point point);
/* As fault_die(), for a caller that has something to break first. */
bool fault_will_die(enum fault_point point);
void fault_die_now(void);

/* The number of an error by its name, 0: none. */
int fault_code(const char *name);
bool fault_point_known(const char *name);

/* Latency, rate limit and errors, before anything is done.  NULL: go on;
 * else the call is over with this reply. */
SC_WAITS struct sc_reply *faults_before(struct sc_call *call);

/* Shall the answer of this change be lost? */
bool fault_loses_answer(void);
/* Wait until the caller gives up. */
SC_WAITS struct sc_reply *fault_lose_answer(struct sc_call *call);

#endif
