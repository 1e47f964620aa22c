/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: where things are in a cloud's answer.
 *
 *	server                     member of an object
 *	servers[]                  every element of an array
 *	links[rel=next].href       elements whose member `rel` is "next"
 *	links[rel!=self]           those whose member is not, or is missing
 *	flavors[id|a.name=m1]      those of which one of several members is
 *	rules['a.b'='it''s [1]']   quotes, for names and values of any text
 *	pools[only]                the only element; of none or several, none
 *	ends[kind=a][where=b].url  those of the elements chosen that are this, too
 *	addresses.*[version=4]     every member of an object, whatever its name
 *	labels.'example.org/zone'  a name that holds dots or brackets
 *
 * Steps are separated by dots; a name may hold anything but . [ ] and a quote,
 * colons too ("OS-EXT-AZ:availability_zone").  The empty path is the root, and
 * a path may begin with [] when the root is an array.  A step that finds
 * nothing, or a value of another type, finds no node: paths never fail.
 * Numbers and booleans are compared by their JSON text; null, objects and
 * arrays equal nothing.
 *
 * A value may have holes ("flavors[id={instance_type}]"): template_path() fills
 * them in before the path is walked.
 *
 * A `?` at the end says that what the path leads to may be absent; it matters
 * only for `items` of a list, where an absent array is a bad answer without.
 */
#ifndef SKYCLUST_CLOUD_PATH_H
#define SKYCLUST_CLOUD_PATH_H

#include <jansson.h>

#include "base/base.h"
#include "base/error.h"

/* All nodes of @root that @path leads to, in document order; a new array.  A
 * NULL @root gives an empty one. */
json_t *path_find(json_t *root, const char *path);

/* The same for the records of a list: of a `*` at the end the members that are
 * objects, each a copy with one member more, `~`: the name it has. */
json_t *path_records(json_t *root, const char *path);

/* The first of them that is not null; borrowed from @root, or NULL. */
json_t *path_first(json_t *root, const char *path);

/* Does what @path selects from exist: an array at its first selector, an object
 * at a `*` at its end, for a path without either a node that is not null? */
bool path_exists(json_t *root, const char *path);

/* How many elements an [only] of @path had to choose from, if not one; else
 * 1. */
size_t path_choices(json_t *root, const char *path);

/* Does @path choose among several, by a selector or a `*` at its end? */
bool path_selects(const char *path);

/* The next selector of *@p that compares: *@in is what is in its brackets,
 * *@value what comes after its =, and *@p moves behind it.  False: none. */
bool path_condition(const char **p, struct slice *in, struct slice *value);

/* Is @path written correctly?  ERR_INVALID says where it is not. */
bool path_check(const char *path, struct error *err);

#endif
