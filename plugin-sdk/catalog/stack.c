/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue, orchestration by the cloud itself: stacks (Heat,
 * CloudFormation; seed 001).
 */
#include "catalog/tables.h"

/* Rows are read as a table. */
/* clang-format off */

static const char *const stack_status[] = {
	"creating", "available", "updating", "deleting", "error", "unknown", NULL,
};

const struct cat_record cat_record_stack = {
	"stack", "Resources made together from a template.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(stack_status),
		F_DESCRIPTION,
		{ "status_reason", CAT_STRING, 0, "Why it is in this state." },
		{ "parameters", CAT_TAGS, 0, "Values given for the template's parameters." },
		{ "outputs", CAT_TAGS, 0, "Values the template gives back." },
		{ "resource_ids", CAT_STRING, LIST, "What it is made of." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field stack_filters[] = { BY_NAME, BY_STATUS(stack_status), { NULL } };

#define A_TEMPLATE(template_flags)                                             \
	{ "template", CAT_STRING, template_flags, "Template, in the cloud's own language.", \
	  .min = 1, .max = 524288 }
#define A_PARAMETERS                                                  \
	{ "parameters", CAT_TAGS, 0, "Values for the template's parameters." }

static const struct cat_field stack_create[] = {
	A_NAME, A_TEMPLATE(REQ), A_PARAMETERS,
	{ "timeout_minutes", CAT_INT, 0, "Time it may take.", .unit = "minutes", .min = 1,
	  .max = 1440 },
	A_TAGS,
	{ NULL },
};

static const struct cat_field stack_update[] = {
	A_TEMPLATE(0), A_PARAMETERS, A_TAGS, { NULL },
};

const struct cat_kind cat_kind_stack = {
	"stack", "stacks", "Stack", "Resources made together from a template.",
	&cat_record_stack,
	(const struct cat_op[]){
		OP_LIST(stack, &cat_record_stack, stack_filters),
		OP_GET(stack, &cat_record_stack),
		OP(stack, create, CAT_MUTATES, "Make a stack.", .args = stack_create,
		   .result = &cat_record_stack),
		OP(stack, update, CHANGES | CAT_NATURAL,
		   "Bring it to another template or parameters.",
		   .args = stack_update, .result = &cat_record_stack),
		OP_DELETE(stack),
		{ NULL },
	},
};
