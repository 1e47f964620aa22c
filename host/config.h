/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: skyclust.yaml, read by one table of settings (config.c) that
 * also prints itself and its JSON Schema.  Errors name file, line and key.
 *
 * Three layouts of provider settings are read: `plugins.providers.NAME`,
 * `plugins.NAME` (each with enabled and config) and top-level
 * `providers.NAME` (the settings themselves).  `${ENV}` and `file:PATH` are
 * replaced in string values of enabled providers: `${NAME}` by a variable of
 * the host's environment (`${NAME:-text}`: or by the text), `$${` stands for
 * `${`; a value `file:PATH` by that file's content without its last newline,
 * PATH relative to the configuration file's folder.
 */
#ifndef SKYCLUST_HOST_CONFIG_H
#define SKYCLUST_HOST_CONFIG_H

#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"

/* One provider block.  A provider is a named use of a driver: several may use
 * the same driver program with other settings. */
struct config_provider {
	struct list link;
	char *name;     /* [a-z][a-z0-9-]{0,31} */
	char *driver;   /* driver name; default: the provider's name */
	char *path;     /* program, or NULL: found in plugin directories */
	bool enabled;
	bool eager;     /* start: eager (at start) or lazy (first call) */
	bool shared;    /* workspaces without a credential may use `config` */
	bool private_networks; /* credentials of workspaces may name hosts in
				* private networks */
	json_t *config; /* object; strings expanded; settings and
			 * credential fields as they were written: the
			 * registry tells them apart by the driver's
			 * credential_schema */
	int line;       /* of the block, for errors */
};

struct config {
	char *file;     /* NULL: defaults only */
	char *listen;   /* "127.0.0.1:8080" */
	char *data_dir;
	char *socket;           /* unix socket of the local administrator */
	char *tls_certificate, *tls_key, *tls_client_ca; /* PEM files, or "" */
	char *plugin_dir;       /* of drivers; empty: see programs.h */
	char *log_level, *log_format, *log_file;
	long long call_timeout_ms;      /* default deadline of a call */
	long long start_timeout_ms;     /* 10 s */
	long long health_interval_ms, ping_timeout_ms;
	long long shutdown_timeout_ms;  /* drain on SIGTERM */
	long long max_connections, max_body, max_inflight, max_queue;
	long long driver_memory_mib, driver_open_files;
	long long restart_burst, restart_window_ms;     /* before backing off */
	long long backoff_min_ms, backoff_max_ms;
	char *sandbox;          /* "best" or "required" or "off" */
	bool auto_load;         /* every driver found is a provider */
	char *store_url;        /* empty: sqlite:DATA_DIR/skyclust.db */
	long long store_pool, store_timeout_ms;
	char *key_file;         /* empty: DATA_DIR/keys.json */
	char *token_algorithm;  /* "HS256", "RS256", "ES256" */
	long long access_lifetime_ms, refresh_lifetime_ms;
	long long lockout_failures, lockout_max_ms;
	long long operation_wait_ms, operation_lease_ms, operation_keep_ms;
	long long idempotency_keep_ms;
	long long audit_checkpoint_ms, audit_keep_days;
	char *audit_export;     /* folder for signed checkpoints, or "" */
	long long credential_warning_ms;
	long long tenant_rate, tenant_burst, tenant_requests;
	long long requests_at_work, attempt_rate;
	struct list providers;  /* struct config_provider */
	char *public_url;       /* where browsers find us, or "" */
	json_t *oidc;           /* see config_oidc.h */
};

/* Read @file (NULL: defaults).  New, or NULL with "FILE:LINE: KEY: what". */
struct config *config_load(const char *file, struct error *err);
void config_free(struct config *c);

/* Change one setting by its key ("server.listen"), as the command line does.
 * ERR_INVALID when the key is unknown or @text is not a value of it. */
bool config_set(struct config *c, const char *key, const char *text,
		struct error *err);

/* The block of provider @name; borrowed, NULL when there is none. */
struct config_provider *config_provider_find(const struct config *c,
					     const char *name);

/* Every setting with value, default and help, as YAML that can be read back;
 * secrets appear as "***". */
void config_print(const struct config *c, struct buf *out);

/* JSON Schema (2020-12) of the file; new. */
json_t *config_schema(void);

/* Set plugins.providers.NAME.enabled to true in @file, keeping the rest of
 * the text as it is. */
bool config_enable_plugin(const char *file, const char *name,
			  struct error *err);

#endif
