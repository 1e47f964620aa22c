/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The run time of a driver: what sc_main() keeps while the program lives, and
 * what it keeps for each request.  Frames come in (serve.c), a request is read
 * (params.c) and runs in a fiber (dispatch.c), the handler ends it with one of
 * the functions of reply.c and stream.c, and one answer leaves.
 */
#ifndef SKYCLUST_DRIVER_RUNTIME_H
#define SKYCLUST_DRIVER_RUNTIME_H

#include "base/buf.h"
#include "base/fiber.h"
#include "base/list.h"
#include "base/loop.h"
#include "catalog/catalog.h"
#include "cloud/call.h"
#include "rpc/message.h"

#define SDP_VERSION "1.0"
#define REQUEST_ID_MAX 64
#define INFLIGHT_DEFAULT 64
#define CHUNK_MAX (256 * 1024) /* a `$/chunk` frame (SDP-062) */
#define CHUNK_AIM (64 * 1024)  /* a chunk is sent when it has grown to this */

struct runtime;

/* ---- methods ---------------------------------------------------------- */

/* One method that the driver answers, from whichever table it comes. */
struct handler {
	const char *name;
	struct sc_reply *(*run)(struct sc_call *call); /* NULL: rest row */
	const struct cat_op *op; /* NULL: lifecycle or vendor operation */
	const char *idempotency; /* never NULL for a mutation */
	const char *cancel;	 /* never NULL for a mutation */
	json_t *args_schema;	 /* of a vendor operation; or NULL */
	bool is_rest;		 /* a row of a REST table */
	bool is_found_again;	 /* with a mark or a unique field */
	bool mutates;
	bool paged;  /* a list */
	bool hidden; /* lifecycle: not an operation */
};

struct handlers {
	struct handler *rows; /* sorted by name */
	size_t n;
	json_t *kinds; /* the driver's own, an object */
};

/* Gather the rows of all tables of @driver and the lifecycle methods.  Of
 * several with one name the first counts; rows then choose among themselves. */
void handlers_init(struct handlers *h, const struct sc_driver *driver);
void handlers_done(struct handlers *h);
const struct handler *handlers_find(const struct handlers *h, const char *name);

/* Call @fn for each row of the driver's own tables, in table order. */
void handlers_each(const struct sc_driver *driver,
		   void (*fn)(const struct handler *row, void *arg), void *arg);

/* The lifecycle methods (lifecycle.c); the array ends with a NULL name. */
extern const struct sc_method lifecycle_methods[];

/* ---- the process ------------------------------------------------------ */

enum runtime_state {
	RUNTIME_FRESH,	  /* waits for initialize */
	RUNTIME_STARTING, /* initialize is being answered */
	RUNTIME_READY,
	RUNTIME_STOPPING, /* shutdown was asked: nothing new */
};

struct runtime {
	const struct sc_driver *driver;
	struct handlers handlers;
	enum runtime_state state;
	bool started;	  /* so it has to be stopped */
	json_t *config;	  /* the provider's settings, an object */
	char *state_dir;  /* or NULL */
	struct list open; /* struct request.link */
	unsigned inflight, max_inflight;
	size_t max_frame;
	struct cond turn; /* serial drivers: the next may run */
	bool turn_taken;
	void (*on_idle)(struct runtime *rt);   /* the last open request ended */
	void (*on_limits)(struct runtime *rt); /* max_frame was agreed on */

	/* Where frames go: the host's pipe, or a terminal for --call.  All or
	 * nothing; false when there is no room or nobody reads. */
	bool (*send)(struct runtime *rt, const struct slice *parts, size_t n);
	WAITS bool (*send_wait)(struct runtime *rt, const struct slice *parts,
				size_t n);
};

void runtime_init(struct runtime *rt, const struct sc_driver *driver);
void runtime_done(struct runtime *rt);

/* ---- one request ------------------------------------------------------ */

/* A list on its way (stream.c). */
struct stream {
	bool chunked;		/* the host gave credit */
	unsigned credit;	/* chunks that may still be sent */
	uint64_t chunks, items; /* sent, and emitted */
	int64_t flushed_at;	/* clock_ms */
	struct buf buf;		/* items not yet sent, separated by commas */
	size_t buffered;	/* their number */
	json_t *filters;	/* what items must equal, or NULL */
	json_t *fields;		/* borrowed of args: fields wanted, or NULL */
	uint64_t skip, limit;	/* paging by the SDK; limit 0: none */
	uint64_t seen;		/* items that passed the filters */
	bool own_token;		/* the page token was the driver's */
	bool more;		/* the limit cut the list */
	bool failed;		/* cannot be whole any more */
};

