/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers call: rows, HTTP of their own, the pending fault. */
#include "cloud/call.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "cloud/digest.h"
#include "cloud/record.h"
#include "cloud/rest_run.h"

const char *sc_credential_digest(struct sc_call *call)
{
	if (!call->digest[0])
		digest_json(call->secrets, call->digest);
	return call->digest;
}

int sc_fault_code(struct sc_call *call)
{
	return err_info(call->fault.code)->rpc;
}

void sc_fault_clear(struct sc_call *call)
{
	call->fault = (struct error){ 0 };
}

/* ---- rows --------------------------------------------------------------- */

json_t *sc_args_with(struct sc_call *call, const char *fmt, ...)
{
	json_t *args, *more;
	va_list ap;

	va_start(ap, fmt);
	more = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	/* Half of the arguments would do something else than was meant; none
	 * at all is an error that names the first one missing. */
	args = more ? json_copy(call->args) : json_object();
	json_object_update(args, more);
	json_decref(more);
	return args;
}

json_t *sc_rest_call(struct sc_call *call, const char *op, json_t *args)
{
	AUTO_JSON json_t *owned = args ? args : json_incref(call->args);
	const struct sc_rest *row = rest_choose(call->driver, op, owned);

	if (!row) {
		rest_no_row(call->driver, op, owned, &call->fault);
		return NULL;
	}
	if (rest_is_list(row))
		return rest_whole_list(call, row, owned);
	return rest_value(call, row, owned);
}

/* ---- HTTP --------------------------------------------------------------- */

static bool has_header(const char *const *headers, const char *name)
{
	size_t n = strlen(name);

	for (; headers && *headers; headers++)
		if (!strncasecmp(*headers, name, n) && (*headers)[n] == ':')
			return true;
	return false;
}

/* The handler's headers and those it did not think of; the array is new, the
 * texts are borrowed. */
static const char **all_headers(const struct sc_http *http)
{
	const char *const *h = http->headers;
	const char **all;
	size_t n = 0;

	while (h && h[n])
		n++;
	all = mem_alloc((n + 3) * sizeof(*all));
	if (n)
		memcpy(all, h, n * sizeof(*all));
	if (!has_header(h, "Accept"))
		all[n++] = "Accept: application/json";
	if ((http->json || http->body) && !has_header(h, "Content-Type"))
		all[n] = "Content-Type: application/json";
	return all;
}

static void take_answer(struct sc_http *http, const struct http_answer *answer)
{
	const char *wanted = http->want_header
				     ? http_header(answer, http->want_header)
				     : NULL;

	http->status = answer->status;
	http->header = mem_strdup(wanted);
	http->answer = answer->body.n
			       ? json_read(answer->body.p, answer->body.n, NULL)
			       : NULL;
}

bool sc_rest_http(struct sc_call *call, const char *op, json_t *args,
		  struct sc_http *http)
{
	AUTO_JSON json_t *owned = args ? args : json_incref(call->args);
	const struct sc_rest *row = rest_choose(call->driver, op, owned);
	struct http_answer answer;

	if (!row)
		return rest_no_row(call->driver, op, owned, &call->fault);
	if (!rest_raw(call, row, owned, &answer))
		return false;
	take_answer(http, &answer);
	http_answer_done(&answer);
	return true;
}

bool sc_http(struct sc_call *call, struct sc_http *http)
{
	const char **headers = all_headers(http);
	struct redact secrets = { 0 };
	struct buf body = { 0 };
	struct http_request rq = {
		.method = http->method,
		.url = http->url,
		.headers = headers,
		.body = slice_of(http->body),
		.is_read = http_is_read(http->method),
	};
	struct http_answer answer;
	bool ok;

	if (http->json) {
		json_write(http->json, &body);
		rq.body = buf_slice(&body);
	}
	rest_http_settings(call, &rq);
	if (record_wanted()) {
		redact_init(&secrets, call);
		rq.redact = &secrets;
	}
	ok = http_send(&rq, &answer, &call->fault);
	if (ok)
		take_answer(http, &answer);
	http_answer_done(&answer);
	redact_done(&secrets);
	buf_wipe(&body); /* a login holds the credential */
	mem_free(headers);
	return ok;
}

bool sc_may_connect(struct sc_call *call, const struct sockaddr *address)
{
	enum address_kind kind = address_kind(address);
	char text[ADDRESS_TEXT];

	if (address_is_allowed(call->egress, kind))
		return true;
	address_format(address, text);
	return fail(&call->fault, ERR_INVALID,
		    "a tenant's credential may not be sent to %s (%s)", text,
		    address_kind_name(kind));
}

void sc_http_done(struct sc_http *http)
{
	json_decref(http->answer);
	if (http->header)
		mem_wipe(http->header, strlen(http->header));
	mem_free(http->header);
	http->answer = NULL;
	http->header = NULL;
}
