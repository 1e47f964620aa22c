/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources of a manifest against the catalogue.  A reference is checked as a
 * value of the type it will have; all faults of a resource are told, not only
 * the first.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "config_yaml.h"
#include "manifest_impl.h"
#include "member.h"
#include "reference.h"

#define FAULTS_OF_ONE 16
#define TRIES_OF_ONE 256

/* Stand for a text and a number that are not known yet: a character that is
 * nobody's, and what is in no range. */
#define SOME_TEXT "\xee\x80\x80"
#define SOME_NUMBER 9007199254740881LL

/* ---- lines --------------------------------------------------------------- */

/* The member that @name means: written so, or as one of its other spellings. */
static const struct yaml_node *child_named(const struct resource *r,
					   const struct yaml_node *map,
					   const char *name)
{
	const struct cat_field *f = r->op ? cat_arg_find(r->op, name) : NULL;
	const struct yaml_node *child = config_yaml_get(map, name);

	for (size_t i = 0; !child && f && f->aliases && f->aliases[i]; i++)
		child = config_yaml_get(map, f->aliases[i]);
	return child;
}

static const struct yaml_node *child_at(const struct resource *r,
					const struct yaml_node *node,
					const char *name)
{
	const struct yaml_node *child;
	long long index, i = 0;

	if (node->type == YAML_MAP)
		return child_named(r, node, name);
	if (!text_to_int(name, 0, CONFIG_YAML_NODES, &index))
		return NULL;
	list_each (child, &node->children, struct yaml_node, link)
		if (i++ == index)
			return child;
	return NULL;
}

int manifest_line(const struct resource *r, const char *pointer)
{
	const struct yaml_node *node = r->node, *next = node;
	int line = r->line;

	while (next && *pointer == '/') {
		size_t n = strcspn(pointer + 1, "/");
		AUTO_FREE char *name = mem_strndup(pointer + 1, n);

		next = child_at(r, node, name);
		if (next) {
			node = next;
			line = node->line;
		}
		pointer += 1 + n;
	}
	return line;
}

static const struct yaml_node *node_with(const struct yaml_node *node,
					 const char *text)
{
	const struct yaml_node *child, *found = NULL;

	if (node->type == YAML_TEXT)
		return strstr(node->text, text) ? node : NULL;
	list_each (child, &node->children, struct yaml_node, link)
		if (!found)
			found = node_with(child, text);
	return found;
}

static int line_of_reference(const struct resource *r, const char *reference)
{
	AUTO_FREE char *text = mem_printf("${%s}", reference);
	const struct yaml_node *node =
		r->node ? node_with(r->node, text) : NULL;

	return node ? node->line : r->line;
}

/* ---- what it is ---------------------------------------------------------- */

static const char *text_member(struct manifest *m, const struct resource *r,
			       const json_t *value, const char *name, bool must)
{
	const json_t *member = json_object_get(value, name);
	AUTO_FREE char *pointer = mem_printf("/%s", name);
	AUTO_FREE char *detail = NULL;

	if (!member && !must)
		return NULL;
	if (json_is_string(member) && json_string_length(member) &&
	    !reference_in(member))
		return json_string_value(member);
	detail = mem_printf(member ? "`%s` must be a text of its own"
				   : "`%s` is missing",
			    name);
	manifest_fault(m, manifest_line(r, pointer), pointer, detail);
	return NULL;
}

static void unknown_kind(struct manifest *m, const struct resource *r,
			 const char *word)
{
	const struct cat_kind *const *kinds = cat_kinds();
	const char *names[64], *nearest;
	AUTO_FREE char *detail = NULL;
	size_t n = 0;

	for (; kinds[n] && n < ARRAY_LEN(names); n++)
		names[n] = kinds[n]->name;
	nearest = text_nearest(word, names, n);
	detail = nearest ? mem_printf("no kind \"%.64s\"; did you mean \"%s\"?",
				      word, nearest)
			 : mem_printf("no kind \"%.64s\" in the catalogue",
				      word);
	manifest_fault(m, manifest_line(r, "/kind"), "/kind", detail);
}

