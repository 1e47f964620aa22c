#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every operation of the catalogue, asked for over HTTP and done: none is left
out, and each answer is as the OpenAPI document says."""
import re
import unittest

from schema import check
from skyclust_fixture import HostCase

P = '/api/v1/providers/sim'
DAYS = 'start_date=2026-01-01&end_date=2026-01-03'


class Catalogue(HostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.host.get('/api/v1/openapi.json')
        cls.routes = [(method.upper(), re.compile(re.sub(r'\{\w+\}', '[^/?]+', path)), operation)
                      for path, item in cls.document['paths'].items() if path.startswith('/api/v1/providers/')
                      for method, operation in item.items() if 'x-operation' in operation]

    def operation_of(self, method, path):
        """The document's operation; a literal path goes before a parameter."""
        fitting = [(pattern.pattern.count('[^'), operation) for m, pattern, operation in self.routes
                   if m == method and pattern.fullmatch(path.partition('?')[0])]
        return min(fitting, key=lambda pair: pair[0])[1]

    def ask(self, method, path, body=None):
        operation = self.operation_of(method, P + path)
        answer = self.host.call(method, P + path, body)
        self.assertLess(answer.status, 300, f'{method} {path}: {answer.body}')
        described = operation['responses'][str(answer.status)]
        if answer.body:
            schema = described['content']['application/json']['schema']
            self.assertEqual(check(self.document, schema, answer.json()), [], path)
        self.done.add(operation['x-operation'])
        return answer.json() if answer.body else None

    def make(self, collection, body, update=None):
        """Create it, find it in the list, get it, change it; its path."""
        path = f'/{collection}/' + self.ask('POST', '/' + collection, body)['id']
        self.assertIn(path.split('/')[-1], [i['id'] for i in self.ask('GET', '/' + collection)['items']])
        self.ask('GET', path)
        if update:
            self.ask('PATCH', path, update)
        return path

    def id_of(self, path):
        return path.split('/')[-1]

    def settled(self, path, *states):
        self.host.wait_until(lambda: self.host.get(P + path)['status'] in states, f'{path} is not {states}')

    def test_every_operation(self):
        self.done = set()
        for part in (self.places, self.identity, self.network, self.compute, self.storage, self.balance, self.kubernetes,
                     self.stack, self.usage):
            part()
        offered = {operation['x-operation'] for _, _, operation in self.routes}
        self.assertEqual(offered - self.done, set())
        self.assertGreater(len(offered), 100)

    def places(self):
        for collection in ('regions', 'zones', 'images', 'instance-types'):
            first = self.ask('GET', '/' + collection)['items'][0]
            self.ask('GET', f'/{collection}/{first["id"]}')

    def identity(self):
        for collection, body in (('projects', {'name': 'p'}), ('users', {'name': 'u', 'password': 'long enough'}),
                                 ('roles', {'name': 'r', 'policies': ['all']})):
            self.ask('DELETE', self.make(collection, body))

    def network(self):
        self.net = self.make('networks', {'name': 'n', 'cidr': '10.40.0.0/16'}, {'name': 'n2'})
        self.subnet = self.make('subnets', {'name': 's', 'network_id': self.id_of(self.net), 'cidr': '10.40.1.0/24'},
                                {'name': 's2'})
        router = self.make('routers', {'name': 'r', 'network_id': self.id_of(self.net)})
        for verb in ('attach', 'detach'):
            self.ask('POST', f'{router}/{verb}', {'subnet_id': self.id_of(self.subnet)})
        self.ask('DELETE', router)
        group = self.make('security-groups', {'name': 'g', 'network_id': self.id_of(self.net)})
        rule = {'direction': 'ingress', 'protocol': 'tcp', 'port_from': 80, 'port_to': 80, 'cidr': '0.0.0.0/0'}
        self.ask('POST', group + '/add-rule', rule)
        added = next(r for r in self.ask('GET', group)['rules'] if r.get('port_from') == 80)
        self.ask('POST', group + '/remove-rule', {'rule_id': added['id']})
        self.assertNotIn(80, [r.get('port_from') for r in self.ask('GET', group)['rules']])
        self.ask('POST', group + '/set-rules', {'rules': [rule]})
        self.ask('DELETE', group)

    def compute(self):
        key = self.make('key-pairs', {'name': 'k'})
        public = self.ask('GET', key)['public_key']
        self.ask('DELETE', key)
        self.ask('POST', '/key-pairs/import', {'name': 'k2', 'public_key': public})
        self.vm = self.make('instances', {'name': 'vm', 'instance_type': 'small', 'image_id': 'ubuntu-22.04',
                                          'subnet_id': self.id_of(self.subnet), 'key_pair': 'k2'}, {'name': 'vm-2'})
        self.ask('GET', self.vm + '/console')
        self.ask('GET', '/instances/status-list')
        for verb in ('stop', 'start', 'restart', 'suspend', 'resume'):
            self.settled(self.vm, 'running', 'stopped', 'suspended')
            self.ask('POST', f'{self.vm}/{verb}')
        self.ask('POST', self.vm + '/stop')
        self.settled(self.vm, 'stopped')
        self.ask('POST', self.vm + '/resize', {'instance_type': 'medium'})
        self.ask('DELETE', self.make('images', {'name': 'i', 'instance_id': self.id_of(self.vm)}))
        nic = self.make('vnics', {'name': 'x', 'subnet_id': self.id_of(self.subnet)})
        self.ask('POST', nic + '/attach', {'instance_id': self.id_of(self.vm)})
        self.ask('POST', nic + '/detach', {})
        self.ask('DELETE', nic)
        address = self.make('public-ips', {'name': 'a'})
        self.ask('POST', address + '/attach', {'instance_id': self.id_of(self.vm)})
        self.assertEqual(self.ask('GET', self.vm)['public_ip'], self.ask('GET', address)['address'])
        self.ask('POST', address + '/detach', {})
        self.ask('DELETE', address)

    def storage(self):
        volume = self.make('volumes', {'name': 'v', 'size_gib': 1})
        self.settled(volume, 'available')
        self.ask('POST', volume + '/resize', {'size_gib': 2})
        self.ask('POST', volume + '/attach', {'instance_id': self.id_of(self.vm)})
        self.assertEqual(self.ask('GET', volume)['instance_id'], self.id_of(self.vm))
        self.ask('POST', volume + '/detach', {})
        self.settled(volume, 'available')
        self.ask('DELETE', self.make('snapshots', {'name': 's', 'volume_id': self.id_of(volume)}))
        self.ask('DELETE', volume)

    def balance(self):
        balancer = self.make('load-balancers', {'name': 'b', 'network_id': self.id_of(self.net),
                                                'listeners': [{'protocol': 'tcp', 'port': 80}]})
        self.ask('POST', balancer + '/add-target', {'instance_id': self.id_of(self.vm)})
        self.assertEqual(len(self.ask('GET', balancer)['targets']), 1)
        self.ask('POST', balancer + '/remove-target', {'instance_id': self.id_of(self.vm)})
        self.assertEqual(len(self.ask('GET', balancer)['targets']), 0)
        self.ask('DELETE', balancer)

    def kubernetes(self):
        versions = [v['version'] for v in self.ask('GET', '/clusters/versions')['items']]
        ready = ('running', 'available', 'active', 'ready')
        cluster = self.make('clusters', {'name': 'c', 'version': versions[0],
                                         'node_pool': {'instance_type': 'small', 'node_count': 1}})
        self.settled(cluster, *ready)
        self.ask('PATCH', cluster, {'tags': {'a': 'b'}})
        self.ask('POST', cluster + '/upgrade', {'version': versions[1]})
        self.settled(cluster, *ready)
        self.ask('GET', cluster + '/kubeconfig')
        pool = self.make('node-pools', {'name': 'p', 'cluster_id': self.id_of(cluster), 'node_count': 1})
        self.settled(pool, *ready)
        self.ask('PATCH', pool, {'labels': {'a': 'b'}})
        self.settled(pool, *ready)
        self.ask('POST', pool + '/scale', {'node_count': 2})
        self.settled(pool, *ready)
        self.ask('POST', pool + '/upgrade', {'version': versions[1]})
        self.settled(pool, *ready)
        nodes = self.ask('GET', '/nodes?cluster_id=' + self.id_of(cluster))['items']
        node = '/nodes/' + nodes[0]['id']
        self.ask('GET', node)
        for verb, schedulable in (('cordon', False), ('uncordon', True), ('drain', False)):
            self.assertEqual(self.ask('POST', f'{node}/{verb}')['is_schedulable'], schedulable)
        self.ask('GET', f'/metrics/query?resource_kind=cluster&resource_id={self.id_of(cluster)}&name=node_count')
        self.ask('DELETE', pool)
        self.ask('DELETE', cluster)

    def stack(self):
        stack = self.make('stacks', {'name': 's', 'template': '{"outputs": {"a": "b"}}'})
        self.settled(stack, 'available')
        self.ask('PATCH', stack, {'template': '{"outputs": {"a": "c"}}'})
        self.assertEqual(self.ask('GET', stack)['outputs'], {'a': 'c'})
        self.ask('DELETE', stack)

    def usage(self):
        self.ask('GET', '/quotas')
        self.ask('GET', '/cost/estimate?instance_type=small')
        self.ask('GET', '/cost/billing?' + DAYS)
        self.ask('GET', '/cost/trend?granularity=day&' + DAYS)
        for path in (self.vm, self.subnet, self.net):
            self.ask('DELETE', path)


if __name__ == '__main__':
    unittest.main()
