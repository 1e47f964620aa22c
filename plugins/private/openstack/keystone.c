/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keystone v3: the login.
 *
 * A login gives a token and the catalogue of endpoints; both together are the
 * session which the other services' rows use as {session.compute} and so on.
 * API: https://docs.openstack.org/api-ref/identity/v3/
 */
#include "openstack.h"

#include <stdio.h>
#include <string.h>

/* Where a member of the session comes from. */
static const struct endpoint {
	const char *member;  /* of the session */
	const char *type;    /* of the catalogue's services */
	const char *version; /* put in place of the URL's, NULL: as it is */
} endpoints[] = {
	{ "compute", "compute", NULL },
	{ "network", "network", "/v2.0" },
	{ "image", "image", "/v2" },
	{ "volume", "volumev3", NULL },
	{ "magnum", "container-infra", "/v1" },
	{ NULL },
};

static json_t *domain(struct sc_call *call, const char *id, const char *name)
{
	const char *text;

	if ((text = sc_cred(call, id)))
		return json_pack("{s:s}", "id", text);
	if ((text = sc_cred(call, name)) ||
	    (text = sc_cred(call, "domain_name")))
		return json_pack("{s:s}", "name", text);
	if ((text = sc_cred(call, "domain_id")))
		return json_pack("{s:s}", "id", text);
	return json_pack("{s:s}", "id", "default");
}

static json_t *scope(struct sc_call *call)
{
	const char *id = sc_cred(call, "project_id");
	const char *name = sc_cred(call, "project_name");

	if (id)
		return json_pack("{s:{s:s}}", "project", "id", id);
	if (!name)
		return NULL;
	return json_pack(
		"{s:{s:s, s:o}}", "project", "name", name, "domain",
		domain(call, "project_domain_id", "project_domain_name"));
}

static json_t *user(struct sc_call *call, const char *password)
{
	const char *id = sc_cred(call, "user_id");

	if (id)
		return json_pack("{s:s, s:s}", "id", id, "password", password);
	return json_pack("{s:s, s:o, s:s}", "name", sc_cred(call, "username"),
			 "domain",
			 domain(call, "user_domain_id", "user_domain_name"),
			 "password", password);
}

/* The body of POST /auth/tokens, new; NULL when the credential lacks parts. */
static json_t *login_body(struct sc_call *call)
{
	const char *app = sc_cred(call, "application_credential_id");
	const char *secret = sc_cred(call, "application_credential_secret");
	const char *password = sc_cred(call, "password");

	if (app && secret) /* it is bound to its project: no scope */
		return json_pack(
			"{s:{s:{s:[s], s:{s:s, s:s}}}}", "auth", "identity",
			"methods", "application_credential",
			"application_credential", "id", app, "secret", secret);
	if (!password ||
	    !(sc_cred(call, "username") || sc_cred(call, "user_id")))
		return NULL;
	return json_pack("{s:{s:{s:[s], s:{s:o}}, s:o*}}", "auth", "identity",
			 "methods", "password", "password", "user",
			 user(call, password), "scope", scope(call));
}

/* @url without trailing slashes and without a version at its end. */
static size_t bare_length(const char *url)
{
	size_t n = strlen(url), last;

	while (n && url[n - 1] == '/')
		n--;
	for (last = n; last && url[last - 1] != '/'; last--)
		;
	if (last > 1 && url[last] == 'v' && url[last + 1] >= '1' &&
	    url[last + 1] <= '9')
		for (n = last - 1; n && url[n - 1] == '/'; n--)
			;
	return n;
}

static json_t *versioned(const char *url, const char *version)
{
	if (!version)
		return json_sprintf("%s", url);
	return json_sprintf("%.*s%s", (int)bare_length(url), url, version);
}

/* The URL of one service of the catalogue in @region, borrowed, or NULL. */
static const char *find_url(const json_t *service, const char *interface,
			    const char *region)
{
	const json_t *list = json_object_get(service, "endpoints"), *e;
	const char *i, *r;
	size_t n;

	json_array_foreach(list, n, e) {
		i = json_string_value(json_object_get(e, "interface"));
		r = json_string_value(json_object_get(e, "region_id"));
		if (i && r && !strcmp(i, interface) && !strcmp(r, region))
			return json_string_value(json_object_get(e, "url"));
	}
	return NULL;
}

static const char *find_service(const json_t *catalog, const char *type,
				const char *interface, const char *region)
{
	const char *t, *url;
	const json_t *service;
	size_t n;

	json_array_foreach(catalog, n, service) {
		t = json_string_value(json_object_get(service, "type"));
		if (t && !strcmp(t, type) &&
		    (url = find_url(service, interface, region)))
			return url;
	}
	return NULL;
}

/* The set of regions of the catalogue, as an object's keys; new. */
static json_t *regions_of(const json_t *catalog)
{
	json_t *regions = json_object(), *service, *e;
	const char *region;
	size_t i, j;

	json_array_foreach(catalog, i, service)
		json_array_foreach(json_object_get(service, "endpoints"), j, e)
			if ((region = json_string_value(
				     json_object_get(e, "region_id"))))
				json_object_set_new(regions, region,
						    json_true());
	return regions;
}

/* The region that was asked for, or that there is only one of; or NULL. */
static const char *wanted_region(struct sc_call *call, json_t *regions)
{
	const char *region = sc_region(call);

	if (!region)
		region = sc_config(call, "region");
	if (!region && json_object_size(regions) == 1)
		region = json_object_iter_key(json_object_iter(regions));
	return region;
}

