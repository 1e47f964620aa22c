/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's sender and the workspace it is about are found here; who may do
 * what is decided in access/.
 */
#include "auth.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "api_impl.h"
#include "credential/credential.h"
#include "identity/identity.h"

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

/* W3C Trace Context, section 3.2: "00-" 32 hex "-" 16 hex "-" 2 hex. */
static const char *trace_of(struct request *req)
{
	static const char form[] =
		"00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
	const char *trace = http_header(req, "traceparent");

	if (!trace || strlen(trace) != sizeof(form) - 1)
		return NULL;
	for (size_t i = 0; form[i]; i++) {
		bool hex = isdigit((unsigned char)trace[i]) ||
			   (trace[i] >= 'a' && trace[i] <= 'f');

		if (form[i] == 'x' ? !hex : trace[i] != form[i])
			return NULL;
	}
	return trace;
}

void auth_nobody(struct request *req)
{
	struct actor *who = arena_alloc(&req->arena, sizeof(*who));

	*who = (struct actor){
		.if_match = -1,
		.request_id = req->id,
		.trace = trace_of(req),
		.source = req->source,
		.peer = req->peer,
		.agent = http_header(req, "User-Agent"),
		.arena = &req->arena,
	};
	req->who = who;
}

static void become_local(struct actor *who)
{
	who->kind = ACTOR_LOCAL;
	who->user_id = who->name = "local";
	who->role = "admin";
}

WAITS bool auth_identify(struct request *req, struct error *err)
{
	const char *token = bearer(req);

	if (!token)
		return fail(err, ERR_UNAUTHORIZED,
			    "only the scheme Bearer is known: "
			    "\"Authorization: Bearer TOKEN\"");
	if (*token)
		return identity_authenticate(api_of(req)->options.trust, token,
					     req->who, err);
	if (req->local)
		become_local(req->who);
	return true;
}

bool auth_is_known(const struct request *req, struct error *err)
{
	return req->who->kind != ACTOR_NOBODY ||
	       fail(err, ERR_UNAUTHORIZED,
		    "this needs the header \"Authorization: Bearer TOKEN\"; "
		    "POST /api/v1/auth/login gives one");
}

/* ---- where --------------------------------------------------------------- */

static const char *param(const struct request *req, const char *name)
{
	for (size_t i = 0; i < HTTP_MAX_PARAMS && req->route->param[i]; i++)
		if (!strcmp(req->route->param[i], name))
			return req->param[i];
	return NULL;
}

/* The workspace of a path: .../workspaces/{workspace_id}/..., or the noun
 * itself. */
static const char *workspace_of_path(const struct request *req)
{
	const char *id = param(req, "workspace_id");

	return id ? id : param(req, "id");
}

/* Who belongs to one workspace only need not name it. */
WAITS static bool only_workspace(struct request *req, const char **workspace,
				 struct error *err)
{
	struct trust *t = api_of(req)->options.trust;
	const struct identity_user *user;

	if (req->who->kind == ACTOR_LOCAL || !strcmp(req->who->role, "admin"))
		return true;
	user = identity_user(t, req->who->user_id, err);
	if (!user)
		return false;
	if (user->n == 1)
		*workspace =
			arena_strdup(&req->arena, user->grants[0].workspace);
	return true;
}

/* Of one that is not there it is "": the decision then says of it what it says
 * of another tenant's, and notes it. */
WAITS static bool workspace_of_credential(struct request *req,
					  const char **workspace,
					  struct error *err)
{
	err->code = ERR_NONE;
	*workspace = credential_workspace(api_of(req)->options.trust,
					  req->credential_id, &req->arena, err);
	if (!*workspace && err->code != ERR_NOT_FOUND && err->code != ERR_NONE)
		return false;
	if (!*workspace ||
	    (req->workspace_id && strcmp(req->workspace_id, *workspace) != 0))
		*workspace = "";
	return true;
}

/* The workspace that @req is about; NULL: none. */
WAITS static bool find_workspace(struct request *req, const char **workspace,
				 struct error *err)
{
	*workspace = NULL;
	if (req->route->scope == ACCESS_WORKSPACE)
		*workspace = workspace_of_path(req);
	if (req->route->scope != ACCESS_NAMED)
		return true;
	if (req->credential_id)
		return workspace_of_credential(req, workspace, err);
	*workspace = req->workspace_id;
	return *workspace || only_workspace(req, workspace, err);
}

/* ---- whether ------------------------------------------------------------- */

/* "x.VENDOR.KIND:verb" of a kind that only a driver knows. */
static const char *permission_of(struct request *req)
{
	const char *verb = param(req, "verb");

	if (!req->route->verb)
		return req->route->permission;
	return arena_printf(&req->arena, "x.%s:%s", param(req, "vendor_kind"),
			    verb ? verb : req->route->verb);
}

static const char *action_of(const struct request *req)
{
	return req->route->op ? req->route->op->name : req->route->id;
}

WAITS bool auth_decide(struct request *req, struct error *err)
{
	const char *workspace;

	return find_workspace(req, &workspace, err) &&
	       access_decide(api_of(req)->options.trust, req->who,
			     req->route->scope, permission_of(req), workspace,
			     action_of(req), param(req, "id"), err);
}
