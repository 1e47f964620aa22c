#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The zoo: each misbehaving driver against the real host.

For every animal: its caller gets one of the answers listed here, the next
request to another driver is answered at once, the fault stands in the log
under the driver's name, the host's memory stays flat and no process is left.
"""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))
from skyclust_fixture import BIN, Host, drivers_alive    # noqa: E402

CANARY = 'canary-5ecret-v4lue'
CALL_TIMEOUT = 3            # seconds; the animals that never answer cost this
MEMORY_LIMIT = 12 * 1024    # KiB the host may grow by while an animal plays

# animal: (statuses its caller may see, what the log must hold beside its name)
ANIMALS = {
    'crashes': ({503}, r'SIGSEGV'),
    'hangs': ({504}, r'deadline'),
    'stuck': ({504}, r'deadline'),
    'prints-garbage': ({200}, r'violation'),
    'huge-line': ({200}, r'violation'),
    'flood-stderr': ({200}, r'dropped'),
    'answers-twice': ({200}, r'violation'),
    'wrong-id': ({200}, r'violation'),
    'lies-about-operations': ({501}, r'method'),
    'forks-daemon': ({200, 503}, r'exited'),
    'ignores-signals': ({504}, r'deadline'),
    'leaks': ({503}, r'killed|exited'),
    'echoes-secrets': ({424}, r'password is \*\*\*'),
    'deep-json': ({200}, r'violation'),
    'closes-stdout': ({503, 504}, r'closed|ended|recycl'),
    'half-a-line': ({503, 504}, r'deadline|partial'),
    'bad-totals': ({502}, r'violation|total'),
    'chunk-flood': ({502}, r'violation|credit'),
    'not-a-list': ({502}, r'region'),
    'no-hello': ({503, 504}, r'start'),
    'dies-at-hello': ({503}, r'status 7'),
    'hello-garbage': ({502, 503}, r'handshake|initialize'),
    'wrong-version': ({502, 503}, r'version|protocol'),
}


class Zoo(unittest.TestCase):
    def config(self, animal):
        return f'''
supervisor:
  start_timeout: 2s
  memory_mib: 128
plugins:
  auto_load: false
  timeout: {CALL_TIMEOUT}s
  providers:
    sim:
      enabled: true
    {animal}:
      enabled: true
      path: {BIN}/zoo/{animal}/{animal}
      config:
        password: {CANARY}
'''

    def play(self, animal, statuses, pattern):
        with Host(self.config(animal)) as host:
            host.get('/api/v1/providers/sim/regions')
            before = host.memory_kib()
            status, problem = host.request('GET', f'/api/v1/providers/{animal}/regions')
            self.assertIn(status, statuses, problem)
            if status >= 400:
                self.assertEqual(problem['provider'], animal)
            status, answer = host.request('GET', '/api/v1/providers/sim/regions')
            self.assertEqual(status, 200, answer)
            host.wait_log(lambda line: animal in line and re.search(pattern, line))
            self.assertLess(host.memory_kib() - before, MEMORY_LIMIT)
            host.stop()
            self.assertEqual(drivers_alive(host), [])
            self.assertNotIn(CANARY, host.log())
            self.assertNotIn(CANARY, str(problem))


def add(animal, statuses, pattern):
    setattr(Zoo, 'test_' + animal.replace('-', '_'), lambda self: self.play(animal, statuses, pattern))


for name, (codes, text) in ANIMALS.items():
    add(name, codes, text)

if __name__ == '__main__':
    unittest.main()
