#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of every kind of resource in the sim cloud, in both spellings."""
import unittest
from urllib.parse import quote

from schema import check
from skyclust_fixture import Host, HostCase

P = '/api/v1/providers/sim'
S = '/api/v1/sim'


class Resources(HostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.host.get('/api/v1/openapi.json')

    def ask(self, status, method, path, body=None):
        answer = self.host.call(method, path, body)
        self.assertEqual(answer.status, status, f'{method} {path}: {answer.body}')
        return answer.json() if answer.body else None

    def create(self, path, body, record):
        """Made, as the document says, and found at its Location."""
        answer = self.host.call('POST', path, body)
        self.assertEqual(answer.status, 201, f'{path}: {answer.body}')
        made, location = answer.json(), answer.headers['Location']
        self.assertEqual(check(self.document, {'$ref': '#/components/schemas/' + record}, made), [])
        self.assertEqual(location, f'{path}/{quote(made["id"], safe="")}')
        seen = self.ask(200, 'GET', location)
        self.assertEqual(seen['id'], made['id'])
        self.assertIn(made['id'], [i['id'] for i in self.ask(200, 'GET', path)['items']])
        return made, location

    def remove(self, location):
        self.ask(204, 'DELETE', location)
        self.ask(404, 'GET', location)
        self.ask(204, 'DELETE', location)       # deleted already

    def settle(self, location, status):
        self.host.wait_until(lambda: self.host.get(location)['status'] == status, f'{location} not {status}')

    # ---- the catalogue's spelling -----------------------------------------------

    def test_instance(self):
        _, at = self.create(P + '/instances', {
            'name': 'web', 'instance_type': 'small', 'image_id': 'ubuntu-22.04', 'tags': {'team': 'a'},
            'user_data': '#!/bin/sh\necho é\n'}, 'instance')
        self.settle(at, 'running')
        for verb, status in (('stop', 'stopped'), ('start', 'running'), ('suspend', 'suspended'), ('resume', 'running'),
                             ('restart', 'running')):
            self.assertIn(self.host.call('POST', f'{at}/{verb}').status, (200, 204), verb)
            self.settle(at, status)
        self.ask(200, 'PATCH', at, {'name': 'web-2', 'tags': {'team': 'b'}})
        seen = self.ask(200, 'GET', at)
        self.assertEqual((seen['name'], seen['tags']), ('web-2', {'team': 'b'}))
        console = self.ask(200, 'GET', at + '/console?type=log&lines=5')
        self.assertEqual(check(self.document, {'$ref': '#/components/schemas/console'}, console), [])
        self.ask(204, 'POST', at + '/stop', {'force': True})
        self.settle(at, 'stopped')
        self.ask(200, 'POST', at + '/resize', {'type': 'medium'})
        self.assertEqual(self.ask(200, 'GET', at)['instance_type'], 'medium')
        self.assertIn('web-2', [i['name'] for i in self.ask(200, 'GET', P + '/instances/status-list')['items']])
        self.remove(at)

    def test_lists(self):
        for i in range(5):
            self.ask(201, 'POST', P + '/volumes', {'name': f'page-{i}', 'size_gib': i + 1, 'tags': {'n': str(i)}})
        names, token, pages = [], '', 0
        while token is not None:
            query = '?limit=2&fields=id,name' + (f'&page_token={quote(token)}' if token else '')
            page = self.ask(200, 'GET', P + '/volumes' + query)
            self.assertLessEqual(len(page['items']), 2)
            self.assertTrue(all(set(i) <= {'id', 'name'} for i in page['items']), page)
            names += [i['name'] for i in page['items']]
            token, pages = page['next_page_token'], pages + 1
        self.assertGreaterEqual(pages, 3)
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({f'page-{i}' for i in range(5)}, set(names))
        only = self.ask(200, 'GET', P + '/volumes?name=page-3')['items']
        self.assertEqual([v['size_gib'] for v in only], [4])
        self.assertNotIn('native', only[0])
        self.assertIn('native', self.ask(200, 'GET', P + '/volumes?name=page-3&native=true')['items'][0])
        self.assertEqual(self.ask(200, 'GET', P + '/volumes?name=nobody'),
                         {'items': [], 'next_page_token': None, 'errors': []})

    def test_network_subnet_router(self):
        network, at_network = self.create(P + '/networks', {'name': 'n', 'cidr': '10.20.0.0/16'}, 'network')
        subnet, at_subnet = self.create(P + '/subnets', {
            'name': 's', 'network_id': network['id'], 'cidr': '10.20.1.0/24'}, 'subnet')
        router, at_router = self.create(P + '/routers', {'name': 'r', 'network_id': network['id']}, 'router')
        self.ask(200, 'POST', at_router + '/attach', {'subnet_id': subnet['id']})
        problem = self.ask(409, 'DELETE', at_network)
        self.assertEqual(problem['code'], 'conflict')
        self.ask(200, 'POST', at_router + '/detach', {'subnet_id': subnet['id']})
        for at in (at_router, at_subnet, at_network):
            self.remove(at)
        again, at_network = self.create(P + '/networks', {'name': 'n2', 'cidr': '10.21.0.0/16'}, 'network')
        self.create(P + '/subnets', {'name': 's2', 'network_id': again['id'], 'cidr': '10.21.1.0/24'}, 'subnet')
        self.ask(204, 'DELETE', at_network + '?cascade=true')
        self.ask(404, 'GET', at_network)

    def test_security_group(self):
        group, at = self.create(P + '/security-groups', {'name': 'g'}, 'security_group')
        rule = {'direction': 'ingress', 'protocol': 'tcp', 'port_from': 22, 'port_to': 22, 'cidr': '0.0.0.0/0'}
        self.ask(200, 'POST', at + '/add-rule', rule)
        self.assertIn(22, [r.get('port_from') for r in self.ask(200, 'GET', at)['rules']])
        self.ask(200, 'POST', at + '/set-rules', {'rules': [{**rule, 'port_from': 443, 'port_to': 443}]})
        self.assertEqual([r['port_from'] for r in self.ask(200, 'GET', at)['rules']], [443])
        self.remove(at)

    def test_volume_and_snapshot(self):
        volume, at = self.create(P + '/volumes', {'name': 'v', 'size_gib': 3}, 'volume')
        self.settle(at, 'available')
        self.ask(200, 'POST', at + '/resize', {'size_gib': 5})
        self.assertEqual(self.ask(200, 'GET', at)['size_gib'], 5)
        _, at_snapshot = self.create(P + '/snapshots', {'name': 'x', 'volume_id': volume['id']}, 'snapshot')
        self.remove(at_snapshot)
        self.remove(at)

    def test_key_pair(self):
        made, at = self.create(P + '/key-pairs', {'name': 'k'}, 'key_pair')
        self.assertIn('PRIVATE KEY', made['private_key'])
        self.assertIsNone(self.ask(200, 'GET', at).get('private_key'))
        self.remove(at)

    def test_cost_quota_metric(self):
        estimate = self.ask(200, 'GET', P + '/cost/estimate?instance_type=small&duration=730h')
        self.assertEqual(self.ask(200, 'POST', P + '/cost/estimate', {'instance_type': 'small', 'duration': '730h'}),
                         estimate)
        self.assertIsInstance(estimate['cost'], str)
        self.assertEqual(self.ask(200, 'GET', P + '/cost-estimate?instance_type=small&duration=730h'), estimate)
        self.assertTrue(self.ask(200, 'GET', P + '/quotas')['items'])
        bill = self.ask(200, 'GET', P + '/cost/billing?start_date=2026-01-01&end_date=2026-01-31')
        self.assertEqual(check(self.document, {'$ref': '#/components/schemas/billing'}, bill), [])
        self.assertEqual(self.ask(200, 'GET', P + '/billing?start_date=2026-01-01&end_date=2026-01-31'), bill)

    def test_regions_are_apart(self):
        regions = [r['id'] for r in self.ask(200, 'GET', P + '/regions')['items']]
        self.assertGreater(len(regions), 1)
        made = self.ask(201, 'POST', f'{P}/volumes?region={regions[1]}', {'name': 'there', 'size_gib': 1})
        self.assertEqual(made['region'], regions[1])
        self.ask(404, 'GET', f'{P}/volumes/{made["id"]}')
        self.ask(200, 'GET', f'{P}/volumes/{made["id"]}?region={regions[1]}')
        body = {'name': 'there-2', 'size_gib': 1, 'region': regions[1]}
        self.assertEqual(self.ask(201, 'POST', P + '/volumes', body)['region'], regions[1])

    # ---- the spelling of seed 002 -----------------------------------------------

    def test_seed_vpc_subnet_rules(self):
        network, at = self.create(S + '/network/vpcs', {'name': 'vpc', 'cidr_block': '10.30.0.0/16'}, 'network')
        self.assertEqual(self.ask(200, 'GET', f'{P}/networks/{network["id"]}')['name'], 'vpc')
        _, at_subnet = self.create(S + '/network/subnets', {
            'vpc_id': network['id'], 'name': 's', 'cidr_block': '10.30.1.0/24'}, 'subnet')
        for spelling in ('security-groups', 'firewall-rules'):
            group, at_group = self.create(f'{S}/network/{spelling}', {'name': spelling, 'vpc_id': network['id']},
                                          'security_group')
            self.remove(at_group)
        self.remove(at_subnet)
        self.remove(at)

    def test_seed_cluster(self):
        vpc = self.ask(200, 'GET', S + '/network/vpcs?name=default')['items'][0]
        cluster, at = self.create(S + '/kubernetes/clusters', {
            'name': 'c1', 'version': '1.30', 'region': 'sim-east', 'network': {'vpc_id': vpc['id']},
            'node_pool': {'machine_type': 'small', 'node_count': 2}}, 'cluster')
        self.host.wait_until(lambda: self.host.get(at)['status'] in ('running', 'available', 'active'))
        config = self.ask(200, 'GET', at + '/kubeconfig')
        self.assertEqual(check(self.document, {'$ref': '#/components/schemas/kubeconfig'}, config), [])
        # where names are unique, the name will do (seed 002: …/{name}/kubeconfig)
        self.assertEqual(self.ask(200, 'GET', S + '/kubernetes/clusters/c1')['id'], cluster['id'])
        self.assertEqual(set(self.ask(200, 'GET', S + '/kubernetes/clusters/c1/kubeconfig')), set(config))
        nodes = self.ask(200, 'GET', at + '/nodes')['items']
        self.assertEqual({n['cluster_id'] for n in nodes}, {cluster['id']})
        answer = self.host.call('POST', at + '/nodepools', {'name': 'extra', 'node_count': 1})
        self.assertEqual(answer.status, 201, answer.body)
        pool = f'{S}/kubernetes/nodepools/{answer.json()["id"]}'
        self.assertIn('extra', [n['name'] for n in self.ask(200, 'GET', at + '/nodepools')['items']])
        self.ask(200, 'POST', pool + '/scale', {'desired_size': 3})
        self.assertEqual(self.ask(200, 'GET', pool)['node_count'], 3)
        self.ask(422, 'POST', at + '/nodepools', {'name': 'x', 'cluster_id': 'another'})
        self.remove(pool)
        self.ask(204, 'DELETE', at)

    def test_seed_unified_create(self):
        """Seed 002's one body for every cloud; it names the provider once more."""
        vpc = self.ask(200, 'GET', S + '/network/vpcs?name=default')['items'][0]
        body = {'provider': 'sim', 'cluster': {'name': 'unified', 'version': '1.30', 'region': 'sim-east'},
                'network': {'vpc_id': vpc['id']},
                'node_pool': {'machine_type': 'small', 'node_count': 3, 'auto_scaling': True}}
        made = self.ask(201, 'POST', S + '/kubernetes/clusters', body)
        self.assertEqual((made['name'], made['region']), ('unified', 'sim-east'))
        problem = self.ask(422, 'POST', S + '/kubernetes/clusters', {**body, 'provider': 'another'})
        self.assertEqual(problem['pointer'], '/provider')

    def test_seed_examples_as_written(self):
        """Seed 001's three calls."""
        self.assertIn('sim', [p['name'] for p in self.ask(200, 'GET', '/api/v1/providers')['items']])
        self.assertIn('items', self.ask(200, 'GET', P + '/instances'))
        made = self.ask(201, 'POST', P + '/instances', {'name': 'my-instance', 'type': 'small',
                                                        'image_id': 'ubuntu-22.04', 'region': 'sim-east'})
        self.assertEqual(made['instance_type'], 'small')


class LostAnswers(unittest.TestCase):
    """A driver that dies with a change under way: the client does not notice."""
    WEB = {'name': 'web', 'instance_type': 'small', 'image_id': 'ubuntu-22.04'}

    def create_with_death(self, point):
        with Host(f'''
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config: {{die_at: {point}, die_once: true, boot_ms: 0}}
''') as host:
            status, made = host.request('POST', P + '/instances', self.WEB)
            self.assertEqual(status, 201, made)
            names = [(i['id'], i['name']) for i in host.get(P + '/instances?name=web')['items']]
            self.assertEqual(names, [(made['id'], 'web')])
            self.assertEqual(host.get(P)['restarts'], 1)

    def test_before_it_was_applied(self):
        self.create_with_death('before-apply')

    def test_after_it_was_applied(self):
        self.create_with_death('after-ledger')

    def test_before_the_answer(self):
        self.create_with_death('before-answer')


if __name__ == '__main__':
    unittest.main()
