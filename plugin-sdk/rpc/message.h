/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: the JSON-RPC 2.0 envelope of a frame, as slices, and the frames
 * that both sides send.  See PROTOCOL.md.
 */
#ifndef SKYCLUST_RPC_MESSAGE_H
#define SKYCLUST_RPC_MESSAGE_H

#include "base/buf.h"
#include "base/error.h"

enum msg_type { MSG_REQUEST, MSG_NOTIFICATION, MSG_RESULT, MSG_ERROR };

/* A member of params or of the result: one pass over the frame finds these
 * too, so nobody has to scan a long list twice. */
struct message_field {
	struct slice name;      /* raw, as in scan_member() */
	struct slice raw;       /* its value */
	size_t items;           /* of an array: how many, else 0 */
};

#define MESSAGE_FIELDS 8

struct message {
	enum msg_type type;
	struct slice id;        /* inside of the string, "" if none */
	struct slice method;
	struct slice params;    /* raw JSON object, or empty */
	struct slice result;    /* raw JSON */
	struct slice error;     /* raw JSON object */
	/* For message_field(). */
	unsigned fields;
	struct message_field field[MESSAGE_FIELDS];
};

/* Read the envelope; the whole frame is validated.  ERR_INVALID otherwise,
 * with @m->id set when the frame is JSON and only its envelope is wrong, so
 * that the call it was meant for can be ended; else @m->id is empty. */
bool message_parse(struct slice frame, struct message *m, struct error *err);

/* The member @name of the params or of the result; false when it has none. */
bool message_field(const struct message *m, const char *name,
		   struct message_field *field);

/* The same, of one type: false when it is absent or of another type. */
bool message_string(const struct message *m, const char *name,
		    struct slice *inside);
bool message_int(const struct message *m, const char *name, long long *value);

/* The `error` member @raw into @err (code, message, data).  Garbage gives
 * ERR_DRIVER_BAD_ANSWER. */
void message_error(struct slice raw, struct error *err);

/* Append @err as the raw JSON object that is the `error` member of an answer.
 * What only the host says has no number of its own and goes as -31099. */
void message_write_error(const struct error *err, struct buf *out);

/* Ids are "generation.sequence". False when @id is not of that form. */
bool message_id_parse(struct slice id, uint64_t *generation,
		      uint64_t *sequence);

#endif
