/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/login_store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/session.h"

#define STORE_MAX (1 << 20) /* bytes */
#define SOON_MS 30000	    /* a token that ends sooner is not used */
#define RENEW_TIMEOUT_S 30

/* ---- the file ------------------------------------------------------------ */

struct store {
	char *path;  /* new */
	int lock;    /* of the whole file; -1: none */
	json_t *all; /* new: login by name */
};

static void store_close(struct store *s)
{
	if (s->lock >= 0)
		close(s->lock);
	json_wipe(s->all);
	json_decref(s->all);
	mem_free(s->path);
}

/* Beside the contexts. */
static char *beside(const char *name, struct error *err)
{
	AUTO_FREE char *path = context_path(err);
	char *slash = path ? strrchr(path, '/') : NULL;

	if (!slash)
		return NULL;
	*slash = '\0';
	return mem_printf("%s/%s", path, name);
}

static bool lock(struct store *s, struct error *err)
{
	AUTO_FREE char *path = beside("logins.lock", err);

	if (!path || !context_make_folder(err))
		return false;
	s->lock = sys_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return fail(err, ERR_INVALID, "%s cannot be opened: %s", path,
			    strerror(errno));
	while (flock(s->lock, LOCK_EX) != 0)
		if (errno != EINTR || session_interrupted)
			return fail(err, ERR_CANCELLED, "interrupted");
	return true;
}

static bool read_all(struct store *s, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };

	if (sys_read_file(s->path, STORE_MAX, &text) < 0) {
		s->all = json_object();
		return errno == ENOENT ||
		       fail(err, ERR_INVALID, "%s cannot be read: %s", s->path,
			    strerror(errno));
	}
	s->all = json_read(text.n ? text.p : "", text.n, err);
	if (json_is_object(s->all))
		return true;
	return fail(err, ERR_INVALID,
		    "%s is not what `skyclust login` writes; remove it and log "
		    "in again",
		    s->path);
}

static bool store_open(struct store *s, struct error *err)
{
	*s = (struct store){ .lock = -1, .path = beside("logins.json", err) };
	return s->path && lock(s, err) && read_all(s, err);
}

static bool store_write(struct store *s, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };

	json_write(s->all, &text);
	return sys_replace_file(s->path, text.p, text.n, 0600) == 0 ||
	       fail(err, ERR_INVALID, "%s cannot be written: %s", s->path,
		    strerror(errno));
}

/* Nobody has ever logged in: then nothing is made, and a home that cannot be
 * written to is no fault. */
static bool is_there(void)
{
	AUTO_FREE char *path = beside("logins.json", NULL);

	return path && access(path, F_OK) == 0;
}

/* ---- keeping ------------------------------------------------------------- */

char *login_name(const char *server)
{
	char folder[4096];

	if (!text_starts(server, "unix:") || server[5] == '/' ||
	    !getcwd(folder, sizeof(folder)))
		return mem_strdup(server);
	return mem_printf("unix:%s/%s", folder, server + 5);
}

static void put(struct store *s, const char *name, const json_t *answer)
{
	long long lifetime = json_int(answer, "expires_in", 0) * 1000;

	json_object_set_new(
		s->all, name,
		json_pack("{ss ss sI}", "refresh_token",
			  json_str(answer, "refresh_token", ""), "access_token",
			  json_str(answer, "access_token", ""), "until",
			  (json_int_t)(clock_wall_ms() + lifetime)));
}

static void take_out(struct store *s, const char *name)
{
	json_wipe(json_object_get(s->all, name));
	json_object_del(s->all, name);
}

bool login_keep(const char *name, const json_t *answer, struct error *err)
{
	struct store s;
	bool ok;

	if (!answer && !is_there())
		return true;
	ok = store_open(&s, err);
	if (ok) {
		take_out(&s, name);
		if (answer)
			put(&s, name, answer);
		ok = store_write(&s, err);
	}
	store_close(&s);
	return ok;
}

/* ---- renewing ------------------------------------------------------------ */

static bool refused(struct store *s, const char *name,
		    const struct client_answer *a, struct error *err)
{
	struct error unwritten;

	if (a->status != 401)
		return fail(err, ERR_CLOUD_UNAVAILABLE,
			    "%s does not renew the login now: %s", name,
			    json_str(a->problem, "detail", "no reason given"));
	take_out(s, name);
	store_write(s, &unwritten);
	return fail(err, ERR_UNAUTHORIZED, "the login at %s has ended", name);
}

/* An answer that is lost takes the login with it: its refresh token was good
 * once.  So neither Ctrl-C nor a short --timeout ends this. */
static bool ask(struct client *client, const json_t *body,
		struct client_answer *a, struct error *err)
{
	int timeout_s = client_set_timeout(client, RENEW_TIMEOUT_S);
	bool ok;

	client_set_token(client, NULL);
	client_stop_by(client, NULL);
	ok = client_send(client, "POST", "/api/v1/auth/refresh", NULL, body, a,
			 err);
	client_stop_by(client, &session_interrupted);
	client_set_timeout(client, timeout_s);
	return ok;
}

/* The file has the next refresh token before the access token is used. */
static bool renew(struct store *s, struct client *client, const char *name,
		  struct error *err)
{
	AUTO(client_answer_done) struct client_answer a = { 0 };
	const json_t *login = json_object_get(s->all, name);
	AUTO_JSON json_t *body = json_pack(
		"{ss}", "refresh_token", json_str(login, "refresh_token", ""));
	bool ok = ask(client, body, &a, err);

	json_wipe(body);
	if (!ok)
		return false;
	if (a.problem)
		return refused(s, name, &a, err);
	take_out(s, name);
	put(s, name, a.value);
	json_wipe(a.value);
	return store_write(s, err);
}

static bool is_good(const json_t *login, const char *refused)
{
	return json_int(login, "until", 0) > clock_wall_ms() + SOON_MS &&
	       (!refused ||
		strcmp(json_str(login, "access_token", ""), refused));
}

char *login_token(struct client *client, const char *name, const char *refused,
		  struct error *err)
{
	struct store s;
	char *token = NULL;

	err->code = ERR_NONE;
	if (!is_there())
		return NULL;
	if (store_open(&s, err) && json_object_get(s.all, name) &&
	    (is_good(json_object_get(s.all, name), refused) ||
	     renew(&s, client, name, err)))
		token = mem_strdup(json_str(json_object_get(s.all, name),
					    "access_token", ""));
	store_close(&s);
	return token;
}
