#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kinds that only one driver knows, and work that goes on after the answer."""
import unittest

from skyclust_fixture import BIN, Host

WIDGETS = '/api/v1/providers/widget/x.test.widget'
CONFIG = f'''
plugins:
  auto_load: false
  timeout: 3s
  providers:
    widget:
      enabled: true
      path: {BIN}/tests/widget
'''


class Vendor(unittest.TestCase):
    def setUp(self):
        self.host = Host(CONFIG).start()

    def tearDown(self):
        self.host.stop()
        self.host.close()

    def test_life(self):
        ask = self.host.request
        self.assertEqual(ask('GET', WIDGETS)[1], {'items': [{'id': 'w/1', 'size': 1}], 'next_page_token': None,
                                                  'errors': []})
        self.assertEqual(ask('GET', WIDGETS + '?size=2')[1]['items'], [])
        self.assertEqual(ask('GET', WIDGETS + '/w%2F1'), (200, {'id': 'w/1', 'size': 1}))
        self.assertEqual(ask('PATCH', WIDGETS + '/w%2F1', {'size': 5}), (200, {'id': 'w/1', 'size': 5}))
        self.assertEqual(ask('POST', WIDGETS + '/w%2F1/double'), (200, {'id': 'w/1', 'size': 10}))
        self.assertEqual(ask('DELETE', WIDGETS + '/w%2F1'), (204, None))
        self.assertEqual(ask('GET', WIDGETS + '/w%2F1')[0], 404)
        made = self.host.call('POST', WIDGETS, {'size': 7})
        self.assertEqual((made.status, made.headers['Location']), (201, WIDGETS + '/w%2F1'))

    def test_what_is_not_there(self):
        for path, status in {WIDGETS + '/w%2F1/burn': 404, '/api/v1/providers/widget/x.test.gadget': 404,
                             '/api/v1/providers/nobody/x.test.widget': 404, WIDGETS + '?limit=many': 422,
                             WIDGETS + '?size=big': 422, WIDGETS + '?size=1&size=1': 400}.items():
            self.assertEqual(self.host.request('GET', path)[0], status, path)
        self.assertEqual(self.host.request('POST', WIDGETS, {'size': 'big'})[0], 422)

    def test_described_by_its_driver(self):
        provider = self.host.get('/api/v1/providers/widget')
        self.assertEqual(set(provider['kinds']['x.test.widget']['operations']),
                         {'list', 'get', 'create', 'update', 'delete', 'double'})
        self.assertTrue(provider['support']['x.test.widget.double'])
        self.assertFalse(provider['support']['instance.create'])

    def test_unsupported_operation(self):
        status, problem = self.host.request('GET', '/api/v1/providers/widget/instances')
        self.assertEqual((status, problem['code'], problem['provider']), (501, 'unsupported', 'widget'))
        self.assertIn('instance.list', problem['detail'])

    def test_region_goes_to_the_context(self):
        for query, seen in (('', 'none'), ('?region=eu-1', 'eu-1'), ('?region=a%2Fb+c', 'a/b c')):
            self.assertEqual(self.host.get('/api/v1/providers/widget/regions/r' + query)['name'], seen)

    def create_volume(self, name, **headers):
        return self.host.call('POST', '/api/v1/providers/widget/volumes', {'name': name, 'size_gib': 1},
                              headers=headers)

    def test_pending_until_done(self):
        made = self.create_volume('quick')
        self.assertEqual((made.status, made.json()['name']), (201, 'quick'))
        self.assertEqual(made.headers['Location'], '/api/v1/providers/widget/volumes/v-1')

    def test_pending_longer_than_its_client_waits(self):
        made = self.create_volume('slow', Prefer='wait=1')
        self.assertEqual((made.status, made.headers['Preference-Applied']), (202, 'wait=1'))
        self.assertEqual(made.headers['Retry-After'], '30')
        operation = made.json()
        self.assertEqual((operation['state'], operation['method']), ('running', 'volume.create'))
        self.assertEqual(made.headers['Location'], '/api/v1/operations/' + operation['id'])
        self.assertEqual(self.host.get(made.headers['Location'])['id'], operation['id'])

    def test_pending_that_fails(self):
        made = self.create_volume('broken')
        self.assertEqual((made.status, made.json()['code']), (409, 'quota'))

    def test_deadline(self):
        status, problem = self.host.request('GET', '/api/v1/providers/widget/regions')
        self.assertEqual((status, problem['code'], problem['provider']), (504, 'deadline', 'widget'))


if __name__ == '__main__':
    unittest.main()
