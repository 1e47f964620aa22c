#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`skyclust apply -f` and `delete -f` against a real host and the sim cloud."""
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/api'))
from skyclust_fixture import BIN, Host    # noqa: E402

EXAMPLES = ROOT / 'config/examples'
TIMEOUT = 120   # seconds; only a defect lets a wait last so long
WEB = ('network/web-net', 'subnet/web-a', 'security_group/web', 'instance/web', 'volume/web-data')
COLLECTIONS = {'network': 'networks', 'subnet': 'subnets', 'security_group': 'security-groups',
               'instance': 'instances', 'volume': 'volumes', 'key_pair': 'key-pairs'}
CONFIG = '''
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config: {%s}
    spare:
      enabled: true
      driver: sim
      config: {boot_ms: 0, seed_instances: 0}
'''


def config(**settings):
    settings = {'boot_ms': 0, 'seed_instances': 0, **settings}
    return CONFIG % ', '.join(f'{k}: {json.dumps(v)}' for k, v in settings.items())


class Done:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        self.lines = out.splitlines()

    def __repr__(self):
        return f'status {self.status}\n{self.out}\n{self.err}'


class ApplyCase(unittest.TestCase):
    settings = {}

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-apply-')
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.host = self.enterContext(Host(config(**self.settings)))
        self.before = self.ids()

    # ---- running ------------------------------------------------------------

    def env(self):
        return {'PATH': '/usr/bin:/bin', 'HOME': str(self.dir), 'TMPDIR': str(self.dir), 'LANG': 'C.UTF-8',
                'SKYCLUST_SERVER': self.host.url, 'SKYCLUST_TOKEN': self.host.token,
                'SKYCLUST_PROVIDER': 'sim', 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}

    def start(self, *words, **options):
        return subprocess.Popen([BIN / 'skyclust', *map(str, words)], env=self.env(), text=True,
                                stdin=options.get('stdin', subprocess.DEVNULL),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_words(self, *words, text=None):
        process = self.start(*words, stdin=subprocess.DEVNULL if text is None else subprocess.PIPE)
        out, err = process.communicate(text, timeout=TIMEOUT)
        self.assertNotRegex(err, r'Sanitizer|runtime error')
        return Done(process.returncode, out, err)

    def file(self, text, name='f.yaml'):
        path = self.dir / name
        path.write_text(text)
        return path

    def apply(self, text, *more):
        return self.run_words('apply', '-f', self.file(text), *more)

    def good(self, done, *lines):
        """It succeeded, and printed exactly these lines."""
        self.assertEqual((done.status, done.lines), (0, list(lines)), done)
        return done

    # ---- the cloud ------------------------------------------------------------

    def items(self, kind, provider='sim'):
        return self.host.get(f'/api/v1/providers/{provider}/{COLLECTIONS[kind]}')['items']

    def named(self, kind, name, provider='sim'):
        """The only one with this name."""
        found = [i for i in self.items(kind, provider) if i['name'] == name]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def ids(self):
        return {item['id'] for kind in COLLECTIONS for item in self.items(kind)}

    def everything(self):
        """{kind: names} of all that was not there at first."""
        return {kind: sorted(i['name'] for i in self.items(kind) if i['id'] not in self.before)
                for kind in COLLECTIONS}

    def nothing(self):
        self.assertEqual(self.everything(), {kind: [] for kind in COLLECTIONS})


class Examples(ApplyCase):
    settings = {'boot_ms': 300}

    def test_web(self):
        web = EXAMPLES / 'web.yaml'
        self.good(self.run_words('apply', '-f', web, '--dry-run'), *(f'{n} create' for n in WEB))
        self.nothing()
        self.good(self.run_words('apply', '-f', web), *(f'{n} created' for n in WEB))
        server = self.named('instance', 'web')
        self.assertEqual(server['subnet_id'], self.named('subnet', 'web-a')['id'])
        self.assertEqual(server['security_groups'], [self.named('security_group', 'web')['id']])
        self.good(self.run_words('apply', '-f', web), *(f'{n} unchanged' for n in WEB))
        self.good(self.run_words('apply', '-f', web, '--dry-run'), *(f'{n} unchanged' for n in WEB))
        self.assertEqual(self.named('instance', 'web')['id'], server['id'])
        self.good(self.run_words('delete', '-f', web, '--dry-run'), *(f'{n} delete' for n in reversed(WEB)))
        self.named('instance', 'web')
        self.good(self.run_words('delete', '-f', web, '--yes'), *(f'{n} deleted' for n in reversed(WEB)))
        self.nothing()
        self.good(self.run_words('delete', '-f', web), *(f'{n} absent' for n in reversed(WEB)))

    def test_cluster(self):
        cluster = EXAMPLES / 'cluster.json'
        self.good(self.run_words('apply', '-f', cluster), 'cluster/shop created', 'node_pool/workers created')
        self.good(self.run_words('apply', '-f', cluster), 'cluster/shop unchanged', 'node_pool/workers unchanged')
        more = self.file(cluster.read_text().replace('"node_count": 2', '"node_count": 3'), 'more.json')
        self.good(self.run_words('apply', '-f', more, '--wait'),
                  'cluster/shop unchanged', 'node_pool/workers updated: node_count')
        pools = self.host.get('/api/v1/providers/sim/node-pools')['items']
        self.assertEqual([p['node_count'] for p in pools], [3])
        self.good(self.run_words('delete', '-f', more, '--yes'), 'node_pool/workers deleted', 'cluster/shop deleted')

    def test_wait(self):
        done = self.apply('{kind: instance, name: w, type: small, image_id: debian-12}', '--wait')
        self.good(done, 'instance/w created')
        self.assertRegex(done.err, r'instance w \(i-\d+\): running after')
        self.assertEqual(self.named('instance', 'w')['status'], 'running')


class Changes(ApplyCase):
    def test_each_way(self):
        text = (EXAMPLES / 'web.yaml').read_text()
        self.good(self.apply(text), *(f'{n} created' for n in WEB))
        for old, new in ((r'size_gib: 20', 'size_gib: 30'), (r'port_from: 80, port_to: 80', 'port_from: 443, port_to: 443'),
                         (r'instance_type: small', 'type: medium'), (r'name: web-net\n', 'name: web-net\nmtu: 1400\n')):
            text, count = re.subn(old, new, text, count=1)
            self.assertEqual(count, 1)
        plan = ('network/web-net {}: mtu', 'subnet/web-a unchanged', 'security_group/web {}: rules',
                'instance/web {}: instance_type', 'volume/web-data {}: size_gib')
        self.good(self.apply(text, '--dry-run'), *(line.format('update') for line in plan))
        self.assertEqual(self.named('volume', 'web-data')['size_gib'], 20)
        self.good(self.apply(text), *(line.format('updated') for line in plan))
        self.assertEqual(self.named('volume', 'web-data')['size_gib'], 30)
        self.assertEqual(self.named('network', 'web-net')['mtu'], 1400)
        self.assertEqual(self.named('instance', 'web')['instance_type'], 'medium')
        ports = sorted(r['port_from'] for r in self.named('security_group', 'web')['rules']
                       if r['direction'] == 'ingress')
        self.assertEqual(ports, [22, 443])
        self.good(self.apply(text), *(f'{n} unchanged' for n in WEB))

    def test_several_calls_for_one(self):
        text = '{kind: instance, name: a, type: small, image_id: debian-12, tags: {team: %s}}'
        self.good(self.apply(text % 'x'), 'instance/a created')
        done = self.apply((text % 'y').replace('small', 'large'), '-o', 'json')
        self.assertEqual(done.status, 0, done)
        result = json.loads(done.out)[0]
        self.assertEqual((result['action'], sorted(result['fields'])), ('updated', ['instance_type', 'tags']))
        server = self.named('instance', 'a')
        self.assertEqual((server['instance_type'], server['tags']), ('large', {'team': 'y'}))

    def test_what_cannot_be_changed(self):
        text = ('- {kind: network, name: n, cidr: %s}\n'
                '- {kind: subnet, name: s, network_id: "${network.n.id}", cidr: 10.7.1.0/24}\n'
                '- {kind: volume, name: v, size: 1}\n')
        self.good(self.apply(text % '10.7.0.0/16'), 'network/n created', 'subnet/s created', 'volume/v created')
        changed = (text % '10.8.0.0/16').replace('size: 1', 'size: 2')
        done = self.apply(changed)
        self.assertEqual(done.status, 4, done)
        self.assertEqual(done.lines, ['network/n failed', 'subnet/s skipped: network/n', 'volume/v updated: size_gib'])
        self.assertIn('network/n: cidr is 10.7.0.0/16, the file says 10.8.0.0/16, and it cannot be changed', done.err)
        self.assertIn('1 failed, 1 not tried', done.err)
        self.assertEqual(self.named('network', 'n')['cidr'], '10.7.0.0/16')
        done = self.apply(changed, '--dry-run')
        self.assertEqual((done.status, done.lines[0]), (4, 'network/n failed'), done)

    def test_a_name_is_as_good_as_an_identifier(self):
        self.good(self.apply('- {kind: network, name: n, cidr: 10.7.0.0/16}\n'
                             '- {kind: subnet, name: s, network_id: "${network.n.id}", cidr: 10.7.1.0/24}\n'),
                  'network/n created', 'subnet/s created')
        text = '{kind: instance, name: a, type: small, image_id: debian-12, subnet_id: %s}'
        self.good(self.apply(text % 's'), 'instance/a created')
        self.good(self.apply(text % self.named('subnet', 's')['id']), 'instance/a unchanged')
        self.good(self.apply(text % 's'), 'instance/a unchanged')

    def test_another_subnet_of_the_name(self):
        """What belongs to something else is not taken for ours."""
        text = ('- {kind: network, name: %s, cidr: 10.%d.0.0/16}\n'
                '- {kind: subnet, name: a, network_id: "${network.%s.id}", cidr: 10.%d.1.0/24}\n')
        for name, part in (('one', 7), ('two', 8)):
            self.good(self.apply(text % (name, part, name, part)), f'network/{name} created', 'subnet/a created')
        self.assertEqual(self.everything()['subnet'], ['a', 'a'])
        self.good(self.apply(text % ('two', 8, 'two', 8)), 'network/two unchanged', 'subnet/a unchanged')

    def test_two_of_the_name(self):
        for _ in range(2):
            self.host.request('POST', '/api/v1/providers/sim/volumes', {'name': 'v', 'size_gib': 1})
        done = self.apply('{kind: volume, name: v, size: 1}')
        self.assertEqual((done.status, done.lines), (4, ['volume/v failed']), done)
        self.assertRegex(done.err, r'2 volumes have this name \(vol-\d+, vol-\d+\)')

    def test_several_providers(self):
        text = ('- {kind: network, name: n, cidr: 10.7.0.0/16}\n'
                '- {kind: network, name: n, cidr: 10.9.0.0/16, provider: spare}\n'
                '- {kind: subnet, name: s, network_id: "${network.n.id}", cidr: 10.9.1.0/24, provider: spare}\n')
        self.good(self.apply(text), 'network/n created', 'network/n created', 'subnet/s created')
        self.assertEqual(self.named('subnet', 's', 'spare')['network_id'], self.named('network', 'n', 'spare')['id'])
        self.named('network', 'n')
        self.good(self.apply(text), 'network/n unchanged', 'network/n unchanged', 'subnet/s unchanged')

    def test_regions(self):
        text = ('- {kind: network, name: n, cidr: 10.7.0.0/16, region: sim-west}\n'
                '- {kind: subnet, name: s, network_id: "${network.n.id}", cidr: 10.7.1.0/24, region: sim-west}\n')
        self.good(self.apply(text), 'network/n created', 'subnet/s created')
        self.good(self.apply(text), 'network/n unchanged', 'subnet/s unchanged')
        made = self.host.get('/api/v1/providers/sim/networks?region=sim-west&name=n')['items']
        self.assertEqual([n['region'] for n in made], ['sim-west'])
        self.good(self.run_words('delete', '-f', self.dir / 'f.yaml', '-y'), 'subnet/s deleted', 'network/n deleted')

    def test_secrets_are_told_once(self):
        done = self.apply('{kind: key_pair, name: k}')
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.lines[:2], ['key_pair/k created', 'private_key of key_pair/k, told this once:'])
        self.assertIn('PRIVATE KEY', done.lines[2])
        self.good(self.apply('{kind: key_pair, name: k}'), 'key_pair/k unchanged')
        done = self.apply('{kind: key_pair, name: l}', '-o', 'json')
        self.assertIn('PRIVATE KEY', json.loads(done.out)[0]['private_key'])
        public = self.named('key_pair', 'l')['public_key']
        text = json.dumps({'kind': 'key_pair', 'name': 'mine', 'public_key': public})
        self.good(self.apply(text), 'key_pair/mine created')
        self.good(self.apply(text), 'key_pair/mine unchanged')


