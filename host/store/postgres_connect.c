/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection.  libpq's asynchronous connect has one thing that blocks: it
 * looks up host names.  So we do, in a thread, and libpq is given addresses.
 */
#include <netdb.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/offload.h"
#include "base/text.h"
#include "store/postgres.h"

/* clang-format off */
/* What holds unless the URL says otherwise. */
static const struct {
	const char *keyword, *value;
} defaults[] = {
	{ "application_name", "skyclust" },
	{ "client_encoding", "UTF8" },
	/* Asking for a ticket of Kerberos may block. */
	{ "gssencmode", "disable" },
	/* Of several hosts, the one that is no standby. */
	{ "target_session_attrs", "read-write" },
};

/* $1: milliseconds that a statement may take, $2: that a transaction may do
 * nothing, $3: that may be waited for the next statement's lock.  Who commits is
 * told when it is on the disk. */
static const char session_sql[] =
	"SELECT set_config('statement_timeout', $1, false),"
	" set_config('idle_in_transaction_session_timeout', $2, false),"
	" set_config('lock_timeout', $3, true),"
	" set_config('default_transaction_isolation', 'read committed', false),"
	" set_config('bytea_output', 'hex', false),"
	" set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
	" WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)";

/* Everybody shares the database, unless somebody has it alone. */
static const char share_sql[] = "SELECT pg_advisory_lock_shared(" PG_LOCKS ", " PG_LOCK_USE ")";
static const char alone_sql[] = "SELECT pg_advisory_lock(" PG_LOCKS ", " PG_LOCK_USE ")";
/* clang-format on */

#define KEYWORDS 64   /* more than libpq has */
#define ALONE_MS 2000 /* a session ends soon after its client has */

/* ---- the URL -------------------------------------------------------------- */

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (!strcmp(options->keyword, keyword) && options->val &&
		    *options->val)
			return options->val;
	return NULL;
}

bool pg_check_url(const char *url, struct error *err)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool service = options && option(options, "service");

	PQconninfoFree(options);
	if (!options) /* libpq's message may quote the password */
		return fail(err, ERR_INVALID,
			    "store.url is not a connection URI of PostgreSQL: "
			    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
			    "?OPTION=VALUE, with %%XX for what is special");
	if (service)
		return fail(err, ERR_INVALID,
			    "store.url has a `service`, which is not "
			    "supported: write host and database instead");
	return true;
}

/* ---- host names ----------------------------------------------------------- */

/* Names of the URL and what they stand for: comma-separated lists with the same
 * number of elements, as libpq wants them. */
struct hosts {
	struct buf host, address, port;
};

/* A look-up, in a fiber of its own: nobody can end a thread's work, so who
 * waited too long leaves it behind. */
struct lookup {
	char *host, *port; /* as the URL has them, lists */
	struct hosts found;
	char *unknown; /* the first name that is not known */
	bool done, left_behind;
	struct cond ended;
};

static void add_host(struct hosts *h, struct slice host, struct slice address,
		     struct slice port)
{
	if (h->host.p) {
		buf_add_char(&h->host, ',');
		buf_add_char(&h->address, ',');
		buf_add_char(&h->port, ',');
	}
	buf_add_slice(&h->host, host);
	buf_add_slice(&h->address, address);
	buf_add_slice(&h->port, port);
}

/* The next element of a comma-separated list; the last one is kept. */
static struct slice next_of(const char **list)
{
	struct slice item = { *list, strcspn(*list, ",") };

	if (item.p[item.n])
		*list += item.n + 1;
	return item;
}

static bool is_name(struct slice host)
{
	return host.n && *host.p != '/' && *host.p != '@';
}

