#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two hosts of one installation: one PostgreSQL, one key file, one cloud. What
is done at one counts at the other, and what one leaves the other ends."""
import collections
import concurrent.futures
import os
import tempfile
import unittest

os.environ['SKYCLUST_TEST_ENGINE'] = 'postgresql'     # two hosts share no file of SQLite
# pylint: disable=wrong-import-position
from exactly_once import ledger, made
from skyclust_fixture import Host, database_server
from test_audit import export, items, sign, verify

PASSWORD = 'correct horse battery staple'
CONFIG = '''
operations:
  lease: 1s
limits:
  rate: 100000
  burst: 100000
plugins:
  auto_load: false
  providers:
    sim:
      shared: true
      config: {boot_ms: 0}
    slow:
      driver: sim
      config: {boot_ms: 0, pending_ms: 1500}
'''
OPERATIONS = '/api/v1/operations'


def instances(provider='sim'):
    return f'/api/v1/providers/{provider}/instances'


def server(name):
    return {'name': name, 'instance_type': 'small', 'image_id': 'ubuntu-22.04'}


class TwoHosts(unittest.TestCase):
    def setUp(self):
        name = 'two_' + self.id().rpartition('.')[2]
        folder = tempfile.TemporaryDirectory(prefix='skyclust-two-')
        self.addCleanup(folder.cleanup)
        self.config = (CONFIG + f'store: {{url: "{database_server().database(name[:60])}"}}\n'
                       f'keys: {{file: "{folder.name}/keys.json"}}\n')
        self.here = self.enterContext(Host(self.config))
        self.there = self.enterContext(self.beside(self.here))

    def beside(self, host):
        """Another one, with a data folder of its own; what the fake cloud has is
        in the first one's, and so is the administrator's token."""
        other = Host(self.config)
        other.data.mkdir(mode=0o700)
        (other.data / 'drivers').symlink_to(host.data / 'drivers')
        (other.data / 'test.token').write_text(host.token)
        return other

    def make_user(self, name, role='user'):
        status, user = self.here.request('POST', '/api/v1/users', {'name': name, 'role': role, 'password': PASSWORD})
        self.assertEqual(status, 201, user)
        return user

    def await_status(self, host, path, token, status):
        host.wait_until(lambda: host.request('GET', path, token=token)[0] == status,
                        f'{path} is not answered with {status}')

    # ---- who may do what ---------------------------------------------------------

    def test_a_session_ends_everywhere(self):
        self.make_user('ada')
        token = self.here.log_in('ada', PASSWORD)['access_token']
        for host in (self.here, self.there):
            self.assertEqual(host.request('GET', '/api/v1/auth/me', token=token)[0], 200)
        self.assertEqual(self.here.request('POST', '/api/v1/auth/logout', token=token)[0], 204)
        self.assertEqual(self.here.request('GET', '/api/v1/auth/me', token=token)[0], 401)
        self.await_status(self.there, '/api/v1/auth/me', token, 401)

    def test_an_api_token_ends_everywhere(self):
        status, token = self.there.request('POST', '/api/v1/auth/tokens', {'name': 'short'}, local=True)
        self.assertEqual(status, 201, token)
        for host in (self.here, self.there):
            self.assertEqual(host.request('GET', '/api/v1/auth/me', token=token['token'])[0], 200)
        self.assertEqual(self.there.request('DELETE', f'/api/v1/auth/tokens/{token["id"]}')[0], 204)
        self.await_status(self.here, '/api/v1/auth/me', token['token'], 401)

    def test_a_role_counts_everywhere(self):
        path = f'/api/v1/users/{self.make_user("ada")["id"]}'
        token = self.there.log_in('ada', PASSWORD)['access_token']
        self.assertEqual(self.there.request('GET', '/api/v1/users', token=token)[0], 403)
        for role, status in (('admin', 200), ('user', 403)):
            version = self.here.get(path)['version']
            done, user = self.here.request('PATCH', path, {'role': role}, headers={'If-Match': f'"{version}"'})
            self.assertEqual((done, user['role']), (200, role))
            self.await_status(self.there, '/api/v1/users', token, status)

    # ---- operations --------------------------------------------------------------

    def test_the_other_host_ends_it(self):
        status, operation = self.here.request('POST', instances('slow'), server('left'),
                                              headers={'Prefer': 'wait=0', 'Idempotency-Key': 'k'})
        self.assertEqual(status, 202, operation)
        path = f'{OPERATIONS}/{operation["id"]}'
        self.here.wait_until(lambda: made(self.here, provider='slow')['left'])
        self.here.kill()
        self.assertEqual(self.there.get(path)['state'], 'running')
        self.there.wait_log(lambda line: 'operation taken over' in line and operation['id'] in line)
        self.there.wait_until(lambda: self.there.get(path)['state'] != 'running')
        done = self.there.get(path)
        self.assertEqual((done['state'], done['effect']), ('succeeded', 'applied'))
        again = self.there.call('POST', instances('slow'), server('left'), headers={'Idempotency-Key': 'k'})
        self.assertEqual((again.status, again.headers['Operation-Id']), (201, operation['id']))
        self.assertEqual(made(self.here, provider='slow'), {'left': 1})
        self.here.start()

    def test_a_living_host_keeps_its_own(self):
        """Through more than one lease."""
        status, operation = self.here.request('POST', instances('slow'), server('kept'))
        self.assertEqual(status, 201, operation)
        self.assertNotIn('operation taken over', self.there.log())

    def test_a_key_counts_everywhere(self):
        first, again = (host.call('POST', instances(), server('once'), headers={'Idempotency-Key': 'k'})
                        for host in (self.here, self.there))
        self.assertEqual((first.status, first.headers['Idempotency-Replayed']), (201, None))
        self.assertEqual((again.status, again.headers['Idempotency-Replayed']), (201, 'true'))
        self.assertEqual((again.body, again.headers['Operation-Id']), (first.body, first.headers['Operation-Id']))
        other = self.there.request('POST', instances(), server('twice'), headers={'Idempotency-Key': 'k'})
        self.assertEqual((other[0], other[1]['pointer']), (422, '/Idempotency-Key'))
        self.assertEqual(made(self.here), {'once': 1})

    def test_the_same_key_at_both_at_once(self):
        names = [f'vm-{n}' for n in range(40)]

        def ask(number):
            name, host = names[number // 2], (self.here, self.there)[number % 2]
            answer = host.call('POST', instances(), server(name), headers={'Idempotency-Key': name})
            return name, answer.status, answer.json().get('id'), answer.headers['Idempotency-Replayed']
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(2 * len(names))))
        self.assertEqual({status for _, status, _, _ in answers}, {201}, answers)
        self.assertEqual(len({(name, made_id) for name, _, made_id, _ in answers}), len(names))
        self.assertEqual(sum(replayed == 'true' for _, _, _, replayed in answers), len(names))
        self.assertEqual(made(self.here), dict.fromkeys(names, 1))
        self.assertEqual(len(ledger(self.here)), len(names))

    # ---- keys, audit ---------------------------------------------------------------

    def test_keys_are_shared(self):
        """What one sealed with a new key the other unseals at once."""
        status, workspace = self.here.request('POST', '/api/v1/workspaces', {'name': 'w'})
        self.assertEqual(status, 201, workspace)
        credentials = f'/api/v1/workspaces/{workspace["id"]}/credentials'
        for number, (giver, user) in enumerate(((self.here, self.there), (self.there, self.here))):
            status, said = giver.request('POST', '/api/v1/system/wrap-keys/rotate')
            self.assertIn(status, (200, 202), said)
            status, credential = giver.request('POST', credentials, {
                'provider': 'sim', 'name': f'c{number}', 'fields': {'account': f'a{number}', 'token': 'secret'}})
            self.assertEqual(status, 201, credential)
            status, verified = user.request('POST', f'{credentials}/{credential["id"]}/verify')
            self.assertEqual((status, verified.get('state')), (200, 'valid'), verified)
            first, again = (host.call('POST', instances(), server(f'vm-{number}'), headers={'Idempotency-Key': f'k{number}'})
                            for host in (giver, user))
            self.assertEqual((again.status, again.body), (201, first.body))

    def test_audit_lanes(self):
        """Both write at once; the chains have no gap and no fork."""
        def ask(number):
            host = (self.here, self.there)[number % 2]
            return host.request('POST', instances(), server(f'vm-{number}'))[0]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual(set(pool.map(ask, range(40))), {201})
        began = collections.Counter(record['outcome'] for record in items(self.here, action='instance.create')
                                    if record['outcome'] != 'allowed')
        self.assertEqual(began, {'begun': 40, 'succeeded': 40})
        started = [record['target'] for record in items(self.there, action='host.started')]
        self.assertEqual(len(set(started)), 2)
        for host in (self.here, self.there):
            sign(host)
            self.assertTrue(host.get('/api/v1/audit/verify')['ok'])
        with tempfile.TemporaryDirectory() as folder:
            file = export(self.there, folder)
            for host in (self.here, self.there):
                status, output = verify(host, file)
                self.assertEqual(status, 0, output)


if __name__ == '__main__':
    unittest.main()
