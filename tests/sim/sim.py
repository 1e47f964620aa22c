# SPDX-License-Identifier: Apache-2.0
"""The sim driver for tests: calls that raise, its ledger, a case that cleans up."""
import contextlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/sdk'))
from wire import Driver    # noqa: E402

SIM = os.environ.get('SKYCLUST_SIM') or str(ROOT / 'build/asan/bin/plugins/sim/sim')
WAIT = 30   # seconds; only a defect lets a wait last so long
SERVER = {'name': 'web', 'instance_type': 'small', 'image_id': 'ubuntu-22.04'}

INVALID, NOT_FOUND, CONFLICT, QUOTA = -31003, -31004, -31005, -31008
answered = set()    # operations that have succeeded in this run


class Sim(Driver):
    """A sim with its state under @dir; unsuccessful calls raise Refused."""

    def __init__(self, directory=None, boot_ms=0, **config):
        try:
            super().__init__(SIM, {'boot_ms': boot_ms, **config}, state_dir=directory)
        except EOFError:
            self.close()
            raise

    def do(self, method, op=None, account=None, region=None, **args):
        result = self.call(method, args, ctx={k: v for k, v in (('op', op), ('region', region)) if v},
                           secrets={'account': account} if account else {})
        if 'code' in result:
            raise Refused(result)
        answered.add(method)
        return result['value']

    def items(self, method, **args):
        return self.do(method, **args)['items']

    def reconcile(self, op):
        answered.add('op.reconcile')
        return self.call('op.reconcile', {'op': op})['value']

    def wait_status(self, kind, resource, status):
        limit = time.monotonic() + WAIT
        while time.monotonic() < limit:
            now = self.do(f'{kind}.get', id=resource)
            if now['status'] == status:
                return now
        raise AssertionError(f'{resource} is {now["status"]}, not {status}')


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error['message'])
        self.code, self.data, self.path = error['code'], error['data'], error['data'].get('path')


def ledger(directory, account='demo'):
    text = (pathlib.Path(directory) / account / 'ledger.jsonl').read_text()
    assert text == '' or text.endswith('\n'), 'a torn line'
    return [json.loads(line) for line in text.splitlines()]


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='skyclust-sim-')
        self.addCleanup(shutil.rmtree, self.dir)
        self.sims = []
        self.addCleanup(self.stop_all)

    def sim(self, **config):
        sim = Sim(self.dir, **config)
        self.sims.append(sim)
        return sim

    def stop_all(self):
        for sim in self.sims:
            if sim.process.poll() is None:
                self.assertEqual(sim.close(), 0, sim.errors)

    @contextlib.contextmanager
    def refused(self, code, path=None, says=''):
        with self.assertRaises(Refused) as caught:
            yield
        self.assertEqual(caught.exception.code, code, caught.exception)
        self.assertEqual(caught.exception.data['effect'], 'none')
        if path is not None:
            self.assertEqual(caught.exception.path, path)
        self.assertIn(says, str(caught.exception))
