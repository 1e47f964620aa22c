/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that are not the catalogue's.
 */
#include "cli/builtins.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/apply.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/operation.h"
#include "cli/program.h"

static const char *word(const struct session *s, size_t i)
{
	return json_string_value(json_array_get(s->command.words, i));
}

/* ---- the host ------------------------------------------------------------------ */

/* GET @path and print it; of a list its items, by @fields unless told. */
static bool print_path(struct session *s, const char *path, const char *fields,
		       struct error *err)
{
	AUTO_JSON json_t *value = NULL;
	json_t *items;

	if (!operation_set_output(s, NULL, err))
		return false;
	value = session_get(s, path, err);
	if (!value)
		return false;
	items = json_object_get(value, "items");
	if (!s->output.fields && s->output.format == OUTPUT_TABLE)
		s->output.fields = fields;
	return operation_printed(s,
				 items ? output_list(&s->output, items)
				       : output_value(&s->output, value),
				 err);
}

static int providers_list_run(struct session *s)
{
	struct error err;

	return print_path(s, "/api/v1/providers",
			  "name,driver,version,state,last_error", &err)
		       ? STATUS_OK
		       : session_report(s, &err);
}

static int providers_show_run(struct session *s)
{
	AUTO(buf_done) struct buf path = { 0 };
	struct error err;

	buf_add_str(&path, "/api/v1/providers/");
	text_percent_encode(&path, slice_of(word(s, 0)), "");
	return print_path(s, path.p, NULL, &err) ? STATUS_OK
						 : session_report(s, &err);
}

static int status_run(struct session *s)
{
	struct error err;

	return print_path(s, "/api/v1/system/status",
			  "version,pid,started_at,uptime_seconds,connections,"
			  "requests_open",
			  &err)
		       ? STATUS_OK
		       : session_report(s, &err);
}

static int store_migrate_run(struct session *s)
{
	const char *const words[] = { "skyclustd", "--migrate-store",
				      word(s, 0), word(s, 1), NULL };
	struct error err;

	program_become(words, &err);
	return session_report(s, &err);
}

/* ---- help -------------------------------------------------------------------------- */

/* "help", "help context", "help instances", "help instances create": as the
 * same words with --help. */
static int help_run(struct session *s)
{
	const char *argv[] = { "skyclust", "--help", word(s, 0), word(s, 1) };
	int argc = 2 + (int)json_array_size(s->command.words);
	struct command about;
	struct error err;
	int status = STATUS_OK;

	if (!command_parse(&about, argc, (char **)argv, NULL, &err))
		status = session_report(s, &err);
	else
		help_command(&about, stdout);
	command_done(&about);
	return status;
}

static int version_run(struct session *s UNUSED)
{
	puts("skyclust " SKYCLUST_VERSION);
	return STATUS_OK;
}

/* clang-format off */
const struct builtin command_builtins[] = {
	{ "login", NULL, "", 0, 0, LIVE_NONE,
	  "Log in; the password is asked for, or read from standard input.", login_run },
	{ "logout", NULL, "", 0, 0, LIVE_NONE,
	  "End the session, and forget it here.", logout_run },
	{ "password", NULL, "", 0, 0, LIVE_NONE,
	  "Change your password; your other sessions end.", password_run },
	{ "whoami", NULL, "", 0, 0, LIVE_NONE,
	  "Tell as whom the server knows us.", whoami_run },
	{ "token", NULL, "", 0, 0, LIVE_NONE,
	  "Print a good access token, for other programs.", token_run },
	{ "providers", "list", "", 0, 0, LIVE_NONE,
	  "List the providers, the clouds that the server knows.", providers_list_run },
	{ "providers", "show", "NAME", 1, 1, LIVE_PROVIDER,
	  "Tell what a provider can do and how its driver is.", providers_show_run },
	{ "status", NULL, "", 0, 0, LIVE_NONE,
	  "Tell version, age and load of the server.", status_run },
	{ "kinds", NULL, "[PROVIDER]", 0, 1, LIVE_PROVIDER,
	  "List the collections and their verbs; with PROVIDER those it has.", kinds_run },
	{ "explain", NULL, "KIND[.VERB]", 1, 1, LIVE_KIND,
	  "Tell the fields of a kind, or the arguments of a verb.", explain_run },
	{ "context", "list", "", 0, 0, LIVE_NONE,
	  "List the saved settings.", context_list_run },
	{ "context", "use", "NAME", 1, 1, LIVE_CONTEXT,
	  "Use these settings from now on.", context_use_run },
	{ "context", "set", "NAME", 1, 1, LIVE_CONTEXT,
	  "Save --server, --token-file, --ca-file, --workspace, --credential, --provider and "
	  "--region under a name.",
	  context_set_run },
	{ "context", "delete", "NAME", 1, 1, LIVE_CONTEXT,
	  "Forget these settings.", context_delete_run },
	{ "apply", NULL, "-f FILE", 0, 0, LIVE_NONE,
	  "Make the resources of a file, or change them to what it says.", apply_run },
	{ "delete", NULL, "-f FILE", 0, 0, LIVE_NONE,
	  "Delete the resources of a file, in the other order.", apply_delete_run },
	{ "store", "migrate", "SRC DST", 2, 2, LIVE_NONE,
	  "Copy everything to another database, by skyclustd on this machine.",
	  store_migrate_run },
	{ "help", NULL, "[COMMAND | COLLECTION [VERB]]", 0, 2, LIVE_TOPIC,
	  "Tell how to use this program, a command, a collection or a verb.", help_run },
	{ "completion", "bash", "", 0, 0, LIVE_NONE,
	  "Print the completion script of a shell: bash, zsh or fish.", complete_script_run },
	{ "completion", "zsh", "", 0, 0, LIVE_NONE,
	  "Print the completion script of a shell: bash, zsh or fish.", complete_script_run },
	{ "completion", "fish", "", 0, 0, LIVE_NONE,
	  "Print the completion script of a shell: bash, zsh or fish.", complete_script_run },
	{ "version", NULL, "", 0, 0, LIVE_NONE,
	  "Print the version of this program.", version_run },
	{ "__complete", NULL, "-- WORD…", 0, INT_MAX, LIVE_NONE, NULL, complete_run },
	{ NULL },
};
/* clang-format on */
