/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skyclust/driver.h - everything a cloud driver needs.
 *
 * A driver is one program.  It fills in a struct sc_driver and calls
 * sc_main(), which speaks the driver protocol (PROTOCOL.md) with the host:
 * handshake, framing, deadlines, cancel, progress, validation against the
 * catalogue, logging, and on the command line --check --describe --explain
 * --call --record --man --help --version.
 *
 *	static const struct sc_method methods[] = {
 *		{ "instance.list",  instance_list },
 *		{ NULL }
 *	};
 *
 *	int main(int argc, char **argv)
 *	{
 *		return sc_main(argc, argv, &(struct sc_driver) {
 *			.name = "rack", .version = "1.0",
 *			.methods = methods,
 *		});
 *	}
 *
 * Each request runs in a fiber of its own on one thread: code reads top to
 * bottom, nothing needs a lock, but functions marked SC_WAITS let other
 * requests run meanwhile.  A call that blocks the thread (a database client, a
 * vendor library) belongs into sc_offload().
 *
 * Cloud APIs over HTTP are described by rows (struct sc_rest), not code.
 */
#ifndef SKYCLUST_DRIVER_H
#define SKYCLUST_DRIVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SC_WAITS /* may let other requests run */
#define SC_PRINTF(f, a) __attribute__((format(printf, f, a)))

struct sc_call;  /* one request being answered */
struct sc_reply; /* proof that it was: only sc_ok() and its like make one */

/* Protocol error numbers (PROTOCOL.md, "Errors"). */
enum sc_code {
	SC_CANCELLED = -31001,
	SC_DEADLINE = -31002,
	SC_INVALID = -31003,
	SC_NOT_FOUND = -31004,
	SC_CONFLICT = -31005,
	SC_UNAUTHENTICATED = -31006,
	SC_FORBIDDEN = -31007,
	SC_QUOTA = -31008,
	SC_RATE_LIMITED = -31009,
	SC_UNSUPPORTED = -31011,
	SC_CLOUD_UNAVAILABLE = -31012,
	SC_CLOUD_BAD_ANSWER = -31013,
	SC_BUSY = -31014,
	SC_CREDENTIAL_EXPIRED = -31015,
	SC_NEEDS_ATTENTION = -31016,
	SC_INTERNAL = -31099,
};

/* What a failed mutation did to the cloud. */
enum sc_effect { SC_EFFECT_UNKNOWN, SC_EFFECT_NONE, SC_EFFECT_PARTIAL,
		 SC_EFFECT_APPLIED };

/* ---- what a request carries (all borrowed for the request's life) ------- */

/*
 * The argument @name.  Arguments were checked against the catalogue (or the
 * vendor kind's schema) before the handler runs: required ones are there and
 * of their type, aliases have our name.  One that is missing, null or of
 * another type gives NULL, 0 or false; sc_has() tells it from a 0 that was
 * given.
 */
const char *sc_str(struct sc_call *call, const char *name);
long long sc_int(struct sc_call *call, const char *name);
bool sc_bool(struct sc_call *call, const char *name);
bool sc_has(struct sc_call *call, const char *name);
json_t *sc_args(struct sc_call *call);          /* all of them: an object */

/* The member @name of the credential, or NULL.  It is wiped when the request
 * ends: copy nothing of it to where it lives longer. */
const char *sc_cred(struct sc_call *call, const char *name);
/* Hex SHA-256 of the whole credential: a key for what belongs to it. */
const char *sc_credential_digest(struct sc_call *call);

/* The text member @name of the provider's settings, or NULL; all of them. */
const char *sc_config(struct sc_call *call, const char *name);
json_t *sc_config_json(struct sc_call *call);
/* A private directory that survives restarts, or NULL: the host gave none. */
const char *sc_state_dir(struct sc_call *call);

const char *sc_region(struct sc_call *call);    /* NULL: the default one */
const char *sc_zone(struct sc_call *call);      /* NULL: any */
/* The operation's id, the same on every attempt; NULL for most reads.  Give it
 * to the cloud as its idempotency token, or as the tag `skyclust-op`. */
