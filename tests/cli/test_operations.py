#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operations of the catalogue from the command line, against the sim cloud."""
import csv
import io
import json
import re
import unittest

from cli_fixture import BIN, Cli
from skyclust_fixture import Host, HostCase

CONFIG = '''
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config: {boot_ms: 0, seed_instances: 2}
    network:
      enabled: true
      driver: sim
      config: {boot_ms: 0, seed_instances: 1, page_size: 2}
'''
MAKE = ('--type', 'small', '--image-id', 'ubuntu-22.04')


class OperationsCase(HostCase):
    config = CONFIG

    def setUp(self):
        self.cli = Cli(self.host, SKYCLUST_PROVIDER='sim')
        self.addCleanup(self.cli.close)

    def ok(self, *args, **options):
        """Standard output of a run that must succeed."""
        done = self.cli.run(*args, **options)
        self.assertEqual(done.status, 0, done)
        return done.out

    def make(self, name, *more):
        made = self.cli.json('instances', 'create', name, *MAKE, *more)
        self.addCleanup(self.cli.run, 'instances', 'delete', made['id'], '-y')
        return made

    def fails(self, status, *args, **options):
        done = self.cli.run(*args, **options)
        self.assertEqual((done.status, done.out), (status, ''), done)
        return done.err


class Life(OperationsCase):
    def test_life_of_an_instance(self):
        (self.cli.home / 'boot.sh').write_text('#!/bin/sh\n')
        made = self.cli.json('instances', 'create', '--name', 'web', *MAKE, '--tag', 'team=shop', '--tags', 'a=b=c',
                             '--no-assign-public-ip', '--user-data', '@boot.sh')
        self.assertEqual((made['name'], made['tags']), ('web', {'team': 'shop', 'a': 'b=c'}))
        self.assertEqual(self.cli.json('instance', 'show', made['id'])['name'], 'web')
        self.assertEqual(self.cli.json('instances', 'update', 'web', '--name', 'web-2')['name'], 'web-2')
        self.assertEqual(self.cli.run('instances', 'stop', 'web-2').err, f'instance web-2 ({made["id"]}): stop done\n')
        self.assertEqual(self.cli.json('instances', 'get', 'web-2')['status'], 'stopped')
        self.assertEqual(self.ok('servers', 'start', 'web-2', '-o', 'name'), made['id'] + '\n')
        deleted = self.cli.run('instances', 'rm', 'web-2', '--yes')
        self.assertEqual((deleted.status, deleted.out, deleted.err), (0, '', f'instance web-2 ({made["id"]}): deleted\n'))
        self.assertIn('none of the instances', self.fails(3, 'instances', 'get', 'web-2'))

    def test_several_identifiers(self):
        ids = [self.make(f'many-{i}')['id'] for i in range(3)]
        got = self.cli.json('instances', 'get', *ids)
        self.assertEqual([item['id'] for item in got], ids)
        self.assertEqual(self.ok('instances', 'stop', *ids, '-o', 'name').split(), ids)
        self.assertEqual({item['status'] for item in self.cli.json('instances', 'get', *ids)}, {'stopped'})
        self.ok('instances', 'delete', *ids, '-y', '-q')
        self.assertFalse(set(ids) & set(self.ok('instances', 'list', '-o', 'name').split()))

    def test_nothing_is_done_when_one_is_not_there(self):
        made = self.make('stays')
        self.assertIn('"nosuch"', self.fails(3, 'instances', 'delete', made['id'], 'nosuch', '-y'))
        self.assertEqual(self.cli.json('instances', 'get', 'stays')['id'], made['id'])

    def test_objects_lists_and_actions(self):
        group = self.cli.json('security-groups', 'create', 'g', '--rules', 'direction=ingress,protocol=tcp,port-from=80')
        self.addCleanup(self.cli.run, 'security-groups', 'delete', group['id'], '-y')
        self.assertEqual(group['rules'][0]['port_from'], 80)
        more = self.cli.json('security-group', 'add-rule', 'g', '--direction', 'egress', '--cidr', '10.0.0.0/8')
        self.assertEqual(len(more['rules']), 2)
        left = self.cli.json('security-groups', 'remove-rule', 'g', '--rule-id', more['rules'][0]['id'])
        self.assertEqual([rule['direction'] for rule in left['rules']], ['egress'])
        fresh = self.cli.json('security-groups', 'set-rules', 'g', '--rules', '[{"direction":"egress"}]',
                              '--rule', '{"direction":"ingress"}')
        self.assertEqual([rule['direction'] for rule in fresh['rules']], ['egress', 'ingress'])
        (self.cli.home / 'rules.json').write_text('[{"direction": "ingress", "protocol": "tcp", "port_from": 22}]')
        fresh = self.cli.json('security-groups', 'set-rules', 'g', '--rules', '@rules.json')
        self.assertEqual([rule['port_from'] for rule in fresh['rules']], [22])
        fresh = self.cli.json('security-groups', 'set-rules', 'g', '--rules', '@-', input='{"direction": "egress"}')
        self.assertEqual([rule['direction'] for rule in fresh['rules']], ['egress'])
        err = self.fails(2, 'security-groups', 'set-rules', 'g', '--rules', 'direction=ingress,prot=tcp')
        self.assertIn('option: --rules, 0/prot', err)

    def test_a_kind_that_is_listed_within_another(self):
        cluster = self.cli.json('clusters', 'create', 'c2', '--node-pool', 'machine_type=small,node_count=2')
        self.addCleanup(self.cli.run, 'clusters', 'delete', cluster['id'], '-y')
        nodes = self.cli.json('nodes', 'list', '--cluster-id', 'c2')
        self.assertEqual([node['cluster_id'] for node in nodes], [cluster['id']] * 2)
        self.assertIn('"cluster_id" is missing', self.fails(2, 'nodes', 'list'))
        self.assertFalse(self.cli.json('nodes', 'cordon', nodes[0]['id'])['is_schedulable'])
        pool = self.cli.json('node-pools', 'list', '--filter', f'cluster_id={cluster["id"]}')[0]
        self.assertEqual(self.cli.json('node-pools', 'scale', pool['id'], '--node-count', '3')['node_count'], 3)
        self.assertIn('1.30', self.ok('clusters', 'versions'))

    def test_what_is_asked_about_no_resource(self):
        cost = self.cli.json('cost', 'estimate', '--type', 'small', '--duration', '730h')
        self.assertEqual((cost['cost'], cost['currency']), ('7.592', 'USD'))
        self.assertIn('instances', self.ok('sim', 'quotas', 'list', '-o', 'name'))
        metrics = self.cli.json('metrics', 'query', '--kind', 'instance', '--resource-id', 'i-seed-00001',
                                '--name', 'cpu_percent')
        self.assertTrue(metrics['points'])

    def test_texts_are_printed_as_they_are(self):
        self.assertIn('vm-seed-00001 login:', self.ok('instances', 'console', 'i-seed-00001', '--type', 'log'))
        cluster = self.cli.json('clusters', 'create', 'c1', '--node-pool', 'machine_type=small,node_count=1')
        self.addCleanup(self.cli.run, 'clusters', 'delete', cluster['id'], '-y')
        config = self.ok('clusters', 'kubeconfig', 'c1')
        self.assertTrue(config.startswith('apiVersion: v1\nkind: Config\n'), config)
        self.assertEqual(self.cli.json('clusters', 'kubeconfig', 'c1')['kubeconfig'].splitlines()[0], 'apiVersion: v1')


