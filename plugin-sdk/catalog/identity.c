/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue, the cloud's own identity: projects, users and roles
 * (Keystone; IAM roles that a cluster needs).  Not SkyClust's users.
 */
#include "catalog/tables.h"

/* Rows are read as a table. */
/* clang-format off */

static const struct cat_field by_name[] = { BY_NAME, { NULL } };

/* ---- project ------------------------------------------------------------- */

const struct cat_record cat_record_project = {
	"project", "What the cloud separates and bills by (project, account, subscription).",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "domain_id", CAT_STRING, FIXED, "Domain or organization it belongs to." },
		{ "parent_id", CAT_STRING, FIXED, "Project above it." },
		{ "is_active", CAT_BOOL, 0, "Whether it can be used." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field project_create[] = {
	A_NAME,
	A_DESCRIPTION,
	REF("domain_id", 0, "Domain or organization; the credential's without it."),
	REF("parent_id", 0, "Project above it."),
	A_TAGS,
	{ NULL },
};

const struct cat_kind cat_kind_project = {
	"project", "projects", "Project", "What the cloud separates and bills by.",
	&cat_record_project,
	(const struct cat_op[]){
		OP_LIST(project, &cat_record_project, by_name),
		OP_GET(project, &cat_record_project),
		OP(project, create, CAT_MUTATES, "Make a project.", .args = project_create,
		   .result = &cat_record_project),
		OP_DELETE(project),
		{ NULL },
	},
};

/* ---- user ---------------------------------------------------------------- */

const struct cat_record cat_record_user = {
	"user", "A user of the cloud.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "email", CAT_STRING, 0, "Mail address." },
		{ "domain_id", CAT_STRING, FIXED, "Domain or organization it belongs to." },
		{ "project_id", CAT_STRING, 0, "Project it works in when none is named." },
		{ "is_active", CAT_BOOL, 0, "Whether it can log in." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field user_create[] = {
	A_NAME,
	{ "password", CAT_STRING, CAT_SECRET, "Password; none without it.", .min = 1,
	  .max = 4096 },
	{ "email", CAT_STRING, 0, "Mail address.", .min = 3, .max = 254 },
	REF("domain_id", 0, "Domain or organization; the credential's without it."),
	REF("project_id", 0, "Project it works in when none is named."),
	A_DESCRIPTION,
	A_TAGS,
	{ NULL },
};

const struct cat_kind cat_kind_user = {
	"user", "users", "User", "Users of the cloud.",
	&cat_record_user,
	(const struct cat_op[]){
		OP_LIST(user, &cat_record_user, by_name),
		OP_GET(user, &cat_record_user),
		OP(user, create, CAT_MUTATES, "Make a user.", .args = user_create,
		   .result = &cat_record_user),
		OP_DELETE(user),
		{ NULL },
	},
};

/* ---- role ---------------------------------------------------------------- */

const struct cat_record cat_record_role = {
	"role", "What somebody or something may do in the cloud.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "trusted_service", CAT_STRING, 0, "The cloud's service that may act as it.",
		  .example = "\"eks.amazonaws.com\"" },
		{ "policies", CAT_STRING, LIST, "Policies attached to it." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field role_create[] = {
	A_NAME,
	A_DESCRIPTION,
	{ "trusted_service", CAT_STRING, 0, "The cloud's service that may act as it.",
	  .min = 1, .max = 255 },
	{ "policies", CAT_STRING, LIST, "Policies to attach to it.", .min = 1, .max = 2048 },
	A_TAGS,
	{ NULL },
};

const struct cat_kind cat_kind_role = {
	"role", "roles", "Role", "What somebody or something may do in the cloud.",
	&cat_record_role,
	(const struct cat_op[]){
		OP_LIST(role, &cat_record_role, by_name),
		OP_GET(role, &cat_record_role),
		OP(role, create, CAT_MUTATES, "Make a role.", .args = role_create,
		   .result = &cat_record_role),
		OP_DELETE(role),
		{ NULL },
	},
};
