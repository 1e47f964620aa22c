# SPDX-License-Identifier: Apache-2.0
"""What the tests of the real OpenStack share: a project of their own in it, skyclustd and its driver before it, and
calls over HTTP that are checked against the OpenAPI document and remembered: at the end all must have been made."""
import os
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'api'))
from peer import Account, Peer, wait_for            # noqa: E402
from schema import check                            # noqa: E402
from skyclust_fixture import BIN, Host              # noqa: E402

PREFIX = f'sky-{os.getpid()}-'
DRIVER = BIN / 'plugins/private/openstack/openstack'
KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Sw1KOLDKy3sWnSl1gJ0FFuUPMWhXjVCgVMm1Lkcv6 test'
NOWHERE = '7e0ba5f4-0000-4000-8000-000000000000'    # no resource has this id
STEP_SECONDS = 120      # what the cloud may take for one step on a busy machine
peer = account = host = document = proxy = None
routes = []             # (method, pattern, operation of the document)
done = set()            # operations that succeeded
_users = 0


def settings(name, **values):
    lines = ''.join(f'        {k}: "{v}"\n' for k, v in values.items())
    return f'    {name}:\n      enabled: true\n      driver: openstack\n      config:\n{lines}'


def five(who=None):
    """The five settings of the README."""
    env = peer.env
    user, project = who or account.who
    return dict(auth_url=env['OS_AUTH_URL'], username=user, password=env['OS_PASSWORD'], project_name=project,
                region=env['OS_REGION_NAME'])


def environment(**names):
    """Ours without what the driver would take from it, and with @names."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith('OS_')}, **names}


def connect():
    """The peer, and a project in it; shared by all who ask."""
    global peer, account, _users
    if not _users:
        peer = Peer()
        print(peer.versions(), flush=True)
        account = Account(peer, PREFIX + 'tests')
    _users += 1


def disconnect():
    global _users
    _users -= 1
    if not _users:
        account.close()
        peer.close()


def start(providers, top=''):
    """skyclustd with @providers (the text of settings())."""
    global host, document
    host = Host(f'{top}plugins:\n  auto_load: false\n  providers:\n{providers}', env=environment()).start()
    document = host.get('/api/v1/openapi.json')
    routes[:] = [(method.upper(), re.compile(re.sub(r'\{\w+\}', '[^/?]+', path)), operation)
                 for path, item in document['paths'].items() if path.startswith('/api/v1/providers/')
                 for method, operation in item.items() if 'x-operation' in operation]


def stop():
    host.stop()
    host.close()


def operation_of(method, path):
    """The document's operation; a literal path goes before a parameter."""
    fitting = [(pattern.pattern.count('[^'), operation) for m, pattern, operation in routes
               if m == method and pattern.fullmatch(path.partition('?')[0])]
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


def matrix():
    """{operation: does the driver offer it?}, as `openstack --describe` says."""
    text = subprocess.run([DRIVER, '--describe'], check=True, capture_output=True, text=True).stdout
    rows = re.findall(r'^([a-z_.]+\.[a-z_]+) +(row|function|-)( |$)', text, re.M)
    return {name: by != '-' for name, by, _ in rows}


def supported(operation):
    return matrix()[operation]


def operations(method):
    """(path behind the provider, operation) of each route of @method whose operation the driver offers."""
    offered = matrix()
    for path, item in document['paths'].items():
        operation = item.get(method.lower(), {}).get('x-operation')
        start = '/api/v1/providers/{provider}/'
        if path.startswith(start) and offered.get(operation):
            yield path.removeprefix(start), operation


def collection_of(path):
    return path.partition('?')[0]


def kind_of(collection):
    """The catalogue's kind, of the collection's route."""
    return operation_of('GET', f'/api/v1/providers/openstack/{collection}')['x-operation'].partition('.')[0]


class Case(unittest.TestCase):
    provider = 'openstack'
    longMessage = True

    def url(self, path):
        return f'/api/v1/providers/{self.provider}/{path}'

    def call(self, method, path, body=None, want=None):
        """The answer, which is as the document says."""
        answer = host.call(method, self.url(path), body, timeout=STEP_SECONDS)
        value = answer.json() if answer.body else None
        if want is None:
            self.assertLess(answer.status, 300, f'{method} {path}: {value}')
        else:
            self.assertEqual(answer.status, want, f'{method} {path}: {value}')
        operation = operation_of(method, self.url(path))
        if answer.status < 300 and operation:
            described = operation['responses'][str(answer.status)]
            if answer.body:
                schema = described['content']['application/json']['schema']
                self.assertEqual(check(document, schema, value), [], f'{method} {path}')
            done.add(operation['x-operation'])
        elif answer.status < 300 and method == 'GET':       # a vendor's kind: the document does not know it
            kind, _, id = path.partition('/')
            done.add(kind + ('.get' if id else '.list'))
        return value

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
        path = f'{collection}/{urllib.parse.quote(id, safe="")}'
        self.call('DELETE', path)
        wait_for(f'{path} to be gone', lambda: self.is_gone(path), STEP_SECONDS)

    def is_gone(self, path):
        return host.request('GET', self.url(path))[0] == 404

    def items(self, path):
        return self.call('GET', path)['items']

    def ids(self, path):
        return [item['id'] for item in self.items(path)]

    def settled(self, path, *wanted, bad=('error', 'degraded')):
        """The resource, once its status is one of @wanted."""
        def probe():
            answer = self.call('GET', path)
            if not set(bad) & set(wanted):
                self.assertNotIn(answer['status'], bad, answer)
            return answer if answer['status'] in wanted else None
        return wait_for(f'{path} to be {wanted}', probe, STEP_SECONDS)

    def until(self, what, probe):
        return wait_for(what, probe, STEP_SECONDS)

    def image(self):
        return next(i for i in self.items('images') if i['name'] == 'cirros')

    def network(self, name):
        network = self.make('networks', name=name)
        subnet = self.make('subnets', name=name, network_id=network['id'], cidr='10.77.0.0/24')
        return network, subnet

    def server(self, name, **more):
        """A running instance; without a network among @more, in one of its own."""
        if not {'network_id', 'subnet_id', 'vnic_id'} & set(more):
            more['network_id'] = self.network(name)[0]['id']
        made = self.make('instances', **{**dict(name=name, instance_type='m1.tiny', image_id=self.image()['id']), **more})
        return self.settled(f"instances/{made['id']}", 'running')