const char *sc_op(struct sc_call *call);
const char *sc_method_name(struct sc_call *call); /* "instance.list" */

/* Milliseconds until nobody waits any more: 0 if so already, -1: no limit. */
int64_t sc_time_left_ms(struct sc_call *call);
/* Is it over already, by the caller's cancel or by the deadline? */
bool sc_cancelled(struct sc_call *call);

/* ---- how it ends: a handler returns what one of these returned ----------- */

/* Done, without a value; of a list: an empty one. */
struct sc_reply *sc_ok(struct sc_call *call);

/* Done, with one record (for vendor kinds: any JSON); steals @value.  It is
 * checked against the catalogue; a field that is missing or of another type
 * becomes SC_CLOUD_BAD_ANSWER that names it. */
struct sc_reply *sc_value(struct sc_call *call, json_t *value);

/*
 * A list; steals @items, an array.  @next_page_token (borrowed) is the cloud's
 * token for the next page, NULL at the last one.  What the request asks of a
 * list is done here: filters, `fields`, and, for a driver that does not page
 * by itself (it never gives a token), `limit` and paging.
 */
SC_WAITS struct sc_reply *sc_list(struct sc_call *call, json_t *items,
				  const char *next_page_token);

/* Failed.  @fmt: what, on what, why, what to do; for a person.  The effect is
 * `none` for reads and for codes that mean that nothing was begun (invalid,
 * not found, unsupported, busy), otherwise unknown. */
struct sc_reply *sc_fail(struct sc_call *call, enum sc_code code,
			 const char *fmt, ...) SC_PRINTF(3, 4);

/* sc_fail() with everything an error can say; @fault is borrowed, what is zero
 * in it is left out. */
struct sc_fault {
	enum sc_code code;
	enum sc_effect effect;
	int retry_after_ms;
	const char *path;               /* JSON pointer of a bad argument */
	int cloud_status;               /* the cloud's HTTP status */
	const char *cloud_code, *cloud_request_id;
};
struct sc_reply *sc_fail_with(struct sc_call *call, const struct sc_fault *fault,
			      const char *fmt, ...) SC_PRINTF(3, 4);

/* Failed as sc_rest_call(), sc_http() or an earlier sc_fail() left it. */
struct sc_reply *sc_failed(struct sc_call *call);

/* The cloud works on.  The host keeps @handle (steals) and asks the method
 * op.poll with it, not before @poll_after_ms; any later process must be able
 * to answer, so it holds all that is needed and no secret. */
struct sc_reply *sc_pending(struct sc_call *call, json_t *handle,
			    int poll_after_ms);

/* ---- while it runs ------------------------------------------------------- */

/*
 * One item of a list, sent in chunks as the caller has room.  Steals @item, of
 * less than 190 KiB.  False: no more are wanted (the limit is reached, the
 * caller is gone, or the item was not sound).  Either way return
 * sc_list_end(), which knows how it went; @next_page_token as for sc_list().
 */
SC_WAITS bool sc_emit(struct sc_call *call, json_t *item);
SC_WAITS struct sc_reply *sc_list_end(struct sc_call *call,
				      const char *next_page_token);

/* How far it is: @done of @total (0: unknown).  Told at most ten times a
 * second, never going back; never waits.  @message may be NULL. */
void sc_progress(struct sc_call *call, long long done, long long total,
		 const char *message);

/* What the host must remember before anything else, such as the cloud's id
 * the moment it is known; op.reconcile is given the last one.  Steals @data,
 * which holds no secret. */
SC_WAITS void sc_checkpoint(struct sc_call *call, json_t *data);

/* False: it was cut short by a cancel or the deadline; end the request. */
SC_WAITS bool sc_sleep(struct sc_call *call, int ms);

/* Run @fn(arg) on a thread and wait for it, also beyond a cancel.  For what
 * blocks.  It must not touch a call, a json_t or any function of this header. */
