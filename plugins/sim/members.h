/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short names for reading and writing members of JSON objects.  Readers
 * cannot fail: what is absent or of another type is NULL, 0 or false.
 */
#ifndef SKYCLUST_SIM_MEMBERS_H
#define SKYCLUST_SIM_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static inline const char *get_str(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static inline long long get_int(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static inline bool get_bool(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* Present and not null. */
static inline bool has(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return v && !json_is_null(v);
}

static inline bool is_str(const json_t *v, const char *text)
{
	return text && json_is_string(v) && !strcmp(json_string_value(v), text);
}

static inline bool same_str(const json_t *object, const char *name,
			    const char *text)
{
	return is_str(json_object_get(object, name), text);
}

/* @value is stolen. */
static inline void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* NULL sets null. */
static inline void set_str(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name,
			    text ? json_string(text) : json_null());
}

static inline void set_int(json_t *object, const char *name, long long n)
{
	json_object_set_new(object, name, json_integer(n));
}

static inline void set_bool(json_t *object, const char *name, bool yes)
{
	json_object_set_new(object, name, json_boolean(yes));
}

#endif
