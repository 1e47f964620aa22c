#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What moves: questions on a terminal, --wait, --watch; on a pseudo-terminal and through pipes."""
import re
import signal
import threading
import unittest

from cli_fixture import TIMEOUT, Cli, fake
from skyclust_fixture import HostCase

MAKE = ('--type', 'small', '--image-id', 'ubuntu-22.04')
CONFIG = '''
plugins:
  auto_load: false
  providers:
    sim:
      enabled: true
      config: {boot_ms: 0, seed_instances: 3}
    slow:
      enabled: true
      driver: sim
      config: {boot_ms: 700, seed_instances: 0}
    never:
      enabled: true
      driver: sim
      config: {boot_ms: 3600000, seed_instances: 0}
'''


class TerminalCase(HostCase):
    config = CONFIG

    def setUp(self):
        self.cli = Cli(self.host, SKYCLUST_PROVIDER='sim')
        self.addCleanup(self.cli.close)

    def make(self, name):
        return self.cli.json('instances', 'create', name, *MAKE)['id']

    def names(self):
        return self.cli.run('instances', 'list', '-o', 'name').out.split()


class Question(TerminalCase):
    def test_yes(self):
        first, second = self.make('one'), self.make('two')
        with self.cli.terminal('instances', 'delete', 'one', second) as t:
            t.wait(f'Delete instances one ({first}), two ({second}) of sim? [y/N] ')
            self.assertIn(first, self.names())
            t.type('y')
        self.assertEqual(t.status, 0)
        self.assertIn(f'instance one ({first}): deleted', t.text)
        self.assertFalse({first, second} & set(self.names()))

    def test_anything_else_is_no(self):
        made = self.make('stays')
        for answer in ('n', '', 'yesterday'):
            with self.cli.terminal('instances', 'delete', made) as t:
                t.wait('[y/N] ')
                t.type(answer)
            self.assertEqual(t.status, 130, answer)
            self.assertIn('nothing was done', t.text)
        for key in (b'\x03', b'\x04'):      # Ctrl-C, Ctrl-D
            with self.cli.terminal('instances', 'delete', made) as t:
                t.wait('[y/N] ')
                t.press(key)
            self.assertEqual(t.status, 130)
        self.assertIn(made, self.names())
        self.assertEqual(self.cli.run('instances', 'delete', made, '-y').status, 0)

    def test_not_asked_with_yes(self):
        made = self.make('gone')
        with self.cli.terminal('-y', 'instances', 'delete', made) as t:
            pass
        self.assertEqual((t.status, '[y/N]' in t.text), (0, False))


class Tables(TerminalCase):
    def test_fit_the_terminal(self):
        for columns in (60, 100):
            with self.cli.terminal('instances', 'list', columns=columns) as t:
                pass
            self.assertEqual(t.status, 0)
            self.assertLessEqual(max(map(len, t.text.splitlines())), columns)

    def test_full_where_there_is_none(self):
        self.assertIn('CREATED_AT', self.cli.run('instances', 'list').out)