static void no_region(struct sc_call *call, const char *region, json_t *regions)
{
	const struct sc_fault fault = { .code = SC_INVALID,
					.effect = SC_EFFECT_NONE,
					.path = "/region" };
	char known[256] = "none";
	const char *name;
	size_t used = 0;
	json_t *v;

	json_object_foreach(regions, name, v)
		if (used < sizeof(known))
			used += snprintf(known + used, sizeof(known) - used,
					 "%s%s", used ? ", " : "", name);
	if (region)
		sc_fail_with(call, &fault, "no region %s; there is: %s", region,
			     known);
	else
		sc_fail_with(call, &fault, "choose a region; there is: %s",
			     known);
}

/* The region to work in, new; NULL: sc_fail()ed. */
static json_t *choose_region(struct sc_call *call, const json_t *catalog)
{
	json_t *regions = regions_of(catalog), *chosen = NULL;
	const char *region = wanted_region(call, regions);

	if (region && json_object_get(regions, region))
		chosen = json_string(region);
	else
		no_region(call, region, regions);
	json_decref(regions);
	return chosen;
}

/* What Keystone refused, in our codes.  Always NULL. */
static json_t *refused(struct sc_call *call, const struct sc_http *http)
{
	const json_t *error = json_object_get(http->answer, "error");
	const char *message =
		json_string_value(json_object_get(error, "message"));
	struct sc_fault fault = { .code = SC_CLOUD_BAD_ANSWER,
				  .effect = SC_EFFECT_NONE,
				  .cloud_status = http->status };

	fault.cloud_code = json_string_value(json_object_get(error, "title"));
	if (http->status == 401)
		fault.code = SC_UNAUTHENTICATED;
	else if (http->status == 403)
		fault.code = SC_FORBIDDEN;
	else if (http->status == 400)
		fault.code = SC_INVALID;
	else if (http->status == 429 || http->status == 413)
		fault.code = SC_RATE_LIMITED;
	else if (http->status >= 500)
		fault.code = SC_CLOUD_UNAVAILABLE;
	sc_fail_with(call, &fault, "Keystone refused the login: %s (%d)",
		     message ? message : "no reason given", http->status);
	return NULL;
}

/* Add the endpoints that our rows use. */
static void add_endpoints(struct sc_call *call, json_t *made,
			  const json_t *catalog, const char *region)
{
	const char *interface = sc_config(call, "interface"), *url;

	for (const struct endpoint *e = endpoints; e->member; e++) {
		url = find_service(catalog, e->type,
				   interface ? interface : "public", region);
		if (url)
			json_object_set_new(made, e->member,
					    versioned(url, e->version));
	}
}

/* Token, expiry and endpoints, new; NULL: sc_fail()ed. */
static json_t *session(struct sc_call *call, const char *auth_url,
		       const struct sc_http *http)
{
	const json_t *token = json_object_get(http->answer, "token");
	const json_t *catalog = json_object_get(token, "catalog");
	json_t *region, *made;

	if (!http->header) {
		sc_fail(call, SC_CLOUD_BAD_ANSWER,
			"Keystone answered without a token");
		return NULL;
	}
	if (!json_is_array(catalog)) {
		sc_fail(call, SC_INVALID,
			"the credential names no project, "
			"so the token has no service catalogue");
		return NULL;
	}
	if (!(region = choose_region(call, catalog)))
		return NULL;
	made = json_pack(
		"{s:s, s:O*, s:O*, s:o}", "token", http->header, "expires_at",
		json_object_get(token, "expires_at"), "project_id",
		json_object_get(json_object_get(token, "project"), "id"),
		"identity", versioned(auth_url, "/v3"));
	add_endpoints(call, made, catalog, json_string_value(region));
	json_object_set_new(made, "region", region);
	if (nova_version(call, made))
		return made;
	json_decref(made);
	return NULL;
}

/* Send @body and turn the answer into a session; NULL: sc_fail()ed. */
static json_t *log_in(struct sc_call *call, const char *auth_url,
		      const json_t *body)
{
	struct sc_http http = { .method = "POST",
				.want_header = "X-Subject-Token" };
	char url[1024], text[4096];
	json_t *made = NULL;
	size_t n = json_dumpb(body, text, sizeof(text) - 1, JSON_COMPACT);

	if (n >= sizeof(text)) {
		sc_fail(call, SC_INVALID, "the credential is too long");
		return NULL;
	}
	text[n] = '\0';
	snprintf(url, sizeof(url), "%.*s/v3/auth/tokens",
		 (int)bare_length(auth_url), auth_url);
	http.url = url;
	http.body = text;
	if (sc_http(call, &http))
		made = http.status == 201 ? session(call, auth_url, &http)
					  : refused(call, &http);
	sc_http_done(&http);
	explicit_bzero(text, sizeof(text));
	return made;
}

/* struct sc_driver.login */
json_t *keystone_login(struct sc_call *call)
{
	const char *auth_url = sc_config(call, "auth_url");
	json_t *body, *made;

	if (!auth_url) {
		sc_fail(call, SC_INVALID,
			"the settings have no auth_url, "
			"Keystone's address");
		return NULL;
	}
	if (!(body = login_body(call))) {
		sc_fail(call, SC_UNAUTHENTICATED,
			"the credential is not "
			"complete: it takes username and password, or "
			"application_credential_id and _secret");
		return NULL;
	}
	made = log_in(call, auth_url, body);
	json_decref(body);
	return made;
}
