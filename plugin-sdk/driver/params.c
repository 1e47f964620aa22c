/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the params of a request: {"ctx": …, "secrets": …, "args": …}.  The
 * frame was validated as a whole, so what can be wrong here is only a type.
 * ctx is scanned where it stands; args and secrets become trees, because
 * handlers look into them.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "driver/runtime.h"
#include "rpc/scan.h"

/* One member of ctx and where it goes. */
struct ctx_field {
	struct slice name; /* its length decides most comparisons */
	enum { CTX_TEXT, CTX_INT, CTX_BOOL } type;
	size_t offset; /* in struct ctx */
};

struct ctx {
	const char *provider, *region, *zone, *op, *workspace, *trace,
		*egress;
	long long deadline_ms, attempt, credit;
	bool progress, native;
};

#define FIELD(member, type) \
	{ \
		{ #member, sizeof(#member) - 1 }, type, \
			offsetof(struct ctx, member) \
	}

static const struct ctx_field fields[] = {
	FIELD(provider, CTX_TEXT),   FIELD(region, CTX_TEXT),
	FIELD(zone, CTX_TEXT),	     FIELD(op, CTX_TEXT),
	FIELD(workspace, CTX_TEXT),  FIELD(trace, CTX_TEXT),
	FIELD(deadline_ms, CTX_INT), FIELD(attempt, CTX_INT),
	FIELD(credit, CTX_INT),	     FIELD(progress, CTX_BOOL),
	FIELD(native, CTX_BOOL),     FIELD(egress, CTX_TEXT),
};

static bool read_text(struct scan *s, struct arena *arena, const char **out)
{
	struct slice inside;
	struct buf plain = { 0 };
	bool ok;

	if (!scan_string(s, &inside))
		return false;
	if (inside.n && !memchr(inside.p, '\\', inside.n)) {
		*out = arena_strndup(arena, inside.p, inside.n);
		return true;
	}
	ok = scan_unescape(inside, &plain);
	if (ok && plain.n)
		*out = arena_strndup(arena, plain.p, plain.n);
	buf_done(&plain);
	return ok;
}

static bool read_field(struct scan *s, struct arena *arena,
		       const struct ctx_field *f, struct ctx *ctx)
{
	void *at = (char *)ctx + f->offset;

	switch (f->type) {
	case CTX_TEXT:
		return read_text(s, arena, at);
	case CTX_INT:
		return scan_int(s, at);
	case CTX_BOOL:
		return scan_bool(s, at);
	}
	return false;
}

static const struct ctx_field *field_find(struct slice key)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (key.n == fields[i].name.n &&
		    !memcmp(key.p, fields[i].name.p, key.n))
			return &fields[i];
	return NULL;
}

static bool read_ctx(struct slice raw, struct arena *arena, struct ctx *ctx,
		     struct error *err)
{
	struct scan s;
	struct slice key;

	scan_init_valid(&s, raw.p, raw.n);
	if (!scan_object(&s))
		return fail_at(err, ERR_INVALID, "/ctx",
			       "ctx is not an object");
	while (scan_member(&s, &key)) {
		const struct ctx_field *f = field_find(key);

		if (!f || scan_peek(&s) == SCAN_NULL)
			scan_skip(&s, NULL);
		else if (!read_field(&s, arena, f, ctx))
			return fail_at(err, ERR_INVALID, "/ctx",
				       "ctx member %s has the wrong type",
				       f->name.p);
	}
	return scan_end(&s, err);
}

/* A word of a later version is one more reason to be careful. */
static enum egress egress_of(const char *word)
{
	if (!word)
		return EGRESS_FREE;
	return strcmp(word, "any") ? EGRESS_PUBLIC : EGRESS_ANY;
}

static void take_ctx(struct request *rq, const struct ctx *ctx)
{
	struct sc_call *call = &rq->call;

	call->provider = ctx->provider;
	call->region = ctx->region;
	call->zone = ctx->zone;
	call->op = ctx->op;
	call->workspace = ctx->workspace;
	call->trace = ctx->trace;
	call->egress = egress_of(ctx->egress);
	call->attempt = (int)ctx->attempt;
	call->native = ctx->native;
	if (ctx->deadline_ms > 0)
		call->deadline = clock_ms() + ctx->deadline_ms;
	rq->progress.wanted = ctx->progress;
	rq->stream.chunked = ctx->credit > 0;
	rq->stream.credit = ctx->credit > 0 ? (unsigned)ctx->credit : 0;
}

/* An object, new; an empty one when @raw is empty. */
static json_t *read_object(struct slice raw, const char *name,
			   struct error *err)
{
	struct scan s;
	json_t *v;

	if (!raw.n)
		return json_object();
	scan_init_valid(&s, raw.p, raw.n);
	v = scan_json(&s);
	if (scan_end(&s, err) && json_is_object(v))
		return v;
	json_decref(v);
	fail_at(err, ERR_INVALID, "", "%s is not an object", name);
	return NULL;
}

/* A text, new, of which no other copy stays in memory. */
static json_t *read_secret(struct slice inside)
{
	struct buf plain = { 0 };
	json_t *v = NULL;

	buf_reserve(&plain, inside.n); /* growing would leave copies */
	if (scan_unescape(inside, &plain))
		v = json_stringn(plain.p, plain.n);
	buf_wipe(&plain);
	return v;
}

static bool add_secret(json_t *secrets, struct scan *s, struct slice key,
		       struct error *err)
{
	struct slice value;
	json_t *v = NULL;

	if (scan_peek(s) != SCAN_STRING) {
		v = scan_skip(s, &value) ? json_read(value.p, value.n, err)
					 : NULL;
	} else if (scan_string(s, &value)) {
		v = read_secret(value);
		if (!v)
			fail(err, ERR_INVALID, "%.*s holds a NUL", (int)key.n,
			     key.p);
	}
	return json_object_setn_new(secrets, key.p, key.n, v) == 0;
}

/* As read_object(), but texts are not left to jansson, whose lexer frees what
 * it has read without clearing it. */
static json_t *read_secrets(struct slice raw, struct error *err)
{
	json_t *secrets = json_object();
	struct slice key;
	struct scan s;
	bool ok = true;

	if (!raw.n)
		return secrets;
	scan_init(&s, raw.p, raw.n);
	scan_object(&s);
	while (ok && scan_member(&s, &key))
		ok = add_secret(secrets, &s, key, err);
	if (ok && scan_end(&s, err))
		return secrets;
	fail_within(err, "secrets");
	json_wipe(secrets);
	json_decref(secrets);
	return NULL;
}

static struct slice member(const struct message *m, const char *name)
{
	struct message_field field;

	return message_field(m, name, &field) ? field.raw : SLICE("");
}

bool params_read(struct request *rq, const struct message *m, struct error *err)
{
	struct slice ctx = member(m, "ctx");
	struct ctx values = { .deadline_ms = 0 };

	if (ctx.n && !read_ctx(ctx, &rq->call.arena, &values, err))
		return false;
	take_ctx(rq, &values);
	rq->call.args = read_object(member(m, "args"), "args", err);
	if (!rq->call.args)
		return false;
	rq->call.secrets = read_secrets(member(m, "secrets"), err);
	return rq->call.secrets != NULL;
}
