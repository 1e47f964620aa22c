#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unix socket of the local administrator: who gets in, and the file."""
import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import unittest

from skyclust_fixture import SIM, Host, UnixConnection

ASK = '''
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(b'GET /health HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')
    sys.stdout.buffer.write(s.recv(65536))
except OSError:
    pass
'''


def ask(path, target):
    """The status of GET @target by the socket at @path."""
    with contextlib.closing(UnixConnection(path, 60)) as connection:
        connection.request('GET', target)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def setting(path):
    return f'server:\n  socket: {path}\n{SIM}'


class Socket(unittest.TestCase):
    def test_default_place_and_life(self):
        with Host() as host:
            path = host.data / 'skyclust.sock'
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            self.assertEqual(ask(path, '/health'), 200)
            self.assertEqual(ask(path, '/nope'), 404)
            self.assertEqual(host.call('GET', '/api/v1/users', token=False, local=True).status, 200)
            self.assertEqual(host.call('GET', '/api/v1/users', token=False).status, 401)
            host.stop()
            self.assertFalse(path.exists())

    def test_configured_place(self):
        with Host() as host:
            host.stop()
            path = host.dir / 'elsewhere.sock'
            host.config.write_text(setting(path))
            host.start()
            self.assertEqual(ask(path, '/health'), 200)
            self.assertFalse((host.data / 'skyclust.sock').exists())

    def test_several_requests_on_one_connection(self):
        with Host() as host, contextlib.closing(UnixConnection(host.data / 'skyclust.sock', 60)) as connection:
            for _ in range(20):
                connection.request('GET', '/health')
                answer = connection.getresponse()
                self.assertEqual((answer.status, bool(answer.read())), (200, True))

    @unittest.skipUnless(os.getuid() == 0 and shutil.which('setpriv'), 'needs root and setpriv(1)')
    def test_other_users_are_hung_up_on(self):
        """Also where the modes of file and folder would let them in."""
        with Host() as host:
            path = host.data / 'skyclust.sock'
            for place in (host.dir, host.data):
                place.chmod(0o755)
            path.chmod(0o666)
            for user, answered in (('65534', False), ('0', True)):
                seen = subprocess.run(['setpriv', f'--reuid={user}', f'--regid={user}', '--clear-groups',
                                       sys.executable, '-c', ASK, path], capture_output=True, check=True).stdout
                self.assertEqual(seen.startswith(b'HTTP/1.1 200 '), answered, user)
                if not answered:
                    self.assertEqual(seen, b'')
            host.wait_log(lambda line: 'another user' in line and 'uid=65534' in line)

    def test_what_a_crash_leaves_is_replaced(self):
        with Host() as host:
            path = host.data / 'skyclust.sock'
            host.kill()
            self.assertTrue(path.is_socket())
            host.start()
            self.assertEqual(ask(path, '/health'), 200)

    def refuse(self, path, words):
        """A host whose socket is @path does not start, and says why."""
        host = Host(setting(path))
        try:
            with self.assertRaises(AssertionError) as raised:
                host.start()
            self.assertIn(words, str(raised.exception))
        finally:
            host.close()

    def test_a_socket_in_use_is_left_alone(self):
        with Host() as host:
            path = host.data / 'skyclust.sock'
            self.refuse(path, 'another process listens there')
            self.assertEqual(ask(path, '/health'), 200)

    def test_another_file_is_left_alone(self):
        with Host() as host:
            path = host.dir / 'notes'
            path.write_text('mine')
            self.refuse(path, 'is no socket')
            self.assertEqual(path.read_text(), 'mine')

    def test_too_long_a_path(self):
        self.refuse('/tmp/' + 'x' * 120, 'at most 107 bytes')

    def test_a_client_that_is_gone_is_noticed(self):
        slow = SIM.replace('boot_ms: 0', 'boot_ms: 0\n        latency_ms: 100000')
        with Host(slow) as host:
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(host.data / 'skyclust.sock'))
            client.sendall(f'GET /api/v1/providers/sim/regions HTTP/1.1\r\nHost: x\r\nX-Request-Id: left\r\n'
                           f'Authorization: Bearer {host.token}\r\n\r\n'.encode())
            host.wait_until(lambda: host.get('/api/v1/providers/sim')['calls_open'] == 1)
            client.close()
            host.wait_log(lambda line: 'id=left' in line)


if __name__ == '__main__':
    unittest.main()
