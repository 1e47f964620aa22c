/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the program: what was asked for, with which settings, and the
 * server it talks to.  Everything that sends goes through session_call().
 */
#ifndef SKYCLUST_CLI_SESSION_H
#define SKYCLUST_CLI_SESSION_H

#include <signal.h>

#include "base/arena.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/output.h"

struct session {
	struct command command;
	struct output output;  /* as the options say; `record` is the op's */
	bool output_given;     /* -o, or SKYCLUST_OUTPUT */
	struct client *client; /* NULL before session_connect() */
	char *server, *token, *provider, *region; /* settled, or NULL */
	char *login;		      /* whose token it is; NULL: nobody's */
	char *workspace, *credential; /* as they were given, or NULL */
	char *workspace_id, *credential_id; /* found, or NULL */
	struct arena arena;		    /* vendor kinds */
	json_t *problem; /* of the last answer, if it was one */
};

/* Set by SIGINT and SIGTERM; every wait ends early then. */
extern volatile sig_atomic_t session_interrupted;
/* Wait until @fd (-1: none) can be read, for @ms (-1: without end).  False: the
 * user interrupts, however early. */
bool session_poll(int fd, int64_t ms);

void session_done(struct session *s);

/* What was given for option @id on the command line or by its variable; NULL:
 * nothing.  Borrowed. */
const char *session_option(const struct session *s, enum option_id id);

/* Read the options, the environment and the context file (in this order of
 * precedence), and prepare to talk to the server.  Sends nothing. */
bool session_prepare(struct session *s, struct error *err);
/* The same, and with the login's token when no other one is given. */
bool session_connect(struct session *s, struct error *err);

/* The same with the login's token, whatever other one is given;
 * ERR_UNAUTHORIZED when there is no login. */
bool session_connect_login(struct session *s, struct error *err);

/* May a secret go to the server: this machine, or by TLS?  What goes over plain
 * HTTP to another machine is everybody's. */
bool session_is_private(const struct session *s, struct error *err);

/* The provider to work with, settled at first use: the word, the option, the
 * environment, the context, or the only one that the server has.  Borrowed;
 * NULL with @err. */
const char *session_provider(struct session *s, struct error *err);

/* The identifier of the workspace to work in: the option's, the environment's,
 * the context's, or the only one of the user.  Borrowed; NULL with @err, which is
 * ERR_NONE when there is nothing to choose from. */
const char *session_workspace(struct session *s, struct error *err);

/* The identifier of s->credential, which must be given; borrowed, NULL with
 * @err. */
const char *session_credential(struct session *s, struct error *err);

/* The provider's description, GET /api/v1/providers/NAME; new, or NULL with
 * @err. */
json_t *session_describe(struct session *s, struct error *err);

/* A vendor's kind as a row of the catalogue, from the provider's description;
 * lives as long as @s.  NULL with @err. */
const struct cat_kind *session_vendor_kind(struct session *s, const char *name,
					   struct error *err);

/*
 * Do @op of the session's provider with @args (an object, `id` among them;
 * borrowed and left as it is; checked by the catalogue first).  The answer's
 * body is put in @value (new; NULL: none), its status in @status; both may be
 * NULL.  False: @err is filled in, from the problem when one came, which is then
 * kept for session_report().
 */
bool session_call(struct session *s, const struct cat_op *op,
		  const json_t *args, json_t **value, int *status,
		  struct error *err);
/* All pages of a list operation, as one array (new), at most @limit items (0:
 * all); NULL with @err. */
json_t *session_list(struct session *s, const struct cat_op *op,
		     const json_t *args, long long limit, struct error *err);
/* What the GET @op answers, to @to as it comes. */
bool session_download(struct session *s, const struct cat_op *op,
		      const json_t *args, FILE *to, struct error *err);
/* GET a path that is not the catalogue's ("/api/v1/providers"); new, or NULL
 * with @err. */
json_t *session_get(struct session *s, const char *path, struct error *err);

/* Keep @problem, which was answered with @status, for session_report(), and say
 * it in @err; false. */
bool session_take_problem(struct session *s, json_t *problem, int status,
			  struct error *err);
/* The last answer's problem is not what failed in the end. */
void session_forget(struct session *s);

/* Say on stderr what went wrong and what to do (with -o json the problem as
 * JSON); gives the exit status. */
int session_report(struct session *s, const struct error *err);
/* The exit status of a failure. */
enum exit_status session_status(enum err_code code);
/* Without the control bytes by which a text from elsewhere could move on the
 * terminal; in place. */
char *session_clean(char *text);
/* A message for people on stderr, unless --quiet; a line end is added. */
void session_say(struct session *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
