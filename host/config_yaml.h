/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text as a small tree that remembers its lines, so that every complaint
 * about a setting can name where it stands.  A subset on purpose: no aliases,
 * no tags; maps, lists and scalars.
 */
#ifndef SKYCLUST_HOST_CONFIG_YAML_H
#define SKYCLUST_HOST_CONFIG_YAML_H

#include <jansson.h>

#include "base/error.h"
#include "base/list.h"

#define CONFIG_YAML_MAX (1 << 20) /* bytes of a file */
#define CONFIG_YAML_DEPTH 32
#define CONFIG_YAML_NODES 20000

struct yaml_node {
	struct list link;       /* in the parent's children */
	struct list children;   /* of a map or a list, in order */
	enum { YAML_TEXT, YAML_MAP, YAML_LIST } type;
	bool plain;     /* a scalar without quotes: may be a number */
	int line;       /* of the key in a map, else of the value */
	char *key;      /* member of a map, else NULL */
	char *text;     /* YAML_TEXT */
};

/* Read @n bytes of @text, one document; @name is the file's name in errors.  New, or NULL
 * with "NAME:LINE: what". An empty text is an empty map. */
struct yaml_node *config_yaml_read(const char *name, const char *text, size_t n,
				   struct error *err);
/* The same with any number of documents: a list of them. */
struct yaml_node *config_yaml_read_all(const char *name, const char *text,
				       size_t n, struct error *err);
void config_yaml_free(struct yaml_node *node);

/* The member @key of a map; borrowed, NULL when there is none. */
struct yaml_node *config_yaml_get(const struct yaml_node *map, const char *key);

/* A plain scalar that says nothing: empty, "~" or "null". */
bool config_yaml_is_null(const struct yaml_node *node);

/* The tree as JSON (new): plain scalars become null, booleans, integers or
 * reals where they look like it, quoted ones are always strings. */
json_t *config_yaml_to_json(const struct yaml_node *node);

#endif
