/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/guard.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/sys.h"

#define FIRST_FREE 10 /* out of the way of code that counts descriptors */

/* An empty pipe, not /dev/null: a sandbox may deny all paths. */
static bool empty_stdin(void)
{
	int fds[2];

	if (sys_pipe(fds, 0) < 0)
		return false;
	close(fds[1]);
	if (dup2(fds[0], STDIN_FILENO) < 0)
		return false;
	close(fds[0]);
	return true;
}

bool guard_streams(int *in, int *out)
{
	*in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FIRST_FREE);
	*out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, FIRST_FREE);
	if (*in < 0 || *out < 0)
		return false;
	if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || !empty_stdin())
		return false;
	/* By line, so that the log shows what was printed before a crash. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	return true;
}
