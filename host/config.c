/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings, and one walker that reads a file by it.  To add a
 * setting: a member in struct config, a row here.  The printer, the schema,
 * the defaults and the complaints follow.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/secret.h"
#include "config_oidc.h"
#include "config_providers.h"
#include "config_table.h"
#include "config_yaml.h"

#define SECOND 1000LL
#define HOUR (3600 * SECOND)

/* ---- values -------------------------------------------------------------- */

static const struct {
	const char *unit;
	long long ms;
} units[] = {
	{ "h", HOUR },
	{ "m", 60 * SECOND },
	{ "s", SECOND },
	{ "ms", 1 },
};

static bool read_duration(const char *text, long long *ms)
{
	size_t digits = strspn(text, "0123456789");
	char number[16];

	if (!digits || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (!strcmp(text + digits, units[i].unit))
			return text_to_int(number, 0, HOUR * 1000 / units[i].ms,
					   ms) &&
			       (*ms *= units[i].ms, true);
	return false;
}

static void write_duration(long long ms, struct buf *out)
{
	size_t i = 0;

	while (ms % units[i].ms || (!ms && units[i].ms > SECOND))
		i++;
	buf_printf(out, "%lld%s", ms / units[i].ms, units[i].unit);
}

static void *member(const struct setting *s, const struct config *c)
{
	return (char *)c + s->offset;
}

static void set_text(const struct setting *s, struct config *c,
		     const char *text)
{
	char **at = member(s, c);

	mem_free(*at);
	*at = mem_strdup(text);
}

static bool out_of_range(const struct setting *s, struct error *err)
{
	struct buf range = { 0 };

	if (s->type == SET_DURATION) {
		write_duration(s->min, &range);
		buf_add_str(&range, " to ");
		write_duration(s->max, &range);
	} else {
		buf_printf(&range, "%lld to %lld", s->min, s->max);
	}
	fail(err, ERR_INVALID, "must be %s, from %s",
	     s->type == SET_DURATION ? "a duration such as 500ms, 10s or 2m"
				     : "an integer",
	     range.p);
	buf_done(&range);
	return false;
}

static bool set_number(const struct setting *s, struct config *c,
		       const char *text, struct error *err)
{
	long long value;
	bool ok = s->type == SET_INT ? text_to_int(text, s->min, s->max, &value)
				     : read_duration(text, &value);

	if (!ok || value < s->min || value > s->max)
		return out_of_range(s, err);
	*(long long *)member(s, c) = value;
	return true;
}

static bool set_word(const struct setting *s, struct config *c,
		     const char *text, struct error *err)
{
	struct buf words = { 0 };

	for (size_t i = 0; s->words[i]; i++) {
		if (!strcmp(s->words[i], text)) {
			set_text(s, c, text);
			buf_done(&words);
			return true;
		}
		buf_printf(&words, "%s%s", i ? ", " : "", s->words[i]);
	}
	fail(err, ERR_INVALID, "\"%s\" is none of: %s", text, words.p);
	buf_done(&words);
	return false;
}

static bool set_bool(const struct setting *s, struct config *c,
		     const char *text, struct error *err)
{
	bool yes = !strcmp(text, "true");

	if (!yes && strcmp(text, "false"))
		return fail(err, ERR_INVALID, "must be true or false");
	*(bool *)member(s, c) = yes;
	return true;
}

static bool set_value(const struct setting *s, struct config *c,
		      const char *text, struct error *err)
{
	switch (s->type) {
	case SET_TEXT:
		set_text(s, c, text);
		return true;
	case SET_WORD:
		return set_word(s, c, text, err);
	case SET_INT:
	case SET_DURATION:
		return set_number(s, c, text, err);
	case SET_BOOL:
		return set_bool(s, c, text, err);
	}
	return false;
}

void config_write_value(const struct setting *s, const struct config *c,
			struct buf *out)
{
	const void *at = member(s, c);

	switch (s->type) {
	case SET_TEXT:
	case SET_WORD:
		buf_add_str(out, *(char *const *)at);
		break;
	case SET_INT:
		buf_printf(out, "%lld", *(const long long *)at);
		break;
	case SET_DURATION:
		write_duration(*(const long long *)at, out);
		break;
	case SET_BOOL:
		buf_add_str(out, *(const bool *)at ? "true" : "false");
		break;
	}
}

/* ---- the walker ---------------------------------------------------------- */

static const struct setting *find(const char *key)
{
	for (const struct setting *s = config_settings; s->key; s++)
		if (!strcmp(s->key, key))
			return s;
	return NULL;
}

static bool unknown_key(const char *file, int line, const char *key,
			struct error *err)
{
	const char *names[128], *near;
	size_t n = 0;

	for (const struct setting *s = config_settings;
	     s->key && n < ARRAY_LEN(names); s++)
		names[n++] = s->key;
	near = text_nearest(key, names, n);
	return fail(err, ERR_INVALID, "%s:%d: %s: no such setting%s%s%s", file,
		    line, key, near ? "; did you mean " : "", near ? near : "",
		    near ? "?" : "");
}

static bool read_setting(struct config *c, const struct yaml_node *node,
			 const char *key, struct error *err)
{
	const struct setting *s = find(key);

	if (!s)
		return unknown_key(c->file, node->line, key, err);
	if (config_yaml_is_null(node))
		return true; /* "key:" alone keeps the default */
	if (node->type != YAML_TEXT)
		return fail(err, ERR_INVALID, "%s:%d: %s: must be one value",
			    c->file, node->line, key);
	return set_value(s, c, node->text, err) ||
	       fail_within(err, "%s:%d: %s", c->file, node->line, key);
}

static bool read_section(struct config *c, const struct yaml_node *section,
			 struct error *err)
{
	bool plugins = !strcmp(section->key, "plugins");
	const struct yaml_node *node;

	list_each (node, &section->children, struct yaml_node, link) {
		AUTO_FREE char *key =
			mem_printf("%s.%s", section->key, node->key);

		if (plugins && config_providers_is_block(node))
			continue;
		if (!read_setting(c, node, key, err))
			return false;
	}
	return true;
}

static bool is_section(const char *name)
{
	size_t n = strlen(name);

	for (const struct setting *s = config_settings; s->key; s++)
		if (!strncmp(s->key, name, n) && s->key[n] == '.')
			return true;
	return false;
}

static bool read_root(struct config *c, const struct yaml_node *root,
		      struct error *err)
{
	const struct yaml_node *node;

	if (root->type != YAML_MAP)
		return fail(err, ERR_INVALID,
			    "%s:%d: must be sections such as \"server:\"",
			    c->file, root->line);
	list_each (node, &root->children, struct yaml_node, link) {
		if (!strcmp(node->key, "providers") ||
		    !strcmp(node->key, "oidc"))
			continue;
		if (!is_section(node->key))
			return unknown_key(c->file, node->line, node->key, err);
		if (config_yaml_is_null(node))
			continue;
		if (node->type != YAML_MAP)
			return fail(err, ERR_INVALID,
				    "%s:%d: %s: must be a section of settings",
				    c->file, node->line, node->key);
		if (!read_section(c, node, err))
			return false;
	}
	return config_providers_read(c, root, err) &&
	       config_oidc_read(c, root, err);
}

static bool read_file(struct config *c, struct error *err)
{
	struct buf text = { 0 };
	struct yaml_node *root = NULL;
	bool ok;

	if (sys_read_file(c->file, CONFIG_YAML_MAX, &text) < 0)
		ok = fail(err, ERR_INVALID, "%s: cannot be read: %s", c->file,
			  strerror(errno));
	else
		ok = (root = config_yaml_read(c->file, text.p ? text.p : "",
					      text.n, err)) &&
		     read_root(c, root, err);
	config_yaml_free(root);
	buf_wipe(&text);
	return ok;
}

/* ---- public -------------------------------------------------------------- */

struct config *config_load(const char *file, struct error *err)
{
	struct config *c = mem_alloc(sizeof(*c));

	list_init(&c->providers);
	c->oidc = json_object();
	for (const struct setting *s = config_settings; s->key; s++)
		set_value(s, c, s->fallback, NULL);
	c->file = mem_strdup(file);
	if (!file || read_file(c, err))
		return c;
	config_free(c);
	return NULL;
}

void config_free(struct config *c)
{
	struct config_provider *p, *tmp;

	if (!c)
		return;
	list_each_safe (p, tmp, &c->providers, struct config_provider, link)
		config_provider_free(p);
	for (const struct setting *s = config_settings; s->key; s++)
		if (s->type == SET_TEXT || s->type == SET_WORD)
			mem_free(*(char **)member(s, c));
	json_wipe(c->oidc);
	json_decref(c->oidc);
	mem_free(c->file);
	mem_free(c);
}

bool config_set(struct config *c, const char *key, const char *text,
		struct error *err)
{
	const struct setting *s = find(key);

	if (!s)
		return unknown_key("command line", 0, key, err);
	return set_value(s, c, text, err) || fail_within(err, "%s", key);
}

struct config_provider *config_provider_find(const struct config *c,
					     const char *name)
{
	struct config_provider *p;

	list_each (p, &c->providers, struct config_provider, link)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

/* ---- the table ----------------------------------------------------------- */

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const algorithms[] = { "HS256", "RS256", "ES256", NULL };
static const char *const sandboxes[] = { "best", "required", "off", NULL };

#define AT(m) offsetof(struct config, m)

/* clang-format off */
const struct setting config_settings[] = {
	{ "server.listen", SET_TEXT, "127.0.0.1:8080", AT(listen),
	  .help = "Address and port of the HTTP API, loopback only without TLS; port 0: any." },
	{ "server.data_dir", SET_TEXT, "data", AT(data_dir),
	  .help = "Folder of all state: keys, the embedded database, the drivers' own files." },
	{ "server.socket", SET_TEXT, "", AT(socket),
	  .help = "Unix socket for the local administrator; empty: skyclust.sock in data_dir." },
	{ "server.public_url", SET_TEXT, "", AT(public_url),
	  .help = "Where browsers find the API, such as https://cloud.example.org; "
		  "empty: at the address it listens on." },
	{ "server.tls_certificate", SET_TEXT, "", AT(tls_certificate),
	  .help = "PEM file with the certificate chain; with it the API speaks HTTPS." },
	{ "server.tls_key", SET_TEXT, "", AT(tls_key),
	  .help = "PEM file with the certificate's private key." },
	{ "server.tls_client_ca", SET_TEXT, "", AT(tls_client_ca),
	  .help = "PEM file; clients must show a certificate signed by one of these (mTLS)." },
	{ "server.max_connections", SET_INT, "10000", AT(max_connections), 1, 100000,
	  "Open HTTP connections; more are refused." },
	{ "server.max_body", SET_INT, "1048576", AT(max_body), 1024, 16777216,
	  "Bytes of a request's body; more is answered with 413." },
	{ "server.shutdown_timeout", SET_DURATION, "15s", AT(shutdown_timeout_ms), 0, HOUR,
	  "On SIGTERM, how long open requests may take to finish." },

	{ "log.level", SET_WORD, "info", AT(log_level), .words = levels,
	  .help = "The least important lines that are written." },
	{ "log.format", SET_WORD, "text", AT(log_format), .words = formats,
	  .help = "One line per event, as text or as a JSON object." },
	{ "log.file", SET_TEXT, "", AT(log_file),
	  .help = "File to append to; empty: standard error." },

	{ "plugins.directory", SET_TEXT, "", AT(plugin_dir),
	  .help = "Where drivers are found: DIR/public/NAME/NAME, "
	    "DIR/private/NAME/NAME, DIR/NAME/NAME; "
		  "empty: `plugins` beside the program, or the installed folder." },
	{ "plugins.auto_load", SET_BOOL, "true", AT(auto_load),
	  .help = "Every driver found is a provider of its own name, also without a block below." },
	{ "plugins.timeout", SET_DURATION, "30s", AT(call_timeout_ms), 100, HOUR,
	  "How long one call of a driver may take." },

	{ "supervisor.start_timeout", SET_DURATION, "10s", AT(start_timeout_ms), 100, HOUR,
	  "From the start of a driver to its handshake; a driver that "
	    "reports progress gets six times as long." },
	{ "supervisor.health_interval", SET_DURATION, "10s", AT(health_interval_ms), 10, HOUR,
	  "Between two pings of a driver." },
	{ "supervisor.ping_timeout", SET_DURATION, "5s", AT(ping_timeout_ms), 10, HOUR,
	  "A ping without an answer for so long is missed; three "
	    "missed ones in a row, with no work in hand, replace the process." },
	{ "supervisor.max_inflight", SET_INT, "256", AT(max_inflight), 1, 4096,
	  "Requests inside one driver process; the driver may ask for less." },
	{ "supervisor.max_queue", SET_INT, "1024", AT(max_queue), 0, 100000,
	  "Requests that wait for one driver to start or to have room; "
	    "more are answered with 503." },
	{ "supervisor.memory_mib", SET_INT, "512", AT(driver_memory_mib), 16, 1048576,
	  "Private memory of one driver process, in MiB." },
	{ "supervisor.open_files", SET_INT, "1024", AT(driver_open_files), 16, 1048576,
	  "Open files of one driver process." },
	{ "supervisor.restart_burst", SET_INT, "5", AT(restart_burst), 0, 1000000,
	  "A driver that dies is started again at once so many times "
	    "in a window, then after a growing delay." },
	{ "supervisor.restart_window", SET_DURATION, "30s", AT(restart_window_ms), 10, HOUR,
	  "The window of restart_burst." },
	{ "supervisor.backoff_min", SET_DURATION, "1s", AT(backoff_min_ms), 10, HOUR,
	  "The first delay; each further one is twice as long." },
	{ "supervisor.backoff_max", SET_DURATION, "2m", AT(backoff_max_ms), 10, HOUR,
	  "The longest delay." },
	{ "supervisor.sandbox", SET_WORD, "best", AT(sandbox), .words = sandboxes,
	  .help = "`best`: every wall the kernel offers; `required`: no driver "
	    "starts unless all of them stand; `off`: none." },

	{ "store.url", SET_TEXT, "", AT(store_url),
	  .help = "Database: sqlite:PATH or postgresql://…; empty: skyclust.db in data_dir." },
	{ "store.pool", SET_INT, "8", AT(store_pool), 2, 256,
	  "Connections to PostgreSQL." },
	{ "store.timeout", SET_DURATION, "2s", AT(store_timeout_ms), 100, 60 * SECOND,
	  "How long the database may take for one answer." },

	{ "keys.file", SET_TEXT, "", AT(key_file),
	  .help = "File of all keys, 0600, made when it is not there; empty: keys.json in "
		  "data_dir. Hosts with one database share it." },

	{ "auth.token_algorithm", SET_WORD, "HS256", AT(token_algorithm), .words = algorithms,
	  .help = "How access tokens are signed." },
	{ "auth.access_lifetime", SET_DURATION, "15m", AT(access_lifetime_ms), SECOND, 24 * HOUR,
	  "How long an access token is good." },
	{ "auth.refresh_lifetime", SET_DURATION, "720h", AT(refresh_lifetime_ms), SECOND,
	  1000 * HOUR, "How long a session lives without being used." },
	{ "auth.lockout_failures", SET_INT, "5", AT(lockout_failures), 1, 1000,
	  "Wrong passwords for an account from one address before further ones must wait." },
	{ "auth.lockout_max", SET_DURATION, "15m", AT(lockout_max_ms), SECOND, 24 * HOUR,
	  "The longest such wait; it begins with a second and doubles." },

	{ "limits.rate", SET_INT, "1000", AT(tenant_rate), 1, 10000000,
	  "Requests per second of one tenant; more are answered with 429." },
	{ "limits.burst", SET_INT, "2000", AT(tenant_burst), 1, 10000000,
	  "Requests that a tenant who was quiet may send at once." },
	{ "limits.requests", SET_INT, "256", AT(tenant_requests), 1, 100000,
	  "Requests of one tenant that are worked on or wait." },
	{ "limits.at_work", SET_INT, "256", AT(requests_at_work), 1, 10000,
	  "Requests of all tenants that are worked on; more wait, tenant by tenant." },
	{ "limits.attempts", SET_INT, "100", AT(attempt_rate), 1, 1000000,
	  "Wrong tokens per second from one address; a wrong password counts as 50. "
	    "Ten times as many may come at once." },

	{ "operations.wait", SET_DURATION, "30s", AT(operation_wait_ms), 0, HOUR,
	  "How long the answer to a change waits for its end; then it is 202." },
	{ "operations.lease", SET_DURATION, "10s", AT(operation_lease_ms), SECOND, HOUR,
	  "A host that says nothing for so long loses its operations to another." },
	{ "operations.keep", SET_DURATION, "720h", AT(operation_keep_ms), SECOND, 1000 * HOUR,
	  "How long finished operations can be read." },
	{ "operations.idempotency", SET_DURATION, "24h", AT(idempotency_keep_ms), SECOND,
	  1000 * HOUR, "How long an Idempotency-Key is known." },

	{ "audit.checkpoint", SET_DURATION, "1h", AT(audit_checkpoint_ms), SECOND, 24 * HOUR,
	  "Between two signed checkpoints of the audit log." },
	{ "audit.export", SET_TEXT, "", AT(audit_export),
	  .help = "Folder to which signed checkpoints are written, best on another machine; "
		  "empty: data_dir." },
	{ "audit.keep_days", SET_INT, "0", AT(audit_keep_days), 0, 36500,
	  "Days after which audit records are removed; 0: never." },

	{ "credentials.warning", SET_DURATION, "168h", AT(credential_warning_ms), 0, 1000 * HOUR,
	  "How long before its end a credential is said to expire." },
	{ NULL },
};
/* clang-format on */