class Wait(TerminalCase):
    def test_through_a_pipe(self):
        done = self.cli.run('slow', 'instances', 'create', 'w', *MAKE, '--wait', '-o', 'name')
        made = done.out.strip()
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.err, rf'\Ainstance w \({made}\): pending\ninstance w \({made}\): running after \d+ s\n\Z')
        done = self.cli.run('slow', 'instances', 'delete', 'w', '--wait=60', '-y')
        self.assertEqual((done.status, done.out), (0, ''))
        self.assertRegex(done.err, rf'instance w \({made}\): gone after \d+ s\n\Z')

    def test_the_answer_is_what_it_came_to(self):
        made = self.cli.json('slow', 'instances', 'create', 'x', *MAKE, '--wait', '--quiet')
        self.assertEqual(made['status'], 'running')
        done = self.cli.run('slow', 'instances', 'stop', 'x', '--wait', '-q')
        self.assertEqual((done.status, done.out, done.err), (0, '', ''))
        self.assertEqual(self.cli.json('slow', 'instances', 'get', 'x')['status'], 'stopped')

    def test_several(self):
        """All are sent before the first is waited for."""
        ids = [self.cli.json('slow', 'instances', 'create', name, *MAKE, '-q')['id'] for name in ('s1', 's2')]
        done = self.cli.run('slow', 'instances', 'delete', *ids, '-y', '-v', '--wait', '-o', 'name')
        self.assertEqual((done.status, done.out.split()), (0, ids))
        steps = re.findall(r'> (DELETE|GET) |( gone) after', done.err)
        words = [step[0] or step[1] for step in steps]
        self.assertLess(len(words) - words[::-1].index('DELETE'), words.index(' gone'))

    def test_on_a_terminal(self):
        with self.cli.terminal('slow', 'instances', 'create', 't', *MAKE, '--wait', '--fields', 'status') as t:
            pass
        self.assertEqual(t.status, 0)
        self.assertRegex(t.text, r'\r\x1b\[Kinstance t \(i-\d+\): pending, \d+ s')
        self.assertRegex(t.text, r'\r\x1b\[Kinstance t \(i-\d+\): running after \d+ s\r\n')
        self.assertEqual(t.text.splitlines()[-1], 'running')

    def test_time_is_over(self):
        done = self.cli.run('never', 'instances', 'create', 'late', *MAKE, '--wait=1', '-o', 'name')
        self.assertEqual(done.status, 7)
        self.assertRegex(done.out, r'^i-\d+\n$')        # what was made is told all the same
        self.assertRegex(done.err, r'skyclust: instance late \(i-\d+\) is pending after 1 s; the cloud goes on with it')

    def test_interrupted(self):
        with self.cli.terminal('never', 'instances', 'create', 'stop', *MAKE, '--wait') as t:
            t.wait('pending')
            t.press(b'\x03')
        self.assertEqual(t.status, 130)
        self.assertIn('interrupted; the cloud goes on with instance stop', t.text)


class WaitForOddities(unittest.TestCase):
    """States that sim never has, from a server that says so."""

    def run_with(self, states, *args):
        """@states: what GET answers, one after the other; the last for ever."""
        left = list(states)

        def answer(method, path, _):
            if method == 'POST':
                return 201, {'id': 'v1', 'name': 'v', 'status': 'creating'}
            if method == 'DELETE':
                return 204, None
            if '?' in path:
                return 200, {'items': []}
            state = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(state, int):
                return state, {'code': {404: 'not_found', 503: 'busy', 403: 'forbidden'}[state], 'detail': 'no',
                               'retryable': state == 503}
            return 200, {'id': 'v1', 'name': 'v', 'status': state, 'fault': 'it burns'}
        with fake(answer) as (cli, _):
            return cli.run(*args)

    def create(self, *states):
        return self.run_with(states, 'volumes', 'create', 'v', '--size', '1', '--wait', '-o', 'name')

    def test_state_error(self):
        done = self.create('creating', 'error')
        self.assertEqual((done.status, done.out), (7, 'v1\n'))
        self.assertIn('skyclust: volume v (v1) is in state error: it burns\n', done.err)

    def test_states_that_pass(self):
        self.assertEqual(self.create(404, 'creating', 503, 'unknown', 'available').status, 0)

    def test_a_word_of_a_newer_driver_ends_it(self):
        self.assertEqual(self.create('brand_new').status, 0)

    def test_faults_that_stay(self):
        done = self.create('creating', 403)
        self.assertEqual((done.status, done.out), (7, 'v1\n'))
        self.assertIn('code: forbidden', done.err)
        self.assertEqual(self.create('creating', 404).status, 7)      # gone again

    def test_delete(self):
        args = ('volumes', 'delete', 'v1', '-y', '--wait')
        self.assertEqual(self.run_with(['in_use', 'available', 'deleting', 404], *args).status, 0)
        self.assertEqual(self.run_with(['running', 'terminated'], 'instances', 'delete', 'v1', '-y', '--wait').status, 0)
        self.assertEqual(self.run_with(['deleting', 'error'], *args).status, 7)

    def test_a_cloud_that_begins_late(self):
        done = self.run_with(['running', 'running', 'stopping', 'stopped'], 'instances', 'stop', 'v1', '--wait')
        self.assertEqual(done.status, 0)
        self.assertIn('stopped after', done.err)

    def test_accepted(self):
        """202: the resource is found by its name."""
        polls = []

        def answer(method, path, _):
            if method == 'POST':
                return 202, {'state': 'running'}
            polls.append(path)
            if '?name=v' in path:
                return 200, {'items': [{'id': 'v9', 'name': 'v'}] if len(polls) > 4 else []}
            if path.endswith('/v9'):
                return 200, {'id': 'v9', 'name': 'v', 'status': 'available'}
            return 404, {'code': 'not_found', 'detail': 'no'}
        with fake(answer) as (cli, _):
            done = cli.run('volumes', 'create', 'v', '--size', '1', '--wait', '-o', 'name')
            self.assertEqual((done.status, done.out), (0, 'v9\n'), done)
            done = cli.run('volumes', 'create', 'v', '--size', '1')
            self.assertEqual((done.status, done.out), (0, ''), done)
            self.assertIn('volume v: create is accepted, the cloud still works on it', done.err)


