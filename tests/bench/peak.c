/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peak FILE COMMAND...: run COMMAND, and write the most memory that it had at
 * once (KiB) into FILE.  A process begins with the peak of the one that starts
 * it, so that one has to be small: this one, not the Python of bench_peers.py.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;
	FILE *f;

	if (argc < 3)
		return 64;
	if (posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ))
		return 127;
	if (wait4(pid, &status, 0, &usage) != pid)
		return 70;
	f = fopen(argv[1], "w");
	if (!f || fprintf(f, "%ld\n", usage.ru_maxrss) < 0 || fclose(f))
		return 73;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 70;
}
