#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The SDK's run time, held to PROTOCOL.md from outside: a test driver over pipes."""
import json
import os
import pty
import re
import socketserver
import subprocess
import tempfile
import threading
import time
import unittest

from wire import Driver, TIMEOUT

PROGRAM = os.environ['SKYCLUST_TEST_DRIVER']
BROKEN = os.environ['SKYCLUST_BROKEN_DRIVER']
SECRET = 'c4nary-5ecret'

CANCELLED, DEADLINE, INVALID, NOT_FOUND, UNAUTHENTICATED = -31001, -31002, -31003, -31004, -31006
RATE_LIMITED, VERSION, BAD_ANSWER, BUSY, INTERNAL = -31009, -31010, -31013, -31014, -31099
UNSUPPORTED = -31011


class NoContent(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)
        self.request.sendall(b'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')


class Case(unittest.TestCase):
    def start(self, **options):
        driver = Driver(PROGRAM, **options)
        # Ended in peace, a leak or a sanitizer's finding shows in the status.
        self.addCleanup(lambda: self.assertEqual(driver.close(), 0, ''.join(driver.errors[-40:])))
        return driver


class Handshake(Case):
    def test_says_what_the_tables_say(self):
        hello = self.start().hello
        self.assertEqual(hello['protocol'], '1.0')
        self.assertEqual((hello['name'], hello['version']), ('test', '1.0'))
        self.assertEqual(hello['max_inflight'], 8)
        self.assertEqual(hello['concurrency'], 'parallel')
        self.assertEqual(hello['env'], {'TEST_PASSWORD': 'password'})
        self.assertEqual(hello['rate_limits'], [{'group': 'calls', 'per_second': 10.0}])
        self.assertEqual(hello['egress'], ['example.org'])
        self.assertTrue(hello['credential_schema']['properties']['password']['writeOnly'])
        operations = hello['operations']
        self.assertEqual(operations['zone.list'], {'pageable': True})
        self.assertEqual(operations['instance.get'], {})
        self.assertEqual(operations['instance.delete'], {'idempotency': 'natural', 'cancel': 'late'})
        self.assertEqual(operations['x.test.call.uncancellable'], {'idempotency': 'none', 'cancel': 'no'})
        self.assertEqual(hello['unsupported']['cluster.get'], 'not in a test')
        self.assertFalse(set(hello['unsupported']) & set(operations))
        self.assertNotIn('initialize', operations)
        self.assertNotIn('driver.health', operations)

    def test_no_common_version(self):
        driver = self.start(initialize=False)
        error = driver.call('initialize', raw={'protocol': ['2.0', '9.1']})
        self.assertEqual(error['code'], VERSION)
        self.assertEqual(error['data']['supported'], ['1.0'])
        self.assertIn('install', error['message'])

    def test_bad_settings_are_named(self):
        for config, path in (({'zones': 'many'}, '/config/zones'), ({'zone': 1}, '/config/zone'),
                             ({'zones': -1}, '/config/zones'), ({'refuse': True}, '/config')):
            driver = self.start(initialize=False)
            error = driver.call('initialize', raw={'protocol': ['1.0'], 'config': config})
            self.assertEqual(error['code'], INVALID, config)
            self.assertEqual(error['data']['path'], path)
            # It can be tried again with better ones.
            self.assertEqual(driver.call('initialize', raw={'protocol': ['1.0']})['protocol'], '1.0')

    def test_misspelt_setting_has_a_hint(self):
        driver = self.start(initialize=False)
        error = driver.call('initialize', raw={'protocol': ['1.0'], 'config': {'zone': 1}})
        self.assertIn('did you mean zones?', error['message'])

    def test_nothing_before_initialize_and_only_one(self):
        driver = self.start(initialize=False)
        self.assertEqual(driver.call('region.list')['code'], -32600)
        self.assertIn('protocol', driver.call('initialize', raw={'protocol': ['1.0']}))
        self.assertEqual(driver.call('initialize', raw={'protocol': ['1.0']})['code'], -32600)

    def test_ping_before_initialize(self):
        driver = self.start(initialize=False)
        driver.notify('$/ping', n=1)
        self.assertEqual(driver.note('$/pong'), {'n': 1})

    def slow_start(self, word):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        fifo = os.path.join(folder.name, 'fifo')
        os.mkfifo(fifo)
        driver = self.start(initialize=False, env={'TEST_START_FIFO': fifo})
        call = driver.begin('initialize', raw={'protocol': ['1.0']})
        # It is told while start() still blocks.
        self.assertEqual(driver.note('$/starting'), {'stage': 'start'})
        with open(fifo, 'w', encoding='ascii') as file:
            file.write(word)
        return driver, driver.answer(call)

    def test_slow_start_is_announced(self):
        _, answer = self.slow_start('y')
        self.assertIn('operations', answer['result'])

    def test_start_that_fails_says_why(self):
        driver, answer = self.slow_start('n')
        self.assertIn('it was told not to', answer['error']['message'])
        self.assertEqual(driver.close(), 0)
        self.assertNotIn('stopped cleanly\n', driver.errors)

    def test_vendor_kinds(self):
        driver = self.start()
        self.assertEqual(driver.hello['kinds']['x.test.call']['title'], 'Call')
        self.assertEqual(driver.hello['operations']['x.test.call.listed'], {'pageable': True})
        error = driver.call('x.test.call.wait', {'ms': 'long'})
        self.assertEqual((error['code'], error['data']['path']), (INVALID, '/ms'))
        self.assertEqual(len(driver.value('x.test.call.listed', {'limit': 2})['items']), 2)
        self.assertEqual(driver.call('x.test.call.listed', {'limits': 2})['data']['path'], '/limits')

    def test_probe_needs_no_settings_and_starts_nothing(self):
        driver = self.start(initialize=False)
        answer = driver.call('initialize', raw={'protocol': ['1.0'], 'probe': True, 'config': {'refuse': True}})
        self.assertIn('config_schema', answer)
        self.assertEqual(driver.close(), 0)
        self.assertNotIn('stopped cleanly\n', driver.errors)

    def test_lower_inflight_of_the_host_counts(self):
        hello = self.start(limits={'max_frame': 1 << 20, 'max_inflight': 3}).hello
        self.assertEqual(hello['max_inflight'], 3)