class WaitForOperations(unittest.TestCase):
    """202 with an operation: it goes on without us."""
    start = {'id': 'op_1', 'method': 'volume.create', 'state': 'running', 'progress': None}

    def run_with(self, states, *args):
        """@states: what GET of the operation answers, one after the other."""
        left, asked = list(states), []

        def answer(method, path, _):
            if method in ('POST', 'DELETE'):
                return 202, self.start
            if path.startswith('/api/v1/operations/op_1'):
                asked.append(path)
                return left.pop(0) if len(left) > 1 else left[0]
            if asked and 'delete' in args:
                return 404, {'code': 'not_found', 'detail': 'gone'}
            return 200, {'id': 'v1', 'name': 'v', 'status': 'available'}
        with fake(answer) as (cli, _):
            return cli.run(*args)

    def create(self, *states, wait='--wait', form='name'):
        return self.run_with([(200, {**self.start, **state}) if isinstance(state, dict) else state for state in states],
                             'volumes', 'create', 'v', '--size', '1', *([wait] if wait else []), '-o', form)

    def test_its_result_is_the_answer(self):
        done = self.create({'progress': {'done': 1, 'total': 3, 'message': 'zeroing\x1b[2J'}},
                           (503, {'code': 'busy', 'detail': 'not now', 'retryable': True}),
                           {'state': 'succeeded', 'result': {'id': 'v1', 'name': 'v', 'status': 'creating'}})
        self.assertEqual((done.status, done.out), (0, 'v1\n'), done)
        self.assertIn('volume v: operation op_1 is running, 1 of 3: zeroing?[2J\n', done.err)
        self.assertIn('volume v (v1): available after', done.err)

    def test_its_failure_is_ours(self):
        error = {'code': 'quota', 'detail': 'no room', 'effect': 'partial', 'retryable': False}
        done = self.create({'state': 'failed', 'error': error})
        self.assertEqual((done.status, done.out), (4, ''), done)
        self.assertIn('skyclust: no room\n  code: quota\n  effect: partial', done.err)
        done = self.create({'state': 'failed', 'error': error}, form='json')
        self.assertIn('"code": "quota"', done.err)
        for state, error, status in (('cancelled', None, 1), ('needs_attention', {'code': 'needs_attention',
                                                                                  'detail': 'look'}, 1)):
            done = self.create({'state': state, 'error': error})
            self.assertEqual((done.status, done.out), (status, ''), done)

    def test_it_is_told_when_nobody_waits(self):
        done = self.create({}, wait=None)
        self.assertEqual((done.status, done.out), (0, ''), done)
        self.assertEqual(done.err, 'volume v: create goes on as operation op_1; `skyclust operations get op_1` shows it\n')
        done = self.create({}, wait=None, form='json')
        self.assertIn('"id": "op_1"', done.out)

    def test_time_is_over(self):
        done = self.create({}, wait='--wait=1')
        self.assertEqual((done.status, done.out), (7, ''), done)
        self.assertIn('operation op_1 is under way after 1 s, and goes on', done.err)

    def test_delete(self):
        done = self.run_with([(200, {**self.start, 'state': 'succeeded', 'result': None})],
                             'volumes', 'delete', 'v', '-y', '--wait')
        self.assertEqual((done.status, done.err), (0, 'volume v1: gone after 0 s\n'), done)

    def test_interrupted(self):
        def answer(method, path, _):
            return (202, self.start) if method == 'POST' else (200, self.start)
        with fake(answer) as (cli, _):
            with cli.terminal('volumes', 'create', 'v', '--size', '1', '--wait') as t:
                t.wait('volume v: operation op_1 is running')
                t.press(b'\x03')
        self.assertEqual(t.status, 130)
        self.assertIn('`skyclust operations cancel op_1` would stop it', t.text)


