/* SPDX-License-Identifier: Apache-2.0 */
/* Writing exchanges down. */
#include "cloud/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"

#define HOST "cloud.test"

static struct {
	char *dir;
	unsigned last; /* number of the last file */
} record;

/* ---- what is written --------------------------------------------------------
 */

static bool is_url(const char *text)
{
	return text_starts(text, "http://") || text_starts(text, "https://");
}

/* Append @url with another host; the port stays, as it tells services apart. */
static void add_with_host(struct buf *out, const char *url)
{
	const char *host = strstr(url, "://") + 3;
	const char *end = host + strcspn(host, "/?#");
	const char *port = memchr(host, ':', (size_t)(end - host));

	if (*host == '[')
		port = strstr(host, "]:") ? strstr(host, "]:") + 1 : NULL;
	if (!port || port > end)
		port = end;
	buf_add(out, url, (size_t)(host - url));
	buf_add_str(out, HOST);
	buf_add_str(out, port);
}

/* Replace the pieces of @url that are secret. */
static void add_redacted(struct buf *out, const struct redact *redact,
			 const char *url)
{
	while (*url) {
		size_t n = strcspn(url, "/?&=");
		AUTO_FREE char *piece = mem_strndup(url, n);

		buf_add_str(out, redact_hits(redact, piece) ? REDACTED : piece);
		url += n;
		if (*url)
			buf_add_char(out, *url++);
	}
}

char *record_url(const struct redact *redact, const char *url)
{
	AUTO(buf_done) struct buf moved = { 0 };
	struct buf out = { 0 };

	if (is_url(url))
		add_with_host(&moved, url);
	else
		buf_add_str(&moved, url);
	add_redacted(&out, redact, moved.p ? moved.p : "");
	return buf_steal(&out, NULL);
}

/* Steals @v; new: the hosts of its URLs are replaced. */
static json_t *without_hosts(json_t *v)
{
	AUTO(buf_done) struct buf url = { 0 };
	json_t *child;
	const char *key;
	size_t i;
	void *next;

	if (json_is_string(v) && is_url(json_string_value(v))) {
		add_with_host(&url, json_string_value(v));
		json_decref(v);
		return json_stringn(url.p, url.n);
	}
	json_object_foreach_safe (v, next, key, child)
		json_object_set_new(v, key, without_hosts(json_incref(child)));
	json_array_foreach (v, i, child)
		json_array_set_new(v, i, without_hosts(json_incref(child)));
	return v;
}

json_t *record_body(const struct redact *redact, struct slice body)
{
	AUTO_JSON json_t *v = NULL;

	if (!body.n)
		return NULL;
	v = json_read(body.p, body.n, NULL);
	if (!v && utf8_valid(body.p, body.n))
		v = json_stringn(body.p, body.n);
	if (!v)
		v = json_sprintf("(%zu bytes that are not text)", body.n);
	/* redact_json() copies objects and arrays, so @v itself stays. */
	return without_hosts(redact_json(redact, v));
}

static void put_header(json_t *headers, const struct redact *redact,
		       const char *name, const char *value)
{
	bool secret =
		redact_header_is_secret(name) || redact_hits(redact, value);
	AUTO_FREE char *shown =
		is_url(value) ? record_url(redact, value) : mem_strdup(value);

	json_object_set_new(headers, name,
			    json_string(secret ? REDACTED : shown));
}

static json_t *request_headers(const struct http_request *rq)
{
	json_t *headers = json_object();

	for (const char *const *h = rq->headers; h && *h; h++) {
		const char *colon = strchr(*h, ':');
		AUTO_FREE char *name = mem_strndup(*h, (size_t)(colon - *h));

		put_header(headers, rq->redact, name,
			   colon + 1 + strspn(colon + 1, " "));
	}
	return headers;
}

static json_t *answer_headers(const struct http_request *rq,
			      const struct http_answer *answer)
{
	json_t *headers = json_object();
	const char *h = NULL, *value;

	while ((h = http_next_header(answer, h, &value)))
		put_header(headers, rq->redact, h, value);
	return headers;
}

static json_t *exchange(const struct http_request *rq,
			const struct http_answer *answer)
{
	AUTO_FREE char *url = record_url(rq->redact, rq->url);

	return json_pack("{s:{s:s, s:s, s:o, s:o*}, s:{s:i, s:o, s:o*}}",
			 "request", "method", rq->method, "url", url, "headers",
			 request_headers(rq), "body",
			 record_body(rq->redact, rq->body), "answer", "status",
			 answer->status, "headers", answer_headers(rq, answer),
			 "body",
			 record_body(rq->redact, buf_slice(&answer->body)));
}

/* ---- where -------------------------------------------------------------- */

/* The number of the last exchange in @dir. */
static unsigned last_in(DIR *dir)
{
	const struct dirent *e;
	unsigned last = 0;

	while ((e = readdir(dir))) {
		unsigned long n = strtoul(e->d_name, NULL, 10);

		if (text_ends(e->d_name, ".json") && n > last && n < 1000000)
			last = (unsigned)n;
	}
	return last;
}

bool record_to(const char *dir, struct error *err)
{
	DIR *d;

	mem_free(record.dir);
	record.dir = NULL;
	if (!dir)
		return true;
	if (sys_mkdir(dir, 0700) < 0 && errno != EEXIST)
		return fail(err, ERR_INVALID, "cannot make %s: %s", dir,
			    strerror(errno));
	d = opendir(dir);
	if (!d)
		return fail(err, ERR_INVALID, "cannot record to %s: %s", dir,
			    strerror(errno));
	record.last = last_in(d);
	closedir(d);
	record.dir = mem_strdup(dir);
	return true;
}

bool record_wanted(void)
{
	return record.dir || replay_active();
}

static int add_text(const char *p, size_t n, void *out)
{
	buf_add(out, p, n);
	return 0;
}

void record_exchange(const struct http_request *rq,
		     const struct http_answer *answer)
{
	AUTO_JSON json_t *v = record.dir ? exchange(rq, answer) : NULL;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO_FREE char *path = NULL;

	if (!v)
		return;
	path = mem_printf("%s/%04u.json", record.dir, ++record.last);
	json_dump_callback(v, add_text, &text, JSON_INDENT(2));
	buf_add_char(&text, '\n');
	if (sys_replace_file(path, text.p, text.n, 0600) < 0)
		log_error("an exchange could not be recorded",
			  LOG_STR("file", path), LOG_INT("errno", errno));
}