class Requests(Case):
    def test_context_reaches_the_handler(self):
        driver = self.start(state_dir='/nowhere')
        value = driver.value('x.test.call.echo', {'a': ['ü', 1]}, ctx={'region': 'Zür"ich', 'op': 'op-1'},
                             secrets={'password': SECRET})
        self.assertEqual(value['args'], {'a': ['ü', 1]})
        self.assertEqual((value['region'], value['op'], value['zone']), ('Zür"ich', 'op-1', None))
        self.assertTrue(value['has_password'])
        self.assertEqual(value['state_dir'], '/nowhere')

    def test_egress_is_kept(self):
        """SDP-126, against a cloud that answers; what is no known word is the strictest one."""
        driver = self.start()
        with socketserver.TCPServer(('127.0.0.1', 0), NoContent) as cloud:
            threading.Thread(target=cloud.serve_forever, daemon=True).start()
            url = f'http://localhost:{cloud.server_address[1]}/'
            self.assertEqual(driver.value('x.test.call.fetch', {'url': url}), 204)
            self.assertEqual(driver.value('x.test.call.fetch', {'url': url}, ctx={'egress': 'any'}), 204)
            for word in 'public', 'some':
                error = driver.call('x.test.call.fetch', {'url': url}, ctx={'egress': word})
                self.assertEqual((error['code'], error['data']['effect']), (INVALID, 'none'))
                self.assertIn('(loopback)', error['message'])
            cloud.shutdown()

    def test_egress_can_be_asked(self):
        driver = self.start()
        for address, egress, allowed in (('8.8.8.8', 'public', True), ('10.0.0.1', 'public', False),
                                         ('10.0.0.1', 'any', True), ('169.254.169.254', 'any', False),
                                         ('169.254.169.254', None, True)):
            answer = driver.call('x.test.call.connect_to', {'address': address}, ctx={'egress': egress})
            self.assertEqual('code' not in answer, allowed, answer)
            self.assertIn(answer.get('code'), (None, INVALID))

    def test_unknown_method(self):
        error = self.start().call('instance.levitate')
        self.assertEqual(error['code'], -32601)
        self.assertEqual(error['data']['effect'], 'none')

    def test_arguments_are_checked(self):
        driver = self.start()
        error = driver.call('instance.get', {})
        self.assertEqual((error['code'], error['data']['path']), (INVALID, '/id'))
        error = driver.call('instance.get', {'id': 7})
        self.assertEqual((error['code'], error['data']['path']), (INVALID, '/id'))
        for broken in ({'ctx': []}, {'args': []}, {'secrets': 'x'}, {'ctx': {'region': 5}}):
            self.assertEqual(driver.call('region.list', raw=broken)['code'], INVALID, broken)

    def test_errors_carry_their_data(self):
        error = self.start().call('instance.start', {'id': 'vm-1'})
        self.assertEqual(error, {'code': RATE_LIMITED, 'message': 'slow down', 'data': {
            'effect': 'none', 'retryable': True, 'retry_after_ms': 1500, 'path': '/id',
            'cloud': {'http': 429, 'code': 'TooMany', 'request_id': 'req-1'}}})

    def test_delete_of_nothing_succeeds(self):
        self.assertEqual(self.start().call('instance.delete', {'id': 'vm-1'}), {'type': 'done', 'value': None})

    def test_bad_record_names_the_field(self):
        error = self.start().call('instance.get', {'id': 'vm-1'})
        self.assertEqual((error['code'], error['data']['path']), (BAD_ANSWER, '/id'))

    def test_failed_read_has_no_effect_and_failed_mutation_says_unknown(self):
        driver = self.start()
        error = driver.call('x.test.call.fail', {'code': INTERNAL, 'text': 'x'})
        self.assertEqual(error['data']['effect'], 'none')
        error = driver.call('x.test.call.fail_mutation', {'code': INTERNAL, 'text': 'x'})
        self.assertEqual(error['data']['effect'], 'unknown')

    def test_forgotten_answer(self):
        error = self.start().call('x.test.call.forget')
        self.assertEqual(error['code'], INTERNAL)
        self.assertIn('defect in x.test.call.forget', error['message'])

    def test_defects_of_handlers_are_named(self):
        driver = self.start()
        for method, says in (('no_value', 'no value'), ('no_array', 'no array'), ('no_item', 'item is missing'),
                             ('no_failure', 'without a failure'), ('no_handle', 'no handle'), ('no_row', 'no table')):
            error = driver.call('x.test.call.' + method)
            self.assertEqual(error['code'], INTERNAL, method)
            self.assertIn(says, error['message'])

    def test_reply_of_another_request(self):
        driver = self.start()
        first = driver.begin('x.test.call.others')
        self.assertIn("another call's reply", driver.call('x.test.call.others')['message'])
        driver.notify('$/cancel', id=first)
        self.assertEqual(driver.answer(first)['result'], {'type': 'done', 'value': None})

    def test_failure_whose_reply_was_dropped(self):
        self.assertEqual(self.start().call('x.test.call.failed_before')['message'], 'all used')

    def test_health_logs_in(self):
        driver = self.start()
        self.assertTrue(driver.value('driver.health', secrets={'password': 'right'})['ok'])
        self.assertEqual(driver.call('driver.health', secrets={'password': 'wrong'})['code'], UNAUTHENTICATED)

    def test_two_ends_make_one_answer(self):
        driver = self.start()
        self.assertEqual(driver.call('x.test.call.twice')['message'], 'second')
        self.assertEqual(driver.value('x.test.call.offload'), 42)
        driver.close()
        self.assertEqual(sum(b'"id":"1.2"' in line for line in driver.raw), 1)

    def test_pending(self):
        self.assertEqual(self.start().call('x.test.call.pending'), {
            'type': 'pending', 'handle': {'task': 't-1'}, 'poll_after_ms': 5000})

    def test_recovery_methods_are_operations(self):
        driver = self.start()
        self.assertIn('op.poll', driver.hello['operations'])
        self.assertNotIn('op.reconcile', driver.hello['operations'])
        self.assertEqual(driver.value('op.poll', {'handle': {'task': 't-1'}}), 42)

    def test_answer_over_the_frame_limit(self):
        error = self.start().call('x.test.call.huge')
        self.assertEqual(error['code'], INTERNAL)
        self.assertIn('over the frame limit', error['message'])

    def test_lifecycle(self):
        driver = self.start()
        self.assertTrue(driver.value('driver.health')['ok'])
        self.assertEqual(driver.value('config.validate', {'config': {'zones': 1}}), {'ok': True})
        self.assertEqual(driver.call('config.validate', {'config': {'zones': 'x'}})['code'], INVALID)
        selftest = driver.value('driver.selftest')
        self.assertFalse(selftest['ok'])
        self.assertIn('region.get: has no row and is not listed as unsupported', selftest['findings'])
        self.assertFalse([f for f in selftest['findings'] if f.startswith('cluster.')])


