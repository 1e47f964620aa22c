#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""skyclustd and its openstack driver in front of a real OpenStack (up.sh), through the REST API only."""
import base64
import contextlib
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'api'))
from peer import Peer, wait_for                     # noqa: E402
from skyclust_fixture import Host                   # noqa: E402

PREFIX = f'sky-{os.getpid()}-'
KEY = ('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Sw1KOLDKy3sWnSl1gJ0FFuUPMWhXjVCgVMm1Lkcv6 test')
peer = host = None


def settings(name, **values):
    lines = ''.join(f'        {k}: "{v}"\n' for k, v in values.items())
    return f'    {name}:\n      enabled: true\n      driver: openstack\n      config:\n{lines}'


def config():
    """One driver, many providers: the five settings of the README, and ways to get them wrong."""
    env = peer.env
    five = dict(auth_url=env['OS_AUTH_URL'], username=env['OS_USERNAME'], password=env['OS_PASSWORD'],
                project_name=env['OS_PROJECT_NAME'], region=env['OS_REGION_NAME'])
    app_id, app_secret = peer.application_credential(PREFIX + 'app')
    by_id = {k: v for k, v in five.items() if k != 'project_name'}
    return 'plugins:\n  auto_load: false\n  providers:\n' + ''.join((
        settings('openstack', **five),
        settings('by-project-id', **by_id, project_id=peer.project_id(), domain_name='Default'),
        settings('by-app-credential', auth_url=five['auth_url'], region=five['region'],
                 application_credential_id=app_id, application_credential_secret=app_secret),
        settings('bare-url', **{**five, 'auth_url': five['auth_url'].removesuffix('/v3') + '/'}),
        settings('admin', **{**five, 'username': 'admin', 'project_name': 'admin'}),
        settings('wrong-password', **{**five, 'password': 'not-' + five['password']}),
        settings('wrong-project', **{**five, 'project_name': 'nobody'}),
        settings('wrong-region', **{**five, 'region': 'Atlantis'}),
        settings('nobody-home', **{**five, 'auth_url': 'http://127.0.0.1:9/v3'}),
        settings('no-user', auth_url=five['auth_url'])))


