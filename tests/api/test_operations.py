#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every change of a cloud is an operation: kept, told the same to whoever asks
again, cancelled, and gone on with when nobody waits for it."""
import concurrent.futures
import json
import socket
import threading
import unittest

from exactly_once import ledger, made
from schema import check
from skyclust_fixture import Host, HostCase

PASSWORD = 'correct horse battery staple'
CONFIG = '''
operations:
  wait: 20s
  lease: 1s
limits:
  requests: 1000
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
      config: {boot_ms: 0, pending_ms: 300}
    stuck:
      driver: sim
      config: {boot_ms: 0, latency_ms: 60000}
'''
OPERATIONS = '/api/v1/operations'


def instances(provider='sim'):
    return f'/api/v1/providers/{provider}/instances'


def server(name):
    return {'name': name, 'instance_type': 'small', 'image_id': 'ubuntu-22.04'}


class Operations(HostCase):
    config = CONFIG

    def post(self, path, body, key=None, **headers):
        if key:
            headers['Idempotency-Key'] = key
        return self.host.call('POST', path, body, headers={k.replace('_', '-'): v for k, v in headers.items()})

    def await_state(self, operation, state):
        self.host.wait_until(lambda: self.host.get(f'{OPERATIONS}/{operation}')['state'] == state,
                             f'{operation} is not {state}')
        return self.host.get(f'{OPERATIONS}/{operation}')

    # ---- answers -------------------------------------------------------------

    def test_each_answer_names_its_operation(self):
        answer = self.post(instances(), server('named'))
        self.assertEqual(answer.status, 201)
        operation = self.host.get(f'{OPERATIONS}/{answer.headers["Operation-Id"]}')
        document = self.host.get('/api/v1/openapi.json')
        self.assertEqual(check(document, {'$ref': '#/components/schemas/operation'}, operation), [])
        self.assertEqual({k: operation[k] for k in ('provider', 'method', 'state', 'effect', 'resource_id', 'error',
                                                    'workspace_id', 'credential_id', 'result')},
                         {'provider': 'sim', 'method': 'instance.create', 'state': 'succeeded', 'effect': 'applied',
                          'resource_id': answer.json()['id'], 'error': None, 'workspace_id': None,
                          'credential_id': None, 'result': answer.json()})
        self.assertEqual(ledger(self.host)[-1]['op'], operation['id'])
        self.assertIn(b'skyclust_operations_total{provider="sim",state="succeeded"} ',
                      self.host.call('GET', '/metrics').body)
        gone = self.host.call('DELETE', answer.headers['Location'])
        self.assertEqual(gone.status, 204)
        self.assertEqual(self.host.get(f'{OPERATIONS}/{gone.headers["Operation-Id"]}')['method'], 'instance.delete')
        wrong = self.post(instances(), {**server('x'), 'image_id': 'nonesuch'})
        operation = self.host.get(f'{OPERATIONS}/{wrong.headers["Operation-Id"]}')
        self.assertEqual((wrong.status, operation['state'], operation['effect']), (422, 'failed', 'none'))
        self.assertEqual(operation['error']['detail'], wrong.json()['detail'])

    def test_the_client_says_how_long_it_waits(self):
        for prefer, applied in (('wait=0', 'wait=0'), ('respond-async', 'respond-async')):
            answer = self.post(instances('slow'), server('later'), Prefer=prefer)
            self.assertEqual((answer.status, answer.headers['Preference-Applied']), (202, applied))
            operation = answer.json()
            self.assertEqual(answer.headers['Location'], f'{OPERATIONS}/{operation["id"]}')
            self.assertEqual(answer.headers['Operation-Id'], operation['id'])
            self.assertGreater(int(answer.headers['Retry-After']), 0)
            self.assertEqual((operation['state'], operation['effect']), ('running', None))
            done = self.await_state(operation['id'], 'succeeded')
            self.assertEqual(done['result']['name'], 'later')
        answer = self.post(instances('slow'), server('at once'), Prefer='wait=100')
        self.assertEqual((answer.status, answer.headers['Preference-Applied']), (201, 'wait=20'))

    def test_it_goes_on_without_its_client(self):
        body = json.dumps(server('alone')).encode()
        with socket.create_connection(('127.0.0.1', self.host.port)) as client:
            client.sendall(f'POST {instances("slow")} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.host.token}\r\n'
                           f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n'.encode() + body)
            self.host.wait_until(lambda: made(self.host, provider='slow')['alone'])
        [operation] = [o for o in self.host.get(f'{OPERATIONS}?provider=slow')['items']
                       if o['state'] == 'running' or o['resource_id'] == ledger(self.host, 'slow')[-1]['id']][:1]
        self.await_state(operation['id'], 'succeeded')

    def test_the_document_tells_of_it(self):
        paths = self.host.get('/api/v1/openapi.json')['paths']
        create = paths['/api/v1/providers/{provider}/instances']['post']
        self.assertLessEqual({'Idempotency-Key', 'Prefer'}, {p['name'] for p in create['parameters'] if p['in'] == 'header'})
        self.assertEqual(create['responses']['202']['content']['application/json']['schema'],
                         {'$ref': '#/components/schemas/operation'})
        self.assertNotIn('202', paths['/api/v1/workspaces']['post']['responses'])

    # ---- keys ----------------------------------------------------------------

    def test_same_key_same_answer(self):
        first = self.post(instances(), server('once'), key='k1')
        self.assertEqual((first.status, first.headers['Idempotency-Replayed']), (201, None))
        again = self.post(instances(), dict(reversed(server('once').items())), key='k1')
        self.assertEqual((again.status, again.headers['Idempotency-Replayed']), (201, 'true'))
        self.assertEqual(again.body, first.body)
        for header in ('Location', 'Operation-Id', 'Content-Type'):
            self.assertEqual(again.headers[header], first.headers[header])
        self.assertEqual(made(self.host)['once'], 1)
        other = self.post(instances(), server('twice'), key='k1')
        self.assertEqual((other.status, other.json()['pointer']), (422, '/Idempotency-Key'))
        self.assertEqual(self.post('/api/v1/sim/network/vpcs', {'name': 'k1', 'cidr': '10.99.0.0/16'}, key='k1').status, 201)

    def test_same_key_same_failure(self):
        body = {**server('never'), 'image_id': 'nonesuch'}
        first, again = (self.post(instances(), body, key='k2') for _ in range(2))
        self.assertEqual((first.status, again.headers['Idempotency-Replayed']), (422, 'true'))
        self.assertEqual({**again.json(), 'instance': ''}, {**first.json(), 'instance': ''})

    def test_keys_that_are_none(self):
        for key in ('x' * 256, 'a\tb', ' '):
            answer = self.post(instances(), server('none'), Idempotency_Key=key)
            self.assertEqual((answer.status, answer.json()['pointer']), (422, '/Idempotency-Key'), key)
        self.assertEqual(self.post(instances(), server('longest'), key='x' * 255).status, 201)

    def test_a_key_that_is_under_way_is_waited_for(self):
        first = self.post(instances('slow'), server('shared'), key='k3', Prefer='wait=0')
        self.assertEqual(first.status, 202)
        now = self.post(instances('slow'), server('shared'), key='k3', Prefer='wait=0')
        self.assertEqual((now.status, now.json()['id']), (202, first.json()['id']))
        end = self.post(instances('slow'), server('shared'), key='k3')
        self.assertEqual((end.status, end.headers['Operation-Id'], end.headers['Idempotency-Replayed']),
                         (201, first.json()['id'], 'true'))

    def test_pairs_at_once_have_one_effect_each(self):
        pairs = 1000
        start = threading.Barrier(20)

        def ask(number):
            if number < 20:
                start.wait()
            name = f'pair-{number // 2}'
            answer = self.post(instances(), server(name), key=name)
            return name, answer.status, answer.json()['id'], answer.headers['Idempotency-Replayed']
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(ask, range(2 * pairs)))
        self.assertEqual({status for _, status, _, _ in answers}, {201})
        self.assertEqual(len({(name, made_id) for name, _, made_id, _ in answers}), pairs)
        self.assertEqual(sum(replayed == 'true' for _, _, _, replayed in answers), pairs)
        counted = made(self.host)
        self.assertEqual([counted[f'pair-{n}'] for n in range(pairs)], [1] * pairs)

    def test_a_private_key_is_told_to_its_key_only(self):
        path = '/api/v1/providers/sim/key-pairs'
        first = self.post(path, {'name': 'pk'}, key='k4')
        self.assertIn('PRIVATE KEY', first.json()['private_key'])
        self.assertEqual(self.post(path, {'name': 'pk'}, key='k4').body, first.body)
        result = self.host.get(f'{OPERATIONS}/{first.headers["Operation-Id"]}')['result']
        self.assertEqual((result['name'], 'private_key' in result), ('pk', False))
        kept = str(self.host.rows('SELECT * FROM operations'))
        self.assertIn(first.headers['Operation-Id'], kept)
        for form in ('PRIVATE', b'PRIVATE'.hex()):
            self.assertNotIn(form, kept)

    # ---- list, cancel ----------------------------------------------------------

    def test_list(self):
        made_ids = [self.post('/api/v1/providers/sim/volumes', {'name': f'v{n}', 'size_gib': 1}).headers['Operation-Id']
                    for n in range(3)]
        where = f'{OPERATIONS}?provider=sim&method=volume.create&state=succeeded'
        self.assertEqual([o['id'] for o in self.host.get(where)['items']][:3], made_ids[::-1])
        seen, token = [], ''
        while token is not None:
            page = self.host.get(where + '&limit=1&fields=id,state' + (token and '&page_token=' + token))
            self.assertEqual(set(page['items'][0]), {'id', 'state'})
            seen, token = seen + [o['id'] for o in page['items']], page['next_page_token']
        self.assertEqual(seen[:3], made_ids[::-1])
        self.assertEqual(self.host.get(OPERATIONS + '?provider=nobody')['items'], [])
        self.assertEqual(self.host.request('GET', OPERATIONS + '?state=lost')[0], 422)

    def test_cancel(self):
        operation = self.post(instances('stuck'), server('cancelled'), Prefer='wait=0').json()['id']
        status, record = self.host.request('POST', f'{OPERATIONS}/{operation}/cancel')
        self.assertEqual((status, record['cancel_requested']), (200, True))
        done = self.await_state(operation, 'cancelled')
        self.assertEqual((done['effect'], done['error']['code']), ('none', 'cancelled'))
        status, problem = self.host.request('POST', f'{OPERATIONS}/{operation}/cancel')
        self.assertEqual((status, problem['code']), (409, 'conflict'))
        self.assertEqual(made(self.host, provider='stuck')['cancelled'], 0)

    # ---- whose -------------------------------------------------------------------

    def test_others_see_nothing(self):
        tokens, workspaces = [], []
        for name in ('ann', 'ben'):
            self.assertEqual(self.host.request('POST', '/api/v1/users',
                                               {'name': name, 'password': PASSWORD, 'role': 'user'})[0], 201)
            tokens.append(self.host.log_in(name, PASSWORD)['access_token'])
            status, workspace = self.host.request('POST', '/api/v1/workspaces', {'name': name}, token=tokens[-1])
            workspaces.append(workspace['id'])
        answer = self.host.call('POST', f'{instances()}?workspace_id={workspaces[0]}', server('hers'), token=tokens[0],
                                headers={'Idempotency-Key': 'k5'})
        self.assertEqual(answer.status, 201, answer.body)
        path = f'{OPERATIONS}/{answer.headers["Operation-Id"]}'
        status, operation = self.host.request('GET', path, token=tokens[0])
        self.assertEqual((status, operation['workspace_id']), (200, workspaces[0]))
        for method, at in (('GET', path), ('POST', path + '/cancel')):
            self.assertEqual(self.host.request(method, at, token=tokens[1])[0], 404)
        self.assertEqual(self.host.request('GET', f'{OPERATIONS}?workspace_id={workspaces[0]}', token=tokens[1])[0], 404)
        self.assertEqual(self.host.request('GET', f'{OPERATIONS}?workspace_id={workspaces[1]}', token=tokens[1])[1]['items'],
                         [])
        # His key of the same name is another one.
        own = self.host.call('POST', f'{instances()}?workspace_id={workspaces[1]}', server('his'), token=tokens[1],
                             headers={'Idempotency-Key': 'k5'})
        self.assertEqual((own.status, own.headers['Idempotency-Replayed']), (201, None))


class Restart(unittest.TestCase):
    def test_pending_work_survives_the_host(self):
        with Host(CONFIG.replace('pending_ms: 300', 'pending_ms: 2000')) as host:
            status, operation = host.request('POST', instances('slow'), server('kept'),
                                             headers={'Idempotency-Key': 'k', 'Prefer': 'wait=0'})
            self.assertEqual(status, 202)
            host.wait_until(lambda: made(host, provider='slow')['kept'])
            host.kill()
            host.start()
            status, instance = host.request('POST', instances('slow'), server('kept'), headers={'Idempotency-Key': 'k'})
            self.assertEqual((status, instance['name']), (201, 'kept'))
            self.assertEqual(host.get(f'{OPERATIONS}/{operation["id"]}')['state'], 'succeeded')
            self.assertEqual(made(host, provider='slow'), {'kept': 1})

    def test_a_credential_may_be_mended_meanwhile(self):
        """Pending work whose credential the cloud no longer takes is asked for
        again with the new one."""
        config = CONFIG.replace('{boot_ms: 0, pending_ms: 300}', '{boot_ms: 0, pending_ms: 5000, token: right-token}')
        with Host(config) as host:
            self.assertEqual(host.request('POST', '/api/v1/users', {'name': 'cy', 'password': PASSWORD, 'role': 'user'})[0],
                             201)
            token = host.log_in('cy', PASSWORD)['access_token']
            workspace = host.request('POST', '/api/v1/workspaces', {'name': 'cy'}, token=token)[1]['id']
            credentials = f'/api/v1/workspaces/{workspace}/credentials'
            status, credential = host.request('POST', credentials, {'name': 'c', 'provider': 'slow',
                                                                    'fields': {'token': 'right-token'}}, token=token)
            self.assertEqual(status, 201, credential)
            path = f'{credentials}/{credential["id"]}'

            def give(word, version):
                status, said = host.request('PATCH', path, {'fields': {'token': word}}, token=token,
                                            headers={'If-Match': f'"{version}"'})
                self.assertEqual(status, 200, said)
            status, operation = host.request('POST', f'{instances("slow")}?credential_id={credential["id"]}',
                                             server('mended'), token=token, headers={'Prefer': 'wait=0'})
            self.assertEqual((status, operation['credential_id']), (202, credential['id']))
            host.wait_until(lambda: made(host, provider='slow')['mended'])
            give('wrong-token', credential['version'])
            host.kill()
            host.start()
            host.wait_until(lambda: host.get('/api/v1/providers/slow')['calls'] > 0)
            self.assertEqual(host.request('GET', f'{OPERATIONS}/{operation["id"]}', token=token)[1]['state'], 'running')
            give('right-token', host.request('GET', path, token=token)[1]['version'])
            host.wait_until(lambda: host.request('GET', f'{OPERATIONS}/{operation["id"]}',
                                                 token=token)[1]['state'] == 'succeeded')


if __name__ == '__main__':
    unittest.main()