class Names(OperationsCase):
    def test_ambiguous(self):
        ids = sorted(self.make('twin')['id'] for _ in range(2))
        for verb in (['get'], ['stop'], ['delete', '-y']):
            err = self.fails(4, 'instances', *verb, 'twin')
            self.assertIn('2 of the instances are called "twin"', err)
            self.assertEqual(sorted(re.findall(r'i-\d+', err)), ids)
        self.assertEqual(len(self.cli.json('instances', 'list', '--name', 'twin')), 2)

    def test_references(self):
        net = self.cli.json('networks', 'create', 'shop-net', '--cidr', '10.77.0.0/16')
        self.addCleanup(self.cli.run, 'networks', 'delete', net['id'], '-y', '--cascade')
        subnet = self.cli.json('subnets', 'create', 'shop-sub', '--vpc-id', 'shop-net', '--cidr-block', '10.77.1.0/24')
        self.assertEqual(subnet['network_id'], net['id'])
        self.assertEqual([item['id'] for item in self.cli.json('subnets', 'list', '--network-id', 'shop-net')],
                         [subnet['id']])

    def test_a_wrong_reference_is_for_the_server_to_judge(self):
        err = self.fails(2, 'instances', 'create', 'x', '--type', 'small', '--image-id', 'nosuch')
        self.assertIn('no image "nosuch"', err)
        self.assertIn('option: --image-id', err)