class Watch(TerminalCase):
    def test_on_a_terminal(self):
        with self.cli.terminal('instances', 'list', '--watch=1', '--fields', 'id,name,status') as t:
            t.wait('\x1b[H\x1b[2J')
            t.wait('vm-seed-00003')
            made = self.make('fresh')
            t.wait('\x1b[H\x1b[2J', times=2)
            t.wait(made)
            self.cli.run('instances', 'delete', made, '-y')
            t.wait('\x1b[H\x1b[2J', times=3)
            t.press(b'\x03')
        self.assertEqual(t.status, 130)
        self.assertNotIn(made, t.text.rpartition('\x1b[2J')[2])

    def test_through_a_pipe(self):
        lines, more = [], threading.Condition()
        process = self.cli.start('instances', 'list', '--watch=1', '--fields', 'id,name,status')

        def read():
            for line in process.stdout:
                with more:
                    lines.append(line.split())
                    more.notify_all()
        reader = threading.Thread(target=read)
        reader.start()

        def wait_for(words):
            with more:
                self.assertTrue(more.wait_for(lambda: words in lines, TIMEOUT), (words, lines))
        wait_for(['i-seed-00003', 'vm-seed-00003', 'running'])
        made = self.make('a-much-longer-name')
        wait_for([made, 'a-much-longer-name', 'running'])
        self.cli.run('instances', 'stop', made)
        wait_for([made, 'a-much-longer-name', 'stopped'])
        self.cli.run('instances', 'delete', made, '-y')
        wait_for([made, 'gone'])
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT), 130)
        reader.join(TIMEOUT)
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        self.assertEqual(lines.count(['ID', 'NAME', 'STATUS']), 1)
        self.assertEqual(lines.count(['i-seed-00001', 'vm-seed-00001', 'running']), 1)

    def test_get_in_json_and_faults_that_pass(self):
        states = ['pending', 503, 503, 'running', 403]

        def answer(*_):
            state = states.pop(0) if len(states) > 1 else states[0]
            if isinstance(state, int):
                return state, {'code': {503: 'busy', 403: 'forbidden'}[state], 'detail': 'not now',
                               'retryable': state == 503}
            return 200, {'id': 'i1', 'status': state}
        with fake(answer) as (cli, _):
            done = cli.run('instances', 'get', 'i1', '--watch=1', '-o', 'yaml')
        self.assertEqual(done.status, 5)
        self.assertEqual(re.findall(r'status: (\w+)', done.out), ['pending', 'running'])
        self.assertEqual(done.err.count('code: busy'), 1)
        self.assertEqual(done.err.count('code: forbidden'), 1)


if __name__ == '__main__':
    unittest.main()
