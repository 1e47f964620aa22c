/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * libcurl tells us which sockets to watch and when to come back; we tell it
 * what happened.  All of libcurl's work is done on the loop's own stack, the
 * fiber that wants the answer is parked meanwhile.  So nothing waits inside of
 * libcurl, and to abort a transfer is to take it out of the multi handle.
 */
#include "cloud/transport.h"

#include <ev.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/mem.h"
#include "cloud/curl_lib.h"

struct transfer {
	const struct http_request *rq;
	struct http_answer *answer;
	struct attempt *attempt;
	struct fiber *fiber;
	CURL *easy;
	struct curl_slist *headers;
	CURLcode result;
	bool done, too_large;
	bool opened;		   /* a socket to where it may go */
	enum address_kind refused; /* ADDRESS_PUBLIC: nothing was */
	char refused_text[ADDRESS_TEXT];
	char why[CURL_ERROR_SIZE];
};

struct watch {
	ev_io io;
	struct list link;
};

static struct {
	CURLM *multi;
	CURLSH *share; /* TLS sessions outlive their easy handle */
	struct timer timer;
	struct list watches;
} curl;

/* ---- memory -------------------------------------------------------------- */

/* libcurl passes a failure on at many places, and a request that lacked its
 * method or a header must not leave; so memory that is out ends the process.
 * Nothing it allocates has its size from outside: bodies come to us. */
static void *curl_calloc(size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		mem_oom();
	return mem_alloc(total);
}

static void *curl_malloc(size_t size)
{
	return mem_realloc(NULL, size);
}

/* ---- libcurl on the loop ---------------------------------------------------
 */

