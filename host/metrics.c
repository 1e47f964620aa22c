/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series are kept in a hash table by name and labels.  They are printed sorted,
 * so that the samples of one metric stand together, as the format wants it.
 */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SERIES_MAX 10000
#define SLOTS 32768 /* a power of two, over twice SERIES_MAX */

static const double bounds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025,
				 0.05,	0.1,	0.25,  0.5,  1,
				 2.5,	5,	10,    30,   60 };

#define BUCKETS (ARRAY_LEN(bounds))

struct labels {
	const char *name1, *value1, *name2, *value2;
};

struct series {
	uint32_t hash;
	enum metric_type type;
	char *name;
	char *labels; /* `a="b",c="d"`, escaped, or "" */
	double value; /* counter, gauge; histogram: sum */
	uint64_t count;
	uint64_t bucket[]; /* histogram only */
};

static struct series **slots;
static size_t used;
static void (*print_hook)(void *arg);
static void *print_arg;

/* ---- finding ----------------------------------------------------------------
 */

/* The text of a label value (text format, "Comments, help text, and type
 * information": backslash, quote and newline are escaped). */
static void add_label(struct buf *b, const char *name, const char *value)
{
	if (!name)
		return;
	if (b->n)
		buf_add_char(b, ',');
	buf_add_str(b, name);
	buf_add_str(b, "=\"");
	for (value = value ? value : ""; *value; value++) {
		size_t n = strcspn(value, "\\\"\n");

		buf_add(b, value, n);
		value += n;
		if (!*value)
			break;
		buf_add_char(b, '\\');
		buf_add_char(b, *value == '\n' ? 'n' : *value);
	}
	buf_add_char(b, '"');
}

static uint32_t add_hash(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u; /* FNV-1a */
	return hash;
}

static struct series **find_slot(const char *name, const char *labels,
				 uint32_t hash)
{
	for (size_t i = hash;; i++) {
		struct series **slot = &slots[i & (SLOTS - 1)];

		if (!*slot ||
		    ((*slot)->hash == hash && !strcmp((*slot)->name, name) &&
		     !strcmp((*slot)->labels, labels)))
			return slot;
	}
}

static struct series *series_new(const char *name, const char *labels,
				 uint32_t hash, enum metric_type type)
{
	size_t buckets = type == METRIC_HISTOGRAM ? BUCKETS : 0;
	struct series *s =
		mem_alloc(sizeof(*s) + buckets * sizeof(s->bucket[0]));

	s->hash = hash;
	s->type = type;
	s->name = mem_strdup(name);
	s->labels = mem_strdup(labels);
	used++;
	return s;
}

static struct series *find_text(const char *name, const char *labels,
				enum metric_type type)
{
	uint32_t hash = add_hash(add_hash(2166136261u, name), labels);
	struct series **slot;

	if (!slots)
		slots = mem_alloc(SLOTS * sizeof(struct series *));
	slot = find_slot(name, labels, hash);
	if (!*slot && used < SERIES_MAX)
		*slot = series_new(name, labels, hash, type);
	return *slot;
}

static struct series *find(const char *name, enum metric_type type,
			   const struct labels *l)
{
	static struct buf text; /* kept: no allocation for a known series */
	struct series *s;

	buf_clear(&text);
	buf_reserve(&text, 1);
	add_label(&text, l->name1, l->value1);
	add_label(&text, l->name2, l->value2);
	s = find_text(name, text.p, type);
	if (s)
		return s->type == type ? s : NULL;
	buf_clear(&text);
	add_label(&text, l->name1, "other");
	add_label(&text, l->name2, "other");
	used--; /* one for all that is too much */
	s = find_text(name, text.p, type);
	used += s != NULL;
	return s && s->type == type ? s : NULL;
}

/* ---- public ------------------------------------------------------------- */

void metric_add(const char *name, const char *label1, const char *value1,
		const char *label2, const char *value2, double amount)
{
	struct series *s =
		find(name, METRIC_COUNTER,
		     &(struct labels){ label1, value1, label2, value2 });

	if (s)
		s->value += amount;
}

void metric_set(const char *name, const char *label1, const char *value1,
		const char *label2, const char *value2, double value)
{
	struct series *s =
		find(name, METRIC_GAUGE,
		     &(struct labels){ label1, value1, label2, value2 });

	if (s)
		s->value = value;
}

void metric_observe(const char *name, const char *label1, const char *value1,
		    const char *label2, const char *value2, double seconds)
{
	struct series *s =
		find(name, METRIC_HISTOGRAM,
		     &(struct labels){ label1, value1, label2, value2 });

	if (!s)
		return;
	s->value += seconds;
	s->count++;
	for (size_t i = 0; i < BUCKETS; i++)
		if (seconds <= bounds[i]) {
			s->bucket[i]++;
			break;
		}
}

void metric_on_print(void (*fn)(void *arg), void *arg)
{
	print_hook = fn;
	print_arg = arg;
}

/* ---- printing ----------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct series *x = *(struct series *const *)a;
	const struct series *y = *(struct series *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->labels, y->labels);
}

static void print_number(double value, struct buf *out)
{
	if (value == floor(value) && fabs(value) < 1e15)
		buf_printf(out, " %.0f\n", value);
	else
		buf_printf(out, " %.9g\n", value);
}

static void print_histogram(const struct series *s, struct buf *out)
{
	const char *comma = *s->labels ? "," : "";
	uint64_t below = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		below += s->bucket[i];
		buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", s->name,
			   s->labels, comma, bounds[i],
			   (unsigned long long)below);
	}
	buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", s->name, s->labels,
		   comma, (unsigned long long)s->count);
	buf_printf(out, "%s_sum{%s}", s->name, s->labels);
	print_number(s->value, out);
	buf_printf(out, "%s_count{%s} %llu\n", s->name, s->labels,
		   (unsigned long long)s->count);
}

static void print_series(const struct series *s, struct buf *out)
{
	if (s->type == METRIC_HISTOGRAM) {
		print_histogram(s, out);
		return;
	}
	buf_add_str(out, s->name);
	if (*s->labels)
		buf_printf(out, "{%s}", s->labels);
	print_number(s->value, out);
}

void metrics_print(struct buf *out)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	struct series **all;
	size_t n = 0;

	if (print_hook)
		print_hook(print_arg);
	if (!slots)
		return;
	all = mem_alloc((used + 1) * sizeof(struct series *));
	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i])
			all[n++] = slots[i];
	qsort(all, n, sizeof(struct series *), by_name);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(all[i]->name, all[i - 1]->name) != 0)
			buf_printf(out, "# TYPE %s %s\n", all[i]->name,
				   types[all[i]->type]);
		print_series(all[i], out);
	}
	mem_free(all);
}

void metrics_done(void)
{
	for (size_t i = 0; slots && i < SLOTS; i++) {
		if (!slots[i])
			continue;
		mem_free(slots[i]->name);
		mem_free(slots[i]->labels);
		mem_free(slots[i]);
	}
	mem_free(slots);
	slots = NULL;
	used = 0;
}
