/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the options to a manifest that is known to be right, and from the
 * results to the output.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "apply_impl.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/sys.h"
#include "cell.h"
#include "config_yaml.h"
#include "operation.h"

#define CHUNK 65536

/* ---- the file ------------------------------------------------------------ */

static bool read_all(int fd, const char *file, struct buf *text,
		     struct error *err)
{
	AUTO_FREE char *chunk = mem_alloc(CHUNK);
	ssize_t n;

	while ((n = sys_read(fd, chunk, CHUNK)) > 0 &&
	       text->n <= CONFIG_YAML_MAX)
		buf_add(text, chunk, (size_t)n);
	if (n < 0)
		return fail(err, ERR_INVALID, "%s cannot be read: %s", file,
			    strerror(errno));
	return text->n <= CONFIG_YAML_MAX ||
	       fail(err, ERR_INVALID, "%s: larger than %d bytes", file,
		    CONFIG_YAML_MAX);
}

static bool read_file(const char *file, struct buf *text, struct error *err)
{
	AUTO_FD int fd = -1;

	if (!strcmp(file, "-"))
		return read_all(STDIN_FILENO, "standard input", text, err);
	fd = sys_open(file, O_RDONLY, 0);
	if (fd < 0)
		return fail(err, ERR_INVALID, "%s cannot be opened: %s", file,
			    strerror(errno));
	return read_all(fd, file, text, err);
}

/* ---- faults -------------------------------------------------------------- */

static void tell_fault(const struct manifest *m, const json_t *fault)
{
	AUTO(buf_done) struct buf text = { 0 };

	buf_printf(&text, "%s:%lld: ", m->file, json_int(fault, "line", 0));
	cell_add_safe(&text, slice_of(json_str(fault, "detail", "")), false);
	fprintf(stderr, "%s\n", text.p);
}

/* All of them: to people as lines, to programs as members of the problem. */
static void tell_faults(struct apply *a, const struct error *err)
{
	const char *format = session_option(a->s, OPTION_OUTPUT);
	json_t *faults = a->m.faults, *fault;
	size_t i;

	if (format && !strcmp(format, "json")) {
		json_decref(a->s->problem);
		a->s->problem =
			json_pack("{ss ss ss ss sb sO}", "type",
				  "urn:skyclust:problem:invalid", "code",
				  "invalid", "detail", err->message, "effect",
				  "none", "retryable", 0, "errors", faults);
	} else if (json_array_size(faults) > 1) {
		json_array_foreach (faults, i, fault)
			tell_fault(&a->m, fault);
	}
}

/* ---- beginning ----------------------------------------------------------- */

/* The first request, if any, is made here: the file is right. */
static bool settle_provider(struct apply *a, struct error *err)
{
	const char *own = a->provider;

	for (size_t i = 0; i < a->m.n && !own; i++)
		if (!a->m.list[i].provider) {
			own = session_provider(a->s, err);
			if (!own)
				return false;
			a->provider = mem_strdup(own);
		}
	return true;
}

static bool read_manifest(struct apply *a, const char *file,
			  const struct buf *text, struct error *err)
{
	const struct session *s = a->s;
	const char *name = strcmp(file, "-") ? file : "stdin";

	a->provider = s->provider ? mem_strdup(s->provider) : NULL;
	a->region = s->region ? mem_strdup(s->region) : NULL;
	if (manifest_read(&a->m, name, text->n ? text->p : "", text->n,
			  a->provider, a->region, err))
		return true;
	tell_faults(a, err);
	return false;
}

/* A provider that is not there, or cannot do it, is better known before
 * anything is done. */
static bool check_providers(struct apply *a, const char *verb,
			    struct error *err)
{
	for (size_t i = 0; i < a->m.n; i++) {
		const struct resource *r = &a->m.list[i];
		const struct cat_op *op = strcmp(verb, "create")
						  ? command_op(r->kind, verb)
						  : r->op;

		apply_go_to(a, r);
		if (!apply_ask_support(a, err))
			return fail_within(err, "%s:%d", a->m.file, r->line);
		if (!op || !apply_can(a, op))
			return fail(err, ERR_UNSUPPORTED,
				    "%s:%d: %s cannot do %s.%s", a->m.file,
				    r->line, a->s->provider, r->kind->name,
				    op ? op->verb : verb);
	}
	return true;
}

/* Options that would be silently without effect are faults. */
static bool check_options(const struct session *s, struct error *err)
{
	static const enum option_id lists[] = { OPTION_FILTER, OPTION_LIMIT,
						OPTION_WATCH };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (s->command.option[lists[i]])
			return fail(err, ERR_INVALID,
				    "--%s is not for files of resources",
				    command_options[lists[i]].name);
	return s->command.option[OPTION_FILE] ||
	       fail(err, ERR_INVALID,
		    "which file? Name it by -f FILE; -f - is standard input");
}

static bool begin(struct apply *a, const char *file, struct buf *text,
		  const char *verb, struct error *err)
{
	struct session *s = a->s;

	if (!check_options(s, err) || !operation_set_output(s, NULL, err) ||
	    !session_connect(s, err) || !read_file(file, text, err) ||
	    !read_manifest(a, file, text, err) || !settle_provider(a, err) ||
	    !check_providers(a, verb, err))
		return false;
	a->outcomes = mem_alloc(a->m.n * sizeof(*a->outcomes));
	return a->dry_run || apply_lock(a, err);
}

bool apply_begin(struct apply *a, struct session *s, const char *verb)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	struct error err;

	*a = (struct apply){
		.s = s,
		.results = json_array(),
		.support = json_object(),
		.dry_run = s->command.option[OPTION_DRY_RUN] != NULL,
		.lines = !session_option(s, OPTION_OUTPUT),
		.lock = -1,
	};
	a->guesses = a->dry_run;
	if (begin(a, s->command.option[OPTION_FILE], &text, verb, &err))
		return true;
	a->status = (enum exit_status)session_report(s, &err);
	return false;
}

/* ---- the end ------------------------------------------------------------- */

static size_t count(const struct apply *a, const char *action)
{
	json_t *result;
	size_t i, n = 0;

	json_array_foreach (a->results, i, result)
		n += !strcmp(json_str(result, "action", ""), action);
	return n;
}

static void print_results(struct apply *a)
{
	struct error err;

	json_t *result;
	size_t i;

	if (a->lines || !a->outcomes)
		return;
	json_array_foreach (a->results, i, result)
		json_object_del(result, "number");
	if (!output_list(&a->s->output, a->results)) {
		fail(&err, ERR_INTERNAL, "the results cannot be written: %s",
		     strerror(errno));
		a->status = (enum exit_status)session_report(a->s, &err);
	}
}

int apply_end(struct apply *a)
{
	size_t failed = count(a, "failed");

	print_results(a);
	if (failed && a->lines)
		session_say(a->s,
			    "%zu failed, %zu not tried; running it again goes "
			    "on from here",
			    failed, count(a, "skipped"));
	for (size_t i = 0; a->outcomes && i < a->m.n; i++)
		json_decref(a->outcomes[i].record);
	apply_unlock(a);
	mem_free(a->outcomes);
	mem_free(a->provider);
	mem_free(a->region);
	json_decref(a->results);
	json_decref(a->support);
	manifest_done(&a->m);
	return (int)a->status;
}
