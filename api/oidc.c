/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in with an OpenID provider: the browser is sent there, and comes
 * back with what identity/oidc.c makes a session of.
 */
#include <string.h>

#include "api_impl.h"
#include "args.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "handlers.h"
#include "identity/oidc.h"
#include "reply.h"

#define PATH "/api/v1/auth/oidc"

static const char *base_url(struct request *req)
{
	const struct api *api = api_of(req);
	const char *set = api->options.config->public_url;

	return *set ? set : http_address(api->http);
}

static const char *redirect_uri(struct request *req)
{
	return arena_printf(&req->arena, "%s" PATH "/%s/callback",
			    base_url(req), req->param[0]);
}

/* For this sign-in only; Lax, since the provider's site sends it back. */
static void set_cookie(struct request *req, const char *value, int seconds)
{
	bool secure = text_starts(base_url(req), "https://");

	http_add_header(
		req, "Set-Cookie",
		arena_printf(&req->arena,
			     OIDC_COOKIE "=%s; Path=" PATH
					 "; Max-Age=%d; HttpOnly; "
					 "SameSite=Lax%s",
			     value, seconds, secure ? "; Secure" : ""));
}

/* The value of our cookie among all (RFC 6265, section 5.4), or NULL. */
static const char *cookie_of(struct request *req)
{
	static const char name[] = OIDC_COOKIE "=";
	const char *at = http_header(req, "Cookie");

	while (at) {
		at += strspn(at, " ;");
		if (text_starts(at, name)) {
			at += sizeof(name) - 1;
			return arena_strndup(&req->arena, at,
					     strcspn(at, ";"));
		}
		at = strchr(at, ';');
	}
	return NULL;
}

void oidc_list(struct request *req)
{
	const struct config *config = api_of(req)->options.config;
	json_t *items = json_array(), *p;
	const char *name;

	json_object_foreach (config->oidc, name, p)
		json_array_append_new(items,
				      json_pack("{ss ss}", "name", name,
						"issuer",
						json_str(p, "issuer", "")));
	reply_json(req, 200,
		   json_pack("{so sn s[]}", "items", items, "next_page_token",
			     "errors"));
}

WAITS void oidc_go(struct request *req)
{
	AUTO(buf_done) struct buf url = { 0 };
	char cookie[OIDC_COOKIE_SIZE];
	struct error err;

	if (!oidc_begin(api_of(req)->options.trust, req->param[0],
			redirect_uri(req), &url, cookie, &err)) {
		reply_error(req, &err);
		return;
	}
	set_cookie(req, cookie, 600);
	http_add_header(req, "Location", url.p);
	http_add_header(req, "Cache-Control", "no-store");
	http_reply(req, 302, NULL, (struct slice){ 0 });
}

WAITS void oidc_back(struct request *req)
{
	struct oidc_return back = {
		.redirect_uri = redirect_uri(req),
		.cookie = cookie_of(req),
	};
	struct error err;
	json_t *answer = NULL;

	req->args = args_read(req, &err);
	if (req->args) {
		back.code = json_str(req->args, "code", NULL);
		back.state = json_str(req->args, "state", NULL);
		back.error = json_str(req->args, "error", NULL);
		back.error_description =
			json_str(req->args, "error_description", NULL);
		answer = oidc_finish(api_of(req)->options.trust, req->who,
				     req->param[0], &back, &err);
	}
	set_cookie(req, "", 0);
	if (answer)
		reply_json(req, 200, answer);
	else
		reply_error(req, &err);
}
