#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The support matrix is true, and the drivers' READMEs show it.

    test_matrix.py             the tests
    test_matrix.py --write     put what the drivers say now into their READMEs

"""
import http.server
import json
import re
import sys
import tempfile
import threading
import unittest

from programs import DRIVERS, ROOT, describe, output

sys.path[:0] = [str(ROOT / 'tests/sdk'), str(ROOT / 'tests/api')]
from skyclust_fixture import Host    # noqa: E402
from wire import Driver    # noqa: E402

INVALID, UNSUPPORTED, NO_METHOD = -31003, -31011, -32601
BLOCK = re.compile(r'(<!-- begin: --describe --markdown; rewritten by `make matrix` -->\n).*?(<!-- end -->\n)', re.S)
LOGIN = json.loads((ROOT / 'tests/driver/openstack/common.json').read_text())['login'][0]['answer']['body']
SERVICES = {'compute': 'v2.1', **dict.fromkeys((
    'network', 'volumev3', 'image', 'identity', 'container-infra', 'orchestration', 'load-balancer', 'placement',
    'object-store', 'metric', 'rating', 'dns', 'key-manager'), 'v3')}
# What a login may ask by the way: it does not count as the operation's request.
OF_LOGIN = ('GET /v2.1/',)


def in_readme(folder):
    """The block of the README between its markers, or None."""
    found = BLOCK.search((folder / 'README.md').read_text())
    return found and found[0][len(found[1]):-len(found[2])]


def block_of(program):
    return '\n' + output(program, '--describe', '--markdown') + '\n'


def write():
    for program, folder in DRIVERS.values():
        readme = folder / 'README.md'
        block = block_of(program)
        text, count = BLOCK.subn(lambda found, new=block: found[1] + new + found[2], readme.read_text())
        if count != 1:
            sys.exit(f'{readme}: {count} blocks between the markers')
        readme.write_text(text)


# ---- the least that an operation can be asked with ---------------------------

def example(schema, definitions):
    if '$ref' in schema:
        return example(definitions[schema['$ref'].rpartition('/')[2]], definitions)
    for word in ('examples', 'enum', 'anyOf'):
        if schema.get(word):
            first = schema[word][0]
            return example(first, definitions) if word == 'anyOf' else first
    kind = schema.get('type', 'object')
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == 'object':
        # Where a member has several names, any of them will do.
        wanted = schema.get('required', []) + [name for choice in schema.get('allOf', [])
                                               for name in choice['anyOf'][0]['required']]
        return {name: example(schema['properties'][name], definitions) for name in wanted}
    if kind == 'array':
        return [example(schema['items'], definitions)]
    formats = {'ipv4': '10.0.0.9', 'date-time': '2026-11-21T00:00:00Z', 'date': '2026-11-21'}
    return {'integer': schema.get('minimum', 1), 'boolean': True}.get(kind, formats.get(schema.get('format'), 'x-1'))


def ask(driver, program, operation, **context):
    """Call it with the least that it takes: what the schema wants, and what
    the driver then says that it needs besides."""
    schema = json.loads(output(program, '--schema', operation))
    wanted = schema['arguments']
    args = example(wanted, schema['$defs'])
    if 'id' in args and operation.startswith('node_pool.'):
        args['id'] = 'x-1:x-2'      # of a cluster and of a pool
    while True:
        answer = driver.call(operation, args, **context)
        missing = answer.get('data', {}).get('path', '').removeprefix('/')
        if answer.get('code') != INVALID or missing in args or missing not in wanted['properties']:
            return answer
        args[missing] = example(wanted['properties'][missing], schema['$defs'])


class Cloud(http.server.BaseHTTPRequestHandler):
    """An OpenStack that lets everybody in and has nothing."""
    protocol_version = 'HTTP/1.1'

    def answer(self):
        self.rfile.read(int(self.headers.get('Content-Length', 0)))
        login = self.command == 'POST' and self.path.endswith('/auth/tokens')
        if not login and f'{self.command} {self.path}' not in OF_LOGIN:
            self.server.asked.append(f'{self.command} {self.path}')
        body = json.dumps(self.server.login if login else {}).encode()
        self.send_response(201 if login else 404)
        self.send_header('X-Subject-Token', 'token')
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(b'' if self.command == 'HEAD' else body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass


class Matrix(unittest.TestCase):
    def cloud(self):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Cloud)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.asked, server.url = [], f'http://127.0.0.1:{server.server_port}'
        where = {'interface': 'public', 'region_id': 'RegionOne', 'region': 'RegionOne'}
        server.login = {'token': {**LOGIN['token'], 'catalog': [
            {'type': name, 'name': name, 'endpoints': [{**where, 'url': f'{server.url}/{version}'}]}
            for name, version in SERVICES.items()]}}
        return server

    def ask_all(self, name, config, secrets, reached):
        """Call each operation; @reached() says whether the last one got to the cloud."""
        program, _ = DRIVERS[name]
        state = tempfile.TemporaryDirectory(prefix='skyclust-matrix-')
        self.addCleanup(state.cleanup)
        driver = Driver(program, config=config, state_dir=state.name)
        self.addCleanup(driver.close)
        tried, lies = 0, []
        for operation, what in describe(program)['operations'].items():
            if operation.startswith(('op.', 'x.')):
                continue
            reached()
            answer = ask(driver, program, operation, secrets=secrets, ctx={'deadline_ms': 20000})
            code = answer.get('code')
            refused = code in (UNSUPPORTED, NO_METHOD)
            if refused == what['supported'] or not (refused or 'code' not in answer or reached()):
                lies.append(f'{operation}: {what} but {answer}')
            tried += 1
        self.assertFalse(lies, "\n".join(lies))
        self.assertGreater(tried, 100)

    def test_openstack_does_what_it_says(self):
        cloud = self.cloud()

        def reached():
            asked, cloud.asked = cloud.asked, []
            return bool(asked)
        secrets = {'username': 'demo', 'password': 'x', 'project_name': 'demo'}
        self.ask_all('openstack', {'auth_url': cloud.url + '/v3', 'region': 'RegionOne'}, secrets, reached)

    def test_sim_does_what_it_says(self):
        self.ask_all('sim', {'boot_ms': 0}, {}, lambda: True)

    def test_what_cannot_be_done_has_a_reason(self):
        for name, (program, _) in DRIVERS.items():
            for operation, what in describe(program)['operations'].items():
                self.assertTrue(what['supported'] or len(what['reason']) > 8, f'{name} {operation}: {what}')

    def test_the_host_tells_the_reason(self):
        reasons = {k: v['reason'] for k, v in describe(DRIVERS['openstack'][0])['operations'].items()
                   if not v['supported']}
        self.assertIn('node.list', reasons)
        config = ('plugins: {auto_load: false, providers: {openstack: {enabled: true, config: {auth_url: '
                  '"http://127.0.0.1:1/v3", username: u, password: p}}}}')
        with Host(config) as host:
            status, problem = host.request('GET', '/api/v1/providers/openstack/nodes?cluster_id=c')
            self.assertEqual((status, problem['code']), (501, 'unsupported'))
            self.assertTrue(problem['detail'].endswith(f'does not offer node.list: {reasons["node.list"]}'), problem)
            about = host.get('/api/v1/providers/openstack')
            self.assertEqual(about['unsupported'], reasons)
            self.assertEqual({op for op, can in about['support'].items() if not can}, set(reasons))

    def test_the_three_forms_agree(self):
        for name, (program, _) in DRIVERS.items():
            operations = {k: v['supported'] for k, v in describe(program)['operations'].items()}
            table = output(program, '--describe')
            rows = re.findall(r'^([a-z_.]+) +(row|function|-)', table, re.M)
            self.assertEqual({op: by != '-' for op, by in rows}, operations, name)
            self.assertIn(f': {sum(operations.values())} operations\n', table)
            markdown = {}
            for kind, can, cannot in re.findall(r'^\| `(.*?)` \| (.*?) \| (.*?) \|$',
                                                output(program, '--describe', '--markdown'), re.M):
                markdown.update({f'{kind}.{verb}': True for verb in can.split()})
                for verbs in re.findall(r'(?:^|; )([a-z_ ]+): ', cannot):
                    markdown.update({f'{kind}.{verb}': False for verb in verbs.split()})
            self.assertEqual(markdown, {k: v for k, v in operations.items() if not k.startswith('op.')}, name)

    def test_the_readmes_show_it(self):
        for name, (program, folder) in DRIVERS.items():
            self.assertEqual(in_readme(folder), block_of(program), f'{name}: run `make matrix`')


if __name__ == '__main__':
    if sys.argv[1:] == ['--write']:
        write()
    else:
        unittest.main()
