/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events, gathered into a tree.  The depth of the recursion is
 * limited before it is used, the number of nodes before they are allocated.
 */
#include "config_yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	const char *name;
	unsigned depth, nodes;
	struct error *err;
};

static int line_of(const yaml_event_t *event)
{
	return (int)event->start_mark.line + 1;
}

static bool refuse(struct reader *r, int line, const char *what)
{
	return fail(r->err, ERR_INVALID, "%s:%d: %s", r->name, line, what);
}

/* Step to the next event; false with the parser's own complaint. */
static bool next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return true;
	memset(&r->event, 0, sizeof(r->event));
	return refuse(r, (int)r->parser.problem_mark.line + 1,
		      r->parser.problem ? r->parser.problem : "not YAML");
}

static struct yaml_node *node_new(struct reader *r, int type)
{
	struct yaml_node *node;

	if (++r->nodes > CONFIG_YAML_NODES) {
		refuse(r, line_of(&r->event), "too many values in one file");
		return NULL;
	}
	node = mem_alloc(sizeof(*node));
	list_init(&node->link);
	list_init(&node->children);
	node->type = type;
	node->line = line_of(&r->event);
	return node;
}

void config_yaml_free(struct yaml_node *node)
{
	struct yaml_node *child, *tmp;

	if (!node)
		return;
	list_each_safe (child, tmp, &node->children, struct yaml_node, link)
		config_yaml_free(child);
	list_del(&node->link);
	if (node->text)
		mem_wipe(node->text, strlen(node->text));
	mem_free(node->text);
	mem_free(node->key);
	mem_free(node);
}

static struct yaml_node *read_value(struct reader *r);

static struct yaml_node *read_scalar(struct reader *r)
{
	const char *text = (const char *)r->event.data.scalar.value;
	size_t n = r->event.data.scalar.length;
	struct yaml_node *node;

	if (memchr(text, 0, n)) {
		refuse(r, line_of(&r->event), "a NUL byte in a value");
		return NULL;
	}
	node = node_new(r, YAML_TEXT);
	if (!node)
		return NULL;
	node->text = mem_strndup(text, n);
	node->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return node;
}

static bool read_items(struct reader *r, struct yaml_node *list)
{
	while (next(r)) {
		struct yaml_node *item;

		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		item = read_value(r);
		if (!item)
			return false;
		list_add_tail(&list->children, &item->link);
	}
	return false;
}

static bool key_is_new(struct reader *r, const struct yaml_node *map,
		       const char *key, int line)
{
	const struct yaml_node *old = config_yaml_get(map, key);

	if (!old)
		return true;
	return fail(r->err, ERR_INVALID,
		    "%s:%d: %s: given twice, first in line %d; join the two",
		    r->name, line, key, old->line);
}

static bool read_member(struct reader *r, struct yaml_node *map)
{
	int line = line_of(&r->event);
	struct yaml_node *value;
	char *key;

	if (r->event.type != YAML_SCALAR_EVENT)
		return refuse(r, line, "a key must be plain text");
	key = mem_strdup((const char *)r->event.data.scalar.value);
	if (!key_is_new(r, map, key, line) || !next(r) ||
	    !(value = read_value(r))) {
		mem_free(key);
		return false;
	}
	value->key = key;
	value->line = line;
	list_add_tail(&map->children, &value->link);
	return true;
}

static bool read_members(struct reader *r, struct yaml_node *map)
{
	while (next(r)) {
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!read_member(r, map))
			return false;
	}
	return false;
}

static struct yaml_node *read_inside(struct reader *r, int type)
{
	struct yaml_node *node;

	if (r->depth >= CONFIG_YAML_DEPTH) {
		refuse(r, line_of(&r->event), "nested too deeply");
		return NULL;
	}
	node = node_new(r, type);
	if (!node)
		return NULL;
	r->depth++;
	if (!(type == YAML_MAP ? read_members(r, node) : read_items(r, node))) {
		config_yaml_free(node);
		node = NULL;
	}
	r->depth--;
	return node;
}

/* The value that the current event begins. */
static struct yaml_node *read_value(struct reader *r)
{
	if (r->event.type == YAML_SCALAR_EVENT)
		return read_scalar(r);
	if (r->event.type == YAML_MAPPING_START_EVENT)
		return read_inside(r, YAML_MAP);
	if (r->event.type == YAML_SEQUENCE_START_EVENT)
		return read_inside(r, YAML_LIST);
	refuse(r, line_of(&r->event),
	       "aliases (*name) are not read; write the value out");
	return NULL;
}