class Lists(Case):
    def names(self, value):
        return [item['id'] for item in value['items']]

    def test_whole_list(self):
        value = self.start().value('region.list')
        self.assertEqual(self.names(value), ['r0000', 'r0001', 'r0002', 'r0003', 'r0004'])
        self.assertIsNone(value['next_page_token'])

    def test_filter_and_fields(self):
        driver = self.start()
        self.assertEqual(self.names(driver.value('region.list', {'name': 'r0003'})), ['r0003'])
        self.assertEqual(driver.value('region.list', {'fields': ['display_name']})['items'][0], {'id': 'r0000'})

    def test_filter_by_what_items_do_not_tell(self):
        error = self.start().call('image.list', {'os': 'debian'})
        self.assertEqual((error['code'], error['data']['path']), (UNSUPPORTED, '/os'))

    def test_sdk_pages_for_a_driver_that_does_not(self):
        driver = self.start(config={'zones': 5})
        for method in ('region.list', 'zone.list'):
            seen, token, pages = [], None, 0
            while True:
                value = driver.value(method, {'limit': 2, **({'page_token': token} if token else {})})
                self.assertLessEqual(len(value['items']), 2)
                seen += self.names(value)
                token = value['next_page_token']
                pages += 1
                if not token:
                    break
            self.assertEqual((len(seen), len(set(seen)), pages), (5, 5, 3), method)

    def test_limit_that_fits_exactly_is_the_last_page(self):
        self.assertIsNone(self.start().value('region.list', {'limit': 5})['next_page_token'])

    def test_tokens_of_the_driver(self):
        driver = self.start()
        value = driver.value('image.list')
        self.assertEqual((self.names(value), value['next_page_token']), (['i0000', 'i0001'], '2'))
        value = driver.value('image.list', {'page_token': '4', 'limit': 1})
        self.assertEqual((self.names(value), value['next_page_token']), (['i0004'], None))

    def test_forged_token(self):
        for token in ('sdk-offset:', 'sdk-offset:-1', 'sdk-offset:1x'):
            error = self.start().call('region.list', {'page_token': token})
            self.assertEqual((error['code'], error['data']['path']), (INVALID, '/page_token'))

    def test_native_only_on_request(self):
        driver = self.start(config={'zones': 1})
        self.assertNotIn('native', driver.value('zone.list')['items'][0])
        self.assertEqual(driver.value('zone.list', ctx={'native': True})['items'][0]['native'], "cloud's own")

    def test_provider_is_in_every_record(self):
        driver = self.start(config={'zones': 1})
        ctx = {'provider': 'my "cloud"'}
        self.assertEqual(driver.value('zone.list', ctx=ctx)['items'][0],
                         {'provider': 'my "cloud"', 'id': 'z0000', 'name': 'z0000'})
        self.assertNotIn('provider', driver.value('zone.list', {'fields': ['name']}, ctx=ctx)['items'][0])
        self.assertNotIn('provider', driver.value('x.test.call.echo', ctx=ctx))

    def test_chunks_and_totals(self):
        count = 20000
        driver = self.start(config={'zones': count})
        call = driver.begin('zone.list', ctx={'credit': 2})
        items, seq = [], 0
        while True:
            frame = driver.wait(lambda f: f.get('method') == '$/chunk' or f.get('id') == call)
            if 'result' in frame:
                break
            self.assertEqual((frame['params']['id'], frame['params']['seq']), (call, seq))
            items += frame['params']['items']
            seq += 1
            driver.notify('$/credit', id=call, n=1)
        self.assertEqual(frame['result'], {'type': 'stream_end', 'chunks': seq, 'items': count,
                                           'next_page_token': None})
        self.assertEqual([i['id'] for i in items], [f'z{i:04d}' for i in range(count)])
        self.assertGreater(seq, 2)
        self.assertLessEqual(max(len(line) for line in driver.raw), 256 * 1024)

    def test_no_chunk_without_credit(self):
        driver = self.start(config={'zones': 20000})
        call = driver.begin('zone.list', ctx={'credit': 1})
        driver.note('$/chunk')
        # The answer to a later request comes while the list waits.
        self.assertEqual(driver.value('x.test.call.offload'), 42)
        self.assertEqual([f for f in driver.waiting if f.get('method') == '$/chunk'], [])
        driver.notify('$/credit', id=call, n=1)
        self.assertEqual(driver.note('$/chunk')['seq'], 1)
        driver.notify('$/cancel', id=call, reason='enough')
        self.assertEqual(driver.answer(call)['error']['code'], CANCELLED)

    def test_list_over_the_frame_limit_without_credit(self):
        error = self.start(config={'zones': 50000}).call('zone.list')
        self.assertEqual(error['code'], BAD_ANSWER)
        self.assertIn('limit or credit', error['message'])


