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
    """The hook of the proxy: kills @provider's driver at the point of a POST to @path that is armed, once."""

    def __init__(self, provider, path):
        self.provider, self.path, self.lock = provider, path, threading.Lock()
        self.point, self.done = None, []

    def arm(self, point):
        self.point = point

    def kill(self):
        pid = case.host.get('/api/v1/providers/' + self.provider)['pid']
        os.kill(pid, signal.SIGKILL)
        wait_for('the driver to be gone', lambda: not os.path.exists(f'/proc/{pid}'))
        self.done.append(self.point)
        self.point = None

    def __call__(self, exchange):
        if exchange.method != 'POST' or not exchange.path.endswith(self.path):
            return exchange.forward()
        with self.lock:
            if self.point == 'request lost':
                return self.kill()
            answer = exchange.forward()
            assert answer.status in (200, 201, 202), answer
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
        killer = self.proxy.hook = Killer(self.provider, '/servers')
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

    def test_what_else_is_made(self):
        """Twice each: the answer is lost, and the request is."""
        network, subnet = self.network(PREFIX + 'else')
        volume = self.make('volumes', name=PREFIX + 'source', size_gib=1)
        self.settled(f"volumes/{volume['id']}", 'available')
        for collection, path, body in (
                ('networks', '/networks', {}), ('routers', '/routers', {}), ('security-groups', '/security-groups', {}),
                ('subnets', '/subnets', dict(network_id=network['id'], cidr='10.93.0.0/24')),
                ('vnics', '/ports', dict(subnet_id=subnet['id'])), ('volumes', '/volumes', dict(size_gib=1)),
                ('snapshots', '/snapshots', dict(volume_id=volume['id']))):
            for number, point in enumerate(('answer lost', 'request lost')):
                with self.subTest(collection, point=point):
                    self.once(collection, path, point, {**body, 'name': f'{PREFIX}{number}'})

    def once(self, collection, path, point, body):
        killer = self.proxy.hook = Killer(self.provider, path)
        killer.arm(point)
        made = self.call('POST', collection, body, 201)
        self.until('the kill', lambda: not killer.point)
        self.proxy.hook = Proxy.pass_on
        self.assertEqual(killer.done, [point])
        found = [item['id'] for item in self.items(collection) if item['name'] == body['name']]
        self.assertEqual(found, [made['id']])
        if collection in ('volumes', 'snapshots'):
            self.settled(f"{collection}/{made['id']}", 'available')
        self.drop(collection, made['id'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
