#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fake cloud's kinds over pipes: states, references, pages, special verbs.
Every operation of the catalogue must have succeeded once in this file."""
import json
import pathlib
import re
import shutil
import subprocess
import time
import unittest

from sim import CONFLICT, INVALID, NOT_FOUND, QUOTA, SERVER, SIM, WAIT, Case, Sim, answered, ledger


class Tables(Case):
    def test_check_passes_and_nothing_is_unsupported(self):
        out = subprocess.run([SIM, '--check'], capture_output=True, text=True)
        self.assertEqual((out.returncode, out.stdout), (0, 'sim: ok\n'))

    def test_bad_settings_are_refused_at_start(self):
        for config, says in (({'boot_ms': -1}, 'boot_ms'), ({'error_rate': 2}, 'error_rate'),
                             ({'die_at': 'lunch'}, 'die_at'), ({'no_such': 1}, 'no_such')):
            sim = Sim(None, **config)
            self.sims.append(sim)
            self.assertEqual(sim.hello['code'], INVALID)
            self.assertIn(says, sim.hello['message'])


class Instances(Case):
    def test_states_change_with_time(self):
        sim = self.sim(boot_ms=400)
        vm = sim.do('instance.create', **SERVER, tags={'team': 'a'})
        self.assertEqual((vm['status'], vm['provider_status']), ('pending', 'PENDING'))
        with self.refused(CONFLICT, '/id', 'pending'):
            sim.do('instance.stop', id=vm['id'])
        sim.wait_status('instance', vm['id'], 'running')
        for verb, via, to in (('stop', 'stopping', 'stopped'), ('start', 'pending', 'running'),
                              ('restart', 'rebooting', 'running'), ('suspend', 'suspending', 'suspended'),
                              ('resume', 'pending', 'running')):
            sim.do(f'instance.{verb}', id=vm['id'])
            self.assertEqual(sim.do('instance.get', id=vm['id'])['status'], via, verb)
            sim.wait_status('instance', vm['id'], to)
        sim.do('instance.suspend', id=vm['id'])
        with self.refused(CONFLICT, '/id', 'is suspending'):
            sim.do('instance.start', id=vm['id'])
        sim.do('instance.delete', id=vm['id'])
        self.assertEqual(sim.do('instance.get', id=vm['id'])['status'], 'terminating')
        limit = time.monotonic() + WAIT
        with self.refused(NOT_FOUND, '/id'):
            while time.monotonic() < limit:
                sim.do('instance.get', id=vm['id'])
        sim.do('instance.delete', id=vm['id'])  # is deleted already

    def test_the_same_state_again_is_no_error(self):
        sim = self.sim()
        for verb in ('start', 'stop', 'stop', 'start', 'suspend', 'suspend', 'resume'):
            sim.do(f'instance.{verb}', id='i-seed-00001')

    def test_update_resize_and_console(self):
        sim = self.sim()
        vm = sim.do('instance.create', **SERVER)
        vm = sim.do('instance.update', id=vm['id'], name='db', tags={'k': 'v'})
        self.assertEqual((vm['name'], vm['tags']), ('db', {'k': 'v'}))
        self.assertEqual(sim.do('instance.resize', id='db', instance_type='large')['instance_type'], 'large')
        with self.refused(INVALID, '/instance_type'):
            sim.do('instance.resize', id='db', instance_type='huge')
        self.assertIn(vm['id'], sim.do('instance.console', id=vm['id'])['url'])
        self.assertIn('login:', sim.do('instance.console', id=vm['id'], type='log')['output'])
        self.assertIn({'id': vm['id'], 'name': 'db', 'status': 'running', 'provider_status': 'RUNNING'},
                      sim.items('instance.status_list'))

    def test_references_are_checked(self):
        sim = self.sim()
        for member, value in (('image_id', 'no'), ('instance_type', 'no'), ('network_id', 'no'), ('subnet_id', 'no'),
                              ('key_pair', 'no'), ('security_groups', ['default', 'no']), ('zone', 'sim-west-a'),
                              ('vnic_id', 'no'), ('public_ip_id', 'no')):
            with self.subTest(member), self.refused(INVALID, '/' + member, 'no'):
                sim.do('instance.create', **{**SERVER, member: value})
        with self.refused(INVALID, '/subnet_id'):
            sim.do('instance.create', **SERVER, subnet_id='subnet-sim-east-a', zone='sim-east-b')
        with self.refused(INVALID, '/region'):
            sim.do('instance.list', region='moon')
        self.assertEqual(ledger(self.dir), [])

    def test_regions_are_apart(self):
        sim = self.sim()
        vm = sim.do('instance.create', **SERVER, region='sim-west')
        self.assertEqual((vm['region'], vm['zone']), ('sim-west', 'sim-west-a'))
        self.assertTrue(vm['private_ip'].startswith('10.1.'))
        self.assertEqual([i['id'] for i in sim.items('instance.list', region='sim-west')], [vm['id']])
        with self.refused(NOT_FOUND):
            sim.do('instance.get', id=vm['id'], region='sim-east')

    def test_addresses_are_given_once_and_come_back(self):
        sim = self.sim(seed_instances=0)
        net = sim.do('network.create', name='n', cidr='192.168.0.0/24')
        sub = sim.do('subnet.create', name='s', network_id=net['id'], cidr='192.168.0.0/28')
        ips = [sim.do('instance.create', **SERVER, subnet_id=sub['id'])['private_ip'] for _ in range(11)]
        self.assertEqual(len(set(ips)), 11)
        with self.refused(QUOTA, '/subnet_id'):
            sim.do('instance.create', **SERVER, subnet_id=sub['id'])
        gone = sim.items('instance.list')[3]
        sim.do('instance.delete', id=gone['id'])
        self.assertEqual(sim.do('instance.create', **SERVER, subnet_id=sub['id'])['private_ip'], gone['private_ip'])

    def test_quota(self):
        sim = self.sim(quota_instances=3)
        sim.do('instance.create', **SERVER)
        with self.refused(QUOTA, says='quota is 3'):
            sim.do('instance.create', **SERVER)
        quota = {q['name']: q for q in sim.items('quota.list')}
        self.assertEqual((quota['instances']['used'], quota['instances']['limit']), (3, 3))
        self.assertIsNone(quota['volumes']['limit'])


class Lists(Case):
    def test_limit_and_filters(self):
        sim = self.sim(seed_instances=25)
        names, token, pages = [], None, 0
        while True:
            page = sim.do('instance.list', limit=10, **({'page_token': token} if token else {}))
            names += [i['name'] for i in page['items']]
            token, pages = page['next_page_token'], pages + 1
            if not token:
                break
        self.assertEqual((len(names), len(set(names)), pages), (25, 25, 3))
        self.assertEqual({i['zone'] for i in sim.items('instance.list', zone='sim-east-b')}, {'sim-east-b'})
        self.assertEqual(len(sim.items('instance.list', name='vm-seed-00007')), 1)
        self.assertEqual(sim.items('instance.list', status='stopped'), [])

    def test_the_clouds_own_pages_stay_right_while_it_changes(self):
        sim = self.sim(seed_instances=25, page_size=10)
        page = sim.do('instance.list')
        self.assertEqual(len(page['items']), 10)
        for gone in page['items'][:5]:
            sim.do('instance.delete', id=gone['id'])
        new = sim.do('instance.create', **SERVER)
        rest = []
        while page['next_page_token']:
            page = sim.do('instance.list', page_token=page['next_page_token'])
            rest += [i['id'] for i in page['items']]
        self.assertEqual(rest, [f'i-seed-{n:05}' for n in range(11, 26)] + [new['id']])
        self.assertEqual(len(sim.items('instance.list', limit=3)), 3)
        with self.refused(INVALID, '/page_token'):
            sim.do('instance.list', page_token='after:x')

    def test_ten_thousand_stream_in_chunks(self):
        sim = self.sim(seed_instances=10000)
        call = sim.begin('instance.list', ctx={'credit': 1000})
        result = sim.answer(call)['result']
        chunks = [f['params'] for f in sim.waiting if f.get('method') == '$/chunk']
        ids = [i['id'] for c in chunks for i in c['items']]
        self.assertEqual((result['type'], result['items'], len(set(ids))), ('stream_end', 10000, 10000))
        self.assertGreater(len(chunks), 10)

    def test_native_is_given_on_request(self):
        sim = self.sim()
        self.assertNotIn('native', sim.do('instance.get', id='i-seed-00001'))
        self.assertIn('seq', sim.do('instance.get', id='i-seed-00001', native=True)['native'])


class Network(Case):
    def test_ranges(self):
        sim = self.sim()
        net = sim.do('network.create', name='n', cidr='172.16.0.0/16', mtu=9000)
        self.assertEqual(sim.do('network.update', id='n', description='x')['description'], 'x')
        sub = sim.do('subnet.create', name='s', vpc_id=net['id'], cidr_block='172.16.1.0/24')
        self.assertEqual((sub['gateway_ip'], sub['zone']), ('172.16.1.1', 'sim-east-a'))
        self.assertEqual(sim.do('network.get', id='n')['subnet_ids'], [sub['id']])
        for cidr, code in (('172.17.0.0/24', INVALID), ('172.16.1.128/25', CONFLICT), ('2001:db8::/64', INVALID)):
            with self.subTest(cidr), self.refused(code, '/cidr'):
                sim.do('subnet.create', name='t', network_id=net['id'], cidr=cidr)
        with self.refused(INVALID, '/cidr'):
            sim.do('network.create', name='n6', cidr='2001:db8::/48')
        self.assertTrue(sim.do('subnet.update', id=sub['id'], is_public=True)['is_public'])
        sim.do('subnet.delete', id='s')
        self.assertEqual(sim.do('network.get', id='n')['subnet_ids'], [])

    def test_what_is_in_use_stays_and_cascade_takes_all(self):
        sim = self.sim()
        net = sim.do('network.create', name='n', cidr='172.16.0.0/16')['id']
        sub = sim.do('subnet.create', name='s', network_id=net, cidr='172.16.1.0/24')['id']
        vm = sim.do('instance.create', **SERVER, subnet_id=sub, assign_public_ip=True)
        vol = sim.do('volume.create', name='v', size_gib=1)['id']
        sim.do('volume.attach', id=vol, instance_id=vm['id'])
        for kind, resource in (('network', net), ('subnet', sub), ('security_group', 'default')):
            with self.subTest(kind), self.refused(CONFLICT, '/id', 'in use'):
                sim.do(f'{kind}.delete', id=resource)
        sim.do('network.delete', id=net, cascade=True)
        for kind in ('network', 'subnet', 'instance', 'vnic', 'public_ip'):
            self.assertEqual([r for r in sim.items(f'{kind}.list') if net in r.values() or sub in r.values()
                              or vm['id'] in r.values()], [], kind)
        volume = sim.do('volume.get', id=vol)
        self.assertEqual((volume['status'], volume['instance_id'], volume['device']), ('available', None, None))

    def test_gateways_make_subnets_public(self):
        sim = self.sim()
        net = sim.do('network.create', name='n', cidr='172.16.0.0/16')['id']
        sub = sim.do('subnet.create', name='s', network_id=net, cidr='172.16.1.0/24')['id']
        gw = sim.do('router.create', name='gw', type='internet', network_id=net)['id']
        self.assertEqual(sim.do('router.attach', id=gw, subnet_id=sub)['subnet_ids'], [sub])
        vm = sim.do('instance.create', **SERVER, subnet_id=sub)
        self.assertTrue(vm['public_ip'].startswith('203.0.113.'))
        with self.refused(CONFLICT, '/network_id'):
            sim.do('router.detach', id=gw, network_id=net)
        with self.refused(INVALID, '/subnet_id'):
            sim.do('router.attach', id=gw)
        with self.refused(CONFLICT, '/subnet_id'):
            sim.do('router.attach', id=gw, subnet_id='subnet-sim-east-a')
        self.assertEqual(sim.do('router.detach', id=gw, subnet_id=sub)['subnet_ids'], [])
        self.assertFalse(sim.do('subnet.get', id=sub)['is_public'])
        self.assertIsNone(sim.do('router.detach', id=gw, network_id=net)['network_id'])
        self.assertEqual(sim.do('router.attach', id=gw, network_id=net)['network_id'], net)
        with self.refused(INVALID, '/subnet_id', 'NAT'):
            sim.do('router.create', name='nat', type='nat')
        nat = sim.do('router.create', name='nat', type='nat', subnet_id=sub)
        self.assertEqual(nat['subnet_ids'], [sub])

    def test_security_rules(self):
        sim = self.sim()
        group = sim.do('security_group.create', name='g', rules=[
            {'direction': 'ingress', 'protocol': 'tcp', 'from_port': 22}])
        sg, first = group['id'], group['rules'][0]
        self.assertEqual((first['port_to'], first['cidr'], first['action']), (22, '0.0.0.0/0', 'allow'))
        rule = {'direction': 'egress', 'protocol': 'udp', 'port_from': 53, 'group_id': 'default'}
        self.assertEqual(len(sim.do('security_group.add_rule', id=sg, **rule)['rules']), 2)
        with self.refused(CONFLICT):
            sim.do('security_group.add_rule', id=sg, **rule)
        for bad in ({'protocol': 'icmp', 'port_from': 1}, {'protocol': 'tcp', 'port_from': 9, 'port_to': 8},
                    {'group_id': 'no'}, {'group_id': 'default', 'cidr': '10.0.0.0/8'}):
            with self.subTest(bad), self.refused(INVALID):
                sim.do('security_group.add_rule', id=sg, direction='ingress', **bad)
        self.assertEqual(len(sim.do('security_group.remove_rule', id=sg, rule_id=first['id'])['rules']), 1)
        self.assertEqual(sim.do('security_group.set_rules', id=sg, rules=[])['rules'], [])
        with self.refused(INVALID, '/rules/1'):
            sim.do('security_group.set_rules', id=sg, rules=[{'direction': 'egress'},
                                                            {'direction': 'egress', 'port_from': 1}])
        with self.refused(CONFLICT, '/name'):
            sim.do('security_group.create', name='g')

    def test_load_balancers_follow_instances(self):
        sim = self.sim()
        lb = sim.do('load_balancer.create', name='lb', listeners=[{'protocol': 'tcp', 'port': 80, 'target_port': 8080}],
                    targets=[{'instance_id': 'i-seed-00001'}])
        self.assertEqual(lb['targets'][0]['port'], 8080)
        lb = sim.do('load_balancer.add_target', id='lb', address='10.0.0.99', port=1)
        self.assertEqual([t['id'] for t in lb['targets']], ['10.0.63.254:8080', '10.0.0.99:1'])
        sim.do('instance.delete', id='i-seed-00001')
        self.assertEqual([t['id'] for t in sim.do('load_balancer.get', id='lb')['targets']], ['10.0.0.99:1'])
        self.assertEqual(sim.do('load_balancer.remove_target', id='lb', target_id='10.0.0.99:1')['targets'], [])
        inside = sim.do('load_balancer.create', name='in', scheme='internal',
                        listeners=[{'protocol': 'udp', 'port': 53}])
        self.assertTrue(inside['address'].startswith('10.0.'))
        with self.refused(INVALID, '/listeners'):
            sim.do('load_balancer.create', name='x', listeners=[])
        with self.refused(INVALID, '/listeners'):
            sim.do('load_balancer.create', name='x', listeners=[{'protocol': 'tcp', 'port': 1}] * 2)
        with self.refused(INVALID, '/targets/0'):
            sim.do('load_balancer.create', name='x', listeners=[{'protocol': 'tcp', 'port': 1}],
                   targets=[{'instance_id': 'no'}])

    def test_interfaces_and_public_addresses(self):
        sim = self.sim()
        nic = sim.do('vnic.create', name='n', subnet_id='subnet-sim-east-a', private_ip='10.0.0.77')
        with self.refused(CONFLICT, '/private_ip'):
            sim.do('vnic.create', name='n', subnet_id='subnet-sim-east-a', private_ip='10.0.0.77')
        with self.refused(INVALID, '/private_ip'):
            sim.do('vnic.create', name='n', subnet_id='subnet-sim-east-a', private_ip='10.9.0.7')
        self.assertEqual(sim.do('vnic.attach', id=nic['id'], instance_id='i-seed-00001')['status'], 'in_use')
        self.assertIn('10.0.0.77', sim.do('instance.get', id='i-seed-00001')['private_ips'])
        with self.refused(CONFLICT, '/id', 'detach'):
            sim.do('vnic.delete', id=nic['id'])
        self.assertEqual(sim.do('vnic.detach', id=nic['id'])['status'], 'available')
        vm = sim.do('instance.create', **SERVER, vnic_id=nic['id'])
        self.assertEqual(vm['private_ip'], '10.0.0.77')
        ip = sim.do('public_ip.create', name='p')
        sim.do('public_ip.attach', id=ip['id'], vnic_id=nic['id'])
        self.assertEqual(sim.do('instance.get', id=vm['id'])['public_ip'], ip['address'])
        with self.refused(CONFLICT, '/id'):
            sim.do('public_ip.attach', id=ip['id'], instance_id='i-seed-00001')
        self.assertEqual(sim.do('public_ip.detach', id=ip['id'])['instance_id'], None)
        self.assertIsNone(sim.do('instance.get', id=vm['id'])['public_ip'])
        again = sim.do('instance.create', **SERVER, public_ip_id=ip['id'])
        self.assertEqual(again['public_ip'], ip['address'])
        sim.do('instance.delete', id=again['id'])
        self.assertEqual(sim.do('public_ip.get', id=ip['id'])['status'], 'available')
        sim.do('public_ip.delete', id=ip['id'])


class Storage(Case):
    def test_volumes(self):
        sim = self.sim()
        vol = sim.do('volume.create', name='v', size=10, is_encrypted=True)['id']
        self.assertEqual(sim.do('volume.attach', id=vol, instance_id='i-seed-00001')['device'], '/dev/vdb')
        other = sim.do('volume.create', name='w', size_gib=1)['id']
        self.assertEqual(sim.do('volume.attach', id=other, instance_id='i-seed-00001')['device'], '/dev/vdc')
        self.assertEqual(sim.do('instance.get', id='i-seed-00001')['block_disks'], [vol, other])
        for refusal, call in (((CONFLICT, '/id'), ('volume.delete', {})),
                              ((CONFLICT, '/id'), ('volume.resize', {'size_gib': 20})),
                              ((CONFLICT, '/id'), ('volume.attach', {'instance_id': 'i-seed-00002'}))):
            with self.subTest(call), self.refused(*refusal):
                sim.do(call[0], id=vol, **call[1])
        with self.refused(CONFLICT, '/volume_id'):
            sim.do('snapshot.create', name='s', volume_id=vol)
        snap = sim.do('snapshot.create', name='s', volume_id=vol, force=True)
        self.assertEqual((snap['size_gib'], snap['encrypted']), (10, True))
        with self.refused(CONFLICT, '/instance_id'):
            sim.do('volume.detach', id=vol, instance_id='i-seed-00002')
        self.assertEqual(sim.do('volume.detach', id=vol)['status'], 'available')
        self.assertEqual(sim.do('volume.resize', id=vol, size_gib=20)['size_gib'], 20)
        with self.refused(INVALID, '/size_gib'):
            sim.do('volume.resize', id=vol, size_gib=5)
        with self.refused(INVALID, '/size_gib'):
            sim.do('volume.create', name='x', size_gib=5, snapshot_id=snap['id'])
        with self.refused(INVALID, '/instance_id', 'zone'):
            sim.do('volume.attach', id=vol, instance_id='i-seed-00002')
        sim.do('volume.delete', id=vol)
        sim.do('snapshot.delete', id=snap['id'])

    def test_images_are_made_of_one_thing(self):
        sim = self.sim()
        image = sim.do('image.create', name='golden', instance_id='i-seed-00002')
        self.assertEqual((image['os'], image['owner']), ('ubuntu', 'demo'))
        self.assertEqual(sim.do('instance.create', **{**SERVER, 'image_id': 'golden'})['image_id'], image['id'])
        with self.refused(INVALID, '/instance_id'):
            sim.do('image.create', name='x')
        sim.do('image.delete', id=image['id'])

    def test_key_pairs_are_real(self):
        sim = self.sim()
        key = sim.do('key_pair.create', name='k', op='op-k')
        self.assertNotIn('PRIVATE', json.dumps(ledger(self.dir)))
        self.assertNotIn('private_key', sim.do('key_pair.get', id='k'))
        self.assertNotIn('private_key', sim.do('key_pair.create', name='k', op='op-k'))
        self.assertEqual(sim.do('instance.create', **SERVER, key_pair_name='k')['key_pair'], 'k')
        imported = sim.do('key_pair.import', name='k2', public_key=key['public_key'])
        self.assertEqual(imported['fingerprint'], key['fingerprint'])
        for bad in ('ssh-ed25519', 'ssh-rsa ' + key['public_key'].split()[1], 'x y'):
            with self.subTest(bad), self.refused(INVALID, '/public_key'):
                sim.do('key_pair.import', name='k3', public_key=bad)
        with self.refused(INVALID, '/type'):
            sim.do('key_pair.create', name='k4', type='rsa')
        with self.refused(CONFLICT, '/name'):
            sim.do('key_pair.create', name='k')
        sim.do('key_pair.delete', id='k2')
        if not shutil.which('ssh-keygen'):
            self.skipTest('no ssh-keygen to judge the key')
        path = pathlib.Path(self.dir) / 'key'
        path.write_text(key['private_key'])
        path.chmod(0o600)
        public = subprocess.run(['ssh-keygen', '-y', '-f', path], capture_output=True, text=True, check=True).stdout
        self.assertEqual(public.split()[:2], key['public_key'].split()[:2])
        print_ = subprocess.run(['ssh-keygen', '-l', '-f', path], capture_output=True, text=True, check=True).stdout
        self.assertIn(key['fingerprint'], print_)


class Kubernetes(Case):
    def test_cluster_pool_and_nodes(self):
        sim = self.sim()
        cluster = sim.do('cluster.create', cluster={'name': 'c', 'version': '1.29'},
                         network={'vpc_id': 'net-sim-east'}, node_pool={'machine_type': 'large', 'node_count': 2})
        cid = cluster['id']
        self.assertEqual((cluster['node_count'], cluster['version']), (2, '1.29'))
        pool = sim.items('node_pool.list', cluster_id=cid)[0]
        self.assertEqual((pool['name'], pool['instance_type'], pool['version']), ('default', 'large', '1.29'))
        self.assertEqual(sim.do('node_pool.scale', id=pool['id'], desired_size=4)['node_count'], 4)
        self.assertEqual(len(sim.items('node.list', cluster_id=cid)), 4)
        sim.do('node_pool.scale', id=pool['id'], node_count=1)
        node = sim.items('node.list', cluster_id=cid)[0]
        self.assertEqual(sim.do('cluster.get', id='c')['node_count'], 1)
        self.assertFalse(sim.do('node.cordon', id=node['id'])['is_schedulable'])
        self.assertTrue(sim.do('node.uncordon', id=node['id'])['is_schedulable'])
        self.assertEqual(sim.do('node.drain', id=node['id'])['pod_count'], 0)
        extra = sim.do('node_pool.create', name='gpu', cluster_id=cid, instance_type='gpu', node_count=1,
                       auto_scaling=True, min_nodes=1, max_nodes=3)
        with self.refused(INVALID, '/node_count'):
            sim.do('node_pool.scale', id=extra['id'], node_count=4)
        self.assertEqual(sim.do('node_pool.update', id=extra['id'], max_nodes=5)['max_nodes'], 5)
        sim.do('node_pool.delete', id=extra['id'])
        self.assertEqual(sim.do('cluster.get', id=cid)['node_count'], 1)
        sim.do('cluster.delete', id=cid)
        for kind in ('cluster', 'node_pool'):
            self.assertEqual(sim.items(f'{kind}.list'), [])
        self.assertEqual(sim.items('node.list', cluster_id=cid), [])

    def test_versions_and_kubeconfig(self):
        sim = self.sim()
        self.assertIn('1.30', [v['version'] for v in sim.items('cluster.versions') if v['is_default']])
        cid = sim.do('cluster.create', name='c', version='1.28')['id']
        with self.refused(INVALID, '/version'):
            sim.do('cluster.upgrade', id=cid, version='1.30')
        self.assertEqual(sim.do('cluster.upgrade', id=cid, version='1.29')['version'], '1.29')
        with self.refused(INVALID, '/version'):
            sim.do('cluster.create', name='d', version='0.9')
        self.assertTrue(sim.do('cluster.update', id=cid, network_policy=True)['network_policy'])
        self.assertIn('https://' + cid, sim.do('cluster.kubeconfig', id='c')['kubeconfig'])
        pool = sim.do('node_pool.create', name='p', cluster_id=cid, version='1.28')
        self.assertEqual(sim.do('node_pool.upgrade', id=pool['id'], version='1.29')['version'], '1.29')
        auto = sim.do('cluster.create', name='a', mode='autopilot')
        with self.refused(CONFLICT, '/cluster_id'):
            sim.do('node_pool.create', name='p', cluster_id=auto['id'])
        with self.refused(INVALID, '/node_pool'):
            sim.do('cluster.create', name='b', mode='fargate', node_pool={})

    def test_a_cluster_that_boots_has_no_kubeconfig(self):
        sim = self.sim(boot_ms=3600000)
        cid = sim.do('cluster.create', name='c')['id']
        with self.refused(CONFLICT, '/id', 'creating'):
            sim.do('cluster.kubeconfig', id=cid)


class Rest(Case):
    def test_identity_and_stacks(self):
        sim = self.sim()
        project = sim.do('project.create', name='p')
        user = sim.do('user.create', name='u', password='secret', project_id='p')
        self.assertEqual(user['project_id'], project['id'])
        self.assertNotIn('secret', (pathlib.Path(self.dir) / 'demo/ledger.jsonl').read_text())
        with self.refused(CONFLICT, '/id'):
            sim.do('project.delete', id='p')
        sim.do('user.delete', id='u')
        sim.do('project.delete', id='p')
        role = sim.do('role.create', name='r', policies=['a'])
        sim.do('role.delete', id=role['id'])
        template = json.dumps({'description': 'd', 'parameters': {'size': 'small', 'n': None},
                               'outputs': {'is': '${n} × ${size} ${x}'}})
        with self.refused(INVALID, '/parameters', '"n"'):
            sim.do('stack.create', name='s', template=template)
        with self.refused(INVALID, '/parameters', '"y"'):
            sim.do('stack.create', name='s', template=template, parameters={'n': '1', 'y': '2'})
        with self.refused(INVALID, '/template'):
            sim.do('stack.create', name='s', template='resources: []')
        stack = sim.do('stack.create', name='s', template=template, parameters={'n': '3'})
        self.assertEqual(stack['outputs'], {'is': '3 × small ${x}'})
        stack = sim.do('stack.update', id='s', template=template, parameters={'n': '4'})
        self.assertEqual(stack['outputs'], {'is': '4 × small ${x}'})
        sim.do('stack.delete', id='s')
        for kind in ('region', 'zone', 'image', 'instance_type', 'role', 'project', 'network', 'security_group'):
            first = sim.items(f'{kind}.list')[0]
            self.assertEqual(sim.do(f'{kind}.get', id=first['id']), first)

    def test_cost_is_exact(self):
        sim = self.sim()
        month = sim.do('cost.estimate', type='small', duration='1m', storage_gib=10)
        self.assertEqual((month['cost'], month['currency']), ('8.592', 'USD'))
        self.assertEqual([(p['service'], p['cost']) for p in month['breakdown']],
                         [('compute', '7.592'), ('storage', '1.00')])
        self.assertEqual(sim.do('cost.estimate', instance_type='gpu', duration='100y', count=100000)['cost'],
                         '268056000000.00')
        for bad in ('1x', '0h', '101y', 'h1', '-1h'):
            with self.subTest(bad), self.refused(INVALID, '/duration'):
                sim.do('cost.estimate', instance_type='small', duration=bad)
        bill = sim.do('cost.billing', start_date='2026-01-01', end_date='2026-01-31')
        # two seeds of 0.0052 and 0.0104 an hour for 744 hours
        self.assertEqual((bill['total_cost'], bill['period']), ('11.6064', '2026-01-01/2026-01-31'))
        self.assertEqual([(p['service'], p['cost'], p['quantity']) for p in bill['breakdown']],
                         [('compute tiny', '3.8688', '744.00'), ('compute small', '7.7376', '744.00')])
        self.assertEqual((bill['region'], month['region']), ('sim-east', 'sim-east'))
        days = sim.do('cost.trend', start_date='2026-01-01', end_date='2026-01-31')['points']
        self.assertEqual((len(days), {d['cost'] for d in days}), (31, {'0.3744'}))
        months = sim.do('cost.trend', start_date='2026-01-15', end_date='2026-02-10', granularity='month')['points']
        self.assertEqual([(m['start_date'], m['end_date']) for m in months],
                         [('2026-01-15', '2026-01-31'), ('2026-02-01', '2026-02-10')])
        with self.refused(INVALID, '/end_date'):
            sim.do('cost.trend', start_date='1990-01-01', end_date='2026-01-01')
        with self.refused(INVALID, '/end_date'):
            sim.do('cost.billing', start_date='2026-01-02', end_date='2026-01-01')
        sim.do('instance.delete', id='i-seed-00001')
        self.assertEqual(sim.do('cost.billing', start_date='2026-01-01', end_date='2026-01-31'), bill)

    def test_metrics_say_the_same_again(self):
        sim = self.sim()
        ask = {'resource_kind': 'instance', 'resource_id': 'i-seed-00001', 'name': 'cpu_percent',
               'start_time': '2026-01-01T00:00:00Z', 'end_time': '2026-01-01T02:00:00+01:00', 'period_seconds': 600}
        metric = sim.do('metric.query', **ask)
        self.assertEqual(len(metric['points']), 7)
        self.assertEqual(sim.do('metric.query', **ask), metric)
        self.assertTrue(all(re.fullmatch(r'\d+\.\d', p['value']) for p in metric['points']))
        with self.refused(NOT_FOUND, '/resource_id'):
            sim.do('metric.query', **{**ask, 'resource_id': 'no'})
        with self.refused(INVALID, '/period_seconds'):
            sim.do('metric.query', **{**ask, 'period_seconds': 1})
        with self.refused(INVALID, '/start_time'):
            sim.do('metric.query', **{**ask, 'end_time': '2025-01-01T00:00:00Z'})
        with self.refused(INVALID, '/name'):
            sim.do('metric.query', **{**ask, 'name': 'node_count'})


class EveryKind(Case):
    MADE = {
        'image': {'instance_id': 'i-seed-00001'}, 'instance': {'instance_type': 'tiny', 'image_id': 'debian-12'},
        'key_pair': {}, 'network': {'cidr': '172.16.0.0/16'}, 'subnet': {'network_id': 'x', 'cidr': '172.16.3.0/24'},
        'router': {}, 'security_group': {}, 'vnic': {'subnet_id': 'subnet-sim-east-b'}, 'public_ip': {},
        'load_balancer': {'listeners': [{'protocol': 'tcp', 'port': 1}]}, 'volume': {'size_gib': 1},
        'snapshot': {'volume_id': 'x'}, 'cluster': {'node_pool': {}}, 'node_pool': {'cluster_id': 'x'},
        'project': {}, 'user': {}, 'role': {}, 'stack': {'template': '{}'},
    }

    def test_create_list_get_delete(self):
        sim = self.sim()
        for kind, args in self.MADE.items():
            made = sim.do(f'{kind}.create', name='x', tags={'t': kind}, **args)
            made.pop('private_key', None)
            self.assertEqual(sim.items(f'{kind}.list', name='x'), [made], kind)
            self.assertEqual(sim.do(f'{kind}.get', id=made['id']), sim.do(f'{kind}.get', id='x'))
            self.assertEqual(made['tags'], {'t': kind})
        node = sim.items('node.list', cluster_id=sim.do('cluster.get', id='x')['id'])[0]
        self.assertEqual(sim.do('node.get', id=node['id']), node)
        for kind in reversed(self.MADE):
            sim.do(f'{kind}.delete', id='x')
            self.assertEqual(sim.items(f'{kind}.list', name='x'), [], kind)
            with self.refused(NOT_FOUND, '/id'):
                sim.do(f'{kind}.get', id='x')


class Refusals(Case):
    """Each says what is wrong, points at it, and changes nothing."""

    NEEDS = {   # arguments beside id that an operation insists on
        'instance.resize': {'instance_type': 'tiny'}, 'volume.resize': {'size_gib': 1},
        'volume.attach': {'instance_id': 'i-seed-00001'}, 'vnic.attach': {'instance_id': 'i-seed-00001'},
        'security_group.add_rule': {'direction': 'egress'}, 'security_group.remove_rule': {'rule_id': 'x'},
        'security_group.set_rules': {'rules': []}, 'cluster.upgrade': {'version': '1.30'},
        'node_pool.upgrade': {'version': '1.30'}, 'node_pool.scale': {'node_count': 1},
    }

    def test_what_is_not_there_is_not_found_by_any_operation(self):
        sim, tried = self.sim(), 0
        for op in sim.hello['operations']:
            verb = op.split('.')[1]
            if verb in ('list', 'create', 'import', 'delete', 'status_list', 'versions') or op.split('.')[0] in (
                    'cost', 'metric', 'op'):
                continue
            with self.subTest(op), self.refused(NOT_FOUND, '/id', 'no such'):
                sim.do(op, id='no such', **self.NEEDS.get(op, {}))
            tried += 1
        self.assertGreater(tried, 50)
        self.assertEqual(ledger(self.dir), [])

    def test_by_table(self):
        sim = self.sim()
        net = sim.do('network.create', name='n', cidr='172.16.0.0/16')['id']
        sub = sim.do('subnet.create', name='s', network_id=net, cidr='172.16.1.0/24')['id']
        nic = sim.do('vnic.create', name='n', subnet_id=sub)['id']
        vol = sim.do('volume.create', name='v', size_gib=1)['id']
        ip = sim.do('public_ip.create', name='p')['id']
        lb = sim.do('load_balancer.create', name='l', listeners=[{'protocol': 'tcp', 'port': 1}])['id']
        cid = sim.do('cluster.create', name='c')['id']
        lines = len(ledger(self.dir))
        for code, path, op, args in (
                (INVALID, '/instance_id', 'volume.attach', {'id': vol, 'instance_id': 'x'}),
                (INVALID, '/instance_id', 'vnic.attach', {'id': nic, 'instance_id': 'i-seed-00001'}),
                (INVALID, '/instance_id', 'public_ip.attach', {'id': ip}),
                (INVALID, '/vnic_id', 'public_ip.attach', {'id': ip, 'vnic_id': nic}),
                (INVALID, '/private_ip', 'public_ip.attach',
                 {'id': ip, 'instance_id': 'i-seed-00001', 'private_ip': '10.0.0.200'}),
                (INVALID, '/target_id', 'load_balancer.remove_target', {'id': lb}),
                (INVALID, None, 'load_balancer.add_target', {'id': lb}),
                (INVALID, '/subnet_ids', 'load_balancer.create',
                 {'name': 'x', 'scheme': 'internal', 'subnet_ids': [], 'listeners': [{'protocol': 'tcp', 'port': 1}]}),
                (QUOTA, '/node_count', 'node_pool.create', {'name': 'x', 'cluster_id': cid, 'node_count': 1001}),
                (INVALID, '/instance_type', 'cluster.create', {'name': 'x', 'node_pool': {'instance_type': 'x'}}),
                (QUOTA, '/node_count', 'cluster.create', {'name': 'x', 'node_pool': {'node_count': 1001}}),
                (INVALID, '/instance_type', 'cost.estimate', {'instance_type': 'x'}),
                (INVALID, '/gateway_ip', 'subnet.create',
                 {'name': 'x', 'network_id': net, 'cidr': '172.16.2.0/24', 'gateway_ip': '10.0.0.1'})):
            with self.subTest(op, **args), self.refused(code, path):
                sim.do(op, **args)
        self.assertEqual(len(ledger(self.dir)), lines)

    def test_devices_are_chosen_or_given(self):
        sim = self.sim()
        for n in range(25):
            vol = sim.do('volume.create', name='v', size_gib=1)['id']
            sim.do('volume.attach', id=vol, instance_id='i-seed-00001')
        last = sim.do('volume.create', name='v', size_gib=1)['id']
        with self.refused(QUOTA, '/instance_id'):
            sim.do('volume.attach', id=last, instance_id='i-seed-00001')
        volume = sim.do('volume.attach', id=last, instance_id='i-seed-00001', device='/dev/sdx')
        self.assertEqual(volume['device'], '/dev/sdx')
        self.assertEqual(sim.do('volume.attach', id=last, instance_id='i-seed-00001'), volume)
        self.assertEqual(sim.do('cost.billing', start_date='2026-01-01', end_date='2099-01-01')
                         ['breakdown'][-1]['quantity'], '26.00')


class ZEverything(Case):
    """Runs last (by name): no operation was left out above."""

    def test_every_operation_has_succeeded_once(self):
        missing = set(self.sim().hello['operations']) - answered - {'op.reconcile', 'op.poll'}
        self.assertEqual(missing, set())


if __name__ == '__main__':
    unittest.main(verbosity=1)
