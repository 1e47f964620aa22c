#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTPS: which versions and clients are let in, certificates that change under
load, and what is said about files that cannot be used."""
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import warnings

from skyclust_fixture import BIN, SIM, Host

ANY_CIPHER = 'ALL:eNULL:@SECLEVEL=0'      # OpenSSL would not even offer what we want to see refused


class Authority:
    """A folder of keys and certificates, NAME.key and NAME.pem, made by openssl(1)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.make('ca', '-addext', 'basicConstraints=critical,CA:true')

    def path(self, name):
        return self.folder / name

    def make(self, name, *more, serial=1):
        self.openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                     '-keyout', self.path(name + '.key'), '-out', self.path(name + '.pem'), '-days', '30',
                     '-subj', f'/O=SkyClust/CN={name}', '-set_serial', str(serial), *more)
        return name

    def issue(self, name, serial=1, purpose='serverAuth', ca='ca'):
        return self.make(name, '-CA', self.path(ca + '.pem'), '-CAkey', self.path(ca + '.key'),
                         '-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:false',
                         '-addext', 'extendedKeyUsage=' + purpose, serial=serial)

    @staticmethod
    def openssl(*args):
        subprocess.run(['openssl', *args], check=True, capture_output=True)

    def client(self, name=None, oldest=ssl.TLSVersion.TLSv1_2, newest=ssl.TLSVersion.TLSv1_3, ciphers=None):
        """A context that trusts us and, given @name, shows that certificate."""
        context = ssl.create_default_context(cafile=self.path('ca.pem'))
        if ciphers:
            context.set_ciphers(ciphers)
        context.minimum_version, context.maximum_version = oldest, newest
        context.set_alpn_protocols(['h2', 'http/1.1'])
        if name:
            context.load_cert_chain(self.path(name + '.pem'), self.path(name + '.key'))
        return context

    def config(self, name='server', client_ca=None):
        lines = [f'  tls_certificate: {self.path(name + ".pem")}', f'  tls_key: {self.path(name + ".key")}']
        if client_ca:
            lines.append(f'  tls_client_ca: {self.path(client_ca + ".pem")}')
        return 'server:\n' + '\n'.join(lines) + SIM


