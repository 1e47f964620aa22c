#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long lists: whole or not at all, at the client's pace, in little memory."""
import http.client
import json
import os
import pathlib
import socket
import unittest

from skyclust_fixture import BIN, Host

ITEMS = 10000
CONFIG = f'''
plugins:
  auto_load: false
  timeout: 120s
  providers:
    sim:
      enabled: true
      config:
        boot_ms: 0
        seed_instances: {ITEMS}
    dying:
      driver: sim
      enabled: true
      config:
        seed_instances: {ITEMS}
        die_at: mid-list
    widget:
      enabled: true
      path: {BIN}/tests/widget
'''


class Stream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # AddressSanitizer keeps what was freed; that is no use of memory of ours.
        cls.host = Host(CONFIG, env={**os.environ, 'ASAN_OPTIONS': 'quarantine_size_mb=1'}).start()

    @classmethod
    def tearDownClass(cls):
        cls.host.stop()
        cls.host.close()

    def open(self, path, receive_buffer=None):
        """A socket that has asked and not read yet."""
        s = socket.socket()
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.settimeout(60)
        s.connect(('127.0.0.1', self.host.port))
        s.sendall(f'GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.host.token}\r\n\r\n'.encode())
        return s

    def test_all_items_once(self):
        answer = self.host.call('GET', '/api/v1/providers/sim/instances')
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers['Transfer-Encoding'], 'chunked')
        body = answer.json()
        ids = [i['id'] for i in body['items']]
        self.assertGreaterEqual(len(ids), ITEMS)
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual((body['next_page_token'], body['errors']), (None, []))

    def test_a_short_list_has_a_length(self):
        answer = self.host.call('GET', '/api/v1/providers/sim/regions')
        self.assertEqual(int(answer.headers['Content-Length']), len(answer.body))

    def test_pages_of_a_long_list(self):
        page = self.host.get('/api/v1/providers/sim/instances?limit=1000')
        self.assertEqual(len(page['items']), 1000)
        self.assertTrue(page['next_page_token'])

    def cpu_ticks(self, pid):
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        return int(fields[11]) + int(fields[12])

    def test_slow_reader_costs_no_memory(self):
        """Of an endless list the client reads little: the driver is made to
        wait, and what the host holds for the client is bounded."""
        self.host.get('/api/v1/providers/widget/x.test.widget')
        pid, before = self.host.get('/api/v1/providers/widget')['pid'], self.host.memory_kib()
        with self.open('/api/v1/providers/widget/zones', 4096) as s:
            for _ in range(3):
                s.recv(4096)
                self.wait_until_idle(pid)
            self.assertEqual(self.host.get('/api/v1/providers/widget')['calls_open'], 1)
            for _ in range(500):
                s.recv(65536)
            self.wait_until_idle(pid)
            self.assertLess(self.host.memory_kib() - before, 8 * 1024)
        self.host.wait_log(lambda line: 'endless list stopped' in line)

    def wait_until_idle(self, pid):
        def idle():
            ticks = self.cpu_ticks(pid)
            for _ in range(40):
                self.host.call('GET', '/health')
            return self.cpu_ticks(pid) == ticks
        self.host.wait_until(idle, 'the driver never waits', timeout=15)

    def test_client_gone_stops_the_driver(self):
        for _ in range(5):
            seen = self.host.log().count('endless list stopped')
            with self.open('/api/v1/providers/widget/zones') as s:
                self.assertTrue(s.recv(65536).startswith(b'HTTP/1.1 200'))
            self.host.wait_until(lambda: self.host.log().count('endless list stopped') > seen)
        self.host.wait_until(lambda: self.host.get('/api/v1/providers/widget')['calls_open'] == 0)

    def test_others_are_served_meanwhile(self):
        with self.open('/api/v1/providers/widget/zones', 4096) as s:
            s.recv(1)
            for _ in range(50):
                self.assertEqual(len(self.host.get('/api/v1/providers/sim/regions?limit=1')['items']), 1)

    def test_a_list_cut_short_is_no_answer(self):
        """The driver dies after half of it: never a well-formed shorter list."""
        connection = http.client.HTTPConnection('127.0.0.1', self.host.port, timeout=60)
        connection.request('GET', '/api/v1/providers/dying/instances',
                           headers={'Authorization': 'Bearer ' + self.host.token})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        with self.assertRaises(http.client.IncompleteRead) as caught:
            answer.read()
        connection.close()
        self.assertGreater(len(caught.exception.partial), 1 << 20)
        with self.assertRaises(json.JSONDecodeError):
            json.loads(caught.exception.partial)
        self.host.wait_log(lambda line: 'list broken off' in line and 'driver=dying' in line)

    def test_head_of_a_long_list(self):
        answer = self.host.call('HEAD', '/api/v1/providers/sim/instances')
        whole = self.host.call('GET', '/api/v1/providers/sim/instances')
        self.assertEqual((answer.status, answer.body), (200, b''))
        self.assertEqual(int(answer.headers['Content-Length']), len(whole.body))


if __name__ == '__main__':
    unittest.main()
