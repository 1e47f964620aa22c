/* SPDX-License-Identifier: Apache-2.0 */
#include "manual.h"

#include "base/auto.h"
#include "base/man.h"
#include "config_table.h"
#include "options.h"

static const struct man_entry signals[] = {
	{ "SIGHUP",
	  "Read the configuration again, all or nothing: a mistake is logged "
	  "and changes nothing. Drivers whose block and program did not "
	  "change are not touched." },
	{ "SIGTERM",
	  "End: no new connections, open requests may finish "
	  "(server.shutdown_timeout), drivers are asked to end, then told to, "
	  "then killed. A second one ends it at once." },
	{ "SIGINT", "The same as SIGTERM." },
	{ NULL },
};

static const struct man_entry environment[] = {
	{ "NAME",
	  "Any variable that the configuration file names as ${NAME} or "
	  "${NAME:-otherwise}." },
	{ "OS_AUTH_URL",
	  "And all others that a driver declares for its settings and "
	  "credentials: what a provider's block does not give is taken from "
	  "them. The driver's own page lists them. Drivers do not inherit "
	  "the environment." },
	{ NULL },
};

static const struct man_entry files[] = {
	{ "/etc/skyclust/skyclust.yaml",
	  "The configuration that packages and the service unit use; "
	  "the program itself reads only what --config names." },
	{ "DATA_DIR/bootstrap.token",
	  "A one-time token that makes the first administrator (skyclust login "
	  "--bootstrap); gone once there is one." },
	{ "DATA_DIR/skyclust.sock",
	  "Unix socket of the API: the host's own user and root come in "
	  "without a token." },
	{ "DATA_DIR/skyclust.db",
	  "The embedded database, unless store.url names another." },
	{ "DATA_DIR/keys.json",
	  "All keys of the host, made at the first start, readable by the "
	  "host's user only. Without it no stored secret can be read: keep a "
	  "copy of it apart from those of the database." },
	{ "DATA_DIR/audit/",
	  "Signed checkpoints of the audit log and the public key, unless "
	  "audit.export names another folder; see skyclust-audit-verify(1)." },
	{ "DATA_DIR/audit.heads",
	  "Where the audit log ended, so that a database that was put back is "
	  "noticed." },
	{ "DATA_DIR/lock",
	  "Held while a host uses the directory; a second one is refused." },
	{ "DATA_DIR/drivers/PROVIDER/", "What a driver keeps." },
	{ "public/NAME/NAME",
	  "A driver below plugins.directory; also private/NAME/NAME and "
	  "NAME/NAME." },
	{ NULL },
};

static void write_options(struct buf *out, const char *title, bool commands)
{
	const struct option_row *row;

	man_heading(out, title);
	man_list(out);
	for (row = option_rows; row->name; row++) {
		AUTO(buf_done) struct buf usage = { 0 };

		if (option_is_command(row) != commands)
			continue;
		buf_printf(&usage, "--%s %s", row->name,
			   row->argument ? row->argument : "");
		man_item(out, usage.p, row->help);
	}
	man_list_end(out);
}

/* ---- settings --------------------------------------------------------- */

static void add_words(struct buf *text, const char *const *words)
{
	buf_add_str(text, " One of");
	for (; *words; words++)
		buf_printf(text, " %s%s", *words, words[1] ? "," : ".");
}

static void write_setting(struct buf *out, const struct setting *s)
{
	AUTO(buf_done) struct buf text = { 0 };

	buf_add_str(&text, s->help);
	if (s->words)
		add_words(&text, s->words);
	if (s->type == SET_INT)
		buf_printf(&text, " From %lld to %lld.", s->min, s->max);
	if (*s->fallback)
		buf_printf(&text, " Default: %s.", s->fallback);
	man_item(out, s->key, text.p);
}

static void write_settings(struct buf *out)
{
	man_heading(out, "CONFIGURATION");
	man_text(out,
		 "The file is YAML; section.name below is the member name of "
		 "the object section. Durations are written 500ms, 10s, 5m, "
		 "1h. An unknown name is an error.");
	man_list(out);
	for (const struct setting *s = config_settings; s->key; s++)
		write_setting(out, s);
	man_item(out, "plugins.providers.NAME",
		 "A use of a driver, under the name by which clients call it: "
		 "enabled (true or false), driver (a name; without it NAME), "
		 "path (of the program, instead of looking for it), start "
		 "(lazy: at the first call, or eager: with the host), config "
		 "(the driver's settings and credential).");
	man_list_end(out);
}

/* ---- the page --------------------------------------------------------- */

static void write_exit(struct buf *out)
{
	man_heading(out, "EXIT STATUS");
	man_list(out);
	for (const struct exit_row *row = exit_rows; row->status; row++)
		man_item(out, row->status, row->meaning);
	man_list_end(out);
}

void manual_write(struct buf *out)
{
	man_begin(out, "skyclustd", 8, "one HTTP API in front of many clouds");
	man_heading(out, "SYNOPSIS");
	man_usage(out, "skyclustd",
		  "[--config FILE] [--data-dir DIR] [--listen HOST:PORT]");
	man_usage(out, "skyclustd", "COMMAND");
	man_heading(out, "DESCRIPTION");
	man_text(out, options_about);
	write_options(out, "OPTIONS", false);
	write_options(out, "COMMANDS", true);
	write_settings(out);
	man_entries(out, "SIGNALS", signals);
	man_entries(out, "ENVIRONMENT", environment);
	man_entries(out, "FILES", files);
	write_exit(out);
	man_heading(out, "EXAMPLES");
	man_code(out, options_example);
	man_heading(out, "SEE ALSO");
	man_see(out, "skyclust", 1, false);
	man_see(out, "skyclust-audit-verify", 1, true);
}
