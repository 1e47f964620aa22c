/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workspace to work in and the credential to work with: names as
 * identifiers, found at first use.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/session.h"
#include "nouns/nouns.h"

/* The one of @items called @name (NULL: the only one) into @id, new; NULL: there
 * is none.  False: several are. */
static bool find(const json_t *items, const char *name, char **id)
{
	const char *found = NULL;
	json_t *item;
	size_t i;

	*id = NULL;
	json_array_foreach (items, i, item) {
		if (name && strcmp(json_str(item, "name", ""), name) != 0)
			continue;
		if (found)
			return false;
		found = json_str(item, "id", "");
	}
	*id = found ? mem_strdup(found) : NULL;
	return true;
}

/* What @op lists and is called @name; new, or NULL with @err. */
static char *find_named(struct session *s, const struct cat_op *op,
			const json_t *args, const char *name, struct error *err)
{
	AUTO_JSON json_t *items = session_list(s, op, args, 0, err);
	const char *word = command_word(op->kind);
	char *id;

	if (!items)
		return NULL;
	if (!find(items, name, &id))
		fail(err, ERR_CONFLICT,
		     "several %s are called \"%.64s\"; give the identifier",
		     op->kind->collection, name);
	else if (!id)
		fail(err, ERR_NOT_FOUND, "there is no %s \"%.64s\"", word,
		     name);
	return id;
}

/* The only one, new; NULL: ERR_NONE when there is none or a choice. */
static char *only_workspace(struct session *s, struct error *err)
{
	AUTO_JSON json_t *items =
		session_list(s, noun_op_find("workspace.list"), NULL, 0, err);
	char *id = NULL;

	if (!items)
		return NULL;
	err->code = ERR_NONE;
	find(items, NULL, &id);
	return id;
}

const char *session_workspace(struct session *s, struct error *err)
{
	const struct cat_op *op = noun_op_find("workspace.list");
	const char *name = s->workspace;
	AUTO_JSON json_t *args = NULL;

	if (!session_connect(s, err))
		return NULL;
	if (s->workspace_id)
		return s->workspace_id;
	if (!name)
		return s->workspace_id = only_workspace(s, err);
	if (text_starts(name, "ws_"))
		return s->workspace_id = mem_strdup(name);
	args = json_pack("{ss}", "name", name);
	return s->workspace_id = find_named(s, op, args, name, err);
}

const char *session_credential(struct session *s, struct error *err)
{
	const struct cat_op *op = noun_op_find("credential.list");
	AUTO_JSON json_t *args = json_pack("{ss*}", "provider", s->provider);

	if (!s->credential_id)
		s->credential_id =
			text_starts(s->credential, "crd_")
				? mem_strdup(s->credential)
				: find_named(s, op, args, s->credential, err);
	return s->credential_id;
}