class Waiting(Case):
    def test_cancel(self):
        driver = self.start()
        call = driver.begin('x.test.call.wait', {'ms': 60000})
        driver.notify('$/cancel', id=call, reason='the client left')
        self.assertEqual(driver.answer(call)['error']['code'], CANCELLED)

    def test_success_in_spite_of_cancel_is_an_answer(self):
        driver = self.start()
        call = driver.begin('x.test.call.ignore_cancel')
        driver.note('$/checkpoint')
        driver.notify('$/cancel', id=call)
        self.assertEqual(driver.answer(call)['result']['value'], 'done all the same')

    def test_cancel_no_lets_it_finish(self):
        driver = self.start()
        call = driver.begin('x.test.call.uncancellable', {'ms': 50})
        driver.notify('$/cancel', id=call)
        self.assertEqual(driver.answer(call)['result'], {'type': 'done', 'value': None})

    def test_cancel_of_nobody(self):
        driver = self.start()
        driver.notify('$/cancel', id='1.999')
        driver.notify('$/cancel', id=7)
        driver.notify('$/credit', id='1.999', n=3)
        driver.notify('$/whatever', x=1)
        self.assertEqual(driver.value('x.test.call.offload'), 42)

    def test_deadline(self):
        driver = self.start()
        began = time.monotonic()
        error = driver.call('x.test.call.wait', {'ms': 60000}, ctx={'deadline_ms': 100})
        self.assertEqual(error['code'], DEADLINE)
        self.assertGreater(time.monotonic() - began, 0.098)     # its clock counts whole milliseconds
        self.assertLess(time.monotonic() - began, TIMEOUT / 2)

    def test_ping_while_every_handler_waits(self):
        driver = self.start()
        calls = [driver.begin('x.test.call.wait', {'ms': 60000}) for _ in range(8)]
        driver.notify('$/ping', n=77)
        self.assertEqual(driver.note('$/pong'), {'n': 77})
        error = driver.call('x.test.call.wait', {'ms': 0})
        self.assertEqual((error['code'], error['data']['effect']), (BUSY, 'none'))
        self.assertGreater(error['data']['retry_after_ms'], 0)
        for call in calls:
            driver.notify('$/cancel', id=call)
            self.assertEqual(driver.answer(call)['error']['code'], CANCELLED)
        self.assertEqual(driver.value('x.test.call.offload'), 42)

    def test_serial_driver_keeps_the_order(self):
        driver = self.start(env={'TEST_SERIAL': '1'})
        self.assertEqual(driver.hello['concurrency'], 'serial')
        first = driver.begin('x.test.call.wait', {'ms': 60000})
        second = driver.begin('x.test.call.offload')
        late = driver.begin('x.test.call.offload', ctx={'deadline_ms': 50})
        error = driver.answer(late)['error']
        self.assertEqual((error['code'], error['data']['effect']), (DEADLINE, 'none'))
        self.assertFalse([f for f in driver.waiting if f.get('id') == second])
        driver.notify('$/cancel', id=first)
        self.assertIn('error', driver.answer(first))
        self.assertEqual(driver.answer(second)['result']['value'], 42)

    def test_serial_turn_is_not_lost_to_a_cancelled_request(self):
        driver = self.start(env={'TEST_SERIAL': '1'})
        first = driver.begin('x.test.call.ignore_cancel')
        driver.note('$/checkpoint')
        second = driver.begin('x.test.call.offload')
        third = driver.begin('x.test.call.offload')
        driver.send_bytes(b''.join(json.dumps({'jsonrpc': '2.0', 'method': '$/cancel', 'params': {'id': call}}).encode()
                                   + b'\n' for call in (first, second)))
        self.assertEqual(driver.answer(second)['error']['code'], CANCELLED)
        self.assertEqual(driver.answer(third)['result']['value'], 42)

    def test_progress_is_coalesced_and_never_goes_back(self):
        driver = self.start()
        call = driver.begin('x.test.call.progress', ctx={'progress': True})
        driver.answer(call)
        told = [f['params'] for f in driver.waiting if f.get('method') == '$/progress']
        self.assertTrue(1 <= len(told) <= 4, told)
        self.assertEqual(told, sorted(told, key=lambda p: p['done']))
        self.assertEqual(told[-1], {'id': call, 'done': 1000, 'total': 1000, 'message': 'working'})

    def test_no_progress_unless_wanted(self):
        driver = self.start()
        driver.call('x.test.call.progress')
        self.assertEqual([f for f in driver.waiting if f['method'] == '$/progress'], [])

    def test_checkpoint_comes_before_the_answer(self):
        driver = self.start()
        call = driver.begin('x.test.call.checkpoint')
        driver.answer(call)
        self.assertEqual([f['params'] for f in driver.waiting if f['method'] == '$/checkpoint'],
                         [{'id': call, 'data': {'cloud_id': 'vm-1'}}])


