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

struct message {
	enum msg_type type;
	struct slice id;        /* inside of the string, "" if none */
	struct slice method;
	struct slice params;    /* raw JSON object, or empty */
	struct slice result;    /* raw JSON */
	struct slice error;     /* raw JSON object */
};

/* Read the envelope; the whole frame is validated.  ERR_INVALID otherwise. */
bool message_parse(struct slice frame, struct message *m, struct error *err);

/* The `error` member into @err (code, message, data). Garbage gives
 * ERR_DRIVER_BAD_ANSWER. */
void message_error(struct slice raw, struct error *err);

/* The raw JSON object of @err as the `error` member of an answer. */
void message_write_error(const struct error *err, struct buf *out);

/* Ids are "generation.sequence". False when @id is not of that form. */
bool message_id_parse(struct slice id, uint64_t *generation,
		      uint64_t *sequence);

#endif
