#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Secrets are planted wherever one can be: passwords, tokens, a cloud's
credentials, private keys, the configuration, in what works and in what is
refused. Then everything that the host leaves is searched for each of them, as
it is and in base64, hex and percent-encoding: the log (of level debug, too),
each file of the data directory, what /proc says of the host and its drivers,
the metrics, what can be read again, the exported audit log, core files, and
even the fake cloud's ledger, which is in the data directory, too."""
import base64
import contextlib
import http.server
import json
import os
import pathlib
import re
import resource
import secrets
import signal
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from skyclust_fixture import BIN, Host, database_server, drivers_alive

INSTANCES = '/api/v1/providers/sim/instances'
KEY_PAIRS = '/api/v1/providers/sim/key-pairs'
CONFIG = '''
log:
  level: LEVEL
limits:
  attempts: 100000
oidc:
  corp:
    issuer: http://127.0.0.1:ECHO/oidc
    client_id: skyclust
    client_secret: ${CANARY_OIDC}
plugins:
  auto_load: false
  providers:
    sim:
      config: {boot_ms: 0}
    vault:
      driver: sim
      shared: true
      config: {boot_ms: 0, token: "${CANARY_CONFIG}"}
    filed:
      driver: sim
      config: {boot_ms: 0, token: "file:DIR/canary.file"}
    stack:
      driver: openstack
      private_networks: true
      config: {auth_url: "http://127.0.0.1:ECHO/v3"}
'''


# ---- what is looked for --------------------------------------------------------

