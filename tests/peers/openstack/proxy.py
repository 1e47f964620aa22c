# SPDX-License-Identifier: Apache-2.0
"""A cloud between the driver and the real one, which can lose, spoil and watch
what passes: one port for each service, and Keystone's catalogue names them.

    with Proxy() as proxy:
        proxy.hook = lambda e: None if e.path.endswith('/servers') else e.forward()
        …a provider with the auth_url proxy.auth_url…

The hook is called with each Exchange, in a thread of its own; it returns the
Answer to give, or None to close the connection without one.
"""
import collections
import http.client
import http.server
import threading

PORTS = {'keystone': 5000, 'nova': 8774, 'neutron': 9696, 'cinder': 8776, 'glance': 9292}
HOP_BY_HOP = {'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'server'}

Answer = collections.namedtuple('Answer', 'status headers body')    # headers: [(name, value), …]


class Exchange:
    def __init__(self, proxy, service, method, path, headers, body):
        self.proxy, self.service = proxy, service
        self.method, self.path, self.headers, self.body = method, path, headers, body

    def forward(self, path=None):
        """What the service answers, to @path instead of its own if given."""
        connection = http.client.HTTPConnection('127.0.0.1', PORTS[self.service], timeout=120)
        try:
            connection.request(self.method, path or self.path, self.body, self.headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if self.service == 'keystone':      # the catalogue comes with the token
            for name, port in self.proxy.ports.items():
                body = body.replace(b'127.0.0.1:%d' % PORTS[name], b'127.0.0.1:%d' % port)
        return Answer(answer.status, answer.getheaders(), body)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)) or None
        # Host stays ours: Nova makes its links to next pages of it.
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP | {'expect'}}
        exchange = Exchange(self.server.proxy, self.server.service, self.command, self.path, headers, body)
        answer = self.server.proxy.hook(exchange)
        self.close_connection = True
        if answer is None:
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header('Content-Length', str(len(answer.body)))
        self.send_header('Connection', 'close')
        self.end_headers()
        try:
            self.wfile.write(answer.body)
        except OSError:
            pass        # the driver has gone, as tests want it to

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, proxy, service):
        self.proxy, self.service = proxy, service
        super().__init__(('127.0.0.1', 0), Handler)

    def handle_error(self, request, client_address):
        pass            # a connection that the driver cut


class Proxy:
    def __init__(self):
        self.hook = self.pass_on
        self._servers = [Server(self, service) for service in PORTS]
        self.ports = {s.service: s.server_address[1] for s in self._servers}
        self.auth_url = f"http://127.0.0.1:{self.ports['keystone']}/v3"

    @staticmethod
    def pass_on(exchange):
        return exchange.forward()

    def __enter__(self):
        self._threads = [threading.Thread(target=s.serve_forever, args=(0.05,), daemon=True) for s in self._servers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
