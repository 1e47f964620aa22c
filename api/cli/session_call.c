/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending, and problems as errors.
 */
#include "cli/session.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/call.h"

void session_forget(struct session *s)
{
	json_decref(s->problem);
	s->problem = NULL;
}

/* ---- problems ------------------------------------------------------------------- */

/* A newer server may have codes that we do not know: its status tells enough. */
static enum err_code code_of(const json_t *problem, int status)
{
	const char *name = json_str(problem, "code", "");

	for (int i = 1; i < ERR_COUNT; i++)
		if (!strcmp(err_info((enum err_code)i)->name, name))
			return (enum err_code)i;
	for (int i = 1; i < ERR_COUNT; i++)
		if (err_info((enum err_code)i)->http == status)
			return (enum err_code)i;
	return ERR_INTERNAL;
}

bool session_take_problem(struct session *s, json_t *p, int status,
			  struct error *err)
{
	const json_t *cloud = json_object_get(p, "cloud");
	const char *effect = json_str(p, "effect", "unknown");

	session_forget(s);
	s->problem = json_incref(p);
	fail(err, code_of(p, status), "%s",
	     json_str(p, "detail", json_str(p, "title", "no reason given")));
	err->effect = effect_from_name(effect, strlen(effect));
	err->retryable = json_bool(p, "retryable", false);
	err->retry_after_ms = (int)json_int(p, "retry_after_ms", 0);
	text_copy(err->path, sizeof(err->path), json_str(p, "pointer", ""));
	err->cloud.http = (int)json_int(cloud, "http", 0);
	text_copy(err->cloud.code, sizeof(err->cloud.code),
		  json_str(cloud, "code", ""));
	text_copy(err->cloud.request_id, sizeof(err->cloud.request_id),
		  json_str(cloud, "request_id", ""));
	return false;
}

static bool take_problem(struct session *s, const struct client_answer *a,
			 struct error *err)
{
	session_take_problem(s, a->problem, a->status, err);
	err->retry_after_ms = a->retry_after_s * 1000;
	return false;
}

/* ---- --verbose -------------------------------------------------------------------- */

#define PAYLOAD_BYTES \
	4096 /* what may be as long is a text of the user's own:
			    * scripts with passwords in them */

static bool may_show(const struct cat_field *f, const json_t *v)
{
	if (json_is_object(v) || json_is_array(v))
		return false;
	return !f || (!(f->flags & CAT_SECRET) &&
		      (f->type != CAT_STRING || f->max < PAYLOAD_BYTES));
}

static void trace_body(const struct session *s, const struct cat_op *op,
		       const json_t *body)
{
	const char *name;
	json_t *value;

	if (!body || !s->command.option[OPTION_VERBOSE])
		return;
	fprintf(stderr, "> with");
	json_object_foreach ((json_t *)body, name, value) {
		AUTO(buf_done) struct buf text = { 0 };

		json_write(value, &text);
		fprintf(stderr, " %s=%s", name,
			may_show(cat_arg_find(op, name), value) ? text.p : "…");
	}
	fputc('\n', stderr);
}

/* ---- sending ------------------------------------------------------------------------ */

#define KEY_BYTES 16

static json_t *with_region(const struct session *s, const json_t *args)
{
	json_t *copy = args ? json_copy((json_t *)args) : json_object();

	if (s->region && !json_object_get(copy, "region"))
		json_object_set_new(copy, "region", json_string(s->region));
	return copy;
}

/* SkyClust's own nouns of a workspace need its identifier. */
static json_t *with_workspace(struct session *s, const struct cat_op *op,
			      const json_t *args, struct error *err)
{
	const struct cat_field *f = cat_arg_find(op, "workspace_id");
	json_t *copy = args ? json_copy((json_t *)args) : json_object();
	const char *id;

	if (!f || json_object_get(copy, f->name) ||
	    (!(f->flags & CAT_REQUIRED) && !s->workspace))
		return copy;
	id = session_workspace(s, err);
	if (id) {
		json_object_set_new(copy, f->name, json_string(id));
		return copy;
	}
	if (err->code == ERR_NONE)
		fail(err, ERR_INVALID,
		     "which workspace? Name it by --workspace, "
		     "SKYCLUST_WORKSPACE or `skyclust context set`; `skyclust "
		     "workspaces list` shows yours");
	json_decref(copy);
	return NULL;
}

/* By which the server knows a request that comes again. */
static char *new_key(void)
{
	struct secret *random = secret_random_hex(KEY_BYTES);
	char *key = mem_strdup(secret_reveal(random));

	secret_free(random);
	return key;
}

/* Whose account of the cloud it is about. */
static bool add_tenant(struct session *s, struct call *r, struct error *err)
{
	const char *workspace = s->workspace ? session_workspace(s, err) : NULL;
	const char *credential =
		s->credential ? session_credential(s, err) : NULL;

	if ((s->workspace && !workspace) || (s->credential && !credential))
		return false;
	if (!r->query)
		r->query = json_object();
	if (workspace)
		json_object_set_new(r->query, "workspace_id",
				    json_string(workspace));
	if (credential)
		json_object_set_new(r->query, "credential_id",
				    json_string(credential));
	return true;
}

