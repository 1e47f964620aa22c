#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where settings come from: options, environment, contexts, and what `make run` makes."""
import os
import stat
import unittest

from cli_fixture import Cli, fake
from skyclust_fixture import HostCase


class Files(unittest.TestCase):
    """The file itself; no server is needed."""

    def setUp(self):
        self.cli = Cli()
        self.addCleanup(self.cli.close)
        self.file = self.cli.home / '.config/skyclust/config.yaml'

    def ok(self, *args, **options):
        done = self.cli.run(*args, **options)
        self.assertEqual(done.status, 0, done)
        return done.out

    def test_set_use_list_delete(self):
        self.assertEqual(self.cli.json('context'), [])
        self.ok('context', 'set', 'home', '--server', 'http://127.0.0.1:1', '--token-file', 'my.token', '--provider',
                'sim', '--region', 'a')
        self.ok('context', 'set', 'my "work": #1', '--server', 'https://sky.example')
        token = os.path.join(os.path.realpath(self.cli.home), 'my.token')
        contexts = {item['name']: item for item in self.cli.json('context', 'list')}
        self.assertEqual(contexts['home'], {'name': 'home', 'current': True, 'server': 'http://127.0.0.1:1',
                                            'token_file': token, 'provider': 'sim', 'region': 'a'})
        self.assertFalse(contexts['my "work": #1']['current'])
        self.ok('context', 'use', 'my "work": #1')
        self.ok('context', 'set', 'home', '--region', 'b')
        contexts = {item['name']: item for item in self.cli.json('context')}
        self.assertTrue(contexts['my "work": #1']['current'])
        self.assertEqual((contexts['home']['region'], contexts['home']['provider']), ('b', 'sim'))
        self.ok('context', 'delete', 'my "work": #1')
        self.assertEqual([item['current'] for item in self.cli.json('context')], [False])

    def test_files_are_found_from_everywhere(self):
        self.ok('context', 'set', 'x', '--server', 'unix:run/sky.sock', '--ca-file', 'ca.pem', '--workspace', 'w',
                '--credential', 'c')
        here = os.path.realpath(self.cli.home)
        self.assertEqual(self.cli.json('context'), [{
            'name': 'x', 'current': True, 'server': f'unix:{here}/run/sky.sock', 'ca_file': f'{here}/ca.pem',
            'workspace': 'w', 'credential': 'c'}])

    def test_mode_and_place(self):
        self.ok('context', 'set', 'x')
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.file.parent.stat().st_mode), 0o700)
        self.assertEqual(os.listdir(self.file.parent), ['config.yaml'])
        other = self.cli.home / 'other'
        self.ok('context', 'set', 'yonder', env={'XDG_CONFIG_HOME': str(other)})
        self.assertTrue((other / 'skyclust/config.yaml').exists())
        self.assertNotIn('yonder', self.file.read_text())

    def test_faults(self):
        self.assertEqual(self.cli.run('context', 'use', 'nope').status, 3)
        self.assertEqual(self.cli.run('--context', 'nope', 'status').status, 3)
        self.assertEqual(self.cli.run('context', 'us', 'x').status, 2)
        self.assertEqual(self.cli.json('context', env={'HOME': None}), [])       # a service has no home
        self.assertEqual(self.cli.run('context', 'set', 'x', env={'HOME': None}).status, 2)
        self.file.parent.mkdir(parents=True)
        for text, line in (('current: a\nfoo: 1\n', 2), ('contexts:\n  a: 1\n', 2), ('contexts:\n  a:\n    toke: x\n', 3),
                           ('contexts: [', 1), ('- a\n', 1)):
            self.file.write_text(text)
            done = self.cli.run('context', 'list')
            self.assertEqual((done.status, done.out), (2, ''), text)
            self.assertRegex(done.err, rf'config\.yaml:[{line}{line + 1}]: ', text)

    def test_a_file_written_by_hand(self):
        self.file.parent.mkdir(parents=True)
        self.file.write_text('# mine\ncurrent: a\ncontexts:\n  a:\n    server: http://h:1\n    region: 12\n')
        self.assertEqual(self.cli.json('context')[0]['region'], '12')
        self.file.write_text('')
        self.assertEqual(self.cli.json('context'), [])


