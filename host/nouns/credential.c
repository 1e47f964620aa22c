/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tenants' cloud accounts (credential/), and the keys they are sealed with.
 */
#include "nouns/tables.h"

extern const struct cat_kind noun_kind_credential, noun_kind_wrap_key;

/* Rows are read as a table. */
/* clang-format off */

/* ---- credential -------------------------------------------------------------- */

static const struct cat_record noun_record_credential = {
	"credential", "An account at a cloud, with which a workspace's requests are made.",
	(const struct cat_field[]){
		F_ID,
		{ "workspace_id", CAT_STRING, REQ | FIXED, "Workspace." },
		{ "provider", CAT_STRING, REQ | FIXED, "Provider it is for." },
		{ "name", CAT_STRING, REQ, "Name given by a member." },
		{ "fields", CAT_ANY, REQ,
		  "What the provider's driver calls a credential; secrets are \"***\".",
		  .example = "{\"username\":\"demo\",\"password\":\"***\"}" },
		{ "is_default", CAT_BOOL, REQ,
		  "Whether requests of the workspace without credential_id use it." },
		{ "state", CAT_STRING, REQ | FIXED,
		  "What is known of it; expiring: it is valid, but not much longer.",
		  .words = WORDS("unverified", "valid", "invalid", "expiring", "expired") },
		{ "last_error", CAT_STRING, FIXED, "What the cloud said when it last refused it." },
		{ "expires_at", CAT_TIME, 0, "When it ends; null: unknown, or never." },
		{ "expires_in_days", CAT_INT, FIXED, "Whole days until then; negative: it is over.",
		  "days" },
		{ "verified_at", CAT_TIME, FIXED, "When the cloud was last asked." },
		{ "created_by", CAT_STRING, REQ | FIXED, "User who made it." },
		F_VERSION,
		F_CREATED,
		F_UPDATED,
		{ NULL },
	},
};

#define FIELDS                                                                 \
	{ "fields", CAT_ANY, CAT_SECRET,                                        \
	  "An object: what the provider's credential schema asks for.", \
	  .example = "{\"username\":\"demo\",\"password\":\"secret\"}" }
#define KEY_FILE                                                               \
	{ "key_file", CAT_STRING, CAT_SECRET,                                   \
	  "Text of the cloud's own key file, from which fields are taken.", .min = 1, \
	  .max = 65536 }
#define IS_DEFAULT                                                             \
	{ "is_default", CAT_BOOL, 0, "Make it the one that requests use without credential_id." }
#define EXPIRES                                                                \
	{ "expires_at", CAT_TIME, CAT_NULLABLE, "When it ends, where the fields do not say so." }

static const struct cat_field credential_where[] = { A_WORKSPACE, { NULL } };

static const struct cat_field credential_list[] = {
	A_WORKSPACE,
	{ "provider", CAT_STRING, FILTER, "Only those for this provider." },
	{ NULL },
};

static const struct cat_field credential_create[] = {
	A_WORKSPACE,
	{ "provider", CAT_STRING, REQ, "Provider it is for.", .min = 1, .max = 32,
	  .example = "\"openstack\"" },
	{ "name", CAT_STRING, REQ, "Name; the provider's others have other ones.", .min = 1,
	  .max = 128, .example = "\"main\"" },
	FIELDS,
	KEY_FILE,
	IS_DEFAULT,
	EXPIRES,
	{ NULL },
};

static const struct cat_field credential_update[] = {
	A_WORKSPACE,
	{ "name", CAT_STRING, 0, "New name.", .min = 1, .max = 128 },
	FIELDS,
	KEY_FILE,
	IS_DEFAULT,
	EXPIRES,
	{ NULL },
};

const struct cat_kind noun_kind_credential = {
	"credential", "credentials", "Credential", "Cloud accounts of a workspace.",
	&noun_record_credential,
	(const struct cat_op[]){
		NOUN_LIST(credential, credential_list),
		NOUN_OP(credential, get, CAT_BY_ID, "Get one; secrets are never shown.",
			.args = credential_where, .result = &noun_record_credential),
		NOUN_OP(credential, create, CAT_MUTATES,
			"Add one; a provider's first is its default.",
			.args = credential_create, .result = &noun_record_credential),
		NOUN_OP(credential, update, CHANGES,
			"Change it; given fields replace those of the same name, null removes one.",
			.args = credential_update, .result = &noun_record_credential),
		NOUN_OP(credential, delete, DELETES,
			"Forget it; refused while operations under way use it.",
			.args = credential_where),
		NOUN_OP(credential, verify, ACTS, "Ask the cloud whether it is good.",
			.args = credential_where, .result = &noun_record_credential),
		{ NULL },
	},
};

/* ---- wrap_key ------------------------------------------------------------------ */

static const struct cat_record noun_record_wrap_key = {
	"wrap_key", "A key that the keys of all stored secrets are wrapped with.",
	(const struct cat_field[]){
		F_ID,
		{ "version", CAT_INT, REQ | FIXED, "Counts from 1." },
		{ "state", CAT_STRING, REQ | FIXED, "active: what is new is wrapped with it.",
		  .words = WORDS("active", "old") },
		{ "secrets", CAT_INT, REQ | FIXED, "Stored secrets that need it." },
		F_CREATED,
		{ NULL },
	},
};

const struct cat_kind noun_kind_wrap_key = {
	"wrap_key", "wrap-keys", "Wrap key", "Keys that stored secrets are wrapped with.",
	&noun_record_wrap_key,
	(const struct cat_op[]){
		NOUN_LIST(wrap_key, NULL),
		NOUN_OP(wrap_key, rotate, CAT_MUTATES | CAT_ACTION,
			"Make a new one; stored secrets are wrapped anew meanwhile.",
			.result = &noun_record_wrap_key),
		NOUN_OP(wrap_key, delete, DELETES,
			"Forget an old one that no secret needs any more."),
		{ NULL },
	},
};

/* ---- all of them --------------------------------------------------------------- */

const struct noun nouns_credential[] = {
	{ &noun_kind_credential, "/api/v1/workspaces/{workspace_id}/credentials",
	  ACCESS_WORKSPACE },
	{ &noun_kind_wrap_key, "/api/v1/system/wrap-keys", ACCESS_SYSTEM },
	{ NULL },
};
/* clang-format on */
