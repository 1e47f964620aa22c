/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's easy interface, one handle for all exchanges, so that reading keeps
 * its connection.
 */
#include "cli/client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define ANSWER_MAX (256u << 20) /* bytes */
#define CONNECT_TIMEOUT_S 10L

struct client {
	CURL *easy;
	struct curl_slist *once; /* headers of the next exchange */
	char *shown;		 /* the server, for people */
	const char *server;	 /* the beginning of URLs */
	char *socket;		 /* path, or NULL */
	char *authorization;	 /* header line, or NULL */
	char *ca_file, *cert, *key;
	int timeout_s;
	FILE *trace;
	const volatile sig_atomic_t *stop;
	client_renew_fn *renew; /* or NULL */
	void *renew_arg;
};

/* What libcurl's callbacks fill in. */
struct exchange {
	const struct client *client;
	struct buf body;
	FILE *to; /* where a good answer goes instead; or NULL */
	bool too_large, unwritten;
	char why[CURL_ERROR_SIZE];
};

/* ---- life -------------------------------------------------------------------- */

static void add_to(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		mem_oom();
	*list = longer;
}

void client_set_token(struct client *c, const char *token)
{
	if (c->authorization)
		mem_wipe(c->authorization, strlen(c->authorization));
	mem_free(c->authorization);
	c->authorization =
		token && *token ? mem_printf("Authorization: Bearer %s", token)
				: NULL;
}

void client_next_header(struct client *c, const char *name, const char *value)
{
	AUTO_FREE char *line = mem_printf("%s: %s", name, value);

	add_to(&c->once, line);
}

static char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

struct client *client_new(const struct client_options *o)
{
	struct client *c = mem_alloc(sizeof(*c));
	bool unix_socket = text_starts(o->server, "unix:");

	curl_global_init(CURL_GLOBAL_DEFAULT);
	c->easy = curl_easy_init();
	if (!c->easy)
		mem_oom();
	c->shown = mem_strdup(o->server);
	c->server = unix_socket ? "http://localhost" : c->shown;
	c->socket = unix_socket ? mem_strdup(o->server + 5) : NULL;
	c->timeout_s = o->timeout_s;
	c->ca_file = copy(o->ca_file);
	c->cert = copy(o->cert);
	c->key = copy(o->key);
	client_set_token(c, o->token);
	return c;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	client_set_token(c, NULL);
	curl_slist_free_all(c->once);
	curl_easy_cleanup(c->easy);
	mem_free(c->shown);
	mem_free(c->socket);
	mem_free(c->ca_file);
	mem_free(c->cert);
	mem_free(c->key);
	mem_free(c);
	curl_global_cleanup();
}

void client_trace(struct client *c, FILE *to)
{
	c->trace = to;
}

void client_stop_by(struct client *c, const volatile sig_atomic_t *flag)
{
	c->stop = flag;
}

void client_renew_by(struct client *c, client_renew_fn *fn, void *arg)
{
	c->renew = fn;
	c->renew_arg = arg;
}

int client_set_timeout(struct client *c, int timeout_s)
{
	int before = c->timeout_s;

	c->timeout_s = timeout_s;
	return before;
}

/* ---- the URL --------------------------------------------------------------------- */

static void add_scalar(struct buf *url, const json_t *v)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (json_is_string(v)) {
		text_percent_encode(url,
				    (struct slice){ json_string_value(v),
						    json_string_length(v) },
				    "");
		return;
	}
	json_write(v, &text);
	text_percent_encode(url, buf_slice(&text), "");
}

/* Lists are separated by commas. */
static void add_value(struct buf *url, const json_t *v)
{
	size_t i;
	json_t *item;

	if (!json_is_array(v)) {
		add_scalar(url, v);
		return;
	}
	json_array_foreach (v, i, item) {
		buf_add_str(url, i ? "," : "");
		add_scalar(url, item);
	}
}

static void make_url(const struct client *c, const char *path,
		     const json_t *query, struct buf *url)
{
	const char *name;
	char before = '?';
	json_t *value;

	buf_printf(url, "%s%s", c->server, path);
	json_object_foreach ((json_t *)query, name, value) {
		buf_add_char(url, before);
		text_percent_encode(url, slice_of(name), "");
		buf_add_char(url, '=');
		add_value(url, value);
		before = '&';
	}
}

/* ---- one exchange ---------------------------------------------------------------- */

static bool is_streamed(const struct exchange *x)
{
	long status = 0;

	curl_easy_getinfo(x->client->easy, CURLINFO_RESPONSE_CODE, &status);
	return x->to && status < 300;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	if (is_streamed(x)) {
		x->unwritten = fwrite(p, size, n, x->to) != n;
		return x->unwritten ? 0 : size * n;
	}
	x->too_large = x->body.n + size * n > ANSWER_MAX;
	if (x->too_large)
		return 0;
	buf_add(&x->body, p, size * n);
	return size * n;
}

