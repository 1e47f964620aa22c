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
#include "cli/context.h"

#define STORE_MAX (1 << 20) /* bytes */
#define SOON_MS 30000	    /* a token that ends sooner is not used */

/* ---- the file -------------------------------------------------------------------- */

struct store {
	char *path;  /* new */
	int lock;    /* of the whole file; -1: none */
	json_t *all; /* new: login by server */
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
	if (s->lock >= 0)
		while (flock(s->lock, LOCK_EX) != 0)
			if (errno != EINTR)
				break;
	return s->lock >= 0 || fail(err, ERR_INVALID, "%s cannot be opened: %s",
				    path, strerror(errno));
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

/* ---- logins ---------------------------------------------------------------------- */

static void put(struct store *s, const char *server, const json_t *answer)
{
	long long lifetime = json_int(answer, "expires_in", 0) * 1000;

	json_object_set_new(
		s->all, server,
		json_pack("{ss ss sI}", "refresh_token",
			  json_str(answer, "refresh_token", ""), "access_token",
			  json_str(answer, "access_token", ""), "until",
			  (json_int_t)(clock_wall_ms() + lifetime)));
}

bool login_keep(const char *server, const json_t *answer, struct error *err)
{
	struct store s;
	bool ok = store_open(&s, err);

	if (ok) {
		if (answer)
			put(&s, server, answer);
		else
			json_object_del(s.all, server);
		ok = store_write(&s, err);
	}
	store_close(&s);
	return ok;
}

static bool refused(struct store *s, const char *server,
		    const struct client_answer *a, struct error *err)
{
	struct error unwritten;

	if (a->status != 401)
		return fail(err, ERR_CLOUD_UNAVAILABLE,
			    "%s does not renew the login now: %s", server,
			    json_str(a->problem, "detail", "no reason given"));
	json_object_del(s->all, server);
	store_write(s, &unwritten);
	return fail(err, ERR_UNAUTHORIZED,
		    "the login at %s has ended; log in again: skyclust login",
		    server);
}

/* The file has the next refresh token before the access token is used. */
static bool renew(struct store *s, struct client *client, const char *server,
		  struct error *err)
{
	AUTO(client_answer_done) struct client_answer a = { 0 };
	const json_t *login = json_object_get(s->all, server);
	AUTO_JSON json_t *body = json_pack(
		"{ss}", "refresh_token", json_str(login, "refresh_token", ""));

	if (!client_send(client, "POST", "/api/v1/auth/refresh", NULL, body, &a,
			 err))
		return false;
	if (a.problem)
		return refused(s, server, &a, err);
	put(s, server, a.value);
	return store_write(s, err);
}

static bool is_good(const json_t *login)
{
	return json_int(login, "until", 0) > clock_wall_ms() + SOON_MS;
}

char *login_token(struct client *client, const char *server, struct error *err)
{
	struct store s;
	char *token = NULL;

	err->code = ERR_NONE;
	if (store_open(&s, err) && json_object_get(s.all, server) &&
	    (is_good(json_object_get(s.all, server)) ||
	     renew(&s, client, server, err)))
		token = mem_strdup(json_str(json_object_get(s.all, server),
					    "access_token", ""));
	store_close(&s);
	return token;
}
