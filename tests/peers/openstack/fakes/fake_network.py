# SPDX-License-Identifier: Apache-2.0
"""neutron ML2 mechanism driver with no data plane: what agents would report is reported at once."""
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import constants as plugins, directory
from neutron_lib.plugins.ml2 import api


class Driver(api.MechanismDriver):
    def initialize(self):
        for event in (events.AFTER_CREATE, events.AFTER_UPDATE):
            registry.subscribe(self._floating_ip_status, resources.FLOATING_IP, event)

    def bind_port(self, context):
        """Any port binds on any host, and is ACTIVE."""
        context.set_binding(context.segments_to_bind[0][api.ID], portbindings.VIF_TYPE_OVS,
                            {portbindings.CAP_PORT_FILTER: True}, constants.PORT_STATUS_ACTIVE)

    @staticmethod
    def _floating_ip_status(resource, event, trigger, payload):
        """A floating IP is ACTIVE while it points at a port, else DOWN."""
        fip = payload.latest_state
        directory.get_plugin(plugins.L3).update_floatingip_status(
            payload.context, payload.resource_id,
            constants.FLOATINGIP_STATUS_ACTIVE if fip['port_id'] else constants.FLOATINGIP_STATUS_DOWN)
