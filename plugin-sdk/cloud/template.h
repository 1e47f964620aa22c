/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: the URLs, headers and bodies of rows, with holes.
 *
 *	{x}         required; percent-encoded in a URL, typed JSON in a body
 *	{x?}        drops the query parameter, object member or array element
 *	            that holds it when x is missing
 *	{x|y|z}     the first that is there
 *	{x|=text}   else this text, up to the }; written like a JSON number or
 *	            boolean it is one
 *	{x/N} {x:N} the N-th part, from 0, of x split at '/' or ':'
 *	{x:int}     a text that is a number as one
 *	{x:base64}  in base64 (RFC 4648); of what is no text its JSON
 *	{x:until /v} what comes before the text "/v", else all of it
 *	{x:tcp=TCP *=any -=none}  words of a map read the other way round: theirs
 *	            for ours, typed as after |=; what is not listed stays.  * is
 *	            any text, also within one; - is no value, and nothing after
 *	            the = means none.
 *	{x[only]}   the element of a list that must not have several
 *	{+x}        not encoded
 *	{x[k]}      the member of x whose name is the text k
 *	{x[]}       in a body: the array around it is repeated, see below
 *	{x[].y}     the same with member y of each element of x
 *	{cred.x} {config.x} {session.x}   from the credential, settings, session
 *	{arg.x}     in a map, where {x} is of the record: the row's argument
 *	{header.X}  in a map: a header of the answer, in any case
 *	{region}    the request's region, else the setting `region`
 *	{op}        the operation id, for a cloud's own idempotency token
 *
 * All at once, in this order: {+x[].y|z?:0|=text}.
 *
 * x is an argument, or a path (path.h, without selectors) into one.  null
 * counts as missing, and in a URL so does the empty string.  A list in a URL
 * or inside of text is joined by commas; an object there is refused.
 *
 * Bodies are JSON with ' for " (\' is an apostrophe).  A string that is one
 * hole becomes the value with its type; a hole within other text becomes part
 * of a string.  An object or array that is empty only because its holes were
 * missing is dropped as well, up to the root; one that is written empty stays.
 *
 * An array of one element that holds {x[]} is repeated: it gets one element
 * for each element of the list x.  The first such hole names the list, and its
 * ? says that there may be none.
 *
 *	{'groups': [{'name': '{security_groups[]?}'}]}
 *	  with ["a", "b"]: {"groups": [{"name": "a"}, {"name": "b"}]}
 *	  with []:         {"groups": []}
 *	  without:         the member is dropped; it is an error without the ?
 *
 * The members of an object named '*' take its place; of a list named '|' in an
 * object of its own the first element does that is not dropped, and lacks no
 * value that it requires.
 *
 *	{'*': '{tags?}', 'made-by': '{op?}'}
 *	{'|': [{'id': '{id?}'}, {'name': '{name?}'}, 'auto']}
 *
 * Refused, whoever made the value: control characters in URLs and headers,
 * path segments "." and ".." (also within an encoded value), and an empty
 * required hole in a URL.
 */
#ifndef SKYCLUST_CLOUD_TEMPLATE_H
#define SKYCLUST_CLOUD_TEMPLATE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

/* Where holes find their values; all borrowed, all may be NULL. */
struct template_scope {
	json_t *args;           /* {x}; of a record: the cloud's object */
	json_t *cred, *config, *session;
	const char *region, *op;
	json_t *item;           /* {x[]}: the element at hand, and x */
	struct slice list;
	json_t *headers;        /* {header.X}: in maps what came with the answer */
	json_t *row;            /* {arg.x}: in maps the arguments of the row */
	const struct template_scope *outer; /* of the array around that one */
	bool explain;           /* {session.x} stays as it is, and so does what
				 * credential and settings do not have */
};

enum template_kind {
	TEMPLATE_URL,           /* "/servers/{id}?x={x?}" */
	TEMPLATE_TEXT,          /* header, endpoint: nothing is encoded */
	TEMPLATE_BODY,          /* JSON with ' for " */
};

/* One hole, as it is written. */
struct hole {
	struct slice name;      /* "id", "cred.password", "x" of {x[].y} */
	struct slice member;    /* "y" of {x[].y}, else empty */
	struct slice others;    /* "y|z" of {x|y|z} */
	struct slice otherwise; /* "text" of {x|=text}; .p NULL: none */
	char separator;         /* / or : of {x/N} and {x:N}; 0: whole */
	int part;               /* N */
	bool base64;            /* {x:base64} */
	bool integer;           /* {x:int} */
	struct slice until;     /* "text" of {x:until text} */
	struct slice words;     /* "ours=theirs …" of {x:ours=theirs …} */
	bool only;              /* {x[only]} */
	bool optional;          /* {x?} */
	bool raw;               /* {+x} */
	bool each;              /* {x[]} */
};

/* Append the URL (path and query) to @out.  ERR_INVALID with the argument's
 * pointer when a value is missing or refused; ERR_UNSUPPORTED when the session
 * lacks a member (the cloud does not offer that service). */
bool template_url(const char *text, const struct template_scope *scope,
		  struct buf *out, struct error *err);

/* Append a header's or endpoint's text; *@dropped (may be NULL) is set, and
 * nothing appended, when an optional hole was missing. */
bool template_text(const char *text, const struct template_scope *scope,
		   struct buf *out, bool *dropped, struct error *err);

/* Append the path, the holes in its selectors' values filled in; a selector
 * whose optional hole is missing takes every element. */
bool template_path(const char *path, const struct template_scope *scope,
		   struct buf *out, struct error *err);

/* Is @text a path, that is, has it holes nowhere but in selectors? */
bool template_is_path(const char *text);

/* The body, new; json_null() when its only hole was missing.  NULL: failed. */
json_t *template_body(const char *text, const struct template_scope *scope,
		      struct error *err);

/* Call @fn for each hole in order, of {x|y} for x and for y; false when @fn says so, or when the
 * template is not well-formed (ERR_INVALID; @err is untouched by @fn). */
bool template_holes(const char *text, enum template_kind kind,
		    bool (*fn)(const struct hole *hole, void *arg), void *arg,
		    struct error *err);

/* Does a hole's name begin with @prefix ("session.")?  NULL has no holes. */
bool template_uses(const char *text, enum template_kind kind,
		   const char *prefix);

#endif
