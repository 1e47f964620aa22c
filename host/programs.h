/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where driver programs are: the plugin directory holds them as
 * DIR/public/NAME/NAME, DIR/private/NAME/NAME or DIR/NAME/NAME.
 */
#ifndef SKYCLUST_HOST_PROGRAMS_H
#define SKYCLUST_HOST_PROGRAMS_H

#include "config.h"

/* The plugin directory: the configured one, else `plugins` beside this
 * program, else the installed one; new. */
char *programs_folder(const struct config *config);

/* The program of driver @name; new, NULL when there is none. */
char *programs_find(const struct config *config, const char *name);

/* All of them by name: array of {name, path, source}; new. */
json_t *programs_list(const struct config *config);

#endif
