#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Logging in: what is asked, what is kept and how, and that a rotating token is never used twice."""
import json
import os
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from cli_fixture import Cli, fake
from skyclust_fixture import ADMIN, PASSWORD, Host, HostCase
from test_tls import Authority

NOTHING = 'plugins:\n  auto_load: false\n'


class LoginCase(HostCase):
    config = NOTHING

    def setUp(self):
        self.cli = Cli(SKYCLUST_SERVER=self.host.url)
        self.addCleanup(self.cli.close)
        self.kept = self.cli.home / '.config/skyclust/logins.json'

    def log_in(self, cli=None):
        done = (cli or self.cli).run('login', '--user', ADMIN, input=PASSWORD + '\n')
        self.assertEqual((done.status, done.out), (0, ''), done)
        return done

    def login(self):
        return json.loads(self.kept.read_text())[self.host.url]

    def change(self, **members):
        """What is kept, as if time had passed."""
        self.kept.write_text(json.dumps({self.host.url: {**self.login(), **members}}))

    def sessions(self):
        return len([item for item in self.host.get('/api/v1/auth/sessions')['items'] if item['method'] == 'password'])


class Life(LoginCase):
    def test_in_use_and_out(self):
        before = self.sessions()
        err = self.cli.run('whoami').err
        self.assertIn('next: log in: `skyclust login`', err)
        self.assertEqual(self.cli.run('token').status, 5)
        self.assertEqual(self.log_in().err, f'logged in to {self.host.url} as {ADMIN}\n')
        self.assertEqual(self.sessions(), before + 1)
        me = self.cli.json('whoami')
        self.assertEqual((me['name'], me['role']), (ADMIN, 'admin'))
        token = self.cli.run('token').out
        self.assertEqual(self.host.call('GET', '/api/v1/auth/me', token=token.strip()).status, 200)
        self.assertEqual(self.cli.run('logout').err, f'logged out of {self.host.url}\n')
        self.assertEqual(self.sessions(), before)
        self.assertEqual(self.host.call('GET', '/api/v1/auth/me', token=token.strip()).status, 401)
        self.assertEqual(json.loads(self.kept.read_text()), {})
        self.assertEqual(self.cli.run('whoami').status, 5)

    def test_logging_out_ends_the_login_not_a_token_that_is_given(self):
        before = self.sessions()
        self.log_in()
        self.assertEqual(self.cli.run('logout', env={'SKYCLUST_TOKEN': self.host.token}).status, 0)
        self.assertEqual(self.sessions(), before)
        done = self.cli.run('logout')
        self.assertEqual((done.status, done.err), (0, f'logged out of {self.host.url}\n'))

    def test_what_is_kept_is_private(self):
        self.log_in()
        self.assertEqual(stat.S_IMODE(self.kept.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.kept.parent.stat().st_mode), 0o700)
        self.assertEqual(sorted(os.listdir(self.kept.parent)), ['logins.json', 'logins.lock'])
        self.assertEqual(set(self.login()), {'access_token', 'refresh_token', 'until'})
        self.assertNotIn(PASSWORD, self.kept.read_text())

    def test_wrong_password(self):
        done = self.cli.run('login', '--user', ADMIN, input='wrong\n')
        self.assertEqual((done.status, done.out), (5, ''), done)
        self.assertIn('code: unauthorized', done.err)
        self.assertNotIn('next: log in', done.err)
        self.assertFalse(self.kept.exists())

    def test_no_answer(self):
        done = self.cli.run('login', '--user', ADMIN)
        self.assertEqual((done.status, done.err), (130, 'skyclust: there was no answer; nothing was done\n'))

    def test_verbose_shows_no_secret(self):
        done = self.cli.run('login', '-v', '--user', ADMIN, input=PASSWORD + '\n')
        for secret in (PASSWORD, self.login()['access_token'], self.login()['refresh_token']):
            self.assertNotIn(secret, done.err)
        self.assertIn('password=…', done.err)

    def test_token_for_kubectl(self):
        self.log_in()
        credential = json.loads(self.cli.run('token', '--exec-credential').out)
        self.assertEqual((credential['apiVersion'], credential['kind'], credential['status']),
                         ('client.authentication.k8s.io/v1', 'ExecCredential', {'token': self.login()['access_token']}))

    def test_a_given_token_goes_before_the_login(self):
        self.log_in()
        self.assertIsNone(self.cli.json('whoami', env={'SKYCLUST_TOKEN': self.host.token})['session_id'])
        self.assertEqual(self.cli.run('whoami', env={'SKYCLUST_TOKEN': 'wrong'}).status, 5)

    def test_a_home_that_cannot_be_written_to(self):
        done = self.cli.run('whoami', env={'HOME': '/nonexistent', 'SKYCLUST_TOKEN': self.host.token})
        self.assertEqual(done.status, 0, done)
        for home in ('/nonexistent', None):
            self.assertEqual(self.cli.run('whoami', env={'HOME': home}).status, 5)


