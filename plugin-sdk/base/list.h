/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive doubly linked list.  A node is embedded in what it links; a head
 * is a node of its own.  A node that is in no list points at itself.
 */
#ifndef SKYCLUST_BASE_LIST_H
#define SKYCLUST_BASE_LIST_H

#include "base/base.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_before(struct list *at, struct list *node)
{
	node->prev = at->prev;
	node->next = at;
	at->prev->next = node;
	at->prev = node;
}

/* Append @node to the list headed by @head. */
static inline void list_add_tail(struct list *head, struct list *node)
{
	list_insert_before(head, node);
}

static inline void list_add_head(struct list *head, struct list *node)
{
	list_insert_before(head->next, node);
}

/* Unlink @node; does nothing when it is in no list. */
static inline void list_del(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_first(head, type, member) \
	(list_empty(head) ? NULL : container_of((head)->next, type, member))

#define list_each(pos, head, type, member)                             \
	for (pos = container_of((head)->next, type, member);           \
	     &pos->member != (head);                                   \
	     pos = container_of(pos->member.next, type, member))

/* As list_each; the body may unlink or free @pos. */
#define list_each_safe(pos, tmp, head, type, member)                   \
	for (pos = container_of((head)->next, type, member),           \
	    tmp = container_of(pos->member.next, type, member);        \
	     &pos->member != (head);                                   \
	     pos = tmp,                                                \
	    tmp = container_of(tmp->member.next, type, member))

#endif