class Stream(Case):
    def test_thousand_banners(self):
        driver = self.start()
        calls = [driver.begin('x.test.call.echo', {'n': i}) for i in range(3)]
        self.assertEqual(driver.value('x.test.call.print'), -1)  # and stdin was at its end
        for i, call in enumerate(calls):
            self.assertEqual(driver.answer(call)['result']['value']['args'], {'n': i})
        self.assertEqual(driver.close(), 0)
        self.assertEqual(sum('ACME' in line for line in driver.errors), 1000)

    def test_lines_that_are_not_json(self):
        driver = self.start()
        for junk in (b'hello\n', b'\n', b'{"jsonrpc":"2.0","id":\n', b'[1,2]\n', b'\xff\xfe\x00\n', b'[' * 100000 + b'\n',
                     b'{"jsonrpc":"2.0","id":"9.9","result":{}}\n', b'{"a":1,"a":2}\n'):
            driver.send_bytes(junk)
        self.assertEqual(driver.value('x.test.call.offload'), 42)
        driver.wait_log('skipped')

    def test_envelope_that_is_wrong_is_answered(self):
        driver = self.start()
        driver.send_bytes(b'{"id":"1.77","method":"region.list"}\n')
        self.assertEqual(driver.answer('1.77')['error']['code'], -32600)

    def test_id_that_is_too_long(self):
        driver = self.start()
        driver.send({'id': 'x' * 5000, 'method': 'region.list'})
        frame = driver.wait(lambda f: 'error' in f)
        self.assertEqual((frame['id'], frame['error']['code']), (None, -32600))

    def test_line_over_the_limit(self):
        driver = self.start(limits={'max_frame': 65536, 'max_inflight': 8})
        driver.send({'id': '1.50', 'method': 'x.test.call.echo', 'params': {'args': {'x': 'y' * 70000}}})
        self.assertEqual(driver.value('x.test.call.offload'), 42)
        self.assertFalse([f for f in driver.waiting if f.get('id') == '1.50'])

    def test_request_in_single_bytes(self):
        driver = self.start()
        for byte in b'{"jsonrpc":"2.0","id":"1.60","method":"x.test.call.offload"}\r\n':
            driver.send_bytes(bytes([byte]))
        self.assertEqual(driver.answer('1.60')['result']['value'], 42)

    def test_secrets_are_nowhere(self):
        driver = self.start()
        driver.notify('$/log', level='debug')
        secrets = {'password': SECRET}
        driver.call('x.test.call.echo', {}, secrets=secrets)
        driver.call('x.test.call.forget', secrets=secrets)
        error = driver.call('x.test.call.fail', {'code': INTERNAL, 'text': f'login with {SECRET}'}, secrets=secrets)
        self.assertIn('withheld', error['message'])
        driver.call('x.test.call.log', {'text': f'logging in with {SECRET}'}, secrets=secrets)
        driver.call('instance.get', {'id': 3}, secrets=secrets)
        driver.send_bytes(json.dumps({'id': 3, 'params': {'secrets': secrets}}).encode() + b'\n')
        driver.send_bytes(json.dumps({'secrets': secrets}).encode()[:-1] + b'\n')
        self.assertEqual(driver.value('x.test.call.offload'), 42)
        self.assertEqual(driver.close(), 0)
        self.assertNotIn(SECRET, ''.join(driver.errors))
        self.assertNotIn(SECRET.encode(), b''.join(driver.raw))

    def copies_in_memory(self, driver, text):
        """How often the process holds @text in what it can write to."""
        found = 0
        with open(f'/proc/{driver.process.pid}/maps', encoding='ascii') as maps, \
                open(f'/proc/{driver.process.pid}/mem', 'rb', 0) as memory:
            for line in maps:
                start, end = (int(part, 16) for part in line.split()[0].split('-'))
                if line.split()[1].startswith('rw') and end - start < 1 << 28:  # not a sanitizer's shadow
                    memory.seek(start)
                    found += memory.read(end - start).count(text.encode())
        return found

    def test_secrets_of_every_shape(self):
        driver = self.start()
        for secrets, has in (({}, False), ({'password': 'ü"\\\n' * 100}, True), ({'password': 7, 'more': [1, {}]}, False),
                             (None, None), ([], None)):
            result = driver.call('x.test.call.echo', raw={'secrets': secrets})
            if has is None:
                self.assertEqual(result['code'], INVALID, secrets)
            else:
                self.assertEqual(result['value']['has_password'], has, secrets)

    def test_secrets_are_wiped(self):
        driver = self.start()
        # Long, because free() itself overwrites the front of what it gets.
        secrets = {'password': 'p' * 200 + SECRET + '-in-memory'}
        call = driver.begin('x.test.call.ignore_cancel', secrets=secrets)
        driver.note('$/checkpoint')
        self.assertGreater(self.copies_in_memory(driver, SECRET + '-in-memory'), 0)
        driver.notify('$/cancel', id=call)
        driver.answer(call)
        driver.call('x.test.call.echo', secrets=secrets)
        driver.call('x.test.call.fail', {'code': INTERNAL, 'text': 'x'}, secrets=secrets)
        driver.send_bytes(json.dumps({'jsonrpc': '2.0', 'id': '8.8', 'params': {'secrets': secrets}}).encode() + b'\n')
        self.assertEqual(driver.value('x.test.call.offload'), 42)
        self.assertEqual(self.copies_in_memory(driver, SECRET + '-in-memory'), 0)

    def test_log_is_json_lines_with_the_request(self):
        driver = self.start()
        call = driver.begin('x.test.call.log', {'text': 'a\nb"c'})
        driver.answer(call)
        line = json.loads(driver.wait_log('noted'))
        self.assertEqual((line['level'], line['request'], line['method']), ('info', call, 'x.test.call.log'))