static void take_finished(void)
{
	struct transfer *t;
	CURLMsg *m;
	int left;

	while ((m = curl_lib.multi_info_read(curl.multi, &left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_lib.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		t->result = m->data.result;
		t->done = true;
		fiber_wake(t->fiber);
	}
}

static void act(curl_socket_t fd, int events)
{
	int running;

	curl_lib.multi_socket_action(curl.multi, fd, events, &running);
	take_finished();
}

static void socket_ready(struct ev_loop *ev UNUSED, ev_io *io, int events)
{
	act(io->fd, (events & EV_READ ? CURL_CSELECT_IN : 0) |
			    (events & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void timer_rang(struct timer *timer UNUSED)
{
	act(CURL_SOCKET_TIMEOUT, 0);
}

static void unwatch(struct watch *w)
{
	ev_io_stop(loop_ev(), &w->io);
	list_del(&w->link);
	mem_free(w);
}

static int on_socket(CURL *easy UNUSED, curl_socket_t fd, int what,
		     void *arg UNUSED, void *of_socket)
{
	struct watch *w = of_socket;

	if (what == CURL_POLL_REMOVE) {
		if (w)
			unwatch(w);
		return 0;
	}
	if (!w) {
		w = mem_alloc(sizeof(*w));
		list_add_tail(&curl.watches, &w->link);
		curl_lib.multi_assign(curl.multi, fd, w);
	}
	ev_io_stop(loop_ev(), &w->io);
	ev_io_init(&w->io, socket_ready, fd,
		   (what & CURL_POLL_IN ? EV_READ : 0) |
			   (what & CURL_POLL_OUT ? EV_WRITE : 0));
	ev_io_start(loop_ev(), &w->io);
	return 0;
}

static int on_timer(CURLM *multi UNUSED, long ms, void *arg UNUSED)
{
	if (ms < 0)
		timer_stop(&curl.timer);
	else
		timer_arm(&curl.timer, clock_ms() + ms);
	return 0;
}

static void configure(void)
{
	list_init(&curl.watches);
	curl.timer.run = timer_rang;
	curl_lib.share_setopt(curl.share, CURLSHOPT_SHARE,
			      CURL_LOCK_DATA_SSL_SESSION);
	curl_lib.multi_setopt(curl.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_lib.multi_setopt(curl.multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_lib.multi_setopt(curl.multi, CURLMOPT_MAXCONNECTS, HTTP_IDLE_MAX);
	curl_lib.multi_setopt(curl.multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			      HTTP_PER_HOST);
}

static bool start(struct error *err)
{
	if (curl.multi)
		return true;
	if (!curl_lib_load(err))
		return false;
	if (curl_lib.global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, mem_free,
				     mem_realloc, mem_strdup, curl_calloc))
		return fail(err, ERR_INTERNAL, "libcurl does not start");
	curl.multi = curl_lib.multi_init();
	curl.share = curl_lib.share_init();
	if (!curl.multi || !curl.share)
		mem_oom();
	configure();
	return true;
}

void transport_done(void)
{
	struct watch *w, *next;

	if (!curl.multi)
		return;
	curl_lib.multi_cleanup(curl.multi);
	curl_lib.share_cleanup(curl.share);
	curl_lib.global_cleanup();
	timer_stop(&curl.timer);
	list_each_safe (w, next, &curl.watches, struct watch, link)
		unwatch(w);
	curl.multi = NULL;
	curl.share = NULL;
}

/* ---- one transfer -----------------------------------------------------------
 */

/* May it go there?  Keeps what was refused, for the error. */
static bool may_go_to(struct transfer *t, const struct sockaddr *address)
{
	enum address_kind kind = address_kind(address);

	if (address_is_allowed(t->rq->egress, kind))
		return true;
	t->refused = kind;
	address_format(address, t->refused_text);
	return false;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose UNUSED,
			     struct curl_sockaddr *address)
{
	struct transfer *t = arg;

	if (!may_go_to(t, &address->addr))
		return CURL_SOCKET_BAD;
	t->opened = true;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		      address->protocol);
}

/* Also called for a connection that was kept, which somebody made who may go
 * farther. */
static int on_connected(void *arg, char *ip, char *local UNUSED,
			int port UNUSED, int local_port UNUSED)
{
	struct transfer *t = arg;
	struct sockaddr_storage address;

	if (t->rq->egress != EGRESS_FREE &&
	    (!address_read(ip, &address) ||
	     !may_go_to(t, (const struct sockaddr *)&address)))
		return CURL_PREREQFUNC_ABORT;
	t->attempt->sent = true;
	return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t max = t->rq->answer_max ? t->rq->answer_max : HTTP_ANSWER_MAX;

	n *= size;
	if (n > max - t->answer->body.n) {
		t->too_large = true;
		return 0;
	}
	buf_add(&t->answer->body, p, n);
	return n;
}

static struct slice trimmed(const char *p, size_t n)
{
	while (n && strchr(" \t\r\n", p[n - 1]))
		n--;
	while (n && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	return (struct slice){ p, n };
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct buf *headers = &t->answer->headers;
	const char *colon;

	n *= size;
	if (n > 5 && !strncasecmp(p, "HTTP/", 5)) {
		buf_clear(headers); /* those before were of a 1xx answer */
		return n;
	}
	colon = memchr(p, ':', n);
	if (!colon || memchr(p, '\0', n))
		return n;
	if (headers->n + n > HTTP_HEADERS_MAX) {
		t->too_large = true;
		return 0;
	}
	buf_add_slice(headers, trimmed(p, (size_t)(colon - p)));
	buf_add_char(headers, '\0');
	buf_add_slice(headers, trimmed(colon + 1, n - (size_t)(colon + 1 - p)));
	buf_add_char(headers, '\0');
	return n;
}

static void set_body(struct transfer *t)
{
	const struct http_request *rq = t->rq;
	bool post = !strcmp(rq->method, "POST");

	if (!strcmp(rq->method, "HEAD")) {
		curl_lib.easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (rq->body.p || post || !strcmp(rq->method, "PUT")) {
		curl_lib.easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				     (curl_off_t)rq->body.n);
		curl_lib.easy_setopt(t->easy, CURLOPT_POSTFIELDS,
				     rq->body.p ? rq->body.p : "");
	}
	curl_lib.easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, rq->method);
}

static void set_headers(struct transfer *t)
{
	const char *const *h;

	/* Without these libcurl waits for 100 Continue and guesses a type. */
	t->headers = curl_lib.slist_append(NULL, "Expect:");
	t->headers = curl_lib.slist_append(t->headers, "Content-Type:");
	for (h = t->rq->headers; h && *h; h++)
		t->headers = curl_lib.slist_append(t->headers, *h);
	curl_lib.easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void set_limits(CURL *easy, bool is_read)
{
	curl_lib.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_lib.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_lib.easy_setopt(easy, CURLOPT_PROXY, "");
	curl_lib.easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_lib.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			     (long)HTTP_CONNECT_TIMEOUT_MS);
	curl_lib.easy_setopt(easy, CURLOPT_MAXAGE_CONN, HTTP_IDLE_SECONDS);
	curl_lib.easy_setopt(easy, CURLOPT_FRESH_CONNECT, is_read ? 0L : 1L);
	curl_lib.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* An abort must not wait for the resolver's thread. */
	curl_lib.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static void set_up(struct transfer *t)
{
	CURL *easy = t->easy;

	set_limits(easy, t->rq->is_read);
	set_headers(t);
	set_body(t);
	curl_lib.easy_setopt(easy, CURLOPT_URL, t->rq->url);
	curl_lib.easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_lib.easy_setopt(easy, CURLOPT_SHARE, curl.share);
	curl_lib.easy_setopt(easy, CURLOPT_ERRORBUFFER, t->why);
	curl_lib.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_lib.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_lib.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
	curl_lib.easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_lib.easy_setopt(easy, CURLOPT_PREREQDATA, t);
	curl_lib.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_lib.easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_lib.easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_lib.easy_setopt(easy, CURLOPT_HEADERDATA, t);
	if (t->rq->ca_file)
		curl_lib.easy_setopt(easy, CURLOPT_CAINFO, t->rq->ca_file);
}

static void tear_down(struct transfer *t)
{
	curl_lib.multi_remove_handle(curl.multi, t->easy);
	curl_lib.easy_cleanup(t->easy);
	curl_lib.slist_free_all(t->headers);
}

/* ---- why it failed ------------------------------------------------------ */

static bool is_tls_fault(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CACERT_BADFILE ||
	       code == CURLE_SSL_CONNECT_ERROR ||
	       code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CIPHER;
}

static bool is_nonsense(CURLcode code)
{
	return code == CURLE_WEIRD_SERVER_REPLY ||
	       code == CURLE_BAD_CONTENT_ENCODING ||
	       code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WRITE_ERROR;
}

/* The URL up to its query, which may hold what is nobody's business. */
static struct slice shown_url(const struct transfer *t)
{
	return (struct slice){ t->rq->url, strcspn(t->rq->url, "?") };
}

/* One refused address of several is no reason: the others were tried. */
static bool was_refused(const struct transfer *t)
{
	return t->refused != ADDRESS_PUBLIC &&
	       (!t->opened || t->result == CURLE_ABORTED_BY_CALLBACK);
}

static const char *what_to_do(const struct transfer *t)
{
	if (address_is_allowed(EGRESS_ANY, t->refused))
		return "for a private cloud the operator sets private_networks";
	return "name the cloud's own endpoint";
}

static bool explain(struct transfer *t, struct error *err)
{
	struct slice url = shown_url(t);
	const char *why =
		t->why[0] ? t->why : curl_lib.easy_strerror(t->result);

	if (was_refused(t)) {
		t->attempt->hopeless = true;
		return fail(err, ERR_INVALID,
			    "%s %.*s leads to %s (%s), where "
			    "a tenant's credential may not be sent; %s",
			    t->rq->method, (int)url.n, url.p, t->refused_text,
			    address_kind_name(t->refused), what_to_do(t));
	}
	if (t->too_large || is_nonsense(t->result)) {
		t->attempt->hopeless = true;
		return fail(err, ERR_CLOUD_BAD_ANSWER, "%s %.*s: %s",
			    t->rq->method, (int)url.n, url.p,
			    t->too_large ? "the answer is too large" : why);
	}
	if (is_tls_fault(t->result)) {
		t->attempt->hopeless = true;
		return fail(err, ERR_CLOUD_UNAVAILABLE,
			    "%s %.*s: TLS: %s; for a private CA give ca_file",
			    t->rq->method, (int)url.n, url.p, why);
	}
	return fail(err, ERR_CLOUD_UNAVAILABLE, "%s %.*s: %s", t->rq->method,
		    (int)url.n, url.p, why);
}

static bool wait_failed(struct transfer *t, enum fiber_wait how,
			struct error *err)
{
	struct slice url = shown_url(t);
	bool late = t->rq->deadline && clock_left(t->rq->deadline) == 0;

	if (how == WAIT_CANCELLED)
		return fail(err, ERR_CANCELLED, "%s %.*s was cancelled",
			    t->rq->method, (int)url.n, url.p);
	return fail(err, late ? ERR_DEADLINE : ERR_CLOUD_UNAVAILABLE,
		    "%s %.*s: no answer in time", t->rq->method, (int)url.n,
		    url.p);
}

bool transport_run(const struct http_request *rq, int64_t until,
		   struct http_answer *answer, struct attempt *attempt,
		   struct error *err)
{
	struct transfer t = { .rq = rq,
			      .answer = answer,
			      .attempt = attempt,
			      .fiber = fiber_self() };
	enum fiber_wait how = WAIT_WOKEN;
	long status = 0;
	bool ok;

	if (!start(err))
		return false;
	t.easy = curl_lib.easy_init();
	if (!t.easy)
		mem_oom();
	set_up(&t);
	curl_lib.multi_add_handle(curl.multi, t.easy);
	while (!t.done && how == WAIT_WOKEN)
		how = fiber_park(until);
	if (!t.done)
		ok = wait_failed(&t, how, err);
	else
		ok = t.result == CURLE_OK || explain(&t, err);
	curl_lib.easy_getinfo(t.easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	tear_down(&t);
	return ok;
}
