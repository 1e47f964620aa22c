/* SPDX-License-Identifier: Apache-2.0 */
/* Answering from a recording. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"
#include "cloud/record.h"

#define RECORDING_MAX (64u << 20)

/* Exchanges in order; one that was used has a member "used". */
static json_t *recording;

/* ---- loading ------------------------------------------------------------ */

static bool check_exchange(const json_t *e, const char *path, size_t i,
			   struct error *err)
{
	const json_t *rq = json_object_get(e, "request");
	const json_t *answer = json_object_get(e, "answer");

	if (json_str(rq, "method", NULL) && json_str(rq, "url", NULL) &&
	    json_is_integer(json_object_get(answer, "status")))
		return true;
	return fail(err, ERR_INVALID,
		    "%s: exchange %zu needs request.method, "
		    "request.url and answer.status",
		    path, i + 1);
}

static bool load_file(const char *path, json_t *into, struct error *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO_JSON json_t *v = NULL, *list = NULL;
	json_t *e;
	size_t i;

	if (sys_read_file(path, RECORDING_MAX, &text) < 0)
		return fail(err, ERR_INVALID, "cannot read %s: %s", path,
			    strerror(errno));
	v = json_read(text.p, text.n, err);
	if (!v)
		return fail_within(err, "%s", path);
	list = json_is_array(v) ? json_incref(v) : json_pack("[O]", v);
	json_array_foreach (list, i, e) {
		if (!check_exchange(e, path, i, err))
			return false;
		json_array_append(into, e);
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of a recording in their order: *@names, new. */
static size_t list_dir(DIR *dir, char ***names)
{
	const struct dirent *e;
	size_t n = 0;

	while ((e = readdir(dir))) {
		if (!text_ends(e->d_name, ".json"))
			continue;
		*names = mem_realloc(*names, (n + 1) * sizeof(**names));
		(*names)[n++] = mem_strdup(e->d_name);
	}
	if (n)
		qsort(*names, n, sizeof(**names), by_name);
	return n;
}

static bool load_dir(const char *path, json_t *into, struct error *err)
{
	DIR *dir = opendir(path);
	AUTO_FREE char **names = NULL;
	bool ok = true;
	size_t n;

	if (!dir)
		return fail(err, ERR_INVALID, "cannot read %s: %s", path,
			    strerror(errno));
	n = list_dir(dir, &names);
	closedir(dir);
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *file = mem_printf("%s/%s", path, names[i]);

		ok = ok && load_file(file, into, err);
		mem_free(names[i]);
	}
	return ok;
}

bool replay_from(const char *path, struct error *err)
{
	json_t *loaded;
	struct stat st;
	bool ok;

	json_decref(recording);
	recording = NULL;
	if (!path)
		return true;
	loaded = json_array();
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		ok = load_dir(path, loaded, err);
	else
		ok = load_file(path, loaded, err);
	if (ok)
		recording = loaded;
	else
		json_decref(loaded);
	return ok;
}

bool replay_active(void)
{
	return recording != NULL;
}

size_t replay_unused(void)
{
	size_t n = 0, i;
	json_t *e;

	json_array_foreach (recording, i, e)
		n += !json_object_get(e, "used");
	return n;
}

/* ---- comparing ---------------------------------------------------------- */

/* Path and query of a URL: what follows scheme, host and port. */
static const char *local_part(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? host + 3 + strcspn(host + 3, "/?#") : url;
}

static bool same_path(const char *a, const char *b)
{
	size_t n = strcspn(a, "?");

	return n == strcspn(b, "?") && !strncmp(a, b, n);
}

/* The parameters of a query as the members of an object: name=value → count. */
static json_t *parameters(const char *local)
{
	const char *p = strchr(local, '?');
	json_t *made = json_object();

	for (p = p ? p + 1 : ""; *p;) {
		size_t n = strcspn(p, "&");
		AUTO_FREE char *pair = mem_strndup(p, n);

		json_object_set_new(made, pair,
				    json_integer(json_int(made, pair, 0) + 1));
		p += n + (p[n] == '&');
	}
	return made;
}

static bool same_query(const char *a, const char *b)
{
	AUTO_JSON json_t *x = parameters(a);
	AUTO_JSON json_t *y = parameters(b);

	return json_equal(x, y);
}

/* A recorded "***" stands for any string. */
static bool same_body(json_t *recorded, json_t *sent)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(recorded) && json_is_string(sent) &&
	    !strcmp(json_string_value(recorded), REDACTED))
		return true;
	if (json_is_object(recorded)) {
		json_object_foreach (recorded, key, v)
			if (!same_body(v, json_object_get(sent, key)))
				return false;
		return json_object_size(recorded) == json_object_size(sent);
	}
	if (!json_is_array(recorded) || !json_is_array(sent))
		return recorded == sent || json_equal(recorded, sent);
	json_array_foreach (recorded, i, v)
		if (!same_body(v, json_array_get(sent, i)))
			return false;
	return json_array_size(recorded) == json_array_size(sent);
}

