/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records are written front to back: one is made for each request, so it
 * should cost little.
 */
#include "audit/record.h"

#include "audit/chain.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "keys/crypto.h"

#define MORE_MAX (64 * 1024)
#define COLUMNS 6 /* of text */

/* ---- members ----------------------------------------------------------------- */

/* The first RECORD_TEXT bytes of @text as UTF-8; what is not becomes U+FFFD. */
static void add_clean(const char *text, struct buf *out)
{
	size_t n = strnlen(text, RECORD_TEXT + 4), step;

	if (LIKELY(n <= RECORD_TEXT && utf8_valid(text, n))) {
		buf_add(out, text, n);
		return;
	}
	for (size_t i = 0; i < n && i < RECORD_TEXT; i += step) {
		step = utf8_char(text + i, n - i);
		if (step)
			buf_add(out, text + i, step);
		else
			buf_add_str(out, "\xef\xbf\xbd");
		step += !step;
	}
}

static void add_name(const char *name, struct buf *out)
{
	if (out->p[out->n - 1] != '{')
		buf_add_char(out, ',');
	buf_add_char(out, '"');
	buf_add_str(out, name);
	buf_add_str(out, "\":");
}

static void add_text(const char *name, const char *text, struct buf *out)
{
	AUTO(buf_done) struct buf clean = { 0 };

	if (!text)
		return;
	add_clean(text, &clean);
	add_name(name, out);
	buf_add_char(out, '"');
	buf_add_json_escaped(out, buf_slice(&clean));
	buf_add_char(out, '"');
}

static void add_time(const char *name, int64_t at, struct buf *out)
{
	char text[CLOCK_TEXT];

	add_text(name, clock_format(at, text), out);
}

/* ---- parts ------------------------------------------------------------------- */

static const char *kind_name(enum actor_kind kind)
{
	static const char *const names[] = {
		[ACTOR_NOBODY] = "nobody", [ACTOR_USER] = "user",
		[ACTOR_TOKEN] = "token",   [ACTOR_LOCAL] = "local",
		[ACTOR_HOST] = "host",
	};

	return names[kind];
}

const char *record_actor(const struct audit_event *event)
{
	if (!event->who)
		return "host";
	return event->who->user_id ? event->who->user_id : "nobody";
}

const char *record_workspace(const struct audit_event *event)
{
	if (event->workspace)
		return event->workspace;
	return event->who && event->who->workspace ? event->who->workspace : "";
}

static void add_actor(const struct audit_event *event, struct buf *out)
{
	const struct actor *who = event->who;

	add_name("actor", out);
	buf_add_char(out, '{');
	add_text("kind", kind_name(who ? who->kind : ACTOR_HOST), out);
	add_text("id", record_actor(event), out);
	if (who) {
		add_text("name", who->name, out);
		add_text("session", who->session_id, out);
		add_text("token", who->token_id, out);
	}
	buf_add_char(out, '}');
}

static void add_driver(const struct audit_event *event, struct buf *out)
{
	if (!event->driver)
		return;
	add_name("driver", out);
	buf_add_char(out, '{');
	add_text("name", event->driver, out);
	add_text("version", event->driver_version, out);
	add_text("digest", event->driver_digest, out);
	buf_add_char(out, '}');
}

static void add_request(const struct actor *who, struct buf *out)
{
	if (!who)
		return;
	add_text("request_id", who->request_id, out);
	add_text("trace", who->trace, out);
	add_text("source", who->source, out);
	add_text("peer", who->peer, out);
	add_text("agent", who->agent, out);
}

bool record_body(const struct audit_event *event, char hex[RECORD_BODY])
{
	unsigned char digest[CRYPTO_DIGEST];

	if (!event->body)
		return false;
	crypto_sha256(slice_of(event->body), digest);
	text_hex(digest, sizeof(digest), hex);
	return true;
}

