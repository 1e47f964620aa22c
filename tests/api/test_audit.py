#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit log from outside: what is in it, what others can verify of it, and
what becomes of it when the host is killed or its database is put back."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

from skyclust_fixture import BIN, SIM, Host

VERIFY = BIN / 'skyclust-audit-verify'
AUDIT = '/api/v1/audit'
INSTANCES = '/api/v1/providers/sim/instances'
TIMEOUT = 60


def items(host, **filters):
    """The newest records that @filters find."""
    return host.get(f'{AUDIT}?{urllib.parse.urlencode({"limit": 1000, **filters})}')['items']


def export(host, folder):
    """The whole log as a file."""
    answer = host.call('GET', AUDIT + '/export')
    assert answer.status == 200, answer
    file = pathlib.Path(folder) / 'audit.jsonl'
    file.write_bytes(answer.body)
    return file


def verify(host, file):
    """Exit status and output of the program, which knows the exported files only."""
    kept = host.data / 'audit'
    checkpoints = [word for path in sorted(kept.glob('checkpoint-*.json')) for word in ('--checkpoint', path)]
    done = subprocess.run([VERIFY, '--key', kept / 'audit-1.pem', *checkpoints, file], capture_output=True, text=True,
                          timeout=TIMEOUT, check=False)
    return done.returncode, done.stdout


def sign(host):
    status, checkpoint = host.request('POST', AUDIT + '/checkpoints', {})
    assert status == 201, checkpoint
    return checkpoint


