#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two tenants with an account each at the same fake cloud, seen from outside:
what one has the other neither sees nor names, and no secret is ever shown."""
import contextlib
import http.client
import http.server
import json
import os
import threading
import unittest

from exactly_once import can_die
from skyclust_fixture import Host, HostCase

PASSWORD = 'correct horse battery staple'
CANARY = 'c4nary-4f1e-t0ken'
CONFIG = f'''
server:
  max_body: 200000
log:
  level: debug
plugins:
  auto_load: false
  providers:
    sim:
      config: {{boot_ms: 0}}
    own:
      driver: sim
      shared: true
      config: {{boot_ms: 0, account: operator}}
    stack:
      driver: openstack
      config: {{auth_url: "http://127.0.0.1:PORT/v3"}}
    cellar:
      driver: openstack
      private_networks: true
      config: {{auth_url: "http://127.0.0.1:PORT/v3"}}
'''


class Tenant:
    """A user with a workspace of its own."""

    def __init__(self, host, name):
        self.host = host
        status, user = host.request('POST', '/api/v1/users', {'name': name, 'password': PASSWORD, 'role': 'user'})
        assert status == 201, user
        self.token = host.log_in(name, PASSWORD)['access_token']
        status, workspace = self.ask('POST', '/api/v1/workspaces', {'name': name})
        assert status == 201, workspace
        self.id = workspace['id']
        self.credentials = f'/api/v1/workspaces/{self.id}/credentials'

    def ask(self, method, path, body=None, **options):
        return self.host.request(method, path, body, token=self.token, **options)

    def add(self, name='main', provider='sim', **more):
        status, made = self.ask('POST', self.credentials, {'name': name, 'provider': provider, **more})
        assert status == 201, made
        return made


class Credentials(HostCase):
    config = CONFIG

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.bob = Tenant(cls.host, 'ada'), Tenant(cls.host, 'bob')

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        log = cls.host.log()
        assert 'driver ready' in log and CANARY not in log

    def setUp(self):
        for tenant in self.ada, self.bob:
            for item in tenant.ask('GET', tenant.credentials)[1]['items']:
                self.assertEqual(tenant.ask('DELETE', f'{tenant.credentials}/{item["id"]}')[0], 204)

    def test_life(self):
        made = self.ada.add(fields={'account': 'ada', 'token': CANARY})
        path = f'{self.ada.credentials}/{made["id"]}'
        self.assertEqual((made['fields'], made['state'], made['is_default']),
                         ({'account': 'ada', 'token': '***'}, 'unverified', True))
        answer = self.host.call('GET', path, token=self.ada.token)
        self.assertEqual(answer.headers['ETag'], '"1"')
        self.assertEqual(answer.json(), made)
        self.assertEqual(self.ada.ask('PATCH', path, {'name': 'x'})[0], 428)
        self.assertEqual(self.ada.ask('PATCH', path, {'name': 'x'}, headers={'If-Match': '"7"'})[0], 412)
        status, changed = self.ada.ask('PATCH', path, {'fields': {'account': 'ada2', 'token': '***'}},
                                       headers={'If-Match': '"1"'})
        self.assertEqual((status, changed['version'], changed['fields']['account']), (200, 2, 'ada2'))
        status, verified = self.ada.ask('POST', path + '/verify')
        self.assertEqual((status, verified['state']), (200, 'valid'))
        self.assertEqual(self.ada.ask('DELETE', path)[0], 204)
        self.assertEqual(self.ada.ask('GET', path)[0], 404)

    def test_schema_faults_point_to_the_field(self):
        for body, pointer in (({'fields': {'acount': 'x'}}, '/fields/acount'), ({'fields': {'account': 1}}, '/fields/account'),
                              ({'provider': 'none'}, '/provider'), ({'key_file': 'x'}, '/key_file'),
                              ({'fields': {}, 'expires_at': 'soon'}, '/expires_at')):
            status, problem = self.ada.ask('POST', self.ada.credentials, {'name': 'x', 'provider': 'sim', **body})
            self.assertEqual((status, problem['pointer']), (422, pointer), problem)

    def test_each_tenant_has_its_own_cloud(self):
        for tenant in self.ada, self.bob:
            tenant.add(fields={'account': 'world-of-' + tenant.id[-8:].lower(), 'token': CANARY})
        machines = '/api/v1/providers/sim/instances'
        image, kind = (self.ada.ask('GET', f'/api/v1/providers/sim/{what}?workspace_id={self.ada.id}')[1]['items'][0]['id']
                       for what in ('images', 'instance-types'))
        status, made = self.ada.ask('POST', f'{machines}?workspace_id={self.ada.id}',
                                    {'name': 'secret-project', 'image_id': image, 'instance_type': kind},
                                    headers={'Prefer': 'wait=30'})
        self.assertIn(status, (200, 201), made)
        names = [item['name'] for item in self.ada.ask('GET', f'{machines}?workspace_id={self.ada.id}')[1]['items']]
        self.assertIn('secret-project', names)
        status, others = self.bob.ask('GET', f'{machines}?workspace_id={self.bob.id}')
        self.assertEqual(status, 200)
        self.assertNotIn('secret-project', [item['name'] for item in others['items']])
        self.assertEqual(self.bob.ask('GET', f'{machines}/{made["id"]}?workspace_id={self.bob.id}')[0], 404)

    def test_credentials_of_others_are_not_there(self):
        made = self.ada.add(fields={'account': 'ada', 'token': CANARY})
        path = f'{self.ada.credentials}/{made["id"]}'
        beside = f'{self.bob.credentials}/{made["id"]}'
        for method, where, body in (('GET', path, None), ('PATCH', path, {'name': 'x'}), ('DELETE', path, None),
                                    ('POST', path + '/verify', None), ('GET', beside, None),
                                    ('DELETE', beside, None), ('POST', beside + '/verify', None)):
            status, problem = self.bob.ask(method, where, body, headers={'If-Match': '"1"'})
            self.assertEqual(status, 404, (method, where, problem))
        for query in (f'credential_id={made["id"]}', f'credential_id={made["id"]}&workspace_id={self.bob.id}',
                      f'workspace_id={self.ada.id}', 'credential_id=crd_none'):
            status, problem = self.bob.ask('GET', f'/api/v1/providers/sim/instances?{query}')
            self.assertEqual(status, 404, (query, problem))
        self.assertEqual(self.ada.ask('GET', path)[1], made)

    def test_own_block_serves_when_it_is_shared(self):
        query = f'?workspace_id={self.bob.id}'
        self.assertEqual(self.bob.ask('GET', '/api/v1/providers/own/instances' + query)[0], 200)
        status, problem = self.bob.ask('GET', '/api/v1/providers/sim/instances' + query)
        self.assertEqual(status, 404)
        self.assertIn('default credential', problem['detail'])

    def test_what_a_cloud_refuses_is_marked(self):
        made = self.ada.add(fields={'account': 'No Such', 'token': CANARY})
        status, problem = self.ada.ask('GET', f'/api/v1/providers/sim/instances?workspace_id={self.ada.id}')
        self.assertEqual((status, problem['code']), (424, 'unauthenticated'))
        path = f'{self.ada.credentials}/{made["id"]}'
        self.host.wait_until(lambda: self.ada.ask('GET', path)[1]['state'] == 'invalid')
        self.assertIn('No Such', self.ada.ask('GET', path)[1]['last_error'])

    def test_expired_ones_are_not_sent(self):
        self.ada.add(fields={'account': 'ada'}, expires_at='2026-01-01T00:00:00Z')
        status, problem = self.ada.ask('GET', f'/api/v1/providers/sim/instances?workspace_id={self.ada.id}')
        self.assertEqual((status, problem['code']), (424, 'credential_expired'))
        item = self.ada.ask('GET', self.ada.credentials)[1]['items'][0]
        self.assertEqual(item['state'], 'expired')
        self.assertLess(item['expires_in_days'], 0)

    def test_places_are_looked_at_when_they_are_connected_to(self):
        """The block's own cloud is in the operator's network: a tenant's credential reaches it only if that is said."""
        cloud = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Refuses)
        threading.Thread(target=cloud.serve_forever, daemon=True).start()
        config = CONFIG.replace('PORT', str(cloud.server_address[1]))
        with Host(config) as host:
            tenant = Tenant(host, 'eve')
            fields = {'username': 'eve', 'password': CANARY, 'project_name': 'p'}
            asked = {}
            for provider in 'stack', 'cellar':
                made = tenant.add(provider=provider, fields=fields)
                asked[provider] = tenant.ask('POST', f'{tenant.credentials}/{made["id"]}/verify')
            self.assertEqual(asked['stack'][0], 422, asked)
            self.assertIn('(loopback)', asked['stack'][1]['detail'])
            self.assertEqual((asked['cellar'][0], asked['cellar'][1]['state']), (200, 'invalid'), asked)
            self.assertEqual(Refuses.requests, 1)
            self.assertNotIn(CANARY, host.log())
        cloud.shutdown()
        cloud.server_close()

    def test_wrap_keys_rotate(self):
        made = self.ada.add(fields={'account': 'ada', 'token': CANARY})
        self.assertEqual(self.ada.ask('POST', '/api/v1/system/wrap-keys/rotate')[0], 403)
        status, key = self.host.request('POST', '/api/v1/system/wrap-keys/rotate')
        self.assertEqual((status, key['state']), (200, 'active'))
        self.host.wait_until(lambda: self.host.get('/api/v1/system/wrap-keys')['items'][-2]['secrets'] == 0)
        status, verified = self.ada.ask('POST', f'{self.ada.credentials}/{made["id"]}/verify')
        self.assertEqual((status, verified['state']), (200, 'valid'))
        self.host.log_in('bob', PASSWORD)
        status, problem = self.host.request('DELETE', f'/api/v1/system/wrap-keys/{key["id"]}')
        self.assertEqual(status, 409, problem)


