#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make coverage: lines that the unit tests run, by folder, from gcov's own data.

Fails when a folder is below the limit. With --missing FOLDER the lines that
never ran are listed.
"""
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / 'build/coverage'
LIMIT = 90      # per cent of lines
# Much of these is proven on real processes: OpenID sign-in by peer.oidc, takeover by api.exactly_once.
LOWER = {'host/identity': 75, 'host/operation': 80}
FOLDERS = ('plugin-sdk/base', 'plugin-sdk/rpc', 'plugin-sdk/catalog', 'plugin-sdk/cloud', 'host/supervise', 'host/store',
           'host/keys', 'host/identity', 'host/access', 'host/tenancy', 'host/credential', 'host/operation', 'host/audit',
           'host/limit')


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, check=True, **options)


def counts():
    """{file: {line: times it ran}}, over all programs that hold the file."""
    files = collections.defaultdict(collections.Counter)
    for data in sorted(BUILD.rglob('*.gcda')):
        out = run('gcov', '--json-format', '--stdout', data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for text in out.splitlines():
            report = json.loads(text)
            for entry in report['files']:
                path = pathlib.Path(report['current_working_directory'], entry['file']).resolve()
                if path.is_relative_to(ROOT):
                    for line in entry['lines']:
                        files[str(path.relative_to(ROOT))][line['line_number']] += line['count']
    return files


def main():
    run('cmake', '--preset', 'coverage', stdout=subprocess.DEVNULL)
    run('cmake', '--build', '--preset', 'coverage', stdout=subprocess.DEVNULL)
    for data in BUILD.rglob('*.gcda'):
        data.unlink()
    run('ctest', '--test-dir', BUILD, '-L', 'unit', '-E', '^source', '--output-on-failure')
    files, low = counts(), []
    for folder in FOLDERS:
        lines = [n for path, counted in files.items() if path.startswith(folder + '/') for n in counted.values()]
        share = 100 * sum(n > 0 for n in lines) / max(len(lines), 1)
        print(f'{folder:20} {share:5.1f} % of {len(lines)} lines')
        if share < LOWER.get(folder, LIMIT):
            low.append(folder)
    if sys.argv[1:2] == ['--missing']:
        for path, counted in sorted(files.items()):
            if path.startswith(sys.argv[2]):
                print(path, *sorted(line for line, n in counted.items() if not n))
    if low:
        sys.exit(f'below the limit: {", ".join(low)}')


if __name__ == '__main__':
    main()
