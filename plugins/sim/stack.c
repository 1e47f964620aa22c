/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks: templates are JSON here, {"description", "parameters": {name:
 * default}, "outputs": {name: "text ${parameter}"}}.
 */
#include <stdio.h>

#include "members.h"
#include "prepare.h"
#include "resource.h"
#include "verbs.h"

/* Parameters that are given must be the template's; defaults fill in. */
static bool take_parameters(struct request *req, json_t *record,
			    const json_t *template)
{
	json_t *known = json_object_get(template, "parameters"), *value;
	json_t *given = json_object_get(record, "parameters");
	const char *name;

	json_object_foreach(given, name, value)
		if (!json_object_get(known, name))
			return refuse(req, SC_INVALID, "/parameters",
				      "the template has no parameter \"%.64s\"",
				      name);
	json_object_update_missing(given, known);
	json_object_foreach(given, name, value)
		if (!json_is_string(value))
			return refuse(req, SC_INVALID, "/parameters",
				      "parameter \"%.64s\" has no value", name);
	return true;
}

/* @text with every ${name} replaced; what does not fit is cut. */
static json_t *expand(const char *text, const json_t *parameters)
{
	char out[1024];
	size_t n = 0;

	while (*text && n + 1 < sizeof(out)) {
		size_t length = strcspn(text, "}");
		char name[64];
		const char *value;

		snprintf(name, sizeof(name), "%.*s",
			 length > 2 ? (int)length - 2 : 0, text + 2);
		value = strncmp(text, "${", 2) ? NULL
					       : get_str(parameters, name);
		if (!value) {
			out[n++] = *text++;
			continue;
		}
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s", value);
		text += length + 1;
	}
	return json_stringn(out, n < sizeof(out) ? n : sizeof(out) - 1);
}

static json_t *outputs_of(const json_t *template, const json_t *parameters)
{
	json_t *outputs = json_object(), *value;
	const char *name;

	json_object_foreach(json_object_get(template, "outputs"), name, value)
		if (json_is_string(value))
			set(outputs, name,
			    expand(json_string_value(value), parameters));
	return outputs;
}

static bool take_template(struct request *req, json_t *record, const char *text)
{
	json_error_t error;
	json_t *template = json_loads(text, 0, &error);
	bool ok;

	if (!json_is_object(template)) {
		json_decref(template);
		return refuse(req, SC_INVALID, "/template",
			      "the fake cloud's templates are JSON objects: %s",
			      error.text);
	}
	ok = take_parameters(req, record, template);
	if (ok)
		set(record, "outputs",
		    outputs_of(template,
			       json_object_get(record, "parameters")));
	if (get_str(template, "description"))
		set_str(record, "description",
			get_str(template, "description"));
	json_decref(template);
	return ok;
}

bool prepare_stack(struct request *req, json_t *record)
{
	return take_template(req, record, sc_str(req->call, "template"));
}

bool run_stack_update(struct request *req)
{
	const char *template = sc_str(req->call, "template");
	json_t *entry = update_entry(req);

	return entry &&
	       (!template || take_template(req, record_of(entry), template)) &&
	       answer_entry(req, entry);
}
