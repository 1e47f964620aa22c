/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/curl_lib.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

struct curl_lib curl_lib;

/* Where each function's pointer goes. */
static const struct {
	const char *symbol;
	size_t offset;
} functions[] = {
#define CURL_ROW(name) { "curl_" #name, offsetof(struct curl_lib, name) },
	CURL_FUNCTIONS(CURL_ROW)
#undef CURL_ROW
};

/* Never unloaded: libcurl's own libraries do not stand that. */
bool curl_lib_load(struct error *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return fail(err, ERR_INTERNAL,
			    "%s; install libcurl 7.85 or "
			    "newer",
			    dlerror());
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *f = dlsym(library, functions[i].symbol);

		if (!f)
			return fail(err, ERR_INTERNAL,
				    "%s; install libcurl "
				    "7.85 or newer",
				    dlerror());
		memcpy((char *)&curl_lib + functions[i].offset, &f, sizeof(f));
	}
	return true;
}
