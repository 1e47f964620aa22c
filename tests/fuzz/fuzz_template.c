/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates and paths with any text in any place.  An input is four texts
 * separated by newlines: a URL template, a body template, a path, and the rest
 * is the JSON of the arguments, which templates and path are applied to.
 *
 * Beside memory faults it finds URLs that leave the template's own path: a
 * control character, or a "." or ".." segment that was not refused; and values
 * that break out of a path's selector.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next line of *@p, new. */
static char *take_line(const char **p, const char *end)
{
	size_t n = 0;
	char *line;

	while (*p + n < end && (*p)[n] != '\n')
		n++;
	line = mem_alloc(n + 1);
	memcpy(line, *p, n);
	*p += n + (*p + n < end);
	return line;
}

/* A URL that was made must be safe to send. */
static void check_url(const struct buf *url)
{
	size_t path = url->p ? strcspn(url->p, "?") : 0, start = 0;

	for (size_t i = 0; i < url->n; i++)
		if ((unsigned char)url->p[i] < ' ' && url->p[i] != '\t')
			abort();
	for (size_t i = 0; i <= path; i++) {
		if (i < path && url->p[i] != '/')
			continue;
		if ((i - start == 1 && url->p[start] == '.') ||
		    (i - start == 2 && !memcmp(url->p + start, "..", 2)))
			abort();
		start = i + 1;
	}
}

static bool visit(const struct hole *h, void *arg)
{
	*(size_t *)arg += h->name.n + h->member.n;
	return true;
}

static void fill(const char *url, const char *body, json_t *args)
{
	struct template_scope scope = { .args = args,
					.cred = args,
					.config = args,
					.session = args };
	AUTO(buf_done) struct buf out = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO_JSON json_t *made = NULL;
	struct error err;
	size_t seen = 0;
	bool dropped;

	if (template_url(url, &scope, &out, &err))
		check_url(&out);
	template_text(url, &scope, &text, &dropped, &err);
	made = template_body(body, &scope, &err);
	template_holes(url, TEMPLATE_URL, visit, &seen, &err);
	template_holes(body, TEMPLATE_BODY, visit, &seen, &err);
	scope.explain = true;
	buf_clear(&out);
	template_url(url, &scope, &out, &err);
}

/* What a path finds is there; a malformed one finds nothing. */
static void walk(const char *path, json_t *args)
{
	AUTO_JSON json_t *found = path_find(args, path);
	AUTO_JSON json_t *records = path_records(args, path);
	json_t *first = path_first(args, path);
	struct error err;

	if (!path_check(path, &err) &&
	    (json_array_size(found) || json_array_size(records)))
		abort();
	if (first && !json_array_size(found))
		abort();
	if (path_choices(args, path) != 1 && json_array_size(found))
		abort();
	path_exists(args, path);
	path_selects(path);
}

/* Whatever the values are, a path that was well-formed stays so. */
static void fill_path(const char *path, json_t *args)
{
	struct template_scope scope = { .args = args, .row = args };
	AUTO(buf_done) struct buf out = { 0 };
	struct error err;

	if (!path_check(path, &err) || !template_is_path(path) ||
	    !template_path(path, &scope, &out, &err))
		return;
	if (!path_check(out.n ? out.p : "", &err))
		abort();
	walk(out.n ? out.p : "", args);
}

/* Control characters of the template itself are its author's; leave them. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	AUTO_FREE char *url = take_line(&p, end);
	AUTO_FREE char *body = take_line(&p, end);
	AUTO_FREE char *path = take_line(&p, end);
	AUTO_JSON json_t *args = json_read(p, (size_t)(end - p), NULL);

	if (is_plain(url))
		fill(url, body, args);
	walk(path, args);
	fill_path(path, args);
	return 0;
}
