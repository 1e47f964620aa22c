/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: the envelope is pulled out of the frame in the one pass that
 * validates it.
 */
#include "rpc/message.h"

#include <limits.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "rpc/scan.h"

/* ---- the envelope -------------------------------------------------------- */

/* What parse_member() has seen. */
struct envelope {
	bool version, id, id_is_null, method, params, result, error;
};

static void keep_field(struct message *m, const struct message_field *field)
{
	if (m->fields < MESSAGE_FIELDS)
		m->field[m->fields] = *field;
	m->fields++;
}

/* One value; the items of an array are counted on the way. */
static void scan_field(struct scan *s, struct message_field *field)
{
	const char *start;

	field->items = 0;
	if (scan_peek(s) != SCAN_ARRAY) {
		scan_skip(s, &field->raw);
		return;
	}
	start = s->p;
	for (scan_array(s); scan_item(s) && scan_skip(s, NULL);)
		field->items++;
	field->raw = (struct slice){ start, (size_t)(s->p - start) };
}

/* params or result: its members are kept when it is an object. */
static void scan_body(struct scan *s, struct message *m, struct slice *raw)
{
	struct message_field field;
	const char *start;

	if (scan_peek(s) != SCAN_OBJECT) {
		scan_skip(s, raw);
		return;
	}
	start = s->p;
	m->fields = 0;
	for (scan_object(s); scan_member(s, &field.name);) {
		scan_field(s, &field);
		keep_field(m, &field);
	}
	*raw = (struct slice){ start, (size_t)(s->p - start) };
}

static void scan_id(struct scan *s, struct message *m, struct envelope *seen)
{
	seen->id_is_null = scan_peek(s) == SCAN_NULL;
	seen->id = !seen->id_is_null;
	if (seen->id_is_null)
		scan_skip(s, NULL);
	else
		scan_string(s, &m->id);
}

static void parse_member(struct scan *s, struct slice key, struct message *m,
			 struct envelope *seen)
{
	struct slice version;

	if (slice_eq(key, "jsonrpc")) {
		seen->version =
			scan_string(s, &version) && slice_eq(version, "2.0");
	} else if (slice_eq(key, "id")) {
		scan_id(s, m, seen);
	} else if (slice_eq(key, "method")) {
		seen->method = scan_string(s, &m->method);
	} else if (slice_eq(key, "params")) {
		seen->params = true;
		scan_body(s, m, &m->params);
	} else if (slice_eq(key, "result")) {
		seen->result = true;
		scan_body(s, m, &m->result);
	} else if (slice_eq(key, "error")) {
		seen->error = true;
		scan_skip(s, &m->error);
	} else {
		scan_skip(s, NULL);
	}
}

/* JSON-RPC 2.0, sections 4 and 5, without batches. */
static const char *envelope_fault(const struct envelope *seen,
				  const struct message *m)
{
	if (!seen->version)
		return "\"jsonrpc\" is not \"2.0\"";
	if (seen->method) {
		if (seen->result || seen->error)
			return "it has a method and an answer";
		if (seen->id_is_null)
			return "\"id\" of a request is null";
		if (seen->params && m->params.p[0] != '{')
			return "\"params\" is not an object";
		return NULL;
	}
	if (seen->result && seen->error)
		return "it has a result and an error";
	if (!seen->result && !seen->error)
		return "it has no method, result or error";
	if (seen->error && m->error.p[0] != '{')
		return "\"error\" is not an object";
	if (!seen->id && !(seen->error && seen->id_is_null))
		return "an answer has no id";
	return NULL;
}

static enum msg_type type_of(const struct envelope *seen)
{
	if (seen->method)
		return seen->id ? MSG_REQUEST : MSG_NOTIFICATION;
	return seen->result ? MSG_RESULT : MSG_ERROR;
}

static void clear(struct message *m)
{
	m->id = m->method = m->params = m->result = m->error = SLICE("");
	m->fields = 0;
}

bool message_parse(struct slice frame, struct message *m, struct error *err)
{
	struct envelope seen = { 0 };
	const char *fault;
	struct slice key;
	struct scan s;

	clear(m);
	scan_init(&s, frame.p, frame.n);
	for (scan_object(&s); scan_member(&s, &key);)
		parse_member(&s, key, m, &seen);
	if (!scan_end(&s, err)) {
		clear(m);
		return false;
	}
	fault = envelope_fault(&seen, m);
	if (fault)
		return fail(err, ERR_INVALID, "not a JSON-RPC message: %s",
			    fault);
	m->type = type_of(&seen);
	return true;
}

/* ---- members of params and result ---------------------------------------- */

/* The body has more members than are kept: look again, which is rare. */
static bool find_field(struct slice body, const char *name,
		       struct message_field *field)
{
	bool found = false;
	struct scan s;

	scan_init_valid(&s, body.p, body.n);
	scan_object(&s);
	while (!found && scan_member(&s, &field->name)) {
		scan_field(&s, field);
		found = slice_eq(field->name, name);
	}
	scan_end(&s, NULL);
	return found;
}

