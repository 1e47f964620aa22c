/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skyclust login, logout, whoami, token.
 */
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/builtins.h"
#include "cli/login_store.h"
#include "cli/operation.h"
#include "nouns/nouns.h"

#define TOKEN_FILE_MAX 4096 /* bytes */

static void free_secret(char **text)
{
	if (*text)
		mem_wipe(*text, strlen(*text));
	mem_free(*text);
}

/* The option's text, or the answer to @question; new. */
static char *given(const struct session *s, enum option_id id,
		   const char *question, struct error *err)
{
	const char *text = session_option(s, id);

	return text ? mem_strdup(text) : ask_line(question, false, err);
}

/* The one-time token of @file; new. */
static char *read_bootstrap(const char *file, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };

	if (sys_read_file(file, TOKEN_FILE_MAX, &text) == 0 && text.n)
		return mem_strndup(text.p, strcspn(text.p, " \r\n"));
	fail(err, ERR_INVALID,
	     "%s cannot be read; the host makes it at its first start, in its "
	     "data directory, until there is an administrator",
	     file);
	return NULL;
}

/* A new password, new; on a terminal, where it is not shown, twice. */
static char *ask_new(struct error *err)
{
	char *one = ask_line("New password: ", true, err);
	AUTO(free_secret)
	char *two = one && isatty(STDIN_FILENO)
			    ? ask_line("The same again: ", true, err)
			    : NULL;

	if (!one || !isatty(STDIN_FILENO) || (two && !strcmp(one, two)))
		return one;
	if (two)
		fail(err, ERR_INVALID,
		     "these are two different passwords; nothing was done");
	free_secret(&one);
	return NULL;
}

/* What is sent, new; NULL with @err. */
static json_t *ask_all(struct session *s, struct error *err)
{
	const char *file = s->command.option[OPTION_BOOTSTRAP];
	AUTO(free_secret) char *token = file ? read_bootstrap(file, err) : NULL;
	AUTO_FREE char *name = NULL;
	AUTO(free_secret) char *password = NULL;

	if (file && !token)
		return NULL;
	name = given(s, OPTION_USER, "User: ", err);
	if (name)
		password =
			file ? ask_new(err) : ask_line("Password: ", true, err);
	if (!password)
		return NULL;
	return json_pack("{ss ss ss*}", "name", name, "password", password,
			 "token", token);
}

static bool keep(const struct session *s, const json_t *answer,
		 struct error *err)
{
	AUTO_FREE char *name = login_name(s->server);

	return login_keep(name, answer, err);
}

static bool log_in(struct session *s, struct error *err)
{
	const char *act = s->command.option[OPTION_BOOTSTRAP] ? "auth.bootstrap"
							      : "auth.login";
	AUTO_JSON json_t *args = NULL;
	AUTO_JSON json_t *answer = NULL;
	bool ok;

	if (!session_prepare(s, err) || !session_is_private(s, err))
		return false;
	client_set_token(s->client, NULL);
	args = ask_all(s, err);
	ok = args &&
	     session_call(s, noun_op_find(act), args, &answer, NULL, err) &&
	     keep(s, answer, err);
	if (ok)
		session_say(s, "logged in to %s as %s", s->server,
			    json_str(args, "name", ""));
	json_wipe(args);
	json_wipe(answer);
	return ok;
}

int login_run(struct session *s)
{
	struct error err;

	return log_in(s, &err) ? STATUS_OK : session_report(s, &err);
}

/* Whatever the server says, nothing stays here. */
int logout_run(struct session *s)
{
	struct error err, forget;
	bool ok = session_connect_login(s, &err) &&
		  session_call(s, noun_op_find("auth.logout"), NULL, NULL, NULL,
			       &err);

	if (s->server && !keep(s, NULL, &forget))
		return session_report(s, &forget);
	if (!ok && err.code != ERR_UNAUTHORIZED)
		return session_report(s, &err);
	session_say(s, "logged out of %s", s->server);
	return STATUS_OK;
}

int whoami_run(struct session *s)
{
	const struct cat_op *op = noun_op_find("auth.me");
	AUTO_JSON json_t *me = NULL;
	struct error err;

	if (operation_set_output(s, op->result, &err) &&
	    session_connect(s, &err) &&
	    session_call(s, op, NULL, &me, NULL, &err) &&
	    operation_printed(s, output_value(&s->output, me), &err))
		return STATUS_OK;
	return session_report(s, &err);
}

/* ---- the password -------------------------------------------------------- */

static bool change_password(struct session *s, struct error *err)
{
	AUTO(free_secret) char *current = NULL;
	AUTO(free_secret) char *new = NULL;
	AUTO_JSON json_t *args = NULL;
	bool ok;

	if (!session_connect(s, err))
		return false;
	current = ask_line("Password until now: ", true, err);
	if (current)
		new = ask_new(err);
	if (!new)
		return false;
	args = json_pack("{ss ss}", "current", current, "new", new);
	ok = session_call(s, noun_op_find("auth.password"), args, NULL, NULL,
			  err);
	json_wipe(args);
	return ok;
}

int password_run(struct session *s)
{
	struct error err;

	if (!change_password(s, &err))
		return session_report(s, &err);
	session_say(s, "the password is changed");
	return STATUS_OK;
}

/* ---- the token itself, for other programs ------------------------------------------- */

/* What kubectl wants of an exec plugin (client.authentication.k8s.io/v1). */
static void print_credential(const char *token)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	json_t *v = json_pack("{ss ss s{ss}}", "apiVersion",
			      "client.authentication.k8s.io/v1", "kind",
			      "ExecCredential", "status", "token", token);

	json_write(v, &text);
	puts(text.p);
	json_wipe(v);
	json_decref(v);
}

int token_run(struct session *s)
{
	struct error err;

	if (session_connect(s, &err) && !s->token)
		fail(&err, ERR_UNAUTHORIZED,
		     "there is no login at %s; log in first: skyclust login",
		     s->server);
	if (!s->token)
		return session_report(s, &err);
	if (s->command.option[OPTION_EXEC])
		print_credential(s->token);
	else
		puts(s->token);
	return STATUS_OK;
}
