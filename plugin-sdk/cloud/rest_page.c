/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of lists.  The next page is a URL or a token of the cloud's.  A URL is
 * followed with our credential in the headers, so it must stay where the
 * service is; and what a client gives back as a page token can change the
 * query of the row's own URL, nothing else.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/rest_run.h"

#define TOKEN_QUERY "q:"
#define TOKEN_MARKER "m:"
#define TOKEN_MAX 4096
#define PAGES_MAX 100000

static bool is_limit(const struct hole *h, void *arg UNUSED)
{
	return !slice_eq(h->name, "limit"); /* false ends the search */
}

bool rest_is_paged(const struct rest_run *run)
{
	struct error err = { 0 };

	if (json_int(run->args, "limit", 0) <= 0 || !run->next)
		return false;
	return !template_holes(run->http, TEMPLATE_URL, is_limit, NULL,
			       &err) &&
	       err.code == ERR_NONE;
}

/* ---- tokens ------------------------------------------------------------- */

/* What may stand in a query (RFC 3986 section 3.4). */
static bool is_query(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || text[i] == '#' ||
		    text[i] == '\\' || text[i] == '"')
			return false;
	return n <= TOKEN_MAX;
}

static bool is_marker(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return *text && strlen(text) <= TOKEN_MAX;
}

bool rest_page_first(const struct rest_run *run, struct rest_page *page)
{
	const char *token = json_str(run->args, "page_token", NULL);

	*page = (struct rest_page){ 0 };
	if (!token || !*token)
		return true;
	if (text_starts(token, TOKEN_QUERY) && is_query(token + 2))
		page->query = mem_strdup(token + 2);
	else if (text_starts(token, TOKEN_MARKER) && is_marker(token + 2))
		page->marker = mem_strdup(token + 2);
	else
		return fail_at(&run->call->fault, ERR_INVALID, "/page_token",
			       "page_token is not one that was given out; "
			       "start the list again without it");
	return true;
}

char *rest_page_token(const struct rest_page *page)
{
	const char *query;

	if (page->marker)
		return mem_printf(TOKEN_MARKER "%s", page->marker);
	query = page->url ? strchr(page->url, '?') : NULL;
	return query ? mem_printf(TOKEN_QUERY "%s", query + 1) : NULL;
}

/* ---- following ---------------------------------------------------------- */

/* The address of the run's service; new, NULL: none. */
static char *endpoint(const struct rest_run *run)
{
	const struct sc_call *call = run->call;
	struct template_scope scope = { .args = run->args,
					.cred = call->secrets,
					.config = call->config,
					.session = call->session,
					.region = call->region };
	struct buf text = { 0 };

	if (template_text(run->service->endpoint, &scope, &text, NULL,
			  &run->call->fault))
		return buf_steal(&text, NULL);
	buf_done(&text);
	return NULL;
}

static bool follow_url(const struct rest_run *run, const char *next,
		       struct rest_page *page)
{
	AUTO_FREE char *base = endpoint(run);
	struct slice origin;

	if (!base || !http_origin(base, &origin))
		return rest_bad_answer(run, "the service has no address to "
					    "follow a page at");
	if (*next == '/')
		page->url = mem_printf("%.*s%s", (int)origin.n, origin.p, next);
	else
		page->url = mem_strdup(next);
	if (http_same_origin(base, page->url) &&
	    is_query(page->url + strcspn(page->url, "?")))
		return true;
	return rest_bad_answer(run,
			       "the next page is not at the service's own "
			       "address, so it was not followed: %.*s",
			       (int)strcspn(next, "?"), next);
}

/* A page that leads to one already seen would never end. */
static bool is_new(const struct rest_run *run, json_t *seen, const char *next)
{
	if (json_object_get(seen, next))
		return rest_bad_answer(run, "the pages of the list lead in a "
					    "circle");
	if (json_object_size(seen) >= PAGES_MAX)
		return rest_bad_answer(run, "the list has more than %d pages",
				       PAGES_MAX);
	json_object_set_new(seen, next, json_true());
	return true;
}

static bool is_url(const char *next)
{
	return text_starts(next, "http://") || text_starts(next, "https://") ||
	       (next[0] == '/' && next[1] != '/');
}

bool rest_page_next(const struct rest_run *run, json_t *answer, json_t *seen,
		    struct rest_page *page)
{
	json_t *v = run->next ? path_first(answer, run->next) : NULL;
	const char *next = json_string_value(v);

	*page = (struct rest_page){ 0 };
	if (!v || (next && !*next))
		return true;
	if (!next)
		return rest_bad_answer(run,
				       "the next page (\"%s\") is not text",
				       run->next);
	if (!is_new(run, seen, next))
		return false;
	if (is_url(next))
		return follow_url(run, next, page);
	if (!is_marker(next))
		return rest_bad_answer(run, "the next page's token has control "
					    "characters or is too long");
	page->marker = mem_strdup(next);
	return true;
}
