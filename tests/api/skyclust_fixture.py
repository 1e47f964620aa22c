# SPDX-License-Identifier: Apache-2.0
"""A real skyclustd for black-box tests: started on a free loopback port with a
data directory of its own, driven over HTTP, and watched for what it leaves.

    with Host() as host:                        # the sim cloud
        host.get('/api/v1/providers/sim/instances')['items']
        status, problem = host.request('POST', '/api/v1/providers/sim/instances', {})
        host.wait_log(lambda line: 'driver started' in line)

Stopping it fails the test when it did not end by itself with status 0, when a
sanitizer spoke, or when a process is left. The programs are looked for in
$SKYCLUST_BIN, else build/asan/bin. With $SKYCLUST_TEST_ENGINE=postgresql each
host's store is a database of a PostgreSQL that this process runs, else SQLite.
"""
import atexit
import collections
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get('SKYCLUST_BIN') or ROOT / 'build/asan/bin')
START_TIMEOUT = 30      # seconds, for slow sanitizer builds on a busy machine
STOP_TIMEOUT = 60
ADMIN, PASSWORD = 'root', 'correct horse battery'
WAIT_TIMEOUT = 60

SIM = '''
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config:
        boot_ms: 0
'''

# What the host's own sanitizers print; a driver's words come inside log lines.
SANITIZER = re.compile(r'^(==\d+==ERROR|\S+:\d+:\d+: runtime error:|SUMMARY: \w+Sanitizer)', re.M)

PR_SET_CHILD_SUBREAPER = 36
# Orphans come to us instead of to init, so that none can hide.
ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

_hosts = set()          # pids of all skyclustd of this process, alive or not yet waited for


class Answer(collections.namedtuple('Answer', 'status headers body')):
    """One HTTP answer; `headers` is an http.client.HTTPMessage."""

    def json(self):
        return json.loads(self.body)


class UnixConnection(http.client.HTTPConnection):
    """HTTP through a unix socket."""

    def __init__(self, path, timeout):
        super().__init__('localhost', timeout=timeout)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


_server = None          # PostgreSQL
_databases = {}         # data directory: name


def database_server():
    """The PostgreSQL that this process runs; None: SQLite in each host."""
    global _server
    if os.environ.get('SKYCLUST_TEST_ENGINE') != 'postgresql':
        return None
    if not _server:
        sys.path.append(str(ROOT / 'tests/peers/postgresql'))
        import postgresql       # pylint: disable=import-outside-toplevel
        _server = postgresql.Postgres().start()
        atexit.register(_server.close)
    return _server


def _database_for(data):
    """The name of the database that belongs to this data; None: SQLite in it."""
    server = database_server()
    if server and data not in _databases:
        _databases[data] = f'host_{len(_databases)}'
        server.database(_databases[data])
    return _databases.get(data)


