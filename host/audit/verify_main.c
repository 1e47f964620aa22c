/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skyclust-audit-verify: reads an export of the audit log, signed checkpoints
 * and the public key, and names the place of any alteration.  It needs nothing
 * of the installation, and trusts nothing but the key.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "audit/verify.h"
#include "base/auto.h"
#include "base/man.h"
#include "base/sys.h"

#define NAME "skyclust-audit-verify"
#define KEY_MAX (64 * 1024)
#define CHECKPOINT_MAX (4 * 1024 * 1024)
#define LINE_MAX_BYTES (4 * 1024 * 1024)
#define READ_STEP (256 * 1024)
#define TOLD_MAX 100 /* faults that are printed */

enum { EXIT_GOOD, EXIT_FAULTS, EXIT_USAGE };

/* ---- what it says of itself ------------------------------------------------- */

static const char about[] =
	"Verifies records of the audit log of skyclustd(8): that each one is "
	"as it was written, that none is missing between the first and the "
	"last, and that they are those which the checkpoints were signed for. "
	"Records come from GET /api/v1/audit/export?format=jsonl, checkpoints "
	"and the public key from the folder that audit.export of the "
	"configuration names (without it DATA_DIR/audit).\n\n"
	"Give the newest checkpoint at least: without one, records that are "
	"missing at the end cannot be noticed. Several exports are read as one "
	"log in the order they are given. A selection (of a workspace, or of a "
	"time) cannot be verified.";

static const struct man_entry options[] = {
	{ "--key FILE",
	  "A public key in PEM, Ed25519. Give it again for each key that "
	  "checkpoints were signed by." },
	{ "--checkpoint FILE",
	  "A signed checkpoint. May be given many times." },
	{ "--help", "Print this and end." },
	{ "--man", "Print the manual page in mdoc(7) and end." },
	{ "--version", "Print the version and end." },
	{ "EXPORT", "A file of records, one a line; - is the standard input." },
	{ NULL },
};

static const struct man_entry faults[] = {
	{ "damaged", "A line is no record, or a file no checkpoint." },
	{ "edited",
	  "The text, the place or the hash of a record was changed." },
	{ "replaced",
	  "The record before it is another than when it was written, or it was "
	  "inserted." },
	{ "deleted", "Records are missing before it." },
	{ "repeated", "It stands behind a record that came later." },
	{ "truncated", "Records are missing at the end, or at the beginning." },
	{ "rolled back",
	  "An older state was put back, and the log went on from there." },
	{ "forged", "A checkpoint is not signed by a key that was given." },
	{ NULL },
};

static const struct man_entry statuses[] = {
	{ "0",
	  "All records follow each other, and agree with the checkpoints." },
	{ "1", "There are faults; each is a line of the output." },
	{ "2", "Wrong usage, or a file that cannot be read." },
	{ NULL },
};

static const char example[] =
	"curl -H \"Authorization: Bearer $TOKEN\" \\\n"
	"  'https://skyclust.example/api/v1/audit/export?format=jsonl' "
	">audit.jsonl\n" NAME " --key audit-1.pem --checkpoint "
	"checkpoint-0000000042.json audit.jsonl\n";

static const char usage[] = "--key FILE [--checkpoint FILE ...] EXPORT ...";

static void print_help(void)
{
	printf("usage: " NAME " %s\n\n%s\n\n", usage, about);
	for (const struct man_entry *o = options; o->usage; o++)
		printf("  %-18s %s\n", o->usage, o->text);
}

static void print_manual(void)
{
	AUTO(buf_done) struct buf out = { 0 };

	man_begin(&out, NAME, 1, "verify an audit log");
	man_heading(&out, "SYNOPSIS");
	man_usage(&out, NAME, usage);
	man_heading(&out, "DESCRIPTION");
	man_text(&out, about);
	man_entries(&out, "OPTIONS", options);
	man_heading(&out, "FAULTS");
	man_text(&out, "A fault is printed as FILE:LINE: lane L, record N: "
		       "KIND: what is wrong. The kinds are:");
	man_list(&out);
	for (const struct man_entry *f = faults; f->usage; f++)
		man_item(&out, f->usage, f->text);
	man_list_end(&out);
	man_heading(&out, "ENVIRONMENT");
	man_text(&out, "No variable changes what it does.");
	man_entries(&out, "EXIT STATUS", statuses);
	man_heading(&out, "EXAMPLES");
	man_code(&out, example);
	man_heading(&out, "SEE ALSO");
	man_see(&out, "skyclust", 1, false);
	man_see(&out, "skyclustd", 8, true);
	fwrite(out.p, 1, out.n, stdout);
}

/* ---- faults ----------------------------------------------------------------- */

static void print_fault(void *arg, const struct verify_fault *f)
{
	long long *told = arg;

	if (++*told > TOLD_MAX)
		return;
	printf("%s:", f->file);
	if (f->line)
		printf("%ld:", f->line);
	if (f->lane >= 0)
		printf(" lane %" PRId64, f->lane);
	if (f->seq >= 0)
		printf(", record %" PRId64, f->seq);
	printf("%s %s: %s\n", f->lane >= 0 ? ":" : "", f->kind, f->text);
}

