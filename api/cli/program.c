/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

/* Where @name would be beside this program; new. */
static char *beside_us(const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	return slash ? mem_printf("%.*s/%s", (int)(slash - self), self, name)
		     : mem_strdup(name);
}

bool program_become(const char *const *argv, struct error *err)
{
	AUTO_FREE char *path = beside_us(argv[0]);
	char *const *words = (char *const *)argv;

	execv(path, words);
	execvp(argv[0], words);
	return fail(err, ERR_INVALID,
		    "%s cannot be started: %s; it is installed with skyclustd",
		    argv[0], strerror(errno));
}