class Precedence(HostCase):
    config = '''
plugins:
  auto_load: false
  providers:
    one: {enabled: true, driver: sim, config: {seed_instances: 1}}
    two: {enabled: true, driver: sim, config: {seed_instances: 2}}
    three: {enabled: true, driver: sim, config: {seed_instances: 3}}
'''

    def setUp(self):
        self.cli = Cli()
        self.addCleanup(self.cli.close)
        (self.cli.home / 'token').write_text(self.host.token + '\n')
        done = self.cli.run('context', 'set', 'main', '--server', self.host.url, '--token-file', 'token', '--provider',
                            'one')
        self.assertEqual(done.status, 0, done)

    def count(self, *args, **options):
        return len(self.cli.json(*args, 'instances', 'list', **options))

    def test_provider(self):
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.count(env={'SKYCLUST_PROVIDER': 'two'}), 2)
        self.assertEqual(self.count('--provider', 'three', env={'SKYCLUST_PROVIDER': 'two'}), 3)
        self.assertEqual(self.count('two', '--provider', 'three'), 2)

    def test_contexts(self):
        self.cli.run('context', 'set', 'second', '--server', self.host.url, '--token-file', 'token', '--provider', 'two')
        self.assertEqual(self.count('--context', 'second'), 2)
        self.assertEqual(self.count(), 1)
        self.cli.run('context', 'use', 'second')
        self.assertEqual(self.count(), 2)
        self.cli.run('context', 'set', 'second', '--region', 'sim-west')
        self.assertEqual(self.count(), 0)
        self.assertEqual(self.count('--region', 'sim-east'), 2)

    def test_server_and_token(self):
        self.assertEqual(self.count('--server', self.host.url.replace('http://', '')), 1)   # the scheme may be left out
        self.assertEqual(self.count('--server', self.host.url + '/'), 1)
        with fake(lambda *_: (200, {'items': []})) as (_, server):
            seen = server.requests
            self.assertEqual(self.count('--server', server.url), 0)
            self.assertEqual(len(seen), 1)
        wrong = self.cli.home / 'wrong'
        wrong.write_text('nonsense')
        self.assertEqual(self.cli.run('status', '--token-file', str(wrong)).status, 5)
        self.assertEqual(self.cli.run('status', env={'SKYCLUST_TOKEN_FILE': str(wrong)}).status, 5)
        self.assertEqual(self.cli.run('status', env={'SKYCLUST_TOKEN': 'nonsense'}).status, 5)
        self.assertEqual(self.cli.run('status', '--token-file', 'token', env={'SKYCLUST_TOKEN': 'nonsense'}).status, 0)
        self.assertEqual(self.cli.run('status', '--token-file', 'nosuch').status, 2)
        wrong.write_bytes(b'a\x01b')
        self.assertEqual(self.cli.run('status', '--token-file', 'wrong').status, 2)

    def test_a_contexts_token_is_for_its_server_only(self):
        with fake(lambda *_: (401, {'code': 'unauthorized', 'detail': 'x'})) as (_, server):
            self.assertEqual(self.cli.run('--server', server.url, 'status').status, 5)
            self.assertEqual([headers['Authorization'] for headers in server.headers], [None])

    def test_what_make_run_makes(self):
        """Without any setting: the socket in ./data, which needs no token."""
        self.cli.run('context', 'delete', 'main')
        (self.cli.home / 'data').symlink_to(self.host.data)
        self.assertEqual(len(self.cli.json('providers')), 3)
        self.assertEqual(self.cli.json('whoami')['kind'], 'local')

    def test_unix_socket(self):
        for server in (f'unix:{self.host.data}/skyclust.sock', 'unix:data/skyclust.sock'):
            (self.cli.home / 'data').unlink(missing_ok=True)
            (self.cli.home / 'data').symlink_to(self.host.data)
            self.assertEqual(self.count('--server', server), 1)
        done = self.cli.run('--server', 'unix:nosuch.sock', 'status')
        self.assertEqual(done.status, 6)
        self.assertIn('unix:nosuch.sock cannot be reached', done.err)

    def test_a_token_is_not_sent_in_the_clear(self):
        """Nor to what only looks like this machine."""
        for server in ('http://192.0.2.1:8080', '192.0.2.1', 'http://127.0.0.1.example.org', 'http://localhost.example.org',
                       'http://127.evil', 'http://[::1].evil'):
            done = self.cli.run('status', '--server', server, '--token-file', 'token', '--timeout', '1')
            self.assertEqual(done.status, 2, done)
            self.assertIn('in the clear; use https://', done.err)


if __name__ == '__main__':
    unittest.main()
