/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that a tenant names: a field of a credential that says where its
 * cloud is must not lead into the operator's own networks.  This is the polite
 * half, which tells him at once; a name can lead elsewhere a moment later, so
 * the driver looks again whenever it connects (base/address.h).
 */
#ifndef SKYCLUST_HOST_CREDENTIAL_ENDPOINT_H
#define SKYCLUST_HOST_CREDENTIAL_ENDPOINT_H

#include <jansson.h>

#include "base/address.h"
#include "base/error.h"

/* Does @field say where something is?  By its schema's format (uri, hostname,
 * ipv4, ipv6), or by a name that ends in _url, _uri, endpoint or host. */
bool endpoint_is_field(const char *field, const json_t *schema);

/*
 * @text is a URL (http or https, no user, plainly spelt host), a host, or
 * host:port, and every address its name has now may be gone to.  ERR_INVALID
 * with @pointer says which is not so; a name that cannot be resolved is no
 * place to send a secret to, either.
 */
WAITS bool endpoint_check(const char *text, const char *pointer,
			  enum egress egress, struct error *err);

#endif
