/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics.h"
#include "programs.h"
#include "registry_impl.h"
#include "supervise/describe.h"

#define LAST_STEP_MS 5000 /* after SIGKILL, until the processes are reaped */

/* ---- what the configuration wants --------------------------------------- */

struct wanted {
	struct provider_options *o;
	size_t n;
};

static void want(struct wanted *w, const struct config *config,
		 const char *name, const struct config_provider *block,
		 const char *path)
{
	w->o = mem_realloc(w->o, (w->n + 1) * sizeof(*w->o));
	provider_options_init(&w->o[w->n++], config, name, block, path);
}

static void want_blocks(struct wanted *w, const struct config *config)
{
	const struct config_provider *p;

	list_each (p, &config->providers, struct config_provider, link) {
		char *path;

		if (!p->enabled)
			continue;
		path = p->path ? mem_strdup(p->path)
			       : programs_find(config, p->driver);
		want(w, config, p->name, p, path);
		mem_free(path);
	}
}

static void want_found(struct wanted *w, const struct config *config)
{
	json_t *found = programs_list(config), *program;
	size_t i;

	json_array_foreach (found, i, program) {
		const char *name = json_str(program, "name", "");

		if (!config_provider_find(config, name))
			want(w, config, name, NULL,
			     json_str(program, "path", NULL));
	}
	json_decref(found);
}

static int by_option_name(const void *a, const void *b)
{
	return strcmp(((const struct provider_options *)a)->name,
		      ((const struct provider_options *)b)->name);
}

static struct wanted wanted(const struct config *config)
{
	struct wanted w = { 0 };

	want_blocks(&w, config);
	if (config->auto_load)
		want_found(&w, config);
	if (w.n)
		qsort(w.o, w.n, sizeof(*w.o), by_option_name);
	return w;
}

/* ---- mark and sweep ----------------------------------------------------- */

static void left(struct provider *p, void *arg)
{
	struct registry *r = arg;

	list_del(&p->link);
	cond_broadcast(&r->emptied);
	provider_unref(p);
}

static void dismiss(struct registry *r, struct provider *p)
{
	log_info("provider leaves", LOG_STR("provider", p->o.name));
	p->on_stopped = left;
	p->arg = r;
	list_add_tail(&r->leaving, &p->link);
	provider_stop(p);
}

/* Take the provider @name out of the old set, if it may stay as it is. */
static struct provider *keep(struct provider **old, size_t n,
			     const struct provider_options *o)
{
	for (size_t i = 0; i < n; i++)
		if (old[i] && provider_options_equal(&old[i]->o, o)) {
			struct provider *p = old[i];

			old[i] = NULL;
			return p;
		}
	return NULL;
}

static struct provider *make(struct provider_options *o)
{
	log_info("provider", LOG_STR("provider", o->name),
		 LOG_STR("driver", o->driver),
		 LOG_STR("path", o->path ? o->path : ""));
	return provider_new(o);
}

void registry_reload(struct registry *r, const struct config *config)
{
	struct wanted w = wanted(config);
	struct provider **old = r->all;
	size_t old_n = r->n;

	r->config = config;
	r->n = w.n;
	r->all = mem_alloc((w.n + 1) * sizeof(*r->all));
	for (size_t i = 0; i < w.n; i++) {
		r->all[i] = keep(old, old_n, &w.o[i]);
		if (!r->all[i])
			r->all[i] = make(&w.o[i]);
		provider_options_done(&w.o[i]);
	}
	for (size_t i = 0; i < old_n; i++)
		if (old[i])
			dismiss(r, old[i]);
	for (size_t i = 0; i < r->n; i++)
		if (r->all[i]->o.eager)
			provider_need(r->all[i]);
	mem_free(old);
	mem_free(w.o);
}

/* ---- looking ------------------------------------------------------------ */

