/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the table files of this folder write their rows.  Private to it.
 */
#ifndef SKYCLUST_HOST_NOUNS_TABLES_H
#define SKYCLUST_HOST_NOUNS_TABLES_H

#include "nouns/nouns.h"

/* clang-format off */

/* NOUN_OP(workspace, create, CAT_MUTATES, "Help.", .args = …, .result = …) */
#define NOUN_OP(k, v, op_flags, op_help, ...)                                  \
	{ .name = #k "." #v, .verb = #v, .flags = (op_flags) | CAT_LOCAL,       \
	  .help = op_help, .kind = &noun_kind_##k, ##__VA_ARGS__ }
#define NOUN_LIST(k, filters)                                                  \
	NOUN_OP(k, list, CAT_PAGED, "List them.", .args = filters,             \
		.result = &noun_record_##k)

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define REQ CAT_REQUIRED
#define FIXED CAT_IMMUTABLE
#define LIST CAT_LIST
#define FILTER CAT_FILTER

#define CHANGES (CAT_MUTATES | CAT_BY_ID)
#define ACTS (CAT_MUTATES | CAT_BY_ID | CAT_ACTION)
#define DELETES (CAT_MUTATES | CAT_BY_ID | CAT_NATURAL | CAT_DESTROYS)

#define F_ID { "id", CAT_STRING, REQ | FIXED, "Identifier." }
/* What If-Match must say to change it (the ETag of an answer). */
#define F_VERSION                                                              \
	{ "version", CAT_INT, REQ | FIXED, "Raised by each change; the ETag." }
#define F_CREATED { "created_at", CAT_TIME, REQ | FIXED, "Time of creation." }
#define F_UPDATED { "updated_at", CAT_TIME, REQ | FIXED, "Time of the last change." }
#define A_WORKSPACE                                                            \
	{ "workspace_id", CAT_STRING, REQ, "Workspace.", .min = 1, .max = 64 }

/* clang-format on */

#endif
