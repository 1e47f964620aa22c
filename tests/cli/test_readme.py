#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The console sessions of README.md and of api/README.md, typed as they stand against the host as `make run` sets it
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
from skyclust_fixture import BIN, Host    # noqa: E402

CONFIG = (ROOT / 'config/skyclust.yaml').read_text()
TIMEOUT = 120


def sessions(page):
    """[(command, what it prints)] of all console blocks."""
    for block in re.findall(r'^```console\n(.*?)^```$', page, re.M | re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, _, shown = part.partition('\n')
            while command.endswith('\\'):
                more, _, shown = shown.partition('\n')
                command = f'{command}\n{more.removeprefix("> ")}'
            yield command, shown


def pattern(shown):
    text = re.escape(shown.rstrip('\n')).replace(re.escape('…'), '.*')
    return re.sub(r'after\\ \d+\\ s', r'after \\d+ s', text)


class Readme(unittest.TestCase):
    def test_pattern_can_say_no(self):
        self.assertTrue(re.fullmatch(pattern('x after 2 s\ny …'), 'x after 31 s\ny zzz'))
        self.assertFalse(re.fullmatch(pattern('x after 2 s\ny …'), 'x after 2 s\nz zzz'))
        self.assertFalse(re.fullmatch(pattern('x'), 'x\ny'))

    def follow(self, name, least):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-readme-')
        self.addCleanup(folder.cleanup)
        with Host(CONFIG) as host:
            env = {'PATH': f'{BIN}:/usr/bin:/bin', 'HOME': folder.name, 'LANG': 'C.UTF-8',
                   'SKYCLUST_SERVER': host.url, 'SKYCLUST_TOKEN_FILE': str(host.data / 'admin.token'),
                   'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}
            count = 0
            for command, shown in sessions((ROOT / name).read_text()):
                if command.startswith('export PATH='):
                    continue
                done = subprocess.run(['bash', '-c', command], cwd=folder.name, env=env, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT,
                                      check=False)
                self.assertRegex(done.stdout.rstrip('\n') + '\n', r'\A' + pattern(shown) + r'\n\Z', command)
                count += 1
        self.assertGreaterEqual(count, least)

    def test_front_page(self):
        self.follow('README.md', 4)

    def test_page_of_the_api(self):
        self.follow('api/README.md', 6)


if __name__ == '__main__':
    unittest.main()
