/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved settings by name: $XDG_CONFIG_HOME/skyclust/config.yaml, mode 0600.
 *
 *	current: home
 *	contexts:
 *	  home:
 *	    server: http://127.0.0.1:8080
 *	    token_file: /home/me/sky.token
 *	    ca_file: /home/me/ca.pem
 *	    workspace: web
 *	    credential: lab
 *	    provider: openstack
 *	    region: RegionOne
 *
 * The token itself is never in it.
 */
#ifndef SKYCLUST_CLI_CONTEXT_H
#define SKYCLUST_CLI_CONTEXT_H

#include <jansson.h>

#include "base/error.h"

/* The file's name, new; NULL with @err when there is no home folder. */
char *context_path(struct error *err);

/*
 * The file as JSON, new: {"current": name or null, "contexts": {name: {…}}};
 * empty when there is none, or no folder for one.  NULL: ERR_INVALID with the file's name and line.
 */
json_t *context_load(struct error *err);
/* Make the folder that context_path() is in. */
bool context_make_folder(struct error *err);
/* Write all of it, atomically; folders are made. */
bool context_save(const json_t *all, struct error *err);

/* The one called @name (NULL: the current one), borrowed of @all; NULL: no name
 * and no current one (no @err), or ERR_NOT_FOUND. */
json_t *context_find(const json_t *all, const char *name, struct error *err);

#endif
