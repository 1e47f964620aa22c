#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL of Debian's package, for tests: a cluster of its own in a
temporary directory, on a unix socket there (and on a free loopback port when
asked), with a role that is no superuser. It outlives kill -9 as a real one does,
but a power failure only when that is asked for (`durable`; fsync is slow). It
takes a second to make, and nothing of it is left but the empty cluster that it
was copied from, in build/.

    with Postgres() as postgres:            # or start(), close()
        url = postgres.database('name')     # of a new database of the role
        postgres.pause(), postgres.resume(), postgres.kill(), postgres.restart()

    postgresql.py run -- COMMAND…    COMMAND with a server of its own, a database's
                                     URL in $SKYCLUST_TEST_STORE (and over TCP in
                                     …_STORE_TCP), its directory in
                                     $SKYCLUST_TEST_POSTGRES; it dies with us
    postgresql.py up DIR             a new server that stays; prints such a URL
    postgresql.py down DIR           stop it and remove DIR
    postgresql.py WORD DIR           pause, resume, kill (-9), start, restart:
                                     the server in DIR
    postgresql.py version            name and version of the peer

As root it runs as the user `postgres`, which Debian's package makes: PostgreSQL
refuses to run as root.
"""
import contextlib
import json
import os
import pathlib
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROLE = 'skyclust'
BUILD = pathlib.Path(__file__).resolve().parents[3] / 'build'
SECONDS = 60        # for what takes one, on a busy machine
SETTINGS = {'shared_buffers': '32MB', 'max_connections': '100', 'full_page_writes': 'on',
            'synchronous_commit': 'on', 'autovacuum_naptime': '1h', 'log_checkpoints': 'off', 'deadlock_timeout': '50ms'}


def bin_dir():
    """Where the newest installed server's programs are."""
    found = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin/postgres'), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    path = shutil.which('postgres')
    if not path:
        raise SystemExit('no PostgreSQL server is installed; .ci/packages test')
    return pathlib.Path(path).parent


def version():
    said = subprocess.run([bin_dir() / 'postgres', '--version'], check=True, capture_output=True, text=True).stdout
    return 'peer: ' + said.strip()


