/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when the first exchange needs it.  It brings some thirty
 * further libraries; a driver that is started and not yet used, or that speaks
 * no HTTP at all, pays neither their 4 MB nor the time to link them.
 */
#ifndef SKYCLUST_CLOUD_CURL_LIB_H
#define SKYCLUST_CLOUD_CURL_LIB_H

/* Its type checks are macros by the functions' names, which hide pointers. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/error.h"

#define CURL_FUNCTIONS(F)      \
	F(global_init_mem)     \
	F(global_cleanup)      \
	F(multi_init)          \
	F(multi_cleanup)       \
	F(multi_setopt)        \
	F(multi_add_handle)    \
	F(multi_remove_handle) \
	F(multi_socket_action) \
	F(multi_info_read)     \
	F(multi_assign)        \
	F(share_init)          \
	F(share_cleanup)       \
	F(share_setopt)        \
	F(easy_init)           \
	F(easy_cleanup)        \
	F(easy_setopt)         \
	F(easy_getinfo)        \
	F(easy_strerror)       \
	F(slist_append)        \
	F(slist_free_all)

/* libcurl's functions without their prefix: curl_lib.easy_init(). */
struct curl_lib {
#define CURL_MEMBER(name) __typeof__(&curl_##name) name;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

extern struct curl_lib curl_lib;

/* Make curl_lib usable; ERR_INTERNAL when libcurl is not installed. */
bool curl_lib_load(struct error *err);

#endif
