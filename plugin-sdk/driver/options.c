/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/sys.h"
#include "base/text.h"

#define FILE_MAX (1 << 20)

struct raw {
	const char *op, *args, *config, *credential;
	const char *region, *replay, *record, *state_dir;
	const char *native;
};

#define AT(member) offsetof(struct raw, member)

/* clang-format off */
const struct call_option call_options[] = {
	{ "--config", "FILE", AT(config), false, "The provider's settings, a JSON object." },
	{ "--credential", "FILE", AT(credential), false, "The credential, a JSON object." },
	{ "--region", "NAME", AT(region), false, "Where to work." },
	{ "--state-dir", "DIR", AT(state_dir), false, "What the driver keeps is there." },
	{ "--native", NULL, AT(native), false, "Add the cloud's own object to each record." },
	{ "--replay", "FILE", AT(replay), true,
	  "Answer from recorded exchanges; nothing is sent." },
	{ "--record", "DIR", AT(record), true, "Record the exchanges, secrets left out." },
	{ NULL },
};
/* clang-format on */

/* How many words were taken, 0: @argv[0] is none of the options. */
static int take_option(struct raw *raw, int argc, char **argv)
{
	for (const struct call_option *row = call_options; row->name; row++) {
		const char **to = (void *)((char *)raw + row->offset);

		if (strcmp(argv[0], row->name))
			continue;
		if (row->argument && argc < 2)
			return 0;
		*to = row->argument ? argv[1] : argv[0];
		return row->argument ? 2 : 1;
	}
	return 0;
}

static bool take_word(struct raw *raw, const char *word, struct error *err)
{
	if (text_starts(word, "--"))
		return fail(err, ERR_INVALID,
			    "option %s is unknown, or lacks its value", word);
	if (!raw->op)
		raw->op = word;
	else if (!raw->args)
		raw->args = word;
	else
		return fail(err, ERR_INVALID,
			    "\"%s\" is too much: OPERATION and ARGUMENTS are "
			    "there",
			    word);
	return true;
}

static bool split(struct raw *raw, int argc, char **argv, struct error *err)
{
	while (argc > 0) {
		int n = take_option(raw, argc, argv);

		if (n == 0 && !take_word(raw, argv[0], err))
			return false;
		argc -= n ? n : 1;
		argv += n ? n : 1;
	}
	if (!raw->op)
		return fail(err, ERR_INVALID, "no operation is given");
	return true;
}

/* ---- objects ---------------------------------------------------------- */

static json_t *object_of(const char *text, size_t n, const char *what,
			 struct error *err)
{
	json_t *v = json_read(text, n, err);

	if (v && json_is_object(v))
		return v;
	if (v)
		fail(err, ERR_INVALID, "not a JSON object");
	fail_within(err, "%s", what);
	json_decref(v);
	return NULL;
}

static json_t *object_in(const char *path, struct error *err)
{
	struct buf text = { 0 };
	json_t *v = NULL;

	if (sys_read_file(path, FILE_MAX, &text) < 0)
		fail(err, ERR_INVALID, "%s: %s", path, strerror(errno));
	else
		v = object_of(text.n ? text.p : "", text.n, path, err);
	buf_wipe(&text);
	return v;
}

static json_t *property(json_t *schema, const char *name)
{
	return json_object_get(json_object_get(schema, "properties"), name);
}

/* The text of an environment variable in the type its schema asks for. */
static json_t *typed(json_t *schema, const char *text)
{
	const char *type = json_str(schema, "type", "string");
	long long n;

	if (!strcmp(type, "integer") &&
	    text_to_int(text, -JSON_MAX_INT, JSON_MAX_INT, &n))
		return json_integer(n);
	if (!strcmp(type, "boolean"))
		return json_boolean(!strcmp(text, "true") ||
				    !strcmp(text, "1"));
	return json_string(text);
}

static void take_environment(struct options *o, const struct sc_driver *d,
			     bool secrets_too)
{
	AUTO_JSON json_t *settings = json_read_quoted(d->config_schema, NULL);
	AUTO_JSON json_t *credential = json_read_quoted(d->credential_schema, NULL);

	for (const char *const(*e)[2] = d->env; e && (*e)[0]; e++) {
		const char *text = getenv((*e)[0]), *name = (*e)[1];
		json_t *secret = property(credential, name);
		json_t *setting = property(settings, name);

		if (!text || !*text)
			continue;
		if (secret && secrets_too && !json_object_get(o->secrets, name))
			json_object_set_new(o->secrets, name,
					    typed(secret, text));
		if (setting && !json_object_get(o->config, name))
			json_object_set_new(o->config, name,
					    typed(setting, text));
	}
}

bool options_read(struct options *o, const struct sc_driver *driver, int argc,
		  char **argv, struct error *err)
{
	struct raw raw = { 0 };

	*o = (struct options){ 0 };
	if (!split(&raw, argc, argv, err))
		return false;
	o->op = raw.op;
	o->region = raw.region;
	o->replay = raw.replay;
	o->record = raw.record;
	o->state_dir = raw.state_dir;
	o->native = raw.native;
	o->args = raw.args ? object_of(raw.args, strlen(raw.args), "ARGUMENTS",
				       err)
			   : json_object();
	o->config = raw.config ? object_in(raw.config, err) : json_object();
	o->secrets =
		raw.credential ? object_in(raw.credential, err) : json_object();
	if (!o->args || !o->config || !o->secrets)
		return false;
	take_environment(o, driver, !raw.credential);
	return true;
}

void options_done(struct options *o)
{
	json_decref(o->args);
	json_decref(o->config);
	json_wipe(o->secrets);
	json_decref(o->secrets);
}
