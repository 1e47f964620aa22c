/* SPDX-License-Identifier: Apache-2.0 */
#include "config_providers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/sys.h"
#include "base/text.h"

#define VALUE_FILE_MAX (64 * 1024)

/* ---- values: ${ENV} and file: -------------------------------------------- */

/* `NAME` or `NAME:-text`, @n bytes between the braces. */
static bool expand_variable(struct buf *out, const char *inside, size_t n,
			    struct error *err)
{
	AUTO_FREE char *name = mem_strndup(inside, n);
	char *otherwise = strstr(name, ":-");
	const char *value;

	if (otherwise) {
		*otherwise = 0;
		otherwise += 2;
	}
	value = getenv(name);
	if (!value || (!*value && otherwise))
		value = otherwise;
	if (!value)
		return fail(err, ERR_INVALID,
			    "${%s}: the environment has no variable %s; set it,"
			    " or write ${%s:-default}",
			    name, name, name);
	buf_add_str(out, value);
	return true;
}

static bool expand_text(const char *text, struct buf *out, struct error *err)
{
	const char *at, *end;

	while ((at = strstr(text, "${"))) {
		buf_add(out, text, (size_t)(at - text));
		if (at > text && at[-1] == '$') { /* "$${" is a plain "${" */
			buf_add_char(out, '{');
			text = at + 2;
			continue;
		}
		end = strchr(at, '}');
		if (!end)
			return fail(err, ERR_INVALID, "${ without its }");
		if (!expand_variable(out, at + 2, (size_t)(end - at) - 2, err))
			return false;
		text = end + 1;
	}
	buf_add_str(out, text);
	return true;
}

static bool expand_file(const char *path, const char *folder, struct buf *out,
			struct error *err)
{
	AUTO_FREE char *full = *path == '/' ? mem_strdup(path)
					    : mem_printf("%s/%s", folder, path);

	if (sys_read_file(full, VALUE_FILE_MAX, out) < 0)
		return fail(err, ERR_INVALID, "file:%s cannot be read: %s",
			    path, strerror(errno));
	if (out->n && out->p[out->n - 1] == '\n')
		buf_truncate(out, out->n - 1);
	if (out->n && out->p[out->n - 1] == '\r')
		buf_truncate(out, out->n - 1);
	if (!utf8_valid(out->p ? out->p : "", out->n))
		return fail(err, ERR_INVALID, "file:%s is not UTF-8 text",
			    path);
	return true;
}

static json_t *expand_string(const char *text, const char *folder,
			     struct error *err)
{
	struct buf out = { 0 };
	json_t *value = NULL;
	bool ok = text_starts(text, "file:") && !text_starts(text, "file://")
			  ? expand_file(text + 5, folder, &out, err)
			  : expand_text(text, &out, err);

	if (ok)
		value = json_stringn(out.p ? out.p : "", out.n);
	if (ok && !value)
		fail(err, ERR_INVALID, "the value is not UTF-8 text");
	buf_wipe(&out);
	return value;
}

static bool expand_member(json_t *object, const char *key, json_t *value,
			  const char *folder, struct error *err)
{
	json_t *expanded;

	if (!json_is_string(value))
		return config_expand(value, folder, err) ||
		       fail_within(err, "%s", key);
	expanded = expand_string(json_string_value(value), folder, err);
	if (!expanded)
		return fail_within(err, "%s", key);
	return json_object_set_new(object, key, expanded) == 0;
}

bool config_expand(json_t *value, const char *folder, struct error *err)
{
	const char *key;
	json_t *member;
	void *tmp;
	size_t i;

	json_object_foreach_safe (value, tmp, key, member)
		if (!expand_member(value, key, member, folder, err))
			return false;
	json_array_foreach (value, i, member) {
		json_t *expanded;

		if (!json_is_string(member)) {
			if (!config_expand(member, folder, err))
				return false;
			continue;
		}
		expanded =
			expand_string(json_string_value(member), folder, err);
		if (!expanded)
			return false;
		json_array_set_new(value, i, expanded);
	}
	return true;
}

