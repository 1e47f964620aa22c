#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP itself, over raw sockets: what is broken, slow, big, pipelined, many."""
import concurrent.futures
import contextlib
import http.client
import json
import re
import socket
import threading
import unittest

from skyclust_fixture import BIN, Host, HostCase

CONFIG = f'''
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config:
        boot_ms: 0
    widget:
      enabled: true
      path: {BIN}/tests/widget
'''


class Raw:
    """A socket that speaks what it is told."""

    def __init__(self, host, timeout=60):
        self.socket = socket.create_connection(('127.0.0.1', host.port), timeout)
        self.buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())
        return self

    def until(self, mark):
        while mark not in self.buffer:
            piece = self.socket.recv(65536)
            if not piece:
                break
            self.buffer += piece
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def answer(self, body=True):
        """One answer: its status, headers in lower case, body."""
        lines = self.until(b'\r\n\r\n').decode().split('\r\n')
        headers = dict((k.lower(), v) for k, v in (line.split(': ', 1) for line in lines[1:]))
        size = int(headers.get('content-length', 0)) if body else 0
        while len(self.buffer) < size:
            self.buffer += self.socket.recv(65536)
        content, self.buffer = self.buffer[:size], self.buffer[size:]
        return int(lines[0].split()[1]), headers, content

    def rest(self):
        """All until the host closes the connection."""
        try:
            while piece := self.socket.recv(65536):
                self.buffer += piece
        except ConnectionResetError:
            pass
        return self.buffer