SC_WAITS void sc_offload(void (*fn)(void *arg), void *arg);

/* A line of the log; @level is "debug", "info", "warn" or "error".  @call may
 * be NULL (in .start and .stop). */
void sc_log(struct sc_call *call, const char *level, const char *fmt, ...)
	SC_PRINTF(3, 4);

/* ---- methods ------------------------------------------------------------- */

struct sc_method {
	const char *name;                       /* a catalogue operation, op.poll,
						 * op.reconcile, or a vendor's
						 * "x.<vendor>.<kind>.<verb>" */
	struct sc_reply *(*run)(struct sc_call *call);
	const char *idempotency;                /* token tag natural none; NULL:
						 * by the catalogue */
	const char *cancel;                     /* safe late no; NULL: "late" */
};

/* ---- rows: cloud APIs over HTTP (guide: "Tables") ------------------------ */

/*
 * path   a.b        member b of member a
 *        a[]        every element of the array a
 *        a[k=v]     those whose member k is v; k may be deeper (b.c), several
 *                   are joined by |, and v may have holes:
 *                   "flavors[id|name={instance_type}]".  Of {x?} that is
 *                   missing every element.  v in quotes may be any text.
 *        a[k!=v]    those where it is not
 *        a[k=v][l=w] of those chosen those where this is so, too
 *        a[only]    the only element; in .items none or several is SC_INVALID
 *        *          every member, whatever its name; at the end of .items each
 *                   that is an object, with a member `~`, the name it has
 *        'x.y'      a name that holds dots or brackets
 *        a[]?       of .items: the array may be absent, which else is a fault
 *
 * hole   {x}        required, percent-encoded in a URL, a JSON value in a body
 *        {x?}       drops the query parameter, member or element that holds
 *                   it, and objects and arrays which that leaves empty
 *        {x/N} {x:N} the N-th part, from 0, of x split at '/' or ':'
 *        {x:base64} in base64 (RFC 4648)
 *        {x|y}      the first of several that is there; {x|=text}: else a text
 *                   (12 and true are a number and a boolean in a body)
 *        {+x}       not encoded (only for values made by the driver)
 *        {x[k]}     the member of x whose name is the text k
 *        {x[]}      in a body: the array of one element around it gets one
 *                   element for each of the list x;  {x[].y} is its member y:
 *                   "{'groups': [{'name': '{security_groups[]?}'}]}"
 *        {cred.x} {config.x} {session.x} {region} {op}
 *        {arg.x}    in a map, also in its selectors: an argument of the row,
 *                   where {x} is of the record
 *        All at once, in this order: {+x[].y|z?:base64|=text}.
 *
 * In a body the members of an object named '*' take its place, and of a list
 * named '|', alone in its object, the first element does that is not dropped
 * and lacks nothing:
 * "{'tags': {'*': '{tags?}', 'op': '{op?}'}}", "{'|': [{'id': '{id?}'}, 'any']}".
 *
 * null is missing, and in a URL so is the empty text.  A string of a body that
 * is one hole becomes the value with its type.  Lists are joined by commas in
 * URLs and text.  What would lead a URL elsewhere is refused.
 */

/* One field of a record: where it is in the cloud's answer. */
struct sc_map {
	const char *to;                         /* catalogue field; several, "id
						 * name size", without a `from`: the
						 * cloud calls them the same */
	const char *from;                       /* path, or text with {holes}; "": the
						 * record itself */
	const char *words;                      /* ours=theirs|theirs same ours=* ("Tables");
						 * -=theirs says nothing, the next
						 * row for `to` is asked */
	const struct sc_map *map;               /* nested record(s) */
	bool list;                              /* every match, not the first */
	const char *value;                      /* a constant string */
	const char *until;                      /* what begins with this is cut off */
};

/* How a cloud's failure becomes ours; the first row that fits wins. Text of
 * messages is never looked at. */
