#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion of `skyclust`: what the program answers, and what bash, zsh and fish make of it in a terminal."""
import os
import pathlib
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))
from skyclust_fixture import BIN, HostCase    # noqa: E402

CONFIG = '''
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config: {boot_ms: 0, seed_instances: 0}
    spare:
      enabled: true
      driver: sim
      config: {boot_ms: 0, seed_instances: 3}
    widget:
      enabled: true
      path: %s
''' % (BIN / 'tests/widget')
TIMEOUT = 60    # seconds; only a defect lets a wait last so long


def variables(host, home):
    return {'PATH': f'{BIN}:/usr/bin:/bin', 'HOME': str(home), 'LANG': 'C.UTF-8', 'TERM': 'xterm',
            'SKYCLUST_SERVER': host.url, 'SKYCLUST_TOKEN': host.token,
            'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}


class CompleteCase(HostCase):
    config = CONFIG
    names = ('web', 'my db:1')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = {}
        for name in cls.names:
            status, made = cls.host.request('POST', '/api/v1/providers/sim/instances', {
                'name': name, 'instance_type': 'small', 'image_id': 'debian-12'})
            assert status == 201, made
            cls.ids[name] = made['id']

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-complete-')
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.env = variables(self.host, self.home)


class Program(CompleteCase):
    def ask(self, *words, **env):
        """[(candidate, description)], of a run that says nothing else."""
        done = subprocess.run([BIN / 'skyclust', '__complete', '--', *words], capture_output=True, text=True,
                              env={**self.env, **env}, timeout=TIMEOUT, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return [tuple(line.split('\t')) if '\t' in line else (line, '') for line in done.stdout.splitlines()]

    def words(self, *words, **env):
        return [word for word, _ in self.ask(*words, **env)]

    def test_first_word(self):
        told = dict(self.ask(''))
        self.assertEqual(told['instances'], 'Virtual machines.')
        self.assertEqual(told['sim'], 'Provider, driver sim.')
        self.assertIn('completion', told)
        self.assertNotIn('__complete', told)
        self.assertEqual(self.words('inst'), ['instance-types', 'instances'])
        self.assertEqual(self.words('sp'), ['spare'])

    def test_no_words_at_all(self):
        self.assertEqual(self.words(), self.words(''))

    def test_verbs(self):
        self.assertIn(('stop', 'Stop a running instance; its disks stay.'), self.ask('sim', 'instances', ''))
        self.assertEqual(self.words('sim', 'security-groups', 'add'), ['add-rule'])
        self.assertEqual(self.words('instances', 'sus'), ['suspend'])

    def test_options(self):
        told = dict(self.ask('sim', 'instances', 'create', '--'))
        self.assertIn('--image-id', told)
        self.assertIn('--output', told)
        self.assertNotIn('--file', told)
        self.assertEqual(self.words('sim', 'instances', 'create', '--na'), ['--name'])
        self.assertIn('--cascade', self.words('sim', 'networks', 'delete', '--'))
        self.assertIn('--no-cascade', self.words('sim', 'networks', 'delete', '--'))

    def test_values(self):
        self.assertEqual(self.words('instances', 'list', '-o', ''), ['table', 'wide', 'json', 'yaml', 'csv', 'name'])
        self.assertEqual(self.words('instances', 'list', '--output', 'j'), ['json'])
        self.assertEqual(self.words('instances', 'list', '--output=j'), ['--output=json'])
        self.assertEqual(self.words('sim', 'instances', 'create', '--type=m1'), ['--type=m1.small'])
        self.assertEqual(self.words('sim', 'instances', 'create', '--type', 'm1'), ['m1.small'])
        self.assertEqual(self.words('--provider', 's'), ['sim', 'spare'])
        self.assertEqual(self.words('--provider=sp'), ['--provider=spare'])

    def test_live_names(self):
        self.assertEqual(sorted(self.ask('sim', 'instances', 'delete', '')),
                         sorted((name, self.ids[name]) for name in self.names))
        self.assertEqual(self.words('sim', 'instances', 'get', 'we'), ['web'])
        self.assertEqual(self.words('--provider', 'sim', 'instances', 'get', 'we'), ['web'])
        self.assertEqual(self.words('instances', 'get', 'we', SKYCLUST_PROVIDER='sim'), ['web'])
        self.assertEqual(self.words('sim', 'instances', 'list', ''), [])

    def test_names_of_our_own(self):
        for path, body in (('workspaces', {'name': 'shop'}), ('users', {'name': 'ada', 'role': 'user'})):
            status, made = self.host.request('POST', '/api/v1/' + path, body)
            self.assertEqual(status, 201, made)
            workspace = made['id'] if path == 'workspaces' else workspace
        status, made = self.host.request('POST', f'/api/v1/workspaces/{workspace}/credentials',
                                         {'provider': 'sim', 'name': 'lab', 'fields': {'account': 'a'}})
        self.assertEqual(status, 201, made)
        self.assertEqual(self.words('members', 'list', '--workspace', 'sh'), ['shop'])
        self.assertEqual(self.words('--workspace=sh'), ['--workspace=shop'])
        self.assertEqual(self.words('sim', 'instances', 'list', '--workspace', 'shop', '--credential', ''), ['lab'])
        self.assertEqual(self.words('credentials', 'verify', '--workspace', 'shop', ''), ['lab'])
        self.assertEqual(self.words('credentials', 'verify', '', SKYCLUST_WORKSPACE='shop'), ['lab'])
        self.assertIn('ada', self.words('users', 'get', ''))
        self.assertIn('ada', self.words('members', 'create', '--user-id', ''))
        self.assertIn('--field', self.words('credentials', 'create', '--fi'))

    def test_identifiers_when_they_are_begun(self):
        wanted = self.ids['web']
        self.assertIn((wanted, 'web'), self.ask('sim', 'instances', 'get', wanted[:-1]))

    def test_names_that_several_have_are_told_by_identifier(self):
        made = [self.host.request('POST', '/api/v1/providers/spare/volumes', {'name': 'twin', 'size_gib': 1})[1]['id']
                for _ in range(2)]
        self.assertEqual(sorted(self.ask('spare', 'volumes', 'delete', '')), sorted((i, 'twin') for i in made))

    def test_references(self):
        default = self.host.get('/api/v1/providers/sim/networks')['items'][0]
        told = dict(self.ask('sim', 'instances', 'create', '--network-id', ''))
        self.assertTrue({default['id'], default['name']} & set(told), told)

    def test_vendor_kinds(self):
        self.assertIn('x.test.widget', self.words('widget', 'x.'))
        self.assertNotIn('x.test.widget', self.words('sim', 'x.'))
        self.assertIn('double', self.words('widget', 'x.test.widget', ''))
        status, made = self.host.request('POST', '/api/v1/providers/widget/x.test.widget', {'size': 3})
        self.assertEqual(status, 201, made)
        self.assertEqual(self.words('widget', 'x.test.widget', 'double', ''), [made['id']])
        self.assertIn('--size', self.words('widget', 'x.test.widget', 'update', '--'))

    def test_regions(self):
        self.assertEqual(self.words('sim', 'instances', 'list', '--region', ''), ['sim-east', 'sim-west'])

    def test_words_of_commands(self):
        self.assertEqual(self.words('completion', ''), ['bash', 'zsh', 'fish'])
        self.assertEqual(self.words('providers', 'show', 's'), ['sim', 'spare'])
        self.assertEqual(self.words('explain', 'inst'), ['instance-types', 'instances'])
        self.assertIn('x.test.widget', self.words('explain', 'x.', SKYCLUST_PROVIDER='widget'))
        self.assertEqual(self.words('help', 'co'), ['context', 'completion', 'cost'])
        (self.home / 'skyclust').mkdir()
        (self.home / 'skyclust/config.yaml').write_text(
            f'current: home\ncontexts:\n  home: {{server: "{self.host.url}", provider: spare}}\n  work: {{}}\n')
        saved = {'XDG_CONFIG_HOME': str(self.home), 'SKYCLUST_SERVER': ''}
        self.assertEqual(self.words('context', 'use', '', **saved), ['home', 'work'])
        self.assertEqual(len(self.words('instances', 'get', '', **saved)), 3)

    def test_files(self):
        self.assertEqual(self.ask('--token-file', 'some'), [('', 'files')])

    def test_server_of_the_words_is_asked(self):
        self.assertEqual(self.words('--server', self.host.url, 'sim', 'instances', 'get', 'we',
                                    SKYCLUST_SERVER='127.0.0.1:1'), ['web'])

    def test_silent_without_a_server(self):
        nobody = {'SKYCLUST_SERVER': '127.0.0.1:1'}
        self.assertIn('instances', self.words('', **nobody))
        self.assertEqual(self.words('sim', 'instances', 'delete', '', **nobody), [])
        self.assertEqual(self.words('sim', 'instances', 'delete', '', SKYCLUST_TOKEN='wrong'), [])
        self.assertEqual(self.words('nonesuch', 'instances', 'delete', ''), [])

    def test_faults_before_are_passed_over(self):
        self.assertIn('list', self.words('--nonsense', 'instances', 'frob', ''))
        self.words('\t', '--=', '-', '--', '\n')

    def test_server_that_does_not_answer_is_not_waited_for(self):
        with socket.create_server(('127.0.0.1', 0)) as mute:
            began = time.monotonic()
            self.assertEqual(self.words('sim', 'instances', 'delete', '',
                                        SKYCLUST_SERVER=f'127.0.0.1:{mute.getsockname()[1]}'), [])
            self.assertLess(time.monotonic() - began, 20)

    def test_scripts(self):
        for shell in ('bash', 'zsh', 'fish'):
            done = subprocess.run([BIN / 'skyclust', 'completion', shell], capture_output=True, text=True,
                                  env=self.env, timeout=TIMEOUT, check=True)
            self.assertIn('__complete -- ', done.stdout)
            if program := shutil.which(shell):
                subprocess.run([program, '-n'], input=done.stdout, text=True, timeout=TIMEOUT, check=True)
        if shutil.which('shellcheck'):
            script = subprocess.run([BIN / 'skyclust', 'completion', 'bash'], capture_output=True, env=self.env,
                                    timeout=TIMEOUT, check=True).stdout
            subprocess.run(['shellcheck', '--shell=bash', '--severity=warning', '-'], input=script, timeout=TIMEOUT,
                           check=True)


class Terminal:
    """A shell in a terminal of its own."""
    PROMPT = 'READY> '

    def __init__(self, command, env, folder):
        self.text = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(folder)
                os.execve(command[0], command, env)
            finally:
                os._exit(127)

    def wait(self, pattern):
        """Read until the pattern comes; what came before it is forgotten."""
        end = time.monotonic() + TIMEOUT
        while not (found := re.search(pattern, self.text)):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f'{pattern} did not come: {self.text!r}')
            try:
                self.text += os.read(self.fd, 65536).decode(errors='replace')
            except OSError:
                raise AssertionError(f'the shell ended before {pattern}: {self.text!r}') from None
        self.text = self.text[found.end():]
        return found

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def complete(self, line):
        """The words that the line has after TAB: made the arguments of a
        printf, they are shown one by one."""
        self.wait(re.escape(self.PROMPT))
        self.type(line + "\t\x01printf '<%s>@' \x05 'end'\r")
        found = self.wait(r'(<skyclust>@.*?)<end>@')
        return re.findall(r'<(.*?)>@', found[1], re.S)

    def close(self):
        os.close(self.fd)     # SIGHUP
        os.waitpid(self.pid, 0)


class Shells(CompleteCase):
    def start(self, shell, installed=False):
        """@installed: zsh finds the script as a function by itself, as
        `make install` leaves it; else it is read by `source`."""
        program = shutil.which(shell)
        if not program:
            self.skipTest(f'{shell} is not installed')
        (self.home / 'resources.yaml').write_text('[]\n')
        command = {
            'bash': [program, '--noprofile', '--rcfile', str(self.home / 'rc'), '-i'],
            'zsh': [program, '-d', '-i'],
            'fish': [program, '--no-config', '-C', 'skyclust completion fish | source; '
                     'function fish_prompt; echo -n "READY> "; end; function fish_greeting; end'],
        }[shell]
        (self.home / 'rc').write_text("source <(skyclust completion bash)\nPS1='READY> '\n")
        script = subprocess.run([BIN / 'skyclust', 'completion', 'zsh'], capture_output=True, env=self.env,
                                timeout=TIMEOUT, check=True).stdout
        (self.home / 'functions').mkdir()
        (self.home / 'functions/_skyclust').write_bytes(script if installed else b'')
        (self.home / '.zshrc').write_text(
            ('fpath=(~/functions $fpath)\n' if installed else '') + "autoload -Uz compinit && compinit -u -D\n"
            + ('' if installed else 'source <(skyclust completion zsh)\n') + "PROMPT='READY> '\n")
        terminal = Terminal(command, {**self.env, 'ZDOTDIR': str(self.home), 'XDG_CONFIG_HOME': str(self.home),
                                      'XDG_DATA_HOME': str(self.home)}, self.home)
        self.addCleanup(terminal.close)
        return terminal

    def check(self, shell, installed=False):
        terminal = self.start(shell, installed)
        for line, wanted in (
                ('skyclust sim inst', ['sim', 'instance']),
                ('skyclust sim instances ter', ['sim', 'instances', 'ter']),
                ('skyclust sim instances sta', ['sim', 'instances', 'sta']),
                ('skyclust sim instances stat', ['sim', 'instances', 'status-list']),
                ('skyclust sim instances delete w', ['sim', 'instances', 'delete', 'web']),
                ('skyclust sim instances delete my', ['sim', 'instances', 'delete', 'my db:1']),
                ('skyclust sim instances create --type=m1', ['sim', 'instances', 'create', '--type=m1.small']),
                ('skyclust sim instances create --image', ['sim', 'instances', 'create', '--image-id']),
                ('skyclust --provider sim instances get w', ['--provider', 'sim', 'instances', 'get', 'web']),
                ('skyclust sim instances get  w', ['sim', 'instances', 'get', 'web']),
                ('skyclust sim instances list -o js', ['sim', 'instances', 'list', '-o', 'json']),
                ('skyclust --token-file res', ['--token-file', 'resources.yaml']),
                ('skyclust --token-file=res', ['--token-file=resources.yaml'])):
            self.assertEqual(terminal.complete(line), ['skyclust', *wanted], f'{shell}: {line}')

    def test_bash(self):
        self.check('bash')

    def test_zsh(self):
        self.check('zsh')

    def test_zsh_by_itself(self):
        self.check('zsh', installed=True)

    def test_fish(self):
        self.check('fish')


if __name__ == '__main__':
    unittest.main()
