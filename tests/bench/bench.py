#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: every figure beside its limit or peer, measured in the same run.

Prints a table and writes build/bench.json. Nothing here passes or fails by
time: the numbers are for reading. Loads are bounded and stay on loopback.
"""
import asyncio
import collections
import contextlib
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / 'tests/peers/postgresql'))
from postgresql import Postgres     # noqa: E402
BUILD = ROOT / 'build/release'
BIN = BUILD / 'bin'
SECONDS = int(os.environ.get('BENCH_SECONDS', '5'))
ITEMS = 10000
rows = []


def row(what, measured, beside, goal, holds):
    """One line of the table; `holds` is the goal's state, or None without one."""
    rows.append({'what': what, 'measured': measured, 'beside': beside, 'goal': goal,
                 'state': {True: 'met', False: 'not met', None: ''}[holds]})
    print(f'  {what}: {measured} | {beside} | goal {goal}', flush=True)


# ---- the programs under test ------------------------------------------------

NO_LIMITS = 'limits:\n  rate: 10000000\n  burst: 10000000\n'
PASSWORD = 'correct horse battery'
READ = '/api/v1/providers/sim/instance-types/small'
UNVERIFIED = ssl._create_unverified_context()   # for the certificates that we make here


class Host:
    """A release skyclustd with the sim driver on a free port."""

    def __init__(self, settings='', cpu=None, limits=NO_LIMITS):
        self.dir = tempfile.TemporaryDirectory(prefix='skyclust-bench-')
        self.data = pathlib.Path(self.dir.name) / 'data'
        self.config = pathlib.Path(self.dir.name) / 'skyclust.yaml'
        self.config.write_text(limits + 'plugins:\n  auto_load: false\n  providers:\n    sim:\n      shared: true\n'
                               '      enabled: true\n      config:\n        boot_ms: 0\n' + settings)
        self.cpu = cpu
        self.start()
        self.token = ''
        made = self.post('/auth/bootstrap', {'name': 'root', 'password': PASSWORD,
                                             'token': (self.data / 'bootstrap.token').read_text()})
        self.token = self.login = made['access_token']
        self.token = self.post('/auth/tokens', {'name': 'bench'})['token']

    def start(self):
        """Again on the same data, after stop()."""
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [*pin(self.cpu), BIN / 'skyclustd', '--config', self.config, '--data-dir', self.data,
             '--listen', '127.0.0.1:0'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line.startswith('listening on '):
            sys.exit('skyclustd did not start')
        self.url = line.split()[-1]

    def open(self, path, body=None, token=None):
        request = urllib.request.Request(self.url + path, headers={'Authorization': 'Bearer ' + (token or self.token)})
        if not self.token:
            request.remove_header('Authorization')
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header('Content-Type', 'application/json')
        return urllib.request.urlopen(request, timeout=60, context=UNVERIFIED)

    def post(self, path, body, token=None):
        with self.open('/api/v1' + path, body, token) as answer:
            return json.load(answer)

    def tenant(self, name):
        """The token of a new user with a workspace of its own."""
        self.post('/users', {'name': name, 'password': PASSWORD, 'role': 'user'})
        token = self.post('/auth/login', {'name': name, 'password': PASSWORD})['access_token']
        self.post('/workspaces', {'name': name}, token)
        return token

    def get(self, path):
        with self.open(path) as answer:
            return json.load(answer)

    def wait_ready(self, providers):
        """Until so many drivers, which were asked to start, have."""
        end = time.monotonic() + 30
        while (states := [p['state'] for p in self.get('/api/v1/providers')['items']]) != ['ready'] * providers:
            if time.monotonic() > end:
                self.close()
                sys.exit(f'not all drivers are ready: {states}')

    def driver_pid(self, name='sim'):
        return self.get('/api/v1/providers/' + name)['pid']

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def close(self):
        self.stop()
        self.dir.cleanup()


Nginx = collections.namedtuple('Nginx', 'url worker')


@contextlib.contextmanager
def nginx(body_file, cpu=None, tls=None):
    """An nginx with one worker: /constant returns a fixed text, /file a file.
    @tls: the files of a certificate and its key."""
    with tempfile.TemporaryDirectory(prefix='skyclust-nginx-') as folder:
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        root = pathlib.Path(folder)
        shutil.copy(body_file, root / 'file')
        constant = json.dumps({'id': 'small', 'name': 'small', 'vcpus': 1, 'memory_mib': 2048, 'pad': 'x' * 200})
        (root / 'nginx.conf').write_text(f'''
worker_processes 1; daemon off; pid {root}/pid; error_log {root}/error.log;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {root}/b;
  proxy_temp_path {root}/p; fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  server {{ listen 127.0.0.1:{port}{f" ssl; ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]}" if tls else ""};
    location /constant {{ default_type application/json; return 200 '{constant}'; }}
    location /file {{ root {root}; }} }} }}
''')
        process = subprocess.Popen([*pin(cpu), 'nginx', '-c', root / 'nginx.conf', '-p', folder],
                                   stderr=subprocess.DEVNULL)
        wait_for_port(port)
        try:
            url = f'http{"s" if tls else ""}://127.0.0.1:{port}'
            urllib.request.urlopen(url + '/constant', context=UNVERIFIED).close()    # by the worker, which may come late
            yield Nginx(url, int(pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text()))
        finally:
            process.terminate()
            process.wait(timeout=10)


def pin(cpu):
    return [] if cpu is None else ['taskset', '-c', str(cpu)]


def wait_for_port(port):
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 0.05):
            return
        time.sleep(0.02)
    sys.exit('nginx did not start')


