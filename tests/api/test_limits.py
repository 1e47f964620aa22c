#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limits as clients see them: what one tenant spends is not another's, what is
told in headers holds, and guessing tokens comes to an end."""
import concurrent.futures
import contextlib
import re
import socket
import threading
import time
import unittest

from skyclust_fixture import SIM, Host

READ = '/api/v1/providers/sim/instance-types/small'
PASSWORD = 'correct horse battery staple'


def limits(**values):
    return 'limits:\n' + ''.join(f'  {name}: {value}\n' for name, value in values.items()) + SIM


def told(answer):
    """The numbers of both headers: (q, w, r, t)."""
    policy = re.fullmatch(r'"requests";q=(\d+);w=(\d+)', answer.headers['RateLimit-Policy'])
    state = re.fullmatch(r'"requests";r=(\d+);t=(\d+)', answer.headers['RateLimit'])
    return tuple(map(int, policy.groups() + state.groups()))


class Limits(unittest.TestCase):
    def user(self, host, name):
        """An access token of a new user, who is a tenant by itself."""
        status, made = host.request('POST', '/api/v1/users', {'name': name, 'password': PASSWORD, 'role': 'user'},
                                    local=True)
        self.assertEqual(status, 201, made)
        return host.log_in(name, PASSWORD)['access_token']

    def me(self, host, token):
        return host.call('GET', '/api/v1/auth/me', token=token)

    def test_a_bucket_for_each(self):
        with Host(limits(rate=1, burst=10)) as host:
            ada, bob = self.user(host, 'ada'), self.user(host, 'bob')
            began = time.monotonic()
            answers = [self.me(host, ada) for _ in range(15)]
            spent = time.monotonic() - began
            good = [a for a in answers if a.status == 200]
            self.assertEqual(good, answers[:len(good)])
            self.assertTrue(10 <= len(good) <= 10 + spent, len(good))
            self.assertEqual(told(good[0]), (10, 10, 9, 1))
            refused = answers[-1]
            self.assertEqual((refused.status, refused.json()['code'], refused.headers['Retry-After']),
                             (429, 'limited', '1'))
            self.assertEqual(told(refused)[2:], (0, 10))
            self.assertTrue(refused.json()['retryable'])
            self.assertEqual(self.me(host, bob).status, 200)
            host.wait_until(lambda: self.me(host, ada).status == 200)

    def test_what_fails_is_counted_too(self):
        with Host(limits(rate=1, burst=10)) as host:
            ada = self.user(host, 'ada')
            statuses = [host.call('GET', '/api/v1/nope', token=ada).status for _ in range(15)]
            self.assertEqual((statuses[0], statuses[-1]), (404, 429))
            self.assertEqual(self.me(host, ada).status, 429)

    def test_health_is_free(self):
        with Host(limits(rate=1, burst=1)) as host:
            for path in '/health', '/ready', '/metrics':
                self.assertEqual({host.call('GET', path).status for _ in range(5)}, {200})

    def test_requests_at_once(self):
        """Two are worked on, the third is refused, another tenant's is not."""
        slow = limits(requests=2).replace('boot_ms: 0', 'boot_ms: 0\n        latency_ms: 100000')
        slow = slow.replace('    sim:', '    sim:\n      shared: true')
        with Host(slow) as host, contextlib.ExitStack() as clients:
            for _ in range(2):
                client = clients.enter_context(socket.create_connection(('127.0.0.1', host.port)))
                client.sendall(f'GET {READ} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {host.token}\r\n\r\n'.encode())
            host.wait_until(lambda: 'calls_open":2' in
                            host.call('GET', '/api/v1/providers/sim', token=False, local=True).body.decode())
            refused = host.call('GET', '/api/v1/auth/me')
            self.assertEqual((refused.status, refused.json()['code']), (429, 'limited'))
            self.assertEqual(host.call('GET', '/api/v1/auth/me', token=False, local=True).status, 200)

    def test_guessing_tokens(self):
        """One second's attempts ten times over, then even the right one must wait."""
        with Host(limits(attempts=1)) as host:
            ada = self.user(host, 'ada')
            statuses = [self.me(host, f'wrong-{n}').status for n in range(12)]
            self.assertEqual((statuses[0], statuses[-1]), (401, 429))
            self.assertEqual(set(statuses), {401, 429})
            self.assertEqual(self.me(host, ada).status, 429)
            self.assertEqual(host.call('GET', '/api/v1/auth/me', token=False, local=True).status, 200)
            host.wait_until(lambda: self.me(host, ada).status == 200)

    def test_guessing_passwords(self):
        with Host(limits(attempts=1)) as host:
            ada = self.user(host, 'ada')
            body = {'name': 'nobody', 'password': 'wrong'}
            statuses = [host.call('POST', '/api/v1/auth/login', body, token=False).status for _ in range(3)]
            self.assertEqual(statuses, [401, 429, 429])
            self.assertEqual(self.me(host, ada).status, 429)

    def test_one_who_floods_and_twenty_who_do_not(self):
        """The flood takes what is its own, and none of what is the others'."""
        with Host(limits(rate=50, burst=50)) as host:
            tokens = [self.user(host, f'user-{n}') for n in range(20)]
            flooder, over = self.user(host, 'flooder'), threading.Event()

            def flood(_):
                seen = []
                with contextlib.closing(host.connect()) as connection:
                    while not over.is_set():
                        connection.request('GET', '/api/v1/auth/me', headers={'Authorization': 'Bearer ' + flooder})
                        answer = connection.getresponse()
                        answer.read()
                        seen.append(answer.status)
                return seen

            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(40) as pool:
                floods = [pool.submit(flood, n) for n in range(40)]
                host.wait_until(lambda: self.me(host, flooder).status == 429)
                normal = {self.me(host, token).status for _ in range(20) for token in tokens}
                over.set()
                flooded = [status for f in floods for status in f.result()]
            spent = time.monotonic() - began
            self.assertEqual(normal, {200})
            self.assertEqual(set(flooded), {200, 429})
            self.assertLessEqual(flooded.count(200), 50 + 50 * spent)


if __name__ == '__main__':
    unittest.main()