class Refuses(http.server.BaseHTTPRequestHandler):
    """A cloud that knows nobody."""
    requests = 0

    def do_POST(self):
        Refuses.requests += 1
        self.rfile.read(int(self.headers['Content-Length']))
        body = json.dumps({'error': {'code': 401, 'title': 'Unauthorized', 'message': 'who are you?'}}).encode()
        self.send_response(401)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Restart(unittest.TestCase):
    def test_secrets_outlive_the_process_and_are_nowhere(self):
        with Host(CONFIG) as host:
            tenant = Tenant(host, 'ada')
            made = tenant.add(fields={'account': 'ada', 'token': CANARY})
            path = f'{tenant.credentials}/{made["id"]}'
            self.assertEqual(tenant.ask('POST', path + '/verify')[1]['state'], 'valid')
            status, _ = tenant.ask('POST', tenant.credentials, {'name': 'b', 'provider': 'sim',
                                                                'fields': {'token': CANARY, 'nothing': 1}})
            self.assertEqual(status, 422)
            host.kill()
            host.start()
            tenant.token = host.log_in('ada', PASSWORD)['access_token']
            self.assertEqual(tenant.ask('POST', path + '/verify')[1]['state'], 'valid')
            host.stop()
            self.assertNotIn(CANARY, host.log())
            for file in host.data.rglob('*'):
                if file.is_file():
                    self.assertNotIn(CANARY.encode(), file.read_bytes(), file)
            self.assertEqual(host.rows('SELECT count(*) FROM credentials'), [('1',)])

    @unittest.skipUnless(can_die(), 'the host was built without points to die at')
    def test_killed_while_it_wraps_anew(self):
        with Host(CONFIG) as host:
            tenant = Tenant(host, 'ada')
            made = [tenant.add(f'n{i}', fields={'account': f'a{i}', 'token': CANARY}) for i in range(40)]
            host.stop()
            host.env = {**os.environ, 'SKYCLUST_DIE_AT': 'rotate.put:2'}
            host.start()
            with contextlib.suppress(OSError, http.client.HTTPException):
                host.request('POST', '/api/v1/system/wrap-keys/rotate')
            host.process.wait()
            self.assertEqual(host.rows('SELECT key_version, count(*) FROM credentials GROUP BY 1 ORDER BY 1'),
                             [('1', '24'), ('2', '16')])
            host.kill()
            host.env = None
            host.start()
            keys = '/api/v1/system/wrap-keys'
            host.wait_until(lambda: [key['secrets'] for key in host.get(keys)['items']] == [0, 42])
            tenant.token = host.log_in('ada', PASSWORD)['access_token']
            for credential in made:
                status, verified = tenant.ask('POST', f'{tenant.credentials}/{credential["id"]}/verify')
                self.assertEqual((status, verified['state']), (200, 'valid'))


if __name__ == '__main__':
    unittest.main()
