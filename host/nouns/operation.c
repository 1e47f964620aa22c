/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: every mutation of a cloud (operation/).
 */
#include "nouns/tables.h"

extern const struct cat_kind noun_kind_operation;

/* Rows are read as a table. */
/* clang-format off */

static const struct cat_record operation_progress = {
	"operation_progress", "How far an operation has come, as its driver told it.",
	(const struct cat_field[]){
		{ "done", CAT_INT, 0, "What is done." },
		{ "total", CAT_INT, 0, "Of how much." },
		{ "message", CAT_STRING, 0, "In words." },
		{ NULL },
	},
};

static const struct cat_record operation_cloud = {
	"operation_cloud", "What the cloud itself said of a failure.",
	(const struct cat_field[]){
		{ "http", CAT_INT, 0, "HTTP status of the cloud's answer." },
		{ "code", CAT_STRING, 0, "The cloud's own code." },
		{ "request_id", CAT_STRING, 0, "The cloud's own identifier of the request." },
		{ NULL },
	},
};

static const struct cat_record operation_error = {
	"operation_error", "Why an operation did not succeed, as in a problem document.",
	(const struct cat_field[]){
		{ "code", CAT_STRING, REQ, "The code of a problem document." },
		{ "detail", CAT_STRING, REQ, "What went wrong, on what, and why." },
		{ "effect", CAT_STRING, REQ, "What was done to the cloud all the same.",
		  .words = WORDS("none", "partial", "applied", "unknown") },
		{ "retryable", CAT_BOOL, REQ, "Whether the same may succeed another time." },
		{ "retry_after_ms", CAT_INT, 0, "Not before this time has passed.",
		  "milliseconds" },
		{ "pointer", CAT_STRING, 0, "JSON pointer to the argument that is wrong." },
		{ "cloud", CAT_OBJECT, 0, "What the cloud itself said.", .of = &operation_cloud },
		{ NULL },
	},
};

#define STATES WORDS("running", "succeeded", "failed", "cancelled", "needs_attention")

static const struct cat_record noun_record_operation = {
	"operation", "A change of a cloud: asked for once, done once.",
	(const struct cat_field[]){
		F_ID,
		{ "workspace_id", CAT_STRING, FIXED, "Workspace it is of; null: the system." },
		{ "user_id", CAT_STRING, REQ | FIXED, "Who asked for it." },
		{ "credential_id", CAT_STRING, FIXED,
		  "Credential it uses; null: the provider's own." },
		{ "provider", CAT_STRING, REQ | FIXED, "Provider." },
		{ "method", CAT_STRING, REQ | FIXED, "What is done.",
		  .example = "\"instance.create\"" },
		{ "region", CAT_STRING, FIXED, "Region that was asked for." },
		{ "zone", CAT_STRING, FIXED, "Zone that was asked for." },
		{ "state", CAT_STRING, REQ,
		  "needs_attention: nobody can tell what became of it; look at the cloud.",
		  .words = STATES },
		{ "effect", CAT_STRING, 0, "What was done to the cloud; null while it is running.",
		  .words = WORDS("none", "partial", "applied", "unknown") },
		{ "progress", CAT_OBJECT, 0, "How far it has come.", .of = &operation_progress },
		{ "resource_id", CAT_STRING, 0, "The resource that was made or changed." },
		{ "error", CAT_OBJECT, 0, "Why it did not succeed.", .of = &operation_error },
		{ "result", CAT_ANY, 0,
		  "What the answer was, without its secrets; only of one operation." },
		{ "cancel_requested", CAT_BOOL, REQ, "Whether somebody asked to cancel it." },
		F_CREATED,
		F_UPDATED,
		{ "finished_at", CAT_TIME, 0, "Time of its end." },
		F_VERSION,
		{ NULL },
	},
};

static const struct cat_field operation_where[] = {
	{ "workspace_id", CAT_STRING, 0, "Only those of this workspace.", .min = 1, .max = 64 },
	{ "provider", CAT_STRING, FILTER, "Only those of this provider.", .min = 1, .max = 64 },
	{ "method", CAT_STRING, FILTER, "Only this method.", .min = 1, .max = 200,
	  .example = "\"instance.create\"" },
	{ "state", CAT_STRING, FILTER, "Only those in this state.", .words = STATES },
	{ NULL },
};

const struct cat_kind noun_kind_operation = {
	"operation", "operations", "Operation",
	"Changes of clouds: each is kept, goes on without its client, and is done exactly once.",
	&noun_record_operation,
	(const struct cat_op[]){
		NOUN_OP(operation, list, CAT_PAGED, "List them, the newest first.",
			.args = operation_where, .result = &noun_record_operation),
		NOUN_OP(operation, get, CAT_BY_ID, "Get one, with its result.",
			.result = &noun_record_operation),
		NOUN_OP(operation, cancel, ACTS,
			"Ask its driver to stop; it ends as cancelled, or as it would have.",
			.result = &noun_record_operation),
		{ NULL },
	},
};

/* clang-format on */

static const char *const by_itself[] = { "get", "cancel", NULL };

const struct noun nouns_operation[] = {
	{ &noun_kind_operation, "/api/v1/operations", ACCESS_NAMED,
	  .self = by_itself },
	{ NULL },
};
