#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exactly once, on the real Nova: the driver is killed around the cloud's answer to a create, fifty times.

Each time the client's POST must succeed with the id of the one server of that name that Nova has.
"""
import collections
import os
import signal
import threading
import unittest

import case
from case import Case, settings, wait_for
from proxy import Proxy

KILLS = int(os.environ.get('RECONCILE_KILLS', '50'))
PREFIX = case.PREFIX + 'once-'
# Where in the life of POST /servers the driver dies.
POINTS = ('answer lost', 'answer lost', 'answer lost', 'request lost', 'answer passed on')


class Killer:
    """The hook of the proxy: kills @provider's driver at the point that is armed, once."""

    def __init__(self, provider):
        self.provider, self.lock = provider, threading.Lock()
        self.point, self.done, self.posts = None, [], collections.Counter()

    def arm(self, point):
        self.point = point

    def kill(self):
        pid = case.host.get('/api/v1/providers/' + self.provider)['pid']
        os.kill(pid, signal.SIGKILL)
        wait_for('the driver to be gone', lambda: not os.path.exists(f'/proc/{pid}'))
        self.done.append(self.point)
        self.point = None

    def __call__(self, exchange):
        if exchange.method != 'POST' or not exchange.path.endswith('/servers'):
            return exchange.forward()
        with self.lock:
            self.posts[exchange.body] += 1
            if self.point == 'request lost':
                return self.kill()
            answer = exchange.forward()
            assert answer.status == 202, answer
            if self.point == 'answer lost':
                return self.kill()
            if self.point == 'answer passed on':
                # It reads the answer while it dies: both orders happen.
                threading.Thread(target=self.kill).start()
            return answer


class Once(Case):
    provider = 'behind-proxy'

    @classmethod
    def setUpClass(cls):
        cls.proxy = cls.enterClassContext(Proxy())
        case.connect()
        cls.addClassCleanup(case.disconnect)
        case.start(settings('behind-proxy', **{**case.five(), 'auth_url': cls.proxy.auth_url}),
                   top='supervisor:\n  restart_burst: 1000000\n')
        cls.addClassCleanup(case.stop)

    def servers(self):
        """{name: [id, …]} of ours, as Nova itself says."""
        found = collections.defaultdict(list)
        for server in case.account.ask('nova', 'GET', f'/servers?name={PREFIX}')['servers']:
            found[server['name']].append(server['id'])
        return found

    def sweep(self):
        """Also those that nobody was told of."""
        for ids in self.servers().values():
            for id in ids:
                case.account.ask('nova', 'DELETE', '/servers/' + id)
        self.until('the servers to be gone', lambda: not self.servers())

    def test_killed_around_the_answer(self):
        killer = self.proxy.hook = Killer(self.provider)
        network, _ = self.network(PREFIX + 'net')
        image = self.image()['id']
        self.addCleanup(self.sweep)
        acknowledged = {}
        for i in range(KILLS):
            name = f'{PREFIX}{i}'
            killer.arm(POINTS[i % len(POINTS)])
            made = self.call('POST', 'instances', dict(
                name=name, instance_type='m1.tiny', image_id=image, network_id=network['id']), 201)
            wait_for('the kill', lambda: not killer.point)
            acknowledged[name] = made['id']
        found = self.servers()
        self.assertEqual(len(killer.done), KILLS)
        self.assertEqual([(name, POINTS[i % len(POINTS)], id, found[name])
                          for i, (name, id) in enumerate(acknowledged.items()) if found[name] != [id]], [])
        self.assertEqual(set(found), set(acknowledged))
        counts = collections.Counter(killer.done)
        print(f'killed {KILLS} times ({", ".join(f"{n} x {point}" for point, n in counts.items())}): '
              f'{len(acknowledged)} creates acknowledged, {sum(map(len, found.values()))} servers in Nova, '
              f'{sum(len(ids) > 1 for ids in found.values())} doubled', flush=True)


if __name__ == '__main__':
    unittest.main(verbosity=2)