struct provider *registry_provider(const struct registry *r, const char *name)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, r->all[middle]->o.name);

		if (order == 0)
			return r->all[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

size_t registry_count(const struct registry *r)
{
	return r->n;
}

static void describe_live(const struct generation *g,
			  struct provider_info *info)
{
	info->digest = g->image->digest;
	info->sandbox = g->sandbox;
	info->generation = g->o.number;
	info->pid = g->child.pid;
	info->started_ms = g->started_wall_ms;
	info->inflight = g->inflight;
	info->max_inflight = g->max_inflight;
	info->rss_kib = process_rss_kib(g->child.pid);
}

static void describe(const struct provider *p, struct provider_info *info)
{
	*info = (struct provider_info){
		.name = p->o.name,
		.driver = p->o.driver,
		.version = json_str(p->hello, "version", ""),
		.description = json_str(p->hello, "description", ""),
		.path = p->o.path ? p->o.path : "",
		.digest = "",
		.state = p->state,
		.last_error = p->last_error.message,
		.sandbox = "",
		.hello = p->hello,
		.breaker_open = breakers_any_open(&p->breakers),
	};
	provider_count(p, info);
	if (p->live)
		describe_live(p->live, info);
}

bool registry_info(struct registry *r, size_t i, struct provider_info *info)
{
	if (i >= r->n)
		return false;
	describe(r->all[i], info);
	return true;
}

bool registry_info_by_name(struct registry *r, const char *name,
			   struct provider_info *info)
{
	const struct provider *p = registry_provider(r, name);

	if (p)
		describe(p, info);
	return p != NULL;
}

void registry_on_refusal(struct registry *r,
			 void (*fn)(void *arg, const struct driver_request *req,
				    const struct error *err),
			 void *arg)
{
	r->on_refusal = fn;
	r->on_refusal_arg = arg;
}

WAITS bool registry_ensure_ready(struct registry *r, const char *name,
				 int64_t deadline, struct error *err)
{
	struct provider *p = registry_provider(r, name);
	struct error own;
	bool ok;

	if (!p)
		return fail(err, ERR_NOT_FOUND, "no provider %s", name);
	provider_ref(p);
	ok = provider_wait_ready(p, deadline, err ? err : &own);
	provider_unref(p);
	return ok;
}

json_t *registry_find_drivers(const struct config *config)
{
	return programs_list(config);
}

/* ---- metrics ------------------------------------------------------------ */

static void publish_one(const struct provider_info *info)
{
	const struct {
		const char *name;
		double value;
	} gauges[] = {
		{ "skyclust_driver_up", info->state == PROVIDER_READY },
		{ "skyclust_driver_inflight", info->inflight },
		{ "skyclust_driver_resident_bytes",
		  (double)info->rss_kib * 1024 },
		{ "skyclust_driver_restarts_total", (double)info->restarts },
		{ "skyclust_driver_calls_total", (double)info->calls },
		{ "skyclust_driver_errors_total", (double)info->errors },
		{ "skyclust_driver_violations_total",
		  (double)info->violations },
		{ "skyclust_driver_stderr_lines_total",
		  (double)info->stderr_lines },
		{ "skyclust_driver_stderr_dropped_total",
		  (double)info->stderr_dropped },
		{ "skyclust_driver_breaker_open", info->breaker_open },
	};

	for (size_t i = 0; i < ARRAY_LEN(gauges); i++)
		metric_set(gauges[i].name, "provider", info->name, NULL, NULL,
			   gauges[i].value);
}

static void publish(void *arg)
{
	struct registry *r = arg;
	struct provider_info info;

	for (size_t i = 0; registry_info(r, i, &info); i++)
		publish_one(&info);
}

/* ---- life --------------------------------------------------------------- */

struct registry *registry_new(const struct config *config)
{
	struct registry *r = mem_alloc(sizeof(*r));

	list_init(&r->leaving);
	cond_init(&r->emptied);
	metric_on_print(publish, r);
	registry_reload(r, config);
	return r;
}

/* True when nobody is left. */
WAITS static bool await_empty(struct registry *r, int64_t deadline)
{
	while (!list_empty(&r->leaving))
		if (cond_wait(&r->emptied, deadline) == WAIT_TIMEOUT)
			return false;
	return true;
}

WAITS void registry_stop(struct registry *r, int64_t deadline)
{
	struct provider *p, *tmp;

	for (size_t i = 0; i < r->n; i++)
		dismiss(r, r->all[i]);
	r->n = 0;
	if (await_empty(r, deadline))
		return;
	list_each_safe (p, tmp, &r->leaving, struct provider, link) {
		log_warn("driver is killed, its time is over",
			 LOG_STR("driver", p->o.name));
		provider_kill(p);
	}
	await_empty(r, clock_ms() + LAST_STEP_MS);
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	metric_on_print(NULL, NULL);
	descriptions_done();
	image_cache_done();
	mem_free(r->all);
	mem_free(r);
}