def wrk(url, token='', cpu=None, connections=64, more=(), seconds=SECONDS):
    """Requests a second that wrk gets from @url; it must see no error."""
    out = subprocess.run(
        [*pin(cpu), 'wrk', '-t1', f'-c{connections}', f'-d{seconds}s', '-H', f'Authorization: Bearer {token}', *more,
         url], check=True, capture_output=True, text=True).stdout
    if 'Non-2xx' in out or 'Socket errors' in out:
        sys.exit(f'errors under load from {url}:\n{out}')
    return float(re.search(r'Requests/sec:\s+([\d.]+)', out)[1])


def cpu_seconds(pid):
    """What @pid has used, of its own and of the kernel's time: other load hardly changes it."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def in_turns(*loads, cpu=None):
    """Of each (process, URL, token): (requests a second, µs of the process's CPU time for each), medians of seconds in
    turns, so that the machine's moods are everybody's."""
    runs = [[] for _ in loads]
    for _ in range(SECONDS):
        for (pid, url, token), run in zip(loads, runs):
            before = cpu_seconds(pid)
            rate = wrk(url, token, cpu=cpu, seconds=1)
            run.append((rate, (cpu_seconds(pid) - before) * 1e6 / rate))
    return [[statistics.median(figures) for figures in zip(*run)] for run in runs]


def memory(pid, key):
    """@key of /proc/PID/status (VmRSS, VmHWM) in KiB."""
    return int(re.search(key + r':\s+(\d+)', pathlib.Path(f'/proc/{pid}/status').read_text())[1])


# ---- the figures ------------------------------------------------------------

def bench_rpc():
    """Host to driver calls against a bare pipe: tests/bench/bench_rpc.c."""
    out = pathlib.Path(tempfile.mkdtemp(prefix='skyclust-rpc-')) / 'rpc.json'
    subprocess.run([BIN / 'bench_rpc', '--json', out], check=True, stdout=subprocess.DEVNULL)
    for r in json.loads(out.read_text())['rows']:
        row(r['what'], r['measured'], r['beside'], r['goal'], r.get('holds'))
    shutil.rmtree(out.parent)


def bench_http():
    """A read with a login's token: it is verified, decided about and audited. Beside it a peer's constant, and what our
    own server takes for one."""
    host = Host()
    body = host.get(READ)
    assert body['id'] == 'small', body
    read, pid = host.url + READ, host.process.pid
    with nginx(__file__) as peer:
        (theirs, their_cost), (ours, cost), (by_token, token_cost), (bare, bare_cost) = in_turns(
            (peer.worker, peer.url + '/constant', ''), (pid, read, host.login), (pid, read, host.token),
            (pid, host.url + '/health', ''))
    beside, goal = f'nginx constant {theirs:,.0f}/s, {their_cost:.1f} µs', '≥ 45 % of nginx'
    for what, rate, used in (('HTTP GET: JWT, RBAC, audit log, driver, 64 connections', ours, cost),
                             ('the same with an API token', by_token, token_cost)):
        row(what, f'{rate:,.0f}/s ({rate / theirs:.0%}), {used:.1f} µs of CPU each', beside, goal, rate >= 0.45 * theirs)
    row('the host\'s own constant, `/health`', f'{bare:,.0f}/s ({bare / theirs:.0%}), {bare_cost:.1f} µs of CPU each', beside,
        'none', None)
    host.close()
    host = Host(cpu=0)
    host.get(READ)
    with nginx(__file__, cpu=0) as peer:
        (theirs, _), (ours, _) = in_turns((peer.worker, peer.url + '/constant', ''),
                                          (host.process.pid, host.url + READ, host.login), cpu=1)
    row('with a JWT, servers pinned to CPU 0, load to CPU 1', f'{ours:,.0f}/s ({ours / theirs:.0%})',
        f'nginx constant {theirs:,.0f}/s', goal, ours >= 0.45 * theirs)
    host.close()


def bench_tls():
    """The same read over HTTPS, on kept connections and on a new one each."""
    with tempfile.TemporaryDirectory(prefix='skyclust-tls-') as folder:
        pair = f'{folder}/server.pem', f'{folder}/server.key'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-subj', '/CN=localhost', '-out', pair[0], '-keyout', pair[1]], check=True, capture_output=True)
        host = Host(limits=f'{NO_LIMITS}server:\n  tls_certificate: {pair[0]}\n  tls_key: {pair[1]}\n')
        with nginx(__file__, tls=pair) as peer:
            for what, more in (('HTTPS GET through a driver, 64 connections', ()),
                               ('the same, a new connection each', ('-H', 'Connection: close'))):
                host.get(READ)
                ours, theirs = wrk(host.url + READ, host.login, more=more), wrk(peer.url + '/constant', more=more)
                row(what, f'{ours:,.0f}/s', f'nginx constant {theirs:,.0f}/s', 'none', None)
        host.close()


CREATE = """
local n = 0
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  return wrk.format("POST", nil, nil, '{"name": "bench-' .. n .. '"}')
end
"""


def synced(folder, sync):
    """Lines a second that one file takes, each made safe by @sync before the next."""
    line, n = b'x' * 255 + b'\n', 0
    with tempfile.TemporaryFile(dir=folder) as f:
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            os.write(f.fileno(), line)
            sync(f.fileno())
            n += 1
    return n / SECONDS


@contextlib.contextmanager
def stores():
    """A folder on the disk, and of both engines (name, function that makes a database's URL, goal of transactions)."""
    with tempfile.TemporaryDirectory(prefix='skyclust-store-') as folder, Postgres(durable=True) as postgres:
        yield folder, (('SQLite', lambda name: f'sqlite:{folder}/{name}.db', 5000),
                       ('PostgreSQL', postgres.database, None))


def bench_durable():
    """What is told to be done is on the disk: transactions of the store (bench_store.c), then whole requests."""
    with stores() as (folder, engines):
        for engine, database, goal in engines:
            limit = synced(folder, os.fdatasync)
            said = json.loads(subprocess.run([BIN / 'bench/bench_store', database('transactions'), str(SECONDS)], check=True,
                                             capture_output=True, text=True).stdout)
            row(f'durable transactions with an audit record, 64 at once, {engine}', f"{said['one_message']:,.0f}/s",
                f'append+fdatasync {limit:,.0f}/s', f'≥ {goal:,}/s' if goal else 'none',
                said['one_message'] >= goal if goal else None)
            row('the same, a row read in each first', f"{said['two_messages']:,.0f}/s", f'append+fdatasync {limit:,.0f}/s',
                'none', None)
            host = Host(limits=f'{NO_LIMITS}store:\n  url: "{database("creates")}"\n')
            limit = synced(folder, os.fsync)
            script = pathlib.Path(folder) / 'create.lua'
            script.write_text(CREATE)
            made = wrk(host.url + '/api/v1/providers/sim/networks', host.login, more=('-s', script))
            row(f'creates through a driver, 64 connections, {engine}', f'{made:,.0f}/s',
                f'append+fsync, as the sim\'s ledger does {limit:,.0f}/s', 'none', None)
            host.close()


def read_all(open_answer):
    """Bytes and seconds of one whole answer, read in big pieces."""
    began, size = time.perf_counter(), 0
    with open_answer() as answer:
        while piece := answer.read(1 << 18):
            size += len(piece)
    return size, time.perf_counter() - began


def speed(open_answer, times=5):
    runs = [read_all(open_answer) for _ in range(times)]
    return runs[0][0], statistics.median(size / seconds / 1e6 for size, seconds in runs)


def bench_list():
    """A list whose making costs nothing (driver_list.c), then one of the sim."""
    host = Host(f'    list:\n      enabled: true\n      path: {BIN}/bench/driver_list\n')
    path = '/api/v1/providers/list/instances'
    with host.open(path) as answer:
        whole = answer.read()
    assert len(json.loads(whole)['items']) == ITEMS
    pid = host.process.pid
    pathlib.Path(f'/proc/{pid}/clear_refs').write_text('5')     # resets VmHWM
    before = memory(pid, 'VmRSS')
    size, ours = speed(lambda: host.open(path))
    grown = memory(pid, 'VmHWM') - before
    with tempfile.NamedTemporaryFile() as f:
        f.write(whole)
        f.flush()
        with nginx(f.name) as peer:
            _, theirs = speed(lambda: urllib.request.urlopen(peer.url + '/file', timeout=60))
    row(f'list of {ITEMS:,} items ({size / 1e6:.1f} MB) through the host, validated', f'{ours:,.0f} MB/s',
        f'nginx, the same bytes from a file {theirs:,.0f} MB/s', '≥ 400 MB/s', ours >= 400)
    row('host memory while it streams', f'+{grown:,} KiB', f'the list is {size // 1024:,} KiB', '≤ +2,048 KiB',
        grown <= 2048)
    host.close()
    host = Host(f'        seed_instances: {ITEMS}\n')
    size, made = speed(lambda: host.open('/api/v1/providers/sim/instances'))
    row(f'list of {ITEMS:,} items that the sim driver has to make ({size / 1e6:.1f} MB)', f'{made:,.0f} MB/s',
        f'the host carries {ours:,.0f} MB/s', 'none: the driver\'s own work', None)
    host.close()


def bench_start():
    times = []
    host = Host()
    for _ in range(7):
        host.stop()
        host.start()
        host.get(READ)
        times.append((time.perf_counter() - host.began) * 1000)
    host.close()
    bare = min(timed(['/bin/true']) for _ in range(7))
    ours = statistics.median(times)
    row('start of host and driver to the first answer', f'{ours:.0f} ms', f'fork+exec of /bin/true {bare:.1f} ms',
        '≤ 50 ms', ours <= 50)


def timed(command):
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return (time.perf_counter() - began) * 1000


def bench_memory():
    host = Host(''.join(f'    sim{i}:\n      driver: sim\n      start: eager\n      enabled: true\n' for i in range(2, 6)) +
                '    openstack:\n      enabled: true\n      start: eager\n      config:\n        username: demo\n'
                '        auth_url: http://127.0.0.1:9/v3\n        password: none\n        project_name: demo\n')
    host.get('/api/v1/providers/sim/instances')
    host.wait_ready(6)
    used = memory(host.process.pid, 'VmRSS')
    with nginx(__file__) as peer:
        worker = memory(peer.worker, 'VmRSS')
    row('memory of the host with 6 drivers, idle', f'{used / 1024:.1f} MiB', f'nginx worker {worker / 1024:.1f} MiB',
        '≤ 12 MiB', used <= 12 * 1024)
    for name in ('sim', 'openstack'):
        used = memory(host.driver_pid(name), 'VmRSS')
        row(f'memory of the {name} driver, idle', f'{used / 1024:.1f} MiB', f'nginx worker {worker / 1024:.1f} MiB',
            '≤ 8 MiB', used <= 8 * 1024)
    host.close()


# ---- one who floods, and twenty who do not ------------------------------------

EACH = 25       # requests a second of a normal tenant


async def tenant_load(url, token, begin, out):
    """EACH requests a second for SECONDS on one connection; latencies in ms onto @out."""
    reader, writer = await asyncio.open_connection(*url.removeprefix('http://').split(':'))
    request = f'GET {READ} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n'.encode()
    for n in range(SECONDS * EACH):
        await asyncio.sleep(max(0, begin + n / EACH - time.perf_counter()))
        sent = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b'\r\n\r\n')
        await reader.readexactly(int(re.search(rb'Content-Length: (\d+)', head)[1]))
        out.append((time.perf_counter() - sent) * 1000)
        if not head.startswith(b'HTTP/1.1 200 '):
            sys.exit(f'a normal tenant was answered {head[:200]}')
    writer.close()


def normal_p99(url, tokens):
    """The 99th percentile of what normal tenants wait, in ms."""
    async def all_of_them():
        begin = time.perf_counter() + 0.1
        await asyncio.gather(*(tenant_load(url, token, begin + n / len(tokens) / EACH, waits)
                               for n, token in enumerate(tokens)))
    waits = []
    asyncio.run(all_of_them())
    return sorted(waits)[len(waits) * 99 // 100]


@contextlib.contextmanager
def flood(url, token):
    """200 connections that ask without a pause, and had a second to spend what they had saved."""
    command = ['wrk', '-t1', '-c200', f'-d{SECONDS + 3}s', '-H', f'Authorization: Bearer {token}', url + READ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        time.sleep(1)
        yield
        process.terminate()


def bench_tenants():
    """Three times each, one after the other: the machine's own noise is in both."""
    p99 = {}
    for what, limits in (('limited', ''), ('unlimited', NO_LIMITS)):
        host = Host(limits=limits)
        tokens = [host.tenant(f'normal-{n}') for n in range(20)]
        flooder = host.tenant('flooder')
        normal_p99(host.url, tokens)    # the driver is started, caches are warm
        alone, beside = [], []
        for _ in range(3):
            alone.append(normal_p99(host.url, tokens))
            with flood(host.url, flooder):
                beside.append(normal_p99(host.url, tokens))
        p99[what] = statistics.median(alone), statistics.median(beside)
        host.close()
    (alone, beside), (_, unlimited) = p99['limited'], p99['unlimited']
    row('p99 of 20 tenants beside one that floods by 200 connections', f'{beside:.2f} ms ({beside / alone:.1f} ×)',
        f'without it {alone:.2f} ms; with it and no limits {unlimited:.2f} ms', '≤ 2 ×', beside <= 2 * alone)


def machine():
    model = re.search(r'model name\s*:\s*(.*)', pathlib.Path('/proc/cpuinfo').read_text())
    nginx_version = subprocess.run(['nginx', '-v'], capture_output=True, text=True).stderr.strip()
    return f'{os.cpu_count()} × {model[1] if model else platform.machine()}, Linux {platform.release()}, {nginx_version}'


def main():
    print('bench on', machine(), flush=True)
    for part in (bench_rpc, bench_http, bench_tls, bench_durable, bench_list, bench_start, bench_memory, bench_tenants):
        part()
    (ROOT / 'build/bench.json').write_text(json.dumps({'machine': machine(), 'rows': rows}, indent=1))
    print(f'\nMeasured on {machine()}:\n')
    print('| what | measured | beside it, same run | goal | |\n|---|---|---|---|---|')
    for r in rows:
        print(f"| {r['what']} | {r['measured']} | {r['beside']} | {r['goal']} | {r['state']} |")


if __name__ == '__main__':
    main()
