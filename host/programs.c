/* SPDX-License-Identifier: Apache-2.0 */
#include "programs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "config_providers.h"

#ifndef SKYCLUST_LIBDIR
#define SKYCLUST_LIBDIR "lib"
#endif

/* A group is a folder of driver folders; the first one with a name wins. */
static const struct {
	const char *folder, *source;
} groups[] = {
	{ "/public", "public" },
	{ "/private", "private" },
	{ "", "other" },
};

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 0111);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *programs_folder(const struct config *config)
{
	char self[4096];
	char *beside, *installed;
	ssize_t n;

	if (*config->plugin_dir)
		return mem_strdup(config->plugin_dir);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = 0;
	if (strrchr(self, '/'))
		*strrchr(self, '/') = 0;
	beside = mem_printf("%s/plugins", self);
	installed =
		mem_printf("%s/../%s/skyclust/plugins", self, SKYCLUST_LIBDIR);
	if (is_folder(beside) || !is_folder(installed)) {
		mem_free(installed);
		return beside;
	}
	mem_free(beside);
	return installed;
}

char *programs_find(const struct config *config, const char *name)
{
	AUTO_FREE char *folder = programs_folder(config);

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		char *path = mem_printf("%s%s/%s/%s", folder, groups[i].folder,
					name, name);

		if (is_program(path))
			return path;
		mem_free(path);
	}
	return NULL;
}

static void list_group(json_t *found, const char *folder, const char *source)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		AUTO_FREE char *path =
			mem_printf("%s/%s/%s", folder, name, name);

		if (config_providers_name_ok(name) && is_program(path) &&
		    !json_object_get(found, name))
			json_object_set_new(found, name,
					    json_pack("{s:s, s:s, s:s}", "name",
						      name, "path", path,
						      "source", source));
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The values of @found in the order of their names; new. */
static json_t *sorted(json_t *found)
{
	size_t n = json_object_size(found), i = 0;
	const char **names = mem_alloc((n + 1) * sizeof(*names)), *name;
	json_t *list = json_array(), *value;

	json_object_foreach (found, name, value)
		names[i++] = name;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++)
		json_array_append(list, json_object_get(found, names[i]));
	mem_free(names);
	return list;
}

json_t *programs_list(const struct config *config)
{
	AUTO_FREE char *folder = programs_folder(config);
	AUTO_JSON json_t *found = json_object();

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		AUTO_FREE char *group =
			mem_printf("%s%s", folder, groups[i].folder);

		list_group(found, group, groups[i].source);
	}
	return sorted(found);
}