class Files(ApplyCase):
    GOOD = '- {kind: network, name: n, cidr: 10.7.0.0/16}\n'

    def wrong(self, text, *says, status=2):
        done = self.apply(text)
        self.assertEqual((done.status, done.lines), (status, []), done)
        for part in says:
            self.assertIn(part, done.err)
        self.nothing()

    def test_fault_in_the_last_document(self):
        self.wrong('---\n' + self.GOOD + '---\nkind: volume\nname: v\nsize: 1\n---\nkind: instance\nname: i\n'
                   'type: small\nimage: x\n', 'f.yaml:11: instance.create: unknown member "image"',
                   'f.yaml:8: instance.create: "image_id" is missing', '2 faults; nothing was done')

    def test_faults(self):
        self.wrong(self.GOOD + 'x: [', 'f.yaml:')
        self.wrong('', 'no resource in it')
        self.wrong('- {kind: network, name: a, description: "${network.b.id}"}\n'
                   '- {kind: network, name: b, description: "${network.a.id}"}\n',
                   'network/a -> network/b -> network/a: these need each other')
        self.wrong(self.GOOD + self.GOOD, 'network/n is in this file twice')
        self.wrong(self.GOOD + '- {kind: network, name: a, provider: nonesuch}', 'f.yaml:2: no provider nonesuch', status=3)

    def test_faults_as_data(self):
        done = self.run_words('apply', '-o', 'json', '-f', self.file('- {kind: x, name: a}\n\n- {kind: volume, name: b}\n'))
        self.assertEqual(done.status, 2)
        problem = json.loads(done.err)
        self.assertEqual(problem['code'], 'invalid')
        self.assertEqual([(e['line'], e['pointer']) for e in problem['errors']], [(1, '/kind'), (3, '/size_gib')])

    def test_what_only_the_cloud_knows(self):
        done = self.apply('# two\n- {kind: volume, name: v, size: 1}\n'
                          '- kind: instance\n  name: i\n  type: small\n  image_id: nonesuch\n')
        self.assertEqual((done.status, done.lines), (2, ['volume/v created', 'instance/i failed']), done)
        self.assertRegex(done.err, r'f.yaml:6: instance/i: .*nonesuch')

    def test_where_it_comes_from(self):
        self.good(self.run_words('apply', '-f', '-', text=self.GOOD), 'network/n created')
        self.good(self.run_words('apply', '-f', '-', text=json.dumps({'kind': 'network', 'name': 'n'})),
                  'network/n unchanged')
        done = self.run_words('apply', '-f', '-', text='kind: x\nname: y\n')
        self.assertIn('stdin:1: no kind "x"', done.err)
        done = self.run_words('apply', '-f', self.dir / 'none.yaml')
        self.assertEqual(done.status, 2)
        self.assertIn('none.yaml cannot be opened: No such file', done.err)
        done = self.run_words('apply')
        self.assertEqual(done.status, 2)
        self.assertIn('-f FILE', done.err)
        done = self.run_words('apply', '-f', self.file(self.GOOD), '--filter', 'name=n')
        self.assertEqual(done.status, 2)
        self.assertIn('--filter is not for files', done.err)

    def test_formats(self):
        path = self.file(self.GOOD + '- {kind: volume, name: v, size: 1}\n')
        done = self.run_words('apply', '-f', path, '-o', 'json', '--dry-run')
        self.assertEqual([(r['kind'], r['name'], r['provider'], r['action'], r['id']) for r in json.loads(done.out)],
                         [('network', 'n', 'sim', 'create', None), ('volume', 'v', 'sim', 'create', None)])
        done = self.run_words('apply', '-f', path, '-o', 'name')
        self.assertEqual(done.lines, [self.named('network', 'n')['id'], self.named('volume', 'v')['id']])
        done = self.run_words('apply', '-f', path, '-o', 'csv', '--fields', 'kind,name,action')
        self.assertEqual(done.lines, ['kind,name,action', 'network,n,unchanged', 'volume,v,unchanged'])

    def test_names_do_not_reach_the_terminal(self):
        done = self.apply('{kind: volume, name: "a\\e[2Jb", size: 1}')
        self.assertEqual((done.status, done.lines), (0, ['volume/a\\x1b[2Jb created']), done)
        done = self.run_words('delete', '-f', self.dir / 'f.yaml')
        self.assertIn('volume/a\\x1b[2Jb', done.err)
        self.assertNotIn('\x1b', done.err)
        done = self.apply('- {kind: "\\e[2J", name: a}\n- {kind: "\\e[3J", name: a}\n')
        self.assertIn('no kind "\\x1b[2J"', done.err)
        self.assertNotIn('\x1b', done.err)


