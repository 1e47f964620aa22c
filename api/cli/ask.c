/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "cli/session.h"

/* What is typed is not shown until the end of the answer. */
static bool hide(struct termios *before)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, before) != 0)
		return false;
	now = *before;
	now.c_lflag &= ~(tcflag_t)ECHO;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) == 0;
}

static bool read_line(char *line, struct error *err)
{
	size_t n = 0;
	char c;

	for (;;) {
		if (!session_poll(STDIN_FILENO, -1) ||
		    sys_read(STDIN_FILENO, &c, 1) <= 0)
			return n ? true
				 : fail(err, ERR_CANCELLED,
					"there was no answer; nothing "
					"was done");
		if (c == '\n')
			return true;
		if (n + 1 == ASK_MAX)
			return fail(err, ERR_INVALID,
				    "the answer is longer than %d bytes",
				    ASK_MAX - 1);
		line[n++] = c;
		line[n] = '\0';
	}
}

char *ask_line(const char *question, bool secret, struct error *err)
{
	bool terminal = isatty(STDIN_FILENO);
	char line[ASK_MAX] = "", *answer = NULL;
	struct termios before;
	bool hidden = false;

	if (terminal) {
		hidden = secret && hide(&before); /* before anybody types */
		fputs(question, stderr);
		fflush(stderr);
	}
	if (read_line(line, err))
		answer = mem_strdup(line);
	if (hidden) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	mem_wipe(line, sizeof(line));
	return answer;
}
