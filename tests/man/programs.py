# SPDX-License-Identifier: Apache-2.0
"""The programs that have manual pages, and what they print of themselves."""
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get('SKYCLUST_BIN') or ROOT / 'build/asan/bin')
DRIVERS = {
    'openstack': (BIN / 'plugins/private/openstack/openstack', ROOT / 'plugins/private/openstack'),
    'sim': (BIN / 'plugins/sim/sim', ROOT / 'plugins/sim'),
}
PAGES = {'skyclust.1': BIN / 'skyclust', 'skyclust-audit-verify.1': BIN / 'skyclust-audit-verify', 'skyclustd.8': BIN / 'skyclustd',
         **{f'skyclust-{name}.8': at[0] for name, at in DRIVERS.items()}}
TIMEOUT = 60


def output(program, *args):
    """What it prints; it must succeed without a word of complaint."""
    done = subprocess.run([program, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=TIMEOUT, check=False)
    if done.returncode or done.stderr:
        raise AssertionError(f'{program} {args}: status {done.returncode}\n{done.stderr}')
    return done.stdout


def describe(program):
    return json.loads(output(program, '--describe', '--json'))


def as_text(page):
    """A page as a reader sees it, without bold and underline, in lines that
    are not broken."""
    done = subprocess.run(['mandoc', '-T', 'utf8', '-O', 'width=900'], input=page, capture_output=True, text=True,
                          timeout=TIMEOUT, check=True)
    return re.sub('.\b', '', done.stdout)