/* A key pair of one's own is imported: create does not take its key. */
static const struct cat_op *op_to_make(const struct cat_kind *kind,
				       const json_t *value)
{
	const struct cat_op *create = command_op(kind, "create");
	const struct cat_op *import = command_op(kind, "import");

	for (const struct cat_field *f = import ? import->args : NULL;
	     f && f->name; f++)
		if (json_object_get(value, f->name) &&
		    !cat_arg_find(create, f->name))
			return import;
	return create;
}

static bool take_kind(struct manifest *m, struct resource *r,
		      const json_t *value)
{
	const char *word = text_member(m, r, value, "kind", true);
	AUTO_FREE char *detail = NULL;

	if (!word)
		return false;
	r->kind = command_kind(word);
	if (!r->kind) {
		unknown_kind(m, r, word);
		return false;
	}
	r->op = op_to_make(r->kind, value);
	if (r->op && command_op(r->kind, "list"))
		return true;
	detail = mem_printf("a %s cannot be made: there is no %s.create",
			    r->kind->name, r->kind->name);
	manifest_fault(m, manifest_line(r, "/kind"), "/kind", detail);
	return false;
}

bool manifest_take(struct manifest *m, struct resource *r, json_t *value)
{
	const char *provider, *region;

	if (!json_is_object(value)) {
		manifest_fault(m, r->line, "",
			       "a resource is a map: kind, name, and the "
			       "arguments of its create");
		return false;
	}
	if (!take_kind(m, r, value))
		return false;
	r->name = text_member(m, r, value, "name", true);
	provider = text_member(m, r, value, "provider", false);
	region = text_member(m, r, value, "region", false);
	if (!r->name)
		return false;
	if (provider && (!r->provider || strcmp(provider, r->provider) != 0))
		r->region = NULL; /* the program's is of its own provider */
	r->provider = provider ? provider : r->provider;
	r->region = region ? region : r->region;
	r->given = json_copy(value);
	json_object_del(r->given, "kind");
	json_object_del(r->given, "provider");
	if (r->region && !region)
		json_object_set_new(r->given, "region", json_string(r->region));
	return true;
}

/* ---- values that stand for others ---------------------------------------- */

static const char *sample_text(const struct cat_field *f)
{
	switch (f->type) {
	case CAT_DECIMAL:
		return "1";
	case CAT_TIME:
		return "2026-11-21T00:00:00Z";
	case CAT_DATE:
		return "2026-11-21";
	case CAT_CIDR:
		return "10.0.0.0/8";
	case CAT_IP:
		return "192.0.2.1";
	case CAT_STRING:
	case CAT_INT:
	case CAT_BOOL:
	case CAT_TAGS:
	case CAT_OBJECT:
	case CAT_ANY:
		break;
	}
	return SOME_TEXT;
}

/* A value that such a field can have. */
static json_t *sample(const struct cat_field *f)
{
	if (f && f->flags & CAT_LIST)
		return json_array();
	if (f && f->type == CAT_INT)
		return json_integer(SOME_NUMBER);
	if (f && f->type == CAT_BOOL)
		return json_true();
	if (f && (f->type == CAT_TAGS || f->type == CAT_OBJECT))
		return json_object();
	return json_string(f ? sample_text(f) : SOME_TEXT);
}

struct checking {
	struct manifest *m;
	struct resource *r;
};

static void note_need(struct resource *r, size_t place)
{
	for (size_t i = 0; i < r->n_needs; i++)
		if (r->needs[i] == place)
			return;
	r->needs = mem_realloc(r->needs, (r->n_needs + 1) * sizeof(*r->needs));
	r->needs[r->n_needs++] = place;
}

/* Faults are noted, and the check goes on with a sample. */
static json_t *sample_of(void *arg, const char *reference, struct error *err)
{
	const struct checking *c = arg;
	const char *path;
	struct resource *target =
		manifest_target(c->m, c->r, reference, &path, err);

	if (target && member_check(target->kind->record, path, err)) {
		note_need(c->r, (size_t)(target - c->m->list));
		target->needed = true;
		return sample(member_field(target->kind->record, path));
	}
	if (target)
		fail_within(err, "${%.200s}", reference);
	manifest_fault(c->m, line_of_reference(c->r, reference), "",
		       err->message);
	return sample(NULL);
}