class Deleting(ApplyCase):
    TEXT = '- {kind: network, name: n, cidr: 10.7.0.0/16}\n- {kind: volume, name: v, size: 1}\n'

    def setUp(self):
        super().setUp()
        self.good(self.apply(self.TEXT), 'network/n created', 'volume/v created')

    def answer(self, text):
        """Run delete on a terminal and answer its question."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = subprocess.Popen([BIN / 'skyclust', 'delete', '-f', self.dir / 'f.yaml'], env=self.env(),
                                   stdin=slave, stdout=subprocess.PIPE, stderr=slave, text=True)
        os.close(slave)
        shown = b''
        while b'[y/N] ' not in shown:
            shown += os.read(master, 4096)
        self.assertIn(b'Delete volume/v, network/n? [y/N] ', shown)
        os.write(master, text)
        out, _ = process.communicate(timeout=TIMEOUT)
        return process.returncode, out.splitlines()

    def test_question(self):
        self.assertEqual(self.answer(b'n\n'), (130, []))
        self.assertEqual(self.answer(b'\x04'), (130, []))
        self.named('network', 'n')
        self.assertEqual(self.answer(b'y\n'), (0, ['volume/v deleted', 'network/n deleted']))
        self.nothing()

    def test_nobody_to_ask(self):
        done = self.run_words('delete', '-f', self.dir / 'f.yaml')
        self.assertEqual((done.status, done.lines), (2, []), done)
        self.assertIn('add --yes', done.err)
        self.named('network', 'n')

    def test_something_is_in_it(self):
        network = self.named('network', 'n')['id']
        status, _ = self.host.request('POST', '/api/v1/providers/sim/subnets', {
            'name': 'mine', 'network_id': network, 'cidr': '10.7.1.0/24'})
        self.assertEqual(status, 201)
        done = self.run_words('delete', '-y', '-f', self.dir / 'f.yaml')
        self.assertEqual((done.status, done.lines), (4, ['volume/v deleted', 'network/n failed']), done)
        self.assertIn('skyclust: network/n: ', done.err)
        self.assertEqual(self.everything()['subnet'], ['mine'])


class AtOnce(ApplyCase):
    settings = {'boot_ms': 300, 'latency_ms': 20}

    def test_three_applies(self):
        """Whichever is first makes it; the other one finds it."""
        three = [self.start('apply', '-f', EXAMPLES / 'web.yaml') for _ in range(3)]
        done = []
        for process in three:
            out, err = process.communicate(timeout=TIMEOUT)
            done.append(Done(process.returncode, out, err))
        self.assertEqual([d.status for d in done], [0, 0, 0], done)
        self.assertEqual(list(self.dir.iterdir()), [], 'the lock is left')
        for name in WEB:
            self.assertEqual(sorted(line for d in done for line in d.lines if line.startswith(name + ' ')),
                             [f'{name} created', f'{name} unchanged', f'{name} unchanged'])
            self.named(*name.split('/'))
        self.assertEqual(sum('another apply is at work' in d.err for d in done), 2, done)


class Failures(unittest.TestCase):
    """A cloud that fails half-way; each test has a host of its own."""

    FILE = ''.join(f'- {{kind: volume, name: v{i}, size: 1}}\n' for i in range(4)) + (
        '- {kind: network, name: n, cidr: 10.7.0.0/16}\n'
        '- {kind: subnet, name: s, network_id: "${network.n.id}", cidr: 10.7.1.0/24}\n')
    NAMES = ['volume/v0', 'volume/v1', 'volume/v2', 'volume/v3', 'network/n', 'subnet/s']

    env, start, run_words, file, apply, items, named = (
        ApplyCase.env, ApplyCase.start, ApplyCase.run_words, ApplyCase.file, ApplyCase.apply, ApplyCase.items,
        ApplyCase.named)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-apply-')
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def until_done(self, most):
        """Apply again until it says that all is well; each is there once."""
        for _ in range(most):
            done = self.apply(self.FILE)
            self.assertEqual([line.split(' ')[0] for line in done.lines], self.NAMES, done)
            if done.status == 0:
                break
        self.assertEqual(done.status, 0, done)
        for name in self.NAMES:
            self.named(*name.split('/'))
        again = self.apply(self.FILE)
        self.assertEqual(again.lines, [f'{n} unchanged' for n in self.NAMES], again)

    def test_driver_dies(self):
        for point in ('on-call', 'before-apply', 'mid-ledger', 'after-ledger', 'before-answer'):
            with self.subTest(point), Host(config(die_at=point, die_after=3, die_once=True)) as self.host:
                self.until_done(5)
                self.host.wait_log(lambda line: 'driver ended' in line and 'SIGKILL' in line)

    def test_errors_at_random(self):
        with Host(config(error_rate=0.2, error_code='busy')) as self.host:
            for _ in range(200):
                done = self.apply(self.FILE)
                if done.status == 0:
                    break
                self.assertEqual(done.status, 6, done)
                self.assertRegex(done.err, r'running it again goes on from here')
            self.assertEqual(done.status, 0)
            wanted = [f'{n} unchanged' for n in self.NAMES]
            while (done := self.apply(self.FILE)).status:
                pass
            self.assertEqual(done.lines, wanted)

    def test_quota(self):
        text = ''.join(f'- {{kind: instance, name: i{i}, type: tiny, image_id: debian-12}}\n' for i in range(3))
        text += '- {kind: volume, name: v, size: 1, description: "disk of ${instance.i2.id}"}\n'
        data = self.dir / 'data'
        with Host(config(quota_instances=2), data=data) as self.host:
            done = self.apply(text)
            self.assertEqual((done.status, done.lines), (4, [
                'instance/i0 created', 'instance/i1 created', 'instance/i2 failed', 'volume/v skipped: instance/i2']))
            self.assertRegex(done.err, r'skyclust: instance/i2: (.|\n)*code: quota')
            done = self.apply(text, '-o', 'json')
            self.assertEqual(json.loads(done.err)['code'], 'quota')
            results = json.loads(done.out)
            self.assertEqual([r['action'] for r in results], ['unchanged', 'unchanged', 'failed', 'skipped'])
            self.assertEqual((results[2]['code'], results[2]['effect'], results[3]['because']),
                             ('quota', 'none', 'instance/i2'))
        with Host(config(quota_instances=3), data=data) as self.host:
            done = self.apply(text)
            self.assertEqual((done.status, done.lines), (0, [
                'instance/i0 unchanged', 'instance/i1 unchanged', 'instance/i2 created', 'volume/v created']), done)

    def test_no_server(self):
        with Host(config()) as self.host:
            url, token = self.host.url, self.host.token
        self.host.url, self.host.token = url, token
        done = self.apply(self.FILE)
        self.assertEqual((done.status, done.lines), (6, []), done)
        self.assertIn('cannot be reached', done.err)

    def test_server_goes_away(self):
        with Host(config(latency_ms=100)) as self.host:
            process = self.start('apply', '-f', self.file(self.FILE))
            self.assertEqual(process.stdout.readline(), 'volume/v0 created\n')
            self.host.kill()
            out, err = process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, 6, err)
            self.assertEqual(out.splitlines(), ['volume/v1 failed'] + [f'{n} skipped' for n in self.NAMES[2:]])
            self.assertIn('1 failed, 4 not tried', err)

    def test_interrupted(self):
        with Host(config(boot_ms=3600000)) as self.host:
            path = self.file('- {kind: cluster, name: c}\n'
                             '- {kind: node_pool, name: p, cluster_id: "${cluster.c.id}", type: small}\n')
            process = self.start('apply', '-f', path)
            end = time.monotonic() + TIMEOUT
            line = process.stderr.readline()
            self.assertRegex(line, r'cluster c \(.*\): creating')
            self.assertLess(time.monotonic(), end)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, 130, err)
            self.assertEqual(out.splitlines(), ['cluster/c created', 'cluster/c failed', 'node_pool/p skipped'])
            self.assertIn('interrupted', err)


class Stub(unittest.TestCase):
    """Clouds that sim is not: the server is a few lines that answer by a script."""

    env, start, run_words, file, apply = (
        ApplyCase.env, ApplyCase.start, ApplyCase.run_words, ApplyCase.file, ApplyCase.apply)

    def serve(self, answers):
        """@answers: {"METHOD path": [(status, value), …]}, each used once but the last."""
        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get('Content-Length') or 0))
                asked = f'{self.command} {self.path.removeprefix("/api/v1/providers/sim").partition("?")[0]}'
                seen.append(asked)
                script = answers.get(asked, [(404, {'code': 'not_found', 'detail': 'none'})])
                status, value = script.pop(0) if len(script) > 1 else script[0]
                body = b'' if value is None else json.dumps(value).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/problem+json' if status >= 400 else 'application/json')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = do_PATCH = answer

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.host = types.SimpleNamespace(url=f'http://127.0.0.1:{server.server_port}', token='t')
        folder = tempfile.TemporaryDirectory(prefix='skyclust-apply-')
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    @staticmethod
    def items(*items):
        return 200, {'items': list(items), 'next_page_token': None, 'errors': []}

    def test_a_cloud_that_keeps_no_names(self):
        address = {'id': 'ip-1', 'name': None, 'status': 'available', 'address': '192.0.2.1'}
        self.serve({'GET ': [(200, {'name': 'sim'})], 'GET /public-ips': [self.items()],
                    'POST /public-ips': [(201, address)], 'GET /public-ips/ip-1': [(200, address)],
                    'DELETE /public-ips/ip-1': [(204, None)]})
        done = self.apply('{kind: public_ip, name: web}')
        self.assertEqual((done.status, done.lines), (1, ['public_ip/web failed']), done)
        self.assertIn('ip-1 was made and taken away again', done.err)
        self.assertEqual(self.seen[-3:], ['POST /public-ips', 'GET /public-ips/ip-1', 'DELETE /public-ips/ip-1'])

    def test_create_answers_little(self):
        address = {'id': 'ip-1', 'name': 'web', 'status': 'available', 'address': '192.0.2.1'}
        self.serve({'GET ': [(200, {'name': 'sim'})], 'GET /public-ips': [self.items()],
                    'POST /public-ips': [(201, {'id': 'ip-1'})], 'GET /public-ips/ip-1': [(200, address)]})
        done = self.apply('{kind: public_ip, name: web}')
        self.assertEqual((done.status, done.lines), (0, ['public_ip/web created']), done)

    def test_create_takes_long(self):
        """Accepted, not answered with the resource: it is found by its name."""
        made = {'id': 'net-1', 'name': 'n', 'status': 'pending'}
        self.serve({'GET ': [(200, {'name': 'sim'})],
                    'GET /networks': [self.items(), self.items(), self.items(made)],
                    'POST /networks': [(202, {'state': 'running'})],
                    'GET /networks/net-1': [(200, made), (200, {**made, 'status': 'available'})],
                    'GET /subnets': [self.items()],
                    'POST /subnets': [(201, {'id': 's-1', 'name': 's', 'network_id': 'net-1', 'cidr': '10.7.1.0/24'})]})
        done = self.apply('- {kind: network, name: n}\n'
                          '- {kind: subnet, name: s, network_id: "${network.n.id}", cidr: 10.7.1.0/24}\n')
        self.assertEqual((done.status, done.lines), (0, ['network/n created', 'subnet/s created']), done)

    def test_a_provider_that_cannot(self):
        self.serve({'GET ': [(200, {'name': 'sim', 'support': {'network.create': True}})]})
        done = self.apply('- {kind: network, name: n}\n- {kind: volume, name: v, size: 1}\n')
        self.assertEqual((done.status, done.lines), (1, []), done)
        self.assertIn('f.yaml:2: sim cannot do volume.create', done.err)
        self.assertEqual(self.seen, ['GET '])


if __name__ == '__main__':
    unittest.main()
