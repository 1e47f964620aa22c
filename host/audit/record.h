/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record of the audit log says, as the JSON text that is hashed and the
 * columns that repeat parts of it for searching.  Private to host/audit.
 *
 *	{"at":…, "action":…, "outcome":…, "reason":…,
 *	 "actor":{"kind", "id", "name", "session", "token"},
 *	 "workspace", "target", "provider",
 *	 "driver":{"name", "version", "digest"}, "operation", "effect",
 *	 "request_id", "trace", "source", "peer", "agent", "body",
 *	 "count", "last_at", "last_request_id", "again", "more"}
 *
 * in this order; what is not known is left out.  All of it is valid UTF-8,
 * whatever a client sent.
 */
#ifndef SKYCLUST_HOST_AUDIT_RECORD_H
#define SKYCLUST_HOST_AUDIT_RECORD_H

#include "audit/audit.h"

#define RECORD_TEXT 1024 /* bytes of one text; the rest is cut off */
#define RECORD_BODY 65	 /* hex of SHA-256 */

struct record {
	const struct audit_event *event;
	int64_t at;	  /* wall clock */
	const char *body; /* digest as hex, or NULL: that of event->body */
	/* Of several that are one (notes.h). */
	long long count; /* 1: it is one */
	int64_t last_at;
	const char *last_request_id;
	bool again; /* it may be in the log already: the answer to the
		     * first commit got lost */
};

/* The digest of event->body as hex; false: there is none. */
bool record_body(const struct audit_event *event, char hex[RECORD_BODY]);

/* The workspace and the actor that a record of @event is filed under. */
const char *record_workspace(const struct audit_event *event); /* "": none */
const char *record_actor(const struct audit_event *event);     /* "usr_…" */

/* Append the JSON text. */
void record_write(const struct record *r, struct buf *out);

/* Add it to @tx. */
void record_put(const struct record *r, struct tx *tx);

/* The columns of a row of `audit`, as they must be by its text; borrowed from
 * @root, the text's tree. */
struct record_columns {
	int64_t at;
	const char *workspace, *actor, *action, *outcome;
	const char *target, *provider; /* or NULL */
};
void record_columns_of(const json_t *root, struct record_columns *columns);

#endif