/* ---- arguments ----------------------------------------------------------- */

/* The field that @pointer leads to; @item tells whether to one of its list. */
static const struct cat_field *field_at(const struct cat_op *op,
					const char *pointer, bool *item)
{
	const struct cat_field *f = NULL;

	for (bool first = true; *pointer == '/'; first = false) {
		size_t n = strcspn(pointer + 1, "/");
		AUTO_FREE char *name = mem_strndup(pointer + 1, n);

		*item = f && strspn(name, "0123456789") == n;
		if (first)
			f = cat_arg_find(op, name);
		else if (!*item)
			f = f && f->of ? cat_field_find(f->of->fields, name)
				       : NULL;
		pointer += 1 + n;
	}
	return f;
}

/* What is right for @f. */
static json_t *valid(const struct cat_field *f)
{
	if (!(f->flags & CAT_LIST) && f->words)
		return json_string(f->words[0]);
	if (!(f->flags & CAT_LIST) && f->type == CAT_INT)
		return json_integer(f->min ? f->min : 1);
	return sample(f);
}

static void put_at(json_t *args, const char *pointer, json_t *value)
{
	const char *last = strrchr(pointer, '/');
	AUTO_FREE char *above = mem_strndup(pointer, last - pointer);
	json_t *parent = json_at(args, above);
	long long index;

	if (json_is_object(parent))
		json_object_set_new(parent, last + 1, value);
	else if (text_to_int(last + 1, 0, CONFIG_YAML_NODES, &index))
		json_array_set_new(parent, (size_t)index, value);
}

/* Does @value stand for one that only the run will know, of the type of @f as
 * far as that can be told? */
static bool is_open(const struct cat_field *f, const json_t *value)
{
	const char *text = json_string_value(value);

	if (f->type == CAT_INT)
		return json_integer_value(value) == SOME_NUMBER;
	if (f->type == CAT_BOOL || f->type == CAT_TAGS || f->type == CAT_OBJECT)
		return false;
	return text && strstr(text, SOME_TEXT);
}

/* If the fault at @pointer is one of such a value, put a right one in its
 * place. */
static bool close_open(const struct resource *r, json_t *args,
		       const char *pointer)
{
	const json_t *value = json_at(args, pointer);
	bool item = false;
	const struct cat_field *f = field_at(r->op, pointer, &item);
	struct cat_field one;

	if (!f || !value || (f->flags & CAT_LIST && !item) ||
	    !is_open(f, value))
		return false;
	one = *f;
	one.flags &= ~(unsigned)CAT_LIST;
	put_at(args, pointer, valid(&one));
	return true;
}

/* Make the first name of @pointer right, so that the next fault can be found;
 * false when that was tried before. */
static bool mend(const struct resource *r, json_t *args, json_t *mended,
		 const char *pointer)
{
	AUTO_FREE char *name = NULL;
	const struct cat_field *f;

	if (*pointer != '/')
		return false;
	name = mem_strndup(pointer + 1, strcspn(pointer + 1, "/"));
	if (json_object_get(mended, name))
		return false;
	json_object_set_new(mended, name, json_true());
	f = cat_arg_find(r->op, name);
	json_object_del(args, name);
	if (f && f->flags & CAT_REQUIRED)
		json_object_set_new(args, name, valid(f));
	return true;
}

void manifest_check(struct manifest *m, struct resource *r)
{
	struct error err;
	AUTO_JSON json_t *mended = json_object();
	AUTO_JSON json_t *args =
		reference_fill(r->given, sample_of,
			       &(struct checking){ .m = m, .r = r }, &err);

	if (!args) {
		manifest_fault(m, r->line, "", err.message);
		return;
	}
	for (int faults = 0, tries = 0;
	     faults < FAULTS_OF_ONE && tries < TRIES_OF_ONE; tries++) {
		if (cat_check_args(r->op, args, false, &err))
			return;
		if (close_open(r, args, err.path))
			continue;
		manifest_fault(m, manifest_line(r, err.path), err.path,
			       err.message);
		if (!mend(r, args, mended, err.path))
			return;
		faults++;
	}
}