class Audit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-audit-')
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_who_did_what(self):
        with Host() as host:
            host.call('GET', INSTANCES, headers={'X-Request-Id': 'read-1', 'User-Agent': 'tester/7'})
            host.call('GET', INSTANCES, token='skt_nonsense')
            host.wait_until(lambda: items(host, action='instance.list'), 'the read is not in the log')
            record = items(host, action='instance.list')[-1]
            self.assertEqual((record['request_id'], record['agent'], record['outcome'], record['actor']['name']),
                             ('read-1', 'tester/7', 'allowed', 'root'))
            self.assertEqual(record['source'], '127.0.0.1')
            self.assertTrue(record['actor']['token'].startswith('tok_'))
            stats = host.get(AUDIT + '/stats')
            self.assertGreater(stats['kept'], 0)
            self.assertEqual(stats['lost'], 0)

    def test_whoever_has_the_files_can_verify(self):
        with Host() as host:
            sign(host)
            for _ in range(30):
                self.assertEqual(host.request('POST', AUDIT + '/checkpoints', {})[0], 201)
            self.assertTrue(host.get(AUDIT + '/verify')['ok'])
            file = export(host, self.folder)
            status, output = verify(host, file)
            self.assertEqual(status, 0, output)
            self.assertIn('31 checkpoints, 0 faults', output)
            lines = file.read_bytes().splitlines(keepends=True)
            # In the middle of a lane: the last one of a lane may be newer than all checkpoints.
            lanes = [json.loads(line)['lane'] for line in lines]
            longest = max(lanes, key=lanes.count)
            at = lanes.index(longest) + lanes.count(longest) // 2
            for name, tampered in {
                    'edited': [*lines[:at], lines[at].replace(b'"outcome"', b'"Outcome"'), *lines[at + 1:]],
                    'deleted': lines[:at] + lines[at + 1:],
                    'truncated': lines[:20],
                    'repeated': [*lines[:at], lines[at - 5], *lines[at:]]}.items():
                file.write_bytes(b''.join(tampered))
                status, output = verify(host, file)
                self.assertEqual(status, 1, name)
                self.assertIn(f' {name}: ', output)

    def test_the_life_of_a_driver(self):
        with Host() as host:
            host.get(INSTANCES)
            provider = host.get('/api/v1/providers/sim')
            os.kill(provider['pid'], signal.SIGKILL)
            host.wait_until(lambda: items(host, action='driver.ended'), 'its end is not in the log')
            ready = items(host, action='driver.ready')[-1]
            self.assertEqual((ready['provider'], ready['actor']['kind'], ready['more']['pid']), ('sim', 'host', provider['pid']))
            self.assertEqual(ready['driver']['digest'], provider['digest'])
            ended = items(host, action='driver.ended')[0]
            self.assertEqual((ended['outcome'], ended['reason']), ('failed', 'driver_unavailable'))
            self.assertIn('SIGKILL', ended['more']['detail'])
            # One that is asked to end does so, and that is no fault.
            host.get(INSTANCES)
            host.config.write_text(SIM.replace('enabled: true', 'enabled: false'))
            os.kill(host.process.pid, signal.SIGHUP)
            host.wait_until(lambda: items(host, action='driver.ended', outcome='succeeded'), 'it did not end well')

    def test_the_life_of_the_host(self):
        with Host() as host:
            host.stop()
            host.start()
            host.wait_until(lambda: len(items(host, action='host.started')) == 2, 'the start is not in the log')
            lives = [(row['action'], row['target']) for row in items(host)
                     if row['action'] in ('host.started', 'host.stopped')]
            self.assertEqual([action for action, _ in lives], ['host.started', 'host.stopped', 'host.started'])
            self.assertEqual(lives[1][1], lives[2][1])
            self.assertNotEqual(lives[0][1], lives[1][1])

    def test_csv(self):
        with Host() as host:
            answer = host.call('GET', AUDIT + '/export?format=csv')
            self.assertEqual((answer.status, answer.headers.get_content_type()), (200, 'text/plain'))
            self.assertTrue(answer.body.startswith(b'lane,seq,at,action,'))
            status, problem = host.request('GET', AUDIT + '/export?format=xml')
            self.assertEqual((status, problem['code']), (422, 'invalid'))

    def test_checkpoints_by_the_interface_are_those_in_the_folder(self):
        with Host() as host:
            made = sign(host)
            listed = host.get(AUDIT + '/checkpoints')['items']
            self.assertEqual(listed[0]['id'], made['id'])
            written = {path.read_text() for path in (host.data / 'audit').glob('checkpoint-*.json')}
            self.assertLessEqual({row['envelope'] for row in listed}, written)
            key = host.get(AUDIT + '/checkpoints/key')['keys'][0]
            self.assertEqual((host.data / 'audit' / 'audit-1.pem').read_text(), key['public_key'])

    def test_killed_in_the_midst_of_it(self):
        with Host() as host:
            for _ in range(3):
                sign(host)
                host.request('POST', INSTANCES, {'name': 'vm', 'image_id': 'none', 'instance_type_id': 'none'})
                host.kill()
                host.start()
                self.assertIn(host.get(AUDIT + '/stats')['agreed_at_start'], (True, None))
                self.assertTrue(host.get(AUDIT + '/verify')['ok'])
            file = export(host, self.folder)
            self.assertEqual(verify(host, file)[0], 0)

    def test_database_put_back(self):
        with Host() as host:
            sign(host)
            host.stop()
            put_back = host.keep_store()
            host.start()
            sign(host)
            host.stop()
            put_back()
            host.start()
            host.wait_log(lambda line: 'the audit log is not where it was left' in line)
            stats = host.get(AUDIT + '/stats')
            self.assertIs(stats['agreed_at_start'], False)
            self.assertTrue(stats['disagreement'])
            host.wait_until(lambda: items(host, action='audit.disagrees'), 'it is not in the log')
            # What was exported before cannot be brought to agree with it.
            sign(host)
            status, output = verify(host, export(host, self.folder))
            self.assertEqual(status, 1)
            self.assertIn('rolled back: ', output)

    def test_no_secret(self):
        with Host() as host:
            host.request('POST', '/api/v1/auth/login', {'name': 'root', 'password': 'canary-of-a-password'}, token=False)
            host.wait_until(lambda: items(host, action='auth.login'), 'the login is not in the log')
            text = export(host, self.folder).read_text()
            for secret in ('canary', host.token, 'correct horse'):
                self.assertNotIn(secret, text)
            for line in text.splitlines():
                json.loads(line)


if __name__ == '__main__':
    unittest.main()
