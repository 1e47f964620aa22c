/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clean-up at the end of a scope (GCC's cleanup attribute):
 *
 *	AUTO_FREE char *text = mem_printf("%d", n);
 *	AUTO_JSON json_t *v = json_object();
 *	AUTO_FD int fd = sys_open(...);
 */
#ifndef SKYCLUST_BASE_AUTO_H
#define SKYCLUST_BASE_AUTO_H

#include <jansson.h>
#include <unistd.h>

#include "base/mem.h"

static inline void auto_free_(void *p)
{
	mem_free(*(void **)p);
}

static inline void auto_json_(json_t **p)
{
	json_decref(*p);
}

static inline void auto_fd_(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_FREE __attribute__((cleanup(auto_free_)))
#define AUTO_JSON __attribute__((cleanup(auto_json_)))
#define AUTO_FD __attribute__((cleanup(auto_fd_)))
#define AUTO(fn) __attribute__((cleanup(fn)))

#endif
