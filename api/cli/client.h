/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST API as the command line sees it: one exchange at a time, blocking,
 * over libcurl.  Sources: api/README.md; RFC 9457 for problems.
 */
#ifndef SKYCLUST_CLI_CLIENT_H
#define SKYCLUST_CLI_CLIENT_H

#include <jansson.h>
#include <signal.h>
#include <stdio.h>

#include "base/error.h"

struct client;

/* What the server answered; client_answer_done() frees it. */
struct client_answer {
	int status;
	json_t *value;	   /* new; NULL: no body */
	json_t *problem;   /* new: application/problem+json, else NULL */
	int retry_after_s; /* 0: not said */
};

struct client_options {
	const char *server; /* "http://127.0.0.1:8080", no slash at the end, or
			     * "unix:PATH" */
	const char *token;  /* or NULL */
	int timeout_s;	    /* of one exchange */
	const char *ca_file, *cert, *key; /* PEM, or NULL */
};

/* None of the text is kept. */
struct client *client_new(const struct client_options *options);
/* From now on @token (NULL: none) is sent. */
void client_set_token(struct client *c, const char *token);
/* The next exchange has this header, too; copies. */
void client_next_header(struct client *c, const char *name, const char *value);
void client_free(struct client *c);

/* Is @server this very machine? */
bool client_is_local(const char *server);

/* Write each exchange's first line and its answer's to @to (NULL: not), never a
 * header or a body: they hold secrets. */
void client_trace(struct client *c, FILE *to);
/* An exchange ends with ERR_CANCELLED when @flag becomes true; borrowed. */
void client_stop_by(struct client *c, const volatile sig_atomic_t *flag);

/* Called when the server refuses the token (401): true when client_set_token()
 * was called with a better one, with which the same is sent once more.  Nothing
 * was done by the first one. */
typedef bool client_renew_fn(void *arg);
void client_renew_by(struct client *c, client_renew_fn *fn, void *arg);
/* The time of one exchange from now on; gives the one until now. */
int client_set_timeout(struct client *c, int timeout_s);

/*
 * Send @method to @path ("/api/v1/…", already percent-encoded) with @query (an
 * object of scalars and lists, or NULL) and @body (or NULL), all borrowed.
 * True for any answer, also a problem; false when there was none, or none that
 * can be read: @err names the server and says what to do.
 */
bool client_send(struct client *c, const char *method, const char *path,
		 const json_t *query, const json_t *body,
		 struct client_answer *answer, struct error *err);
/* GET @path; the body of a good answer goes to @to as it comes, however long it
 * takes while something comes. */
bool client_download(struct client *c, const char *path, const json_t *query,
		     FILE *to, struct client_answer *answer, struct error *err);
void client_answer_done(struct client_answer *answer);

/*
 * The whole of a list: every page of it, as one array (new); NULL with @answer
 * filled in when a page was a problem, or @err when none came.  @limit 0: all.
 */
json_t *client_list(struct client *c, const char *path, const json_t *query,
		    long long limit, struct client_answer *answer,
		    struct error *err);

#endif
