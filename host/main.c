/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Welcome.  This is where the tour begins: skyclustd, the host.
 *
 * One process, one thread, one event loop (base/loop.h).  Whatever may wait
 * runs in a fiber (base/fiber.h), so that asynchronous code reads from top to
 * bottom.  What happens here is the table of contents of the whole host:
 *
 *	options     what the command line wants            options.c
 *	config      skyclust.yaml, by one table            config.c
 *	data_dir    our folder, locked                     data_dir.c
 *	registry    providers and their drivers            registry.c
 *	trust       who may do what, and the proof of it   trust.h
 *	api         HTTP in front of it                    ../api/api.h
 *
 * A request comes in through the api, which knows HTTP and no pipes.  It calls
 * driver_call() (call.c), which finds the provider (supervise/provider.c), has
 * a process started for it if there is none (supervise/generation.c, and
 * supervise/process.c for the birth itself), and sends one line of JSON down a
 * pipe (plugin-sdk/rpc).  On the other end of the pipe the same loop, the same
 * fibers and the same frames serve the driver (plugin-sdk/driver), and tables
 * turn the call into HTTP for a cloud (plugin-sdk/cloud).  The answer comes
 * back as bytes that nobody unpacks on the way.
 *
 * Go on with supervise/process.c, then generation.h, provider.h and call.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/child.h"
#include "base/offload.h"
#include "base/sys.h"
#include "commands.h"
#include "data_dir.h"
#include "identity/identity.h"
#include "identity/oidc.h"
#include "metrics.h"
#include "registry.h"
#include "trust.h"

#define EXIT_USAGE 64

static struct host {
	struct options options;
	struct config *config; /* registry and api borrow it */
	struct registry *registry;
	struct trust *trust;
	struct api *api;
	struct fiber *fiber; /* of serve() */
	bool want_reload;
	unsigned want_stop; /* signals that asked for it */
	int status;
} host;

/* ---- signals ------------------------------------------------------------ */

static void on_reload(int sig UNUSED)
{
	host.want_reload = true;
	fiber_wake(host.fiber);
}

static void on_stop(int sig UNUSED)
{
	if (++host.want_stop > 1)
		_exit(1); /* in a hurry: the drivers die with us (PDEATHSIG) */
	fiber_wake(host.fiber);
}

/* ---- starting ----------------------------------------------------------- */

static bool set_up_log(const struct config *c, struct error *err)
{
	enum log_level level = LOG_INFO;
	int fd;

	log_level_from_name(c->log_level, &level);
	log_set_level(level);
	log_set_json(!strcmp(c->log_format, "json"));
	if (!*c->log_file)
		return true;
	fd = sys_open(c->log_file, O_WRONLY | O_CREAT | O_APPEND, 0640);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		return fail(err, ERR_INVALID,
			    "log.file %s cannot be opened: %s", c->log_file,
			    strerror(errno));
	close(fd);
	return true;
}

static bool start_api(struct error *err)
{
	const struct api_options options = {
		.config = host.config,
		.registry = host.registry,
		.trust = host.trust,
		.version = SKYCLUST_VERSION,
	};

	host.api = api_new(&options, err);
	return host.api != NULL;
}

static void announce(void)
{
	printf("listening on %s\n", api_address(host.api));
	if (identity_bootstrap_token(host.trust))
		printf("there is no administrator yet: make one with the "
		       "one-time token in %s/bootstrap.token (skyclust "
		       "login --bootstrap)\n",
		       host.config->data_dir);
	fflush(stdout);
	log_info(
		"skyclustd is ready", LOG_STR("version", SKYCLUST_VERSION),
		LOG_STR("address", api_address(host.api)),
		LOG_STR("data_dir", host.config->data_dir),
		LOG_INT("providers", (long long)registry_count(host.registry)));
}

/* ---- running ------------------------------------------------------------ */

/* A configuration with a mistake in it changes nothing. */
static void reload(void)
{
	struct config *old = host.config, *fresh;
	struct error err;

	host.want_reload = false;
	fresh = options_load_config(&host.options, &err);
	if (!fresh || !set_up_log(fresh, &err) ||
	    !api_reload(host.api, fresh, &err)) {
		config_free(fresh);
		log_error("the configuration was not read again; the old one "
			  "holds",
			  LOG_ERR(&err));
		return;
	}
	registry_reload(host.registry, fresh);
	trust_reload(host.trust, fresh);
	host.config = fresh;
	config_free(old);
	log_info(
		"configuration read again",
		LOG_INT("providers", (long long)registry_count(host.registry)));
}

WAITS static void stop(void)
{
	int64_t deadline = clock_ms() + host.config->shutdown_timeout_ms;

	log_info("stopping");
	api_stop(host.api, deadline);
	trust_stop(host.trust, deadline);
	registry_stop(host.registry, deadline);
}

/* The main fiber. */
WAITS static void serve(void *arg UNUSED)
{
	struct error err;

	host.registry = registry_new(host.config);
	host.trust = trust_new(host.config, host.registry, &err);
	if (host.trust && start_api(&err)) {
		announce();
		while (!host.want_stop) {
			fiber_park(0);
			if (host.want_reload)
				reload();
		}
		stop();
	} else {
		fprintf(stderr, "skyclustd: %s\n", err.message);
		host.status = 1;
		trust_stop(host.trust, clock_ms());
		registry_stop(host.registry, clock_ms());
	}
	loop_stop();
}

static void tear_down(void)
{
	api_free(host.api);
	trust_free(host.trust);
	oidc_done();
	registry_free(host.registry);
	metrics_done();
	config_free(host.config);
}

static int say_failed(const struct error *err)
{
	fprintf(stderr, "skyclustd: %s\n", err->message);
	return 1;
}

static int run_host(void)
{
	struct error err;
	int lock;

	host.config = options_load_config(&host.options, &err);
	if (!host.config)
		return say_failed(&err);
	lock = data_dir_lock(host.config->data_dir, &err);
	if (lock < 0 || !set_up_log(host.config, &err)) {
		config_free(host.config);
		return say_failed(&err);
	}
	host.fiber = fiber_spawn("main", serve, NULL);
	signal_watch(SIGHUP, on_reload);
	signal_watch(SIGTERM, on_stop);
	signal_watch(SIGINT, on_stop);
	loop_run();
	tear_down();
	close(lock);
	return host.status;
}

/* As many connections and drivers as we may have; each driver gets its own
 * limit back (supervisor.open_files). */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* What is in our memory must not reach a disk: passwords are there while they
 * are read, and what a tenant sends to his cloud. */
static void forbid_core_files(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

/* Descriptors 0, 1 and 2 must be taken, or a pipe would take their place. */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = sys_open("/dev/null", O_RDWR, 0);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int status;

	fill_standard_fds();
	raise_file_limit();
	forbid_core_files();
	if (!options_parse(&host.options, argc, argv))
		return EXIT_USAGE;
	mem_use_for_jansson();
	loop_init();
	status = host.options.command == COMMAND_SERVE
			 ? run_host()
			 : command_run(&host.options);
	offload_done();
	fiber_done();
	loop_done();
	return status;
}
