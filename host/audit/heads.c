/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/heads.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "keys/crypto.h"

#define LANES_MAX 4096

/* ---- lanes ------------------------------------------------------------------ */

void heads_done(struct heads *h)
{
	mem_free(h->lanes);
	*h = (struct heads){ 0 };
}

struct heads_lane *heads_find(const struct heads *h, int64_t lane)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->lanes[i].lane == lane)
			return &h->lanes[i];
	return NULL;
}

struct heads_lane *heads_add(struct heads *h, int64_t lane)
{
	struct heads_lane *found = heads_find(h, lane);
	size_t i = h->n;

	if (found)
		return found;
	h->lanes = mem_realloc(h->lanes, (h->n + 1) * sizeof(*h->lanes));
	for (; i > 0 && h->lanes[i - 1].lane > lane; i--)
		h->lanes[i] = h->lanes[i - 1];
	h->n++;
	h->lanes[i] = (struct heads_lane){ .lane = lane, .first = 1 };
	return &h->lanes[i];
}

/* ---- writing ---------------------------------------------------------------- */

static json_t *hex_of(const unsigned char hash[CHAIN_HASH])
{
	char hex[CHAIN_HEX];

	chain_to_hex(hash, hex);
	return json_string(hex);
}

static json_t *lane_value(const struct heads_lane *l)
{
	return json_pack("{s:I, s:I, s:o, s:I, s:o}", "lane",
			 (json_int_t)l->lane, "first", (json_int_t)l->first,
			 "before", hex_of(l->before), "seq", (json_int_t)l->seq,
			 "hash", hex_of(l->hash));
}

void heads_write(const struct heads *h, struct buf *body)
{
	char at[CLOCK_TEXT];
	AUTO_JSON json_t *root = json_pack(
		"{s:I, s:s, s:s, s:o, s:[]}", "id", (json_int_t)h->id, "at",
		clock_format(h->at, at), "key", h->key, "previous",
		h->has_previous ? hex_of(h->previous) : json_null(), "lanes");
	json_t *lanes = json_object_get(root, "lanes");

	for (size_t i = 0; i < h->n; i++)
		json_array_append_new(lanes, lane_value(&h->lanes[i]));
	json_write(root, body);
}

/* ---- reading ---------------------------------------------------------------- */

static bool get_hash(const json_t *object, const char *name,
		     unsigned char hash[CHAIN_HASH])
{
	return chain_from_hex(slice_of(json_str(object, name, "")), hash,
			      CHAIN_HASH);
}

static bool read_lane(const json_t *value, struct heads *h)
{
	long long lane = json_int(value, "lane", -1);
	struct heads_lane *l;

	if (lane < 0 || heads_find(h, lane))
		return false;
	l = heads_add(h, lane);
	l->first = json_int(value, "first", 0);
	l->seq = json_int(value, "seq", -1);
	return l->first >= 1 && l->seq >= 0 &&
	       get_hash(value, "before", l->before) &&
	       get_hash(value, "hash", l->hash);
}

static bool read_root(const json_t *root, struct heads *h)
{
	json_t *lanes = json_object_get(root, "lanes"), *lane;
	size_t i;

	h->id = json_int(root, "id", -1);
	text_copy(h->key, sizeof(h->key), json_str(root, "key", ""));
	h->has_previous = json_is_string(json_object_get(root, "previous"));
	if (h->id < 0 || !clock_parse(json_str(root, "at", ""), &h->at) ||
	    (h->has_previous && !get_hash(root, "previous", h->previous)) ||
	    !json_is_array(lanes) || json_array_size(lanes) > LANES_MAX)
		return false;
	json_array_foreach (lanes, i, lane)
		if (!read_lane(lane, h))
			return false;
	return true;
}

bool heads_read(struct slice body, struct heads *h, struct error *err)
{
	AUTO_JSON json_t *root = json_read(body.p, body.n, err);

	*h = (struct heads){ 0 };
	if (!root)
		return false;
	if (read_root(root, h))
		return true;
	heads_done(h);
	return fail(err, ERR_INVALID, "it does not tell of lanes");
}

void heads_digest(struct slice body, unsigned char digest[CHAIN_HASH])
{
	crypto_sha256(body, digest);
}

/* ---- envelopes -------------------------------------------------------------- */

void envelope_done(struct envelope *e)
{
	buf_done(&e->body);
}

void envelope_write(const struct envelope *e, struct buf *out)
{
	char hex[2 * ENVELOPE_SIGNATURE + 1];
	AUTO_JSON json_t *root = NULL;

	text_hex(e->signature, e->signature_n, hex);
	root = json_pack("{s:s%, s:s}", "body", e->body.p, e->body.n,
			 "signature", hex);
	json_write(root, out);
	buf_add_char(out, '\n');
}

static bool read_parts(const json_t *root, struct envelope *e)
{
	json_t *body = json_object_get(root, "body");
	struct slice hex = slice_of(json_str(root, "signature", ""));

	e->signature_n = hex.n / 2;
	if (!json_is_string(body) || e->signature_n > ENVELOPE_SIGNATURE ||
	    !chain_from_hex(hex, e->signature, e->signature_n))
		return false;
	buf_add(&e->body, json_string_value(body), json_string_length(body));
	return true;
}

bool envelope_read(struct slice text, struct envelope *e, struct error *err)
{
	AUTO_JSON json_t *root = json_read(text.p, text.n, err);
	AUTO(buf_done) struct buf again = { 0 };

	*e = (struct envelope){ 0 };
	if (!root)
		return false;
	if (read_parts(root, e))
		envelope_write(e, &again);
	if (again.n && again.n == text.n && !memcmp(again.p, text.p, text.n))
		return true;
	envelope_done(e);
	return fail(err, ERR_INVALID, "it is no signed text of ours");
}
