/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context switch.  A flow of control that is not running is nothing but
 * its stack pointer: the registers that a function must preserve (System V
 * ABI, AAPCS64) lie on its stack, above them the address to return to.
 * swapcontext(3) would do the same with a system call for the signal mask.
 *
 * Switching stacks breaks a hardware shadow stack, so this file is built
 * without it (see CMakeLists.txt), which turns it off for the program.
 */
#include "base/switch.h"

#include <string.h>

#if defined(__x86_64__) && defined(__LP64__)

/* rdi: &from->at, rsi: to->at. */
__asm__(".text\n"
	".p2align 4\n"
	".type context_swap, @function\n"
	"context_swap:\n"
	".cfi_startproc\n"
	"	endbr64\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	subq $8, %rsp\n"
	"	stmxcsr (%rsp)\n"
	"	fnstcw 4(%rsp)\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	ldmxcsr (%rsp)\n"
	"	fldcw 4(%rsp)\n"
	"	addq $8, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".cfi_endproc\n"
	".size context_swap, .-context_swap\n");

/* What context_swap() finds on a new stack. */
struct frame {
	uint32_t mxcsr;
	uint16_t fpu_control, unused;
	uint64_t registers[6]; /* r15 r14 r13 r12 rbx rbp */
	void (*entry)(void);
	void *no_caller; /* ends backtraces, and aligns the stack */
};

static void frame_init(struct frame *f, void (*entry)(void))
{
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1"
			 : "=m"(f->mxcsr), "=m"(f->fpu_control));
	f->entry = entry;
}

#define HAVE_CONTEXT_SWAP 1

#elif defined(__aarch64__)

/* x0: &from->at, x1: to->at. */
__asm__(".text\n"
	".p2align 4\n"
	".type context_swap, %function\n"
	"context_swap:\n"
	".cfi_startproc\n"
	"	hint #34\n" /* bti c */
	"	sub sp, sp, #176\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mrs x9, fpcr\n"
	"	str x9, [sp, #160]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldr x9, [sp, #160]\n"
	"	msr fpcr, x9\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #176\n"
	"	ret\n"
	".cfi_endproc\n"
	".size context_swap, .-context_swap\n");

/* What context_swap() finds on a new stack. */
struct frame {
	uint64_t x19_to_x29[11]; /* a zero frame pointer ends backtraces */
	void (*entry)(void);     /* x30 */
	uint64_t d8_to_d15[8];
	uint64_t fpcr, unused;
};

static void frame_init(struct frame *f, void (*entry)(void))
{
	__asm__ volatile("mrs %0, fpcr" : "=r"(f->fpcr));
	f->entry = entry;
}

#define HAVE_CONTEXT_SWAP 1

#endif

#ifdef HAVE_CONTEXT_SWAP

void context_swap(void **from, void *to) __attribute__((visibility("hidden")));

void context_make(struct context *c, void *top, size_t size UNUSED,
		  void (*entry)(void))
{
	struct frame *f = (struct frame *)top - 1;

	memset(f, 0, sizeof(*f));
	frame_init(f, entry);
	c->at = f;
}

void context_switch(struct context *from, struct context *to)
{
	context_swap(&from->at, to->at);
}

#else /* any other machine: slower, the same otherwise */

#include <ucontext.h>

void context_make(struct context *c, void *top, size_t size,
		  void (*entry)(void))
{
	/* The record itself lies at the top of the stack. */
	ucontext_t *u = (ucontext_t *)top - 1;

	getcontext(u);
	u->uc_stack.ss_sp = (char *)top - size;
	u->uc_stack.ss_size = size - sizeof(*u);
	u->uc_link = NULL;
	c->at = u;
	makecontext(u, entry, 0);
}

void context_switch(struct context *from, struct context *to)
{
	static ucontext_t outside; /* of the flow that no context_make() made */

	if (!from->at)
		from->at = &outside;
	swapcontext(from->at, to->at);
}

#endif
