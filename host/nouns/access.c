/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles, and the question who may do what (access/).
 */
#include "nouns/tables.h"

extern const struct cat_kind noun_kind_skyclust_role, noun_kind_access;

/* Rows are read as a table. */
/* clang-format off */

/* ---- skyclust_role --------------------------------------------------------- */

#define ROLE_WORKSPACE                                                         \
	{ "workspace_id", CAT_STRING, 0,                                        \
	  "Workspace the role is of; without it the roles of the system.", .min = 1, .max = 64 }
#define ROLE_PERMISSIONS(flags)                                                \
	{ "permissions", CAT_STRING, (flags) | LIST,                            \
	  "Permissions: KIND:VERB, KIND:*, *:list, *:get or *.", .min = 1, .max = 160, \
	  .example = "[\"instance:*\",\"*:list\"]" }
#define ROLE_DESCRIPTION                                                       \
	{ "description", CAT_STRING, 0, "Free text for people.", .min = 0, .max = 1024 }

static const struct cat_record noun_record_skyclust_role = {
	"skyclust_role", "A set of permissions that users or members can have.",
	(const struct cat_field[]){
		{ "id", CAT_STRING, REQ | FIXED, "Identifier; of a built-in role its name." },
		{ "name", CAT_STRING, REQ | FIXED, "Name, by which it is given." },
		ROLE_DESCRIPTION,
		{ "permissions", CAT_STRING, REQ | LIST,
		  "What it holds; of a built-in role without the vendor kinds'." },
		{ "is_builtin", CAT_BOOL, REQ | FIXED, "Whether it cannot be changed." },
		{ "workspace_id", CAT_STRING, FIXED, "Workspace it is of; null: the system." },
		F_VERSION,
		{ "created_at", CAT_TIME, FIXED, "Time of creation." },
		{ "updated_at", CAT_TIME, FIXED, "Time of the last change." },
		{ NULL },
	},
};

static const struct cat_field role_where[] = { ROLE_WORKSPACE, { NULL } };

static const struct cat_field role_create[] = {
	{ "name", CAT_STRING, REQ, "Name: a lower-case letter, then those, digits, - and _.",
	  .min = 1, .max = 64, .example = "\"deployer\"" },
	ROLE_PERMISSIONS(REQ),
	ROLE_DESCRIPTION,
	ROLE_WORKSPACE,
	{ NULL },
};

static const struct cat_field role_update[] = {
	ROLE_PERMISSIONS(0),
	ROLE_DESCRIPTION,
	ROLE_WORKSPACE,
	{ NULL },
};

const struct cat_kind noun_kind_skyclust_role = {
	"skyclust_role", "roles", "Role",
	"Sets of permissions: the built-in ones, and custom ones of the system or a workspace.",
	&noun_record_skyclust_role,
	(const struct cat_op[]){
		NOUN_LIST(skyclust_role, role_where),
		NOUN_OP(skyclust_role, get, CAT_BY_ID, "Get one.", .args = role_where,
			.result = &noun_record_skyclust_role),
		NOUN_OP(skyclust_role, create, CAT_MUTATES,
			"Make a role that holds no more than yours.", .args = role_create,
			.result = &noun_record_skyclust_role),
		NOUN_OP(skyclust_role, update, CHANGES, "Change what it holds.",
			.args = role_update, .result = &noun_record_skyclust_role),
		NOUN_OP(skyclust_role, delete, DELETES, "Delete it, unless somebody has it.",
			.args = role_where),
		{ NULL },
	},
};

/* ---- access ------------------------------------------------------------------ */

#define WHOSE                                                                  \
	{ "user_id", CAT_STRING, 0, "User it is about; you without it.", .min = 1, .max = 64 }
#define WHERE                                                                  \
	{ "workspace_id", CAT_STRING, 0, "Workspace; the system without it.", .min = 1, .max = 64 }

static const struct cat_record noun_record_access_check = {
	"access_check", "Whether somebody may do something.",
	(const struct cat_field[]){
		{ "permission", CAT_STRING, REQ, "What was asked about." },
		{ "user_id", CAT_STRING, REQ, "Whose." },
		{ "workspace_id", CAT_STRING, 0, "Workspace; null: the system." },
		{ "allowed", CAT_BOOL, REQ, "Whether he may." },
		{ NULL },
	},
};

static const struct cat_record noun_record_access_permissions = {
	"access_permissions", "What somebody may do, by all his roles and the token used.",
	(const struct cat_field[]){
		{ "user_id", CAT_STRING, REQ, "Whose." },
		{ "workspace_id", CAT_STRING, 0, "Workspace; null: the system." },
		{ "permissions", CAT_STRING, REQ | LIST,
		  "All that he holds, without the vendor kinds': ask check for those." },
		{ NULL },
	},
};

static const struct cat_field access_check[] = {
	{ "permission", CAT_STRING, REQ, "KIND:VERB.", .min = 1, .max = 160,
	  .example = "\"instance:create\"" },
	WHERE,
	WHOSE,
	{ NULL },
};

static const struct cat_field access_permissions[] = { WHERE, WHOSE, { NULL } };

const struct cat_kind noun_kind_access = {
	"access", "access", "Access", "Who may do what.", NULL,
	(const struct cat_op[]){
		NOUN_OP(access, check, CAT_ACTION, "Tell whether somebody may do something.",
			.args = access_check, .result = &noun_record_access_check),
		NOUN_OP(access, permissions, CAT_ACTION, "Tell all that somebody may do.",
			.args = access_permissions, .result = &noun_record_access_permissions),
		{ NULL },
	},
};

const struct noun nouns_access[] = {
	{ &noun_kind_skyclust_role, "/api/v1/roles", ACCESS_NAMED },
	{ &noun_kind_access, "/api/v1/access", ACCESS_SELF },
	{ NULL },
};