def forms(secret):
    """The secret, and what it may look like."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield secret.replace('-', '%2D').encode()
    yield ''.join(f'%{byte:02x}' for byte in raw).encode()
    yield ''.join(f'%{byte:02X}' for byte in raw).encode()
    for skip in range(3):   # wherever it begins in what was encoded
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(raw[skip:len(raw) - (len(raw) - skip) % 3])


class Canaries:
    def __init__(self):
        self.words = {}     # what it is: its text

    def new(self, what):
        """A secret that nobody else has."""
        return self.keep(what, 'Canary-' + secrets.token_hex(12))

    def keep(self, what, text):
        assert len(text) >= 16, what
        self.words[what] = text
        return text

    def found(self, data, but=()):
        """Those that are in @data."""
        return [what for what, text in self.words.items() if what not in but and any(f in data for f in forms(text))]


class Echo(http.server.BaseHTTPRequestHandler):
    """A cloud that repeats what it was told, as some do in their errors."""
    protocol_version = 'HTTP/1.1'

    def answer(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        said = json.dumps({'error': {'message': f'you said {body}', 'headers': str(self.headers)}}).encode()
        self.send_response(401)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class CanaryHost(Host):
    """Keeps what every login tells."""

    def __init__(self, canaries, config, **options):
        super().__init__(config, **options)
        self.canaries, self.logins = canaries, 0

    def log_in(self, name='root', password='correct horse battery', bootstrap=None):
        answer = super().log_in(name, password, bootstrap)
        self.logins += 1
        self.canaries.keep(f'access token {self.logins}', answer['access_token'])
        self.canaries.keep(f'refresh token {self.logins}', answer['refresh_token'])
        if bootstrap:
            self.canaries.keep('bootstrap token', bootstrap.strip())
        return answer


# ---- the sweep -------------------------------------------------------------------

class Canary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.echo = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Echo)
        threading.Thread(target=cls.echo.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.echo.server_close)
        cls.addClassCleanup(cls.echo.shutdown)

    def setUp(self):
        self.canaries = Canaries()
        self.dir = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='skyclust-canary-')))
        (self.dir / 'canary.file').write_text(self.canaries.new('secret in a file of the configuration'))

    def host(self, level):
        config = (CONFIG.replace('LEVEL', level).replace('ECHO', str(self.echo.server_port))
                  .replace('DIR', str(self.dir)))
        env = {**os.environ, 'CANARY_OIDC': self.canaries.new('client secret of OpenID'),
               'CANARY_CONFIG': self.canaries.new('secret of the configuration'),
               'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':disable_coredump=0'}
        server = database_server()
        if server:
            self.canaries.keep('password of the database', urllib.parse.urlsplit(server.url()).password)
        return CanaryHost(self.canaries, config, env=env)

    def ask(self, method, path, body=None, status=None, **options):
        """An answer; it must have @status, when that is said."""
        got, answer = self.host_now.request(method, path, body, **options)
        if status:
            self.assertEqual(got, status, f'{method} {path}: {answer}')
        else:
            self.assertGreaterEqual(got, 400, f'{method} {path} was meant to be refused: {answer}')
        return answer

    # ---- planting -----------------------------------------------------------

    def plant_people(self):
        """Users, passwords, sessions, API tokens, in vain and in earnest."""
        new, host = self.canaries.new, self.host_now
        first, second, third = new('password'), new('changed password'), new('password given by an administrator')
        user = self.ask('POST', '/api/v1/users', {'name': 'ada', 'password': first, 'role': 'user'}, 201)
        self.ask('POST', '/api/v1/users', {'name': 'bob', 'password': new("bob's password"), 'role': 'user'}, 201)
        self.ask('POST', '/api/v1/users', {'name': 'NO NAME', 'password': new('password of no user'), 'role': 'user'})
        self.ask('POST', '/api/v1/users', {'name': 'eve', 'role': 'user', 'pasword': new('password, misspelt')})
        for what in ('a wrong password', 'another wrong password'):
            self.ask('POST', '/api/v1/auth/login', {'name': 'ada', 'password': new(what)}, token=False)
        self.ask('POST', '/api/v1/auth/login', {'name': 'nobody', 'password': new('password of nobody')}, token=False)
        self.ask('POST', '/api/v1/auth/login', b'{"name":"ada","password":"' + new('in broken JSON').encode() + b'"',
                 token=False, headers={'Content-Type': 'application/json'})
        self.ask('POST', '/api/v1/auth/login', b'name=ada&password=' + new('in a form').encode(), token=False,
                 headers={'Content-Type': 'application/x-www-form-urlencoded'})
        self.ask('POST', '/api/v1/auth/bootstrap', {'token': new('a wrong bootstrap token'), 'name': 'eve',
                                                    'password': new('password of a bootstrap')}, token=False)
        login = host.log_in('ada', first)
        self.ask('POST', '/api/v1/auth/password', {'current': new('wrong current password'), 'new': new('unused password')},
                 token=login['access_token'])
        self.ask('POST', '/api/v1/auth/password', {'current': first, 'new': second}, 204, token=login['access_token'])
        self.plant_refreshes(host.log_in('ada', second))
        tag = host.call('GET', f'/api/v1/users/{user["id"]}').headers['ETag']
        self.ask('PATCH', f'/api/v1/users/{user["id"]}', {'password': third}, 200, headers={'If-Match': tag})
        self.ada = host.log_in('ada', third)['access_token']
        self.bob = host.log_in('bob', self.canaries.words["bob's password"])['access_token']
        self.plant_tokens()

    def plant_refreshes(self, login):
        """Tokens in turn, and one that comes twice."""
        again = self.ask('POST', '/api/v1/auth/refresh', {'refresh_token': login['refresh_token']}, 200, token=False)
        self.canaries.keep('second access token', again['access_token'])
        self.canaries.keep('second refresh token', again['refresh_token'])
        self.ask('POST', '/api/v1/auth/refresh', {'refresh_token': login['refresh_token']}, token=False)
        self.ask('POST', '/api/v1/auth/refresh', {'refresh_token': self.canaries.new('no refresh token')}, token=False)

    def plant_tokens(self):
        kept = self.ask('POST', '/api/v1/auth/tokens', {'name': 'kept'}, 201, token=self.ada)
        gone = self.ask('POST', '/api/v1/auth/tokens', {'name': 'gone'}, 201, token=self.ada)
        self.canaries.keep('API token', kept['token'])
        self.canaries.keep('deleted API token', gone['token'])
        self.ask('GET', '/api/v1/auth/me', None, 200, token=kept['token'])
        self.ask('DELETE', f'/api/v1/auth/tokens/{gone["id"]}', None, 204, token=self.ada)
        self.ask('GET', '/api/v1/auth/me', token=gone['token'])
        self.ask('GET', '/api/v1/auth/me', token=self.canaries.new('no token'))
        basic = base64.b64encode(('ada:' + self.canaries.new('password of Basic')).encode()).decode()
        self.ask('GET', '/api/v1/auth/me', token=False, headers={'Authorization': 'Basic ' + basic})
        self.ask('GET', '/api/v1/auth/me?access_token=' + self.canaries.new('token in a query'), token=self.ada)
        self.ask('GET', '/api/v1/auth/me', token=False, headers={'Cookie': 'session=' + self.canaries.new('in a cookie')})

    def plant_credentials(self):
        """Accounts, good and bad; a cloud that repeats their secrets."""
        new = self.canaries.new
        self.workspace = self.ask('POST', '/api/v1/workspaces', {'name': 'work'}, 201, token=self.ada)['id']
        path = f'/api/v1/workspaces/{self.workspace}/credentials'

        def add(status, name, provider='sim', **more):
            return self.ask('POST', path, {'name': name, 'provider': provider, **more}, status, token=self.ada)
        made = add(201, 'main', fields={'account': 'ada', 'token': new('secret of a credential')})
        item = f'{path}/{made["id"]}'
        self.ask('PATCH', item, {'fields': {'token': new('changed secret of a credential')}}, 200, token=self.ada,
                 headers={'If-Match': f'"{made["version"]}"'})
        self.ask('PATCH', item, {'fields': {'token': new('secret of a late change')}}, token=self.ada,
                 headers={'If-Match': f'"{made["version"]}"'})
        self.ask('POST', item + '/verify', {}, 200, token=self.ada)
        add(None, 'bad', fields={'tokn': new('secret of a misspelt field')})
        add(None, 'bad', fields=new('secret instead of fields'))
        add(None, 'bad', fields={'token': [new('secret of a wrong type')]})
        add(None, 'bad', key_file='{"type":"service_account","private_key":"' + new('key file') + '"}')
        add(None, 'bad', provider='nowhere', fields={'token': new('secret for no provider')})
        for what in ('secret that the cloud refuses', 'secret of the configuration'):
            text = self.canaries.words.get(what) or new(what)
            extra = add(201, what, provider='vault', fields={'account': 'ada', 'token': text})
            self.ask('POST', f'{path}/{extra["id"]}/verify', {}, 200, token=self.ada)
            self.host_now.call('GET', f'/api/v1/providers/vault/instances?credential_id={extra["id"]}', token=self.ada)
        stack = add(201, 'stack', provider='stack', fields={
            'username': 'ada', 'password': new('password that the cloud repeats')})
        self.host_now.call('POST', f'{path}/{stack["id"]}/verify', {}, token=self.ada)
        self.ask('GET', f'/api/v1/providers/stack/instances?workspace_id={self.workspace}', token=self.ada)
        gone = add(201, 'gone', fields={'token': new('secret of a deleted credential')})
        self.ask('DELETE', f'{path}/{gone["id"]}', None, 204, token=self.ada)
        self.ask('POST', '/api/v1/system/wrap-keys/rotate', {}, 200)

    def plant_work(self):
        """What goes to the cloud and comes from it, also twice."""
        new, once = self.canaries.new, {'Idempotency-Key': 'the same'}
        server = {'name': 'web', 'instance_type': 'small', 'image_id': 'ubuntu-22.04', 'user_data': new('user_data')}
        for _ in range(2):
            self.ask('POST', INSTANCES, server, 201, token=self.ada, headers=once)
        self.ask('POST', INSTANCES, {**server, 'name': 'other'}, token=self.ada, headers=once)
        self.ask('POST', INSTANCES, {**server, 'image_id': 'no-such', 'user_data': new('user_data of a refused create')},
                 token=self.ada)
        self.host_now.call('POST', INSTANCES, {**server, 'name': 'later'}, token=self.ada,
                           headers={'Prefer': 'respond-async'})
        for _ in range(2):
            pair = self.ask('POST', KEY_PAIRS, {'name': 'key'}, 201, token=self.ada, headers=once)
            for line in (pair.get('private_key') or '').splitlines()[2:-1]:
                if len(line) > 30:
                    self.canaries.keep(f'private key, {line[:6]}', line)
        self.ask('POST', '/api/v1/providers/sim/users',
                 {'name': 'clerk', 'password': new('password of a user of the cloud')}, 201, token=self.ada)
        cluster = self.ask('POST', '/api/v1/providers/sim/clusters', {'name': 'k8s'}, 201, token=self.ada)
        config = self.ask('GET', f'/api/v1/providers/sim/clusters/{cluster["id"]}/kubeconfig', None, 200, token=self.ada)
        for token in re.findall(r'token: ?"?([^\s"]{16,})', config['kubeconfig']):
            self.canaries.keep('token of a kubeconfig', token)
        self.host_now.call('GET', '/api/v1/providers/vault/instances')
        self.host_now.call('GET', '/api/v1/providers/filed/instances')
        for path in ('/api/v1/auth/oidc/corp', '/api/v1/auth/oidc/corp/callback?state=x&code=' + new('code of OpenID')):
            self.ask('GET', path, token=False)

    # ---- searching ------------------------------------------------------------

    def check_search(self):
        """It finds what is there, in all its forms; and the work was done."""
        self.assertIn(b'key_pair.create', (self.host_now.data / 'drivers/sim/ada/ledger.jsonl').read_bytes())
        text = self.canaries.words['user_data']
        for data in (base64.b64encode(b'x:' + text.encode()), text.encode().hex().encode(),
                     urllib.parse.quote(text).replace('-', '%2D').encode(), json.dumps({'a': text}).encode()):
            self.assertEqual(self.canaries.found(b'before ' + data + b' after'), ['user_data'], data)

    def nowhere(self, place, data, but=()):
        with self.subTest(place=place):
            self.assertEqual(self.canaries.found(data, but), [])

    def search_processes(self):
        host = self.host_now.process.pid
        for pid in [host, *drivers_alive(self.host_now)]:
            for name in ('cmdline', 'environ', 'limits'):
                with contextlib.suppress(PermissionError, FileNotFoundError):   # drivers' are not for others
                    data = pathlib.Path(f'/proc/{pid}/{name}').read_bytes()
                    # What its operator has put there is the host's own.
                    own = ('client secret of OpenID', 'secret of the configuration') if pid == host else ()
                    self.nowhere(f'{name} of {"the host" if pid == host else "a driver"}', data,
                                 own if name == 'environ' else ())
                    if name == 'limits':
                        self.assertRegex(data.decode(), r'Max core file size +0 +0 ')

    def search_answers(self):
        """All that can be read, by everybody."""
        host, document = self.host_now, self.host_now.get('/api/v1/openapi.json')
        fill = {'workspace_id': self.workspace, 'provider': 'sim', 'vendor_kind': 'x', 'cluster_id': 'x', 'verb': 'x',
                'oidc_provider': 'corp'}
        for who, token in {'ada': self.ada, 'bob': self.bob, 'the administrator': host.token, 'nobody': False}.items():
            for path in (path for path, methods in document['paths'].items() if 'get' in methods):
                where = re.sub(r'\{(\w+)\}', lambda m: fill.get(m[1], '{id}'), path)
                where += ('?' if '/auth/' not in path else '?x=') + f'workspace_id={self.workspace}'
                for at in self.items(where, token):
                    answer = host.call('GET', at, token=token)
                    own = {'token of a kubeconfig'} if who == 'ada' and 'kubeconfig' in at else ()
                    self.nowhere(f'{at} for {who}', answer.body + str(answer.headers).encode(), own)

    def items(self, where, token):
        """The paths of each item, when the path is an item's."""
        if '{id}' not in where:
            return [where]
        path, query = where.split('?')
        status, answer = self.host_now.request('GET', f'{path.partition("/{id}")[0]}?{query}', token=token)
        ids = [item['id'] for item in answer['items']] if status == 200 and 'items' in answer else ['x']
        return [where.replace('{id}', urllib.parse.quote(str(each), safe='')) for each in ids]

    def search_files(self, when):
        host = self.host_now
        for path in host.data.rglob('*'):
            if path.is_file() and path.name != 'admin.token':       # that one is the tests' own
                self.nowhere(f'{path.relative_to(host.data)}, {when}', path.read_bytes())

    def search_log(self):
        self.nowhere('the log', self.host_now.log().encode())

    def search_command_line(self):
        """What the operator can have printed."""
        host = self.host_now
        said = subprocess.run([BIN / 'skyclustd', '--config', host.config, '--print-config'], capture_output=True,
                              env=host.env, check=True)
        self.nowhere('--print-config', said.stdout + said.stderr)

    def sweep(self, level):
        with self.host(level) as self.host_now:
            host = self.host_now
            self.plant_people()
            self.plant_credentials()
            self.plant_work()
            self.assertGreater(len(self.canaries.words), 50)
            self.check_search()
            self.search_processes()
            self.search_answers()
            self.nowhere('the audit log', host.call('GET', '/api/v1/audit/export').body)
            self.nowhere('the metrics', host.call('GET', '/metrics', token=False).body)
            self.search_command_line()
            self.search_files('while it runs')
            self.crash()
            self.search_files('after its death')
            self.search_log()
            host.start()
            host.stop()
            self.search_files('after its end')
            self.search_log()

    def crash(self):
        """As a fault would end it, where it could leave a core file."""
        host = self.host_now
        before = resource.getrlimit(resource.RLIMIT_CORE)
        here = os.getcwd()
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        os.chdir(self.dir)
        try:
            host.stop()
            host.start()
            host.log_in('ada', self.canaries.words['password given by an administrator'])
            host.process.send_signal(signal.SIGQUIT)
            host.process.wait(60)
            host.kill()
        finally:
            os.chdir(here)
            resource.setrlimit(resource.RLIMIT_CORE, before)
        self.assertEqual([path.name for path in self.dir.rglob('*core*')], [])

    def test_log_of_level_info(self):
        self.sweep('info')

    def test_log_of_level_debug(self):
        self.sweep('debug')


if __name__ == '__main__':
    unittest.main()
