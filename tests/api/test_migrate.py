#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole installation moved from SQLite to PostgreSQL and back: who could log
in still can, what was there still is, and the audit log verifies throughout."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from skyclust_fixture import BIN, ROOT, SIM, Host

sys.path.append(str(ROOT / 'tests/peers/postgresql'))
from postgresql import Postgres     # pylint: disable=wrong-import-position

PASSWORD = 'correct horse battery staple'


class Migrate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres().start()
        cls.addClassCleanup(cls.postgres.close)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-migrate-')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / 'data'
        self.config = self.folder / 'move.yaml'

    def host(self, store):
        return Host(SIM + f'\nstore: {{url: "{store}"}}\n', data=self.data)

    def migrate(self, source, target, secret='config'):
        """Exit status, and all that was said; the one in the file is @secret."""
        self.config.write_text(f'store: {{url: "{secret}"}}\n')
        done = subprocess.run([BIN / 'skyclustd', '--config', self.config, '--data-dir', self.data, '--migrate-store',
                               source, target], capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    def check(self, host, names):
        """It is the same installation, and goes on."""
        self.assertIn('access_token', host.log_in('ada', PASSWORD))
        self.assertEqual({item['name'] for item in host.get('/api/v1/workspaces')['items']}, set(names))
        self.assertTrue(host.get('/api/v1/audit/verify')['ok'])

    def add(self, host, name):
        status, made = host.request('POST', '/api/v1/workspaces', {'name': name})
        self.assertEqual(status, 201, made)

    def test_there_and_back(self):
        here, there = f'sqlite:{self.data}/skyclust.db', self.postgres.database('moved')
        with self.host(here) as host:
            status, made = host.request('POST', '/api/v1/users', {'name': 'ada', 'password': PASSWORD, 'role': 'user'})
            self.assertEqual(status, 201, made)
            self.add(host, 'first')
            self.check(host, ['first'])
            status, said = self.migrate(here, 'config', there)
            self.assertEqual(status, 1)
            self.assertIn('in use', said)
        status, said = self.migrate(here, 'config', there)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r'(?m)^users +2 rows$')
        self.assertNotIn(self.postgres.about['password'], said)
        with self.host(there) as host:
            self.check(host, ['first'])
            self.add(host, 'second')
            status, said = self.migrate('config', f'sqlite:{self.folder}/other/skyclust.db', there)
            self.assertEqual(status, 1)
            self.assertIn('in use', said)
        status, said = self.migrate(here, 'config', there)
        self.assertEqual(status, 1)
        self.assertIn('not empty', said)
        back = f'sqlite:{self.folder}/other/skyclust.db'
        status, said = self.migrate('config', back, there)
        self.assertEqual(status, 0, said)
        with self.host(back) as host:
            self.check(host, ['first', 'second'])


if __name__ == '__main__':
    unittest.main()
