/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token lives in locked memory and is compared in constant time; it is
 * never logged, and never in an error.
 */
#include "auth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api_impl.h"
#include "base/auto.h"
#include "base/log.h"
#include "base/sys.h"

#define TOKEN_BYTES 32
#define TOKEN_MAX 4096

/* ---- the file ------------------------------------------------------------ */

static struct secret *read_token(const char *file, int fd, struct error *err)
{
	char text[TOKEN_MAX];
	struct secret *token = NULL;
	struct stat st;
	ssize_t n = sys_read(fd, text, sizeof(text));
	size_t length;

	if (n < 0 || fstat(fd, &st) < 0) {
		fail(err, ERR_INVALID, "cannot read %s: %s", file,
		     strerror(errno));
		return NULL;
	}
	for (length = 0; length < (size_t)n; length++)
		if (text[length] <= ' ' || text[length] > '~')
			break;
	if (st.st_mode & 077)
		fail(err, ERR_INVALID,
		     "%s can be read by others; run: chmod 600 %s", file, file);
	else if (length < 16)
		fail(err, ERR_INVALID,
		     "%s holds no token of 16 characters or more; remove it "
		     "and a new one is made at the next start",
		     file);
	else
		token = secret_new(text, length);
	mem_wipe(text, sizeof(text));
	return token;
}

static struct secret *make_token(const char *file, struct error *err)
{
	struct secret *token = secret_random_hex(TOKEN_BYTES);
	const char *text = secret_reveal(token);

	if (sys_replace_file(file, text, secret_length(token), 0600) == 0) {
		log_info("admin token made", LOG_STR("file", file));
		return token;
	}
	fail(err, ERR_INVALID, "cannot write %s: %s", file, strerror(errno));
	secret_free(token);
	return NULL;
}

struct secret *auth_load_token(const char *file, struct error *err)
{
	AUTO_FD int fd = sys_open(file, O_RDONLY, 0);

	if (fd >= 0)
		return read_token(file, fd, err);
	if (errno == ENOENT)
		return make_token(file, err);
	fail(err, ERR_INVALID, "cannot open %s: %s", file, strerror(errno));
	return NULL;
}

/* ---- who ----------------------------------------------------------------- */

#define SCHEME "Bearer "

/* The token of the header; "": there is none, NULL: another scheme. */
static const char *bearer(struct request *req)
{
	const char *header = http_header(req, "Authorization");

	if (!header)
		return "";
	if (strncasecmp(header, SCHEME, strlen(SCHEME)))
		return NULL;
	header += strlen(SCHEME);
	return header + strspn(header, " ");
}

static struct actor *nobody(struct request *req)
{
	struct actor *who = arena_alloc(&req->arena, sizeof(*who));

	*who = (struct actor){
		.if_match = -1,
		.request_id = req->id,
		.agent = http_header(req, "User-Agent"),
		.arena = &req->arena,
	};
	return who;
}

WAITS bool auth_identify(struct request *req, struct error *err)
{
	const char *token = bearer(req);

	req->who = nobody(req);
	if (!token)
		return fail(err, ERR_UNAUTHORIZED,
			    "only the scheme Bearer is known: "
			    "\"Authorization: Bearer TOKEN\"");
	if (!*token)
		return true;
	if (!secret_equal(api_of(req)->token, token, strlen(token)))
		return fail(err, ERR_UNAUTHORIZED, "the token is not right");
	req->who->kind = ACTOR_LOCAL;
	req->who->user_id = req->who->name = "local";
	req->who->role = "admin";
	return true;
}

bool auth_is_known(const struct request *req, struct error *err)
{
	return req->who->kind != ACTOR_NOBODY ||
	       fail(err, ERR_UNAUTHORIZED,
		    "this needs the header \"Authorization: Bearer "
		    "TOKEN\"; the token is in admin.token in the "
		    "host's data directory");
}

/* ---- whether ------------------------------------------------------------- */

WAITS bool auth_decide(struct request *req, struct error *err)
{
	switch (req->route->scope) {
	case ACCESS_OPEN:
		return true;
	case ACCESS_SELF:
	case ACCESS_SYSTEM:
	case ACCESS_WORKSPACE:
	case ACCESS_NAMED:
		return auth_is_known(req, err);
	case ACCESS_NONE:
		break;
	}
	return fail(err, ERR_FORBIDDEN, "nobody may use this route");
}
