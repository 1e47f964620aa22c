/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skyclust context …
 */
#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/builtins.h"
#include "cli/context.h"
#include "cli/login_store.h"
#include "cli/operation.h"

static const char *name_of(const struct session *s)
{
	return json_string_value(json_array_get(s->command.words, 0));
}

static json_t *contexts_of(json_t *all)
{
	return json_object_get(all, "contexts");
}

/* ---- list ---------------------------------------------------------------------- */

static json_t *as_items(json_t *all)
{
	const char *current = json_str(all, "current", ""), *name;
	json_t *items = json_array(), *context;

	json_object_foreach (contexts_of(all), name, context) {
		json_t *item = json_pack("{ss sb}", "name", name, "current",
					 !strcmp(name, current));

		json_object_update(item, context);
		json_array_append_new(items, item);
	}
	return items;
}

static bool list(struct session *s, struct error *err)
{
	AUTO_JSON json_t *all = NULL;
	AUTO_JSON json_t *items = NULL;

	if (!operation_set_output(s, NULL, err))
		return false;
	all = context_load(err);
	if (!all)
		return false;
	items = as_items(all);
	if (!s->output.fields && s->output.format == OUTPUT_TABLE)
		s->output.fields = "name,current,server,workspace,credential,"
				   "provider,region,token_file";
	return operation_printed(s, output_list(&s->output, items), err);
}

int context_list_run(struct session *s)
{
	struct error err;

	return list(s, &err) ? STATUS_OK : session_report(s, &err);
}

/* ---- use, delete ------------------------------------------------------------------ */

static bool use(struct session *s, struct error *err)
{
	AUTO_JSON json_t *all = context_load(err);

	if (!all || !context_find(all, name_of(s), err))
		return false;
	json_object_set_new(all, "current", json_string(name_of(s)));
	if (!context_save(all, err))
		return false;
	session_say(s, "context %s is used from now on", name_of(s));
	return true;
}

int context_use_run(struct session *s)
{
	struct error err;

	return use(s, &err) ? STATUS_OK : session_report(s, &err);
}

static bool forget(struct session *s, struct error *err)
{
	AUTO_JSON json_t *all = context_load(err);

	if (!all || !context_find(all, name_of(s), err))
		return false;
	if (!strcmp(json_str(all, "current", ""), name_of(s)))
		json_object_set_new(all, "current", json_null());
	json_object_del(contexts_of(all), name_of(s));
	if (!context_save(all, err))
		return false;
	session_say(s, "context %s is deleted", name_of(s));
	return true;
}

int context_delete_run(struct session *s)
{
	struct error err;

	return forget(s, &err) ? STATUS_OK : session_report(s, &err);
}

/* ---- set --------------------------------------------------------------------------- */

/* It must mean the same wherever the program is started. */
static char *absolute(const char *file)
{
	char folder[4096];

	if (*file == '/' || !getcwd(folder, sizeof(folder)))
		return mem_strdup(file);
	return mem_printf("%s/%s", folder, file);
}

static void take(json_t *context, const char *name, const char *text)
{
	if (text)
		json_object_set_new(context, name, json_string(text));
}

static bool set(struct session *s, struct error *err)
{
	const char *const *option = s->command.option;
	const char *file = option[OPTION_TOKEN_FILE];
	AUTO_FREE char *path = file ? absolute(file) : NULL;
	AUTO_FREE char *server = option[OPTION_SERVER]
					 ? login_name(option[OPTION_SERVER])
					 : NULL;
	AUTO_FREE char *ca_file = option[OPTION_CA_FILE]
					  ? absolute(option[OPTION_CA_FILE])
					  : NULL;
	AUTO_JSON json_t *all = context_load(err);
	json_t *context;

	if (!all)
		return false;
	context = json_object_get(contexts_of(all), name_of(s));
	if (!context)
		json_object_set_new(contexts_of(all), name_of(s),
				    context = json_object());
	take(context, "server", server);
	take(context, "token_file", path);
	take(context, "ca_file", ca_file);
	take(context, "workspace", option[OPTION_WORKSPACE]);
	take(context, "credential", option[OPTION_CREDENTIAL]);
	take(context, "provider", option[OPTION_PROVIDER]);
	take(context, "region", option[OPTION_REGION]);
	if (!json_str(all, "current", NULL))
		json_object_set_new(all, "current", json_string(name_of(s)));
	if (!context_save(all, err))
		return false;
	session_say(s, "context %s is saved", name_of(s));
	return true;
}

int context_set_run(struct session *s)
{
	struct error err;

	return set(s, &err) ? STATUS_OK : session_report(s, &err);
}
