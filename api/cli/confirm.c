/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/confirm.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/sys.h"
#include "base/text.h"

#define ANSWER_MAX 80

char *confirm_name(const json_t *resource)
{
	const char *id = json_str(resource, "id", "?");
	const char *name = json_str(resource, "name", "");

	if (!*name || !strcmp(name, id))
		return session_clean(mem_strdup(id));
	return session_clean(mem_printf("%s (%s)", name, id));
}

static void ask(const struct session *s, const struct cat_op *op,
		const json_t *resources)
{
	bool many = json_array_size(resources) > 1;
	size_t i;
	json_t *resource;

	fprintf(stderr, "%c%s %s", toupper((unsigned char)*op->verb),
		op->verb + 1,
		many ? op->kind->collection : command_word(op->kind));
	json_array_foreach (resources, i, resource) {
		AUTO_FREE char *name = confirm_name(resource);

		fprintf(stderr, "%s %s", i ? "," : "", name);
	}
	if (command_is_own(op->kind))
		fputs("? [y/N] ", stderr);
	else
		fprintf(stderr, " of %s? [y/N] ", s->provider);
	fflush(stderr);
}

static bool read_line(char *line, size_t size)
{
	size_t n = 0;
	char c;

	while (n + 1 < size) {
		if (!session_poll(STDIN_FILENO, -1) ||
		    sys_read(STDIN_FILENO, &c, 1) <= 0)
			return false;
		if (c == '\n')
			break;
		line[n++] = c;
	}
	line[n] = '\0';
	return true;
}

static bool is_yes(const char *line)
{
	return !strcasecmp(line, "y") || !strcasecmp(line, "yes");
}

static bool can_ask(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static bool take_answer(struct error *err)
{
	char line[ANSWER_MAX];

	if (!read_line(line, sizeof(line)))
		fputc('\n', stderr);
	else if (is_yes(line))
		return true;
	return fail(err, ERR_CANCELLED, "nothing was done");
}

bool confirm(struct session *s, const struct cat_op *op,
	     const json_t *resources, struct error *err)
{
	if (s->command.option[OPTION_YES] || !json_array_size(resources))
		return true;
	if (!can_ask()) {
		AUTO_FREE char *name =
			confirm_name(json_array_get(resources, 0));

		return fail(err, ERR_INVALID,
			    "%s of %s %s would be for good, and nobody can be "
			    "asked here; add --yes",
			    op->verb, command_word(op->kind), name);
	}
	ask(s, op, resources);
	return take_answer(err);
}

bool confirm_names(struct session *s, const char *names, struct error *err)
{
	if (s->command.option[OPTION_YES])
		return true;
	if (!can_ask())
		return fail(err, ERR_INVALID,
			    "delete of %.300s would be for good, and nobody "
			    "can be asked here; add --yes",
			    names);
	fprintf(stderr, "Delete %s? [y/N] ", names);
	fflush(stderr);
	return take_answer(err);
}
