/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/sys.h"
#include "base/text.h"
#include "config_yaml.h"

static const char *const settings[] = { "server", "token_file", "ca_file",
					"workspace", "credential", "provider",
					"region" };

char *context_path(struct error *err)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && *config == '/') /* as its specification asks */
		return mem_printf("%s/skyclust/config.yaml", config);
	if (home && *home)
		return mem_printf("%s/.config/skyclust/config.yaml", home);
	fail(err, ERR_INVALID,
	     "neither XDG_CONFIG_HOME nor HOME says where contexts are kept");
	return NULL;
}

/* ---- reading ------------------------------------------------------------------- */

static bool wrong(const char *path, const struct yaml_node *node,
		  const char *what, struct error *err)
{
	return fail(err, ERR_INVALID, "%s:%d: %s", path, node->line, what);
}

static bool is_setting(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (!strcmp(name, settings[i]))
			return true;
	return false;
}

static bool read_context(const char *path, const struct yaml_node *node,
			 json_t *contexts, struct error *err)
{
	json_t *context = json_object();
	struct yaml_node *member;

	json_object_set_new(contexts, node->key, context);
	if (node->type != YAML_MAP)
		return wrong(path, node, "a context is a map of settings", err);
	list_each (member, &node->children, struct yaml_node, link) {
		if (member->type != YAML_TEXT || !is_setting(member->key))
			return wrong(path, member,
				     "settings are server, token_file, "
				     "ca_file, workspace, credential, provider "
				     "and region, each a text",
				     err);
		json_object_set_new(context, member->key,
				    json_string(member->text));
	}
	return true;
}

static bool read_member(const char *path, const struct yaml_node *node,
			json_t *all, struct error *err)
{
	struct yaml_node *context;

	if (!strcmp(node->key, "current") && node->type == YAML_TEXT) {
		if (!config_yaml_is_null(node))
			json_object_set_new(all, "current",
					    json_string(node->text));
		return true;
	}
	if (strcmp(node->key, "contexts") || node->type != YAML_MAP)
		return wrong(path, node,
			     "the file holds current: NAME and contexts: a map",
			     err);
	list_each (context, &node->children, struct yaml_node, link)
		if (!read_context(path, context,
				  json_object_get(all, "contexts"), err))
			return false;
	return true;
}

static bool read_file(const char *path, json_t *all, struct error *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct yaml_node *root, *member;
	bool ok = true;

	if (sys_read_file(path, CONFIG_YAML_MAX, &text) < 0)
		return errno == ENOENT ||
		       fail(err, ERR_INVALID, "%s cannot be read: %s", path,
			    strerror(errno));
	root = config_yaml_read(path, text.n ? text.p : "", text.n, err);
	if (!root)
		return false;
	if (root->type != YAML_MAP)
		ok = wrong(path, root, "not a map", err);
	else
		list_each (member, &root->children, struct yaml_node, link)
			ok = ok && read_member(path, member, all, err);
	config_yaml_free(root);
	return ok;
}

json_t *context_load(struct error *err)
{
	AUTO_FREE char *path = context_path(NULL);
	json_t *all = json_pack("{sn s{}}", "current", "contexts");

	if (!path || read_file(path, all, err))
		return all;
	json_decref(all);
	return NULL;
}

json_t *context_find(const json_t *all, const char *name, struct error *err)
{
	json_t *found;

	if (!name)
		name = json_str(all, "current", NULL);
	if (!name)
		return NULL;
	found = json_object_get(json_object_get(all, "contexts"), name);
	if (!found)
		fail(err, ERR_NOT_FOUND,
		     "there is no context \"%.64s\"; `skyclust context list` "
		     "lists them",
		     name);
	return found;
}

/* ---- writing --------------------------------------------------------------------- */

/* Double-quoted text of YAML takes all that JSON's does. */
static void add_text(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	buf_add_json_escaped(out, slice_of(text));
	buf_add_char(out, '"');
}

static void write_context(struct buf *out, const char *name, json_t *context)
{
	const char *setting;
	json_t *value;

	buf_add_str(out, "  ");
	add_text(out, name);
	buf_add_str(out, json_object_size(context) ? ":\n" : ": {}\n");
	json_object_foreach (context, setting, value) {
		buf_printf(out, "    %s: ", setting);
		add_text(out, json_string_value(value));
		buf_add_char(out, '\n');
	}
}

static bool make_folders(const char *path, struct error *err)
{
	AUTO_FREE char *folder = mem_strdup(path);

	for (char *p = folder + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (sys_mkdir(folder, 0700) < 0 && errno != EEXIST)
			return fail(err, ERR_INVALID, "%s cannot be made: %s",
				    folder, strerror(errno));
		*p = '/';
	}
	return true;
}

bool context_make_folder(struct error *err)
{
	AUTO_FREE char *path = context_path(err);

	return path && make_folders(path, err);
}

bool context_save(const json_t *all, struct error *err)
{
	AUTO_FREE char *path = context_path(err);
	AUTO(buf_done) struct buf out = { 0 };
	const char *name, *current = json_str(all, "current", NULL);
	json_t *contexts = json_object_get(all, "contexts"), *context;

	if (!path || !context_make_folder(err))
		return false;
	buf_add_str(&out, "# Written by `skyclust context`.\ncurrent: ");
	if (current)
		add_text(&out, current);
	buf_add_str(&out, json_object_size(contexts) ? "\ncontexts:\n"
						     : "\ncontexts: {}\n");
	json_object_foreach (contexts, name, context)
		write_context(&out, name, context);
	return sys_replace_file(path, out.p, out.n, 0600) == 0 ||
	       fail(err, ERR_INVALID, "%s cannot be written: %s", path,
		    strerror(errno));
}
