#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The console sessions of README.md, api/README.md and host/README.md, typed as they stand against the host as `make run` sets it
up; "…" in an answer stands for anything, and so does a number of seconds."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/api'))
from skyclust_fixture import BIN, PASSWORD, Host    # noqa: E402

CONFIG = (ROOT / 'config/skyclust.yaml').read_text()
TIMEOUT = 120


def blocks(page):
    """(language, attribute, body) of each fenced block."""
    return re.findall(r'^```(\w*) ?([^\n]*)\n(.*?)^```$', page, re.M | re.S)


def session(block):
    """[(command, what it prints)] of a console block."""
    for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
        command, _, shown = part.partition('\n')
        yield command, shown


def pattern(shown):
    """"…" is anything on a line, and a line of its own any lines."""
    text = re.escape(shown.rstrip('\n') + '\n')
    text = re.sub(r'^…\\\n', r'(?:.*\\n)*', text, flags=re.M).replace('…', '.*')
    return re.sub(r'after\\ \d+\\ s', r'after \\d+ s', text)


class Readme(unittest.TestCase):
    def test_pattern_can_say_no(self):
        for shown, real, fits in (('x after 2 s\ny …', 'x after 31 s\ny zzz\n', True),
                                  ('x after 2 s\ny …', 'x after 2 s\nz zzz\n', False),
                                  ('x', 'x\ny\n', False), ('x …', 'x y\nz\n', False),
                                  ('x\n…\nz', 'x\ny\ny\nz\n', True), ('x\n…\nz', 'x\nz\n', True),
                                  ('x\n…\nz', 'x\ny\n', False)):
            self.assertEqual(bool(re.fullmatch(pattern(shown), real)), fits, shown)

    def type(self, command, shown, folder, env):
        typed = PASSWORD + '\n' if command.startswith('skyclust login') else ''
        done = subprocess.run(['bash', '-c', command], cwd=folder, env=env, input=typed, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT, check=False)
        self.assertRegex(done.stdout.rstrip('\n') + '\n', rf'\A{pattern(shown)}\Z', command)

    def follow(self, name, least):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-readme-')
        self.addCleanup(folder.cleanup)
        count = 0
        with Host(CONFIG, administrator=False) as host:
            pathlib.Path(folder.name, 'data').symlink_to(host.data)
            env = {'PATH': f'{BIN}:/usr/bin:/bin', 'HOME': folder.name, 'LANG': 'C.UTF-8',
                   'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}
            for language, attribute, body in blocks((ROOT / name).read_text()):
                if attribute.startswith('file='):
                    pathlib.Path(folder.name, attribute.removeprefix('file=')).write_text(body)
                for command, shown in session(body) if language == 'console' else ():
                    if not command.startswith('export PATH='):
                        self.type(command, shown, folder.name, env)
                        count += 1
        self.assertGreaterEqual(count, least)

    def test_front_page(self):
        self.follow('README.md', 4)

    def test_page_of_the_api(self):
        self.follow('api/README.md', 12)

    def test_page_of_the_operator(self):
        self.follow('host/README.md', 3)


if __name__ == '__main__':
    unittest.main()
