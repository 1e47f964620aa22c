/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of pending calls.
 */
#include "rpc/pending.h"

#include "base/mem.h"

#define SIZE_FIRST 64

static struct pending_slot *slot_of(const struct pending *t, uint64_t sequence)
{
	return &t->slot[sequence & (t->size - 1)];
}

void pending_init(struct pending *t)
{
	*t = (struct pending){ .size = SIZE_FIRST, .next = 1 };
	t->slot = mem_alloc(SIZE_FIRST * sizeof(*t->slot));
}

void pending_done(struct pending *t)
{
	mem_free(t->slot);
	t->slot = NULL;
}

/* Numbers that had slots of their own have them in a larger table, too. */
static void grow(struct pending *t)
{
	struct pending old = *t;

	t->size *= 2;
	t->slot = mem_alloc(t->size * sizeof(*t->slot));
	for (size_t i = 0; i < old.size; i++)
		if (old.slot[i].sequence)
			*slot_of(t, old.slot[i].sequence) = old.slot[i];
	mem_free(old.slot);
}

static bool usable(const struct pending *t, const struct pending_slot *slot)
{
	return !slot->sequence ||
	       (!slot->call && t->abandoned >= PENDING_ABANDONED_MAX);
}

uint64_t pending_add(struct pending *t, struct rpc_call *call)
{
	size_t used = t->open;
	struct pending_slot *slot;

	used += t->abandoned < PENDING_ABANDONED_MAX ? t->abandoned
						     : PENDING_ABANDONED_MAX;
	if ((used + 1) * 2 > t->size)
		grow(t);
	while (!usable(t, slot = slot_of(t, t->next)))
		t->next++;
	if (slot->sequence)
		t->abandoned--;
	*slot = (struct pending_slot){ t->next++, call };
	t->open++;
	return slot->sequence;
}

struct pending_slot *pending_find(const struct pending *t, uint64_t sequence)
{
	struct pending_slot *slot = slot_of(t, sequence);

	return sequence && slot->sequence == sequence ? slot : NULL;
}

void pending_abandon(struct pending *t, struct pending_slot *slot)
{
	slot->call = NULL;
	t->open--;
	t->abandoned++;
}

void pending_remove(struct pending *t, struct pending_slot *slot)
{
	if (slot->call)
		t->open--;
	else
		t->abandoned--;
	*slot = (struct pending_slot){ 0 };
}