class Terminal(LoginCase):
    def test_password_is_not_shown(self):
        with self.cli.terminal('login') as t:
            t.wait('User: ')
            t.type(ADMIN)
            t.wait('Password: ')
            t.type(PASSWORD)
            t.wait('logged in to')
        self.assertEqual(t.status, 0)
        self.assertNotIn(PASSWORD, t.text)

    def test_interrupted(self):
        with self.cli.terminal('login', '--user', ADMIN) as t:
            t.wait('Password: ')
            t.press(b'\x03')
        self.assertEqual(t.status, 130)
        self.assertFalse(self.kept.exists())


class Renewal(LoginCase):
    def refreshes(self):
        return [line for line in self.host.log().splitlines() if 'path=/api/v1/auth/refresh' in line]

    def test_before_it_ends(self):
        self.log_in()
        before = self.login()
        self.assertEqual(self.cli.run('whoami').status, 0)
        self.assertEqual(self.login(), before)
        self.change(until=int(time.time() * 1000) + 1000)
        self.assertEqual(self.cli.run('whoami').status, 0)
        self.assertNotEqual(self.login()['refresh_token'], before['refresh_token'])
        self.assertNotEqual(self.login()['access_token'], before['access_token'])
        self.assertEqual(self.cli.run('whoami').status, 0)

    def test_when_it_is_refused(self):
        """By a clock that goes wrong here: one refresh, once."""
        self.log_in()
        before = self.login()
        self.change(access_token='not.what.it.was')
        done = self.cli.run('whoami', '-v')
        self.assertEqual(done.status, 0, done)
        self.assertEqual([line.split('/api/v1/auth/')[1] for line in done.err.splitlines() if line.startswith('> ')],
                         ['me', 'refresh', 'me'])
        self.assertNotEqual(self.login()['refresh_token'], before['refresh_token'])

    def test_many_at_once(self):
        """A refresh token that comes twice ends the session: no two may send the same."""
        self.log_in()
        before = len(self.refreshes())
        for _ in range(3):
            self.change(until=0)
            running = [self.cli.start('whoami', '-q', '-o', 'json') for _ in range(8)]
            for process in running:
                out, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 0, err)
                self.assertEqual(json.loads(out)['name'], ADMIN)
        self.assertEqual(['status=200' in line for line in self.refreshes()[before:]], [True] * 3)

    def test_a_session_that_was_ended_elsewhere(self):
        self.log_in()
        for item in self.host.get('/api/v1/auth/sessions')['items']:
            if item['method'] == 'password':
                self.host.call('DELETE', '/api/v1/auth/sessions/' + item['id'])
        done = self.cli.run('whoami')
        self.assertEqual(done.status, 5, done)
        self.assertIn('next: log in: `skyclust login`', done.err)
        self.assertEqual(json.loads(self.kept.read_text()), {})

    def test_a_damaged_file(self):
        self.kept.parent.mkdir(parents=True)
        self.kept.write_text('{')
        done = self.cli.run('whoami')
        self.assertEqual(done.status, 2)
        self.assertIn('remove it and log in again', done.err)


