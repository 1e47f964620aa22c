/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: the option, else the variable, else the context, else what
 * `make run` makes.
 */
#include "cli/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/login_store.h"
#include "cli/member.h"
#include "cli/vendor.h"

#define DEFAULT_SERVER "http://127.0.0.1:8080"
#define DEFAULT_SOCKET "data/skyclust.sock"
#define DEFAULT_TIMEOUT_S 60
#define TOKEN_FILE_MAX 4096 /* bytes */

volatile sig_atomic_t session_interrupted;

/* ppoll() lets the signals through only while it waits: one that came before
 * has been seen by then. */
bool session_poll(int fd, int64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000,
				 .tv_nsec = ms % 1000 * 1000000 };
	struct pollfd in = { .fd = fd, .events = POLLIN };
	sigset_t ours, before;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &before);
	while (!session_interrupted)
		if (ppoll(&in, 1, ms < 0 ? NULL : &left, &before) >= 0 ||
		    errno != EINTR)
			break;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !session_interrupted;
}

void session_done(struct session *s)
{
	client_free(s->client);
	command_done(&s->command);
	mem_free(s->server);
	mem_free(s->login);
	if (s->token)
		mem_wipe(s->token, strlen(s->token));
	mem_free(s->token);
	mem_free(s->provider);
	mem_free(s->region);
	mem_free(s->workspace);
	mem_free(s->workspace_id);
	mem_free(s->credential);
	mem_free(s->credential_id);
	json_decref(s->problem);
	arena_done(&s->arena);
}

/* ---- where a setting comes from ------------------------------------------------- */

static const char *variable(const char *name)
{
	const char *text = getenv(name);

	return text && *text ? text : NULL;
}

const char *session_option(const struct session *s, enum option_id id)
{
	const char *text = s->command.option[id];

	if (!text && command_options[id].variable)
		text = variable(command_options[id].variable);
	return text;
}

static const char *setting(const struct session *s, enum option_id id,
			   const json_t *context, const char *name)
{
	const char *text = session_option(s, id);

	return text ? text : json_str(context, name, NULL);
}

/* "localhost:8080/" is http://localhost:8080; new. */
static char *address(const char *server)
{
	char *url;

	if (text_starts(server, "unix:"))
		return mem_strdup(server);
	url = mem_printf("%s%s", strstr(server, "://") ? "" : "http://",
			 server);
	for (size_t n = strlen(url); n && url[n - 1] == '/';)
		url[--n] = '\0';
	return url;
}

/* ---- the token --------------------------------------------------------------------- */

/* The file's text without the white space around it; new. */
static char *read_token(const char *file, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	const char *p;
	size_t n;

	if (sys_read_file(file, TOKEN_FILE_MAX, &text) < 0) {
		fail(err, ERR_INVALID, "the token file %s cannot be read: %s",
		     file, strerror(errno));
		return NULL;
	}
	p = text.n ? text.p : "";
	p += strspn(p, " \t\r\n");
	n = strcspn(p, " \t\r\n");
	return mem_strndup(p, n);
}

/* A context's token is for its own server only. */
static const char *token_file(const struct session *s, const json_t *context)
{
	const char *file = session_option(s, OPTION_TOKEN_FILE);
	const char *server = json_str(context, "server", NULL);
	AUTO_FREE char *theirs = server ? address(server) : NULL;

	if (file)
		return file;
	if (!theirs || !strcmp(theirs, s->server))
		file = json_str(context, "token_file", NULL);
	return file;
}

static bool take_token(struct session *s, const json_t *context,
		       struct error *err)
{
	const char *text = variable("SKYCLUST_TOKEN");
	const char *file;

