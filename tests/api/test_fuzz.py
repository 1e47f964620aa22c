#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every operation of the running host's OpenAPI document, asked for with
requests that are made from its schemas: some sound, most with one to three
things wrong. Whatever comes, the host lives, no answer is a 5xx (but "this
cloud cannot do that" and "try again"), each answer is one that the document
tells of, with a body as it says, and nothing is taken that it forbids.

    FUZZ_SEED=7         other requests (what failed says which seed it was)
    FUZZ_REQUESTS=500   more of them, for each operation
    FUZZ_ONLY=REGEX     only some operations; each gets the same as in a full run
"""
import collections
import http.client
import json
import os
import random
import re
import unittest
import urllib.parse

from fuzz_requests import Maker, Request
from schema import check
from skyclust_fixture import BIN, PASSWORD, Host

SEED = int(os.environ.get('FUZZ_SEED', '1'))
REQUESTS = int(os.environ.get('FUZZ_REQUESTS', '24'))
ONLY = re.compile(os.environ.get('FUZZ_ONLY', ''))
# Those that are dear: a password's hash, or the whole audit log.
DEAR = re.compile(r'auth\.(login|bootstrap|password)|skyclust_user\.(create|update)|audit_record\.(verify|export|stats)'
                  r'|wrap_key\.rotate|signing_key\.rotate')
# 5xx that are no fault: this cloud cannot, this cloud or we have too much to do.
FINE = {(501, 'unsupported'), (503, 'busy'), (503, 'cloud_unavailable')}
# What `default` stands for: HTTP itself, before a route is looked at.
BEFORE_ROUTES = {400, 408, 413, 414, 417, 431}
PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@home'
KEEP = 'the token of this test'
NO_BODY = {204, 304, 302}

CONFIG = f'''
limits:
  rate: 1000000
  burst: 1000000
  attempts: 1000000
operations:
  wait: 5s
plugins:
  auto_load: false
  providers:
    sim:
      config: {{boot_ms: 0}}
    widget:
      path: {BIN}/tests/widget
'''


class Client:
    """One connection, kept as long as the host keeps it."""

    def __init__(self, host):
        self.host, self.connection = host, None

    def send(self, request):
        """Status, headers and body of the answer."""
        headers = dict(request.headers)
        if request.token is not None:
            headers['Authorization'] = 'Bearer ' + request.token
        for last in (False, True):
            self.connection = self.connection or self.host.connect()
            try:
                self.connection.request(request.method, request.path, request.body, headers)
                answer = self.connection.getresponse()
                body = answer.read()
                break
            except (http.client.HTTPException, ConnectionError) as error:
                self.close()
                if last:
                    raise AssertionError(f'no answer to {str(request)[:3000]}') from error
        if answer.will_close:
            self.close()
        return answer.status, answer.headers, body

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class World:
    """Two tenants, and what a path and an argument can name."""

    def __init__(self, host, client):
        self.host, self.client = host, client
        self.document = host.get('/api/v1/openapi.json')
        self.admin = host.token
        self.ada, self.ada_id = self.make_user('ada')
        self.bob, self.bob_id = self.make_user('bob')
        self.eve_id = self.make_user('eve')[1]
        self.workspace, self.credential = self.make_workspace('ada', self.ada)
        self.others_workspace, self.others_credential = self.make_workspace('bob', self.bob)
        self.known = self.find_known()
        self.own = {self.ada_id, self.bob_id, host.request('GET', '/api/v1/auth/me')[1]['id'], self.workspace,
                    self.others_workspace, self.credential, self.others_credential}
        self.spares = 0

    def must(self, method, path, body=None, token=None):
        status, answer = self.host.request(method, path, body, token=token or self.admin)
        assert status < 300, f'{method} {path}: {status} {answer}'
        return answer

    def make_user(self, name):
        """An API token, which does not grow old, and the identifier."""
        made = self.must('POST', '/api/v1/users', {'name': name, 'password': PASSWORD, 'role': 'user'})
        session = self.host.log_in(name, PASSWORD)['access_token']
        return self.must('POST', '/api/v1/auth/tokens', {'name': KEEP}, session)['token'], made['id']

    def make_workspace(self, name, token):
        workspace = self.must('POST', '/api/v1/workspaces', {'name': name}, token)['id']
        credential = self.must('POST', f'/api/v1/workspaces/{workspace}/credentials',
                               {'provider': 'sim', 'name': 'main', 'fields': {'account': name}}, token)
        self.must('POST', f'/api/v1/workspaces/{workspace}/credentials',
                  {'provider': 'widget', 'name': 'main', 'fields': {}}, token)
        return workspace, credential['id']

    def find_known(self):
        """Values of arguments that mean something."""
        def ids(collection):
            found = self.must('GET', f'/api/v1/providers/sim/{collection}?workspace_id={self.workspace}', token=self.ada)
            return [item['id'] for item in found['items']][:3]
        known = {
            'image_id': ids('images'), 'instance_type': ids('instance-types'), 'machine_type': ids('instance-types'),
            'network_id': ids('networks'), 'vpc_id': ids('networks'), 'subnet_id': ids('subnets'),
            'instance_id': ids('instances'), 'zone': ['sim-east-a'], 'region': ['sim-east'], 'subnet_ids': [ids('subnets')],
            'security_groups': [ids('security-groups')], 'fields': [{'account': 'other'}, {}],
            'workspace_id': [self.workspace], 'credential_id': [self.credential], 'user_id': [self.ada_id, self.eve_id],
            'provider': ['sim'], 'version': ['1.31'], 'permission': ['instance:list'], 'permissions': [['*:list']],
            'role': ['viewer'], 'is_default': [False], 'password': [PASSWORD], 'template': ['{}'], 'public_key': [PUBLIC_KEY],
        }
        known['spec_id'] = known['type'] = known['instance_type']
        return known

    def learn(self, operation, body):
        """What was made can be named from now on."""
        made = json.loads(body)
        if 'x-operation' in operation and isinstance(made.get('id'), str):
            kind = operation['x-operation'].partition('.')[0]
            self.known[kind + '_id'] = self.known.get(kind + '_id', [])[-4:] + [made['id']]

    def get(self, path, token):
        where = f'?workspace_id={self.workspace}' if re.search('/(sim|widget|roles|operations)', path) else ''
        return self.client.send(Request('GET', path + where, None, {}, token))

    def things(self, path, token):
        """Identifiers of what is in a collection, without what this test
        itself cannot do without."""
        status, _, body = self.get(path, token)
        items = json.loads(body).get('items', []) if status == 200 else []
        return [str(item['id']) for item in items
                if 'id' in item and item['id'] not in self.own and item.get('name') not in (KEEP, 'main', 'tests')][:5]

    def make_spare(self, path, token):
        """Something of SkyClust's own to be looked at, changed and deleted."""
        self.spares += 1
        name = f'spare-{self.spares}'
        body = {'users': {'name': name, 'role': 'user'}, 'tokens': {'name': name}, 'workspaces': {'name': name},
                'roles': {'name': name, 'permissions': ['*:list'], 'workspace_id': self.workspace},
                'members': {'user_id': self.eve_id, 'role': 'viewer'},
                'credentials': {'provider': 'sim', 'name': name, 'fields': {}}}.get(path.rpartition('/')[2])
        if body and '/providers/' not in path:
            self.client.send(Request('POST', path, json.dumps(body).encode(), {'Content-Type': 'application/json'}, token))

    def fill(self, rng, path, token, wrong):
        """The path with its parameters; @wrong: one of them is not what it
        should be."""
        vendor = 'vendor_kind' in path
        values = {'provider': 'widget' if vendor else 'sim', 'vendor_kind': 'test.widget', 'verb': 'double',
                  'oidc_provider': 'nobody',
                  'workspace_id': self.others_workspace if token == self.bob else self.workspace,
                  'cluster_id': rng.choice(self.known.get('cluster_id', ['no-such-cluster']))}
        if '{id}' in path:
            collection = re.sub(r'\{(\w+)\}', lambda m: values[m[1]], path.partition('/{id}')[0])
            if not self.things(collection, token):
                self.make_spare(collection, token)
            usual = 'instance' if path.endswith('/quotas/{id}') else 'no-such-thing'
            values['id'] = urllib.parse.quote(rng.choice(self.things(collection, token) or [usual]), safe='')
        names = re.findall(r'\{(\w+)\}', path)
        if wrong and names:
            values[rng.choice(names)] = rng.choice([
                self.others_workspace, self.others_credential, self.bob_id, 'x', '%00', '..', '%2e%2e%2f', '%ff', '%zz',
                '%', '%2F', '%C3%A9%F0%9F%9A%80', '%20', 'x' * 300, 'x' * 5000, '-1', '0', 'ws_' + 'a' * 26, '*', "'",
                '%22', '%0d%0aX%3a1', 'sim%00', ';'])
        return re.sub(r'\{(\w+)\}', lambda m: values[m[1]], path)


class Fuzz(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(CONFIG).start()
        cls.client = Client(cls.host)
        try:
            cls.world = World(cls.host, cls.client)
        except BaseException:
            cls.host.kill()
            raise
        cls.document = cls.world.document

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.host.stop()     # fails when a sanitizer spoke
        cls.host.close()

    # ---- what an answer must be ------------------------------------------------

    def faults(self, operation, request, status, headers, body):
        """All that is wrong with an answer."""
        told = operation['responses'].get(str(status))
        if not told and status in BEFORE_ROUTES:
            told = operation['responses']['default']
        if not told:
            return [f'status {status} is not in the document']
        if request.method == 'HEAD' or status in NO_BODY:
            return [f'{status} has a body'] if body else []
        wrong = self.body_faults(self.resolve(told), status, headers, body)
        if 'fields' in f'{request.path} {request.body}':   # leaves members out
            wrong = [fault for fault in wrong if not fault.endswith('is missing')]
        return wrong + self.problem_faults(status, headers, body)

    def resolve(self, told):
        return self.document['components']['responses'][told['$ref'].rpartition('/')[2]] if '$ref' in told else told

    def body_faults(self, told, status, headers, body):
        kind = headers.get_content_type()
        if kind not in told.get('content', {}):
            return [f'{status} with content type {kind}: {body[:200]!r}']
        schema = told['content'][kind].get('schema')
        return check(self.document, schema, json.loads(body)) if schema else []

    def problem_faults(self, status, headers, body):
        if status < 400 or headers.get_content_type() != 'application/problem+json':
            return []
        problem = json.loads(body)
        wrong = []
        if problem['status'] != status or problem['instance'] != headers['X-Request-Id']:
            wrong.append(f'status and instance are not those of the answer: {problem}')
        if status >= 500 and (status, problem['code']) not in FINE:
            wrong.append(f'{status} {problem["code"]}: {problem["detail"]}')
        if (status == 401) != ('WWW-Authenticate' in headers):
            wrong.append(f'{status} and WWW-Authenticate do not go together')
        if status in (429, 503) and not headers.get('Retry-After', '').isdigit():
            wrong.append(f'{status} without Retry-After')
        if re.search(r'[\x00-\x1f\x7f-\x9f]', problem['detail']):
            wrong.append(f'control characters in {problem["detail"]!r}')
        return wrong

    def accepted_faults(self, operation, request, status):
        """Was something done that the document does not allow to be asked?"""
        schema = operation.get('requestBody', {}).get('content', {}).get('application/json', {}).get('schema')
        if not 200 <= status < 300 or not schema or not request.body:
            return []
        return [f'{status} though the body is wrong: {fault}'
                for fault in check(self.document, schema, json.loads(request.body))]

    # ---- all operations ---------------------------------------------------------

    def operations(self):
        found = [(method.upper(), path, operation) for path, methods in self.document['paths'].items()
                 for method, operation in methods.items() if ONLY.search(operation['operationId'])]
        return sorted(found, key=lambda row: (row[0] == 'DELETE', 'quotas' in row[1]))    # made, used, deleted

    def make(self, maker, method, path, operation, number):
        """The @number-th request: the first ones are as they should be, by who
        may do everything."""
        rng, world = maker.rng, self.world
        wrong = 0 if number < 4 else rng.choice([0, 1, 1, 1, 2, 3])
        who = world.admin if operation['x-scope'] in ('system', 'open') or '/audit' in path else world.ada
        token = who if number < 4 else rng.choice([who] * 30 + [world.admin] * 5 + [world.ada] * 5 + [world.bob] * 3 + [
            None, '', 'sct_wrong', world.ada[:-1] + 'x', 'x' * 4000])
        filled = world.fill(rng, path, token or '', wrong and rng.random() < 0.25)
        if '{id}' in path and 'If-Match' in [p['name'] for p in operation['parameters']]:
            wanted = world.get(filled, token)[1].get('ETag')
        else:
            wanted = None
        if method == 'GET' and rng.random() < 0.05:
            method = 'HEAD'
        request = maker.request(method, operation, filled, token, wrong)
        if wanted:
            request.headers.setdefault('If-Match', wanted)
        return request

    def fuzz(self, method, path, operation, statuses):
        """Faults that the requests for one operation show."""
        name, wrong = operation['operationId'], []
        maker = Maker(self.document, random.Random(f'{SEED} {name}'), self.world.known)
        count = REQUESTS // 4 + 1 if DEAR.match(name) else REQUESTS
        for number in range(count):
            request = self.make(maker, method, path, operation, number)
            status, headers, body = self.client.send(request)
            statuses[status] += 1
            if status == 201:
                self.world.learn(operation, body)
            found = self.faults(operation, request, status, headers, body)
            found += self.accepted_faults(operation, request, status)
            wrong += [f'{name} #{number}: {fault}\n    {request.method} {request.path[:300]} {request.headers} '
                      f'{(request.body or b"")[:300]!r}' for fault in found]
        return wrong

    def test_every_operation(self):
        statuses, wrong = collections.Counter(), []
        for method, path, operation in self.operations():
            wrong += self.fuzz(method, path, operation, statuses)
            self.assertIsNone(self.host.process.poll(), f'the host died at {operation["operationId"]}')
        print(f'\nseed {SEED}: {sum(statuses.values())} requests, answers '
              f'{dict(sorted(statuses.items()))}', flush=True)
        self.assertEqual(len(wrong), 0, f'{len(wrong)} faults:\n' + '\n'.join(wrong[:80]))
        self.assertNotIn('left no record in the audit log', self.host.log())


if __name__ == '__main__':
    unittest.main()