class FirstAdministrator(unittest.TestCase):
    def test_bootstrap_by_the_socket(self):
        """As after `make run`: the socket and the one-time token are in ./data."""
        cli = Cli()
        self.addCleanup(cli.close)
        with Host(NOTHING, administrator=False) as host:
            (cli.home / 'data').symlink_to(host.data)
            self.assertEqual(cli.json('whoami')['kind'], 'local')
            done = cli.run('login', '--bootstrap', 'data/bootstrap.token', '--user', 'ada', input='short\n')
            self.assertEqual(done.status, 2)
            with cli.terminal('login', '--bootstrap', 'data/bootstrap.token', '--user', 'ada') as t:
                t.wait('New password: ')
                t.type(PASSWORD)
                t.wait('The same again: ')
                t.type(PASSWORD)
                t.wait('logged in to')
            self.assertEqual(t.status, 0)
            self.assertEqual(cli.json('whoami')['name'], 'ada')
            again = cli.run('login', '--bootstrap', 'data/bootstrap.token', input='x\n')
            self.assertEqual(again.status, 2)
            self.assertIn('cannot be read; the host makes it at its first start', again.err)
            self.assertEqual(cli.run('logout').status, 0)
            self.assertEqual(cli.json('whoami')['kind'], 'local')

    def test_two_different_new_passwords(self):
        cli = Cli()
        self.addCleanup(cli.close)
        (cli.home / 'token').write_text('one')
        with cli.terminal('login', '--bootstrap', 'token', '--user', 'ada', '--server', 'http://127.0.0.1:1') as t:
            t.wait('New password: ')
            t.type('one thing and more')
            t.wait('The same again: ')
            t.type('another thing')
        self.assertEqual(t.status, 2)
        self.assertIn('these are two different passwords', t.text)


class Https(unittest.TestCase):
    def test_certificates(self):
        with tempfile.TemporaryDirectory(prefix='skyclust-cli-tls-') as folder:
            ca = Authority(folder)
            ca.issue('server')
            ca.issue('me', purpose='clientAuth')
            pem = {name: str(ca.path(name + '.pem')) for name in ('ca', 'me')}
            ours = ('--cert', pem['me'], '--key', str(ca.path('me.key')))
            with Host(ca.config(client_ca='ca'), administrator=False) as host:
                cli = Cli(SKYCLUST_SERVER=host.url)
                self.addCleanup(cli.close)
                for args in ((), ('--ca-file', pem['ca'])):     # an unknown authority; no certificate of ours
                    done = cli.run('whoami', *args)
                    self.assertEqual(done.status, 6, done)
                done = cli.run('login', '--bootstrap', str(host.data / 'bootstrap.token'), '--user', 'ada', '--ca-file',
                               pem['ca'], *ours, input=PASSWORD + '\n')
                self.assertEqual(done.status, 0, done)
                cli.run('context', 'set', 'x', '--ca-file', pem['ca'])
                self.assertEqual(cli.json('whoami', *ours)['name'], 'ada')
                self.assertEqual(cli.json('whoami', env={'SKYCLUST_CERT': ours[1], 'SKYCLUST_KEY': ours[3]})['name'], 'ada')
                self.assertEqual(cli.run('whoami', *ours, env={'SKYCLUST_CA_FILE': pem['me']}).status, 6)


class Odd(unittest.TestCase):
    def test_no_password_in_the_clear(self):
        cli = Cli()
        self.addCleanup(cli.close)
        done = cli.run('login', '--server', 'http://sky.example.org', '--user', 'me', input='secret\n')
        self.assertEqual(done.status, 2)
        self.assertIn('in the clear; use https://', done.err)

    def test_an_interrupt_does_not_lose_the_next_refresh_token(self):
        """Nor does a short --timeout."""
        asked, go_on = threading.Event(), threading.Event()

        def answer(method, path, _):
            if path.endswith('/login'):
                return 200, {'access_token': 'a1', 'refresh_token': 'r1', 'expires_in': 0}
            if path.endswith('/refresh'):
                asked.set()
                go_on.wait(60)
                return 200, {'access_token': 'a2', 'refresh_token': 'r2', 'expires_in': 900}
            return 200, {'id': 'me', 'kind': 'person'}
        with fake(answer) as (cli, server):
            cli.env.pop('SKYCLUST_TOKEN')
            self.assertEqual(cli.run('login', '--user', 'me', input='pw\n').status, 0)
            process = cli.start('whoami', '--timeout', '1', stdin=subprocess.DEVNULL)
            self.assertTrue(asked.wait(60))
            process.send_signal(2)
            go_on.set()
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130)
            kept = json.loads((cli.home / '.config/skyclust/logins.json').read_text())[server.url]
            self.assertEqual((kept['access_token'], kept['refresh_token']), ('a2', 'r2'))


if __name__ == '__main__':
    unittest.main()