static int summary(const struct verify *v)
{
	if (v->faults > TOLD_MAX)
		printf("… and %lld more\n", v->faults - TOLD_MAX);
	printf("%lld records, %zu lanes, %zu checkpoints, %lld faults\n",
	       v->records, v->n_lanes, v->n_checkpoints, v->faults);
	if (!v->faults && !v->n_checkpoints)
		printf("no checkpoint was given: records that are missing at "
		       "the end cannot be noticed\n");
	return v->faults ? EXIT_FAULTS : EXIT_GOOD;
}

/* ---- files ------------------------------------------------------------------ */

static bool cannot_read(const char *file)
{
	fprintf(stderr, NAME ": %s: %s\n", file, strerror(errno));
	return false;
}

static bool read_key(struct verify *v, const char *file)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (sys_read_file(file, KEY_MAX, &text) < 0)
		return cannot_read(file);
	if (verify_key(v, buf_slice(&text)))
		return true;
	fprintf(stderr, NAME ": %s: no Ed25519 public key in PEM\n", file);
	return false;
}

static bool read_checkpoint(struct verify *v, const char *file)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (sys_read_file(file, CHECKPOINT_MAX, &text) < 0)
		return cannot_read(file);
	v->file = file;
	v->line = 0;
	verify_checkpoint(v, buf_slice(&text));
	return true;
}

/* Verify the whole lines of @text, and drop them. */
static void take_lines(struct verify *v, struct buf *text)
{
	size_t at = 0;
	char *end;

	while (text->n > at &&
	       (end = memchr(text->p + at, '\n', text->n - at))) {
		size_t n = (size_t)(end - text->p) - at;

		v->line++;
		verify_line(v, (struct slice){ text->p + at, n });
		at += n + 1;
	}
	buf_drop_front(text, at);
}

static bool read_lines(struct verify *v, int fd)
{
	AUTO(buf_done) struct buf text = { 0 };
	ssize_t n;

	for (;;) {
		buf_reserve(&text, READ_STEP);
		n = sys_read(fd, text.p + text.n, READ_STEP);
		if (n <= 0)
			break;
		text.n += (size_t)n;
		take_lines(v, &text);
		if (text.n > LINE_MAX_BYTES) {
			errno = EFBIG;
			return false;
		}
	}
	if (n == 0 && text.n) {
		v->line++;
		verify_fault(v, "truncated", -1, -1,
			     "the last line has no end");
	}
	return n == 0;
}

static bool read_export(struct verify *v, const char *file)
{
	AUTO_FD int fd = strcmp(file, "-") != 0 ? sys_open(file, O_RDONLY, 0)
						: dup(STDIN_FILENO);

	v->file = file;
	v->line = 0;
	verify_next_file(v);
	return (fd >= 0 && read_lines(v, fd)) || cannot_read(file);
}

/* ---- the command line ------------------------------------------------------- */

enum { OPT_KEY = 1, OPT_CHECKPOINT, OPT_HELP, OPT_MAN, OPT_VERSION };

static const struct option words[] = {
	{ "key", required_argument, NULL, OPT_KEY },
	{ "checkpoint", required_argument, NULL, OPT_CHECKPOINT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "man", no_argument, NULL, OPT_MAN },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL },
};

struct wishes {
	char **keys, **checkpoints; /* end with NULL */
	size_t n_keys, n_checkpoints;
};

/* -1: go on. */
static int read_options(struct wishes *w, int argc, char **argv)
{
	for (;;) {
		switch (getopt_long(argc, argv, "", words, NULL)) {
		case -1:
			return -1;
		case OPT_KEY:
			w->keys[w->n_keys++] = optarg;
			break;
		case OPT_CHECKPOINT:
			w->checkpoints[w->n_checkpoints++] = optarg;
			break;
		case OPT_HELP:
			print_help();
			return EXIT_GOOD;
		case OPT_MAN:
			print_manual();
			return EXIT_GOOD;
		case OPT_VERSION:
			puts(NAME " " SKYCLUST_VERSION);
			return EXIT_GOOD;
		default:
			return EXIT_USAGE;
		}
	}
}

static int verify_files(struct verify *v, const struct wishes *w,
			char **exports)
{
	for (size_t i = 0; i < w->n_keys; i++)
		if (!read_key(v, w->keys[i]))
			return EXIT_USAGE;
	for (size_t i = 0; i < w->n_checkpoints; i++)
		if (!read_checkpoint(v, w->checkpoints[i]))
			return EXIT_USAGE;
	verify_checkpoints(v);
	for (; *exports; exports++)
		if (!read_export(v, *exports))
			return EXIT_USAGE;
	verify_end(v);
	return summary(v);
}

static int run(const struct wishes *w, char **exports)
{
	long long told = 0;
	AUTO(verify_done)
	struct verify v = { .report = print_fault, .arg = &told };

	if (!w->n_keys || !*exports) {
		fprintf(stderr, "usage: " NAME " %s\n", usage);
		return EXIT_USAGE;
	}
	return verify_files(&v, w, exports);
}

int main(int argc, char **argv)
{
	AUTO_FREE char **keys = mem_alloc((size_t)argc * sizeof(*keys));
	AUTO_FREE char **checkpoints = mem_alloc((size_t)argc * sizeof(*keys));
	struct wishes wishes = { .keys = keys, .checkpoints = checkpoints };
	int status = read_options(&wishes, argc, argv);

	if (status < 0)
		status = run(&wishes, argv + optind);
	if (fflush(stdout) != 0)
		status = EXIT_USAGE;
	return status;
}