class Tls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-tls-')
        self.addCleanup(folder.cleanup)
        self.ca = Authority(folder.name)
        self.ca.issue('server')

    @contextlib.contextmanager
    def host(self, **options):
        with Host(self.ca.config(**options)) as host:
            host.tls = self.ca.client()
            yield host

    def dial(self, host, context):
        """A TLS connection to @host; the caller closes it."""
        raw = socket.create_connection(('127.0.0.1', host.port), 60)
        try:
            return context.wrap_socket(raw, server_hostname='127.0.0.1')
        except OSError:
            raw.close()
            raise

    def serial(self, host):
        """The serial number of the certificate that a new connection sees."""
        with self.dial(host, self.ca.client()) as client:
            return int(client.getpeercert()['serialNumber'], 16)

    # ---- what is agreed on ----------------------------------------------------

    def test_https(self):
        with self.host() as host:
            self.assertTrue(host.url.startswith('https://127.0.0.1:'))
            self.assertEqual(host.call('GET', '/health').status, 200)
            self.assertEqual(len(host.get('/api/v1/providers/sim/regions')['items']) > 0, True)
            for version, name in ((ssl.TLSVersion.TLSv1_2, 'TLSv1.2'), (ssl.TLSVersion.TLSv1_3, 'TLSv1.3')):
                with self.dial(host, self.ca.client(oldest=version, newest=version)) as client:
                    self.assertEqual((client.version(), client.selected_alpn_protocol()), (name, 'http/1.1'))

    def refused(self, host, context):
        with self.assertRaises(OSError), self.dial(host, context) as client:
            client.sendall(b'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
            self.assertEqual(client.recv(100), b'', 'it was answered')
            raise ConnectionError('closed without an answer')

    def control(self, context):
        """The same client gets through to a server that is not so choosy."""
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.minimum_version = ssl.TLSVersion.TLSv1
        server.set_ciphers(ANY_CIPHER)
        server.load_cert_chain(self.ca.path('server.pem'), self.ca.path('server.key'))
        ours, theirs = socket.socketpair()
        with concurrent.futures.ThreadPoolExecutor(1) as pool, ours, theirs:
            accepted = pool.submit(server.wrap_socket, theirs, server_side=True)
            context.wrap_socket(ours, server_hostname='127.0.0.1').close()
            with accepted.result() as end:
                return end.version()

    def test_old_versions_are_refused(self):
        with self.host() as host, warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            for version, name in ((ssl.TLSVersion.TLSv1, 'TLSv1'), (ssl.TLSVersion.TLSv1_1, 'TLSv1.1')):
                context = self.ca.client(oldest=version, newest=version, ciphers=ANY_CIPHER)
                self.assertEqual(self.control(context), name)
                self.refused(host, context)

    def test_old_ciphers_are_refused(self):
        with self.host() as host, warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            for cipher in ('ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-NULL-SHA'):
                context = self.ca.client(newest=ssl.TLSVersion.TLSv1_2, ciphers=cipher + ':@SECLEVEL=0')
                self.assertEqual(self.control(context), 'TLSv1.2')
                self.refused(host, context)

    def test_plain_http_is_refused(self):
        with self.host() as host, socket.create_connection(('127.0.0.1', host.port), 60) as client:
            client.sendall(b'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
            with contextlib.suppress(ConnectionResetError):
                self.assertNotIn(b'HTTP/', client.recv(1000))
            self.assertEqual(host.call('GET', '/health').status, 200)

    def test_other_addresses_than_loopback(self):
        with Host(self.ca.config(), args=['--listen', '0.0.0.0:0']) as host:
            host.tls = self.ca.client()
            self.assertTrue(host.url.startswith('https://0.0.0.0:'))
            self.assertEqual(host.call('GET', '/health').status, 200)

    # ---- certificates that change ---------------------------------------------

    def replace(self, name):
        """As a renewal does it: the key, then the certificate."""
        for kind in ('.key', '.pem'):
            os.replace(self.ca.path(name + kind), self.ca.path('server' + kind))

    def swap_under_load(self, host, after):
        """200 connections of 8 clients; half-way the pair is replaced, then
        @after(); gives the serial numbers that were seen."""
        half, seen = threading.Semaphore(0), []
        swapped = threading.Event()

        def one(n):
            if n >= 100:
                swapped.wait()
            with contextlib.closing(host.connect()) as connection:
                connection.request('GET', '/health')
                seen.append(int(connection.sock.getpeercert()['serialNumber'], 16))
                self.assertEqual(connection.getresponse().status, 200)
            half.release()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(one, n) for n in range(200)]
            for _ in range(90):
                half.acquire()
            self.ca.issue('next', serial=2)
            self.replace('next')
            after()
            swapped.set()
            for future in futures:
                future.result()
        self.assertEqual(len(seen), 200)
        return seen

    def test_swap_under_load_by_signal(self):
        with self.host() as host, contextlib.closing(host.connect()) as old:
            old.request('GET', '/health')
            old.getresponse().read()

            def reload():
                host.process.send_signal(signal.SIGHUP)
                host.wait_log(lambda line: 'configuration read again' in line)
            seen = self.swap_under_load(host, reload)
            self.assertEqual(set(seen), {1, 2})
            self.assertEqual(seen[-50:], [2] * 50)
            old.request('GET', '/health')    # a connection of before goes on
            self.assertEqual(old.getresponse().status, 200)

    def test_swap_under_load_by_the_files(self):
        with self.host() as host:
            seen = self.swap_under_load(host, lambda: None)
            self.assertLessEqual(set(seen), {1, 2})
            host.wait_until(lambda: self.serial(host) == 2, 'the new certificate was not taken')

    def test_broken_files_keep_the_old_pair(self):
        with self.host() as host:
            for n, text in enumerate((b'', b'not a certificate', self.ca.path('ca.pem').read_bytes())):
                self.ca.path('server.pem').write_bytes(text)
                host.process.send_signal(signal.SIGHUP)
                host.wait_until(lambda: host.log().count('configuration was not read again') == n + 1)
                self.assertEqual(self.serial(host), 1)
            self.ca.issue('next', serial=3)
            self.replace('next')
            host.wait_until(lambda: self.serial(host) == 3)

    def test_broken_files_are_noticed_without_a_signal(self):
        with self.host() as host:
            self.ca.path('server.key').unlink()

            def noticed():
                self.assertEqual(self.serial(host), 1)
                return 'the TLS certificate was not read again' in host.log()
            host.wait_until(noticed)
            self.assertEqual(host.log().count('the TLS certificate was not read again'), 1)

    # ---- clients with certificates --------------------------------------------

    def test_clients_must_show_a_certificate(self):
        self.ca.issue('alice', purpose='clientAuth')
        self.ca.make('other', '-addext', 'basicConstraints=critical,CA:true')
        self.ca.issue('mallory', purpose='clientAuth', ca='other')
        with self.host(client_ca='ca') as host:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                for name, answered in ((None, False), ('alice', True), ('mallory', False), ('server', False)):
                    with self.subTest(name, version=version):
                        context = self.ca.client(name, oldest=version, newest=version)
                        if not answered:
                            self.refused(host, context)
                            continue
                        host.tls = context
                        self.assertEqual(host.call('GET', '/health').status, 200)
            self.assertEqual(host.call('POST', '/api/v1/workspaces', {'name': 'shown'}).status, 201)
            status, seen = host.request('GET', '/api/v1/audit?action=workspace.create', token=False, local=True)
            self.assertEqual((status, seen['items'][0]['peer'], seen['items'][0]['source']),
                             (200, 'CN=alice,O=SkyClust', '127.0.0.1'), seen)

    # ---- clients that leave ---------------------------------------------------

    def test_client_gone_while_its_driver_works(self):
        slow = self.ca.config().replace('boot_ms: 0', 'boot_ms: 0\n        latency_ms: 100000')
        for leave in (ssl.SSLSocket.close, lambda client: client.unwrap().close()):
            with Host(slow) as host:
                host.tls = self.ca.client()
                client = self.dial(host, host.tls)
                client.sendall(f'GET /api/v1/providers/sim/regions HTTP/1.1\r\nHost: x\r\nX-Request-Id: left\r\n'
                               f'Authorization: Bearer {host.token}\r\n\r\n'.encode())
                host.wait_until(lambda: host.get('/api/v1/providers/sim')['calls_open'] == 1)
                client.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    leave(client)
                client.close()
                host.wait_log(lambda line: 'id=left' in line)

    def test_connections_that_come_and_go(self):
        with self.host() as host:
            for n in range(40):
                with self.dial(host, host.tls) as client:
                    client.sendall(b'GET /health HT' if n % 2 else b'')
            for _ in range(40):
                socket.create_connection(('127.0.0.1', host.port), 60).close()
            host.wait_until(lambda: host.get('/api/v1/system/status')['connections'] < 5, timeout=20)

    # ---- settings that cannot be used -----------------------------------------

    def complain(self, config):
        """What --validate-config and a start say of @config, which both refuse."""
        host = Host(config)
        try:
            checked = subprocess.run([BIN / 'skyclustd', '--validate-config', host.config],
                                     capture_output=True, text=True, check=False)
            self.assertEqual(checked.returncode, 1, checked)
            with self.assertRaises(AssertionError) as raised:
                host.start()
            self.assertIn(checked.stderr.strip().splitlines()[-1], str(raised.exception))
            return checked.stderr
        finally:
            host.close()

    def test_what_cannot_be_used(self):
        good = self.ca.config()
        self.ca.issue('second')
        self.ca.path('empty.pem').write_text('')
        self.ca.openssl('ec', '-in', self.ca.path('server.key'), '-aes128', '-passout', 'pass:secret',
                        '-out', self.ca.path('locked.key'))
        for change, words in (
                (('server.key', 'second.key'), 'is not the key of the certificate'),
                (('server.key', 'nonesuch.key'), 'No such file'),
                (('server.key', 'locked.key'), 'is encrypted'),
                (('server.key', 'server.pem'), 'holds no private key'),
                (('server.pem', 'server.key'), 'holds no chain of certificates'),
                (('server.pem', 'empty.pem'), 'holds no chain of certificates'),
                ((f'  tls_key: {self.ca.path("server.key")}\n', ''), 'server.tls_key is missing'),
                ((f'  tls_certificate: {self.ca.path("server.pem")}\n', ''), 'server.tls_certificate is missing'),
                (('plugins:', f'  tls_client_ca: {self.ca.path("empty.pem")}\nplugins:'), 'holds no certificate')):
            with self.subTest(words):
                self.assertIn(words, self.complain(good.replace(*change, 1)))

    def test_an_expired_certificate_is_warned_of(self):
        request, old = self.ca.path('old.csr'), self.ca.path('server.pem')
        self.ca.openssl('req', '-new', '-key', self.ca.path('server.key'), '-subj', '/CN=old', '-out', request)
        self.ca.openssl('x509', '-req', '-in', request, '-signkey', self.ca.path('server.key'), '-days', '0',
                        '-out', old)
        with Host(self.ca.config()) as host:
            checked = subprocess.run([BIN / 'skyclustd', '--validate-config', host.config],
                                     capture_output=True, text=True, check=True)
            self.assertIn('certificate has expired', checked.stderr)
            self.assertIn('certificate has expired', host.log())


if __name__ == '__main__':
    unittest.main()
