/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/sys.h"
#include "cli/operation.h"
#include "cli/program.h"

/* ---- export -------------------------------------------------------------- */

static bool export_to(struct session *s, FILE *to, struct error *err)
{
	const struct command *c = &s->command;

	return session_connect(s, err) &&
	       session_download(s, c->op, c->args, to, err);
}

/* A file that is there is whole. */
static bool export_file(struct session *s, const char *name, struct error *err)
{
	AUTO_FREE char *part = mem_printf("%s.part", name);
	FILE *to = fopen(part, "we");
	bool ok;

	if (!to)
		return fail(err, ERR_INVALID, "%s cannot be written: %s", part,
			    strerror(errno));
	ok = export_to(s, to, err);
	if (ok && (fflush(to) != 0 || sys_fsync(fileno(to)) < 0 ||
		   sys_rename(part, name) < 0))
		ok = fail(err, ERR_INTERNAL, "%s cannot be written: %s", name,
			  strerror(errno));
	fclose(to);
	if (!ok)
		unlink(part);
	return ok;
}

int audit_export_run(struct session *s)
{
	const char *file = s->command.option[OPTION_FILE];
	struct error err;
	bool ok = file && strcmp(file, "-") != 0 ? export_file(s, file, &err)
						 : export_to(s, stdout, &err);

	return ok ? STATUS_OK : session_report(s, &err);
}

/* ---- verify -------------------------------------------------------------- */

/* Without a server, by whoever has an export and the public key. */
static int verify_export(struct session *s, const char *file)
{
	const char *const *option = s->command.option;
	const char *key = option[OPTION_KEY];
	const char *checkpoint = option[OPTION_CHECKPOINT];
	const char *words[7] = { "skyclust-audit-verify" };
	struct error err;
	size_t n = 1;

	if (key) {
		words[n++] = "--key";
		words[n++] = key;
	}
	if (checkpoint) {
		words[n++] = "--checkpoint";
		words[n++] = checkpoint;
	}
	words[n] = file;
	if (!key)
		fail(&err, ERR_INVALID,
		     "--export wants --key FILE, too: the public key that is "
		     "beside the checkpoints");
	else
		program_become(words, &err);
	return session_report(s, &err);
}

static bool verify(struct session *s, json_t **answer, struct error *err)
{
	const struct command *c = &s->command;

	return operation_set_output(s, c->op->result, err) &&
	       session_connect(s, err) &&
	       session_call(s, c->op, c->args, answer, NULL, err) &&
	       operation_printed(s, output_value(&s->output, *answer), err);
}

int audit_verify_run(struct session *s)
{
	const char *file = s->command.option[OPTION_EXPORT];
	AUTO_JSON json_t *answer = NULL;
	struct error err;

	if (file)
		return verify_export(s, file);
	if (!verify(s, &answer, &err))
		return session_report(s, &err);
	return json_bool(answer, "ok", false) ? STATUS_OK : STATUS_FAILED;
}
