/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --enable-plugin: the smallest edit of the file's text that turns a provider
 * on.  The tree says where the block stands; the text around it, comments and
 * all, is kept byte for byte.  The result is read back before it replaces the
 * file.
 */
#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/sys.h"
#include "config_providers.h"
#include "config_yaml.h"

#define LAST_LINE (1 << 30)

struct edit {
	const char *file, *name;
	struct buf text, out;
	struct yaml_node *root;
};

/* The start of line @line (from 1), or the end of the text. */
static size_t line_start(const struct buf *text, int line)
{
	size_t at = 0;

	while (--line > 0) {
		const char *nl = memchr(text->p + at, '\n', text->n - at);

		if (!nl)
			return text->n;
		at = (size_t)(nl - text->p) + 1;
	}
	return at;
}

static size_t indent_of(const struct buf *text, int line)
{
	return strspn(text->p + line_start(text, line), " ");
}

/* Copy the text with @added put in as lines after line @line. */
static void insert_after(struct edit *e, int line, const char *added)
{
	size_t at = line_start(&e->text, line + 1);

	buf_add(&e->out, e->text.p, at);
	if (at && e->text.p[at - 1] != '\n')
		buf_add_char(&e->out, '\n');
	buf_add_str(&e->out, added);
	buf_add(&e->out, e->text.p + at, e->text.n - at);
}

/* In line @line, the word "false" after "enabled:" becomes "true". */
static bool replace_false(struct edit *e, int line)
{
	size_t start = line_start(&e->text, line);
	char *word = strstr(e->text.p + start, "false");
	const char *end = strchr(e->text.p + start, '\n');

	if (!word || (end && word > end))
		return false;
	buf_add(&e->out, e->text.p, (size_t)(word - e->text.p));
	buf_add_str(&e->out, "true");
	buf_add_str(&e->out, word + strlen("false"));
	return true;
}

static struct yaml_node *member(struct yaml_node *map, const char *key)
{
	return map && map->type == YAML_MAP ? config_yaml_get(map, key) : NULL;
}

static bool is_true(const struct yaml_node *node)
{
	return node && node->text && !strcmp(node->text, "true");
}

/* How far the members of @map are indented; @otherwise when it has none. */
static int first_indent(const struct edit *e, const struct yaml_node *map,
			int otherwise)
{
	const struct yaml_node *first =
		list_first(&map->children, struct yaml_node, link);

	return first ? (int)indent_of(&e->text, first->line) : otherwise;
}

/* Settings themselves under top-level `providers`: being there is being on. */
static bool is_bare(const struct edit *e, const struct yaml_node *block)
{
	return block == member(member(e->root, "providers"), e->name) &&
	       !config_providers_is_wrapped(block);
}

static struct yaml_node *find_block(struct edit *e)
{
	struct yaml_node *plugins = member(e->root, "plugins");
	struct yaml_node *block = member(member(plugins, "providers"), e->name);

	if (!block)
		block = member(plugins, e->name);
	return block ? block : member(member(e->root, "providers"), e->name);
}

/* The block is there: its `enabled` is changed, or added as first member. */
static bool enable_block(struct edit *e, const struct yaml_node *block)
{
	const struct yaml_node *enabled =
		member((struct yaml_node *)block, "enabled");
	int indent = (int)indent_of(&e->text, block->line) + 2;
	AUTO_FREE char *line = NULL;

	if (is_bare(e, block) || is_true(enabled)) {
		buf_add(&e->out, e->text.p, e->text.n);
		return true;
	}
	if (enabled)
		return replace_false(e, enabled->line);
	line = mem_printf("%*senabled: true\n", first_indent(e, block, indent),
			  "");
	insert_after(e, block->line, line);
	return true;
}

/* No block yet: one is added under plugins.providers, which may be missing. */
static void add_block(struct edit *e)
{
	struct yaml_node *plugins = member(e->root, "plugins");
	struct yaml_node *providers = member(plugins, "providers");
	AUTO_FREE char *lines = NULL;

	if (providers) {
		int in = (int)indent_of(&e->text, providers->line) + 2;

		in = first_indent(e, providers, in);
		lines = mem_printf("%*s%s:\n%*senabled: true\n", in, "",
				   e->name, in + 2, "");
		insert_after(e, providers->line, lines);
		return;
	}
	lines = mem_printf("%s  providers:\n    %s:\n      enabled: true\n",
			   plugins ? "" : "plugins:\n", e->name);
	insert_after(e, plugins ? plugins->line : LAST_LINE, lines);
}

/* The new text must say what was wanted, whatever shape the old one had. */
static bool check_result(struct edit *e, struct error *err)
{
	struct yaml_node *block;

	config_yaml_free(e->root);
	e->root = config_yaml_read(e->file, e->out.p ? e->out.p : "", e->out.n,
				   NULL);
	block = e->root ? find_block(e) : NULL;
	if (block && (is_bare(e, block) || is_true(member(block, "enabled"))))
		return true;
	return fail(err, ERR_INVALID,
		    "%s: cannot be edited safely; write plugins.providers.%s."
		    "enabled: true by hand",
		    e->file, e->name);
}

static bool edit(struct edit *e, struct error *err)
{
	const struct yaml_node *block;
	struct stat st;

	if (sys_read_file(e->file, CONFIG_YAML_MAX, &e->text) < 0)
		return fail(err, ERR_INVALID, "%s: cannot be read: %s", e->file,
			    strerror(errno));
	buf_reserve(&e->text, 1); /* an empty file is text too */
	e->root = config_yaml_read(e->file, e->text.p, e->text.n, err);
	if (!e->root)
		return false;
	block = find_block(e);
	if (!block)
		add_block(e);
	else if (!enable_block(e, block))
		buf_clear(&e->out);
	if (!check_result(e, err))
		return false;
	if (stat(e->file, &st) < 0 ||
	    sys_replace_file(e->file, e->out.p, e->out.n, st.st_mode & 07777) <
		    0)
		return fail(err, ERR_INTERNAL, "%s: cannot be written: %s",
			    e->file, strerror(errno));
	return true;
}

bool config_enable_plugin(const char *file, const char *name, struct error *err)
{
	struct edit e = { .file = file, .name = name };
	bool ok;

	if (!config_providers_name_ok(name))
		return fail(err, ERR_INVALID,
			    "\"%s\" is no provider's name: a "
			    "small letter, then small letters, digits, hyphens",
			    name);
	ok = edit(&e, err);
	config_yaml_free(e.root);
	buf_wipe(&e.text);
	buf_wipe(&e.out);
	return ok;
}
