/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every account begins with: regions, zones, images, instance types, a
 * default network with subnets and a security group in each region, a project
 * and a role, and as many instances as the settings say.  It is the same in
 * every process, so it is in no ledger; only changes to it are.
 */
#ifndef SKYCLUST_SIM_SEED_H
#define SKYCLUST_SIM_SEED_H

#include "world.h"

void seed_world(struct world *w);

#endif
