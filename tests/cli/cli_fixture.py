# SPDX-License-Identifier: Apache-2.0
"""The program `skyclust` through a pipe and through a pseudo-terminal.

    cli = Cli(host)
    done = cli.run('instances', 'list', '-o', 'json')       # .status .out .err
    with cli.terminal('instances', 'delete', 'web') as t:
        t.wait('[y/N] ')
        t.type('y')
    t.status, t.text

Each Cli has a home folder of its own, and no setting of whoever runs the tests.
"""
import collections
import contextlib
import fcntl
import http.server
import json
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))
from skyclust_fixture import BIN, SANITIZER     # noqa: E402

PROGRAM = BIN / 'skyclust'
TIMEOUT = 60    # seconds; only a defect lets a wait last so long

Done = collections.namedtuple('Done', 'status out err')


def check_sanitizer(text):
    if SANITIZER.search(text):
        raise AssertionError(text)


class Cli:
    def __init__(self, host=None, **env):
        """@host: a running Host or FakeServer, whose address and token the
        program gets by the environment; None: nothing."""
        self._home = tempfile.TemporaryDirectory(prefix='skyclust-cli-')
        self.home = pathlib.Path(self._home.name)
        self.env = {'HOME': str(self.home), 'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', 'TERM': 'xterm',
                    'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}
        if host:
            self.env.update(SKYCLUST_SERVER=host.url, SKYCLUST_TOKEN=host.token)
        self.env.update(env)

    def close(self):
        self._home.cleanup()

    def _environment(self, env):
        return {name: value for name, value in {**self.env, **(env or {})}.items() if value is not None}

    def start(self, *args, env=None, **options):
        """A running process, its output in pipes."""
        return subprocess.Popen([PROGRAM, *args], env=self._environment(env), cwd=self.home, text=True,
                                **{'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE,
                                   **options})

    def run(self, *args, input='', env=None):   # pylint: disable=redefined-builtin
        """Run to its end; @env: more variables, None takes one away."""
        process = self.start(*args, env=env)
        try:
            out, err = process.communicate(input, TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f'{args} does not end: {process.communicate()}') from None
        check_sanitizer(err)
        return Done(process.returncode, out, err)

    def json(self, *args, **options):
        """The standard output of a run that must succeed, read as JSON."""
        done = self.run(*args, '-o', 'json', **options)
        if done.status:
            raise AssertionError(f'{args}: {done}')
        return json.loads(done.out)

    def terminal(self, *args, env=None, columns=80):
        return Terminal([PROGRAM, *args], self._environment(env), self.home, columns)


class Terminal:
    """A process on a pseudo-terminal of its own; what it shows is in `text`."""

    def __init__(self, args, env, folder, columns):
        self.text, self.status = '', None
        self._pid, self._fd = pty.fork()
        if not self._pid:
            try:
                os.chdir(folder)
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
                os.execve(args[0], [str(word) for word in args], env)
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.end()
        elif self.status is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)

    def _read(self, end):
        ready, _, _ = select.select([self._fd], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise AssertionError(f'it does not come; the terminal shows {self.text!r}')
        try:
            data = os.read(self._fd, 65536)
        except OSError:         # the other side is closed
            data = b''
        self.text += data.decode(errors='replace')
        return bool(data)

    def wait(self, wanted, times=1):
        """Until the terminal has shown the text @wanted so many times."""
        end = time.monotonic() + TIMEOUT
        while self.text.count(wanted) < times:
            if not self._read(end):
                raise AssertionError(f'no {wanted!r}: {self.text!r}')

    def type(self, line):
        os.write(self._fd, line.encode() + b'\n')

    def press(self, key):
        os.write(self._fd, key)

    def end(self):
        """Until the process has ended; gives its exit status."""
        end = time.monotonic() + TIMEOUT
        while self.status is None:
            if not self._read(end):
                _, status = os.waitpid(self._pid, 0)
                self.status = os.waitstatus_to_exitcode(status)
        check_sanitizer(self.text)
        return self.status


class FakeServer:
    """What no real host says on demand. @answer(method, path, body) gives
    (status, value) or (status, value, headers), status None is no answer; it may
    block on an event. `requests` are (method, path, body), `headers` theirs."""
    token = 'fake'

    def __init__(self, answer):
        self.requests, self.headers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def _serve(self):
                length = int(self.headers.get('Content-Length') or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                outer.headers.append(self.headers)
                outer.requests.append((self.command, self.path, body))
                status, value, *headers = answer(self.command, self.path, body)
                if not status:          # no answer at all
                    self.close_connection = True
                    return
                data = value if isinstance(value, bytes) else b'' if value is None else json.dumps(value).encode()
                self.send_response(status)
                kind = 'application/problem+json' if status >= 400 else 'application/json'
                for name, text in {'Content-Type': kind, 'Content-Length': str(len(data)),
                                   **(headers[0] if headers else {})}.items():
                    self.send_header(name, text)
                with contextlib.suppress(ConnectionError):  # the client went away
                    self.end_headers()
                    self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = _serve    # noqa: N815

            def log_message(self, format, *args):       # pylint: disable=redefined-builtin
                pass

        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self._server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self._server.server_address[1]}'
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.02})
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextlib.contextmanager
def fake(answer, **env):
    """A Cli that talks to a FakeServer; the provider is "p"."""
    with FakeServer(answer) as server:
        cli = Cli(server, SKYCLUST_PROVIDER='p', **env)
        try:
            yield cli, server
        finally:
            cli.close()