	if (text && !s->command.option[OPTION_TOKEN_FILE]) {
		s->token = mem_strdup(text);
	} else {
		file = token_file(s, context);
		if (!file)
			return true; /* the server will say that it wants one */
		s->token = read_token(file, err);
		if (!s->token)
			return false;
	}
	for (const char *p = s->token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return fail(err, ERR_INVALID,
				    "the token holds more than letters, digits "
				    "and signs");
	return true;
}

/* ---- connecting ---------------------------------------------------------------------- */

static char *copy_if(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

/* "-": none, whatever the context says. */
static char *copy_unless_dash(const char *text)
{
	return text && strcmp(text, "-") != 0 ? mem_strdup(text) : NULL;
}

bool session_is_private(const struct session *s, struct error *err)
{
	if (text_starts(s->server, "https://") ||
	    text_starts(s->server, "unix:") || client_is_local(s->server))
		return true;
	return fail(err, ERR_INVALID,
		    "no token or password is sent to %s, which is another "
		    "machine, in the clear; use https://",
		    s->server);
}

static bool check_way(const struct session *s, struct error *err)
{
	return !s->token || session_is_private(s, err);
}

static bool settle(struct session *s, const json_t *context, struct error *err)
{
	const char *server = setting(s, OPTION_SERVER, context, "server");
	const char *provider = s->command.provider;

	if (!server)
		server = access(DEFAULT_SOCKET, R_OK | W_OK) == 0
				 ? "unix:" DEFAULT_SOCKET
				 : DEFAULT_SERVER;
	s->server = address(server);
	/* Messages and --verbose show it. */
	if (strchr(s->server, '@') && !text_starts(s->server, "unix:"))
		return fail(err, ERR_INVALID,
			    "the server's address must not hold a user or a "
			    "password");
	if (!provider)
		provider = setting(s, OPTION_PROVIDER, context, "provider");
	s->provider = copy_if(provider);
	s->region = copy_if(setting(s, OPTION_REGION, context, "region"));
	s->workspace = copy_unless_dash(
		setting(s, OPTION_WORKSPACE, context, "workspace"));
	s->credential = copy_unless_dash(
		setting(s, OPTION_CREDENTIAL, context, "credential"));
	return take_token(s, context, err) && check_way(s, err);
}

bool session_prepare(struct session *s, struct error *err)
{
	AUTO_JSON json_t *all = NULL;
	const char *name = s->command.option[OPTION_CONTEXT];
	const json_t *context;

	if (s->client)
		return true;
	all = context_load(err);
	if (!all)
		return false;
	err->code = ERR_NONE;
	context = context_find(all, name, err);
	if (err->code != ERR_NONE || !settle(s, context, err))
		return false;
	s->client = client_new(&(struct client_options){
		.server = s->server,
		.token = s->token,
		.timeout_s = (int)command_number(&s->command, OPTION_TIMEOUT,
						 DEFAULT_TIMEOUT_S),
		.ca_file = setting(s, OPTION_CA_FILE, context, "ca_file"),
		.cert = session_option(s, OPTION_CERT),
		.key = session_option(s, OPTION_KEY),
	});
	client_stop_by(s->client, &session_interrupted);
	if (s->command.option[OPTION_VERBOSE])
		client_trace(s->client, stderr);
	return true;
}

/* The server refused the token, though it has not ended by our clock. */
static bool renew(void *arg)
{
	struct session *s = arg;
	struct error err;
	char *fresh = login_token(s->client, s->login, s->token, &err);

	client_set_token(s->client, fresh ? fresh : s->token);
	if (!fresh)
		return false;
	mem_wipe(s->token, strlen(s->token));
	mem_free(s->token);
	s->token = fresh;
	return true;
}

/* The login's token; the unix socket needs none, its other end sees who we
 * are. */
static bool take_login(struct session *s, struct error *err)
{
	if (s->token)
		return true;
	s->login = login_name(s->server);
	s->token = login_token(s->client, s->login, NULL, err);
	client_set_token(s->client, s->token);
	if (s->token)
		client_renew_by(s->client, renew, s);
	return (s->token || err->code == ERR_NONE) && check_way(s, err);
}

bool session_connect_login(struct session *s, struct error *err)
{
	if (!session_prepare(s, err))
		return false;
	if (s->token)
		mem_wipe(s->token, strlen(s->token));
	mem_free(s->token);
	s->token = NULL;
	if (!take_login(s, err))
		return false;
	return s->token || fail(err, ERR_UNAUTHORIZED,
				"there is no login at %s", s->server);
}

bool session_connect(struct session *s, struct error *err)
{
	bool fresh = !s->client;

	return session_prepare(s, err) && (!fresh || take_login(s, err));
}

/* ---- the provider ----------------------------------------------------------------------- */

static bool no_single_one(const json_t *items, struct error *err)
{
	AUTO(buf_done) struct buf names = { 0 };

	member_names(&names, items, "name");
	if (!names.n)
		return fail(err, ERR_INVALID, "the server has no provider");
	return fail(err, ERR_INVALID,
		    "which provider? Name it first, or by --provider, "
		    "SKYCLUST_PROVIDER or `skyclust context set`; the server "
		    "has %s",
		    names.p);
}

const char *session_provider(struct session *s, struct error *err)
{
	AUTO_JSON json_t *all = NULL;
	const json_t *items;

	if (!session_connect(s, err))
		return NULL;
	if (s->provider)
		return s->provider;
	all = session_get(s, "/api/v1/providers", err);
	if (!all)
		return NULL;
	items = json_object_get(all, "items");
	if (json_array_size(items) == 1)
		s->provider = mem_strdup(
			json_str(json_array_get(items, 0), "name", ""));
	else
		no_single_one(items, err);
	return s->provider;
}

/* ---- vendor kinds ------------------------------------------------------------------------- */

json_t *session_describe(struct session *s, struct error *err)
{
	AUTO(buf_done) struct buf path = { 0 };
	const char *provider = session_provider(s, err);

	if (!provider)
		return NULL;
	buf_add_str(&path, "/api/v1/providers/");
	text_percent_encode(&path, slice_of(provider), "");
	return session_get(s, path.p, err);
}

const struct cat_kind *session_vendor_kind(struct session *s, const char *name,
					   struct error *err)
{
	AUTO_JSON json_t *about = session_describe(s, err);
	AUTO(buf_done) struct buf names = { 0 };
	json_t *kinds = json_object_get(about, "kinds"), *kind;
	const char *other;

	if (!about)
		return NULL;
	kind = json_object_get(kinds, name);
	if (kind)
		return vendor_kind(&s->arena, name, kind);
	json_object_foreach (kinds, other, kind)
		buf_printf(&names, "%s%s", names.n ? ", " : "", other);
	fail(err, ERR_INVALID, "%s has no kind \"%.64s\"; it has %s",
	     s->provider, name, names.n ? names.p : "none of its own");
	return NULL;
}
