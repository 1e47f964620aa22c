#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every class of error as the problem document it must be (RFC 9457)."""
import unittest

from skyclust_fixture import BIN, Host, HostCase

SIM = '/api/v1/providers/sim'
MAX_BODY = 65536

# Each a provider of the sim driver that always fails so: code, status, retryable.
CLOUD_FAULTS = {
    'cloud_unavailable': (503, True), 'cloud_bad_answer': (502, False), 'busy': (503, True),
    'rate_limited': (429, True), 'quota': (409, False), 'forbidden': (403, False),
    'unauthenticated': (424, False), 'credential_expired': (424, False), 'conflict': (409, False),
    'needs_attention': (500, False), 'internal': (500, False),
}


def provider(name, settings):
    lines = ''.join(f'        {k}: {v}\n' for k, v in settings.items())
    return f'    {name}:\n      driver: sim\n      enabled: true\n      config:\n        boot_ms: 0\n{lines}'


CONFIG = f'''
server:
  max_body: {MAX_BODY}
plugins:
  auto_load: false
  timeout: 3s
  providers:
''' + provider('sim', {}) + provider('expired', {'expires_at': '"2020-01-01T00:00:00Z"'}) + \
    provider('lost', {'lose_answer_rate': 1}) + provider('fragile', {'die_at': 'before-answer'}) + \
    ''.join(provider(code.replace('_', '-'), {'error_rate': 1, 'error_code': code}) for code in CLOUD_FAULTS) + \
    f'    gone:\n      enabled: true\n      path: {BIN}/no-such-program\n'


