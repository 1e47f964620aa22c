/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log and its checkpoints (audit/).
 */
#include "nouns/tables.h"

extern const struct cat_kind noun_kind_audit_record, noun_kind_audit_checkpoint;

/* Rows are read as a table. */
/* clang-format off */

#define A_SINCE { "since", CAT_TIME, 0, "Only records from then on." }
#define A_UNTIL { "until", CAT_TIME, 0, "Only records from before then." }
#define A_WHERE                                                                \
	{ "workspace_id", CAT_STRING, 0, "Only what concerns this workspace.", \
	  .min = 1, .max = 64 }

/* ---- audit_record ------------------------------------------------------------ */

static const struct cat_record noun_record_audit_actor = {
	"audit_actor", "Who did it.",
	(const struct cat_field[]){
		{ "kind", CAT_STRING, REQ, "How he was known.",
		  .words = WORDS("nobody", "user", "token", "local", "host") },
		{ "id", CAT_STRING, REQ, "Identifier of the user; nobody, local, host." },
		{ "name", CAT_STRING, 0, "Name of the user." },
		{ "session", CAT_STRING, 0, "Identifier of the session." },
		{ "token", CAT_STRING, 0, "Identifier of the API token." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_driver = {
	"audit_driver", "The driver that did it.",
	(const struct cat_field[]){
		{ "name", CAT_STRING, REQ, "Name." },
		{ "version", CAT_STRING, 0, "Version." },
		{ "digest", CAT_STRING, 0, "SHA-256 of the program." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_record = {
	"audit_record", "One thing that happened.",
	(const struct cat_field[]){
		{ "id", CAT_STRING, REQ | FIXED, "Lane and number of the record: 0-123." },
		{ "hash", CAT_STRING, REQ | FIXED, "SHA-256 that the next record holds." },
		{ "at", CAT_TIME, FIXED, "When." },
		{ "action", CAT_STRING, REQ | FIXED, "What: instance.create, auth.login." },
		{ "outcome", CAT_STRING, REQ | FIXED, "allowed, denied, succeeded, failed." },
		{ "reason", CAT_STRING, FIXED, "Code of the error, when denied or failed." },
		{ "actor", CAT_OBJECT, FIXED, "Who.", .of = &noun_record_audit_actor },
		{ "workspace_id", CAT_STRING, FIXED, "Workspace it concerns." },
		{ "target", CAT_STRING, FIXED, "Identifier of what it was done to." },
		{ "provider", CAT_STRING, FIXED, "Provider." },
		{ "driver", CAT_OBJECT, FIXED, "Driver.", .of = &noun_record_audit_driver },
		{ "operation_id", CAT_STRING, FIXED, "Operation it belongs to." },
		{ "effect", CAT_STRING, FIXED, "none, partial, applied or unknown." },
		{ "request_id", CAT_STRING, FIXED, "X-Request-Id of the request." },
		{ "trace", CAT_STRING, FIXED, "Trace of the request (W3C)." },
		{ "source", CAT_STRING, FIXED, "Address it came from." },
		{ "peer", CAT_STRING, FIXED, "Subject of the client's TLS certificate." },
		{ "agent", CAT_STRING, FIXED, "User-Agent of the client." },
		{ "body", CAT_STRING, FIXED, "SHA-256 of what was asked." },
		{ "count", CAT_INT, FIXED, "How many alike it stands for." },
		{ "last_at", CAT_TIME, FIXED, "When the last of them was." },
		{ "last_request_id", CAT_STRING, FIXED, "X-Request-Id of the last of them." },
		{ "again", CAT_BOOL, FIXED, "It may be in the log twice." },
		{ "more", CAT_ANY, FIXED, "What else is worth keeping." },
		{ NULL },
	},
};

static const struct cat_field audit_filters[] = {
	A_WHERE,
	{ "actor", CAT_STRING, 0, "Identifier of who did it.", .min = 1, .max = 64 },
	{ "action", CAT_STRING, 0, "What was done.", .min = 1, .max = 160,
	  .example = "\"instance.create\"" },
	{ "outcome", CAT_STRING, 0, "What came of it.",
	  .words = WORDS("allowed", "denied", "succeeded", "failed") },
	{ "target", CAT_STRING, 0, "Identifier of what it was done to.", .min = 1, .max = 1024 },
	{ "provider", CAT_STRING, 0, "Provider.", .min = 1, .max = 64 },
	A_SINCE,
	A_UNTIL,
	{ NULL },
};

static const struct cat_field audit_stats_args[] = { A_WHERE, A_SINCE, A_UNTIL, { NULL } };

static const struct cat_field audit_export_args[] = {
	{ "format", CAT_STRING, 0, "JSON lines, as skyclust-audit-verify reads them, or CSV.",
	  .words = WORDS("jsonl", "csv") },
	A_WHERE,
	A_SINCE,
	A_UNTIL,
	{ NULL },
};

static const struct cat_record noun_record_audit_action_count = {
	"audit_action_count", "How often something came to an outcome.",
	(const struct cat_field[]){
		{ "action", CAT_STRING, REQ, "What." },
		{ "outcome", CAT_STRING, REQ, "Outcome." },
		{ "count", CAT_INT, REQ, "Records." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_day_count = {
	"audit_day_count", "How many records a day has.",
	(const struct cat_field[]){
		{ "day", CAT_DATE, REQ, "Day, in UTC." },
		{ "count", CAT_INT, REQ, "Records." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_lane = {
	"audit_lane", "One of the chains that the log is made of.",
	(const struct cat_field[]){
		{ "lane", CAT_INT, REQ, "Number." },
		{ "first", CAT_INT, REQ, "Its oldest record." },
		{ "last", CAT_INT, REQ, "Its newest record." },
		{ "hash", CAT_STRING, REQ, "SHA-256 of its newest record." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_stats = {
	"audit_stats", "Counts of the log, and its state.",
	(const struct cat_field[]){
		{ "since", CAT_TIME, REQ, "What was counted: records from then on." },
		{ "records", CAT_INT, REQ, "Records since then." },
		{ "actions", CAT_OBJECT, REQ | LIST, "By action and outcome.",
		  .of = &noun_record_audit_action_count },
		{ "days", CAT_OBJECT, REQ | LIST, "By day.", .of = &noun_record_audit_day_count },
		{ "kept", CAT_INT, 0, "All records; this and what follows for administrators." },
		{ "lanes", CAT_OBJECT, LIST, "The ends of the chains.",
		  .of = &noun_record_audit_lane },
		{ "waiting", CAT_INT, 0, "Records that are not written yet." },
		{ "lost", CAT_INT, 0, "Records for which there was no room." },
		{ "last_checkpoint", CAT_INT, 0, "Number of the newest checkpoint." },
		{ "agreed_at_start", CAT_BOOL, 0,
		  "Whether the log was where it was left when the host started." },
		{ "disagreement", CAT_STRING, 0, "What was not." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_fault = {
	"audit_fault", "Where the log was altered.",
	(const struct cat_field[]){
		{ "kind", CAT_STRING, REQ, "damaged, edited, replaced, deleted, repeated, "
		  "truncated, rolled back or forged." },
		{ "detail", CAT_STRING, REQ, "What is wrong." },
		{ "lane", CAT_INT, 0, "Lane." },
		{ "record", CAT_INT, 0, "Number of the record." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_verification = {
	"audit_verification", "Whether the log is what was written.",
	(const struct cat_field[]){
		{ "ok", CAT_BOOL, REQ, "No fault was found." },
		{ "records", CAT_INT, REQ, "Records that were read." },
		{ "lanes", CAT_INT, REQ, "Lanes." },
		{ "checkpoints", CAT_INT, REQ, "Signed checkpoints that were compared." },
		{ "faults", CAT_INT, REQ, "Faults that were found." },
		{ "first_fault", CAT_OBJECT, 0, "The first of them.",
		  .of = &noun_record_audit_fault },
		{ NULL },
	},
};

const struct cat_kind noun_kind_audit_record = {
	"audit_record", "audit", "Audit log", "Who did what, where, when, and what came of it.",
	&noun_record_audit_record,
	(const struct cat_op[]){
		NOUN_OP(audit_record, list, CAT_PAGED, "Search the log, newest first.",
			.args = audit_filters, .result = &noun_record_audit_record),
		NOUN_OP(audit_record, stats, CAT_ACTION, "Count the records of a week, or a time.",
			.args = audit_stats_args, .result = &noun_record_audit_stats),
		NOUN_OP(audit_record, export, CAT_ACTION,
			"Give all records, as JSON lines or CSV; a selection cannot be verified.",
			.args = audit_export_args),
		NOUN_OP(audit_record, verify, CAT_ACTION, "Verify the whole log as it is stored.",
			.result = &noun_record_audit_verification),
		{ NULL },
	},
};

/* ---- audit_checkpoint -------------------------------------------------------- */

static const struct cat_record noun_record_audit_checkpoint = {
	"audit_checkpoint", "The signed ends of the log at one moment.",
	(const struct cat_field[]){
		F_ID,
		{ "at", CAT_TIME, REQ | FIXED, "When it was signed." },
		{ "key_id", CAT_STRING, REQ | FIXED, "Key it is signed by." },
		{ "envelope", CAT_STRING, REQ | FIXED,
		  "What was signed and the signature, as skyclust-audit-verify reads it." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_public_key = {
	"audit_public_key", "A key that checkpoints are signed by.",
	(const struct cat_field[]){
		F_ID,
		{ "algorithm", CAT_STRING, REQ, "Ed25519." },
		{ "public_key", CAT_STRING, REQ, "PEM." },
		{ "active", CAT_BOOL, REQ, "Whether new checkpoints are signed by it." },
		{ NULL },
	},
};

static const struct cat_record noun_record_audit_public_keys = {
	"audit_public_keys", "The keys that checkpoints are signed by.",
	(const struct cat_field[]){
		{ "keys", CAT_OBJECT, REQ | LIST, "Oldest first.",
		  .of = &noun_record_audit_public_key },
		{ NULL },
	},
};

const struct cat_kind noun_kind_audit_checkpoint = {
	"audit_checkpoint", "checkpoints", "Audit checkpoint",
	"Signed ends of the audit log, to be kept elsewhere.",
	&noun_record_audit_checkpoint,
	(const struct cat_op[]){
		NOUN_LIST(audit_checkpoint, NULL),
		NOUN_OP(audit_checkpoint, create, CAT_MUTATES, "Sign one now.",
			.result = &noun_record_audit_checkpoint),
		NOUN_OP(audit_checkpoint, key, CAT_ACTION, "Get the public keys.",
			.result = &noun_record_audit_public_keys),
		{ NULL },
	},
};

static const char *const of_the_system[] = { "verify", NULL };

const struct noun nouns_audit[] = {
	{ &noun_kind_audit_record, "/api/v1/audit", ACCESS_NAMED, .system = of_the_system },
	{ &noun_kind_audit_checkpoint, "/api/v1/audit/checkpoints", ACCESS_SYSTEM },
	{ NULL },
};
