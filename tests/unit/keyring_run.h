/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder with a key file in it, for tests that need keys.
 */
#ifndef SKYCLUST_TESTS_UNIT_KEYRING_RUN_H
#define SKYCLUST_TESTS_UNIT_KEYRING_RUN_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keys/keyring.h"

static char keys_dir[64], keys_file[80];
static struct keyring *keys_ring;

static inline struct keyring *keys_open(const char *algorithm)
{
	struct error err = { 0 };
	struct keyring *ring = keyring_open(keys_file, algorithm, &err);

	if (!ring)
		fail_msg("%s", err.message);
	return ring;
}

static inline int keys_setup(void **state UNUSED)
{
	snprintf(keys_dir, sizeof(keys_dir), "/tmp/skyclust-keys-XXXXXX");
	if (!mkdtemp(keys_dir))
		return -1;
	snprintf(keys_file, sizeof(keys_file), "%s/keys.json", keys_dir);
	keys_ring = keys_open("HS256");
	return 0;
}

static inline int keys_teardown(void **state UNUSED)
{
	DIR *dir = opendir(keys_dir);
	struct dirent *entry;

	keyring_free(keys_ring);
	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return rmdir(keys_dir);
}

#endif
