/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the driver: one table per service, and the login. */
#ifndef OPENSTACK_H
#define OPENSTACK_H

#include <skyclust/driver.h>

/* The tag that says which operation made a server. */
#define OP_TAG "skyclust-op"

extern const struct sc_rest keystone_rest[];
extern const struct sc_rest nova_rest[];
extern const struct sc_rest neutron_rest[];
extern const struct sc_rest glance_rest[];

SC_WAITS json_t *keystone_login(struct sc_call *call);

#endif
