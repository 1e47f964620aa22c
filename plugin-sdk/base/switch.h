/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context switch: the few instructions that fibers stand on.  Used by
 * fiber.c alone.
 */
#ifndef SKYCLUST_BASE_SWITCH_H
#define SKYCLUST_BASE_SWITCH_H

#include "base/base.h"

/* Where a suspended flow of control continues. */
struct context {
	void *at; /* its stack pointer, or its ucontext */
};

/* Prepare @c so that the first switch to it calls @entry on the stack that
 * ends below @top (16-aligned) and has @size bytes.  @entry never returns. */
void context_make(struct context *c, void *top, size_t size,
		  void (*entry)(void));

/* Suspend the running flow into @from and continue @to. */
void context_switch(struct context *from, struct context *to);

#endif
