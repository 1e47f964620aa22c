/* SPDX-License-Identifier: Apache-2.0 */
#include "limit_headers.h"

#include <stdio.h>

#define POLICY "\"requests\""

void limit_headers_add(struct request *req, const struct limit_state *state)
{
	char text[80];

	snprintf(text, sizeof(text), POLICY ";q=%lld;w=%lld", state->quota,
		 state->window_s);
	http_add_header(req, "RateLimit-Policy", text);
	snprintf(text, sizeof(text), POLICY ";r=%lld;t=%lld", state->remaining,
		 state->reset_s);
	http_add_header(req, "RateLimit", text);
}
