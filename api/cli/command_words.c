/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue's names as people type them.
 */
#include "cli/command.h"

#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "nouns/nouns.h"

/* What other clouds' tools call them. */
/* clang-format off */
static const struct {
	const char *word, *means;
} kind_words[] = {
	{ "server", "instance" }, { "servers", "instance" },
	{ "vm", "instance" }, { "vms", "instance" },
	{ "flavor", "instance_type" }, { "flavors", "instance_type" },
	{ "machine_type", "instance_type" }, { "machine_types", "instance_type" },
	{ "keypair", "key_pair" }, { "keypairs", "key_pair" },
	{ "vpc", "network" }, { "vpcs", "network" },
	{ "port", "vnic" }, { "ports", "vnic" },
	{ "floating_ip", "public_ip" }, { "floating_ips", "public_ip" },
	{ "elastic_ip", "public_ip" }, { "elastic_ips", "public_ip" },
	{ "node_group", "node_pool" }, { "node_groups", "node_pool" },
}, verb_words[] = {
	{ "show", "get" }, { "describe", "get" },
	{ "ls", "list" },
	{ "rm", "delete" }, { "remove", "delete" },
	{ "add", "create" }, { "set", "update" }, { "reboot", "restart" },
};

/* What options of the program do. */
static const char *const own_args[] = { "id", "limit", "page_token", "fields",
					"region" };
/* clang-format on */

char *command_dashed(const char *name)
{
	char *dashed = mem_strdup(name);

	for (char *p = dashed; *p; p++)
		if (*p == '_')
			*p = '-';
	return dashed;
}

/* The same, dashes and underscores being one. */
static bool same_n(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char x = a[i] == '-' ? '_' : a[i];

		if (x != (b[i] == '-' ? '_' : b[i]))
			return false;
		if (!x)
			return true;
	}
	return true;
}

static bool same(const char *a, const char *b)
{
	return same_n(a, b, strlen(a) + 1);
}

const char *command_word(const struct cat_kind *kind)
{
	static const char ours[] = "skyclust_";

	return kind->name +
	       (text_starts(kind->name, ours) ? sizeof(ours) - 1 : 0);
}

bool command_is_own(const struct cat_kind *kind)
{
	return kind->ops && kind->ops->flags & CAT_LOCAL;
}

#define MOST_KINDS 96

/* Logging in and out are commands of their own. */
const struct cat_kind *const *command_kinds(void)
{
	static const struct cat_kind *all[MOST_KINDS + 1];
	const struct noun *const *noun = nouns_all();
	const struct cat_kind *const *kind = cat_kinds();
	size_t n = 0;

	if (all[0])
		return all;
	for (; *noun && n < MOST_KINDS; noun++)
		if (strcmp((*noun)->kind->name, "auth"))
			all[n++] = (*noun)->kind;
	for (; *kind && n < MOST_KINDS; kind++)
		all[n++] = *kind;
	return all;
}

static const struct cat_kind *kind_in(const struct cat_kind *const *kinds,
				      const char *word)
{
	for (; *kinds; kinds++)
		if (same(word, (*kinds)->collection) ||
		    same(word, (*kinds)->name))
			return *kinds;
	return NULL;
}

const struct cat_kind *command_kind(const char *word)
{
	const struct cat_kind *kind = kind_in(command_kinds(), word);

	return kind ? kind : command_cloud_kind(word);
}

const struct cat_kind *command_cloud_kind(const char *word)
{
	const struct cat_kind *kind = kind_in(cat_kinds(), word);

	if (kind)
		return kind;
	for (size_t i = 0; i < ARRAY_LEN(kind_words); i++)
		if (same(word, kind_words[i].word))
			return cat_kind_find(kind_words[i].means);
	return NULL;
}

static const struct cat_op *op_named(const struct cat_kind *kind,
				     const char *verb)
{
	for (const struct cat_op *op = kind->ops; op->name; op++)
		if (same(verb, op->verb))
			return op;
	return NULL;
}