class End(Case):
    def test_end_of_stdin(self):
        driver = self.start()
        self.assertEqual(driver.close(), 0)
        self.assertIn('stopped cleanly\n', driver.errors)

    def test_end_of_stdin_before_initialize(self):
        self.assertEqual(self.start(initialize=False).close(), 0)

    def test_open_work_is_finished(self):
        driver = self.start()
        call = driver.begin('x.test.call.wait', {'ms': 100})
        self.assertEqual(driver.close(), 0)
        self.assertEqual(driver.answer(call)['result'], {'type': 'done', 'value': None})

    def test_open_work_is_cancelled_within_a_second(self):
        driver = self.start()
        call = driver.begin('x.test.call.wait', {'ms': 60000})
        began = time.monotonic()
        self.assertEqual(driver.close(), 0)
        self.assertLess(time.monotonic() - began, 5)  # 1 s, and a slow machine
        self.assertEqual(driver.answer(call)['error']['code'], CANCELLED)

    def test_work_that_does_not_end_is_left(self):
        driver = self.start()
        driver.begin('x.test.call.never')
        driver.notify('$/ping', n=1)
        driver.note('$/pong')
        self.assertEqual(driver.close(), 0)
        self.assertTrue([line for line in driver.errors if 'work was left behind' in line])

    def test_shutdown(self):
        driver = self.start()
        open_call = driver.begin('x.test.call.wait', {'ms': 60000})
        self.assertEqual(driver.call('shutdown'), {'type': 'done', 'value': None})
        self.assertEqual(driver.call('region.list')['code'], BUSY)
        driver.notify('$/cancel', id=open_call)
        self.assertEqual(driver.answer(open_call)['error']['code'], CANCELLED)
        self.assertEqual(driver.close(), 0)

    def test_host_that_stops_reading(self):
        process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env={**os.environ, 'SKYCLUST_DRIVER': '1'})
        process.stdout.close()
        process.stdin.write(b'{"jsonrpc":"2.0","method":"$/ping","params":{"n":1}}\n')
        process.stdin.flush()
        self.assertEqual(process.wait(timeout=TIMEOUT), 0)
        process.stdin.close()