static void look_up(struct lookup *l, struct slice host, struct slice port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	AUTO_FREE char *name = mem_strndup(host.p, host.n);
	struct addrinfo *all = NULL, *a;
	char address[NI_MAXHOST];

	if (getaddrinfo(name, NULL, &hints, &all) != 0 && !l->unknown)
		l->unknown = mem_strdup(name);
	for (a = all; a; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, address,
				sizeof(address), NULL, 0, NI_NUMERICHOST) == 0)
			add_host(&l->found, host, slice_of(address), port);
	if (all)
		freeaddrinfo(all);
}

/* On a thread. */
static void look_up_all(void *arg)
{
	struct lookup *l = arg;
	const char *hosts = l->host, *ports = l->port;
	struct slice host, port;

	do {
		host = next_of(&hosts);
		port = next_of(&ports);
		if (is_name(host))
			look_up(l, host, port);
		else
			add_host(&l->found, host, SLICE(""), port);
	} while (host.p[host.n]);
}

static void lookup_free(struct lookup *l)
{
	buf_done(&l->found.host);
	buf_done(&l->found.address);
	buf_done(&l->found.port);
	mem_free(l->host);
	mem_free(l->port);
	mem_free(l->unknown);
	mem_free(l);
}

WAITS static void lookup_fiber(void *arg)
{
	struct lookup *l = arg;

	offload(look_up_all, l);
	l->done = true;
	if (l->left_behind)
		lookup_free(l);
	else
		cond_signal(&l->ended);
}

/* New; or NULL, when it took too long or nothing is known. */
static WAITS struct lookup *lookup_new(const char *host, const char *port,
				       int64_t deadline, struct error *err)
{
	struct lookup *l = mem_alloc(sizeof(*l));

	l->host = mem_strdup(host);
	l->port = mem_strdup(port);
	cond_init(&l->ended);
	l->left_behind = fiber_spawn("store.lookup", lookup_fiber, l) &&
			 !store_wait(&l->ended, &l->done, deadline);
	if (l->done && l->found.host.n)
		return l;
	store_unavailable(err, "the host %s of store.url is %s",
			  l->unknown ? l->unknown : host,
			  l->done ? "not known" : "not found in time");
	if (!l->left_behind)
		lookup_free(l);
	return NULL;
}

static bool has_names(const char *hosts)
{
	struct slice host;

	do {
		host = next_of(&hosts);
		if (is_name(host))
			return true;
	} while (host.p[host.n]);
	return false;
}

/* ---- what libpq is told --------------------------------------------------- */

struct keywords {
	const char *keyword[KEYWORDS + 1], *value[KEYWORDS + 1];
	size_t n;
};

static void set(struct keywords *k, const char *keyword, const char *value)
{
	size_t i = 0;

	while (i < k->n && strcmp(k->keyword[i], keyword) != 0)
		i++;
	if (i == KEYWORDS)
		return;
	k->keyword[i] = keyword;
	k->value[i] = value;
	if (i == k->n)
		k->n++;
}

static void set_all(struct keywords *k, const PQconninfoOption *options)
{
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		set(k, defaults[i].keyword, defaults[i].value);
	for (; options->keyword; options++)
		if (options->val)
			set(k, options->keyword, options->val);
}

/* False: the names are not known. */
static WAITS bool set_hosts(struct keywords *k, const PQconninfoOption *options,
			    struct lookup **l, int64_t deadline,
			    struct error *err)
{
	const char *host = option(options, "host");
	const char *port = option(options, "port");

	if (!host)
		host = getenv("PGHOST"); /* libpq would */
	if (!host || option(options, "hostaddr") || !has_names(host))
		return true;
	*l = lookup_new(host, port ? port : "", deadline, err);
	if (!*l)
		return false;
	set(k, "host", (*l)->found.host.p);
	set(k, "hostaddr", (*l)->found.address.p);
	set(k, "port", (*l)->found.port.p);
	return true;
}

/* ---- connecting ----------------------------------------------------------- */

static bool fail_connect(const PGconn *pq, struct error *err)
{
	/* libpq names host, user and database, never the password. */
	return store_unavailable(err, "the database cannot be reached: %s",
				 pq ? PQerrorMessage(pq) : "out of memory");
}

