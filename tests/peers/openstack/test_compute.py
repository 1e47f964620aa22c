# SPDX-License-Identifier: Apache-2.0
"""Instances, what they are made of and what they go through."""
from case import KEY, PREFIX, Case


class Types(Case):
    def test_regions_and_zones(self):
        self.assertEqual(self.ids('regions'), ['RegionOne'])
        self.assertEqual(self.call('GET', 'regions/RegionOne')['name'], 'RegionOne')
        self.assertIn('nova', self.ids('zones'))
        self.assertTrue(self.call('GET', 'zones/nova')['is_active'])

    def test_instance_types_by_id_and_name(self):
        small = next(t for t in self.items('instance-types') if t['name'] == 'm1.small')
        self.assertEqual((small['vcpus'], small['memory_mib'], small['storage_gib']), (1, 2048, 20))
        self.assertEqual(self.call('GET', 'instance-types/m1.small')['id'], small['id'])
        self.assertEqual(self.call('GET', 'instance-types/' + small['id'])['name'], 'm1.small')

    def test_key_pair(self):
        pair = self.make('key-pairs', name=PREFIX + 'key')
        self.assertIn('PRIVATE KEY', pair['private_key'])
        again = self.call('GET', f"key-pairs/{pair['id']}")
        self.assertFalse(again.get('private_key'))
        self.assertEqual(again['fingerprint'], pair['fingerprint'])
        self.assertIn(pair['id'], self.ids('key-pairs'))
        self.problem('POST', 'key-pairs', 409, 'conflict', dict(name=PREFIX + 'key'))
        own = self.call('POST', 'key-pairs/import', dict(name=PREFIX + 'own', public_key=KEY))
        self.addCleanup(self.drop, 'key-pairs', own['id'])
        self.assertIn('AAAAC3NzaC1lZDI1NTE5', self.call('GET', f"key-pairs/{own['id']}")['public_key'])


class Life(Case):
    """The life of an instance."""

    def test_instance(self):
        network, subnet = self.network(PREFIX + 'life')
        pair = self.make('key-pairs', name=PREFIX + 'life')
        server = self.make(
            'instances', name=PREFIX + 'life', instance_type='m1.tiny', image_id=self.image()['id'],
            network_id=network['id'], key_pair=pair['name'], security_groups=['default'],
            tags={'team': 'web'}, user_data='#cloud-config\n')
        self.assertIn(server['status'], ('pending', 'running'))
        path = f"instances/{server['id']}"
        server = self.settled(path, 'running')
        self.assertRegex(server['private_ip'], r'^10\.77\.0\.\d+$')
        self.assertEqual(server['private_ips'], [server['private_ip']])
        self.assertEqual((server['name'], server['instance_type'], server['image_id'], server['key_pair']),
                         (PREFIX + 'life', 'm1.tiny', self.image()['id'], pair['name']))
        self.assertEqual(server['tags'], {'team': 'web'})
        self.assertEqual(server['security_groups'], ['default'])
        self.assertEqual(server['provider_status'], 'ACTIVE')
        for action, wanted in (('stop', 'stopped'), ('stop', 'stopped'), ('start', 'running'), ('start', 'running'),
                               ('restart', 'running'), ('suspend', 'suspended'), ('resume', 'running')):
            with self.subTest(action):
                self.call('POST', f'{path}/{action}', {})
                self.settled(path, wanted)
        self.call('POST', path + '/restart', dict(force=True))
        self.settled(path, 'running')
        self.call('POST', path + '/suspend', {})
        self.settled(path, 'suspended')
        self.problem('POST', path + '/stop', 409, 'conflict', {})
        self.problem('DELETE', f"networks/{network['id']}", 409, 'conflict')
        self.assertIn(server['id'], self.ids('instances'))
        states = {s['id']: s['status'] for s in self.items('instances/status-list')}
        self.assertEqual(states[server['id']], 'suspended')
        self.drop('instances', server['id'])
        self.call('DELETE', path)

    def test_boot_disk(self):
        network, subnet = self.network(PREFIX + 'disk')
        server = self.server(PREFIX + 'disk', subnet_id=subnet['id'], boot_disk_gib=2)
        self.assertEqual(len(server['block_disks']), 1)
        volume = self.call('GET', 'volumes/' + server['block_disks'][0])
        self.assertEqual((volume['size_gib'], volume['instance_id']), (2, server['id']))
        self.drop('instances', server['id'])
        self.until('its disk to go with it', lambda: self.is_gone('volumes/' + volume['id']))

    def test_resize_is_confirmed(self):
        path = f"instances/{self.server(PREFIX + 'big')['id']}"
        server = self.call('POST', path + '/resize', dict(instance_type='m1.small'))
        self.assertEqual((server['instance_type'], server['provider_status']), ('m1.small', 'ACTIVE'))
        self.assertEqual(self.call('POST', path + '/resize', dict(instance_type='m1.small'))['instance_type'], 'm1.small')
        self.problem('POST', path + '/resize', 422, 'invalid', dict(instance_type='m9.none'))

    def test_image_of_an_instance(self):
        server = self.server(PREFIX + 'img')
        image = self.make('images', name=PREFIX + 'img', instance_id=server['id'])
        image = self.settled(f"images/{image['id']}", 'available')
        self.assertEqual((image['name'], image['is_public']), (PREFIX + 'img', False))
        copy = self.server(PREFIX + 'copy', image_id=image['id'])
        self.assertEqual(copy['image_id'], image['id'])

    def test_second_interface(self):
        network, subnet = self.network(PREFIX + 'nics')
        path = f"instances/{self.server(PREFIX + 'nics', network_id=network['id'])['id']}"
        vnic = self.make('vnics', name=PREFIX + 'nics', subnet_id=subnet['id'])
        self.call('POST', f"vnics/{vnic['id']}/attach", dict(instance_id=path.split('/')[1]))
        self.until('second address', lambda: len(self.call('GET', path)['private_ips']) == 2)
        self.call('POST', f"vnics/{vnic['id']}/detach", {})
        self.until('one address', lambda: len(self.call('GET', path)['private_ips']) == 1)

    def test_console_rename_and_tags(self):
        path = f"instances/{self.server(PREFIX + 'con', tags={'a': 'b'})['id']}"
        self.assertTrue(self.call('POST', path + '/console', dict(type='log'))['output'])
        self.assertRegex(self.call('GET', path + '/console')['url'], '^http')
        changed = self.call('PATCH', path, dict(name=PREFIX + 'con2', tags={'b': 'c'}))
        self.assertEqual((changed['name'], changed['tags']), (PREFIX + 'con2', {'b': 'c'}))
        self.assertEqual(self.call('GET', path)['tags'], {'b': 'c'})
