#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example of api/README.md, run just as it stands."""
import json
import os
import re
import subprocess
import unittest

from skyclust_fixture import BIN, ROOT, Host

README = (ROOT / 'api/README.md').read_text()
# a shell block, and the block with its output if one follows at once
EXAMPLES = re.findall(r'```sh\n(.*?)```\n(?:```(json|)\n(.*?)```)?', README, re.S)
MARK = '=== example %d ==='


def fits(shown, real):
    """Is @real what the page shows?  An ellipsis is anything, an object may
    have more members than are shown, a list begins with those shown."""
    if shown == '…':
        return True
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(k in real and fits(v, real[k]) for k, v in shown.items())
    if isinstance(shown, list):
        return isinstance(real, list) and len(real) >= len(shown) and all(map(fits, shown, real))
    return shown == real


class Readme(unittest.TestCase):
    def test_fits_can_say_no(self):
        self.assertTrue(fits({'a': '…', 'b': [1]}, {'a': None, 'b': [1, 2], 'c': 3}))
        for shown, real in (({'a': 1}, {'a': 2}), ({'a': 1}, {}), ([1, 2], [1]), ({'a': []}, {'a': {}})):
            self.assertFalse(fits(shown, real))

    def test_examples(self):
        self.assertGreater(len(EXAMPLES), 8)
        script = ''.join(f"echo; echo '{MARK % i}'\n{code}" for i, (code, _, _) in enumerate(EXAMPLES))
        with Host() as host:
            script = script.replace('localhost:8080', f'127.0.0.1:{host.port}')
            done = subprocess.run(['bash', '-euo', 'pipefail', '-c', script], capture_output=True, text=True,
                                  timeout=120, check=False,
                                  env={'PATH': f'{BIN}:{os.environ["PATH"]}', 'SKYCLUST_SERVER': host.url,
                                       'SKYCLUST_TOKEN': host.token})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for i, (code, kind, shown) in enumerate(EXAMPLES):
            output = done.stdout.partition(MARK % i)[2].partition(MARK % (i + 1))[0].strip()
            with self.subTest(code):
                if kind == 'json':
                    self.assertTrue(fits(json.loads(shown), json.loads(output)), output)
                else:
                    self.assertEqual(output, shown.strip())


if __name__ == '__main__':
    unittest.main()
