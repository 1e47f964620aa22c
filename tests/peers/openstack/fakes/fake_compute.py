# SPDX-License-Identifier: Apache-2.0
"""nova virt driver: nova's own fake hypervisor, plus what its callers can see from outside."""
import io

from nova.image import glance
from nova.virt import fake


class Driver(fake.SameHostColdMigrateDriver):
    """One roomy host which may resize onto itself (loaded as nova.virt.fake_compute.Driver)."""
    vcpus, memory_mb, local_gb = 1000, 1024000, 100000

    def snapshot(self, context, instance, image_id, update_task_state):
        """nova's fake uploads nothing, so `server image create` would stay "queued" for ever."""
        super().snapshot(context, instance, image_id, update_task_state)
        glance.API().update(context, image_id, {'disk_format': 'raw', 'container_format': 'bare'},
                            data=io.BytesIO(b'snapshot of %s\n' % instance.uuid.encode()))

    def get_info(self, instance, use_cache=True):
        """The fake forgets its guests when nova-compute restarts: bring them back as recorded."""
        if instance.uuid not in self.instances and instance.vm_state in ('active', 'stopped'):
            self.instances[instance.uuid] = fake.FakeInstance(
                instance.name, instance.power_state, instance.uuid)
        return super().get_info(instance, use_cache)

    def get_host_uptime(self):
        return ' 00:00:00 up 1 day,  0:00,  0 users,  load average: 0.00, 0.00, 0.00'
