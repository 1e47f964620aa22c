/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is special about making each kind (struct kind, prepare): each works
 * out what follows from the arguments in a new @record, and refuses what is
 * wrong with it.
 */
#ifndef SKYCLUST_SIM_PREPARE_H
#define SKYCLUST_SIM_PREPARE_H

#include "request.h"

/* instance.c */
bool prepare_instance(struct request *req, json_t *record);
/* key.c */
bool prepare_key_pair(struct request *req, json_t *record);
/* storage.c */
bool prepare_image(struct request *req, json_t *record);
bool prepare_volume(struct request *req, json_t *record);
bool prepare_snapshot(struct request *req, json_t *record);
/* network.c */
bool prepare_network(struct request *req, json_t *record);
bool prepare_subnet(struct request *req, json_t *record);
void leave_network(struct request *req, const json_t *subnet);
bool prepare_router(struct request *req, json_t *record);
bool prepare_vnic(struct request *req, json_t *record);
/* A hardware address for a @vnic that has just got its identifier. */
void give_mac(struct request *req, json_t *vnic);
bool prepare_public_ip(struct request *req, json_t *record);
/* balance.c */
bool prepare_load_balancer(struct request *req, json_t *record);
void leave_load_balancers(struct request *req, const json_t *instance);
/* rules.c */
bool prepare_security_group(struct request *req, json_t *record);
/* cluster.c */
bool prepare_cluster(struct request *req, json_t *record);
bool prepare_node_pool(struct request *req, json_t *record);
void leave_cluster(struct request *req, const json_t *node_pool);
/* stack.c */
bool prepare_stack(struct request *req, json_t *record);

#endif