/* A kind's own verb goes before an alias (network.rm would be one). */
const struct cat_op *command_op(const struct cat_kind *kind, const char *word)
{
	const struct cat_op *op = op_named(kind, word);

	for (size_t i = 0; !op && i < ARRAY_LEN(verb_words); i++)
		if (same(word, verb_words[i].word))
			op = op_named(kind, verb_words[i].means);
	return op;
}

bool command_is_vendor(const char *word)
{
	return text_starts(word, "x.") && strchr(word + 2, '.');
}

/* ---- arguments ------------------------------------------------------------- */

/* Those of a credential, which --fields of the program would hide: --field. */
static bool is_credential(const struct cat_field *f)
{
	return f->type == CAT_ANY && f->flags & CAT_SECRET;
}

char *command_option_name(const struct cat_field *f)
{
	AUTO_FREE char *name = command_dashed(f->name);

	if (is_credential(f) && text_ends(name, "s"))
		name[strlen(name) - 1] = '\0';
	return mem_strdup(name);
}

static bool is_own(const struct cat_op *op, const struct cat_field *f)
{
	if (is_credential(f))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(own_args); i++)
		if (!strcmp(f->name, own_args[i]))
			return true;
	return op->flags & CAT_LOCAL && (!strcmp(f->name, "workspace_id") ||
					 !strcmp(f->name, "provider"));
}

const struct cat_field *command_arg(const struct cat_op *op, size_t i)
{
	const struct cat_field *f;

	for (size_t at = 0; (f = cat_arg(op, at)); at++)
		if (!is_own(op, f) && !i--)
			return f;
	return NULL;
}

static bool is_spelt(const struct cat_field *f, const char *name)
{
	if (same(name, f->name))
		return true;
	for (size_t a = 0; f->aliases && f->aliases[a]; a++)
		if (same(name, f->aliases[a]))
			return true;
	return false;
}

/* --tag for tags, --subnet-id for subnet_ids: one of them at a time. */
static bool is_singular(const struct cat_field *f, const char *name)
{
	size_t n = strlen(f->name);

	return (f->flags & CAT_LIST || f->type == CAT_TAGS ||
		is_credential(f)) &&
	       strlen(name) == n - 1 && f->name[n - 1] == 's' &&
	       same_n(name, f->name, n - 1);
}

const struct cat_field *command_arg_find(const struct cat_op *op,
					 const char *name)
{
	const struct cat_field *f;

	for (size_t i = 0; (f = command_arg(op, i)); i++)
		if (is_spelt(f, name))
			return f;
	for (size_t i = 0; (f = command_arg(op, i)); i++)
		if (is_singular(f, name))
			return f;
	return NULL;
}

/* SkyClust's own kind called @name; NULL: none. */
static const struct cat_kind *own_kind(const char *name)
{
	const struct noun *const *noun = nouns_all();

	for (; *noun; noun++)
		if (!strcmp(command_word((*noun)->kind), name))
			return (*noun)->kind;
	return NULL;
}

const struct cat_kind *command_refers_to(const struct cat_field *f, bool own)
{
	AUTO_FREE char *name = mem_strdup(f->name);
	size_t n = strlen(name);

	if (f->type != CAT_STRING)
		return NULL;
	if (f->flags & CAT_LIST && text_ends(name, "s"))
		name[--n] = '\0';
	if (text_ends(name, "_id"))
		name[n - 3] = '\0';
	if (own)
		return own_kind(name);
	return cat_kind_find(text_starts(name, "external_") ? name + 9 : name);
}

bool command_takes_many(const struct cat_op *op)
{
	if (!(op->flags & CAT_BY_ID))
		return false;
	for (const struct cat_field *f = op->args; f && f->name; f++)
		if (f->flags & CAT_REQUIRED)
			return false;
	return op->flags & CAT_MUTATES || !strcmp(op->verb, "get");
}