def wait_for(what, probe):
    """What `probe` returns as soon as it is true."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        value = probe()
        if value:
            return value
        threading.Event().wait(0.01)
    raise AssertionError(f'{what}: not within {SECONDS} s')


def children_of(pid):
    try:
        return [int(p) for p in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
    except FileNotFoundError:
        return []


def wait_for_end(fds):
    """Until each of these processes (pid: pidfd) has ended."""
    for fd in fds.values():
        if not select.select([fd], [], [], SECONDS)[0]:
            raise AssertionError('a process of PostgreSQL does not end')
    close_all(fds)


def close_all(fds):
    for fd in fds.values():
        os.close(fd)


class Postgres:
    def __init__(self, home=None, tcp=False, stays=False, durable=False):
        """@home: a directory of start() before, or to be; else a temporary one.
        @stays: it lives on when this process ends; @durable: with fsync."""
        self.home = pathlib.Path(home or tempfile.mkdtemp(prefix='skyclust-postgresql-'))
        self.stays, self.tcp, self.durable = stays, tcp, durable
        self.log = self.home / 'log'
        self.about = {}
        if (self.home / 'about').exists():
            self.about = json.loads((self.home / 'about').read_text())
        self.port = self.about.get('port', 5432)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # ---- life ---------------------------------------------------------------

    def start(self):
        """The cluster, made if it is not there, and its server."""
        if not self.about:
            self._make()
        command = [*self._user(), bin_dir() / 'postgres', '-D', self.home / 'data']
        if not self.stays:
            command[1:1] = ['--pdeathsig', 'QUIT']
        with open(self.log, 'a') as log:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      start_new_session=True)
        threading.Thread(target=server.wait, daemon=True).start()   # whoever kills it
        wait_for('PostgreSQL', self._is_ready)
        if not self.about:
            self._make_role()
        return self

    def stop(self, how='fast'):
        """`fast` breaks connections, `immediate` is a crash that recovers."""
        pid = self._pid()
        if pid:
            fds = {pid: os.pidfd_open(pid)}
            os.kill(pid, {'fast': signal.SIGINT, 'immediate': signal.SIGQUIT}[how])
            wait_for_end(fds)

    def restart(self):
        self.stop()
        return self.start()

    def kill(self):
        """-9, all of its processes at once."""
        wait_for_end(self._signal(signal.SIGKILL))
        # It would not start as long as its zombie waits for a parent.
        for file in self.home / 'data/postmaster.pid', *self.home.glob('.s.PGSQL.*.lock'):
            file.unlink(missing_ok=True)

    def pause(self):
        close_all(self._signal(signal.SIGSTOP))

    def resume(self):
        close_all(self._signal(signal.SIGCONT))

    def close(self):
        """Stop and forget it."""
        self.resume()
        self.stop('immediate')
        shutil.rmtree(self.home)

    # ---- use ----------------------------------------------------------------

    def url(self, database='postgres', role=ROLE):
        password = ':' + self.about['password'] if role == ROLE else ''
        return f'postgresql://{role}{password}@/{database}?host={self.home}&port={self.port}'

    def tcp_url(self, database='postgres'):
        """By name, over the loopback."""
        return f"postgresql://{ROLE}:{self.about['password']}@localhost:{self.port}/{database}"

    def database(self, name):
        """Make one; its URL."""
        self.psql(f'CREATE DATABASE {name} OWNER {ROLE}')
        return self.url(name)

    def psql(self, sql, database='postgres', role='postgres'):
        """What the administrator is answered, without decoration."""
        return subprocess.run([bin_dir() / 'psql', '-XAtqc', sql, self.url(database, role)], check=True,
                              capture_output=True, text=True).stdout

    # ---- inside -------------------------------------------------------------

    def _user(self):
        """A command's beginning: who it runs as."""
        if os.geteuid() != 0:
            return ['setpriv']
        pwd.getpwnam('postgres')    # or say that there is none
        return ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups']

    def _make(self):
        self.home.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.home, 'postgres', 'postgres')
        empty = self._empty_cluster()
        subprocess.run(['cp', '-a', empty, self.home / 'data'], check=True)
        settings = {**SETTINGS, 'unix_socket_directories': self.home, 'listen_addresses': ''}
        settings['fsync'] = 'on' if self.durable else 'off'
        if self.tcp:
            with socket.socket() as free:
                free.bind(('127.0.0.1', 0))
                settings |= {'listen_addresses': '127.0.0.1', 'port': free.getsockname()[1]}
        self._write('postgresql.auto.conf', ''.join(f"{name} = '{value}'\n" for name, value in settings.items()))
        self._write('pg_hba.conf', 'local all postgres trust\n' 'local all all scram-sha-256\n'
                                   'host all all 127.0.0.1/32 scram-sha-256\n')
        self.port = settings.get('port', self.port)

    def _empty_cluster(self):
        """A folder to copy: initdb takes most of the time, and makes the same
        each time."""
        kept = BUILD / f"postgresql-{os.geteuid()}-{version().split()[3]}"
        if not kept.exists():
            made = self.home / 'data'
            subprocess.run([*self._user(), bin_dir() / 'initdb', '-D', made, '--no-sync', '-U', 'postgres', '--auth=trust',
                            '--encoding=UTF8', '--locale=C'],
                           check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd='/')
            BUILD.mkdir(exist_ok=True)
            ours = tempfile.mkdtemp(dir=BUILD)
            subprocess.run(['cp', '-a', made, ours], check=True)
            with contextlib.suppress(OSError):      # another process was faster
                os.rename(f'{ours}/data', kept)
            shutil.rmtree(ours)
            shutil.rmtree(made)
        return kept

    def _write(self, name, text):
        """Over a file of the cluster, which keeps its owner."""
        (self.home / 'data' / name).write_text(text)

    def _make_role(self):
        password = secrets.token_hex(16)
        self.about = {'password': '', 'port': self.port}
        self.psql(f"CREATE ROLE {ROLE} LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD '{password}'")
        self.about['password'] = password
        about = self.home / 'about'
        about.touch(0o600)
        about.write_text(json.dumps(self.about))

    def _status(self):
        """The lines of the server's own file, [] when there is none."""
        try:
            return (self.home / 'data/postmaster.pid').read_text().split('\n')
        except FileNotFoundError:
            return []

    def _pid(self):
        """Of the server that runs here, or None."""
        lines = self._status()
        try:
            if lines and os.readlink(f'/proc/{lines[0]}/cwd') == str((self.home / 'data').resolve()):
                return int(lines[0])
        except FileNotFoundError:
            pass
        return None

    def _is_ready(self):
        lines = self._status()
        return len(lines) > 7 and lines[7].strip() == 'ready' and self._pid()

    def _signal(self, number):
        """To the server first, so that it makes no more processes, then to all
        of these; {pid: pidfd}."""
        fds, pid = {}, self._pid()
        for each in [pid, *children_of(pid)] if pid else []:
            try:
                fds[each] = os.pidfd_open(each)
                signal.pidfd_send_signal(fds[each], number)
            except ProcessLookupError:
                pass
        return fds


def run(command):
    """COMMAND with a server of its own; its exit status."""
    print(version(), flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))   # and clean up
    with Postgres(tcp=True) as postgres:
        env = {**os.environ, 'SKYCLUST_TEST_STORE': postgres.database(ROLE),
               'SKYCLUST_TEST_STORE_TCP': postgres.tcp_url(ROLE), 'SKYCLUST_TEST_POSTGRES': str(postgres.home)}
        return subprocess.run(command, env=env, check=False).returncode


def main(arguments):
    if arguments[:2] == ['run', '--'] and len(arguments) > 2:
        return run(arguments[2:])
    if arguments == ['version']:
        print(version())
    elif len(arguments) == 2 and arguments[0] in ('up', 'down', 'start', 'restart', 'kill', 'pause', 'resume'):
        word, postgres = arguments[0], Postgres(arguments[1], stays=True)
        getattr(postgres, {'up': 'start', 'down': 'close'}.get(word, word))()
        if word == 'up':
            print(version(), file=sys.stderr)
            print(postgres.database(ROLE))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
