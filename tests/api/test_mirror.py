#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a request becomes on its way to the driver, and an answer on its way back."""
import unittest
from urllib.parse import unquote

from skyclust_fixture import HostCase, ROOT

P = '/api/v1/providers/mirror'
TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
CONFIG = f'''
plugins:
  auto_load: false
  providers:
    mirror:
      enabled: true
      path: {ROOT}/tests/api/mirror.py
'''


class Mirror(HostCase):
    config = CONFIG

    # ---- there ----------------------------------------------------------------

    def seen(self, path, **headers):
        status, body = self.host.request('GET', P + path, headers=headers)
        self.assertEqual(status, 200, body)
        return body['ctx'], body['args']

    def test_context(self):
        ctx, args = self.seen('/regions/r%2F1?region=eu-1&native=true', traceparent=TRACE)
        self.assertEqual((ctx['region'], ctx['trace'], ctx['native'], args['id']), ('eu-1', TRACE, True, 'r/1'))
        self.assertNotIn('region', args)
        self.assertTrue(0 < ctx['deadline_ms'] <= 30000, ctx)

    def test_no_context(self):
        ctx, args = self.seen('/regions/r')
        self.assertFalse({'region', 'trace', 'op', 'native'} & set(ctx), ctx)
        self.assertEqual(args, {'id': 'r'})

    def test_trace_that_is_none(self):
        for trace in ('', 'x', TRACE.upper(), TRACE[:-1], TRACE + '0', TRACE.replace('00-', '01-', 1),
                      TRACE.replace('-', '_'), TRACE.replace('b7', 'g7')):
            self.assertNotIn('trace', self.seen('/regions/r', traceparent=trace)[0], trace)

    def test_every_change_has_an_operation_of_its_own(self):
        """Also when two requests bear the same id: else the second create
        would be taken for a repetition of the first."""
        ops = set()
        for _ in range(10):
            status, made = self.host.request('POST', P + '/volumes', {'name': 'v', 'size_gib': 1},
                                             headers={'X-Request-Id': 'same'})
            self.assertEqual(status, 201)
            ops.add(made['ctx']['op'])
        self.assertEqual(len(ops), 10)

    def test_arguments_are_checked_before_the_driver_sees_them(self):
        """This driver would take anything."""
        for path, pointer in (('/regions?bogus=1', '/bogus'), ('/regions?limit=many', '/limit'),
                              ('/regions/' + 'x' * 1025, '/id')):
            status, problem = self.host.request('GET', P + path)
            self.assertEqual((status, problem['code'], problem['pointer']), (422, 'invalid', pointer))
        status, problem = self.host.request('POST', P + '/volumes', {'name': 'v'})
        self.assertEqual((status, problem['pointer']), (422, '/size_gib'))

    def test_other_spellings_are_settled(self):
        body = {'name': 'v', 'size': 3, 'availability_zone': 'z1'}
        made = self.host.request('POST', P + '/volumes', body)[1]
        self.assertEqual(made['args'], {'name': 'v', 'size_gib': 3, 'zone': 'z1'})
        self.assertEqual(made['ctx']['zone'], 'z1')

    # ---- and back -------------------------------------------------------------

    def test_list_that_came_in_one_piece(self):
        self.assertEqual(self.host.get(P + '/regions'),
                         {'items': [{'id': 'a'}, {'id': 'b'}], 'next_page_token': 'more "here"', 'errors': []})
        self.assertEqual(self.host.get(P + '/images'), {'items': [], 'next_page_token': None, 'errors': []})

    def test_wrong_answers(self):
        for path, word in (('/zones', 'list'), ('/zones/z', 'object'), ('/images/i', 'object')):
            status, problem = self.host.request('GET', P + path)
            self.assertEqual((status, problem['code'], problem['provider']), (502, 'driver_bad_answer', 'mirror'))
            self.assertIn(word, problem['detail'])
            self.host.wait_log(lambda line: 'wrong answer' in line and 'driver=mirror' in line)

    def test_location_is_encoded(self):
        made = self.host.call('POST', P + '/volumes', {'name': 'v', 'size_gib': 1})
        self.assertTrue(made.headers['Location'].isascii())
        self.assertEqual(unquote(made.headers['Location']), P + '/volumes/' + made.json()['id'])
        self.assertEqual(made.headers['Location'].count('/'), 6)

    def test_nothing_to_tell(self):
        for method, path in (('POST', '/instances/i/start'), ('DELETE', '/volumes/v')):
            answer = self.host.call(method, P + path)
            self.assertEqual((answer.status, answer.body), (204, b''))

    def test_what_the_cloud_said(self):
        answer = self.host.call('POST', P + '/instances/i/stop')
        problem = answer.json()
        self.assertEqual((answer.status, answer.headers['Retry-After']), (409, '2'))
        self.assertEqual(problem['cloud'], {'http': 413, 'code': 'OverLimit', 'request_id': 'req-77'})
        self.assertEqual((problem['effect'], problem['retryable'], problem['detail']), ('partial', True, 'no room'))

        self.assertEqual(self.host.request('GET', P + '/instances/i')[1]['effect'], 'none', 'reading changes nothing')

    def test_an_error_number_of_nobody(self):
        status, problem = self.host.request('GET', P + '/volumes/v')
        self.assertEqual((status, problem['provider']), (500, 'mirror'))


if __name__ == '__main__':
    unittest.main()
