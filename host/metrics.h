/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: counters, gauges and histograms, printed in the Prometheus text
 * format (version 0.0.4).
 */
#ifndef SKYCLUST_HOST_METRICS_H
#define SKYCLUST_HOST_METRICS_H

#include "base/buf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* A series is found by name and up to two label pairs (NULL: none); made at
 * first use.  Bounded: past 10,000 series the label value becomes "other". */
void metric_add(const char *name, const char *label1, const char *value1,
		const char *label2, const char *value2, double amount);
void metric_set(const char *name, const char *label1, const char *value1,
		const char *label2, const char *value2, double value);
/* Histograms are in seconds, buckets 1 ms … 60 s. */
void metric_observe(const char *name, const char *label1, const char *value1,
		    const char *label2, const char *value2, double seconds);

/* Before each print, @fn may set gauges. */
void metric_on_print(void (*fn)(void *arg), void *arg);
void metrics_print(struct buf *out);
void metrics_done(void);

#endif
