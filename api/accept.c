/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers are lists of parts: split, trim, compare.  Nothing is copied.
 */
#include "accept.h"

#include <string.h>
#include <strings.h>

static struct slice trim(struct slice s)
{
	while (s.n && (*s.p == ' ' || *s.p == '\t'))
		s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* The part of @rest before the next @mark, trimmed; @rest goes on behind it. */
static struct slice next_part(struct slice *rest, char mark)
{
	const char *end = rest->n ? memchr(rest->p, mark, rest->n) : NULL;
	struct slice part = { rest->p,
			      end ? (size_t)(end - rest->p) : rest->n };

	rest->p += part.n + (end != NULL);
	rest->n -= part.n + (end != NULL);
	return trim(part);
}

static bool same(struct slice a, const char *b, size_t n)
{
	return a.n == n && !strncasecmp(a.p, b, n);
}

static struct slice bare_type(const char *type)
{
	struct slice rest = slice_of(type);

	return next_part(&rest, ';');
}

/* "q=0", "q=0.000": not this one. */
static bool is_refused(struct slice params)
{
	while (params.n) {
		struct slice p = next_part(&params, ';');

		if (p.n >= 3 && !strncasecmp(p.p, "q=0", 3) &&
		    strspn(p.p + 2, "0.") >= p.n - 2)
			return true;
	}
	return false;
}

/* The range "a/b", "a" with a star, or two stars; @type is "a/b". */
static bool range_has(struct slice range, struct slice type)
{
	const char *slash = memchr(type.p, '/', type.n);
	size_t major = slash ? (size_t)(slash - type.p) + 1 : type.n;

	if (same(range, "*/*", 3) || same(range, type.p, type.n))
		return true;
	return range.n == major + 1 && range.p[major] == '*' &&
	       !strncasecmp(range.p, type.p, major);
}

bool accept_allows(const char *accept, const char *type, struct error *err)
{
	struct slice rest = slice_of(accept), wanted = bare_type(type);

	if (!accept || !trim(rest).n)
		return true;
	while (rest.n) {
		struct slice params = next_part(&rest, ',');
		struct slice range = next_part(&params, ';');

		if (range_has(range, wanted) && !is_refused(params))
			return true;
	}
	return fail(err, ERR_NOT_ACCEPTABLE,
		    "the answer is %.*s, which the header Accept does not "
		    "admit",
		    (int)wanted.n, wanted.p);
}

static bool is_utf8(struct slice params)
{
	while (params.n) {
		struct slice p = next_part(&params, ';');

		if (p.n >= 8 && !strncasecmp(p.p, "charset=", 8) &&
		    !same((struct slice){ p.p + 8, p.n - 8 }, "utf-8", 5) &&
		    !same((struct slice){ p.p + 8, p.n - 8 }, "\"utf-8\"", 7))
			return false;
	}
	return true;
}

bool accept_is_json(const char *content_type, struct error *err)
{
	struct slice params = slice_of(content_type);
	struct slice type = next_part(&params, ';');

	if (!same(type, "application/json", 16))
		return fail(err, ERR_MEDIA_TYPE,
			    "the body must be application/json, the header "
			    "Content-Type says \"%.*s\"",
			    (int)type.n, type.p ? type.p : "");
	if (!is_utf8(params))
		return fail(err, ERR_MEDIA_TYPE,
			    "the body must be in UTF-8 (RFC 8259 section 8.1)");
	return true;
}
