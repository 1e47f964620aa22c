#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sim's word: it is the oracle of the reliability tests, so its ledger and
its answers must agree whenever and however it dies, and its faults must be
exactly those that were set."""
import json
import pathlib
import signal
import tempfile
import threading
import unittest

from sim import CONFLICT, NOT_FOUND, SERVER, WAIT, Case, Refused, Sim, ledger


class Ledger(Case):
    # point, is the create in the ledger afterwards?
    POINTS = (('on-call', False), ('before-apply', False), ('mid-ledger', False), ('after-ledger', True),
              ('before-answer', True), ('after-checkpoint', True))

    def die(self, method, **config):
        """The driver dies of SIGKILL while @method is open."""
        sim = self.sim(checkpoint=True, **config)
        with self.assertRaises(EOFError):
            sim.do(method, op='op-1', **(SERVER if method == 'instance.create' else {}))
        self.assertEqual(sim.process.wait(WAIT), -signal.SIGKILL)
        sim.close()

    def test_death_at_every_point_leaves_one_truth(self):
        for point, applied in self.POINTS:
            with self.subTest(point):
                self.dir = tempfile.mkdtemp(dir=self.dir)
                self.die('instance.create', die_at=point)
                sim = self.sim()
                known = sim.reconcile('op-1')
                self.assertEqual(known['outcome'], 'applied' if applied else 'not_applied')
                vm = sim.do('instance.create', op='op-1', **SERVER)
                self.assertEqual(sim.reconcile('op-1'), {'outcome': 'applied', 'value': vm})
                if applied:
                    self.assertEqual(known['value'], vm)
                self.assertEqual([i['name'] for i in sim.items('instance.list')].count('web'), 1)
                self.assertEqual([line['op'] for line in ledger(self.dir)], ['op-1'])
                self.stop_all()

    def test_what_was_made_is_told_before_the_answer(self):
        sim = self.sim(checkpoint=True)
        vm = sim.do('instance.create', op='a', **SERVER)
        self.assertEqual(sim.note('$/checkpoint')['data'], {'id': vm['id']})

    def test_pending_work_is_asked_for(self):
        sim = self.sim(pending_ms=50)
        result = sim.call('instance.create', SERVER, ctx={'op': 'a'})
        self.assertEqual((result['type'], result['poll_after_ms']), ('pending', 50))
        self.assertEqual(len(ledger(self.dir)), 1)      # applied, all the same
        other = self.sim()      # any process can be asked
        while (polled := other.call('op.poll', {'handle': result['handle']}))['type'] == 'pending':
            self.assertLessEqual(polled['poll_after_ms'], 50)
        self.assertEqual(polled['value'], sim.reconcile('a')['value'])
        self.assertEqual(other.call('op.poll', {'handle': {'op': 'b', 'ready': 0}})['code'], NOT_FOUND)
        dying = self.sim(die_at='on-poll')
        with self.assertRaises(EOFError):
            dying.call('op.poll', {'handle': result['handle']})

    def test_reads_can_die_too(self):
        self.die('instance.list', die_at='on-read')
        self.die('instance.list', die_at='mid-list', seed_instances=100)
        with self.assertRaises(EOFError):
            self.sim(die_at='on-start')

    def test_a_torn_line_is_ignored_by_readers_and_cut_by_the_next_writer(self):
        reader = self.sim()
        reader.do('instance.create', **SERVER)
        before = (pathlib.Path(self.dir) / 'demo/ledger.jsonl').read_bytes()
        self.die('instance.create', die_at='mid-ledger')
        torn = (pathlib.Path(self.dir) / 'demo/ledger.jsonl').read_bytes()
        self.assertGreater(len(torn), len(before))
        self.assertEqual(len(reader.items('instance.list')), 3)
        reader.do('instance.create', **SERVER)
        self.assertEqual(len(ledger(self.dir)), 2)
        self.assertEqual(len(self.sim().items('instance.list')), 4)

    def test_die_once_and_die_after(self):
        config = {'die_at': 'before-answer', 'die_after': 3, 'die_once': True}
        sim = self.sim(**config)
        for n in range(2):
            sim.do('instance.create', **SERVER)
        with self.assertRaises(EOFError):
            sim.do('instance.create', **SERVER)
        sim.close()
        sim = self.sim(**config)
        for n in range(4):
            sim.do('instance.create', **SERVER)
        self.assertEqual(len(ledger(self.dir)), 7)

    def test_a_broken_ledger_is_told_not_guessed(self):
        (pathlib.Path(self.dir) / 'demo').mkdir()
        path = pathlib.Path(self.dir) / 'demo/ledger.jsonl'
        path.write_text('{"op": broken}\n')
        sim = self.sim()
        for call in (lambda: sim.do('instance.list'), lambda: sim.do('instance.create', **SERVER)):
            with self.assertRaises(Refused) as caught:
                call()
            self.assertIn('line 1', str(caught.exception))
        self.assertEqual(path.read_text(), '{"op": broken}\n')

    def test_a_ledger_that_cannot_be_made_is_told(self):
        (pathlib.Path(self.dir) / 'demo/ledger.jsonl').mkdir(parents=True)
        (pathlib.Path(self.dir) / 'file').write_text('')
        long = 'x/' * 600
        for account, says in (('demo', 'cannot make'), ('file', 'cannot make')):
            result = self.sim().call('instance.list', secrets={'account': account})
            self.assertEqual(result['code'], -31099)
            self.assertIn(says, result['message'])
        sim = Sim(long)
        self.sims.append(sim)
        self.assertIn('too long', sim.call('instance.list')['message'])

    def test_the_same_operation_twice_is_one(self):
        sim = self.sim()
        vm = sim.do('instance.create', op='a', **SERVER)
        self.assertEqual(sim.do('instance.create', op='a', **SERVER), vm)
        sim.do('instance.stop', op='b', id=vm['id'])
        sim.do('instance.start', id=vm['id'])
        sim.do('instance.stop', op='b', id=vm['id'])    # long done: has no effect now
        self.assertEqual(sim.do('instance.get', id=vm['id'])['status'], 'running')
        with self.refused(CONFLICT):
            sim.do('instance.stop', op='a', id=vm['id'])
        sim.do('instance.delete', op='c', id=vm['id'])
        self.assertEqual(sim.reconcile('c'), {'outcome': 'applied', 'value': None})
        self.assertEqual(sim.do('instance.create', op='a', **SERVER)['id'], vm['id'])
        self.assertNotIn(vm['id'], [i['id'] for i in sim.items('instance.list')])

    def test_two_processes_share_one_world(self):
        sims = [self.sim(), self.sim()]

        def create(sim, names):
            for name in names:
                sim.do('instance.create', op='op-' + name, **{**SERVER, 'name': name})
        # 40 of their own each, and 20 that both are asked for
        threads = [threading.Thread(target=create, args=(sim, [f'{n}-{i}' for i in range(40)] +
                                                         [f'both-{i}' for i in range(20)]))
                   for n, sim in enumerate(sims)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lists = [sim.items('instance.list') for sim in sims + [self.sim()]]
        self.assertEqual(lists[0], lists[1])
        self.assertEqual(lists[0], lists[2])
        self.assertEqual(len({i['id'] for i in lists[0]}), 2 + 80 + 20)
        self.assertEqual(len({i['name'] for i in lists[0]}), 2 + 80 + 20)
        self.assertEqual(len({i['private_ip'] for i in lists[0]} | {i['zone'] + i['private_ip'] for i in lists[0]}),
                         2 * len({i['private_ip'] for i in lists[0]}))
        self.assertEqual(len(ledger(self.dir)), 100)

    def test_killed_with_many_creates_open_nothing_is_lost_or_doubled(self):
        """SIGKILL from outside after k of 20 answers, ten times over."""
        for k in range(1, 20, 2):
            sim = self.sim()
            ops = [f'op-{k}-{n}' for n in range(20)]
            calls = {sim.begin('instance.create', {**SERVER, 'name': op}, ctx={'op': op}): op for op in ops}
            told = []
            while len(told) < k:
                told.append(calls[sim.wait(lambda f: 'id' in f)['id']])
            sim.process.kill()
            sim.close()
            sim = self.sim()
            known = [op for op in ops if sim.reconcile(op)['outcome'] == 'applied']
            self.assertLessEqual(set(told), set(known))
            for op in ops:
                sim.do('instance.create', op=op, **{**SERVER, 'name': op})
            sim.close()
        lines = [line['op'] for line in ledger(self.dir)]
        self.assertEqual((len(lines), len(set(lines))), (200, 200))
        names = [i['name'] for i in self.sim().items('instance.list')]
        self.assertEqual(sorted(n for n in names if n.startswith('op-')), sorted(lines))

    def test_accounts_are_worlds_of_their_own(self):
        sim = self.sim()
        one = sim.do('instance.create', account='one', **SERVER)
        two = sim.do('instance.create', account='two', **{**SERVER, 'name': 'other'})
        self.assertEqual(one['id'], two['id'])
        self.assertEqual(sim.do('instance.get', account='one', id=one['id'])['name'], 'web')
        self.assertEqual([line['id'] for line in ledger(self.dir, 'two')], [two['id']])
        for bad in ('../x', '', 'A', 'x' * 64, '-x'):
            with self.subTest(bad):
                result = sim.call('instance.list', secrets={'account': bad})
                self.assertEqual(result['code'], -31006)

    def test_without_a_state_directory_it_lives_in_memory(self):
        sim = Sim(None)
        self.sims.append(sim)
        vm = sim.do('instance.create', op='a', **SERVER)
        self.assertEqual(sim.do('instance.create', op='a', **SERVER), vm)


class Faults(Case):
    def test_errors_have_the_code_that_was_set(self):
        codes = {'cloud_unavailable': -31012, 'rate_limited': -31009, 'internal': -31099, 'credential_expired': -31015}
        for name, code in codes.items():
            with self.subTest(name), self.refused(code):
                self.sim(error_rate=1, error_code=name).do('instance.create', **SERVER)
        self.assertFalse((pathlib.Path(self.dir) / 'demo').exists())

    def test_error_rate_is_repeatable(self):
        runs = []
        for _ in range(2):
            sim = self.sim(error_rate=0.5, fault_seed=7)
            runs.append([sim.call('region.list').get('code') for _ in range(100)])
        self.assertEqual(runs[0], runs[1])
        self.assertTrue(20 < runs[0].count(None) < 80)

    def test_rate_limit_says_when_to_come_back(self):
        sim = self.sim(rate_limit_per_second=5)
        results = [sim.call('region.list') for _ in range(30)]
        limited = [r for r in results if r.get('code') == -31009]
        self.assertTrue(limited)
        self.assertTrue(all(0 < r['data']['retry_after_ms'] <= 1000 for r in limited))

    def test_slow_calls_end_at_their_deadline_without_effect(self):
        sim = self.sim(latency_ms=3600000, latency_jitter_ms=10)
        result = sim.call('instance.create', SERVER, ctx={'deadline_ms': 50})
        self.assertEqual((result['code'], result['data']['effect']), (-31002, 'none'))
        call = sim.begin('instance.create', SERVER)
        sim.notify('$/cancel', id=call, reason='test')
        self.assertEqual(sim.answer(call)['error']['code'], -31001)

    def test_lost_answers_are_applied(self):
        sim = self.sim(lose_answer_rate=1)
        result = sim.call('instance.create', SERVER, ctx={'deadline_ms': 300, 'op': 'lost'})
        self.assertEqual((result['code'], result['data'].get('effect', 'unknown')), (-31002, 'unknown'))
        known = sim.reconcile('lost')
        self.assertEqual((known['outcome'], known['value']['name']), ('applied', 'web'))
        self.assertEqual(len(ledger(self.dir)), 1)

    def test_credentials(self):
        sim = self.sim(token='t0k')
        self.assertEqual(sim.call('instance.list')['code'], -31006)
        self.assertEqual(sim.call('instance.list', secrets={'token': 'wrong'})['code'], -31006)
        good = {'token': 't0k', 'expires_at': '2100-01-01T00:00:00Z'}
        self.assertIn('value', sim.call('instance.list', secrets=good))
        self.assertEqual(sim.call('driver.health', secrets=good)['value'], {'ok': True, 'account': 'demo'})
        expired = {'token': 't0k', 'expires_at': '2020-01-01T00:00:00Z'}
        self.assertEqual(sim.call('instance.list', secrets=expired)['code'], -31015)
        self.assertEqual(sim.call('driver.health', secrets={})['code'], -31006)


if __name__ == '__main__':
    unittest.main(verbosity=1)