static int on_progress(void *arg, curl_off_t dltotal UNUSED,
		       curl_off_t dlnow UNUSED, curl_off_t ultotal UNUSED,
		       curl_off_t ulnow UNUSED)
{
	const struct exchange *x = arg;

	return x->client->stop && *x->client->stop;
}

bool client_is_local(const char *server)
{
	const char *begin = strstr(server, "://");
	AUTO_FREE char *host = NULL;
	struct in_addr ip;

	begin = begin ? begin + 3 : server;
	if (text_starts(begin, "[::1]"))
		return !begin[5] || strchr(":/", begin[5]);
	host = mem_strndup(begin, strcspn(begin, ":/?#"));
	if (inet_pton(AF_INET, host, &ip) == 1)
		return ntohl(ip.s_addr) >> 24 == IN_LOOPBACKNET;
	return !strcmp(host, "localhost");
}

static void set_method(CURL *easy, const char *method, const struct buf *body)
{
	if (!strcmp(method, "GET")) {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	/* On a connection that was used before and breaks without an answer,
	 * libcurl sends anything a second time. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	if (!strcmp(method, "DELETE"))
		return;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->n ? body->p : "");
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)body->n);
}

/* Those of the exchange, new. */
static struct curl_slist *make_headers(const struct client *c,
				       const struct curl_slist *once)
{
	struct curl_slist *all = NULL;

	for (; once; once = once->next)
		add_to(&all, once->data);
	add_to(&all, "User-Agent: skyclust/" SKYCLUST_VERSION);
	add_to(&all, "Content-Type: application/json");
	add_to(&all, "Expect:"); /* else 100-continue before long bodies */
	if (c->authorization)
		add_to(&all, c->authorization);
	return all;
}

static void set_up_tls(const struct client *c)
{
	if (c->ca_file)
		curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->ca_file);
	if (c->cert)
		curl_easy_setopt(c->easy, CURLOPT_SSLCERT, c->cert);
	if (c->key)
		curl_easy_setopt(c->easy, CURLOPT_SSLKEY, c->key);
}

static void set_up(const struct client *c, struct exchange *x, const char *url)
{
	CURL *easy = c->easy;

	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* "..": a name */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->why);
	if (c->socket)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	set_up_tls(c);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	if (x->to) { /* as long as something comes */
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
				 (long)c->timeout_s);
	} else {
		curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)c->timeout_s);
	}
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, x);
	/* The token must not leave this machine to come back to it. */
	if (client_is_local(c->server))
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static bool is_read(const char *method)
{
	return !strcmp(method, "GET");
}

/* Why no answer came, and what may have become of a change. */
static bool no_answer(const struct client *c, const struct exchange *x,
		      CURLcode code, const char *method, struct error *err)
{
	bool connected = code != CURLE_COULDNT_CONNECT &&
			 code != CURLE_COULDNT_RESOLVE_HOST &&
			 code != CURLE_URL_MALFORMAT;
	const char *why = *x->why ? x->why : curl_easy_strerror(code);

	if (x->too_large)
		fail(err, ERR_TOO_LARGE,
		     "the answer is larger than %u MiB; ask with --limit",
		     ANSWER_MAX >> 20);
	else if (x->unwritten)
		fail(err, ERR_INTERNAL, "the answer cannot be written: %s",
		     strerror(errno));
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		fail(err, ERR_CANCELLED, "interrupted");
	else if (code == CURLE_OPERATION_TIMEDOUT && connected)
		fail(err, ERR_DEADLINE,
		     "%s gave no answer within %d s; see --timeout", c->shown,
		     c->timeout_s);
	else if (code == CURLE_URL_MALFORMAT ||
		 code == CURLE_UNSUPPORTED_PROTOCOL)
		fail(err, ERR_INVALID, "%s is no URL of a server: %s", c->shown,
		     why);
	else
		fail(err, ERR_CLOUD_UNAVAILABLE, "%s %s: %s", c->shown,
		     connected ? "broke off its answer" : "cannot be reached",
		     why);
	if (err)
		err->effect = is_read(method) || !connected ? EFFECT_NONE
							    : EFFECT_UNKNOWN;
	return false;
}

/* ---- answers ----------------------------------------------------------------------- */

static bool not_ours(const struct client *c, int status, struct error *err)
{
	return fail(err, ERR_INTERNAL,
		    "%s answered %d with something that is not from skyclustd; "
		    "see --server",
		    c->shown, status);
}

static bool read_answer(const struct client *c, const struct exchange *x,
			struct client_answer *a, struct error *err)
{
	struct curl_header *header;
	json_t *v = NULL;

	if (x->body.n) {
		v = json_read(x->body.p, x->body.n, NULL);
		if (!v)
			return not_ours(c, a->status, err);
	}
	if (curl_easy_header(c->easy, "Retry-After", 0, CURLH_HEADER, -1,
			     &header) == CURLHE_OK) {
		long long s;

		if (text_to_int(header->value, 0, 86400, &s))
			a->retry_after_s = (int)s;
	}
	if (a->status < 300)
		a->value = v;
	else
		a->problem = v;
	return a->status < 300 || json_is_object(v) ||
	       not_ours(c, a->status, err);
}

