/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of the fake cloud, read once from the provider's `config:`
 * block.  README.md explains each.
 */
#ifndef SKYCLUST_SIM_SETTINGS_H
#define SKYCLUST_SIM_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct settings {
	/* the world */
	long long boot_ms, seed_instances, quota_instances, page_size;
	char token[128];        /* what a credential must show, "": anything */
	/* faults */
	bool checkpoint;
	long long pending_ms;
	long long latency_ms, latency_jitter_ms, rate_limit_per_second;
	long long die_after, fault_seed;
	double error_rate, lose_answer_rate;
	char error_code[32], die_at[32];
	bool die_once;
};

extern const char settings_schema[];    /* JSON Schema of the block */
extern const char credential_schema[];  /* and of a credential */

/* Take @config (checked against the schema), defaults for what is absent.
 * False with @why when what the schema cannot say is wrong. */
bool settings_read(const json_t *config, char *why, size_t size);

/* The same without taking it. */
bool settings_check(json_t *config, char *why, size_t size);

/* As read; the defaults before. */
const struct settings *settings(void);

#endif
