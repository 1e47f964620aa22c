/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "cli/operation.h"

/* ---- a FILE that fills a buffer --------------------------------------------------- */

static ssize_t write_to_buf(void *cookie, const char *p, size_t n)
{
	buf_add(cookie, p, n);
	return (ssize_t)n;
}

static FILE *buf_file(struct buf *b)
{
	FILE *file = fopencookie(
		b, "w", (cookie_io_functions_t){ .write = write_to_buf });

	if (!file)
		mem_oom();
	return file;
}

/* ---- lines -------------------------------------------------------------------------- */

static struct slice next_line(const char **p)
{
	struct slice line = { *p, strcspn(*p, "\n") };

	*p += line.n;
	*p += **p == '\n';
	return line;
}

/* Columns may have become wider: blanks count as one, at the end as none. */
static bool same_line(struct slice a, struct slice b)
{
	size_t i = 0, k = 0;

	for (;;) {
		bool gap_a = i < a.n && a.p[i] == ' ';
		bool gap_b = k < b.n && b.p[k] == ' ';

		while (i < a.n && a.p[i] == ' ')
			i++;
		while (k < b.n && b.p[k] == ' ')
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (gap_a != gap_b || a.p[i++] != b.p[k++])
			return false;
	}
}

static bool same_first_word(struct slice a, struct slice b)
{
	size_t n = strcspn(a.p, " \n"), m = strcspn(b.p, " \n");

	return n == m && !memcmp(a.p, b.p, n);
}

static bool has_line(const char *text, struct slice line,
		     bool (*same)(struct slice, struct slice))
{
	while (*text)
		if (same(next_line(&text), line))
			return true;
	return false;
}

static void print_changes(const struct output *o, const char *old,
			  const char *fresh)
{
	bool table = o->format == OUTPUT_TABLE || o->format == OUTPUT_WIDE;

	for (const char *p = fresh; *p;) {
		struct slice line = next_line(&p);

		if (!has_line(old, line, same_line))
			fprintf(stdout, "%.*s\n", (int)line.n, line.p);
	}
	for (const char *p = old; table && *p;) {
		struct slice line = next_line(&p);

		if (!has_line(fresh, line, same_first_word))
			fprintf(stdout, "%.*s gone\n",
				(int)strcspn(line.p, " \n"), line.p);
	}
}

/* ---- the loop ------------------------------------------------------------------------- */

struct watch {
	struct session *s;
	bool (*print)(struct session *s, struct error *err);
	struct buf shown;
	bool any;  /* was shown */
	bool told; /* of a fault that may pass */
};

static const char *text_of(const struct buf *b)
{
	return b->n ? b->p : "";
}

static bool show(struct watch *w, const char *fresh, struct error *err)
{
	enum output_format format = w->s->output.format;

	if (w->any && !strcmp(text_of(&w->shown), fresh))
		return true;
	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[2J%s", fresh);
	else if (format == OUTPUT_JSON || format == OUTPUT_YAML)
		fputs(fresh, stdout);
	else
		print_changes(&w->s->output, text_of(&w->shown), fresh);
	w->any = true;
	return operation_printed(w->s, !ferror(stdout), err);
}

/* What a request gives to print. */
static bool ask(struct watch *w, struct buf *fresh, struct error *err)
{
	struct output *o = &w->s->output;
	bool ok;

	o->columns = operation_columns();
	o->to = buf_file(fresh);
	ok = w->print(w->s, err);
	fclose(o->to);
	o->to = stdout;
	return ok;
}

/* Once; false: a fault that will not pass. */
static bool turn(struct watch *w, struct error *err)
{
	AUTO(buf_done) struct buf fresh = { 0 };

	if (!ask(w, &fresh, err)) {
		if (session_interrupted || !err->retryable)
			return false;
		if (!w->told)
			session_report(w->s, err);
		return w->told = true;
	}
	w->told = false;
	if (!show(w, text_of(&fresh), err))
		return false;
	buf_clear(&w->shown);
	buf_add_slice(&w->shown, buf_slice(&fresh));
	return true;
}

int watch_run(struct session *s, long long every_s,
	      bool (*print)(struct session *s, struct error *err))
{
	struct watch w = { .s = s, .print = print };
	struct error err;
	bool ok;

	while ((ok = turn(&w, &err)) && session_poll(-1, every_s * 1000))
		;
	buf_done(&w.shown);
	if (session_interrupted)
		return STATUS_INTERRUPTED;
	return ok ? STATUS_OK : session_report(s, &err);
}
