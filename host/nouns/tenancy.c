/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workspaces, their members and quotas (tenancy/).
 */
#include "nouns/tables.h"

extern const struct cat_kind noun_kind_workspace, noun_kind_member,
	noun_kind_workspace_quota;

/* Rows are read as a table. */
/* clang-format off */

/* ---- workspace --------------------------------------------------------------- */

#define WS_DESCRIPTION                                                         \
	{ "description", CAT_STRING, 0, "Free text for people.", .min = 0, .max = 1024 }
#define WS_SETTINGS                                                            \
	{ "settings", CAT_TAGS, 0, "Names and values that its members' tools share; no secrets.", \
	  .example = "{\"region\":\"RegionOne\"}" }

static const struct cat_record noun_record_workspace = {
	"workspace", "A tenant: its members share credentials, and see nothing of others'.",
	(const struct cat_field[]){
		F_ID,
		{ "name", CAT_STRING, REQ, "Name given by a member; others may use it, too." },
		WS_DESCRIPTION,
		WS_SETTINGS,
		{ "role", CAT_STRING, FIXED, "Your role in it; null: you are no member." },
		{ "created_by", CAT_STRING, REQ | FIXED, "User who made it." },
		F_VERSION,
		F_CREATED,
		F_UPDATED,
		{ NULL },
	},
};

static const struct cat_field workspace_list[] = {
	{ "name", CAT_STRING, FILTER, "Only those of this name." },
	{ "all", CAT_BOOL, 0, "Those of others, too; for who manages workspaces." },
	{ NULL },
};

static const struct cat_field workspace_create[] = {
	{ "name", CAT_STRING, REQ, "Name; no two that you named may have the same.",
	  .min = 1, .max = 128, .example = "\"web\"" },
	WS_DESCRIPTION,
	WS_SETTINGS,
	{ NULL },
};

static const struct cat_field workspace_update[] = {
	{ "name", CAT_STRING, 0, "New name.", .min = 1, .max = 128 },
	WS_DESCRIPTION,
	WS_SETTINGS,
	{ NULL },
};

const struct cat_kind noun_kind_workspace = {
	"workspace", "workspaces", "Workspace", "Tenants: members, credentials, quotas.",
	&noun_record_workspace,
	(const struct cat_op[]){
		NOUN_LIST(workspace, workspace_list),
		NOUN_OP(workspace, get, CAT_BY_ID, "Get one.", .result = &noun_record_workspace),
		NOUN_OP(workspace, create, CAT_MUTATES, "Make one; you become its owner.",
			.args = workspace_create, .result = &noun_record_workspace),
		NOUN_OP(workspace, update, CHANGES, "Change it; given settings replace all.",
			.args = workspace_update, .result = &noun_record_workspace),
		NOUN_OP(workspace, delete, DELETES,
			"Delete it, unless it has credentials or operations under way."),
		{ NULL },
	},
};

/* ---- member ------------------------------------------------------------------ */

#define MEMBER_ROLE                                                            \
	{ "role", CAT_STRING, REQ,                                              \
	  "owner, admin, member, viewer, or a custom role of the workspace.", .min = 1, .max = 64, \
	  .example = "\"member\"" }

static const struct cat_record noun_record_member = {
	"member", "A user in a workspace.",
	(const struct cat_field[]){
		{ "id", CAT_STRING, REQ | FIXED, "The user." },
		{ "workspace_id", CAT_STRING, REQ | FIXED, "Workspace." },
		{ "name", CAT_STRING, REQ | FIXED, "What the user logs in with." },
		{ "display_name", CAT_STRING, FIXED, "What the user is called." },
		{ "role", CAT_STRING, REQ, "Role in the workspace." },
		F_CREATED,
		F_UPDATED,
		{ NULL },
	},
};

static const struct cat_field member_where[] = { A_WORKSPACE, { NULL } };

static const struct cat_field member_list[] = {
	A_WORKSPACE,
	{ "role", CAT_STRING, FILTER, "Only those of this role." },
	{ NULL },
};

static const struct cat_field member_create[] = {
	A_WORKSPACE,
	{ "user_id", CAT_STRING, 0, "User; this or `name`.", .min = 1, .max = 64 },
	{ "name", CAT_STRING, 0, "What the user logs in with; this or `user_id`.", .min = 1,
	  .max = 254, .example = "\"ada\"" },
	MEMBER_ROLE,
	{ NULL },
};

static const struct cat_field member_update[] = { A_WORKSPACE, MEMBER_ROLE, { NULL } };

const struct cat_kind noun_kind_member = {
	"member", "members", "Member", "Users of a workspace and their roles in it.",
	&noun_record_member,
	(const struct cat_op[]){
		NOUN_LIST(member, member_list),
		NOUN_OP(member, get, CAT_BY_ID, "Get one.", .args = member_where,
			.result = &noun_record_member),
		NOUN_OP(member, create, CAT_MUTATES, "Make a user a member.",
			.args = member_create, .result = &noun_record_member),
		NOUN_OP(member, update, CHANGES, "Give a member another role.",
			.args = member_update, .result = &noun_record_member),
		NOUN_OP(member, delete, DELETES, "Take a member out; the last owner stays.",
			.args = member_where),
		NOUN_OP(member, leave, CAT_MUTATES | CAT_ACTION,
			"Leave the workspace; its last owner cannot.", .args = member_where),
		{ NULL },
	},
};

/* ---- workspace_quota --------------------------------------------------------- */

static const struct cat_record noun_record_workspace_quota = {
	"workspace_quota", "How much a workspace may have of something.",
	(const struct cat_field[]){
		{ "id", CAT_STRING, REQ | FIXED,
		  "What of: \"operations\" under way, resources of a kind, \"instance\", or "
		  "bytes of a request's \"body\" (4,096 always pass)." },
		{ "workspace_id", CAT_STRING, REQ | FIXED, "Workspace." },
		{ "most", CAT_INT, REQ | CAT_NULLABLE, "Most of it; null: no limit." },
		{ "used", CAT_INT, REQ, "How many there are." },
		{ NULL },
	},
};

static const struct cat_field quota_update[] = {
	A_WORKSPACE,
	{ "most", CAT_INT, REQ | CAT_NULLABLE, "Most of it; null: no limit.", .min = 0,
	  .max = 1000000000, .example = "20" },
	{ NULL },
};

const struct cat_kind noun_kind_workspace_quota = {
	"workspace_quota", "quotas", "Workspace quota",
	"Limits of a workspace, given by who manages workspaces.",
	&noun_record_workspace_quota,
	(const struct cat_op[]){
		NOUN_LIST(workspace_quota, member_where),
		NOUN_OP(workspace_quota, update, CHANGES | CAT_NATURAL, "Set a limit, or none.",
			.args = quota_update, .result = &noun_record_workspace_quota),
		{ NULL },
	},
};

const struct noun nouns_tenancy[] = {
	{ &noun_kind_workspace, "/api/v1/workspaces", ACCESS_WORKSPACE,
	  .self = WORDS("list"), .system = WORDS("create") },
	{ &noun_kind_member, "/api/v1/workspaces/{workspace_id}/members", ACCESS_WORKSPACE },
	{ &noun_kind_workspace_quota, "/api/v1/workspaces/{workspace_id}/quotas",
	  ACCESS_WORKSPACE, .system = WORDS("update") },
	{ NULL },
};