struct wanted {
	const char *method, *local;
	json_t *body;
};

/* What is different, NULL: nothing; *@score tells the nearest. */
static const char *difference(const struct wanted *w, json_t *exchange,
			      int *score)
{
	json_t *rq = json_object_get(exchange, "request");
	const char *local = local_part(json_str(rq, "url", ""));
	bool method = !strcmp(json_str(rq, "method", ""), w->method);
	bool path = same_path(local, w->local);
	bool query = path && same_query(local, w->local);
	bool body = same_body(json_object_get(rq, "body"), w->body);

	*score = method + 8 * path + 4 * query + 2 * body;
	if (!path || !method)
		return path ? "method" : "path";
	if (!query || !body)
		return query ? "body" : "query";
	return json_object_get(exchange, "used") ? "number of times" : NULL;
}

static bool nothing_recorded(const struct wanted *w, json_t *nearest,
			     const char *why, struct error *err)
{
	json_t *rq = json_object_get(nearest, "request");

	if (!nearest)
		return fail(err, ERR_INTERNAL,
			    "replay: %s %s, but nothing is "
			    "recorded",
			    w->method, w->local);
	return fail(err, ERR_INTERNAL,
		    "replay: nothing recorded for %s %s; "
		    "the nearest, %s %s, differs in its %s",
		    w->method, w->local, json_str(rq, "method", ""),
		    local_part(json_str(rq, "url", "")), why);
}

static json_t *find(const struct wanted *w, struct error *err)
{
	json_t *e, *nearest = NULL;
	const char *why, *nearest_why = "";
	int score, best = -1;
	size_t i;

	json_array_foreach (recording, i, e) {
		why = difference(w, e, &score);
		if (!why)
			return e;
		if (score > best) {
			best = score;
			nearest = e;
			nearest_why = why;
		}
	}
	nothing_recorded(w, nearest, nearest_why, err);
	return NULL;
}

/* ---- answering ---------------------------------------------------------- */

static void give(json_t *recorded, struct http_answer *answer)
{
	json_t *body = json_object_get(recorded, "body"), *value;
	const char *name;

	answer->status = (int)json_int(recorded, "status", 0);
	json_object_foreach (json_object_get(recorded, "headers"), name,
			     value) {
		if (!json_is_string(value))
			continue;
		buf_add(&answer->headers, name, strlen(name) + 1);
		buf_add(&answer->headers, json_string_value(value),
			json_string_length(value) + 1);
	}
	if (json_is_string(body))
		buf_add(&answer->body, json_string_value(body),
			json_string_length(body));
	else if (body)
		json_write(body, &answer->body);
}

bool replay_answer(const struct http_request *rq, struct http_answer *answer,
		   struct error *err)
{
	AUTO_FREE char *url = record_url(rq->redact, rq->url);
	AUTO_JSON json_t *body = record_body(rq->redact, rq->body);
	struct wanted w = { rq->method, local_part(url), body };
	json_t *e = find(&w, err);

	if (!e)
		return false;
	json_object_set_new(e, "used", json_true());
	give(json_object_get(e, "answer"), answer);
	return true;
}