class Problems(HostCase):
    config = CONFIG

    def problem(self, status, code, method, path, body=None, **options):
        answer = self.host.call(method, path, body, **options)
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers['Content-Type'], 'application/problem+json')
        self.assertEqual(answer.headers['Cache-Control'], 'no-store')
        problem = answer.json()
        self.assertEqual((problem['status'], problem['code']), (status, code))
        self.assertEqual(problem['type'], 'urn:skyclust:problem:' + code)
        self.assertEqual(problem['instance'], answer.headers['X-Request-Id'])
        self.assertGreater(len(problem['detail']), 10)
        self.assertIn(problem['effect'], ('none', 'partial', 'applied', 'unknown'))
        if status < 500 and code not in ('quota', 'rate_limited', 'conflict', 'forbidden') and status != 424:
            self.assertEqual(problem['effect'], 'none')
        return problem, answer.headers

    # ---- the request ----------------------------------------------------------

    def post(self, status, code, body, headers=None):
        return self.problem(status, code, 'POST', SIM + '/instances', body,
                            headers=headers or {'Content-Type': 'application/json'})[0]

    def test_body_that_is_not_json(self):
        problem = self.post(400, 'bad_request', b'{\n  "name": nope\n}')
        self.assertRegex(problem['detail'], r'line 2.*column')
        for body in (b'{', b'{} x', b'\xff\xfe', b'{"a":1,"a":2}', b'{"a":"\xc3"}', b'[' * 60000, b'NaN', b'{"a":1e999}',
                     b'{"a":99999999999999999999}', b"{'a':1}"):
            self.post(400, 'bad_request', body)

    def test_body_that_is_not_an_object(self):
        for body in (b'[]', b'null', b'"x"', b'1'):
            self.post(422, 'invalid', body)

    def test_members(self):
        good = {'name': 'a', 'instance_type': 'small', 'image_id': 'ubuntu-22.04'}
        cases = {
            '/nmae': {**good, 'nmae': 'x'}, '/name': {**good, 'name': 7}, '/tags/k': {**good, 'tags': {'k': 1}},
            '/image_id': {'name': 'a', 'instance_type': 'small'}, '/boot_disk_gib': {**good, 'boot_disk_gib': 0},
            '/security_groups/1': {**good, 'security_groups': ['sg', None]},
        }
        for pointer, body in cases.items():
            with self.subTest(pointer):
                problem, _ = self.problem(422, 'invalid', 'POST', SIM + '/instances', body)
                self.assertEqual(problem['pointer'], pointer)
        problem, _ = self.problem(422, 'invalid', 'POST', SIM + '/instances', {**good, 'nmae': 'x'})
        self.assertIn('name', problem['detail'])

    def test_query(self):
        for query, status in {'limit=0': 422, 'limit=x': 422, 'limit=1001': 422, 'native=maybe': 422, 'sort=name': 422,
                              'name=a&name=b': 400, '=x': 400, 'name=%': 400, 'name=%zz': 400, 'name=%00': 400,
                              'name=%ff': 400, '&'.join(f'k{i}=1' for i in range(65)): 400}.items():
            with self.subTest(query):
                code = 'invalid' if status == 422 else 'bad_request'
                self.problem(status, code, 'GET', f'{SIM}/instances?{query}')
        self.problem(422, 'invalid', 'POST', SIM + '/instances?name=x', {})
        self.problem(422, 'invalid', 'POST', SIM + '/instances?region=a', {'region': 'a'})
        self.problem(422, 'invalid', 'PATCH', SIM + '/instances/i', {'id': 'j'})
        self.problem(400, 'bad_request', 'DELETE', SIM + '/instances/i', {'id': 'i'})
        self.problem(400, 'bad_request', 'GET', SIM + '/instances', {})

    def test_path(self):
        self.problem(404, 'not_found', 'GET', '/nothing')
        self.problem(404, 'not_found', 'GET', '/api/v1/providers/nobody')
        problem, _ = self.problem(404, 'not_found', 'GET', '/api/v1/providers/nobody/instances')
        self.assertEqual(problem['provider'], 'nobody')
        for bad in ('%', '%zz', '%00', '%ff', '%c0%af'):
            self.problem(400, 'bad_request', 'GET', f'{SIM}/instances/{bad}')
        for odd in ('a%2Fb', '%2e%2e', '%E2%82%AC', 'a+b', 'x' * 1024):
            self.problem(404, 'not_found', 'GET', f'{SIM}/instances/{odd}')

    def test_method(self):
        for method, path, allow in (('POST', '/health', 'GET, HEAD, OPTIONS'),
                                    ('PUT', SIM + '/instances', 'GET, HEAD, POST, OPTIONS'),
                                    ('POST', SIM + '/instances/i', 'GET, HEAD, PATCH, DELETE, OPTIONS'),
                                    ('GET', SIM + '/instances/i/start', 'POST, OPTIONS'),
                                    ('BREW', SIM + '/instances', 'GET, HEAD, POST, OPTIONS')):
            _, headers = self.problem(405, 'method_not_allowed', method, path)
            self.assertEqual(headers['Allow'], allow)

    def test_media_type(self):
        for kind in ('text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'json', '',
                     'application/json; charset=latin1'):
            self.post(415, 'media_type', b'{}', {'Content-Type': kind})
        for kind in ('application/json', 'Application/JSON', 'application/json; charset=utf-8',
                     'application/json;charset="UTF-8"'):
            self.post(422, 'invalid', b'{}', {'Content-Type': kind})

    def test_accept(self):
        for accept in ('text/html', 'application/xml', 'application/json;q=0', 'image/*'):
            self.problem(406, 'not_acceptable', 'GET', SIM + '/regions', headers={'Accept': accept})
        for accept in ('*/*', 'application/*', 'text/html, application/json;q=0.5', 'text/html,*/*;q=0.1', ''):
            self.assertEqual(self.host.call('GET', SIM + '/regions', headers={'Accept': accept}).status, 200, accept)

    def test_too_much(self):
        self.problem(413, 'too_large', 'POST', SIM + '/instances', b' ' * (MAX_BODY + 1))
        self.problem(413, 'too_large', 'POST', SIM + '/instances', b' ' * (20 * MAX_BODY))
        self.post(400, 'bad_request', b' ' * MAX_BODY)
        self.problem(414, 'uri_too_long', 'GET', '/' + 'x' * 9000)
        self.problem(431, 'headers_too_large', 'GET', '/health', headers={'X-Much': 'x' * 8500})

    def test_what_is_refused_changed_nothing(self):
        """Our own refusals, unlike a cloud's, leave nothing open."""
        status, token = self.host.request('POST', '/api/v1/auth/tokens',
                                          {'name': 'little', 'permissions': ['region:list']})
        self.assertEqual(status, 201, token)
        for method, path, body, expected in (('POST', SIM + '/networks', {'name': 'n', 'cidr': '10.9.0.0/16'}, 403),
                                             ('POST', '/api/v1/users', {'name': 'u', 'role': 'user'}, 403),
                                             ('DELETE', '/api/v1/workspaces/ws_nothing', None, 403)):
            answer = self.host.call(method, path, body, token=token['token'])
            self.assertEqual((answer.status, answer.json()['effect']), (expected, 'none'), path)

    def test_a_key_without_effect_is_refused(self):
        self.problem(422, 'invalid', 'POST', '/api/v1/workspaces', {'name': 'w'}, headers={'Idempotency-Key': 'k'})

    # ---- the cloud ------------------------------------------------------------

    def test_cloud_faults(self):
        for code, (status, retryable) in CLOUD_FAULTS.items():
            with self.subTest(code):
                name = code.replace('_', '-')
                problem, headers = self.problem(status, code, 'GET', f'/api/v1/providers/{name}/regions')
                self.assertEqual((problem['provider'], problem['retryable']), (name, retryable))
                if status in (429, 503):
                    self.assertGreaterEqual(int(headers['Retry-After']), 1)

    def test_expired_credential(self):
        problem, _ = self.problem(424, 'credential_expired', 'GET', '/api/v1/providers/expired/instances')
        self.assertEqual(problem['provider'], 'expired')

    def test_conflict(self):
        vpc = self.host.get(SIM + '/networks?name=default')['items'][0]
        problem, _ = self.problem(409, 'conflict', 'DELETE', f'{SIM}/networks/{vpc["id"]}')
        self.assertEqual(problem['effect'], 'none')

    # ---- the driver -----------------------------------------------------------

    def test_driver_that_cannot_run(self):
        problem, headers = self.problem(503, 'driver_unavailable', 'GET', '/api/v1/providers/gone/regions')
        self.assertEqual(problem['provider'], 'gone')
        self.assertIn('Retry-After', headers)

    def test_readiness(self):
        self.host.call('GET', '/api/v1/providers/gone/regions')
        status, body = self.host.request('GET', '/ready')
        self.assertEqual((status, body['status'], body['drivers']['gone']), (200, 'degraded', 'broken'))
        alone = f'plugins:\n  auto_load: false\n  providers:\n    gone:\n      path: {BIN}/no-such-program\n'
        with Host(alone) as host:
            self.assertEqual(host.request('GET', '/ready')[1], {'status': 'ready', 'drivers': {'gone': 'stopped'}})
            host.call('GET', '/api/v1/providers/gone/regions')
            self.assertEqual(host.request('GET', '/ready'),
                             (503, {'status': 'not_ready', 'drivers': {'gone': 'broken'}}))

    def no_problem(self, provider):
        """What became of the change is found out, so its caller has none."""
        status, made = self.host.request('POST', f'/api/v1/providers/{provider}/volumes', {'name': 'a', 'size_gib': 1})
        self.assertEqual(status, 201, made)
        there = self.host.get(f'/api/v1/providers/{provider}/volumes')['items']
        self.assertEqual([volume['id'] for volume in there], [made['id']])

    def test_answer_that_is_lost(self):
        self.no_problem('lost')

    def test_driver_that_dies_with_a_change_in_hand(self):
        self.no_problem('fragile')


if __name__ == '__main__':
    unittest.main()