struct sc_error_row {
	int status;                             /* HTTP status, 0: any */
	const char *cloud_code;                 /* the cloud's code, NULL: any */
	enum sc_code code;
	/* NULL, or: the row fits only when this is so.  Where a cloud says the
	 * same of two things, it may ask the cloud which it is; what fails in it
	 * is forgotten. */
	SC_WAITS bool (*only_if)(struct sc_call *call);
};

struct sc_rest {
	const char *op;                         /* "instance.list" */
	const char *http;                       /* "GET /servers/{id}?x={x?}" */
	const char *body;                       /* JSON with ' for " and {holes} */
	const char *items;                      /* path of the record(s) */
	const struct sc_map *map;
	const char *next;                       /* path of next page: URL or token;
						 * a record picked out of an array
						 * is looked for on all pages */
	/* "rules group.get": rows to run after, in this order, on its id and
	 * its arguments, their own .then aside; the last one answers.  One for
	 * which no row's `when` holds is left out.  Should one that only reads
	 * fail, .map answers if nothing required is missing. */
	const char *then;
	const char *service;                    /* which struct sc_service */
	const struct sc_error_row *errors;      /* before the service's own */
	struct sc_reply *(*run)(struct sc_call *call); /* escape hatch */
	const char *idempotency, *cancel;       /* as in struct sc_method */
	/* Several rows may have one op: the first is run whose `when` holds for
	 * the arguments: "x" (given, not false), "!x", "x=word|word" (of a list:
	 * has one of them); of several, separated by spaces, all must. */
	const char *when;
	/* "flavor network": rows to run before, in this order; the record of
	 * each (of a list row: the array) becomes the argument of its name:
	 * {flavor.id}.  One for which no row's `when` holds is left out.  A
	 * look-up that finds nothing is SC_INVALID at the argument that its
	 * row's first hole names; by `id` it stays SC_NOT_FOUND. */
	const char *let;
	/* "group.delete": when a row of `then` that changes the cloud fails,
	 * this one takes back what was made. */
	const char *undo;
	/* Of lists and of what changes the cloud: "cluster.list": this row is
	 * run once for each record of that one, which is {over.id} …; a record
	 * gone meanwhile is passed over.  The list of another kind is whole, a
	 * row of the driver's own gets this one's arguments.  Of what changes
	 * the cloud also "arg.x": the elements of the argument x. */
	const char *over;
	/* Of lists: "a b": rows whose records follow, in this order; one for
	 * which no row's `when` holds, or that the cloud does not offer, is
	 * left out.  Lists with .over or .also are paged by the SDK alone. */
	const char *also;
	/* "status=running|pending" or "instance_id={instance_id}": a conflict
	 * or what is not found is success when this, as in `when`, holds for the
	 * record that the kind's `get` row then shows; that is the answer where
	 * there is one. */
	const char *already;
	/* "status=pending": while this holds for that record, a conflict is
	 * waited for, and the row is tried again. */
	const char *busy;
	/* Of creates: where the cloud's object, as the kind's `list` row finds
	 * it, holds {op}: "metadata.skyclust-op".  The SDK then answers
	 * op.reconcile for this operation by itself.  A text that contains the
	 * operation's id will do. */
	const char *mark;
	/* Of creates: the field that no two can share, "name": without a mark,
	 * op.reconcile says not_applied when there is none, else cannot_tell. */
	const char *unique;
	/* Arguments beside those in `when` and in holes that are understood,
	 * "a b", or some words of them, "type=router|nat" (of .run rows
	 * without a request: all; NULL there: not checked).  Another one that
	 * is given (not null, false or empty) to a row that changes the cloud
	 * is refused as SC_UNSUPPORTED, never dropped.  Of what is used member
	 * by member, {pool.size}, each member given must be. */
	const char *takes;
};

/* An endpoint and what all its rows share. */
struct sc_service {
	const char *name;                       /* NULL or "": the default one */
	const char *endpoint;                   /* "{session.compute}", "https://…" */
	const char *const *headers;             /* "Name: text {holes}", NULL ends */
	const struct sc_error_row *errors;
	const char *error_code;                 /* path of the cloud's code */
	const char *error_message;              /* path of its message */
	const char *request_id;                 /* name of a header, or NULL */
	/* For each row of it that reads an array and has no .next of its own
	 * ("": this array has no pages): */
	const char *page;                       /* query: "limit={limit?}&marker={page_token?}" */
	const char *next;                       /* path of the next page */
};