bool message_field(const struct message *m, const char *name,
		   struct message_field *field)
{
	for (unsigned i = 0; i < m->fields && i < MESSAGE_FIELDS; i++) {
		if (slice_eq(m->field[i].name, name)) {
			*field = m->field[i];
			return true;
		}
	}
	if (m->fields <= MESSAGE_FIELDS)
		return false;
	return find_field(m->params.n ? m->params : m->result, name, field);
}

bool message_string(const struct message *m, const char *name,
		    struct slice *inside)
{
	struct message_field field;

	if (!message_field(m, name, &field) || field.raw.p[0] != '"')
		return false;
	*inside = (struct slice){ field.raw.p + 1, field.raw.n - 2 };
	return true;
}

bool message_int(const struct message *m, const char *name, long long *value)
{
	struct message_field field;
	struct scan s;

	if (!message_field(m, name, &field))
		return false;
	scan_init_valid(&s, field.raw.p, field.raw.n);
	scan_int(&s, value);
	return scan_end(&s, NULL);
}

/* ---- errors -------------------------------------------------------------- */

static void read_cloud(json_t *cloud, struct error *err)
{
	long long http = json_int(cloud, "http", 0);

	err->cloud.http = http >= 100 && http <= 599 ? (int)http : 0;
	text_copy(err->cloud.code, sizeof(err->cloud.code),
		  json_str(cloud, "code", ""));
	text_copy(err->cloud.request_id, sizeof(err->cloud.request_id),
		  json_str(cloud, "request_id", ""));
}

#define RETRY_AFTER_MOST (24 * 3600 * 1000) /* ms */

static void read_data(json_t *data, struct error *err)
{
	const char *effect = json_str(data, "effect", NULL);
	long long after = json_int(data, "retry_after_ms", 0);

	err->effect = effect ? effect_from_name(effect, strlen(effect))
			     : EFFECT_UNKNOWN;
	err->retryable = json_bool(data, "retryable", err->retryable);
	if (after > 0)
		err->retry_after_ms = after < RETRY_AFTER_MOST
					      ? (int)after
					      : RETRY_AFTER_MOST;
	text_copy(err->path, sizeof(err->path), json_str(data, "path", ""));
	read_cloud(json_object_get(data, "cloud"), err);
}

void message_error(struct slice raw, struct error *err)
{
	AUTO_JSON json_t *v = json_read(raw.p, raw.n, NULL);
	long long code = json_int(v, "code", LLONG_MAX);
	const char *text = json_str(v, "message", NULL);

	if (code < INT_MIN || code > INT_MAX || !text) {
		fail(err, ERR_DRIVER_BAD_ANSWER,
		     "the driver answered with an error that has no %s",
		     text ? "integer \"code\"" : "\"message\"");
		return;
	}
	fail(err, err_from_rpc((int)code), "%s", text);
	read_data(json_object_get(v, "data"), err);
}

static json_t *pack_cloud(const struct error *err)
{
	return json_pack("{s:i, s:s, s:s}", "http", err->cloud.http, "code",
			 err->cloud.code, "request_id", err->cloud.request_id);
}

static json_t *pack_data(const struct error *err)
{
	json_t *data =
		json_pack("{s:s, s:b}", "effect", effect_name(err->effect),
			  "retryable", err->retryable);

	if (err->retry_after_ms)
		json_object_set_new(data, "retry_after_ms",
				    json_integer(err->retry_after_ms));
	if (err->path[0])
		json_object_set_new(data, "path", json_string(err->path));
	if (err->cloud.http || err->cloud.code[0] || err->cloud.request_id[0])
		json_object_set_new(data, "cloud", pack_cloud(err));
	return data;
}

void message_write_error(const struct error *err, struct buf *out)
{
	int number = err_info(err->code)->rpc;
	AUTO_JSON json_t *v = NULL;

	if (!number)
		number = err_info(ERR_INTERNAL)->rpc;
	v = json_pack("{s:i, s:s, s:o}", "code", number, "message",
		      err->message, "data", pack_data(err));
	json_write(v, out);
}

/* ---- ids ----------------------------------------------------------------- */

/* Decimal digits at the front of @s, which they leave; false when there are
 * none, too many for 64 bits, or a leading zero. */
static bool take_number(struct slice *s, uint64_t *value)
{
	size_t n = 0;

	*value = 0;
	for (; n < s->n && n < 19 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		*value = *value * 10 + (uint64_t)(s->p[n] - '0');
	if (n == 0 || (n > 1 && s->p[0] == '0'))
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

bool message_id_parse(struct slice id, uint64_t *generation, uint64_t *sequence)
{
	if (!take_number(&id, generation) || id.n == 0 || id.p[0] != '.')
		return false;
	id.p++;
	id.n--;
	return take_number(&id, sequence) && id.n == 0;
}