class CommandLine(unittest.TestCase):
    def run_driver(self, *args, env=None, **more):
        return subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT, env={**os.environ, **(env or {})}, check=False, **more)

    def test_by_hand_without_options(self):
        result = self.run_driver()
        self.assertEqual((result.returncode, result.stdout), (64, ''))
        self.assertIn('--describe', result.stderr)

    def test_on_a_terminal(self):
        leader, follower = pty.openpty()
        result = subprocess.run([PROGRAM], stdin=follower, capture_output=True, timeout=TIMEOUT,
                                env={**os.environ, 'SKYCLUST_DRIVER': '1'}, check=False)
        os.close(leader)
        os.close(follower)
        self.assertEqual(result.returncode, 64)

    def test_unknown_option(self):
        result = self.run_driver('--frobnicate')
        self.assertEqual(result.returncode, 64)
        self.assertIn('--help', result.stderr)

    def test_help_and_version(self):
        self.assertIn('--record', self.run_driver('--help').stdout)
        self.assertTrue(self.run_driver('--version').stdout.startswith('test 1.0 (SkyClust SDK '))

    def test_describe(self):
        table = self.run_driver('--describe').stdout
        self.assertRegex(table, r'(?m)^region\.list +function')
        self.assertRegex(table, r'(?m)^cluster\.list +- +not in a test$')
        self.assertRegex(table, r'(?m)^x\.test\.call\.uncancellable +function +none +no')
        tree = json.loads(self.run_driver('--describe', '--json').stdout)
        self.assertEqual(tree['operations']['cluster.get'], {'supported': False, 'reason': 'not in a test'})
        self.assertEqual(tree['operations']['instance.delete'], {
            'supported': True, 'by': 'function', 'idempotency': 'natural', 'cancel': 'late'})

        rows = self.run_driver('--describe', '--markdown').stdout
        self.assertRegex(rows, r'(?m)^\| `cluster` \|  \| list get .*: not in a test \|$')
        self.assertRegex(rows, r'(?m)^\| `x\.test\.call` \| .*\buncancellable\b.* \|  \|$')
        self.assertNotIn('`op`', rows)

    def test_man(self):
        page = self.run_driver('--man')
        self.assertEqual((page.returncode, page.stderr), (0, ''))
        for wanted in ('.Dt SKYCLUST-TEST 8\n', '.It Cm password\n', '.It Ar TEST_PASSWORD\nThe field password.\n',
                       'Secret.\nEnvironment: TEST_PASSWORD.\n', '\nnot in a test\n'):
            self.assertIn(wanted, page.stdout)

    def test_wrong_words(self):
        for words in (['--man', 'x'], ['--describe', '--xml'], ['--describe', '--json', '--markdown'], ['--check', 'x']):
            result = self.run_driver(*words)
            self.assertEqual((result.returncode, result.stdout), (64, ''), words)
            self.assertIn(words[0], result.stderr)

    def test_call(self):
        result = self.run_driver('--call', 'x.test.call.echo', '{"a": 1}', '--region', 'north',
                                 env={'TEST_PASSWORD': SECRET})
        value = json.loads(result.stdout)
        self.assertEqual((result.returncode, value['args'], value['region'], value['has_password']),
                         (0, {'a': 1}, 'north', True))
        self.assertNotIn(SECRET, result.stdout + result.stderr)

    def test_call_with_files(self):
        with tempfile.TemporaryDirectory() as folder:
            settings, credential = os.path.join(folder, 's.json'), os.path.join(folder, 'c.json')
            with open(settings, 'w', encoding='utf-8') as file:
                json.dump({'zones': 3}, file)
            with open(credential, 'w', encoding='utf-8') as file:
                json.dump({'password': SECRET}, file)
            result = self.run_driver('--call', 'zone.list', '--config', settings, '--credential', credential)
            self.assertEqual(len(json.loads(result.stdout)['items']), 3)
            with open(settings, 'w', encoding='utf-8') as file:
                json.dump({'zones': 'x'}, file)
            result = self.run_driver('--call', 'zone.list', '--config', settings)
            self.assertEqual(result.returncode, 1)
            self.assertIn('/config/zones', result.stderr)
            result = self.run_driver('--call', 'zone.list', '--config', folder + '/none')
            self.assertEqual(result.returncode, 64)

    def test_call_fails(self):
        result = self.run_driver('--call', 'instance.start', '{"id": "vm"}')
        self.assertEqual((result.returncode, result.stdout), (1, ''))
        self.assertEqual(json.loads(result.stderr.split('stopped')[0])['data']['cloud']['code'], 'TooMany')
        self.assertEqual(self.run_driver('--call', 'no.such').returncode, 1)
        for wrong in ((), ('zone.list', '[]'), ('zone.list', '{', '--region'), ('zone.list', '{}', 'more'),
                      ('zone.list', '--frob')):
            self.assertEqual(self.run_driver('--call', *wrong).returncode, 64, wrong)

    def test_explain_needs_a_row(self):
        result = self.run_driver('--explain', 'region.list')
        self.assertEqual(result.returncode, 1)
        self.assertIn('region.list: no table has a row for it', result.stderr)

    def test_filter_of_the_cloud_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            said = os.path.join(folder, 'said.json')
            with open(said, 'w', encoding='utf-8') as file:
                json.dump([{'request': {'method': 'GET', 'url': 'http://cloud.test/servers' + query},
                            'answer': {'status': 200, 'body': {'servers': [{'id': 's1', 'name': 'a'}, {'id': 's2', 'name': 'b'}]}}}
                           for query in ('?zone=z1', '?zone=z1', '')], file)

            def call(args):
                return self.run_driver('--call', 'instance.list', json.dumps(args), '--replay', said)
            self.assertEqual([i['id'] for i in json.loads(call({'zone': 'z1'}).stdout)['items']], ['s1', 's2'])
            self.assertEqual([i['id'] for i in json.loads(call({'zone': 'z1', 'name': 'b'}).stdout)['items']], ['s2'])
            self.assertIn('"/image_id"', call({'image_id': 'debian'}).stderr)

    def test_schema(self):
        tree = json.loads(self.run_driver('--schema', 'node_pool.create').stdout)
        self.assertTrue(tree['mutates'])
        self.assertIn('cluster_id', tree['arguments']['properties'])
        refs = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(tree)))
        self.assertLessEqual({'node_pool', 'taint'}, refs)
        self.assertEqual(refs - set(tree['$defs']), set())
        for wrong in ((), ('warp.engage',), ('region.list', 'zone.list')):
            self.assertEqual(self.run_driver('--schema', *wrong).returncode, 64, wrong)

    def test_check_finds_everything(self):
        result = subprocess.run([BROKEN, '--check'], capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(result.returncode, 1)
        for finding in ('name: "Broken" is not', 'version: is missing', 'max_inflight: is negative', 'config_schema: ',
                        'credential_schema: /properties/key/pattern is a keyword that is not checked',
                        'env: BROKEN_KEY: no schema has a field kee', 'kinds: rack: is not',
                        'kinds: x.acme.rack.go: args: /not is a keyword', 'region.list: has 2 rows',
                        'instance.lst: is no operation of the catalogue; did you mean instance.list',
                        'instance.get: has no function', 'instance.start: idempotency "maybe"',
                        'instance.start: cancel "perhaps"', 'x.acme: is no operation', 'image.get: ', 'idd', 'nmae',
                        'cluster.list: is unsupported without a reason',
                        'unsupported: warp.*: is no operation of the catalogue',
                        'zone.list: has no row and is not listed as unsupported'):
            self.assertIn(finding, result.stdout)

    def test_broken_schema_of_settings_is_told_at_start(self):
        driver = Driver(BROKEN, initialize=False)
        self.addCleanup(driver.close)
        error = driver.call('initialize', raw={'protocol': ['1.0']})
        self.assertIn("config_schema is not JSON", error['message'])

    def test_check_finds(self):
        result = self.run_driver('--check')
        self.assertEqual(result.returncode, 1)
        self.assertIn('test: region.get: has no row and is not listed as unsupported', result.stdout)


if __name__ == '__main__':
    unittest.main()