static WAITS bool poll_connect(struct pg_conn *c, int64_t deadline,
			       struct error *err)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (PQstatus(c->pq) != CONNECTION_BAD) {
		if (!pg_wait_socket(c,
				    next == PGRES_POLLING_READING ? EV_READ
								  : EV_WRITE,
				    deadline))
			return store_unavailable(err, "the database accepts no "
						      "connection in time");
		next = PQconnectPoll(c->pq);
		if (next == PGRES_POLLING_OK)
			return true;
		if (next == PGRES_POLLING_FAILED)
			break;
	}
	return fail_connect(c->pq, err);
}

static void ignore_notice(void *arg UNUSED, const char *text UNUSED)
{
}

static WAITS bool start_connect(struct pg *pg, struct pg_conn *c,
				int64_t deadline, struct error *err)
{
	PQconninfoOption *options =
		PQconninfoParse(secret_reveal(pg->url), NULL);
	struct keywords k = { 0 };
	struct lookup *l = NULL;

	if (options) {
		set_all(&k, options);
		if (set_hosts(&k, options, &l, deadline, err))
			c->pq = PQconnectStartParams(k.keyword, k.value, 0);
	}
	if (l)
		lookup_free(l);
	PQconninfoFree(options);
	if (!c->pq)
		return l || !options ? fail_connect(NULL, err) : false;
	PQsetNoticeProcessor(c->pq, ignore_notice, NULL);
	return poll_connect(c, deadline, err);
}

static bool refuse_session(const struct pg *pg, const struct pg_refusal *why,
			   struct error *err)
{
	if (strcmp(why->state, PG_LOCKED) != 0)
		return pg_refuse(pg, why, err);
	if (pg->alone)
		return fail(err, ERR_CONFLICT,
			    "the database is in use; stop every skyclustd "
			    "that works on it first");
	return store_unavailable(err, "the database is being copied");
}

static void add_session(const struct pg *pg, struct pg_conn *c,
			struct arena *arena)
{
	long long most = pg->timeout_ms * 3 / 4;
	char *texts[] = {
		arena_printf(arena, "%lld", most),
		arena_printf(arena, "%lld", (long long)pg->timeout_ms),
		arena_printf(arena, "%lld", pg->alone ? ALONE_MS : most / 2),
	};

	pg_add_sql(c, arena, session_sql, NULL,
		   STORE_PARAMS(P_TEXT(texts[0]), P_TEXT(texts[1]),
				P_TEXT(texts[2])));
	pg_add_sql(c, arena, pg->alone ? alone_sql : share_sql, NULL, NULL);
}

static WAITS bool set_up(struct pg *pg, struct pg_conn *c, int64_t deadline,
			 struct error *err)
{
	AUTO(arena_done) struct arena arena = { 0 };
	struct pg_refusal why;

	if (PQsetnonblocking(c->pq, 1) != 0 || !PQenterPipelineMode(c->pq))
		return fail_connect(c->pq, err);
	add_session(pg, c, &arena);
	switch (pg_run(c, deadline, &why)) {
	case PG_DONE:
		return true;
	case PG_REFUSED:
		return refuse_session(pg, &why, err);
	case PG_LOST:
		break;
	}
	return pg_lose(pg, c, false, err);
}

WAITS struct pg_conn *pg_connect(struct pg *pg, int64_t deadline,
				 struct error *err)
{
	struct pg_conn *c = mem_alloc(sizeof(*c));

	cond_init(&c->event);
	c->lane.number = c->committed.number = -1;
	if (start_connect(pg, c, deadline, err) && set_up(pg, c, deadline, err))
		return c;
	if (err)
		err->effect = EFFECT_NONE;
	pg_conn_free(c);
	return NULL;
}

void pg_conn_free(struct pg_conn *c)
{
	PQfinish(c->pq); /* says good-bye if the socket takes it at once */
	pg_run_done(c);
	mem_free(c);
}
