/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that are not the catalogue's.
 */
#include "cli/builtins.h"

#include <stdio.h>

#include "cli/session.h"

static int version_run(struct session *s UNUSED)
{
	puts("skyclust " SKYCLUST_VERSION);
	return STATUS_OK;
}

/* clang-format off */
const struct builtin command_builtins[] = {
	{ "version", NULL, "", 0, 0, LIVE_NONE, "Print the version of this program.",
	  version_run },
	{ NULL },
};
/* clang-format on */
