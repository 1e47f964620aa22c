/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as skyclust.yaml.  Beside memory faults it finds a configuration
 * that is accepted, but whose printed form is refused or reads differently, and
 * an edit by --enable-plugin that breaks a file which was good before.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sys.h"
#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void remove_file(void)
{
	unlink(path);
}

static void write_file(const void *p, size_t n)
{
	int fd;

	if (!*path) {
		snprintf(path, sizeof(path), "/tmp/fuzz-config-%d.yaml",
			 (int)getpid());
		atexit(remove_file);
	}
	fd = sys_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && sys_write_all(fd, p, n));
	close(fd);
}

/* What is printed reads back as the same. */
static void check_round_trip(const struct config *c)
{
	struct buf first = { 0 }, second = { 0 };
	struct config *again;
	struct error err;

	config_print(c, &first);
	write_file(first.p, first.n);
	again = config_load(path, &err);
	must(again != NULL);
	config_print(again, &second);
	must(!strcmp(first.p, second.p));
	config_free(again);
	buf_done(&first);
	buf_done(&second);
}

/* The edit either refuses, or leaves a file with the provider switched on. */
static void check_edit(const void *data, size_t size)
{
	struct config_provider *p;
	struct config *c;
	struct error err;

	write_file(data, size);
	if (!config_enable_plugin(path, "cloud", &err))
		return;
	c = config_load(path, &err);
	if (!c)
		return; /* it was refused before as well, or by ${…} now */
	p = config_provider_find(c, "cloud");
	must(p && p->enabled);
	config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c;
	struct error err;

	write_file(data, size);
	c = config_load(path, &err);
	if (c) {
		check_round_trip(c);
		check_edit(data, size);
	} else {
		must(err.code == ERR_INVALID && *err.message);
	}
	config_free(c);
	return 0;
}
