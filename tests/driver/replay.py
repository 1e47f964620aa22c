#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""replay.py DRIVER DIR: carry out each case of DIR/*.json against its recorded exchanges, without any network.

A case is {"call": OPERATION, "args": {…}, "exchanges": […]} and the "answer" that must come, or of the "error" the
members that it must have. Every operation of the driver's --describe needs one. DIR/common.json has what the cases
share: "config", "credential", and the exchanges of the "login", which come before a case's own unless it says "login":
false. A recording is as record.h describes it.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

DRIVER, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])


def differences(want, have, path=''):
    """What `have` lacks of `want`."""
    if isinstance(want, dict) and isinstance(have, dict):
        return [d for k in want for d in differences(want[k], have.get(k), f'{path}/{k}')]
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        return [d for i, w in enumerate(want) for d in differences(w, have[i], f'{path}/{i}')]
    if '***' in (want, have):       # a secret that was not recorded, or what is never the same twice
        return []
    return [] if want == have else [f'{path or "/"}: {have!r} instead of {want!r}']


def run(case, common, folder):
    def put(name, value):
        (folder / name).write_text(json.dumps(value))
        return folder / name

    exchanges = (common['login'] if case.get('login', True) else []) + case['exchanges']
    done = subprocess.run(
        [DRIVER, '--call', case['call'], json.dumps(case.get('args', {})),
         '--config', put('config', case.get('config', common['config'])),
         '--credential', put('credential', case.get('credential', common['credential'])),
         '--replay', put('exchanges', exchanges), *case.get('options', [])],
        capture_output=True, text=True, timeout=60, env={})
    if 'answer' in case:
        if done.returncode:
            return [done.stderr.strip()]
        have = json.loads(done.stdout)
        return differences(case['answer'], have) + differences(have, case['answer'])
    if not done.returncode:
        return ['it succeeded: ' + done.stdout]
    try:
        return differences(case['error'], json.loads(done.stderr[done.stderr.index('{\n'):]))
    except ValueError:
        return [done.stderr]


def without_case(calls):
    """Operations that the driver offers and no case is about."""
    text = subprocess.run([DRIVER, '--describe'], check=True, capture_output=True, text=True, timeout=60).stdout
    return [name for name in re.findall(r'^([a-z_.]+\.[a-z_]+) +(?:row|function)\b', text, re.M) if name not in calls]


def main():
    common = json.loads((FOLDER / 'common.json').read_text())
    files = sorted(set(FOLDER.glob('*.json')) - {FOLDER / 'common.json'})
    failed, calls = 0, set()
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            case = json.loads(file.read_text())
            calls.add(case['call'])
            wrong = run(case, common, pathlib.Path(folder))
            failed += bool(wrong)
            print('\n        '.join([f'{"FAIL" if wrong else "ok  "}  {file.stem}', *wrong]))
    missing = without_case(calls)
    print(f'{len(files)} cases of {len(calls)} operations, {failed} failed; without a case: {", ".join(missing) or "none"}')
    return 1 if failed or missing or not files else 0


sys.exit(main())