class Lists(OperationsCase):
    def test_formats(self):
        table = self.ok('instances', 'list').splitlines()
        self.assertRegex(table[0], r'^ID +NAME +STATUS')
        self.assertEqual(len(table), 3)
        self.assertEqual([line.split() for line in self.ok('instances', 'list', '--no-headers').splitlines()],
                         [line.split() for line in table[1:]])
        self.assertEqual(self.ok('instances', 'list', '-oname'), 'i-seed-00001\ni-seed-00002\n')
        rows = list(csv.DictReader(io.StringIO(self.ok('instances', 'list', '--output', 'csv', '--fields', 'id,status'))))
        self.assertEqual(rows[0], {'id': 'i-seed-00001', 'status': 'running'})
        self.assertIn('id: i-seed-00001', self.ok('instances', 'list', '-o', 'yaml'))
        self.assertGreater(len(self.ok('instances', 'list', '-o', 'wide')), len(self.ok('instances', 'list')))
        self.assertEqual(self.ok('instances', 'list', env={'SKYCLUST_OUTPUT': 'name'}).split()[0], 'i-seed-00001')

    def test_fields(self):
        self.assertEqual(self.ok('instances', 'list', '--fields', 'name,status').split('\n')[1].split(),
                         ['vm-seed-00001', 'running'])
        self.assertEqual(self.ok('instances', 'get', 'vm-seed-00001', '--fields', 'id'), 'i-seed-00001\n')
        self.assertIn('did you mean', self.fails(2, 'instances', 'list', '--fields', 'id,nmae'))

    def test_filters_of_the_cloud_and_ours(self):
        done = self.cli.run('instances', 'list', '-o', 'name', '-v', '--filter', 'type=tiny,status=running,zone~east')
        self.assertEqual(done.out, 'i-seed-00001\n')
        self.assertIn('/instances?instance_type=tiny&status=running\n', done.err)
        self.assertEqual(self.ok('instances', 'list', '--filter', 'name!=vm-seed-00001', '-o', 'name'), 'i-seed-00002\n')
        self.assertEqual(self.ok('instances', 'list', '--filter', 'name~0000', '--limit', '1', '-o', 'name'),
                         'i-seed-00001\n')
        self.assertEqual(self.cli.json('instances', 'list', '--status', 'stopped'), [])
        self.assertIn('must be one of', self.fails(2, 'instances', 'list', '--filter', 'status=foo'))

    def test_limit_and_pages(self):
        images = self.ok('images', 'list', '-o', 'name').split()
        self.assertEqual(len(images), 5)
        self.assertEqual(self.ok('images', 'list', '-o', 'name', '--limit', '2').split(), images[:2])
        # The provider whose pages hold two, and which is called like a kind.
        self.assertEqual(sorted(self.ok('network', 'images', 'list', '-o', 'name').split()), sorted(images))
        self.assertEqual(len(self.ok('network', 'images', 'list', '-o', 'name', '--limit', '3').split()), 3)

    def test_native_and_region(self):
        self.assertIn('native', self.cli.json('instances', 'list', '--native')[0])
        self.assertEqual(self.cli.json('--region', 'sim-west', 'instances', 'list'), [])
        self.assertEqual(self.cli.json('instances', 'list', env={'SKYCLUST_REGION': 'sim-west'}), [])
        made = self.cli.json('networks', 'create', 'west', '--region', 'sim-west', '--cidr', '10.9.0.0/16')
        self.assertEqual(made['region'], 'sim-west')
        self.ok('networks', 'delete', 'west', '-y', '--region', 'sim-west')


class Providers(OperationsCase):
    def test_which_provider(self):
        none = {'SKYCLUST_PROVIDER': None}
        self.assertEqual(len(self.cli.json('network', 'instances', 'list')), 1)
        self.assertEqual(len(self.cli.json('instances', 'list', '--provider', 'network', env=none)), 1)
        self.assertEqual(len(self.cli.json('sim', 'instances', 'list', '--provider', 'network')), 2)
        self.assertIn('the server has network, sim', self.fails(2, 'instances', 'list', env=none))
        with Host() as host:
            alone = Cli(host)
            self.addCleanup(alone.close)
            self.assertEqual(len(alone.json('instances', 'list')), 2)

    def test_providers_and_status(self):
        self.assertEqual([item['name'] for item in self.cli.json('providers')], ['network', 'sim'])
        self.assertEqual(self.ok('providers', 'list', '--no-headers').split()[0], 'network')
        self.assertTrue(self.cli.json('providers', 'show', 'sim')['support']['instance.create'])
        self.assertIn('no provider nope', self.fails(3, 'providers', 'show', 'nope'))
        self.assertEqual(self.cli.json('status')['version'], self.ok('version').split()[1])