def environment(**names):
    """Ours without what the driver would take from it, and with @names."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith('OS_')}, **names}


def setUpModule():
    global peer, host
    peer = Peer()
    print(peer.versions(), flush=True)
    host = Host(config(), env=environment())
    host.__enter__()


def tearDownModule():
    if host:
        host.__exit__(None, None, None)
    peer.close()


class Case(unittest.TestCase):
    provider = 'openstack'

    def url(self, path):
        return f'/api/v1/providers/{self.provider}/{path}'

    def call(self, method, path, body=None, want=None):
        status, answer = host.request(method, self.url(path), body)
        if want is None:
            self.assertLess(status, 300, answer)
        else:
            self.assertEqual(status, want, answer)
        return answer

    def problem(self, method, path, status, code, body=None):
        answer = self.call(method, path, body, status)
        self.assertEqual((answer['status'], answer['code']), (status, code), answer)
        self.assertEqual(answer['provider'], self.provider)
        self.assertNotIn(peer.env['OS_PASSWORD'], str(answer['detail']).split())
        return answer

    def make(self, collection, **body):
        """A new resource, deleted at the end of the test."""
        made = self.call('POST', collection, body)
        self.addCleanup(self.drop, collection, made['id'])
        return made

    def drop(self, collection, id):
        """Deleted, and gone: what depends on it can be deleted next."""
        self.call('DELETE', f'{collection}/{id}')
        wait_for(f'{collection}/{id} to be gone',
                 lambda: host.request('GET', self.url(f'{collection}/{id}'))[0] == 404)

    def items(self, path):
        return self.call('GET', path)['items']

    def image(self):
        return next(i for i in self.items('images') if i['name'] == 'cirros')

    def state(self, id, wanted):
        return wait_for(f'instance to be {wanted}', lambda: self.in_state(id, wanted))

    def in_state(self, id, wanted):
        server = self.call('GET', f'instances/{id}')
        self.assertNotEqual(server['status'], 'error', server)
        return server if server['status'] == wanted else None

    def network(self, name):
        network = self.make('networks', name=name)
        subnet = self.make('subnets', name=name, network_id=network['id'], cidr='10.77.0.0/24')
        return network, subnet


class Reading(Case):
    def test_regions_and_zones(self):
        self.assertEqual([r['id'] for r in self.items('regions')], ['RegionOne'])
        self.assertEqual(self.call('GET', 'regions/RegionOne')['name'], 'RegionOne')
        self.assertIn('nova', [z['id'] for z in self.items('zones')])
        self.assertTrue(self.call('GET', 'zones/nova')['is_active'])

    def test_images(self):
        image = self.call('GET', 'images/' + self.image()['id'])
        self.assertEqual((image['status'], image['os'], image['is_public']), ('available', 'cirros', True))
        self.assertGreater(image['size'], 0)

    def test_instance_types_by_id_and_name(self):
        small = next(t for t in self.items('instance-types') if t['name'] == 'm1.small')
        self.assertEqual((small['vcpus'], small['memory_mib'], small['storage_gib']), (1, 2048, 20))
        self.assertEqual(self.call('GET', 'instance-types/m1.small')['id'], small['id'])
        self.assertEqual(self.call('GET', 'instance-types/' + small['id'])['name'], 'm1.small')

    def test_native_object_only_on_request(self):
        path = 'images/' + self.image()['id']
        self.assertNotIn('native', self.call('GET', path))
        self.assertEqual(self.call('GET', path + '?native=true')['native']['disk_format'], 'raw')

    def test_every_way_to_log_in(self):
        for provider in 'by-project-id', 'by-app-credential', 'bare-url':
            with self.subTest(provider):
                self.provider = provider
                self.assertIn('cirros', [i['name'] for i in self.items('images')])

    def test_settings_from_the_environment(self):
        env = peer.env
        both = {'OS_AUTH_URL': env['OS_AUTH_URL'], 'OS_USERNAME': env['OS_USERNAME'], 'OS_PASSWORD': env['OS_PASSWORD'],
                'OS_REGION_NAME': env['OS_REGION_NAME']}
        bare = 'plugins:\n  auto_load: false\n  providers:\n    openstack:\n      enabled: true\n'
        for seed in ({'OS_DOMAIN_NAME': 'Default', 'OS_PROJECT_NAME': env['OS_PROJECT_NAME']},
                     {'OS_PROJECT_ID': peer.project_id()}):
            with self.subTest(seed), Host(bare, env=environment(**both, **seed)) as other:
                self.assertEqual(other.get('/api/v1/providers/openstack/regions')['items'][0]['id'], 'RegionOne')

    def test_health(self):
        status, answer = host.request('GET', '/api/v1/providers/openstack')
        self.assertEqual(status, 200, answer)


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
        id = server['id']
        server = self.state(id, 'running')
        self.assertRegex(server['private_ip'], r'^10\.77\.0\.\d+$')
        self.assertEqual(server['private_ips'], [server['private_ip']])
        self.assertEqual((server['name'], server['instance_type'], server['image_id'], server['key_pair']),
                         (PREFIX + 'life', 'm1.tiny', self.image()['id'], pair['name']))
        self.assertEqual(server['tags']['team'], 'web')
        self.assertEqual(server['security_groups'], ['default'])
        self.assertEqual(server['provider_status'], 'ACTIVE')
        for action, wanted in (('stop', 'stopped'), ('stop', 'stopped'), ('start', 'running'), ('start', 'running'),
                               ('restart', 'running'), ('suspend', 'suspended'), ('resume', 'running')):
            with self.subTest(action):
                self.call('POST', f'instances/{id}/{action}', {})
                self.state(id, wanted)
        self.call('POST', f'instances/{id}/suspend', {})
        self.state(id, 'suspended')
        self.problem('POST', f'instances/{id}/stop', 409, 'conflict', {})
        self.problem('DELETE', f"networks/{network['id']}", 409, 'conflict')
        self.assertIn(id, [s['id'] for s in self.items('instances')])
        self.drop('instances', id)
        self.call('DELETE', f'instances/{id}')

    def test_boot_disk(self):
        network, subnet = self.network(PREFIX + 'disk')
        server = self.make('instances', name=PREFIX + 'disk', instance_type='m1.tiny', image_id=self.image()['id'],
                           subnet_id=subnet['id'], boot_disk_gib=2)
        server = self.state(server['id'], 'running')
        self.assertEqual(len(server['block_disks']), 1)


class Parts(Case):
    def test_network_with_its_first_subnet(self):
        network = self.make('networks', name=PREFIX + 'net', cidr='10.78.0.0/24', description='a test')
        network = self.call('GET', f"networks/{network['id']}")
        self.assertEqual((network['status'], network['description']), ('available', 'a test'))
        self.assertEqual(len(network['subnet_ids']), 1)
        subnet = self.call('GET', f"subnets/{network['subnet_ids'][0]}")
        self.assertEqual((subnet['cidr'], subnet['gateway_ip'], subnet['network_id']),
                         ('10.78.0.0/24', '10.78.0.1', network['id']))
        self.assertEqual([s['id'] for s in self.items(f"subnets?network_id={network['id']}")], [subnet['id']])

    def test_subnet(self):
        network, subnet = self.network(PREFIX + 'sub')
        six = self.make('subnets', name=PREFIX + 'six', network_id=network['id'], cidr='fd00:77::/64')
        self.assertEqual(self.call('GET', f"subnets/{six['id']}")['cidr'], 'fd00:77::/64')
        self.problem('POST', 'subnets', 422, 'invalid',
                     dict(name='x', network_id=network['id'], cidr='10.77.0.0/16'))

    def test_vnic(self):
        network, subnet = self.network(PREFIX + 'nic')
        vnic = self.make('vnics', name=PREFIX + 'nic', subnet_id=subnet['id'], private_ip='10.77.0.50')
        self.assertEqual((vnic['private_ip'], vnic['network_id']), ('10.77.0.50', network['id']))
        server = self.make('instances', name=PREFIX + 'nic', instance_type='m1.tiny', image_id=self.image()['id'],
                           vnic_id=vnic['id'])
        self.assertEqual(self.state(server['id'], 'running')['private_ip'], '10.77.0.50')

    def test_key_pair(self):
        pair = self.make('key-pairs', name=PREFIX + 'key')
        self.assertIn('PRIVATE KEY', pair['private_key'])
        again = self.call('GET', f"key-pairs/{pair['id']}")
        self.assertFalse(again.get('private_key'))
        self.assertEqual(again['fingerprint'], pair['fingerprint'])
        self.problem('POST', 'key-pairs', 409, 'conflict', dict(name=PREFIX + 'key'))
        own = self.call('POST', 'key-pairs/import', dict(name=PREFIX + 'own', public_key=KEY))
        self.addCleanup(self.drop, 'key-pairs', own['id'])
        self.assertIn('AAAAC3NzaC1lZDI1NTE5', self.call('GET', f"key-pairs/{own['id']}")['public_key'])

    def test_pages(self):
        names = sorted(PREFIX + f'page-{i}' for i in range(5))
        for name in names:
            self.make('networks', name=name)
            self.make('key-pairs', name=name)
        for collection in 'networks', 'key-pairs', 'instance-types', 'images':
            with self.subTest(collection):
                everything = [i['id'] for i in self.items(collection)]
                pages, token = [], None
                while True:
                    page = self.call('GET', f'{collection}?limit=2' + (f'&page_token={urllib.parse.quote(token)}' if token else ''))
                    self.assertLessEqual(len(page['items']), 2)
                    pages.append([i['id'] for i in page['items']])
                    token = page.get('next_page_token')
                    if not token:
                        break
                seen = [id for page in pages for id in page]
                self.assertEqual(sorted(seen), sorted(everything))
                self.assertEqual(len(seen), len(set(seen)))
                if collection in ('networks', 'key-pairs'):
                    self.assertGreaterEqual(len(pages), 3)


class More(Case):
    """What an instance is surrounded by."""

    def test_volume_and_snapshot(self):
        network, _ = self.network(PREFIX + 'vol')
        server = self.make('instances', name=PREFIX + 'vol', instance_type='m1.tiny', image_id=self.image()['id'],
                           network_id=network['id'])
        volume = self.make('volumes', name=PREFIX + 'vol', size_gib=1, tags={'a': 'b'})
        path = f"volumes/{volume['id']}"
        self.volume(path, 'available')
        self.call('POST', path + '/resize', dict(size_gib=2))
        self.assertEqual(self.volume(path, 'available')['size_gib'], 2)
        snapshot = self.make('snapshots', name=PREFIX + 'snap', volume_id=volume['id'])
        wait_for('snapshot', lambda: self.call('GET', f"snapshots/{snapshot['id']}")['status'] == 'available')
        self.state(server['id'], 'running')
        self.call('POST', path + '/attach', dict(instance_id=server['id']))
        volume = self.volume(path, 'in_use')
        self.assertEqual((volume['instance_id'], volume['tags']), (server['id'], {'a': 'b'}))
        self.problem('DELETE', path, 422, 'invalid')
        self.call('POST', path + '/detach', {})
        self.volume(path, 'available')
        self.call('POST', path + '/detach', {})

    def volume(self, path, wanted):
        def probe():
            volume = self.call('GET', path)
            return volume if volume['status'] == wanted else None
        return wait_for(f'{path} to be {wanted}', probe)

    def test_router_and_public_address(self):
        network, subnet = self.network(PREFIX + 'out')
        outside = next(n for n in self.items('networks') if n['is_external'])
        router = self.make('routers', name=PREFIX + 'out', external_network_id=outside['id'])
        self.assertRegex(router['public_ip'], r'^203\.0\.113\.')
        self.call('POST', f"routers/{router['id']}/attach", dict(subnet_id=subnet['id']))
        self.addCleanup(self.call, 'POST', f"routers/{router['id']}/detach", dict(subnet_id=subnet['id']))
        server = self.make('instances', name=PREFIX + 'out', instance_type='m1.tiny', image_id=self.image()['id'],
                           network_id=network['id'])
        self.state(server['id'], 'running')
        address = self.make('public-ips')
        path = f"public-ips/{address['id']}"
        self.assertEqual(address['status'], 'available')
        address = self.call('POST', path + '/attach', dict(instance_id=server['id']))
        server = wait_for('public address', lambda: self.public(server['id']))
        self.assertEqual((server['public_ip'], server['private_ip']), (address['address'], address['private_ip']))
        self.assertFalse(self.call('POST', path + '/detach', {}).get('vnic_id'))

    def public(self, id):
        server = self.call('GET', f'instances/{id}')
        return server if server.get('public_ip') else None

    def test_security_group(self):
        ssh = dict(direction='ingress', protocol='tcp', port_from=22, cidr='0.0.0.0/0')
        group = self.make('security-groups', name=PREFIX + 'sg', description='a test', rules=[ssh])
        path = f"security-groups/{group['id']}"

        def ingress(answer):
            return sorted((r.get('protocol'), r.get('port_from'), r.get('port_to'), r.get('cidr'))
                          for r in answer['rules'] if r['direction'] == 'ingress')
        self.assertEqual(ingress(group), [('tcp', 22, 22, '0.0.0.0/0')])
        group = self.call('POST', path + '/add-rule', dict(direction='ingress', protocol='icmpv6', cidr='::/0'))
        self.assertEqual(len(ingress(group)), 2)
        self.problem('POST', path + '/add-rule', 409, 'conflict', ssh)
        group = self.call('POST', path + '/set-rules', dict(rules=[
            ssh, dict(direction='ingress', protocol='udp', port_from=53, port_to=54, cidr='10.0.0.0/8')]))
        self.assertEqual(ingress(group), [('tcp', 22, 22, '0.0.0.0/0'), ('udp', 53, 54, '10.0.0.0/8')])
        rule = group['rules'][0]['id']
        self.assertEqual(len(self.call('POST', path + '/remove-rule', dict(rule_id=rule))['rules']), 1)
        self.assertEqual(len(self.call('POST', path + '/remove-rule', dict(rule_id=rule))['rules']), 1)

    def test_resize_image_and_second_interface(self):
        network, subnet = self.network(PREFIX + 'big')
        server = self.make('instances', name=PREFIX + 'big', instance_type='m1.tiny', image_id=self.image()['id'],
                           network_id=network['id'])
        path = f"instances/{server['id']}"
        self.state(server['id'], 'running')
        server = self.call('POST', path + '/resize', dict(instance_type='m1.small'))
        self.assertEqual((server['instance_type'], server['provider_status']), ('m1.small', 'ACTIVE'))
        image = self.make('images', name=PREFIX + 'big', instance_id=server['id'])
        wait_for('image', lambda: self.call('GET', f"images/{image['id']}")['status'] == 'available')
        vnic = self.make('vnics', name=PREFIX + 'big', subnet_id=subnet['id'])
        self.call('POST', f"vnics/{vnic['id']}/attach", dict(instance_id=server['id']))
        wait_for('second address', lambda: len(self.call('GET', path)['private_ips']) == 2)
        self.call('POST', f"vnics/{vnic['id']}/detach", {})
        wait_for('one address', lambda: len(self.call('GET', path)['private_ips']) == 1)

    def test_change_network(self):
        network, subnet = self.network(PREFIX + 'chg')
        for path in f"networks/{network['id']}", f"subnets/{subnet['id']}":
            self.call('PATCH', path, dict(name=PREFIX + 'chg2', description='changed'))
            changed = self.call('GET', path)
            self.assertEqual((changed['name'], changed['description']), (PREFIX + 'chg2', 'changed'))

    def test_projects_users_and_roles_of_an_administrator(self):
        self.provider = 'admin'
        project = self.make('projects', name=PREFIX + 'p', description='a test')
        self.assertEqual(self.call('GET', f"projects/{project['id']}")['description'], 'a test')
        user = self.make('users', name=PREFIX + 'u', password='wg7-Bq2', project_id=project['id'])
        self.assertNotIn('password', user)
        self.assertEqual([u['id'] for u in self.items(f'users?name={PREFIX}u')], [user['id']])
        role = next(r for r in self.items('roles') if r['name'] == 'member')
        self.assertEqual(self.call('GET', f"roles/{role['id']}")['name'], 'member')

    def test_project(self):
        self.assertEqual([p['name'] for p in self.items('projects')], [peer.env['OS_PROJECT_NAME']])

    def test_quotas(self):
        quotas = {(q['service'], q['name']): q for q in self.items('quotas')}
        self.assertGreater(quotas['compute', 'cores']['limit'], 0)
        self.assertGreater(quotas['volume', 'volumes']['limit'], 0)
        self.assertGreaterEqual(quotas['network', 'network']['used'], 1)

    def test_console_rename_and_tags(self):
        network, _ = self.network(PREFIX + 'con')
        server = self.make('instances', name=PREFIX + 'con', instance_type='m1.tiny', image_id=self.image()['id'],
                           network_id=network['id'])
        path = f"instances/{server['id']}"
        self.state(server['id'], 'running')
        self.assertTrue(self.call('POST', path + '/console', dict(type='log'))['output'])
        self.assertRegex(self.call('POST', path + '/console', {})['url'], '^http')
        status, answer = host.request('PATCH', self.url(path), dict(name=PREFIX + 'con2', tags={'b': 'c'}))
        self.assertEqual((status, answer.get('name'), answer.get('tags')), (200, PREFIX + 'con2', {'b': 'c'}))


class Clusters(Case):
    """Magnum's; it completes each step at its next look, every ten seconds."""

    def settled(self, path):
        def probe():
            answer = self.call('GET', path)
            self.assertNotIn(answer['status'], ('error', 'degraded'))
            return answer if answer['status'] == 'running' else None
        return wait_for(f'{path} to run', probe)

    def test_cluster(self):
        peer.cluster_template(PREFIX + 'k8s', 'v1.26.8')
        self.addCleanup(peer.drop_cluster_template, PREFIX + 'k8s')
        self.assertIn(PREFIX + 'k8s', [v['version'] for v in self.call('GET', 'clusters/versions')['items']])
        made = self.make('clusters', name=PREFIX + 'k8s', version=PREFIX + 'k8s',
                         node_pool=dict(instance_type='m1.tiny', node_count=2))
        path = f"clusters/{made['id']}"
        self.assertEqual(made['status'], 'creating')
        self.problem('POST', path + '/kubeconfig', 409, 'conflict', {})
        cluster = self.settled(path)
        self.assertEqual((cluster['node_count'], cluster['endpoint']), (2, 'https://10.0.100.10:6443'))
        self.check_kubeconfig(self.call('POST', path + '/kubeconfig', {})['kubeconfig'], cluster['endpoint'])
        pool = self.call('POST', 'node-pools', dict(name='more', cluster_id=made['id'], instance_type='m1.small',
                                                    node_count=1, min_nodes=1, max_nodes=3))
        pools = self.items(f"node-pools?cluster_id={made['id']}")
        self.assertEqual(sorted(p['name'] for p in pools), ['default-worker', 'more'])
        self.settled(path)
        self.call('POST', f"node-pools/{pool['id']}/scale", dict(node_count=2))
        self.settled(path)
        self.assertEqual(self.settled(f"node-pools/{pool['id']}")['node_count'], 2)
        self.drop('node-pools', pool['id'])
        self.settled(path)

    def check_kubeconfig(self, text, endpoint):
        """JSON is YAML. The key fits its certificate, which the cluster's own authority signed."""
        config = json.loads(text)
        cluster, user = config['clusters'][0]['cluster'], config['users'][0]['user']
        self.assertEqual(cluster['server'], endpoint)
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            for name, data in (('ca', cluster['certificate-authority-data']), ('cert', user['client-certificate-data']),
                               ('key', user['client-key-data'])):
                files[name] = pathlib.Path(folder, name)
                files[name].write_bytes(base64.b64decode(data, validate=True))
            ssl.create_default_context(cafile=files['ca']).load_cert_chain(files['cert'], files['key'])
            subprocess.run(['openssl', 'verify', '-CAfile', files['ca'], files['cert']], check=True, capture_output=True)

    def test_bad_cluster(self):
        self.problem('POST', 'clusters', 422, 'invalid', dict(name='x', version='v0.0.none'))
        self.problem('POST', 'clusters', 501, 'unsupported', dict(name='x', mode='autopilot'))
        self.problem('GET', 'node-pools/nope', 404, 'not_found')
        self.call('DELETE', 'clusters/7e0ba5f4-0000-4000-8000-000000000000')


