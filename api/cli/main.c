/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * skyclust, the command line: a client of the REST API and of nothing else.
 *
 *	command     words and options, by tables        command.c
 *	session     settings, the server, the provider  session.c
 *	operation   the catalogue's and vendors' verbs  operation.c
 *	builtins    all other commands                  builtins.c
 *	output      what is printed                     output.c
 *	report      what went wrong, what to do         report.c
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/builtins.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "cli/operation.h"

/* The first ends what is being waited for, a second one the program. */
static void on_signal(int sig UNUSED)
{
	session_interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* A vendor's kind is described by the provider, which the first reading of the
 * words tells. */
static bool read_words(struct session *s, int argc, char **argv,
		       struct error *err)
{
	const struct cat_kind *kind;

	if (!command_parse(&s->command, argc, argv, NULL, err))
		return false;
	if (!s->command.vendor || s->command.kind)
		return true;
	kind = session_vendor_kind(s, s->command.vendor, err);
	if (!kind)
		return false;
	command_done(&s->command);
	return command_parse(&s->command, argc, argv, kind, err);
}

static int print_manual(void)
{
	AUTO(buf_done) struct buf page = { 0 };

	manual_write(&page);
	fputs(page.p, stdout);
	return STATUS_OK;
}

static int run(struct session *s)
{
	const struct command *c = &s->command;

	if (c->option[OPTION_MAN])
		return print_manual();
	if (c->option[OPTION_HELP]) {
		help_command(c, stdout);
		return STATUS_OK;
	}
	return c->builtin ? c->builtin->run(s) : operation_run(s);
}

int main(int argc, char **argv)
{
	struct session s = { .output.to = stdout };
	struct error err;
	int status;

	setlocale(LC_CTYPE, "");
	mem_use_for_jansson();
	catch_signals();
	if (argc < 2) {
		help_overview(stderr);
		return STATUS_USAGE;
	}
	status = read_words(&s, argc, argv, &err) ? run(&s)
						  : session_report(&s, &err);
	if (fflush(stdout) != 0 && status == STATUS_OK) {
		fprintf(stderr, "skyclust: %s\n", strerror(errno));
		status = STATUS_FAILED;
	}
	session_done(&s);
	return status;
}
