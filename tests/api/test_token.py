#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A token: made once, kept private, needed everywhere."""
import os
import subprocess
import unittest

from skyclust_fixture import BIN, Host

NOTHING = 'plugins:\n  auto_load: false\n'


class Token(unittest.TestCase):
    def test_bootstrap_token_is_private_and_good_once(self):
        with Host(NOTHING) as host:
            self.assertFalse((host.data / 'bootstrap.token').exists())
            for token in ('', '0' * 64):
                status, problem = host.request('POST', '/api/v1/auth/bootstrap', token=False, body={
                    'token': token, 'name': 'second', 'password': 'another long password'})
                self.assertIn((status, problem['code']), {(409, 'conflict'), (422, 'invalid')})
            host.stop()
            host.start()
            self.assertFalse((host.data / 'bootstrap.token').exists())
            self.assertEqual(host.call('GET', '/api/v1/providers').status, 200)
            self.assertNotIn(host.token, host.log())

    def test_a_database_without_its_keys_is_refused(self):
        with Host(NOTHING) as host:
            host.stop()
            keys = host.data / 'keys.json'
            kept = keys.read_bytes()
            keys.unlink()
            done = subprocess.run([BIN / 'skyclustd', '--config', host.config, '--data-dir', host.data,
                                   '--listen', '127.0.0.1:0'], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn('the keys of this database are missing', done.stderr)
            self.assertFalse(keys.exists())
            keys.write_bytes(kept)
            keys.chmod(0o600)
            host.start()
            self.assertEqual(host.call('GET', '/api/v1/providers').status, 200)

    def test_files_are_private(self):
        with Host(NOTHING) as host:
            for file in host.data.iterdir():
                if file.name != 'test.token':
                    self.assertEqual(file.stat().st_mode & 0o077, 0, file)

    def test_two_hosts_two_tokens(self):
        with Host(NOTHING) as one, Host(NOTHING) as two:
            self.assertNotEqual(one.token, two.token)
            self.assertEqual(one.call('GET', '/api/v1/providers', token=two.token).status, 401)

    def test_wrong_ones(self):
        with Host(NOTHING) as host:
            wrong = {
                'none': {}, 'empty': {'Authorization': ''}, 'bare': {'Authorization': host.token},
                'scheme': {'Authorization': 'Basic ' + host.token}, 'no token': {'Authorization': 'Bearer '},
                'short': {'Authorization': 'Bearer ' + host.token[:-1]},
                'long': {'Authorization': 'Bearer ' + host.token + '0'},
                'changed': {'Authorization': 'Bearer ' + host.token[:-1] + 'x'},
                'trailing text': {'Authorization': 'Bearer ' + host.token + ' x'},
            }
            for name, headers in wrong.items():
                with self.subTest(name):
                    answer = host.call('GET', '/api/v1/providers', headers=headers, token=False)
                    self.assertEqual(answer.status, 401)
                    self.assertEqual(answer.headers['WWW-Authenticate'], 'Bearer realm="skyclust"')
                    self.assertEqual(answer.json()['code'], 'unauthorized')
            for scheme in ('Bearer', 'bearer', 'BEARER'):
                headers = {'Authorization': f'{scheme} {host.token}'}
                self.assertEqual(host.call('GET', '/api/v1/providers', headers=headers, token=False).status, 200)

    def test_what_is_there_is_not_told_without_it(self):
        with Host(NOTHING) as host:
            for method in ('GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'):
                for path in ('/api/v1/providers', '/api/v1/no-such-thing', '/api/v1/', '/api/v2'):
                    self.assertEqual(host.call(method, path, token=False).status, 401, (method, path))

    def refused(self, prepare, *args):
        """The host ends at once, and says why."""
        host = Host(NOTHING)
        self.addCleanup(host.close)
        host.data.mkdir(mode=0o700)
        prepare(host.data / 'bootstrap.token')
        done = subprocess.run([BIN / 'skyclustd', '--config', host.config, '--data-dir', host.data,
                               *(args or ('--listen', '127.0.0.1:0'))],
                              capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn('listening on', done.stdout)
        return done.stderr

    def test_a_file_others_can_read_is_refused(self):
        def prepare(file):
            file.write_text('0' * 64)
            file.chmod(0o644)
        self.assertIn('can be read by others', self.refused(prepare))

    def test_a_file_without_a_token_is_refused(self):
        def prepare(file):
            file.touch(mode=0o600)
        self.assertIn('holds no token', self.refused(prepare))

    def test_only_loopback(self):
        for address in ('0.0.0.0:0', '192.0.2.1:0', '[::]:0'):
            self.assertIn('loopback', self.refused(lambda file: None, '--listen', address))
        for address in ('nonsense', '127.0.0.1', '127.0.0.1:99999', 'localhost:http'):
            self.assertIn('HOST:PORT', self.refused(lambda file: None, '--listen', address))

    def test_no_setting_turns_it_off(self):
        done = subprocess.run([BIN / 'skyclustd', '--print-config'], capture_output=True, text=True, timeout=60,
                              env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=1'})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotRegex(done.stdout, r'(?i)anonymous|insecure|no_auth|auth[.:] *(off|none|false)')


if __name__ == '__main__':
    unittest.main()
