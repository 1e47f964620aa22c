# SPDX-License-Identifier: Apache-2.0
"""Each failure of the cloud is the right problem document."""
import contextlib

import case
from case import NOWHERE, PREFIX, Case

# For each operation on a thing that may not be there: what else it needs.
ARGUMENTS = {
    'instance.resize': {'instance_type': 'm1.small'}, 'instance.update': {'name': 'x'},
    'volume.resize': {'size_gib': 2}, 'volume.attach': {'instance_id': NOWHERE},
    'network.update': {'name': 'x'}, 'subnet.update': {'name': 'x'},
    'router.attach': {'subnet_id': NOWHERE}, 'router.detach': {'subnet_id': NOWHERE},
    'security_group.add_rule': {'direction': 'ingress', 'protocol': 'tcp', 'port_from': 22, 'cidr': '0.0.0.0/0'},
    'security_group.remove_rule': {'rule_id': NOWHERE},
    'security_group.set_rules': {'rules': []},
    'vnic.attach': {'instance_id': NOWHERE}, 'public_ip.attach': {'vnic_id': NOWHERE},
    'load_balancer.add_target': {'address': '10.0.0.1'}, 'load_balancer.remove_target': {'target_id': NOWHERE},
    'cluster.update': {'tags': {}},
    'node_pool.update': {'max_nodes': 4}, 'node_pool.scale': {'node_count': 2},
    'stack.update': {'template': 'heat_template_version: 2018-08-31\n'},
}


class Logins(Case):
    def test_wrong_password(self):
        self.provider = 'wrong-password'
        answer = self.problem('GET', 'instances', 424, 'unauthenticated')
        self.assertEqual(answer['cloud']['http'], 401)

    def test_wrong_project(self):
        self.provider = 'wrong-project'
        self.problem('GET', 'instances', 424, 'unauthenticated')

    def test_wrong_region(self):
        self.provider = 'wrong-region'
        answer = self.problem('GET', 'instances', 422, 'invalid')
        self.assertIn('RegionOne', answer['detail'])

    def test_no_user(self):
        self.provider = 'no-user'
        self.problem('GET', 'instances', 424, 'unauthenticated')

    def test_keystone_is_not_there(self):
        self.provider = 'nobody-home'
        self.problem('GET', 'instances', 503, 'cloud_unavailable')


class Absent(Case):
    def test_get(self):
        self.provider = 'admin'         # else some are forbidden before they are looked for
        for path, operation in case.operations('GET'):
            if operation.endswith(('.get', '.console')):
                with self.subTest(operation):
                    self.problem('GET', path.replace('{id}', 'nope'), 404, 'not_found')
                    self.problem('GET', path.replace('{id}', NOWHERE), 404, 'not_found')

    def test_delete(self):
        self.provider = 'admin'
        for path, operation in case.operations('DELETE'):
            with self.subTest(operation):
                self.call('DELETE', path.replace('{id}', NOWHERE))

    def test_change(self):
        for method in 'POST', 'PATCH':
            for path, operation in case.operations(method):
                if '{id}' in path and not operation.endswith('.upgrade'):     # these look for the version first
                    with self.subTest(operation):
                        self.problem(method, path.replace('{id}', NOWHERE), 404, 'not_found', ARGUMENTS.get(operation, {}))


class Refused(Case):
    def test_bad_arguments(self):
        good = dict(name=PREFIX + 'bad', instance_type='m1.tiny', image_id=self.image()['id'])
        for member, value, status, code in (
                ('instance_type', 'm9.none', 422, 'invalid'),
                ('image_id', NOWHERE, 422, 'invalid'),
                ('key_pair', 'nobodys', 422, 'invalid'),
                ('zone', 'nowhere', 422, 'invalid'),
                ('assign_public_ip', True, 501, 'unsupported'),
                ('user_data', 'x' * 60000, 422, 'invalid'),
                ('colour', 'red', 422, 'invalid')):
            with self.subTest(member):
                self.problem('POST', 'instances', status, code, {**good, member: value})

    def test_what_only_administrators_may(self):
        """Nova's 403 without a full quota, and Keystone's."""
        self.problem('POST', 'instances', 403, 'forbidden', dict(
            name=PREFIX + 'policy', instance_type='m1.tiny', image_id=self.image()['id'], zone='nova:peer'))
        self.problem('GET', 'users', 403, 'forbidden')
        self.problem('POST', 'users', 403, 'forbidden', dict(name='x', password='wg7-Bq2'))
        self.problem('DELETE', f'users/{NOWHERE}', 403, 'forbidden')
        self.problem('POST', 'projects', 403, 'forbidden', dict(name='x'))
        self.problem('DELETE', f'projects/{case.account.project_id}', 403, 'forbidden')
        self.problem('GET', 'roles', 403, 'forbidden')
        self.problem('POST', 'roles', 403, 'forbidden', dict(name='x'))
        self.problem('DELETE', f'images/{self.image()["id"]}', 403, 'forbidden')


class Quota(Case):
    @contextlib.contextmanager
    def quota(self, service, **limits):
        before = case.account.set_quota(service, **limits)
        try:
            yield
        finally:
            case.account.set_quota(service, **before)

    def full(self, collection, **body):
        answer = self.problem('POST', collection, 409, 'quota', body)
        self.assertEqual(answer['effect'], 'none')
        return answer

    def test_of_nova(self):
        network, _ = self.network(PREFIX + 'quota')
        body = dict(name=PREFIX + 'quota', instance_type='m1.tiny', image_id=self.image()['id'],
                    network_id=network['id'])
        for name in 'instances', 'cores', 'ram':
            with self.subTest(name), self.quota('nova', **{name: 0}):
                self.assertEqual(self.full('instances', **body)['cloud']['http'], 403)
        with self.quota('neutron', port=0):
            answer = self.problem('POST', 'instances', 409, 'quota', body)
            self.assertIn('ports', answer['detail'])
        with self.quota('nova', key_pairs=0):
            self.full('key-pairs', name=PREFIX + 'quota')

    def test_of_neutron(self):
        network, subnet = self.network(PREFIX + 'quota')
        name = PREFIX + 'full'
        for quota, collection, body in (
                ('network', 'networks', dict(name=name)),
                ('subnet', 'subnets', dict(name=name, network_id=network['id'], cidr='10.91.0.0/24')),
                ('port', 'vnics', dict(name=name, subnet_id=subnet['id'])),
                ('router', 'routers', dict(name=name)),
                ('floatingip', 'public-ips', {}),
                ('security_group', 'security-groups', dict(name=name))):
            with self.subTest(quota), self.quota('neutron', **{quota: 0}):
                self.full(collection, **body)

    def test_first_subnet_fails(self):
        with self.quota('neutron', subnet=0):
            self.full('networks', name=PREFIX + 'half', cidr='10.79.0.0/24')
        self.assertNotIn(PREFIX + 'half', [n['name'] for n in self.items('networks')])

    def test_of_cinder(self):
        volume = self.make('volumes', name=PREFIX + 'quota', size_gib=1)
        self.settled(f"volumes/{volume['id']}", 'available')
        with self.quota('cinder', volumes=1):
            self.full('volumes', name=PREFIX + 'full', size_gib=1)
        with self.quota('cinder', snapshots=0):
            self.full('snapshots', name=PREFIX + 'full', volume_id=volume['id'])
        with self.quota('cinder', gigabytes=1):
            self.problem('POST', f"volumes/{volume['id']}/resize", 409, 'quota', dict(size_gib=2))
