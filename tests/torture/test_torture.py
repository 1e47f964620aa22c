#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL under load: drivers x 1,000, the host x 100.

Readers and writers go on all the while. Shown: no orphan process, no wrong
answer (every body belongs to the account it was asked for), every read is
answered, no mutation ends with an unknown effect, the sim's ledger holds what
was acknowledged and nothing twice, all of it is known or found again within
FOUND_WITHIN after a restart, and the audit log is whole.
"""
import http.client
import json
import os
import pathlib
import random
import signal
import sys
import threading
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))
from exactly_once import ledger, operations         # noqa: E402
from skyclust_fixture import Host, drivers_alive    # noqa: E402
from test_audit import export, sign, verify         # noqa: E402

DRIVER_KILLS = int(os.environ.get('TORTURE_DRIVER_KILLS', '1000'))
HOST_KILLS = int(os.environ.get('TORTURE_HOST_KILLS', '100'))
ACCOUNTS = 4
FOUND_WITHIN = 30       # seconds

CONFIG = '''
supervisor:
  restart_burst: 1000000
limits:
  rate: 100000
  burst: 100000
plugins:
  auto_load: false
  providers:
''' + ''.join(f'''    sim{i}:
      driver: sim
      enabled: true
      config:
        account: tenant{i}
        boot_ms: 0
        latency_ms: 2
''' for i in range(ACCOUNTS))


class Load:
    """Threads that read and write through the host and judge each answer."""

    def __init__(self, host, threads=8):
        self.host, self.stop, self.wrong = host, threading.Event(), []
        self.reads = self.failed_reads = self.creates = self.unknown = 0
        self.answers = [0] * threads    # of each thread
        self.acknowledged = [set() for _ in range(ACCOUNTS)]
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run_judged, args=(n,)) for n in range(threads)]
        for t in self.threads:
            t.start()

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()

    def run_judged(self, number):
        try:
            self.run(number)
        except Exception as why:    # a thread must not end unseen
            self.judge(False, 'exception', repr(why))

    def run(self, number):
        tenant, serial = number % ACCOUNTS, 0
        while not self.stop.is_set():
            serial += 1
            if number < ACCOUNTS and serial % 4 == 0:
                self.create(tenant, f'vm-{tenant}-{number}-{serial}')
            else:
                self.read(tenant)
            self.answers[number] += 1

    def answered_since(self, tenant, before):
        """Has each thread of @tenant had an answer since @before?  A read may
        be hit by two deaths, not by any number of them."""
        return self.wrong or all(self.answers[n] > before[n] + 1
                                 for n in range(tenant, len(self.answers), ACCOUNTS))

    def judge(self, ok, *what):
        if not ok:
            self.wrong.append(what)

    def read(self, tenant):
        status, body = self.host.request('GET', f'/api/v1/providers/sim{tenant}/instances?limit=20')
        with self.lock:
            self.reads += 1
            if status != 200:
                self.failed_reads += 1
                self.judge(False, 'read', status, body)
                return
            for item in body['items']:
                self.judge(item['provider'] == f'sim{tenant}' and item['name'].split('-')[1] in (str(tenant), 'seed'),
                           'foreign value', tenant, item)

    def create(self, tenant, name):
        status, body = self.host.request('POST', f'/api/v1/providers/sim{tenant}/instances',
                                         {'name': name, 'instance_type': 'small', 'image_id': 'ubuntu-22.04'})
        with self.lock:
            self.creates += 1
            if status == 201:
                self.judge(body['name'] == name, 'wrong create', name, body)
                self.acknowledged[tenant].add(name)
            else:
                self.unknown += 1
                self.judge(status == 503 and body['effect'] == 'none', 'create', status, body)


def names_of(host, tenant):
    names, token = [], ''
    while True:
        page = host.get(f'/api/v1/providers/sim{tenant}/instances?limit=1000' + (token and '&page_token=' + token))
        names += [i['name'] for i in page['items']]
        token = page['next_page_token']
        if not token:
            return names


class Torture(unittest.TestCase):
    def test_drivers_killed(self):
        rng = random.Random(7)
        with Host(CONFIG) as host:
            for t in range(ACCOUNTS):
                host.get(f'/api/v1/providers/sim{t}/regions')
            load = Load(host)
            for _ in range(DRIVER_KILLS):
                tenant = rng.randrange(ACCOUNTS)
                provider = f'sim{tenant}'
                pid, generation = self.running(host, provider)
                before = list(load.answers)
                os.kill(pid, signal.SIGKILL)
                host.wait_until(lambda: load.answered_since(tenant, before))
                host.wait_until(lambda: self.running(host, provider)[1] > generation)
            load.end()
            self.assertEqual(load.wrong, [])
            self.assertGreater(load.reads, DRIVER_KILLS)
            for t in range(ACCOUNTS):
                names = names_of(host, t)
                self.assertEqual(len(names), len(set(names)), 'a create was applied twice')
                self.assertLessEqual(load.acknowledged[t], set(names), 'an acknowledged create is lost')
            print(f'{DRIVER_KILLS} driver kills: {load.reads} reads, all answered; {load.creates} creates, '
                  f'{load.unknown} with an honest error; 0 wrong answers')
            host.stop()
            self.assertEqual(drivers_alive(host), [])

    def running(self, host, provider):
        """Pid and generation of @provider once it has a process."""
        info = {}

        def up():
            info.update(host.get('/api/v1/providers/' + provider))
            return info['pid'] is not None and info['state'] == 'ready'
        host.wait_until(up)
        return info['pid'], info['generation']

    def test_host_killed(self):
        host = Host(CONFIG)
        acknowledged, taken_over = [set() for _ in range(ACCOUNTS)], 0
        for kill in range(HOST_KILLS):
            host.start()
            taken_over += self.settled(host)
            load = HostLoad(host, kill)
            load.wait_for_work()
            host.kill()
            load.end()
            self.assertEqual(load.wrong, [])
            for t in range(ACCOUNTS):
                acknowledged[t] |= load.acknowledged[t]
            host.wait_until(lambda: drivers_alive(host) == [])
        host.start()
        taken_over += self.settled(host)
        for t in range(ACCOUNTS):
            names = names_of(host, t)
            self.assertEqual(len(names), len(set(names)))
            self.assertLessEqual(acknowledged[t], set(names), 'an acknowledged create is lost')
        self.known(host)
        self.whole(host)
        print(f'{HOST_KILLS} host kills: {sum(map(len, acknowledged))} acknowledged creates, all there; '
              f'{taken_over} operations found in the middle and settled; 0 orphans; the audit log is whole')
        host.stop()
        host.close()

    def settled(self, host):
        """What the last host left in the middle comes to its end; how many."""
        def running():
            return host.get('/api/v1/operations?state=running&limit=1000')['items']
        found = len(running())
        host.wait_until(lambda: not running(), 'operations are left in the middle', FOUND_WITHIN)
        return found

    def known(self, host):
        """The ledgers and the operations say the same."""
        applied = {line['op'] for t in range(ACCOUNTS) for line in ledger(host, f'sim{t}', f'tenant{t}')}
        for op in operations(host):
            self.assertIn(op['state'], ('succeeded', 'failed'), op)
            self.assertEqual(op['state'] == 'succeeded', op['id'] in applied, op)
            applied.discard(op['id'])
        self.assertEqual(applied, set(), 'nobody knows of these')

    def whole(self, host):
        sign(host)
        with tempfile.TemporaryDirectory() as folder:
            status, output = verify(host, export(host, folder))
        self.assertEqual(status, 0, output)


class HostLoad(Load):
    """The same load, on a host that is going to vanish: a lost connection is
    expected, a wrong answer is not."""

    def __init__(self, host, kill):
        self.kill, self.work = kill, threading.Event()
        super().__init__(host, threads=4)

    def wait_for_work(self):
        self.work.wait(30)

    def run(self, number):
        try:
            for serial in range(10000):
                if self.stop.is_set():
                    return
                self.create(number, f'vm-{number}-{self.kill}-{serial}')
                self.read(number)
                if serial == 2:
                    self.work.set()
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            self.work.set()


if __name__ == '__main__':
    unittest.main()
