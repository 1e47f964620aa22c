/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of command_builtins run; each gives the exit status.
 */
#ifndef SKYCLUST_CLI_BUILTINS_H
#define SKYCLUST_CLI_BUILTINS_H

#include "cli/session.h"

/* context_run.c */
int context_list_run(struct session *s);
int context_use_run(struct session *s);
int context_set_run(struct session *s);
int context_delete_run(struct session *s);

/* login_run.c */
int login_run(struct session *s);
int logout_run(struct session *s);
int whoami_run(struct session *s);
int token_run(struct session *s);
int password_run(struct session *s);

/* kinds_run.c */
int kinds_run(struct session *s);
int explain_run(struct session *s);

#endif