static bool prepare_cloud(struct session *s, const struct cat_op *op,
			  const json_t *args, struct call *r, struct error *err)
{
	const char *provider = session_provider(s, err);
	AUTO_JSON json_t *all = provider ? with_region(s, args) : NULL;

	if (!provider || !call_make(r, provider, op, all, err) ||
	    !add_tenant(s, r, err))
		return false;
	if (op->flags & CAT_MUTATES)
		r->key = new_key();
	return true;
}

/* What was not changed meanwhile may be changed: the version that is there. */
static bool add_version(struct session *s, const struct cat_op *op,
			const json_t *args, struct call *r, struct error *err)
{
	const struct cat_op *get = command_op(op->kind, "get");
	AUTO_JSON json_t *now = NULL;
	AUTO_JSON json_t *where = NULL;

	if (strcmp(op->verb, "update") || !get ||
	    !cat_field_find(op->kind->record->fields, "version"))
		return true;
	where = json_pack("{sO? sO?}", "id", json_object_get(args, "id"),
			  "workspace_id",
			  json_object_get(args, "workspace_id"));
	if (!cat_arg_find(get, "workspace_id"))
		json_object_del(where, "workspace_id");
	if (!session_call(s, get, where, &now, NULL, err))
		return false;
	r->version = mem_printf("\"%lld\"", json_int(now, "version", 0));
	return true;
}

static bool prepare_own(struct session *s, const struct cat_op *op,
			const json_t *args, struct call *r, struct error *err)
{
	AUTO_JSON json_t *all = NULL;

	if (!session_connect(s, err))
		return false;
	all = with_workspace(s, op, args, err);
	return all && call_make(r, NULL, op, all, err) &&
	       add_version(s, op, all, r, err);
}

static bool prepare(struct session *s, const struct cat_op *op,
		    const json_t *args, struct call *r, struct error *err)
{
	*r = (struct call){ 0 };
	session_forget(s);
	return command_is_own(op->kind) ? prepare_own(s, op, args, r, err)
					: prepare_cloud(s, op, args, r, err);
}

static bool send_once(struct session *s, const struct call *r,
		      struct client_answer *a, struct error *err)
{
	if (r->key)
		client_next_header(s->client, "Idempotency-Key", r->key);
	if (r->version)
		client_next_header(s->client, "If-Match", r->version);
	return client_send(s->client, r->method, r->path, r->query, r->body, a,
			   err);
}

/* What has a key is done once, however often it is sent: so when the answer was
 * lost it is asked for again. */
static bool send(struct session *s, const struct call *r,
		 struct client_answer *a, struct error *err)
{
	if (send_once(s, r, a, err))
		return true;
	return r->key && err->code == ERR_CLOUD_UNAVAILABLE &&
	       err->effect == EFFECT_UNKNOWN && send_once(s, r, a, err);
}

bool session_call(struct session *s, const struct cat_op *op,
		  const json_t *args, json_t **value, int *status,
		  struct error *err)
{
	AUTO(call_done) struct call r;
	AUTO(client_answer_done) struct client_answer a = { 0 };

	if (value)
		*value = NULL;
	if (!prepare(s, op, args, &r, err))
		return false;
	trace_body(s, op, r.body);
	if (!send(s, &r, &a, err))
		return false;
	if (a.problem)
		return take_problem(s, &a, err);
	if (value)
		*value = json_incref(a.value);
	if (status)
		*status = a.status;
	return true;
}

json_t *session_list(struct session *s, const struct cat_op *op,
		     const json_t *args, long long limit, struct error *err)
{
	AUTO(call_done) struct call r;
	AUTO(client_answer_done) struct client_answer a = { 0 };
	json_t *items;

	if (!prepare(s, op, args, &r, err))
		return NULL;
	items = client_list(s->client, r.path, r.query, limit, &a, err);
	if (!items && a.problem)
		take_problem(s, &a, err);
	while (items && limit && (long long)json_array_size(items) > limit)
		json_array_remove(items, json_array_size(items) - 1);
	return items;
}

bool session_download(struct session *s, const struct cat_op *op,
		      const json_t *args, FILE *to, struct error *err)
{
	AUTO(call_done) struct call r;
	AUTO(client_answer_done) struct client_answer a = { 0 };

	if (!prepare(s, op, args, &r, err) ||
	    !client_download(s->client, r.path, r.query, to, &a, err))
		return false;
	return !a.problem || take_problem(s, &a, err);
}

json_t *session_get(struct session *s, const char *path, struct error *err)
{
	AUTO(client_answer_done) struct client_answer a = { 0 };

	session_forget(s);
	if (!session_connect(s, err) ||
	    !client_send(s->client, "GET", path, NULL, NULL, &a, err))
		return NULL;
	if (!a.problem)
		return json_incref(a.value);
	take_problem(s, &a, err);
	return NULL;
}
