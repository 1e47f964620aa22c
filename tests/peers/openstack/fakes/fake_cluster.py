# SPDX-License-Identifier: Apache-2.0
"""magnum driver: clusters without Heat or machines; magnum-conductor's 10 s poll completes each step."""
import uuid

from magnum.common import clients
from magnum.conductor.handlers.common import cert_manager, trust_manager
from magnum.drivers.common import driver
from magnum.objects import fields

STATUS = fields.ClusterStatus


class Driver(driver.Driver):
    provides = [{'server_type': 'vm', 'os': 'fedora-coreos', 'coe': 'kubernetes'}]

    def create_cluster(self, context, cluster, cluster_create_timeout):
        cluster.stack_id = str(uuid.uuid4())
        for group in cluster.nodegroups:
            group.status = STATUS.CREATE_IN_PROGRESS
            group.save()

    def update_cluster(self, context, cluster, scale_manager=None, rollback=False):
        pass

    def resize_cluster(self, context, cluster, resize_manager, node_count, nodes_to_remove,
                       nodegroup=None):
        pass

    def upgrade_cluster(self, context, cluster, cluster_template, max_batch_size, nodegroup,
                        scale_manager=None, rollback=False):
        if nodegroup.is_default:        # as magnum's own drivers do: other groups may follow now
            cluster.cluster_template_id = cluster_template.uuid
        nodegroup.status = STATUS.UPDATE_IN_PROGRESS
        nodegroup.save()
        cluster.status = STATUS.UPDATE_IN_PROGRESS

    def delete_cluster(self, context, cluster):
        for group in cluster.nodegroups:
            group.status = STATUS.DELETE_IN_PROGRESS
            group.save()

    def create_nodegroup(self, context, cluster, nodegroup):
        nodegroup.stack_id = cluster.stack_id

    def update_nodegroup(self, context, cluster, nodegroup):
        nodegroup.save()

    def delete_nodegroup(self, context, cluster, nodegroup):
        nodegroup.save()    # with the status DELETE_IN_PROGRESS

    def create_federation(self, context, federation):
        raise NotImplementedError

    update_federation = delete_federation = create_federation

    def update_cluster_status(self, context, cluster, use_admin_ctx=False):
        """What was in progress is now complete; nodes have addresses."""
        if cluster.stack_id is None:
            return
        for number, group in enumerate(cluster.nodegroups):
            if group.status == STATUS.DELETE_IN_PROGRESS and cluster.status != STATUS.DELETE_IN_PROGRESS:
                group.destroy()
                continue
            group.status = (group.status or cluster.status).replace('IN_PROGRESS', 'COMPLETE')
            group.node_addresses = ['10.0.%d.%d' % (100 + number, 10 + i)
                                    for i in range(group.node_count)]
            group.save()
        if cluster.status == STATUS.DELETE_IN_PROGRESS:
            trust_manager.delete_trustee_and_trust(clients.OpenStackClients(context), context, cluster)
            cert_manager.delete_certificates_from_cluster(cluster, context=context)
        cluster.api_address = 'https://10.0.100.10:6443'
        cluster.coe_version = 'v1.26.0'
        cluster.status = cluster.status.replace('IN_PROGRESS', 'COMPLETE')
        cluster.status_reason = None
        cluster.save()