/* ---- blocks -------------------------------------------------------------- */

bool config_providers_name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return *name >= 'a' && *name <= 'z' && !name[n] && n <= 32;
}

static bool complain(const struct config *c, const struct yaml_node *node,
		     const char *where, const char *what, struct error *err)
{
	return fail(err, ERR_INVALID, "%s:%d: %s%s%s: %s", c->file, node->line,
		    where, where[0] && node->key ? "." : "",
		    node->key ? node->key : "", what);
}

static bool take_text(const struct config *c, const struct yaml_node *node,
		      const char *where, char **out, struct error *err)
{
	if (node->type != YAML_TEXT || !*node->text)
		return complain(c, node, where, "must be text", err);
	mem_free(*out);
	*out = mem_strdup(node->text);
	return true;
}

static bool take_bool(const struct config *c, const struct yaml_node *node,
		      const char *where, const char *yes, const char *no,
		      bool *out, struct error *err)
{
	const char *text = node->type == YAML_TEXT ? node->text : "";

	*out = !strcmp(text, yes);
	if (*out || !strcmp(text, no))
		return true;
	return fail(err, ERR_INVALID, "%s:%d: %s.%s: must be %s or %s", c->file,
		    node->line, where, node->key, yes, no);
}

static bool take_config(const struct config *c, const struct yaml_node *node,
			const char *where, json_t **out, struct error *err)
{
	if (config_yaml_is_null(node))
		return true;
	if (node->type != YAML_MAP)
		return complain(c, node, where, "must be a block of settings",
				err);
	json_decref(*out);
	*out = config_yaml_to_json(node);
	return true;
}

static bool read_wrapped_member(struct config *c, struct config_provider *p,
				const struct yaml_node *node, const char *where,
				struct error *err)
{
	static const char *const known[] = { "enabled", "driver",
					     "path",	"start",
					     "shared",	"private_networks",
					     "config" };
	const char *near;

	if (!strcmp(node->key, "enabled"))
		return take_bool(c, node, where, "true", "false", &p->enabled,
				 err);
	if (!strcmp(node->key, "start"))
		return take_bool(c, node, where, "eager", "lazy", &p->eager,
				 err);
	if (!strcmp(node->key, "shared"))
		return take_bool(c, node, where, "true", "false", &p->shared,
				 err);
	if (!strcmp(node->key, "private_networks"))
		return take_bool(c, node, where, "true", "false",
				 &p->private_networks, err);
	if (!strcmp(node->key, "driver"))
		return take_text(c, node, where, &p->driver, err);
	if (!strcmp(node->key, "path"))
		return take_text(c, node, where, &p->path, err);
	if (!strcmp(node->key, "config"))
		return take_config(c, node, where, &p->config, err);
	near = text_nearest(node->key, known, ARRAY_LEN(known));
	return fail(err, ERR_INVALID,
		    "%s:%d: %s.%s: no such setting; the driver's own settings "
		    "belong under %s.config%s%s%s",
		    c->file, node->line, where, node->key, where,
		    near ? "; did you mean " : "", near ? near : "",
		    near ? "?" : "");
}

/* `enabled`, `config` and so on, the settings inside `config`. */
static bool read_wrapped(struct config *c, struct config_provider *p,
			 const struct yaml_node *block, const char *where,
			 struct error *err)
{
	const struct yaml_node *node;

	list_each (node, &block->children, struct yaml_node, link)
		if (!read_wrapped_member(c, p, node, where, err))
			return false;
	return true;
}

bool config_providers_is_wrapped(const struct yaml_node *block)
{
	return config_yaml_get(block, "config") ||
	       config_yaml_get(block, "enabled");
}

