#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench-peers: a list of 1,000 servers of the real OpenStack, by us and by OpenStack's own clients.

    bench_peers.py [--if-up]    --if-up: not when the peer would have to be started first

Prints a table of medians, and writes build/bench-peers.json. Nothing here passes or fails by time. One server is made
through Nova, and copied in Nova's database: its fake hypervisor makes one in two seconds. The answer that everybody
reads is Nova's own. Who reads it one by one, in turns, so that the machine's moods are everybody's.
"""
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault('SKYCLUST_BIN', str(ROOT / 'build/release/bin'))
sys.path[:0] = [str(ROOT / 'tests/peers/openstack')]
import case                                         # noqa: E402
from case import BIN, PREFIX, settings, wait_for    # noqa: E402
from peer import URLS, Peer, http, sql              # noqa: E402

SERVERS = 1000          # the most that Nova gives in one answer
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '7'))
PYTHON = '/usr/bin/python3'     # Debian's, which has its openstacksdk
SDK = '''
import json, time, openstack
cloud = openstack.connect()
cloud.compute.get_endpoint()    # logged in
began = time.perf_counter()
count = len(list(cloud.compute.servers(details=True)))
print(json.dumps([count, time.perf_counter() - began]))
'''
COPIED = {              # table of Nova's: what a copy has of its own
    'instances': {'uuid': '@', 'host': "'elsewhere'", 'node': "'elsewhere'", 'launched_on': "'elsewhere'",
                  'display_name': "CONCAT(t.display_name, '-', s.seq)", 'hostname': "CONCAT(t.hostname, '-', s.seq)"},
    'instance_extra': {'instance_uuid': '@'}, 'instance_info_caches': {'instance_uuid': '@'},
    'instance_metadata': {'instance_uuid': '@'}, 'instance_system_metadata': {'instance_uuid': '@'},
    'block_device_mapping': {'instance_uuid': '@', 'uuid': 'UUID()'}, 'nova_api.instance_mappings': {'instance_uuid': '@'}}
COPY = "CONCAT('00000000-0000-4000-8000-', LPAD(s.seq, 12, '0'))"


# ---- 1,000 servers --------------------------------------------------------------

def parts(table):
    """(schema, name, column with the server's id)"""
    schema, _, name = table.rpartition('.')
    return schema or 'nova', name, 'uuid' if name == 'instances' else 'instance_uuid'


def copy(server):
    """Until there are SERVERS of it."""
    for table, own in COPIED.items():
        schema, name, key = parts(table)
        columns = [c for c in sql(f"SELECT column_name FROM information_schema.columns WHERE table_schema = '{schema}' "
                                  f"AND table_name = '{name}'") if c != 'id']
        values = [own.get(c, f't.`{c}`').replace('@', COPY) for c in columns]
        sql(f"INSERT INTO {schema}.{name} ({', '.join(f'`{c}`' for c in columns)}) SELECT {', '.join(values)} "
            f"FROM {schema}.{name} t JOIN seq_1_to_{SERVERS - 1} s WHERE t.{key} = '{server}'")


def forget():
    """The copies, before the one that they are of."""
    for table in reversed(COPIED):
        schema, name, key = parts(table)
        sql(f"DELETE FROM {schema}.{name} WHERE {key} LIKE '00000000-0000-4000-8000-%'")


@contextlib.contextmanager
def servers():
    """A project with 1,000 of them."""
    account = case.account
    token, _ = case.peer.login(*account.who)
    images = http('GET', 'http://127.0.0.1:9292/v2/images?name=cirros', None, {'X-Auth-Token': token})[2]['images']
    flavor = next(f for f in account.ask('nova', 'GET', '/flavors')['flavors'] if f['name'] == 'm1.tiny')
    network = account.ask('neutron', 'POST', '/networks', {'network': {'name': PREFIX + 'bench'}})['network']['id']
    account.ask('neutron', 'POST', '/subnets', {'subnet': {'network_id': network, 'cidr': '10.64.0.0/20', 'ip_version': 4}})
    server = account.ask('nova', 'POST', '/servers', {'server': {
        'name': PREFIX + 'bench', 'imageRef': images[0]['id'], 'flavorRef': flavor['id'], 'networks': [{'uuid': network}],
        'metadata': {'team': 'web', 'stage': 'production'}}})['server']['id']
    try:
        wait_for('the server', lambda: account.ask('nova', 'GET', '/servers/' + server)['server']['status'] == 'ACTIVE', 120)
        copy(server)
        yield
    finally:
        forget()
        account.ask('nova', 'DELETE', '/servers/' + server)
        wait_for('the server to be gone', lambda: not account.ask('nova', 'GET', '/servers')['servers'], 120)
        account.ask('neutron', 'DELETE', '/networks/' + network)


# ---- who lists them -------------------------------------------------------------

def run(command, env):
    """(output, seconds, peak resident KiB) of a process."""
    with tempfile.NamedTemporaryFile('r') as memory:
        began = time.perf_counter()
        done = subprocess.run([BIN / 'bench/peak', memory.name, *command], check=True, stdout=subprocess.PIPE,
                              env={**case.environment(), **env})
        return done.stdout, time.perf_counter() - began, int(memory.read())


def peak(pids):
    """Of each; they are told to start over."""
    found = []
    for pid in pids:
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
        found.append(int(status.split('VmHWM:')[1].split()[0]))
        pathlib.Path(f'/proc/{pid}/clear_refs').write_text('5')
    return found


def nova():
    """The cloud itself: nobody can be faster."""
    token, _ = case.peer.login(*case.account.who)
    body, seconds, memory = run(['curl', '-s', '-H', 'X-Auth-Token: ' + token, '-H',
                                 'X-OpenStack-Nova-API-Version: 2.67', URLS['nova'] + '/servers/detail'], {})
    return len(json.loads(body)['servers']), seconds, memory


def ours():
    pids = case.host.process.pid, case.host.get('/api/v1/providers/openstack')['pid']
    peak(pids)
    began = time.perf_counter()
    answer = case.host.call('GET', '/api/v1/providers/openstack/instances', timeout=120)
    seconds = time.perf_counter() - began
    return len(answer.json()['items']), seconds, sum(peak(pids))


def ours_by_command():
    body, seconds, memory = run([BIN / 'skyclust', 'openstack', 'instances', 'list', '-o', 'json'], {
        'SKYCLUST_SERVER': case.host.url, 'SKYCLUST_TOKEN': case.host.token})
    return body.count(b'"provider_status"'), seconds, memory


def sdk():
    body, _, memory = run([PYTHON, '-c', SDK], case.account.env)
    return *json.loads(body), memory


def sdk_whole():
    body, seconds, memory = run([PYTHON, '-c', SDK], case.account.env)
    return json.loads(body)[0], seconds, memory


def client():
    body, seconds, memory = run(['openstack', 'server', 'list', '--long', '-f', 'json'], case.account.env)
    return len(json.loads(body)), seconds, memory


CONTENDERS = {
    'Nova itself, read by curl': nova,
    'skyclustd and its driver, one request': ours,
    'Python SDK, one list in a program that runs': sdk,
    '`skyclust openstack instances list`, whole command': ours_by_command,
    'Python SDK, whole program': sdk_whole,
    '`openstack server list --long`, whole command': client,
}
PAIRS = (('skyclustd and its driver, one request', 'Python SDK, one list in a program that runs'),
         ('`skyclust openstack instances list`, whole command', 'Python SDK, whole program'),
         ('`skyclust openstack instances list`, whole command', '`openstack server list --long`, whole command'))


def measure():
    """{name: (median seconds, largest KiB)}"""
    runs = {name: [] for name in CONTENDERS}
    for number in range(ROUNDS + 1):            # the first round only warms
        for name, contender in CONTENDERS.items():
            count, seconds, memory = contender()
            assert count == SERVERS, (name, count)
            if number:
                runs[name].append((seconds, memory))
    return {name: (statistics.median(s for s, _ in r), max(m for _, m in r)) for name, r in runs.items()}


def report(found):
    floor = found['Nova itself, read by curl'][0]
    print(f'\nA list of {SERVERS:,} servers, medians of {ROUNDS}:\n')
    print('| who | time | beyond Nova\'s own | peak memory |\n|---|---|---|---|')
    for name, (seconds, memory) in found.items():
        print(f'| {name} | {seconds:.2f} s | {seconds - floor:+.2f} s | {memory / 1024:.1f} MiB |')
    print('\n| ours | theirs | time | memory |\n|---|---|---|---|')
    for a, b in PAIRS:
        print(f'| {a} | {b} | {found[b][0] / found[a][0]:.1f} x as fast | 1/{found[b][1] / found[a][1]:.1f} |')
    (ROOT / 'build/bench-peers.json').write_text(json.dumps({n: {'seconds': s, 'kib': m} for n, (s, m) in found.items()}, indent=1))


def main():
    if '--if-up' in sys.argv[1:] and not Peer.answers():
        print(f'list of {SERVERS:,} servers of a real cloud: left out, no OpenStack runs (make bench-peers starts one)')
        return
    case.connect()
    try:
        case.start(settings('openstack', **case.five()))
        with servers():
            report(measure())
        case.stop()
    finally:
        case.disconnect()


if __name__ == '__main__':
    main()
