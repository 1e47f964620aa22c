/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of resources.  Beside memory faults it finds a file that
 * is accepted with an order in which something comes before what it needs, and
 * one that is refused without a word.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static size_t place_of(const struct manifest *m, size_t wanted)
{
	size_t at = 0;

	while (m->order[at] != wanted)
		must(++at < m->n);
	return at;
}

static void check_order(const struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < m->list[i].n_needs; j++)
			must(place_of(m, m->list[i].needs[j]) < place_of(m, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct manifest m;

	if (manifest_read(&m, "file", (const char *)data, size, NULL, "r",
			  &err))
		check_order(&m);
	else
		must(err.code != ERR_NONE && *err.message);
	manifest_done(&m);
	must(mem_live() == 0);
	return 0;
}
