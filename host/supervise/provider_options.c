/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider's options: copied from the configuration, because they outlive a
 * reload, and compared, because a reload restarts only what has changed.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/secret.h"
#include "supervise/provider.h"

static enum sandbox_mode mode_of(const char *word)
{
	if (!strcmp(word, "off"))
		return SANDBOX_OFF;
	return strcmp(word, "required") ? SANDBOX_BEST : SANDBOX_REQUIRED;
}

static struct provider_limits limits_of(const struct config *c)
{
	return (struct provider_limits){
		.start_ms = c->start_timeout_ms,
		.health_ms = c->health_interval_ms,
		.ping_ms = c->ping_timeout_ms,
		.max_inflight = c->max_inflight,
		.max_queue = c->max_queue,
		.restart_burst = c->restart_burst,
		.restart_window_ms = c->restart_window_ms,
		.backoff_min_ms = c->backoff_min_ms,
		.backoff_max_ms = c->backoff_max_ms,
		.memory_mib = c->driver_memory_mib,
		.open_files = c->driver_open_files,
		.sandbox = mode_of(c->sandbox),
	};
}

/* Drivers live in "/", so their folder needs its whole path. */
static char *whole_path(const char *path)
{
	char real[PATH_MAX];

	return mem_strdup(realpath(path, real) ? real : path);
}

/* A program that was replaced is a change, too. */
static void note_file(struct provider_options *o)
{
	struct stat st;

	if (!o->path || stat(o->path, &st) < 0)
		return;
	o->file.device = st.st_dev;
	o->file.inode = st.st_ino;
	o->file.size = (uint64_t)st.st_size;
	o->file.seconds = (uint64_t)st.st_mtim.tv_sec;
	o->file.nanoseconds = (uint64_t)st.st_mtim.tv_nsec;
}

void provider_options_init(struct provider_options *o,
			   const struct config *config, const char *name,
			   const struct config_provider *block,
			   const char *path)
{
	*o = (struct provider_options){
		.name = mem_strdup(name),
		.driver = mem_strdup(block ? block->driver : name),
		.path = mem_strdup(path),
		.eager = block && block->eager,
		.private_networks = block && block->private_networks,
		.block = block ? json_deep_copy(block->config) : json_object(),
		.data_dir = whole_path(config->data_dir),
		.limits = limits_of(config),
	};
	note_file(o);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool provider_options_equal(const struct provider_options *a,
			    const struct provider_options *b)
{
	return same_text(a->name, b->name) && same_text(a->driver, b->driver) &&
	       same_text(a->path, b->path) && a->eager == b->eager &&
	       a->private_networks == b->private_networks &&
	       same_text(a->data_dir, b->data_dir) &&
	       json_equal(a->block, b->block) &&
	       !memcmp(&a->file, &b->file, sizeof(a->file)) &&
	       !memcmp(&a->limits, &b->limits, sizeof(a->limits));
}

void provider_options_done(struct provider_options *o)
{
	if (o->block)
		json_wipe(o->block);
	json_decref(o->block);
	mem_free(o->name);
	mem_free(o->driver);
	mem_free(o->path);
	mem_free(o->data_dir);
	*o = (struct provider_options){ 0 };
}