static void add_body(const struct record *r, struct buf *out)
{
	char hex[RECORD_BODY];

	if (r->body)
		add_text("body", r->body, out);
	else if (record_body(r->event, hex))
		add_text("body", hex, out);
}

static void add_fold(const struct record *r, struct buf *out)
{
	if (r->count > 1) {
		add_name("count", out);
		buf_printf(out, "%lld", r->count);
		add_time("last_at", r->last_at, out);
		add_text("last_request_id", r->last_request_id, out);
	}
	if (r->again) {
		add_name("again", out);
		buf_add_str(out, "true");
	}
}

static void add_more(const json_t *more, struct buf *out)
{
	size_t before = out->n;

	if (!more)
		return;
	add_name("more", out);
	json_write(more, out);
	if (out->n - before > MORE_MAX) {
		buf_truncate(out, before);
		add_text("more", "too long", out);
	}
}

void record_write(const struct record *r, struct buf *out)
{
	const struct audit_event *event = r->event;
	const char *workspace = record_workspace(event);

	buf_reserve(out, 512);
	buf_add_char(out, '{');
	add_time("at", r->at, out);
	add_text("action", event->action, out);
	add_text("outcome", event->outcome, out);
	add_text("reason", event->reason, out);
	add_actor(event, out);
	add_text("workspace", *workspace ? workspace : NULL, out);
	add_text("target", event->target, out);
	add_text("provider", event->provider, out);
	add_driver(event, out);
	add_text("operation", event->operation, out);
	add_text("effect", event->effect, out);
	add_request(event->who, out);
	add_body(r, out);
	add_fold(r, out);
	add_more(event->more, out);
	buf_add_char(out, '}');
}

/* ---- rows -------------------------------------------------------------------- */

/* The next place in the lane; on the engine's thread. */
static void fill(struct store_lane *lane, struct slice text,
		 unsigned char hash[STORE_HASH])
{
	struct chain_link link = {
		.lane = lane->number,
		.seq = ++lane->seq,
		.record = text,
	};

	memcpy(link.before, lane->hash, CHAIN_HASH);
	chain_hash(&link, hash);
	memcpy(lane->hash, hash, CHAIN_HASH);
}

/* A column's text: the same bytes as in the record.  @place keeps them. */
static const char *clean(const char *text, struct buf *place)
{
	size_t at = place->n;

	if (!text)
		return NULL;
	add_clean(text, place);
	buf_add_char(place, '\0');
	return place->p + at;
}

void record_put(const struct record *r, struct tx *tx)
{
	const struct audit_event *event = r->event;
	AUTO(buf_done) struct buf text = { 0 }, place = { 0 };

	record_write(r, &text);
	buf_reserve(&place, COLUMNS * 3 * (RECORD_TEXT + 8)); /* stays there */
	tx_append(tx,
		  "INSERT INTO audit (lane, seq, before, hash, record, at,"
		  " workspace_id, actor, action, outcome, target, provider)"
		  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
		  " $12)",
		  fill, buf_slice(&text),
		  STORE_PARAMS(P_INT(r->at),
			       P_TEXT(clean(record_workspace(event), &place)),
			       P_TEXT(clean(record_actor(event), &place)),
			       P_TEXT(clean(event->action, &place)),
			       P_TEXT(clean(event->outcome, &place)),
			       P_TEXT(clean(event->target, &place)),
			       P_TEXT(clean(event->provider, &place))));
}

void record_columns_of(const json_t *root, struct record_columns *columns)
{
	const json_t *actor = json_object_get(root, "actor");
	int64_t at = 0;

	clock_parse(json_str(root, "at", ""), &at);
	*columns = (struct record_columns){
		.at = at,
		.workspace = json_str(root, "workspace", ""),
		.actor = json_str(actor, "id", ""),
		.action = json_str(root, "action", ""),
		.outcome = json_str(root, "outcome", ""),
		.target = json_str(root, "target", NULL),
		.provider = json_str(root, "provider", NULL),
	};
}