/*
 * Run row @op with @args (steals; NULL: the call's own).  The mapped value,
 * new; NULL after a failure, which sc_failed() passes on.  A list row gives an
 * array of all pages.
 *
 *	subnet = sc_rest_call(call, "subnet.get", json_pack("{s:s}", "id", id));
 */
SC_WAITS json_t *sc_rest_call(struct sc_call *call, const char *op, json_t *args);
/* The same answering the call itself: what a row without `run` does. */
SC_WAITS struct sc_reply *sc_rest_reply(struct sc_call *call, const char *op,
					json_t *args);
/* The call's arguments and, over them, what json_pack(@fmt, …) makes: a new
 * object.  An empty one when it makes nothing (a value was NULL). */
json_t *sc_args_with(struct sc_call *call, const char *fmt, ...);
/* The code of the failure that is pending in @call, 0: none; and forget it. */
int sc_fault_code(struct sc_call *call);
void sc_fault_clear(struct sc_call *call);

/* What row @op (steals @args, as above) answers as it is, for logins: @http is
 * an empty one but for want_header, and gets the answer.  Return as sc_http(). */
struct sc_http;
SC_WAITS bool sc_rest_http(struct sc_call *call, const char *op, json_t *args,
			   struct sc_http *http);

/* One HTTP exchange, for logins and what no row can say. */
struct sc_http {
	const char *method, *url;
	const char *const *headers;             /* "Name: value", NULL ends */
	json_t *json;                           /* the body, borrowed; or */
	const char *body;                       /* its text; both NULL: none */
	/* the answer */
	int status;
	json_t *answer;                         /* decoded JSON, new, or NULL */
	char *header;                           /* value of want_header, new */
	const char *want_header;
};
/* False after a failure to get any answer; a 4xx or 5xx is true. */
SC_WAITS bool sc_http(struct sc_call *call, struct sc_http *http);
void sc_http_done(struct sc_http *http);

/* May a connection be made to @address, which a name was resolved to?  Rows and
 * sc_http() look by themselves; what a driver connects in another way it must
 * ask about, each time (SDP-126).  False: SC_INVALID is pending. */
struct sockaddr;
bool sc_may_connect(struct sc_call *call, const struct sockaddr *address);

/* A fresh key (elliptic, P-256) and a request for its certificate (PKCS #10,
 * RFC 2986) with this common name and organization (NULL: none), both PEM.
 * False: there is no randomness. */
struct sc_client_key {
	char *key, *csr;
};
bool sc_client_key(struct sc_client_key *made, const char *cn, const char *o);
void sc_client_key_done(struct sc_client_key *made); /* wipes */

/* The text of a kubeconfig, new; all borrowed.  NULL: without a server, or
 * without a way to log in.  Certificates and keys are PEM, or its base64 as
 * some clouds give it. */
struct sc_kubeconfig {
	const char *cluster;                    /* its name, NULL: "cluster" */
	const char *server;                     /* "https://…" */
	const char *ca;                         /* NULL: one that all know */
	const char *certificate, *key;          /* both, or */
	const char *token;                      /* this, or */
	const char *const *exec;                /* a command, NULL ends */
};
json_t *sc_kubeconfig(const struct sc_kubeconfig *k);

/* Does one of the quotas that the driver's quota.list row tells have no room
 * for @want (steals), such as {"cores": 2, "instances": 1}?  For clouds whose
 * refusals do not say why (struct sc_error_row); false, too, when the cloud
 * does not tell. */
SC_WAITS bool sc_quota_is_full(struct sc_call *call, json_t *want);