/* Progress not yet told (progress.c). */
struct progress {
	bool wanted, pending;
	long long done, total;
	char message[200];
	int64_t told_at; /* clock_ms, 0: never */
	struct timer timer;
};

/* What a handler returns.  A request has one for each way to end; the one that
 * is returned counts, so a failed login inside of a handler that goes on is
 * not yet the end. */
struct sc_reply {
	struct sc_call *call;
};

struct request {
	struct sc_call call;
	struct runtime *rt;
	struct list link;
	const struct handler *handler;
	struct fiber *fiber; /* NULL until it runs */
	struct timer timer;  /* the deadline */
	bool cancelled;	     /* by the host, or because the host is gone */
	bool timed_out;
	struct sc_reply done, failed;
	const struct sc_reply *outcome; /* one of these two, once it is back */
	struct buf result;		/* raw, with `done` */
	struct stream stream;
	struct progress progress;
	char id[REQUEST_ID_MAX]; /* inside of a JSON string, as it came */
};

/* The request of @call: they are one object. */
struct request *request_of(struct sc_call *call);

/* Read the params of @m into @rq; ERR_INVALID with the pointer of what is
 * wrong.  Nothing of the frame is referred to afterwards. */
bool params_read(struct request *rq, const struct message *m,
		 struct error *err);

/* Take a request of the host: runs it, or answers why not. */
void dispatch(struct runtime *rt, const struct message *m);
/* `$/cancel` and `$/credit`; an unknown id is nobody's any more. */
void dispatch_cancel(struct runtime *rt, struct slice id);
void dispatch_credit(struct runtime *rt, struct slice id, unsigned n);
/* The host is gone: every open request is cancelled. */
void dispatch_cancel_all(struct runtime *rt);

/* JSON-RPC 2.0, section 5.1. */
enum { RPC_INVALID_REQUEST = -32600, RPC_NO_METHOD = -32601 };

/* Answer by the row that stands for the request's method (rows.c). */
WAITS struct sc_reply *rows_answer(struct sc_call *call);

/* op.reconcile of a driver whose rows say how their work is found again, and
 * which has none of its own (reconcile.c). */
WAITS struct sc_reply *reconcile(struct sc_call *call);

/* ---- answers ---------------------------------------------------------- */

/* End with @err, kept in call.fault. */
struct sc_reply *reply_fault(struct request *rq, const struct error *err);
/* End with the raw result object @json (copied). */
struct sc_reply *reply_result(struct request *rq, struct slice json);

/* Append @record as JSON, with the provider's name as its first member where
 * the catalogue has one and the driver did not give it. */
void reply_write_record(const struct request *rq, const json_t *record,
			struct buf *out);
/* A defect of the driver's own: logged, answered as internal. */
struct sc_reply *reply_defect(struct request *rq, const char *what);

/* Take what the handler returned as the outcome; NULL is a defect. */
void reply_settle(struct request *rq, const struct sc_reply *reply);
/* @text, or what is said in its stead when it holds a secret of @call. */
const char *withhold(struct sc_call *call, const char *text);
/* Send the outcome. */
WAITS void reply_send(struct request *rq);
/* Answer a request that never ran: by one of JSON-RPC's own numbers, or by
 * @err.  @id "" answers to nobody (`"id": null`). */
void reply_refuse(struct runtime *rt, struct slice id, int rpc_code,
		  const char *message);
void reply_error(struct runtime *rt, struct slice id, const struct error *err);

/* Prepare for a list: paging, filters; called before the handler runs.
 * ERR_INVALID for a page token that nobody gave out. */
bool stream_begin(struct request *rq, struct error *err);
void stream_done(struct stream *st);
void stream_add_credit(struct request *rq, unsigned n);

void progress_stop(struct progress *p);

/* ---- handshake -------------------------------------------------------- */

/* The handler of `initialize`; runs in a fiber as any request does. */
struct sc_reply *hello(struct sc_call *call);
/* The answer of `initialize` as the tables say it; new. */
json_t *hello_object(const struct runtime *rt);

/* Check @config against the driver's schema and its own check. */
bool config_check(const struct sc_driver *driver, json_t *config,
		  struct error *err);

#endif