static bool read_end(struct reader *r)
{
	if (!next(r) || !next(r)) /* document end, then what follows */
		return false;
	return r->event.type == YAML_STREAM_END_EVENT ||
	       refuse(r, line_of(&r->event), "a second document; keep one");
}

static struct yaml_node *read_document(struct reader *r)
{
	struct yaml_node *root;

	if (!next(r) || !next(r)) /* stream start, document start or end */
		return NULL;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return node_new(r, YAML_MAP);
	if (!next(r) || !(root = read_value(r)))
		return NULL;
	if (!read_end(r)) {
		config_yaml_free(root);
		return NULL;
	}
	return root;
}

/* The documents as the items of a list. */
static struct yaml_node *read_stream(struct reader *r)
{
	struct yaml_node *all, *root;

	if (!next(r) || !(all = node_new(r, YAML_LIST))) /* stream start */
		return NULL;
	while (next(r)) {
		if (r->event.type == YAML_STREAM_END_EVENT)
			return all;
		if (!next(r) || !(root = read_value(r)))
			break;
		list_add_tail(&all->children, &root->link);
		if (!next(r)) /* document end */
			break;
	}
	config_yaml_free(all);
	return NULL;
}

static struct yaml_node *read_text(const char *name, const char *text, size_t n,
				   struct yaml_node *(*parse)(struct reader *r),
				   struct error *err)
{
	struct reader r = { .name = name, .err = err };
	struct yaml_node *root = NULL;

	if (n > CONFIG_YAML_MAX) {
		fail(err, ERR_INVALID, "%s: larger than %d bytes", name,
		     CONFIG_YAML_MAX);
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		fail(err, ERR_INTERNAL, "%s: no memory to read it", name);
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
	root = parse(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return root;
}

struct yaml_node *config_yaml_read(const char *name, const char *text, size_t n,
				   struct error *err)
{
	return read_text(name, text, n, read_document, err);
}

struct yaml_node *config_yaml_read_all(const char *name, const char *text,
				       size_t n, struct error *err)
{
	return read_text(name, text, n, read_stream, err);
}

struct yaml_node *config_yaml_get(const struct yaml_node *map, const char *key)
{
	struct yaml_node *child;

	list_each (child, &map->children, struct yaml_node, link)
		if (child->key && !strcmp(child->key, key))
			return child;
	return NULL;
}

bool config_yaml_is_null(const struct yaml_node *node)
{
	return node->type == YAML_TEXT && node->plain &&
	       (!*node->text || !strcmp(node->text, "~") ||
		!strcmp(node->text, "null"));
}

/*
 * "0.25", "-1.5", "2e19": digits, then a fraction, an exponent or both (YAML
 * 1.2, 10.3.2); what no double can hold stays text.
 */
static bool is_real(const char *text)
{
	static const char digits[] = "0123456789";
	const char *p = text + (*text == '-');
	size_t n = strspn(p, digits), whole = n;

	p += n;
	if (n && *p == '.') {
		n = strspn(++p, digits);
		p += n;
	}
	if (n && (*p == 'e' || *p == 'E')) {
		p++;
		p += *p == '-' || *p == '+';
		n = strspn(p, digits);
		p += n;
	}
	return whole && n && !*p && isfinite(strtod(text, NULL));
}

static json_t *plain_to_json(const struct yaml_node *node)
{
	long long number;

	if (config_yaml_is_null(node))
		return json_null();
	if (!strcmp(node->text, "true") || !strcmp(node->text, "false"))
		return json_boolean(node->text[0] == 't');
	if (text_to_int(node->text, -JSON_MAX_INT, JSON_MAX_INT, &number))
		return json_integer(number);
	if (is_real(node->text))
		return json_real(strtod(node->text, NULL));
	return json_string(node->text);
}

json_t *config_yaml_to_json(const struct yaml_node *node)
{
	const struct yaml_node *child;
	json_t *value;

	if (node->type == YAML_TEXT)
		return node->plain ? plain_to_json(node)
				   : json_string(node->text);
	value = node->type == YAML_MAP ? json_object() : json_array();
	list_each (child, &node->children, struct yaml_node, link)
		if (node->type == YAML_MAP)
			json_object_set_new(value, child->key,
					    config_yaml_to_json(child));
		else
			json_array_append_new(value,
					      config_yaml_to_json(child));
	return value;
}