class Failing(Case):
    """Each failure of the cloud is the right problem document."""

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

    def test_not_found(self):
        for path in ('instances/nope', 'images/nope', 'networks/nope', 'subnets/nope', 'key-pairs/nope',
                     'regions/nope', 'zones/nope', 'instance-types/nope'):
            with self.subTest(path):
                self.problem('GET', path, 404, 'not_found')
        for collection in 'instances', 'networks', 'subnets', 'key-pairs':
            with self.subTest('delete ' + collection):
                self.call('DELETE', collection + '/7e0ba5f4-0000-4000-8000-000000000000')

    def test_bad_arguments(self):
        good = dict(name=PREFIX + 'bad', instance_type='m1.tiny', image_id=self.image()['id'])
        for member, value, status, code in (
                ('instance_type', 'm9.none', 404, 'not_found'),
                ('image_id', '7e0ba5f4-0000-4000-8000-000000000000', 422, 'invalid'),
                ('key_pair', 'nobodys', 422, 'invalid'),
                ('zone', 'nowhere', 422, 'invalid'),
                ('assign_public_ip', True, 501, 'unsupported'),
                ('user_data', 'x' * 60000, 422, 'invalid'),
                ('colour', 'red', 422, 'invalid')):
            with self.subTest(member):
                self.problem('POST', 'instances', status, code, {**good, member: value})

    def test_policy(self):
        """Nova's 403 without a full quota; only administrators list Keystone's users."""
        self.problem('POST', 'instances', 403, 'forbidden', dict(
            name=PREFIX + 'policy', instance_type='m1.tiny', image_id=self.image()['id'], zone='nova:peer'))
        self.problem('GET', 'users', 403, 'forbidden')

    @contextlib.contextmanager
    def quota(self, service, **limits):
        before = peer.set_quota(service, **limits)
        try:
            yield
        finally:
            peer.set_quota(service, **before)

    def test_quota_of_nova(self):
        network, _ = self.network(PREFIX + 'quota')
        body = dict(name=PREFIX + 'quota', instance_type='m1.tiny', image_id=self.image()['id'],
                    network_id=network['id'])
        for name in 'instances', 'cores', 'ram':
            with self.subTest(name), self.quota('nova', **{name: 0}):
                answer = self.problem('POST', 'instances', 409, 'quota', body)
                self.assertEqual((answer['cloud']['http'], answer['effect']), (403, 'none'))

        with self.quota('neutron', port=0):
            answer = self.problem('POST', 'instances', 409, 'quota', body)
            self.assertIn('ports', answer['detail'])

    def test_quota_of_key_pairs(self):
        with self.quota('nova', key_pairs=0):
            self.problem('POST', 'key-pairs', 409, 'quota', dict(name=PREFIX + 'quota'))

    def test_quota_of_neutron(self):
        with self.quota('neutron', network=0):
            self.problem('POST', 'networks', 409, 'quota', dict(name=PREFIX + 'quota'))

    def test_first_subnet_fails(self):
        with self.quota('neutron', subnet=0):
            answer = self.problem('POST', 'networks', 409, 'quota', dict(name=PREFIX + 'half', cidr='10.79.0.0/24'))
        self.assertEqual(answer['effect'], 'none')
        self.assertNotIn(PREFIX + 'half', [n['name'] for n in self.items('networks')])


class Outage(Case):
    def test_nova_is_down(self):
        self.items('instances')
        peer.stop('nova-api')
        try:
            self.problem('GET', 'instances', 503, 'cloud_unavailable')
            answer = self.problem('POST', 'key-pairs', 503, 'cloud_unavailable', dict(name=PREFIX + 'down'))
            self.assertEqual(answer['effect'], 'none')
            self.items('networks')          # the other services go on
        finally:
            peer.up()
        wait_for('nova to answer again', lambda: host.request('GET', self.url('instances'))[0] == 200)


if __name__ == '__main__':
    unittest.main(verbosity=2)
