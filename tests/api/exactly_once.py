# SPDX-License-Identifier: Apache-2.0
"""Creates that must happen exactly once, whatever is killed meanwhile: at each
point of the way of an operation the host, or its driver, dies of SIGKILL while
many clients create. They ask again with the same Idempotency-Key, as clients
do. The fake cloud's ledger tells what was really done."""
import collections
import contextlib
import http.client
import json
import os
import threading
import time
import urllib.parse

from skyclust_fixture import BIN, Host

AT_ONCE = 20    # creates under way at each death
TIMEOUT = 120   # seconds, for one create with all its repetitions

# The way of an operation, and who dies there.
HOST_POINTS = {
    'before the commit': 'operation.begin',
    'committed, not sent': 'operation.committed',
    'the checkpoint is kept': 'operation.checkpoint',
    'answered, the end not committed': 'operation.answered',
    'ended, the client not told': 'operation.finished',
    'the handle of pending work is kept': 'operation.pending',
}
DRIVER_POINTS = {
    'sent, not applied': 'before-apply',
    'applied, nothing told': 'after-ledger',
    'pending work is asked for': 'on-poll',
}

CONFIG = '''
supervisor:
  restart_burst: 1000000
operations:
  lease: 1s
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config:
        boot_ms: 0
'''


def can_die():
    """Was the host built with points to die at?"""
    return b'SKYCLUST_DIE_AT' in (BIN / 'skyclustd').read_bytes()


def ledger(host, provider='sim', account='demo'):
    """The lines of the fake cloud's ledger."""
    path = host.data / 'drivers' / provider / account / 'ledger.jsonl'
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def made(host, **where):
    """How many instances of each name the cloud was made to make."""
    return collections.Counter(entry['record']['name'] for line in ledger(host, **where)
                               if line['method'] == 'instance.create'
                               for kind, entry in line['put'] if kind == 'instance')


def pages(host, path):
    """All items of a list."""
    token = ''
    while token is not None:
        page = host.get(path + (token and '&page_token=' + urllib.parse.quote(token)))
        yield from page['items']
        token = page['next_page_token']


def operations(host):
    """All of them."""
    return list(pages(host, '/api/v1/operations?limit=1000'))


class Clients:
    """One thread for each name; each asks until it has its answer, and waits
    while there is no host."""

    def __init__(self, host, names):
        self.host, self.wrong = host, []
        self.up, self.ended, self.refused = threading.Event(), threading.Event(), threading.Event()
        self.threads = [threading.Thread(target=self.create, args=(name,)) for name in names]
        self.up.set()
        for thread in self.threads:
            thread.start()

    def end(self):
        for thread in self.threads:
            thread.join(2 * TIMEOUT)
        self.ended.set()
        assert not any(t.is_alive() for t in self.threads), 'a create has no end'
        return self.wrong

    def ask(self, name):
        """The answer's status and body; None when it was lost."""
        self.up.wait(TIMEOUT)
        with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
            return self.host.request('POST', '/api/v1/providers/sim/instances',
                                     {'name': name, 'instance_type': 'small', 'image_id': 'ubuntu-22.04'},
                                     headers={'Idempotency-Key': 'key of ' + name})
        return None

    def create(self, name):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            answer = self.ask(name)
            if not answer:
                self.ended.wait(0.02)   # the host is dead, or its next one not there
                continue
            status, body = answer
            if status == 201:
                if body['name'] != name:
                    self.wrong.append((name, body))
                return
            if status == 503:
                self.refused.set()
                self.ended.wait(0.02)
            # Of what is unknown the key makes sure that it is not done twice.
            if status == 202 or (body['retryable'] and
                                 (body['effect'] == 'none' or body['code'] == 'store_unavailable')):
                continue
            break
        self.wrong.append((name, answer))


class Rounds:
    """@creates creates, AT_ONCE at a time, with a death in each round."""

    def __init__(self, test, creates):
        self.test, self.creates = test, creates

    def rounds(self, at_once=AT_ONCE):
        for first in range(0, self.creates, at_once):
            yield first, [f'vm-{n}' for n in range(first, min(first + at_once, self.creates))]

    def host_dies(self, point):
        host = Host(CONFIG + '        checkpoint: true\n' +
                    ('        pending_ms: 20\n' if point == 'operation.pending' else ''))
        with contextlib.closing(host):
            for first, names in self.rounds():
                which = 1 + first // AT_ONCE * 7 % AT_ONCE
                host.env = {**os.environ, 'SKYCLUST_DIE_AT': f'{point}:{which}'}
                host.start()
                clients = Clients(host, names)
                self.test.assertLess(host.process.wait(TIMEOUT), 0, 'it did not die')
                clients.up.clear()
                host.kill()
                host.env = None
                host.start()
                clients.up.set()
                self.test.assertEqual(clients.end(), [])
                host.stop()
            host.start()
            self.check(host)
            host.stop()

    def driver_dies(self, point):
        host = Host(CONFIG + f'        die_at: {point}\n        die_after: 9\n' +
                    ('        pending_ms: 20\n' if point == 'on-poll' else ''))
        with host:
            # So few that a death is no reason for the circuit breaker to open.
            for _, names in self.rounds(at_once=8):
                self.test.assertEqual(Clients(host, names).end(), [])
            self.test.assertGreater(host.get('/api/v1/providers/sim')['restarts'], self.creates // 20)
            self.check(host)

    def database_dies(self, kill, heal):
        """Until somebody is told that it is down; then it comes back."""
        with Host(CONFIG + '        latency_ms: 5\n') as host:
            for first, names in self.rounds():
                clients = Clients(host, names)
                host.wait_until(lambda: len(ledger(host)) > first)
                kill()
                more = Clients(host, [f'late-{name}' for name in names])
                self.test.assertTrue(more.refused.wait(TIMEOUT), 'nobody was told')
                heal()
                self.test.assertEqual(clients.end() + more.end(), [])
            self.test.assertEqual(set(made(host).values()), {1})
            self.test.assertEqual(len(made(host)), 2 * self.creates)
            self.settled(host)
            self.audited(host)

    def audited(self, host):
        """No effect without its records."""
        found = collections.Counter()
        for record in pages(host, '/api/v1/audit?action=instance.create&limit=1000'):
            found[record.get('operation_id'), record['outcome']] += 1
        for line in ledger(host):
            for outcome in ('begun', 'succeeded'):
                self.test.assertEqual(found[line['op'], outcome], 1, (line['op'], outcome))

    def check(self, host):
        """One of each, and every operation has an honest end."""
        self.test.assertEqual(made(host), {f'vm-{n}': 1 for n in range(self.creates)})
        self.settled(host)
        self.audited(host)

    def settled(self, host):
        test = self.test
        host.wait_until(lambda: host.get('/api/v1/operations?state=running')['items'] == [])
        applied = {line['op'] for line in ledger(host)}
        for op in operations(host):
            test.assertIn(op['state'], ('succeeded', 'failed'), op)
            test.assertEqual(op['state'] == 'succeeded', op['id'] in applied, op)
            test.assertEqual(op['effect'], 'applied' if op['id'] in applied else 'none', op)
