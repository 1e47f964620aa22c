/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell completion.  The scripts know nothing: at each TAB they ask the program
 * itself, `skyclust __complete -- WORDS…`, where the last word is the one that
 * was begun ("": none).  It prints one candidate a line, then a tab and a
 * description where there is one; a line without a candidate, "\tfiles", means
 * names of files.  Whatever goes wrong, it prints less and says nothing.
 */
#ifndef SKYCLUST_CLI_COMPLETE_H
#define SKYCLUST_CLI_COMPLETE_H

#include "cli/session.h"

/* The rows `__complete -- WORDS…` and `completion bash|zsh|fish`; they give the
 * exit status. */
int complete_run(struct session *s);
int complete_script_run(struct session *s);

#endif