/*
 * Costs, for clouds that know what was used and not what it costs.  Prices are
 * for an hour, of storage for a GiB and month of 730 hours:
 *   {"currency": "EUR", "instance_types": {"m1.small": "0.02"},
 *    "storage_gib_month": "0.10"}
 */
struct sc_costs {
	json_t *prices;         /* borrowed; NULL: the setting `prices` */
	const char *region;     /* told in answers; NULL: the call's, if any */
};
/* Answers cost.estimate; @type (steals) is a record of an instance type with
 * its price and currency.  @costs NULL: {NULL, NULL}. */
struct sc_reply *sc_cost_estimate(struct sc_call *call, json_t *type,
				  const struct sc_costs *costs);
/* Answers cost.billing and cost.trend; @uses (steals) is an array of what there
 * was: {"instance_type": name, "started_at": time, "ended_at": time or none},
 * of a volume "size_gib" in place of "instance_type". */
struct sc_reply *sc_cost_report(struct sc_call *call, json_t *uses,
				const struct sc_costs *costs);

/* What the cloud allows; told to the host, which spreads its calls by it. */
struct sc_rate_limit {
	const char *group;                      /* "compute" */
	double per_second;
};

/* For logins: is the region that the request or else the setting `region` wants
 * among @regions, an array of names; or is there just one when none is wanted?
 * False: sc_fail()ed, with those there are. */
bool sc_has_region(struct sc_call *call, const json_t *regions);

/* ---- sessions: logins, cached by credential digest ---------------------- */

/*
 * .login is called when a row needs {session.x} or a service header does, and
 * no session for this credential, region and settings is cached.  It returns
 * an object (new) whose members are the session's values, all of them treated
 * as secrets; `expires_at` (RFC 3339) says when it ends.  NULL: sc_fail()ed.
 * After a 401 the session is dropped and the row is tried once more.
 */
struct sc_driver {
	const char *name;                       /* [a-z][a-z0-9-]{0,31} */
	const char *version;                    /* "1.2.0" */
	const char *description;
	/* Fields of settings and credential: one JSON Schema text each, or
	 * NULL: none.  A text without a " may write ' for it.  Secret fields say
	 * 'writeOnly': true. */
	const char *config_schema, *credential_schema;
	/* Which environment variable the host reads for which field:
	 * {"OS_AUTH_URL", "auth_url"}, …, {NULL}. */
	const char *const (*env)[2];
	const struct sc_method *methods;        /* NULL name ends */
	const struct sc_rest *rest;             /* NULL op ends; may be many
						 * tables: rest_tables */
	const struct sc_rest *const *rest_tables; /* NULL ends */
	const struct sc_service *services;      /* last one has endpoint NULL */
	SC_WAITS json_t *(*login)(struct sc_call *call);
	/* Settings are sound?  NULL: the schema says it all.  On false fill
	 * in @why. */
	bool (*check_config)(json_t *config, char *why, size_t size);
	/* driver.health: is the cloud there for this credential? NULL: login */
	SC_WAITS struct sc_reply *(*health)(struct sc_call *call);
	/* Once after the settings were checked, and once before exit.  start may
	 * take up to a minute; false: it cannot work, @why says why. */
	bool (*start)(json_t *config, const char *state_dir, char *why, size_t size);
	void (*stop)(void);
	bool serial;                            /* one request at a time */
	int max_inflight;                       /* 0: 64 */
	/* Catalogue operations this cloud cannot do, with the reason, so that
	 * --check can tell them from forgotten ones: {"op or kind.*", why}. */
	const char *const (*unsupported)[2];
	const struct sc_rate_limit *rate_limits; /* NULL group ends */
	/* Hosts it must reach ("*.example.org"), NULL ends; NULL: any. */
	const char *const *egress;
	/* JSON object: kinds of its own (PROTOCOL.md, "Methods"):
	 * {"x.vendor.kind": {"title": …, "operations": {"verb": {…}}}}. */
	const char *kinds;
};

/* What main() returns.  @driver must live until then. */
int sc_main(int argc, char **argv, const struct sc_driver *driver);

#endif /* SKYCLUST_DRIVER_H */