class Telling(OperationsCase):
    """What needs no server."""

    def test_kinds(self):
        kinds = {item['name']: item['verbs'] for item in self.cli.json('kinds', env={'SKYCLUST_SERVER': 'http://[::1]:1'})}
        self.assertIn('add-rule', kinds['security-groups'])
        self.assertIn('verify', kinds['credentials'])       # SkyClust's own
        self.assertEqual(len(kinds), 25 + 11)
        self.assertNotIn('x.test.widget', kinds)
        self.assertIn('instances', [item['name'] for item in self.cli.json('kinds', 'sim')])

    def test_explain(self):
        told = self.ok('explain', 'instance.create')
        self.assertIn('--image-id TEXT', told)
        self.assertIn('required', told)
        self.assertIn('Fields of instance:', told)
        self.assertIn('kubeconfig', self.ok('explain', 'clusters'))
        self.assertEqual(json.loads(self.ok('explain', 'volumes.create', '-o', 'json'))['required'], ['name'])
        self.assertIn('did you mean', self.fails(2, 'explain', 'instnce'))
        self.assertIn('has no "creat"', self.fails(2, 'explain', 'instance.creat'))

    def test_help(self):
        for words, text in ((['help'], 'Collections of the clouds:'), (['--help'], 'Collections of SkyClust'),
                            (['sim', '--help'], 'Collections of the clouds:'), (['users', '--help'], 'skyclust users VERB'),
                            (['help', 'context'], 'context use NAME'), (['context', 'use', '-h'], 'context use NAME'),
                            (['help', 'instances'], 'status-list'), (['instances', '--help'], 'status-list'),
                            (['help', 'instances', 'create'], '--user-data'),
                            (['sim', 'instances', 'create', '--help'], '--user-data'),
                            (['audit', 'export', '--help'], '--file FILE'), (['audit', 'verify', '--help'], '--checkpoint FILE'),
                            (['instances', 'get', '--help'], 'instances get ID')):
            self.assertIn(text, self.ok(*words), words)
        none = self.cli.run()
        self.assertEqual((none.status, none.out), (2, ''))
        self.assertIn('Usage: skyclust', none.err)

    def test_version(self):
        self.assertRegex(self.ok('version'), r'^skyclust \d+\.\d+\.\d+\n$')


class Vendor(HostCase):
    config = f'''
plugins:
  auto_load: false
  providers:
    widget:
      enabled: true
      path: {BIN}/tests/widget
'''

    def test_life(self):
        cli = Cli(self.host)
        self.addCleanup(cli.close)
        kind = 'x.test.widget'
        self.assertEqual(cli.json('widget', kind, 'list'), [{'id': 'w/1', 'size': 1}])
        self.assertEqual(cli.json(kind, 'list', '--size', '2', '--limit', '5'), [])
        self.assertEqual(cli.json('widget', kind, 'get', 'w/1')['size'], 1)
        self.assertEqual(cli.json('widget', kind, 'update', 'w/1', '--size=5')['size'], 5)
        self.assertEqual(cli.json('widget', kind, 'double', 'w/1')['size'], 10)
        self.assertIn('must be a whole number', cli.run('widget', kind, 'create', '--size', 'big').err)
        self.assertIn('did you mean --size', cli.run('widget', kind, 'create', '--sise', '2').err)
        self.assertIn('has no "burn"', cli.run('widget', kind, 'burn', 'w/1').err)
        self.assertIn('it has x.test.widget', cli.run('widget', 'x.test.gadget', 'list').err)
        self.assertIn('--yes', cli.run('widget', kind, 'delete', 'w/1').err)
        self.assertEqual(cli.run('widget', kind, 'delete', 'w/1', '--yes').status, 0)
        self.assertEqual(cli.run('widget', kind, 'get', 'w/1').status, 3)
        self.assertEqual(cli.json('widget', kind, 'create', '--size', '7'), {'id': 'w/1', 'size': 7})
        self.assertIn('double', cli.run(kind, '--help').out)
        self.assertIn('--size', cli.run('explain', kind + '.update').out)
        self.assertIn('x.test.widget', cli.run('kinds', 'widget', '-o', 'name').out.split())
        self.assertEqual(cli.run('widget', 'instances', 'list').status, 1)


if __name__ == '__main__':
    unittest.main()
