/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/text.h"
#include "cli/operation.h"

/* ---- a FILE that fills a buffer --------------------------------------------------- */

static ssize_t write_to_buf(void *cookie, const char *p, size_t n)
{
	buf_add(cookie, p, n);
	return (ssize_t)n;
}

static FILE *buf_file(struct buf *b)
{
	return fopencookie(b, "w",
			   (cookie_io_functions_t){ .write = write_to_buf });
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

static void show(const struct session *s, const char *old, const char *fresh)
{
	enum output_format format = s->output.format;

	if (!strcmp(old, fresh) && *fresh)
		return;
	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[2J%s", fresh);
	else if (format == OUTPUT_JSON || format == OUTPUT_YAML)
		fputs(fresh, stdout);
	else
		print_changes(&s->output, old, fresh);
	fflush(stdout);
}

/* Ask once; false: a fault that will not pass. */
static bool turn(struct session *s, struct buf *old, bool *told,
		 bool (*print)(struct session *s, struct error *err),
		 struct error *err)
{
	AUTO(buf_done) struct buf fresh = { 0 };
	bool ok;

	s->output.columns = operation_columns();
	s->output.to = buf_file(&fresh);
	ok = print(s, err);
	fclose(s->output.to);
	s->output.to = stdout;
	if (!ok && (session_interrupted || !err->retryable))
		return false;
	if (!ok) {
		if (!*told)
			session_report(s, err);
		*told = true;
		return true;
	}
	*told = false;
	show(s, old->n ? old->p : "", fresh.n ? fresh.p : "");
	buf_clear(old);
	buf_add(old, fresh.n ? fresh.p : "", fresh.n);
	return true;
}

int watch_run(struct session *s, long long every_s,
	      bool (*print)(struct session *s, struct error *err))
{
	AUTO(buf_done) struct buf old = { 0 };
	bool told = false;
	struct error err;

	while (!ferror(stdout)) {
		if (!turn(s, &old, &told, print, &err)) {
			if (session_interrupted)
				break;
			return session_report(s, &err);
		}
		if (!session_poll(-1, every_s * 1000))
			break;
	}
	return session_interrupted ? STATUS_INTERRUPTED : STATUS_FAILED;
}
