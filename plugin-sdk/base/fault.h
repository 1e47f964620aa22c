/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points at which a test lets the process die, as kill -9 would:
 *
 *	die_at("operation.committed");
 *
 * does so when SKYCLUST_DIE_AT=operation.committed is in the environment, or
 * with operation.committed:3 the third time it comes there.  Only in builds for
 * tests (SKYCLUST_FAULTS); else there is nothing of it in the program.
 */
#ifndef SKYCLUST_BASE_FAULT_H
#define SKYCLUST_BASE_FAULT_H

#ifdef SKYCLUST_FAULTS
void fault_pass(const char *point);
#define die_at(point) fault_pass(point)
#else
#define die_at(point) ((void)0)
#endif

#endif
