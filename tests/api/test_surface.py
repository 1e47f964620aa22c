#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The surface: the OpenAPI document, /docs and the living host agree, and every
operation in the document can be asked for."""
import re
import unittest

from schema import check, resolve
from skyclust_fixture import HostCase

METHODS = {'get', 'post', 'put', 'patch', 'delete'}
OIDC = '/api/v1/auth/oidc'
WITHOUT_TOKEN = {'/health', '/ready', '/metrics', '/docs', '/docs/style.css', '/api/v1/auth/bootstrap',
                 '/api/v1/auth/login', '/api/v1/auth/refresh', OIDC, OIDC + '/{oidc_provider}',
                 OIDC + '/{oidc_provider}/callback'}
# What the driver under test cannot know, and what it knows.
VALUES = {'provider': 'sim', 'vendor_kind': 'sim.nothing', 'id': 'no-such-thing', 'verb': 'nothing',
          'cluster_id': 'no-such-cluster', 'workspace_id': 'ws_nothing', 'oidc_provider': 'nobody'}


def operations(document):
    for path, item in document['paths'].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def fill(path, **values):
    return re.sub(r'\{(\w+)\}', lambda m: {**VALUES, **values}[m[1]], path)


class Surface(HostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.host.get('/api/v1/openapi.json')

    def test_document_is_sound(self):
        d = self.document
        self.assertEqual(d['openapi'], '3.1.0')
        ids = [o['operationId'] for _, _, o in operations(d)]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(ids), 150)
        for path, item in d['paths'].items():
            self.assertLessEqual(set(item), METHODS, path)
        for method, path, operation in operations(d):
            with self.subTest(method=method, path=path):
                named = re.findall(r'\{(\w+)\}', path)
                given = [p['name'] for p in operation['parameters'] if p['in'] == 'path']
                self.assertEqual(named, given)
                self.assertIn('default', operation['responses'])
                self.assertEqual('requestBody' in operation, method in ('POST', 'PATCH', 'PUT'))

    def test_every_reference_leads_somewhere(self):
        def walk(value):
            if isinstance(value, dict):
                if '$ref' in value:
                    resolve(self.document, value['$ref'])
                value = list(value.values())
            if isinstance(value, list):
                for v in value:
                    walk(v)
        walk(self.document)

    def test_docs_tell_the_same(self):
        page = self.host.call('GET', '/docs', token=False)
        self.assertEqual(set(re.findall(r'<details id="([^"]+)"><summary><b>', page.body.decode())),
                         {o['operationId'] for _, _, o in operations(self.document)})

    def test_docs_load_nothing_from_elsewhere(self):
        page = self.host.call('GET', '/docs', token=False)
        text = page.body.decode()
        self.assertIn("default-src 'none'", page.headers['Content-Security-Policy'])
        self.assertEqual(re.findall(r'<script|\sstyle=|\son\w+=|https?://', text), [])
        self.assertEqual(re.findall(r'(?:src|href)="([^#"][^"]*)"', text), ['/docs/style.css'])

    def test_every_operation_needs_the_token_or_says_so(self):
        for method, path, operation in operations(self.document):
            with self.subTest(method=method, path=path):
                answer = self.host.call(method, fill(path), token=False)
                is_open = operation.get('security') == []
                self.assertEqual(is_open, path in WITHOUT_TOKEN)
                self.assertEqual('this needs the header' in answer.body.decode(), not is_open)
                self.assertEqual(answer.status, answer.status if is_open else 401)

    def test_every_operation_answers(self):
        """With identifiers of nothing: an answer of the document, never a
        server's fault, and a sound problem document where it is an error."""
        problem = {'$ref': '#/components/schemas/problem'}
        for method, path, operation in operations(self.document):
            with self.subTest(method=method, path=path):
                body = {} if method in ('POST', 'PATCH') else None
                answer = self.host.call(method, fill(path), body)
                self.assertLess(answer.status, 500, answer)
                if answer.status >= 400:
                    self.assertEqual(answer.headers['Content-Type'], 'application/problem+json')
                    self.assertEqual(check(self.document, problem, answer.json()), [])
                    self.assertEqual(answer.json()['status'], answer.status)
                    self.assertNotIn('there is no /', answer.json()['detail'])
                else:
                    self.assertIn(str(answer.status), operation['responses'])

    def test_lists_are_as_the_document_says(self):
        lists = 0
        for method, path, operation in operations(self.document):
            if method != 'GET' or path.count('{') > 1:
                continue
            answer = self.host.call('GET', fill(path))
            content = operation['responses'].get('200', {}).get('content', {}).get('application/json', {})
            if answer.status != 200 or not content.get('schema'):
                continue
            with self.subTest(path=path):
                self.assertEqual(check(self.document, content['schema'], answer.json()), [])
                lists += 'items' in answer.json()
        self.assertGreater(lists, 20)

    def test_paths_beside_the_document_are_not_there(self):
        for path in ('/', '/api', '/api/v1', '/api/v1/', '/api/v2/providers', '/docs/', '/health/live',
                     '/api/v1/providers/sim/', '/api/v1/providers/sim/no-such-kind', '/api/v1//providers',
                     '/api/v1/providers/sim/instances/a/b/c'):
            with self.subTest(path=path):
                self.assertEqual(self.host.call('GET', path).status, 404)

    def test_etag_of_the_document(self):
        first = self.host.call('GET', '/api/v1/openapi.json')
        tag = first.headers['ETag']
        again = self.host.call('GET', '/api/v1/openapi.json', headers={'If-None-Match': tag})
        self.assertEqual((again.status, again.body, again.headers['ETag']), (304, b'', tag))
        other = self.host.call('GET', '/api/v1/openapi.json', headers={'If-None-Match': '"other"'})
        self.assertEqual((other.status, other.body), (200, first.body))

    def test_metrics(self):
        """Sound Prometheus text, one series for each route, not for each path."""
        for i in range(3):
            self.host.call('GET', f'/no-such-{i}')
            self.host.call('GET', f'/api/v1/providers/sim/volumes/no-such-{i}')
        answer = self.host.call('GET', '/metrics', token=False)
        self.assertTrue(answer.headers['Content-Type'].startswith('text/plain; version=0.0.4'))
        lines = answer.body.decode().splitlines()
        for line in lines:
            self.assertRegex(line, r'^(# (TYPE|HELP) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [-+.\deInfNa]+)$')
        counts = {m[1]: int(m[2]) for m in (re.fullmatch(
            r'skyclust_http_request_seconds_count\{route="([^"]+)",status="404"\} (\d+)', line) for line in lines) if m}
        self.assertGreaterEqual(counts['none'], 3)
        self.assertGreaterEqual(counts['/api/v1/providers/{provider}/volumes/{id}'], 3)
        self.assertNotIn('no-such-1', answer.body.decode())

    def test_ready_and_status(self):
        self.host.get('/api/v1/providers/sim/regions')
        self.assertEqual(self.host.get('/ready'), {'status': 'ready', 'drivers': {'sim': 'ready'}})
        status = self.host.get('/api/v1/system/status')
        self.assertEqual([(p['name'], p['state'], p['generation'] > 0) for p in status['providers']],
                         [('sim', 'ready', True)])
        self.assertEqual(status['pid'], self.host.process.pid)

    def test_support_matrix_names_the_whole_catalogue(self):
        provider = self.host.get('/api/v1/providers/sim')
        asked = {o['x-operation'] for _, _, o in operations(self.document) if 'x-operation' in o}
        self.assertEqual(set(provider['support']) & asked, asked)
        self.assertTrue(provider['support']['instance.create'])
        self.assertEqual(provider['state'], 'ready')


if __name__ == '__main__':
    unittest.main()