static void trace_answer(const struct client *c, const struct exchange *x,
			 int status, int64_t began)
{
	struct curl_header *id;
	bool has_id = curl_easy_header(c->easy, "X-Request-Id", 0, CURLH_HEADER,
				       -1, &id) == CURLHE_OK;

	if (c->trace)
		fprintf(c->trace, "< %d, %zu bytes, %lld ms%s%s\n", status,
			x->body.n, (long long)(clock_ms() - began),
			has_id ? ", request " : "", has_id ? id->value : "");
}

static bool exchange(struct client *c, const char *method, const char *url,
		     const struct buf *text, const struct curl_slist *once,
		     FILE *to, struct client_answer *answer, struct error *err)
{
	struct exchange x = { .client = c, .to = to };
	struct curl_slist *headers = make_headers(c, once);
	int64_t began = clock_ms();
	long status = 0;
	CURLcode code;
	bool ok;

	*answer = (struct client_answer){ 0 };
	if (c->trace)
		fprintf(c->trace, "> %s %s\n", method, url);
	set_up(c, &x, url);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, headers);
	set_method(c->easy, method, text);
	code = curl_easy_perform(c->easy);
	curl_slist_free_all(headers);
	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	if (code == CURLE_OK)
		trace_answer(c, &x, answer->status, began);
	ok = code == CURLE_OK ? read_answer(c, &x, answer, err)
			      : no_answer(c, &x, code, method, err);
	buf_wipe(&x.body); /* may hold keys and passwords */
	return ok;
}

/* Is there another token than the one that was refused?  Once: what asks for it
 * may be refused, too. */
static bool renewed(struct client *c)
{
	client_renew_fn *fn = c->renew;
	bool ok;

	c->renew = NULL;
	ok = fn && fn(c->renew_arg);
	c->renew = fn;
	return ok;
}

static bool transfer(struct client *c, const char *method, const char *path,
		     const json_t *query, const json_t *body, FILE *to,
		     struct client_answer *answer, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	AUTO(buf_done) struct buf url = { 0 };
	struct curl_slist *once = c->once;
	bool ok;

	c->once = NULL;
	if (body)
		json_write(body, &text);
	make_url(c, path, query, &url);
	ok = exchange(c, method, url.p, &text, once, to, answer, err);
	if (ok && answer->status == 401 && renewed(c)) {
		client_answer_done(answer);
		ok = exchange(c, method, url.p, &text, once, to, answer, err);
	}
	curl_slist_free_all(once);
	return ok;
}

bool client_send(struct client *c, const char *method, const char *path,
		 const json_t *query, const json_t *body,
		 struct client_answer *answer, struct error *err)
{
	return transfer(c, method, path, query, body, NULL, answer, err);
}

bool client_download(struct client *c, const char *path, const json_t *query,
		     FILE *to, struct client_answer *answer, struct error *err)
{
	return transfer(c, "GET", path, query, NULL, to, answer, err);
}

void client_answer_done(struct client_answer *answer)
{
	json_decref(answer->value);
	json_decref(answer->problem);
	answer->value = answer->problem = NULL;
}

/* ---- lists --------------------------------------------------------------------------- */

#define PAGE_MAX 1000 /* the server's limit of `limit` */

/* Ask for one page and add its items; false: the end (no @err), or a fault. */
static bool add_page(struct client *c, const char *path, json_t *query,
		     json_t *all, struct client_answer *answer,
		     struct error *err)
{
	json_t *items, *token;

	if (!client_send(c, "GET", path, query, NULL, answer, err) ||
	    answer->problem)
		return false;
	items = json_object_get(answer->value, "items");
	token = json_object_get(answer->value, "next_page_token");
	if (!json_is_array(items))
		return not_ours(c, answer->status, err);
	json_array_extend(all, items);
	if (!json_is_string(token))
		return false;
	if (json_equal(token, json_object_get(query, "page_token")))
		return fail(err, ERR_INTERNAL,
			    "%s gave the same page of a list twice", c->shown);
	json_object_set(query, "page_token", token);
	return true;
}

json_t *client_list(struct client *c, const char *path, const json_t *query,
		    long long limit, struct client_answer *answer,
		    struct error *err)
{
	AUTO_JSON json_t *asked = query ? json_deep_copy(query) : json_object();
	json_t *all = json_array();
	bool more = true;

	*answer = (struct client_answer){ 0 };
	err->code = ERR_NONE;
	while (more) {
		long long left = limit - (long long)json_array_size(all);

		if (limit)
			json_object_set_new(asked, "limit",
					    json_integer(left < PAGE_MAX
								 ? left
								 : PAGE_MAX));
		client_answer_done(answer);
		more = add_page(c, path, asked, all, answer, err) &&
		       (!limit || (long long)json_array_size(all) < limit);
	}
	if (!answer->problem && err->code == ERR_NONE)
		return all;
	json_decref(all);
	return NULL;
}
