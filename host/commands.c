/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/sys.h"
#include "manual.h"
#include "programs.h"
#include "registry.h"
#include "store/copy.h"
#include "tls/tls.h"

static int say_failed(const struct error *err)
{
	fprintf(stderr, "%s\n", err->message);
	return 1;
}

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int validate_config(const struct options *o, const struct config *c)
{
	const struct tls_files tls = { c->tls_certificate, c->tls_key,
				       c->tls_client_ca };
	struct error err;

	if (!tls_check(&tls, &err))
		return say_failed(&err);
	printf("%s: ok\n", o->argument);
	return 0;
}

static int print_config(const struct options *o, const struct config *c)
{
	struct buf text = { 0 };

	(void)o;
	config_print(c, &text);
	fputs(text.p, stdout);
	buf_done(&text);
	return 0;
}

static int print_schema(const struct options *o, const struct config *c)
{
	AUTO_JSON json_t *schema = config_schema();

	(void)o;
	(void)c;
	print_json(schema);
	return 0;
}

/* ---- --list-plugins ----------------------------------------------------- */

static void print_provider(const struct config_provider *p, const char *path)
{
	printf("%-20s %-20s %-9s %-6s %s\n", p->name, p->driver,
	       p->enabled ? "enabled" : "disabled", p->eager ? "eager" : "lazy",
	       path ? path : "(no program found)");
}

static void print_found(const struct config *c)
{
	AUTO_JSON json_t *found = programs_list(c);
	json_t *program;
	size_t i;

	json_array_foreach (found, i, program) {
		const char *name = json_str(program, "name", "");

		if (config_provider_find(c, name))
			continue;
		printf("%-20s %-20s %-9s %-6s %s\n", name, name,
		       c->auto_load ? "found" : "unused", "lazy",
		       json_str(program, "path", ""));
	}
}

static int list_plugins(const struct options *o, const struct config *c)
{
	const struct config_provider *p;

	(void)o;
	printf("%-20s %-20s %-9s %-6s %s\n", "PROVIDER", "DRIVER", "STATUS",
	       "START", "PROGRAM");
	list_each (p, &c->providers, struct config_provider, link) {
		AUTO_FREE char *path = p->path ? mem_strdup(p->path)
					       : programs_find(c, p->driver);

		print_provider(p, path);
	}
	print_found(c);
	return 0;
}

static int enable_plugin(const struct options *o, const struct config *c)
{
	struct error err;

	(void)c;
	if (!config_enable_plugin(o->config, o->argument, &err))
		return say_failed(&err);
	printf("%s: plugins.providers.%s.enabled is true; send SIGHUP to a "
	       "running skyclustd\n",
	       o->config, o->argument);
	return 0;
}

/* ---- --validate-plugin -------------------------------------------------- */

struct validation {
	const struct config *config;
	const char *path;
	json_t *report;
};

WAITS static void validate_fiber(void *arg)
{
	struct validation *v = arg;

	v->report = registry_validate_driver(v->config, v->path);
	loop_stop();
}

static int validate_plugin(const struct options *o, const struct config *c)
{
	struct validation v = { c, o->argument, NULL };
	bool ok;

	if (sys_mkdir(c->data_dir, 0700) < 0 && errno != EEXIST) {
		fprintf(stderr, "%s cannot be made: %s\n", c->data_dir,
			strerror(errno));
		return 1;
	}
	if (!fiber_spawn("validate", validate_fiber, &v))
		return 1;
	loop_run();
	print_json(v.report);
	ok = json_bool(v.report, "ok", false);
	json_decref(v.report);
	return ok ? 0 : 1;
}

/* ---- --migrate-store ----------------------------------------------------- */

struct migration_run {
	char *from, *to; /* URLs */
	bool ok;
	struct error err;
};

static void say_table(const char *table, int64_t rows)
{
	printf("%-20s %lld rows\n", table, (long long)rows);
	fflush(stdout);
}

WAITS static void migrate_fiber(void *arg)
{
	struct migration_run *run = arg;

	run->ok = store_copy(run->from, run->to, say_table, &run->err);
	loop_stop();
}

/* `config` keeps a password out of the command line. */
static char *store_url(const char *given, const struct config *c)
{
	if (strcmp(given, "config") != 0)
		return mem_strdup(given);
	return *c->store_url ? mem_strdup(c->store_url)
			     : mem_printf("sqlite:%s/skyclust.db", c->data_dir);
}

static int migrate_store(const struct options *o, const struct config *c)
{
	AUTO_FREE char *from = store_url(o->argument, c);
	AUTO_FREE char *to = store_url(o->second, c);
	struct migration_run run = { .from = from, .to = to };

	if (!fiber_spawn("migrate", migrate_fiber, &run))
		return 1;
	loop_run();
	if (!run.ok)
		return say_failed(&run.err);
	puts("all is copied: now let store.url name the new database; the "
	     "keys stay where they are (keys.file)");
	return 0;
}

static int print_manual(const struct options *o, const struct config *c)
{
	AUTO(buf_done) struct buf page = { 0 };

	(void)o;
	(void)c;
	manual_write(&page);
	fputs(page.p, stdout);
	return 0;
}

static int help(const struct options *o, const struct config *c)
{
	(void)o;
	(void)c;
	options_print_help(stdout);
	return 0;
}

static int version(const struct options *o, const struct config *c)
{
	(void)o;
	(void)c;
	puts("skyclustd " SKYCLUST_VERSION);
	return 0;
}

/* ---- the table ---------------------------------------------------------- */

static const struct {
	int (*run)(const struct options *o, const struct config *c);
	bool without_config;
} commands[] = {
	[COMMAND_VALIDATE_CONFIG] = { validate_config },
	[COMMAND_PRINT_CONFIG] = { print_config },
	[COMMAND_PRINT_SCHEMA] = { print_schema, true },
	[COMMAND_LIST_PLUGINS] = { list_plugins },
	[COMMAND_VALIDATE_PLUGIN] = { validate_plugin },
	[COMMAND_ENABLE_PLUGIN] = { enable_plugin, true },
	[COMMAND_MIGRATE_STORE] = { migrate_store },
	[COMMAND_MAN] = { print_manual, true },
	[COMMAND_HELP] = { help, true },
	[COMMAND_VERSION] = { version, true },
};

int command_run(const struct options *o)
{
	struct config *c = NULL;
	struct error err;
	int status;

	if (!commands[o->command].without_config) {
		c = options_load_config(o, &err);
		if (!c)
			return say_failed(&err);
	}
	status = commands[o->command].run(o, c);
	config_free(c);
	return status;
}