class Host:
    def __init__(self, config=SIM, args=(), env=None, data=None, administrator=True):
        """@config is the YAML text; @args are added to the command line; @data
        is a directory to use instead of a fresh one; without @administrator
        nobody uses the one-time token, and `token` is None."""
        self._dir = tempfile.TemporaryDirectory(prefix='skyclust-test-')
        self.dir = pathlib.Path(self._dir.name)
        self.data = pathlib.Path(data) if data else self.dir / 'data'
        self.config = self.dir / 'skyclust.yaml'
        self._database = None if 'store:' in config else _database_for(self.data)
        if self._database:
            config += f'\nstore: {{url: "{_server.url(self._database)}"}}\n'
        self.config.write_text(config)
        self.args, self.env, self._has_administrator = list(args), env, administrator
        self.process = self.url = self.port = self.token = None
        self.tls = None         # an ssl.SSLContext, where the host speaks HTTPS
        self._lines, self._more = [], threading.Condition()

    # ---- life ---------------------------------------------------------------

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def __exit__(self, kind, value, trace):
        try:
            if self.process and kind is None:
                self.stop()
            elif self.process:
                self.kill()
                print(f'--- the log of skyclustd, last lines:\n{self.log()[-6000:]}', flush=True)
        finally:
            self.close()

    def start(self):
        """Start, or start again on the same data; returns when it listens."""
        self.process = subprocess.Popen(
            [BIN / 'skyclustd', '--config', self.config, '--data-dir', self.data,
             '--listen', '127.0.0.1:0', *self.args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        _hosts.add(self.process.pid)
        self._reader = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        timer = threading.Timer(START_TIMEOUT, self.process.kill)
        timer.start()
        try:
            line = self.process.stdout.readline().decode()
        finally:
            timer.cancel()
        found = re.fullmatch(r'listening on (https?://\S+:(\d+))\n', line)
        if not found:
            self.kill()
            raise AssertionError(f'skyclustd did not start: {line!r}\n{self.log()}')
        self.url, self.port = found[1], int(found[2])
        self.token = self._administrator() if self._has_administrator else None
        return self

    def _administrator(self):
        """An API token of the administrator, who is made at the first start on
        this data."""
        kept = self.data / 'test.token'
        if not kept.exists():
            made = self.log_in(bootstrap=(self.data / 'bootstrap.token').read_text())
            status, token = self.request('POST', '/api/v1/auth/tokens', {'name': 'tests'},
                                         token=made['access_token'], local=True)
            if status != 201:
                raise AssertionError(f'no API token: {status} {token}')
            kept.write_text(token['token'])
        return kept.read_text()

    def log_in(self, name=ADMIN, password=PASSWORD, bootstrap=None):
        """What a login answers: access_token, refresh_token, …"""
        body = {'name': name, 'password': password}
        if bootstrap:
            body['token'] = bootstrap
        status, answer = self.request('POST', '/api/v1/auth/' + ('bootstrap' if bootstrap else 'login'), body,
                                      token=False, local=bool(bootstrap))
        if status != 200:
            raise AssertionError(f'no login: {status} {answer}')
        return answer

    def stop(self, timeout=STOP_TIMEOUT):
        """SIGTERM; fails unless it ends cleanly and leaves nothing. Does nothing
        when it is stopped already."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f'skyclustd did not stop in {timeout} s\n{self.log()[-6000:]}') from None
        self._ended()
        if status or SANITIZER.search(self.log()):
            raise AssertionError(f'skyclustd ended with status {status}\n{self.log()[-12000:]}')
        self.wait_until(lambda: drivers_alive(self) == [], 'drivers are left')

    def kill(self):
        """SIGKILL, as a power failure would."""
        self.process.kill()
        self.process.wait()
        self._ended()

    def _ended(self):
        self._reader.join(STOP_TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        _hosts.discard(self.process.pid)
        self.process = None

    def close(self):
        """Remove the directory."""
        self._dir.cleanup()

    # ---- log and state ------------------------------------------------------

    def _read_log(self, pipe):
        for line in pipe:
            with self._more:
                self._lines.append(line.decode(errors='replace').rstrip('\n'))
                self._more.notify_all()

    def log(self):
        with self._more:
            return '\n'.join(self._lines)

    def wait_log(self, wanted, timeout=WAIT_TIMEOUT):
        """Wait for a log line, old or new, that @wanted(line) likes; returns it."""
        seen, end = 0, time.monotonic() + timeout
        with self._more:
            while True:
                for line in self._lines[seen:]:
                    if wanted(line):
                        return line
                seen = len(self._lines)
                if not self._more.wait(max(0, end - time.monotonic())):
                    raise AssertionError('the log line did not come:\n' + '\n'.join(self._lines[-60:]))

    def wait_until(self, state, what='the state did not come', timeout=WAIT_TIMEOUT):
        """Ask @state() until it is true: at each log line and every 20 ms."""
        end = time.monotonic() + timeout
        while not state():
            if time.monotonic() > end:
                raise AssertionError(f'{what}\n{self.log()[-6000:]}')
            with self._more:
                self._more.wait(0.02)

    def memory_kib(self):
        """Resident memory of the host."""
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(r'VmRSS:\s+(\d+)', status)[1])

    # ---- the store ----------------------------------------------------------

    def rows(self, sql):
        """What the database answers: a tuple of texts each, bytes as hex."""
        if self._database:
            lines = _server.psql(sql, self._database).splitlines()
            return [tuple(line.replace('\\x', '').split('|')) for line in lines]
        with contextlib.closing(sqlite3.connect(f'file:{self.data}/skyclust.db?mode=ro', uri=True)) as store:
            return [tuple(v.hex() if isinstance(v, bytes) else str(v) for v in row) for row in store.execute(sql)]

    def keep_store(self):
        """Of a host that is stopped; returns a function that puts back what was
        in its database then."""
        if self._database:
            return self._keep_database()
        kept = self.dir / 'kept'
        kept.mkdir()
        for path in self.data.glob('skyclust.db*'):
            if path.is_file():
                shutil.copy(path, kept)

        def put_back():
            for path in self.data.glob('skyclust.db*'):
                path.unlink()
            shutil.copytree(kept, self.data, dirs_exist_ok=True)
        return put_back

    def _keep_database(self):
        kept = self._database + '_kept'

        def copy(name, template):
            _server.psql(f'CREATE DATABASE {name} TEMPLATE {template} OWNER skyclust')

        def put_back():
            _server.psql(f'DROP DATABASE {self._database}')
            copy(self._database, kept)
        copy(kept, self._database)
        return put_back

    # ---- HTTP ---------------------------------------------------------------

    def connect(self, timeout=WAIT_TIMEOUT):
        """A connection of http.client."""
        if self.tls:
            return http.client.HTTPSConnection('127.0.0.1', self.port, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)

    def call(self, method, path, body=None, headers=None, token=True, timeout=WAIT_TIMEOUT, local=False):
        """One request on a connection of its own. @body: bytes as they are, or
        anything JSON can say; @local: through the unix socket. Returns an Answer."""
        send = {'Authorization': 'Bearer ' + self.token} if token is True else {}
        if isinstance(token, str):
            send['Authorization'] = 'Bearer ' + token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            send['Content-Type'] = 'application/json'
        send.update(headers or {})
        connection = UnixConnection(self.data / 'skyclust.sock', timeout) if local else self.connect(timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, send)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def request(self, method, path, body=None, **options):
        """The status and the body, read as JSON (None when there is none)."""
        answer = self.call(method, path, body, **options)
        return answer.status, answer.json() if answer.body else None

    def get(self, path):
        """The body of a GET that must succeed."""
        status, body = self.request('GET', path)
        if status != 200:
            raise AssertionError(f'GET {path}: {status} {body}')
        return body


class HostCase(unittest.TestCase):
    """Tests that share one running host, `cls.host`."""
    config = SIM

    @classmethod
    def setUpClass(cls):
        cls.host = Host(cls.config).start()

    @classmethod
    def tearDownClass(cls):
        cls.host.stop()
        cls.host.close()


# ---- processes ----------------------------------------------------------------

def _processes():
    """(pid, state, parent) of all processes; those that end meanwhile are left out."""
    for name in os.listdir('/proc'):
        if name.isdigit():
            with contextlib.suppress(OSError):
                rest = pathlib.Path('/proc', name, 'stat').read_text().rpartition(')')[2].split()
                yield int(name), rest[0], int(rest[1])


def _children():
    """{parent: [child, …]} of all processes that are not dead."""
    table = collections.defaultdict(list)
    for pid, state, parent in _processes():
        if state not in 'ZX':
            table[parent].append(pid)
    return table


def _reap():
    """Take leave of dead orphans that came to us."""
    for pid, state, parent in _processes():
        if state == 'Z' and parent == os.getpid() and pid not in _hosts:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _is_driver(pid):
    try:
        return b'SKYCLUST_DRIVER=1' in pathlib.Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
    except PermissionError:     # not dumpable, as drivers are
        return True
    except OSError:
        return False


def drivers_alive(host):
    """Pids of all that @host started and is still there, and of drivers whose
    host is gone."""
    _reap()
    table = _children()
    todo = list(table[host.process.pid]) if host.process else []
    todo += [pid for pid in table[os.getpid()] if pid not in _hosts and _is_driver(pid)]
    found = []
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += table[pid]
    return sorted(found)
