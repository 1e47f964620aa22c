#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The database goes away under load, and comes back: a full disk under SQLite;
PostgreSQL stopped, paused and killed. Meanwhile what needs no database is
answered, changes are refused and not done, nothing hangs, and nobody has to do
anything. In the end all that was asked for was done exactly once, and nothing
was done of which the audit log does not tell."""
import collections
import resource
import tempfile
import threading
import unittest

from exactly_once import ledger, made, operations
from skyclust_fixture import Host, database_server
from test_audit import export, sign, verify

HANGS = 30      # seconds: what takes longer has hung
WRITERS, READERS = 6, 2
INSTANCES = '/api/v1/providers/sim/instances'
CONFIG = '''
store:
  url: "URL"
  timeout: 2s
operations:
  wait: 3s
  lease: 2s
limits:
  rate: 100000
  burst: 100000
plugins:
  auto_load: false
  providers:
    sim:
      config: {boot_ms: 0}
'''


class Disk:
    """SQLite's: what would make a file longer than it may be fails, like on a
    full disk. A failed write, unlike a full disk, leaves open what came of it."""
    url, effects = '', ('none', 'unknown')

    def outages(self, host):
        def limit(size):
            resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        for size in 4096, 65536, 0:
            yield f'full at {size}', lambda size=size: limit(size), lambda: limit(resource.RLIM_INFINITY)


class Server:
    effects = ('none',)

    def __init__(self, server):
        self.server, self.url = server, server.database('outage')

    def outages(self, _host):
        server = self.server
        yield 'stopped', server.stop, server.start
        yield 'paused', server.pause, server.resume
        yield 'killed', server.kill, server.start


class Load:
    """Threads that create and read all the while, and judge what they hear."""

    def __init__(self, host):
        self.host, self.stop, self.wrong, self.lock = host, threading.Event(), [], threading.Lock()
        self.done, self.reads = collections.Counter(), collections.Counter()
        self.refused, self.waits = collections.Counter(), collections.Counter()
        self.threads = [threading.Thread(target=self.judged, args=(self.write, n)) for n in range(WRITERS)]
        self.threads += [threading.Thread(target=self.judged, args=(self.read, n)) for n in range(READERS)]
        for thread in self.threads:
            thread.start()

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(4 * HANGS)
        assert not any(thread.is_alive() for thread in self.threads), 'a client has no answer'

    def judged(self, work, number):
        try:
            while not self.stop.is_set():
                work(number)
        except Exception as why:    # a thread must not end unseen
            self.wrong.append(repr(why))

    def write(self, number):
        """One instance, asked for with one key until it is there."""
        name = f'vm-{number}-{self.done[number]}'
        while True:
            status, body = self.create(name)
            if status == 201:
                break
            if status == 503 and (body['code'], body['retryable']) == ('store_unavailable', True):
                self.refused[number] += 1
            elif status == 202:         # committed before: it is under way
                self.waits[number] += 1
            else:
                self.wrong.append((name, status, body))
                break
            self.stop.wait(0.05)    # not as long as Retry-After asks, so that more is tried
        self.done[number] += 1

    def create(self, name):
        return self.host.request('POST', INSTANCES, {'name': name, 'instance_type': 'small', 'image_id': 'debian-12'},
                                 headers={'Idempotency-Key': name}, timeout=HANGS)

    def read(self, number):
        status, body = self.host.request('GET', INSTANCES + '?limit=5', timeout=HANGS)
        if status != 200:
            self.wrong.append(('read', status, body))
        self.reads[number] += 1

    def more(self, threads, *counters):
        """Waits until each thread has two more of what is counted: the second
        was begun after now."""
        before = [sum(c[n] for c in counters) for n in range(threads)]
        self.host.wait_until(lambda: self.wrong or all(sum(c[n] for c in counters) > before[n] + 1
                                                       for n in range(threads)), 'nothing happens any more')


class Outage(unittest.TestCase):
    def setUp(self):
        server = database_server()
        self.engine = Server(server) if server else Disk()

    def test_it_comes_back(self):
        with Host(CONFIG.replace('URL', self.engine.url)) as host:
            load = Load(host)
            try:
                for name, down, up in self.engine.outages(host):
                    with self.subTest(outage=name):
                        self.outage(host, load, down, up)
            finally:
                load.end()
            self.assertEqual(load.wrong, [])
            print(f'\n{sum(load.done.values())} creates, refused {sum(load.refused.values())} times; '
                  f'{sum(load.reads.values())} reads, all answered', flush=True)
            self.once(host, load)
            self.told(host)

    def outage(self, host, load, down, up):
        load.more(WRITERS, load.done)
        down()
        try:
            load.more(WRITERS, load.refused, load.waits)
            load.more(READERS, load.reads)
            self.assertEqual(host.call('GET', '/health', token=False, timeout=HANGS).status, 200)
            self.assertEqual(host.call('GET', '/ready', token=False, timeout=HANGS).status, 200)
            self.refuses(host)
        finally:
            up()
        load.more(WRITERS, load.done)
        load.more(READERS, load.reads)

    def refuses(self, host):
        """Changes of all kinds, and what they would do is not done."""
        for method, path, body in (
                ('POST', INSTANCES, {'name': 'never', 'instance_type': 'small', 'image_id': 'debian-12'}),
                ('POST', '/api/v1/workspaces', {'name': 'never'}),
                ('POST', '/api/v1/auth/tokens', {'name': 'never'}),
                ('POST', '/api/v1/users', {'name': 'never', 'role': 'user'}),
                ('DELETE', INSTANCES + '/i-seed-00001', None)):
            with self.subTest(method=method, path=path):
                answer = host.call(method, path, body, timeout=HANGS)
                self.assertEqual((answer.status, answer.json()['code']), (503, 'store_unavailable'))
                self.assertIn(answer.json()['effect'], self.engine.effects)
                self.assertTrue(answer.headers['Retry-After'].isdigit())

    def once(self, host, load):
        """What was done is what was asked for, once each."""
        wanted = {f'vm-{n}-{i}': 1 for n in range(WRITERS) for i in range(load.done[n])}
        self.assertEqual(made(host), wanted)
        self.assertNotIn('never', str(host.get('/api/v1/users')['items'] + host.get('/api/v1/workspaces?all=true')['items']))
        host.wait_until(lambda: host.get('/api/v1/operations?state=running')['items'] == [])
        applied = {line['op'] for line in ledger(host)}
        for op in operations(host):
            self.assertEqual(op['state'] == 'succeeded', op['id'] in applied, op)
            applied.discard(op['id'])
        self.assertEqual(applied, set(), 'nobody knows of these')

    def told(self, host):
        """Each effect has its records in an audit log that is whole."""
        sign(host)
        with tempfile.TemporaryDirectory() as folder:
            file = export(host, folder)
            status, output = verify(host, file)
            text = file.read_text()
        self.assertEqual(status, 0, output)
        self.assertEqual([line['op'] for line in ledger(host) if line['op'] not in text], [], 'done, and not told')
        self.assertNotIn('left no record', host.log())


if __name__ == '__main__':
    unittest.main()
