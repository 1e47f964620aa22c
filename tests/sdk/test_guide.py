#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guide and the protocol text, held to what really happens.

GUIDE.md is followed to the letter against an installed copy of the SDK, outside of the tree: its files are written, its
console sessions typed into a shell, and the output compared ("…" stands for anything).
"""
import glob
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

from wire import Driver

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/api'))
from skyclust_fixture import BIN, Host    # noqa: E402

SDK = ROOT / 'plugin-sdk'
BUILD = os.environ['SKYCLUST_BUILD']
TIMEOUT = 120
SECRET = 'c4nary-5ecret'

# What the fragments of the guide lean on.
PRELUDE = '''
#include <skyclust/driver.h>
struct cursor;
extern struct cursor *cursor;
extern const char *id;
bool next_row(struct cursor *c);
json_t *record_of(struct cursor *c);
json_t *plan_of(struct sc_call *call);
bool door_is_open(void);
'''
WRAP = {
    'handler': PRELUDE + 'struct sc_reply *f(struct sc_call *call);\n'
               'struct sc_reply *f(struct sc_call *call)\n{\n%s\nreturn sc_ok(call);\n}\n',
    'file': PRELUDE + '%s\nconst struct sc_method m[] = { { "instance.resize", instance_resize } };\n',
    'driver': PRELUDE + 'const struct sc_driver d = {\n%s\n};\n',
    'rows': PRELUDE + '%s\nconst struct sc_driver d = { .rest = rows };\n',
}


def blocks(text):
    """(language, attributes, body) of each fenced block."""
    for match in re.finditer(r'^```(\w*) ?([^\n]*)\n(.*?)^```$', text, re.M | re.S):
        attributes = dict(word.split('=', 1) for word in match[2].split())
        yield match[1], attributes, match[3]


def pattern(expected):
    lines = [re.escape(line) for line in expected.rstrip('\n').split('\n')]
    return '\n'.join(lines).replace(re.escape('…'), '.*?')


class Shell:
    """One bash for all sessions, so that what one exports the next finds."""

    def __init__(self, folder, env):
        self.process = subprocess.Popen(['bash'], cwd=folder, env=env, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        self.process.stdin.write(command + '\necho "@@end"\n')
        self.process.stdin.flush()
        out = ''
        for line in self.process.stdout:
            if line == '@@end\n':
                return out.rstrip('\n')
            out += line
        raise EOFError(f'{command}: the shell ended\n{out}')

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=TIMEOUT)
        self.process.stdout.close()


class Cloud(http.server.BaseHTTPRequestHandler):
    """The cloud that the template speaks with: one server, one token."""

    def do_GET(self):
        known = self.path == '/v1/servers/s-1' and self.headers['Authorization'] == f'Bearer {SECRET}'
        body = json.dumps({'server': {'id': 's-1', 'name': 'web', 'state': 'ON', 'secret_hint': SECRET}}).encode()
        self.send_response(200 if known else 404)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory(prefix='skyclust-sdk-')
        cls.addClassCleanup(cls.temp.cleanup)
        cls.folder = pathlib.Path(cls.temp.name)
        first, cls.prefix = cls.folder / 'first', cls.folder / 'moved'
        subprocess.run(['cmake', '--install', BUILD, '--component', 'sdk', '--prefix', first],
                       check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT)
        first.rename(cls.prefix)  # it must not know where it was
        pc = glob.glob(f'{cls.prefix}/lib*/**/skyclust-sdk.pc', recursive=True)[0]
        cls.env = {**os.environ, 'PKG_CONFIG_PATH': os.path.dirname(pc), 'CMAKE_PREFIX_PATH': str(cls.prefix),
                   'PATH': f'{BIN}:{os.environ["PATH"]}'}

    def run_in(self, folder, *command):
        result = subprocess.run(command, cwd=folder, env=self.env, capture_output=True, text=True,
                                timeout=TIMEOUT, check=False)
        self.assertEqual(result.returncode, 0, f'{command}\n{result.stdout}{result.stderr}')
        return result.stdout

    def test_guide(self):
        work = self.folder / 'guide'
        work.mkdir()
        shell = Shell(work, self.env)
        self.addCleanup(shell.close)
        sessions = 0
        for language, attributes, body in blocks((SDK / 'GUIDE.md').read_text()):
            if 'file' in attributes:
                path = work / attributes['file']
                path.parent.mkdir(exist_ok=True)
                path.write_text(body)
            elif 'part' in attributes:
                self.compile_part(WRAP[attributes['part']] % body)
            elif language == 'console':
                self.follow(shell, body)
                sessions += 1
            else:
                self.assertNotEqual(language, 'c', 'a block of C that is neither a file nor a part')
        self.assertGreater(sessions, 5)
        self.speak(work / 'rack')

    def test_readme(self):
        work = self.folder / 'readme'
        work.mkdir()
        page = (SDK / 'README.md').read_text().replace('/usr/local', str(self.prefix))
        shell = Shell(work, self.env)
        self.addCleanup(shell.close)
        config = None
        for language, attributes, body in blocks(page):
            if language == 'yaml':
                config = body.replace('build/example', str(work / 'mine/build/example'))
            elif attributes.get('on') == 'host':
                with Host(config) as host:
                    self.follow(shell, f'$ export SKYCLUST_SERVER={host.url} SKYCLUST_TOKEN={host.token}\n')
                    self.follow(shell, body)
            elif language == 'console':
                self.follow(shell, body)

    def compile_part(self, text):
        flags = subprocess.run(['pkg-config', '--cflags', 'skyclust-sdk'], env=self.env, check=True,
                               capture_output=True, text=True).stdout.split()
        result = subprocess.run(['cc', '-Wall', '-Werror', '-fsyntax-only', '-x', 'c', *flags, '-'], input=text,
                                capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(result.returncode, 0, text + result.stderr)

    def follow(self, shell, session):
        for part in re.split(r'^\$ ', session, flags=re.M)[1:]:
            command, _, expected = part.partition('\n')
            out = shell.run(command)
            self.assertTrue(re.fullmatch(pattern(expected), out, re.S),
                            f'$ {command}\n--- expected\n{expected}--- got\n{out}')

    def speak(self, program):
        settings = {'machines': [{'name': 'n1'}, {'name': 'n2'}]}
        driver = Driver(program, config=settings)
        self.addCleanup(driver.close)
        self.assertEqual(driver.hello['name'], 'rack')
        self.assertEqual(driver.call('instance.start', {'id': 'n2'}), {'type': 'done', 'value': None})
        running = driver.value('instance.list', {'status': 'running'})
        self.assertEqual([i['id'] for i in running['items']], ['n2'])
        self.assertEqual(driver.close(), 0)

    def test_template(self):
        folder = self.folder / 'mine'
        shutil.copytree(self.prefix / 'share/skyclust/template', folder)
        self.run_in(folder, 'cmake', '-S', '.', '-B', 'build')
        self.run_in(folder, 'cmake', '--build', 'build')
        self.assertIn('100% tests passed', self.run_in(folder, 'ctest', '--test-dir', 'build'))
        table = self.run_in(folder, 'build/example', '--describe')
        self.assertRegex(table, r'(?m)^instance\.create +row +token +late')
        self.assertRegex(table, r'(?m)^region\.list +function')
        self.record_then_replay(folder)

    def record_then_replay(self, folder):
        cloud = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Cloud)
        threading.Thread(target=cloud.serve_forever, daemon=True).start()
        self.addCleanup(cloud.server_close)
        self.addCleanup(cloud.shutdown)
        self.env.update(EXAMPLE_TOKEN=SECRET, EXAMPLE_ENDPOINT=f'http://127.0.0.1:{cloud.server_port}/v1')
        call = ('build/example', '--call', 'instance.get', '{"id":"s-1"}')
        real = self.run_in(folder, *call, '--record', 'said')
        self.assertEqual(json.loads(real)['status'], 'running')
        written = ''.join(path.read_text() for path in (folder / 'said').iterdir())
        self.assertIn('/v1/servers/s-1', written)
        self.assertNotIn(SECRET, written)
        self.assertNotIn('127.0.0.1', written)
        cloud.shutdown()
        self.assertEqual(self.run_in(folder, *call, '--replay', 'said'), real)

    def test_library_shows_only_its_own_names(self):
        archive = glob.glob(f'{self.prefix}/lib*/**/libskyclust-sdk.a', recursive=True)[0]
        names = [line.split()[-1] for line in self.run_in('/', 'nm', '-g', '--defined-only', archive).splitlines()
                 if len(line.split()) == 3]
        self.assertIn('sc_main', names)
        # A sanitizer or a coverage build adds markers of its own.
        self.assertEqual([n for n in names if not n.startswith(('sc_', '__asan', '__odr_asan', '__gcov'))], [])

    def test_every_function_of_the_header_is_there(self):
        header = (self.prefix / 'include/skyclust/driver.h').read_text()
        archive = glob.glob(f'{self.prefix}/lib*/**/libskyclust-sdk.a', recursive=True)[0]
        names = set(re.findall(r'\bT (sc_\w+)', self.run_in('/', 'nm', '-g', '--defined-only', archive)))
        declared = set(re.findall(r'^(?:SC_WAITS )?[a-z][\w ]*[ *](sc_\w+)\(', header, re.M))
        self.assertGreater(len(declared), 30)
        self.assertEqual(declared - names, set())
        self.assertEqual(names - declared, set())


class Protocol(unittest.TestCase):
    text = (SDK / 'PROTOCOL.md').read_text()

    def test_numbers_are_unique_and_ascend(self):
        numbers = [int(n) for n in re.findall(r'^\| SDP-(\d+) ', self.text, re.M)]
        self.assertGreater(len(numbers), 70)
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_numbers_in_the_sources_exist(self):
        known = set(re.findall(r'^\| SDP-(\d+) ', self.text, re.M))
        for path in [*SDK.rglob('*.[ch]'), *SDK.rglob('*.md'), *(ROOT / 'host').rglob('*.[ch]'),
                     *(ROOT / 'tests').rglob('*.py')]:
            used = set(re.findall(r'SDP-(\d{3})\b', path.read_text()))
            self.assertEqual(used - known, set(), path)

    def test_error_codes_are_those_of_the_header(self):
        table = dict(re.findall(r'^\| (-310\d\d) \| `(\w+)` \|', self.text, re.M))
        header = dict(re.findall(r'\bSC_(\w+) = (-310\d\d)', (SDK / 'include/skyclust/driver.h').read_text()))
        self.assertEqual({name.lower(): code for name, code in header.items()},
                         {name: code for code, name in table.items() if name != 'version'})

    def test_examples_are_json(self):
        examples = [body for language, _, body in blocks(self.text) if language == 'json']
        self.assertGreaterEqual(len(examples), 5)
        for body in examples:
            json.loads(body if body.lstrip().startswith('{') else '{' + body + '}')


if __name__ == '__main__':
    unittest.main()
