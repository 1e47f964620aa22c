/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: where things are in a cloud's answer.
 *
 *	server                     member of an object
 *	servers[]                  every element of an array
 *	links[rel=next].href       elements whose member `rel` is "next"
 *	addresses.*[version=4]     every member of an object, whatever its name
 *	labels.'example.org/zone'  a name that holds dots or brackets
 *
 * Steps are separated by dots; a name may hold anything but . [ ] and a quote,
 * colons too ("OS-EXT-AZ:availability_zone").  The empty path is the root, and
 * a path may begin with [] when the root is an array.  A step that finds
 * nothing, or a value of another type, finds no node: paths never fail.
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

/* The first of them that is not null; borrowed from @root, or NULL. */
json_t *path_first(json_t *root, const char *path);

/* Does what @path selects from exist: an array at its first [] or [k=v], for
 * a path without any a node that is not null? */
bool path_exists(json_t *root, const char *path);

/* Is @path written correctly?  ERR_INVALID says where it is not. */
bool path_check(const char *path, struct error *err);

#endif
