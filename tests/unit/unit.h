/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes first: cmocka and what it needs.
 */
#ifndef SKYCLUST_TESTS_UNIT_UNIT_H
#define SKYCLUST_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail /* the name is ours (base/error.h); a test says fail_msg() */
#undef fail_msg
#define fail_msg(...)                         \
	do {                                  \
		print_error(__VA_ARGS__);     \
		print_error("\n");            \
		_fail(__FILE__, __LINE__);    \
	} while (0)

#endif
