/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skyclust kinds, skyclust explain: the catalogue for reading.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/builtins.h"
#include "cli/help.h"
#include "cli/operation.h"
#include "cli/vendor.h"

/* ---- kinds ------------------------------------------------------------------------- */

/* @support: of the provider's description; NULL: all is there. */
static void add_kind(json_t *items, const struct cat_kind *kind,
		     const json_t *support)
{
	json_t *verbs = json_array();

	for (const struct cat_op *op = kind->ops; op->name; op++) {
		AUTO_FREE char *verb = command_dashed(op->verb);

		if (!support || json_bool(support, op->name, false))
			json_array_append_new(verbs, json_string(verb));
	}
	if (json_array_size(verbs))
		json_array_append_new(items,
				      json_pack("{ss ss ss so}", "name",
						kind->collection, "kind",
						kind->name, "help", kind->help,
						"verbs", json_incref(verbs)));
	json_decref(verbs);
}

/* The provider that is asked about, if any; the word or --provider. */
static bool take_provider(struct session *s)
{
	const char *word =
		json_string_value(json_array_get(s->command.words, 0));

	if (word)
		s->command.provider = word;
	return word || s->command.option[OPTION_PROVIDER];
}

static json_t *kinds_of(struct session *s, struct error *err)
{
	const struct cat_kind *const *kinds = command_kinds();
	AUTO_JSON json_t *about = NULL;
	json_t *items, *description;
	const char *name;

	if (take_provider(s) && !(about = session_describe(s, err)))
		return NULL;
	items = json_array();
	for (size_t i = 0; kinds[i]; i++)
		add_kind(items, kinds[i], json_object_get(about, "support"));
	json_object_foreach (json_object_get(about, "kinds"), name, description)
		add_kind(items, vendor_kind(&s->arena, name, description),
			 NULL);
	return items;
}

static bool print_kinds(struct session *s, struct error *err)
{
	AUTO_JSON json_t *items = NULL;

	if (!operation_set_output(s, NULL, err))
		return false;
	items = kinds_of(s, err);
	if (!items)
		return false;
	if (!s->output.fields && s->output.format == OUTPUT_TABLE)
		s->output.fields = "name,verbs";
	return operation_printed(s, output_list(&s->output, items), err);
}

int kinds_run(struct session *s)
{
	struct error err;

	return print_kinds(s, &err) ? STATUS_OK : session_report(s, &err);
}

/* ---- explain ----------------------------------------------------------------------- */

/* "instance.create", "x.vendor.kind.verb": the last dot may begin a verb. */
static const struct cat_kind *kind_of(struct session *s, const char *topic,
				      const char **verb, struct error *err)
{
	const struct cat_kind *kind = command_kind(topic);
	const char *dot = strrchr(topic, '.');
	AUTO_FREE char *head = dot ? mem_strndup(topic, dot - topic) : NULL;
	const char *nearest;

	*verb = NULL;
	if (kind)
		return kind;
	if (command_is_vendor(topic)) {
		if (!command_is_vendor(head))
			return session_vendor_kind(s, topic, err);
		kind = session_vendor_kind(s, head, err);
		*verb = dot + 1;
		return kind;
	}
	kind = head ? command_kind(head) : NULL;
	*verb = head ? dot + 1 : NULL;
	nearest = kind ? NULL : command_nearest(head ? head : topic, false);
	if (!kind)
		fail(err, ERR_INVALID, "there is no kind \"%.64s\"%s%s%s",
		     head ? head : topic, nearest ? "; did you mean \"" : "",
		     nearest ? nearest : "; `skyclust kinds` lists them",
		     nearest ? "\"?" : "");
	return kind;
}

/* For programs: JSON Schema. */
static void print_schema(const struct cat_kind *kind, const struct cat_op *op)
{
	AUTO_JSON json_t *schema =
		op ? cat_args_schema(op, "#/components/schemas/")
		   : cat_record_schema(kind->record, "#/components/schemas/");

	json_dumpf(schema, stdout, JSON_INDENT(2));
	putchar('\n');
}

static void print_text(const struct cat_kind *kind, const struct cat_op *op)
{
	const struct cat_record *record = op ? op->result : kind->record;

	if (op)
		help_op(op, stdout);
	else
		help_kind(kind, stdout);
	if (record)
		help_record(record, stdout);
}

static bool explain(struct session *s, struct error *err)
{
	const char *topic =
		json_string_value(json_array_get(s->command.words, 0));
	const char *verb, *format = session_option(s, OPTION_OUTPUT);
	const struct cat_kind *kind = kind_of(s, topic, &verb, err);
	const struct cat_op *op = NULL;

	if (!kind)
		return false;
	if (verb) {
		op = command_op(kind, verb);
		if (!op)
			return fail(err, ERR_INVALID,
				    "%s has no \"%.64s\"; `skyclust explain "
				    "%s` lists its verbs",
				    kind->collection, verb, kind->collection);
	}
	if (format && !strcmp(format, "json") && (op || kind->record))
		print_schema(kind, op);
	else
		print_text(kind, op);
	return true;
}

int explain_run(struct session *s)
{
	struct error err;

	return explain(s, &err) ? STATUS_OK : session_report(s, &err);
}