class Http(HostCase):
    config = CONFIG

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auth = f'Authorization: Bearer {cls.host.token}\r\n'

    def tearDown(self):
        self.assertEqual(self.host.call('GET', '/health').status, 200, 'the host no longer serves')

    def get(self, path, more=''):
        return f'GET {path} HTTP/1.1\r\nHost: localhost\r\n{self.auth}{more}\r\n'

    # ---- one connection, several requests -------------------------------------

    def test_keep_alive(self):
        with Raw(self.host) as raw:
            for _ in range(50):
                status, headers, body = raw.send(self.get('/api/v1/providers/sim/instance-types/small')).answer()
                self.assertEqual((status, json.loads(body)['id']), (200, 'small'))
                self.assertNotIn('close', headers.get('connection', ''))

    def test_connection_close(self):
        with Raw(self.host) as raw:
            answer = raw.send(self.get('/health', 'Connection: close\r\n')).rest()
            self.assertTrue(answer.startswith(b'HTTP/1.1 200 '))

    def test_http_1_0(self):
        with Raw(self.host) as raw:
            answer = raw.send(b'GET /health HTTP/1.0\r\n\r\n').rest()
            self.assertRegex(answer, rb'^HTTP/1.[01] 200 ')

    def test_pipelining(self):
        with Raw(self.host) as raw:
            ids = [f'pipe-{i}' for i in range(40)]
            paths = ('/health', '/api/v1/providers/sim/regions', '/nope', '/api/v1/providers/sim/instances')
            raw.send(''.join(self.get(paths[i % 4], f'X-Request-Id: {name}\r\n') for i, name in enumerate(ids)))
            for i, name in enumerate(ids):
                status, headers, _ = raw.answer()
                self.assertEqual((headers['x-request-id'], status), (name, 404 if i % 4 == 2 else 200))

    def test_head(self):
        for path in ('/health', '/api/v1/providers/sim/instances', '/api/v1/providers/sim/instance-types/small',
                     '/nope', '/docs'):
            with Raw(self.host) as raw, Raw(self.host) as other:
                status, headers, body = raw.send(self.get(path)).answer()
                head = self.get(path).replace('GET', 'HEAD', 1)
                again = other.send(head + self.get('/health')).answer(body=False)
                self.assertEqual(again[0], status, path)
                self.assertEqual(other.answer()[0], 200)
                self.assertEqual(again[1]['content-type'], headers['content-type'])
                if 'instance":' not in body.decode():     # the problem's own id may differ in length
                    self.assertEqual(again[1]['content-length'], headers['content-length'], path)

    def test_options(self):
        for path, allow in (('/health', 'GET, HEAD, OPTIONS'),
                            ('/api/v1/providers/sim/instances', 'GET, HEAD, POST, OPTIONS')):
            answer = self.host.call('OPTIONS', path)
            self.assertEqual((answer.status, answer.headers['Allow'], answer.body), (204, allow, b''))
        self.assertEqual(self.host.call('OPTIONS', '/nope').status, 404)
        whole = self.host.call('OPTIONS', '*')
        self.assertEqual((whole.status, whole.headers['Allow']), (204, 'GET, HEAD, POST, PATCH, DELETE, OPTIONS'))
        self.assertEqual(self.host.call('GET', '*').status, 404)

    def test_forms_of_the_target(self):
        for target, status in (('http://localhost/health', 200), ('http://localhost:1/api/v1/providers?limit', 422),
                               ('http://localhost', 404), ('HTTPS://x/health', 200), ('health', 404), ('//health', 404),
                               ('/health?', 200), ('/health#x', 404), ('/health/../health', 404), ('/%68ealth', 404)):
            with Raw(self.host) as raw:
                self.assertEqual(raw.send(self.get(target)).answer()[0], status, target)

    def test_host_header(self):
        for more, status in (('Host: x\r\n', 200), ('', 400), ('Host: x\r\nHost: x\r\n', 400), ('Host:\r\n', 200)):
            with Raw(self.host) as raw:
                status_seen, headers, body = raw.send(f'GET /health HTTP/1.1\r\n{more}\r\n').answer()
                self.assertEqual(status_seen, status, more)
                if status == 400:
                    self.assertEqual((headers['content-type'], json.loads(body)['code'], headers['connection']),
                                     ('application/problem+json', 'bad_request', 'close'))

    def test_no_cors(self):
        answer = self.host.call('GET', '/health', headers={'Origin': 'https://elsewhere.example'})
        self.assertFalse([h for h in answer.headers if h.lower().startswith('access-control')])

    def test_request_id(self):
        for given, kept in (('abc-1.2_Z', True), ('x' * 64, True), ('x' * 65, False), ('a b', False), ('é', False),
                            ('"', False)):
            answer = self.host.call('GET', '/health', headers={'X-Request-Id': given.encode('latin1')})
            self.assertEqual(answer.headers['X-Request-Id'] == given, kept, given)
        ids = {self.host.call('GET', '/health').headers['X-Request-Id'] for _ in range(20)}
        self.assertEqual(len(ids), 20)
        self.host.call('GET', '/nope', headers={'X-Request-Id': 'find-me'})
        line = self.host.wait_log(lambda line: 'id=find-me' in line)
        for part in ('method=GET', 'path=/nope', 'status=404', 'ms='):
            self.assertIn(part, line)

    # ---- bodies ---------------------------------------------------------------

    def post(self, framing, body):
        return (f'POST /api/v1/providers/sim/volumes HTTP/1.1\r\nHost: x\r\n{self.auth}'
                f'Content-Type: application/json\r\n{framing}\r\n').encode() + body

    def test_chunked_body(self):
        text = json.dumps({'name': 'chunked', 'size_gib': 2}).encode()
        body = b''.join(b'%x\r\n%s\r\n' % (len(text[i:i + 7]), text[i:i + 7]) for i in range(0, len(text), 7))
        with Raw(self.host) as raw:
            status, _, made = raw.send(self.post('Transfer-Encoding: chunked\r\n', body + b'0\r\n\r\n')).answer()
            self.assertEqual((status, json.loads(made)['name']), (201, 'chunked'))
            self.assertEqual(raw.send(self.get('/health')).answer()[0], 200)

    def test_chunked_body_too_large(self):
        chunk = b'10000\r\n' + b' ' * 0x10000 + b'\r\n'
        with Raw(self.host) as raw:
            raw.send(self.post('Transfer-Encoding: chunked\r\n', chunk * 40 + b'0\r\n\r\n'))
            self.assertEqual(raw.answer()[0], 413)

    def test_expect_continue(self):
        with Raw(self.host) as raw:
            raw.send(self.post('Content-Length: 2\r\nExpect: 100-continue\r\n', b''))
            self.assertEqual(raw.until(b'\r\n\r\n'), b'HTTP/1.1 100 Continue')
            self.assertEqual(raw.send(b'{}').answer()[0], 422)
        with Raw(self.host) as raw:
            raw.send(self.post('Content-Length: 99999999\r\nExpect: 100-continue\r\n', b''))
            self.assertEqual(raw.answer()[0], 413)

    def test_body_byte_by_byte(self):
        body = b'{"name":"slow","size_gib":1}'
        with Raw(self.host) as raw:
            raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            request = self.post(f'Content-Length: {len(body)}\r\n', body)
            for i in range(len(request)):
                raw.send(request[i:i + 1])
            self.assertEqual(raw.answer()[0], 201)

    # ---- what is no HTTP ------------------------------------------------------

    def test_garbage(self):
        """Each is refused or closed; none is taken for a good request."""
        for text in (b'\x00\x01\x02\x03\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00',
                     b'GET /health HTTP/1.1\r\nno colon here\r\n\r\n', b'GET /health HTTP/1.1\r\n\r\n',
                     b'POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
                     b'POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n',
                     b'POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n'):
            with self.subTest(text), Raw(self.host, timeout=10) as raw:
                raw.send(text)
                raw.socket.shutdown(socket.SHUT_WR)
                self.assertNotRegex(raw.rest(), rb'HTTP/1.1 2\d\d')

    def test_endless_header(self):
        with Raw(self.host) as raw:
            try:
                raw.send(b'GET /health HTTP/1.1\r\nHost: x\r\n')
                for _ in range(64):
                    raw.send(b'X-Much: ' + b'x' * 4000 + b'\r\n')
            except (ConnectionResetError, BrokenPipeError):
                return
            self.assertRegex(raw.rest(), rb'^HTTP/1.1 4\d\d')

    def test_too_many_arguments(self):
        """More than the daemon has memory for: it hangs up, and nothing of the
        request stays behind."""
        query = '&'.join(f'q{i}=1' for i in range(400))
        with Raw(self.host) as raw:
            raw.send(f'GET /health?{query} HTTP/1.1\r\nHost: x\r\nX: {"x" * 4000}\r\n\r\n'.encode())
            with contextlib.suppress(ConnectionResetError):
                self.assertNotIn(b'HTTP/1.1 2', raw.rest())
        self.host.wait_until(lambda: b'skyclust_http_requests_open 1\n' in
                             self.host.call('GET', '/metrics', token=False).body)

    def test_two_lengths(self):
        """A body that two servers could see differently is not let through."""
        smuggled = b'GET /docs HTTP/1.1\r\nHost: x\r\n\r\n'
        for framing in (f'Content-Length: {len(smuggled)}\r\nTransfer-Encoding: chunked\r\n',
                        'Content-Length: 2\r\nContent-Length: 3\r\n'):
            with self.subTest(framing), Raw(self.host) as raw:
                raw.send(self.post(framing, b'0\r\n\r\n' + smuggled))
                raw.socket.shutdown(socket.SHUT_WR)
                self.assertNotIn(b'<!doctype html>', raw.rest())

    # ---- many, slow, gone -----------------------------------------------------

    def test_slow_clients_hold_up_nobody(self):
        slow = [Raw(self.host).send('GET /health HTTP/1.1\r\nHost: ') for _ in range(100)]
        for i in range(20):
            self.assertEqual(self.host.call('GET', '/api/v1/providers/sim/regions').status, 200)
            for raw in slow:
                raw.send('x')
        for raw in slow:
            self.assertEqual(raw.send('\r\n\r\n').answer()[0], 200)
            raw.socket.close()

    def test_100_at_once(self):
        together = threading.Barrier(100)

        def one(i):
            connection = http.client.HTTPConnection('127.0.0.1', self.host.port, timeout=60)
            together.wait()
            for n in range(10):
                connection.request('GET', f'/api/v1/providers/sim/instance-types?limit={1 + (i + n) % 3}',
                                   headers={'Authorization': 'Bearer ' + self.host.token, 'X-Request-Id': f'c{i}-{n}'})
                answer = connection.getresponse()
                items = json.loads(answer.read())['items']
                if (answer.status, len(items), answer.headers['X-Request-Id']) != (200, 1 + (i + n) % 3, f'c{i}-{n}'):
                    return f'{i}: {answer.status} {items}'
            connection.close()
            return ''
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            self.assertEqual(set(pool.map(one, range(100))), {''})

    def test_connections_that_come_and_go(self):
        for _ in range(300):
            with Raw(self.host) as raw:
                raw.send('GET /health HT')
        self.host.wait_until(lambda: self.host.get('/api/v1/system/status')['connections'] < 5, timeout=10)

    def test_client_gone_while_its_driver_works(self):
        with Raw(self.host) as raw:
            raw.send(self.get('/api/v1/providers/widget/regions', 'X-Request-Id: gone-1\r\n'))
            self.host.wait_until(lambda: self.host.get('/api/v1/providers/widget')['calls_open'] == 1)
        self.host.wait_log(lambda line: 'endless wait stopped' in line)
        line = self.host.wait_log(lambda line: 'id=gone-1' in line)
        self.assertLess(float(re.search(r'ms=([\d.]+)', line)[1]), 20000)
        self.host.wait_until(lambda: self.host.get('/api/v1/providers/widget')['calls_open'] == 0)

    def test_stop_finishes_what_is_open(self):
        with Host(CONFIG.replace('boot_ms: 0', 'boot_ms: 0\n        latency_ms: 300')) as host, Raw(host) as raw:
            raw.send(f'GET /api/v1/providers/sim/regions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {host.token}\r\n\r\n')
            host.wait_until(lambda: host.get('/api/v1/providers/sim')['calls_open'] == 1)
            stop = threading.Thread(target=host.stop)
            stop.start()
            status, headers, _ = raw.answer()
            stop.join()
            self.assertEqual((status, headers['connection'].lower()), (200, 'close'))


if __name__ == '__main__':
    unittest.main()