static bool expand_block(const struct config *c, struct config_provider *p,
			 const struct yaml_node *block, const char *where,
			 struct error *err)
{
	const char *slash = strrchr(c->file, '/');
	AUTO_FREE char *folder =
		slash ? mem_strndup(c->file, (size_t)(slash - c->file) + 1)
		      : mem_strdup(".");
	const struct yaml_node *inside = config_yaml_get(block, "config");

	if (!p->enabled || config_expand(p->config, folder, err))
		return true;
	return fail_within(err, "%s:%d: %s", c->file,
			   inside ? inside->line : block->line, where);
}

static bool check_name(const struct config *c, const struct yaml_node *block,
		       const char *where, struct error *err)
{
	const struct config_provider *old = config_provider_find(c, block->key);

	if (old)
		return fail(err, ERR_INVALID,
			    "%s:%d: %s.%s: given twice, first in line %d; join "
			    "the two",
			    c->file, block->line, where, block->key, old->line);
	if (!config_providers_name_ok(block->key))
		return complain(
			c, block, where,
			"a provider's name is a small letter, then up to"
			" 31 small letters, digits or hyphens",
			err);
	if (block->type != YAML_MAP && !config_yaml_is_null(block))
		return complain(c, block, where, "must be a block of settings",
				err);
	return true;
}

/* One block; a bare one (top-level `providers`) holds the settings themselves.
 */
static bool read_block(struct config *c, const struct yaml_node *block,
		       const char *section, struct error *err)
{
	AUTO_FREE char *where = mem_printf("%s.%s", section, block->key);
	bool bare = !strcmp(section, "providers") &&
		    !config_providers_is_wrapped(block);
	struct config_provider *p;

	if (!check_name(c, block, section, err))
		return false;
	p = mem_alloc(sizeof(*p));
	p->name = mem_strdup(block->key);
	p->driver = mem_strdup(block->key);
	p->config = bare ? config_yaml_to_json(block) : json_object();
	if (!json_is_object(p->config)) { /* "name:" alone */
		json_decref(p->config);
		p->config = json_object();
	}
	p->enabled = true;
	p->line = block->line;
	list_add_tail(&c->providers, &p->link);
	return (bare || read_wrapped(c, p, block, where, err)) &&
	       expand_block(c, p, block, where, err);
}

static bool read_blocks(struct config *c, const struct yaml_node *section,
			const char *where, struct error *err)
{
	const struct yaml_node *block;

	if (!section || config_yaml_is_null(section))
		return true;
	if (section->type != YAML_MAP)
		return fail(err, ERR_INVALID,
			    "%s:%d: %s: must be providers by name", c->file,
			    section->line, where);
	list_each (block, &section->children, struct yaml_node, link)
		if (!read_block(c, block, where, err))
			return false;
	return true;
}

bool config_providers_is_block(const struct yaml_node *node)
{
	return !strcmp(node->key, "providers") || node->type == YAML_MAP;
}

bool config_providers_read(struct config *c, const struct yaml_node *root,
			   struct error *err)
{
	const struct yaml_node *plugins = config_yaml_get(root, "plugins");
	const struct yaml_node *block;

	if (plugins && plugins->type == YAML_MAP) {
		if (!read_blocks(c, config_yaml_get(plugins, "providers"),
				 "plugins.providers", err))
			return false;
		list_each (block, &plugins->children, struct yaml_node, link)
			if (block->type == YAML_MAP &&
			    strcmp(block->key, "providers") &&
			    !read_block(c, block, "plugins", err))
				return false;
	}
	return read_blocks(c, config_yaml_get(root, "providers"), "providers",
			   err);
}

void config_provider_free(struct config_provider *p)
{
	if (!p)
		return;
	list_del(&p->link);
	json_wipe(p->config);
	json_decref(p->config);
	mem_free(p->name);
	mem_free(p->driver);
	mem_free(p->path);
	mem_free(p);
}
