#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong: exit statuses, what is said and what is not, and how a run ends early."""
import json
import signal
import threading
import unittest

from cli_fixture import Cli, fake
from skyclust_fixture import HostCase

CODES = ('forbidden', 'unauthenticated', 'credential_expired', 'quota', 'conflict', 'rate_limited', 'busy',
         'cloud_unavailable', 'cloud_bad_answer', 'internal', 'needs_attention')
CONFIG = '''
plugins:
  auto_load: false
  timeout: 2s
  providers:
    sim:
      enabled: true
      config: {boot_ms: 0, seed_instances: 1}
    late:
      enabled: true
      driver: sim
      config: {latency_ms: 60000}
''' + ''.join(f'''
    {code.replace('_', '-')}:
      enabled: true
      driver: sim
      config: {{error_rate: 1, error_code: {code}}}
''' for code in CODES)
STATUS = {'forbidden': 5, 'unauthenticated': 5, 'credential_expired': 5, 'quota': 4, 'conflict': 4, 'rate_limited': 6,
          'busy': 6, 'cloud_unavailable': 6, 'cloud_bad_answer': 1, 'internal': 1, 'needs_attention': 1}


class Statuses(HostCase):
    config = CONFIG

    def setUp(self):
        self.cli = Cli(self.host, SKYCLUST_PROVIDER='sim')
        self.addCleanup(self.cli.close)

    def fails(self, status, *args, **options):
        done = self.cli.run(*args, **options)
        self.assertEqual((done.status, done.out), (status, ''), done)
        return done.err

    def test_every_code_of_the_cloud(self):
        for code in CODES:
            provider = code.replace('_', '-')
            err = self.fails(STATUS[code], provider, 'instances', 'list')
            self.assertRegex(err, rf'\Askyclust: .+\n  code: {code} \(request \S+\)\n', err)
            problem = json.loads(self.fails(STATUS[code], provider, 'instances', 'list', '-o', 'json'))
            self.assertEqual((problem['code'], problem['provider']), (code, provider))

    def test_advice(self):
        for provider, text in (('forbidden', 'next: the credential of provider forbidden needs this permission'),
                               ('unauthenticated', 'next: give provider unauthenticated a good credential'),
                               ('quota', 'next: `skyclust quota quotas list` shows what is used'),
                               ('rate-limited', 'next: try again in '), ('busy', 'next: try again in ')):
            self.assertIn(text, self.fails(STATUS[provider.replace('-', '_')], provider, 'images', 'list'))

    def test_deadline(self):
        self.assertIn('code: deadline', self.fails(6, 'late', 'instances', 'list'))

    def test_token(self):
        err = self.fails(5, 'instances', 'list', env={'SKYCLUST_TOKEN': 'wrong'})
        self.assertIn('code: unauthorized', err)
        self.assertIn('--token-file FILE', err)
        self.assertEqual(json.loads(self.fails(5, 'providers', '-o', 'json', env={'SKYCLUST_TOKEN': 'wrong'}))['status'],
                         401)

    def test_conflict_and_not_found(self):
        self.assertEqual(self.cli.run('key-pairs', 'create', 'k').status, 0)
        self.assertIn('code: conflict', self.fails(4, 'key-pairs', 'create', 'k'))
        self.assertIn('next: `skyclust sim instances list`', self.fails(3, 'instances', 'get', 'nosuch'))
        self.assertIn('next: `skyclust providers`', self.fails(3, 'nope', 'instances', 'list'))

    def test_usage(self):
        for args, text in ((['instnces', 'list'], 'did you mean "instances"?'),
                           (['instances', 'creat'], 'did you mean "create"?'),
                           (['instances', 'create', '--nmae', 'x'], 'did you mean --name?'),
                           (['instances', 'create'], '"name" is missing'),
                           (['instances', 'list', '-o', 'jsn'], 'did you mean "json"?'),
                           (['instances', 'list', '--wait'], '--wait is for changes'),
                           (['instances', 'create', 'x', '--watch'], '--watch is for'),
                           (['instances', 'get', 'x', '--limit', '3'], '--limit is for lists'),
                           (['instances', 'get', 'x', '--filter', 'a=b'], '--filter is for lists'),
                           (['instances', 'list', '--filter', 'nmae~x'], 'did you mean'),
                           (['instances', 'list', '--timeout', 'x'], '--timeout must be a number')):
            self.assertIn(text, self.fails(2, *args, '--server', 'http://127.0.0.1:1'), args)     # said at once
        problem = json.loads(self.fails(2, 'instances', 'create', '-o', 'json'))
        self.assertEqual((problem['code'], problem['pointer']), ('invalid', '/name'))

    def test_the_servers_own_check_is_told_by_the_option(self):
        err = self.fails(2, 'instances', 'create', 'x', '--type', 'nosuch', '--image-id', 'ubuntu-22.04')
        self.assertIn('  code: invalid (request ', err)
        self.assertIn('  option: --instance-type\n', err)
        self.assertIn('  next: `skyclust explain instance.create` tells the arguments\n', err)

    def test_destroying_without_a_terminal(self):
        for answer in ('', 'y\n'):
            err = self.fails(2, 'instances', 'delete', 'vm-seed-00001', input=answer)
            self.assertIn('delete of instance vm-seed-00001 (i-seed-00001)', err)
            self.assertIn('add --yes', err)
        self.assertEqual(self.cli.json('instances', 'get', 'vm-seed-00001')['status'], 'running')

    def test_unreachable(self):
        with fake(lambda *_: (200, None)) as (cli, server):
            url = server.url
        err = self.fails(6, '--server', url, 'instances', 'list')
        self.assertRegex(err, rf'{url} cannot be reached: .*\n  next: is skyclustd running there')
        self.assertEqual(json.loads(self.fails(6, 'status', '-o', 'json', env={'SKYCLUST_SERVER': url}))['code'],
                         'unreachable')
        self.assertIn('is no URL', self.fails(2, '--server', 'ftp://localhost', 'status'))
        self.assertNotIn('hunter2', self.fails(2, '-v', '--server', 'http://me:hunter2@localhost', 'status'))

    def test_output_that_cannot_be_written(self):
        process = self.cli.start('instances', 'list')
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdin.close)
        process.stdout.close()
        self.assertEqual(process.wait(60), -signal.SIGPIPE)
        with open('/dev/full', 'w', encoding='ascii') as full:
            for args in (['instances', 'list'], ['providers'], ['version'], ['kinds'], ['instances', 'list', '--watch=1']):
                process = self.cli.start(*args, stdout=full)
                _, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 1, args)
                self.assertIn('No space left on device', err)


class Secrets(HostCase):
    def setUp(self):
        self.cli = Cli(self.host)
        self.addCleanup(self.cli.close)

    def test_verbose_tells_requests_but_no_secrets(self):
        (self.cli.home / 'password').write_text('hunter2\n')
        (self.cli.home / 'script').write_text('export PASSWORD=hunter3\n')
        done = self.cli.run('-v', 'sim', 'users', 'create', 'me', '--password', '@password', '--email', 'me@example.org')
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.err, r'> POST http://127\.0\.0\.1:\d+/api/v1/providers/sim/users\n')
        self.assertRegex(done.err, r'< 201, \d+ bytes, \d+ ms, request \S+\n')
        self.assertIn('email="me@example.org"', done.err)
        self.assertIn('password=…', done.err)
        done = self.cli.run('-v', 'instances', 'create', 'x', '--type', 'tiny', '--image-id', 'ubuntu-22.04',
                            '--user-data', '@script')
        self.assertIn('user_data=…', done.err)
        done2 = self.cli.run('-v', 'clusters', 'create', 'c')
        done3 = self.cli.run('-v', 'clusters', 'kubeconfig', 'c', '-o', 'json')
        token = json.loads(done3.out)['kubeconfig'].partition('token: ')[2].split()[0]
        for run in (done, done2, done3):
            for secret in ('hunter', self.host.token, token):
                self.assertNotIn(secret, run.err)

    def test_a_key_that_is_given_once(self):
        made = self.cli.json('key-pairs', 'create', 'once', '--wait')
        self.assertIn('PRIVATE KEY', made['private_key'])
        self.assertEqual(self.cli.run('key-pairs', 'create', 'twice', '--fields', 'private_key').out.split('\n')[0],
                         '-----BEGIN OPENSSH PRIVATE KEY-----')


class OddServers(unittest.TestCase):
    def check(self, answer, status, text, *args):
        with fake(answer) as (cli, _):
            done = cli.run(*(args or ('instances', 'list')))
            self.assertEqual((done.status, done.out), (status, ''), done)
            self.assertIn(text, done.err)

    def test_not_skyclustd(self):
        self.check(lambda *_: (200, b'<html>'), 1, 'something that is not from skyclustd')
        self.check(lambda *_: (502, b'<html>'), 1, 'answered 502 with something')
        self.check(lambda *_: (200, {'items': 3}), 1, 'something that is not from skyclustd')
        self.check(lambda *_: (200, []), 1, 'something that is not from skyclustd')

    def test_a_newer_servers_code(self):
        self.check(lambda *_: (403, {'code': 'brand_new', 'detail': 'no way', 'status': 403}), 5,
                   'skyclust: no way\n  code: brand_new')
        self.check(lambda *_: (418, {'title': 'teapot'}), 1, 'skyclust: teapot')

    def test_what_the_cloud_said(self):
        self.check(lambda *_: (404, {'code': 'not_found', 'detail': 'gone',
                                     'cloud': {'http': 404, 'code': 'itemNotFound', 'request_id': 'req-1'}}), 3,
                   '  cloud: 404 itemNotFound (request req-1)\n')

    def test_effect_of_a_change(self):
        for effect, text in (('unknown', '  effect: unknown: look whether it was done before you repeat it\n'),
                             ('partial', '  effect: partial'), ('applied', '  effect: applied'), ('none', '')):
            self.check(lambda *_, is_=effect: (504, {'code': 'deadline', 'detail': 'late', 'effect': is_}), 6, text,
                       'networks', 'create', 'n')
        with fake(lambda *_: (504, {'code': 'deadline', 'detail': 'late', 'effect': 'unknown'})) as (cli, _):
            self.assertNotIn('effect', cli.run('networks', 'list').err)

    def test_a_lost_answer_is_asked_for_once_more_by_its_key(self):
        lost = 1

        def answer(method, *_):
            if method != 'GET' and len(server.requests) <= 1 + lost:
                return None, None
            return 200, {'id': 'i', 'name': 'i', 'status': 'running'}
        for lost, status in ((1, 0), (2, 6)):
            with fake(answer) as (cli, server):
                done = cli.run('instances', 'start', 'i')
                self.assertEqual(done.status, status, done)
                self.assertEqual('effect: unknown' in done.err, bool(status))
                self.assertEqual([method for method, *_ in server.requests], ['GET', 'POST', 'POST'])
                keys = [headers['Idempotency-Key'] for headers in server.headers]
                self.assertIsNone(keys[0])
                self.assertRegex(keys[1], r'^[0-9a-f]{32}$')
                self.assertEqual(keys[1], keys[2])

    def test_each_change_has_a_key_of_its_own(self):
        with fake(lambda *_: (200, {'id': 'i', 'name': 'i'})) as (cli, server):
            self.assertEqual(cli.run('instances', 'start', 'i', 'j').status, 0)
            self.assertEqual(len({headers['Idempotency-Key'] for headers in server.headers}), 3)     # and None

    def test_what_has_no_key_is_never_sent_twice(self):
        """SkyClust's own nouns; nor does libcurl, when a connection that was used before breaks."""
        def answer(method, *_):
            return (200, {'items': []}) if method == 'GET' else (None, None)
        with fake(answer) as (cli, server):
            done = cli.run('workspaces', 'create', 'w')
            self.assertEqual(done.status, 6)
            self.assertIn('effect: unknown', done.err)
            self.assertEqual([method for method, *_ in server.requests], ['POST'])

    def test_arguments_of_a_change_do_not_choose(self):
        """What a change sets is no filter of the list in which the name is looked up."""
        web = {'id': 'i-1', 'name': 'web', 'status': 'running', 'instance_type': 'small'}

        def answer(method, path, _):
            if path.endswith('/instances/web'):
                return 404, {'code': 'not_found', 'detail': 'no web'}
            return 200, {'items': [web], 'next_page_token': None, 'errors': []} if '?' in path else web
        with fake(answer) as (cli, server):
            self.assertEqual(cli.run('instances', 'resize', 'web', '--type', 'large').status, 0)
            listed = [path for _, path, _ in server.requests if '?' in path]
            self.assertEqual(listed, ['/api/v1/providers/p/instances?name=web'])

    def test_broken_off(self):
        self.check(lambda *_: (200, b'{"items": [', {'Content-Length': '1000', 'Connection': 'close'}), 6,
                   'broke off its answer')

    def test_pages_without_end(self):
        self.check(lambda *_: (200, {'items': [], 'next_page_token': 'x', 'errors': []}), 1, 'same page of a list twice')

    def test_control_characters_do_not_reach_the_terminal(self):
        bad = 'a\x1b[2Jb\r'
        with fake(lambda *_: (404, {'code': bad, 'detail': bad, 'instance': bad, 'pointer': '/' + bad,
                                    'cloud': {'code': bad, 'request_id': bad}})) as (cli, _):
            self.assertRegex(cli.run('providers').err, r'\A[^\x00-\x09\x0b-\x1f\x7f]+\Z')
        with fake(lambda *_: (200, {'id': 'i', 'name': bad, 'status': bad})) as (cli, _):
            with cli.terminal('instances', 'delete', 'i') as t:
                t.wait('Delete instance a?[2Jb? (i) of p? [y/N] ')
                t.type('n')
            self.assertNotIn('\x1b', t.text)
            done = cli.run('instances', 'start', 'i', '--wait=1')
            self.assertNotIn('\x1b', done.err)
            self.assertIn('a?[2Jb?', done.err)

    def test_timeout(self):
        stop = threading.Event()
        self.addCleanup(stop.set)

        def answer(*_):
            stop.wait(60)
            return 200, None
        with fake(answer) as (cli, _):
            done = cli.run('instances', 'list', '--timeout', '1')
            self.assertEqual(done.status, 6)
            self.assertIn('gave no answer within 1 s; see --timeout', done.err)
            stop.set()

    def test_no_proxy_for_this_machine(self):
        with fake(lambda *_: (200, {'items': []})) as (cli, server):
            done = cli.run('instances', 'list', '-o', 'json', env={'http_proxy': 'http://127.0.0.1:1'})
            self.assertEqual(done.status, 0, done)
            self.assertEqual(len(server.requests), 1)


class Interrupted(unittest.TestCase):
    def test_in_a_request(self):
        asked, stop = threading.Event(), threading.Event()

        def answer(*_):
            asked.set()
            stop.wait(60)
            return 200, None
        with fake(answer) as (cli, _):
            process = cli.start('instances', 'list')
            self.assertTrue(asked.wait(60))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            stop.set()
        self.assertEqual((process.returncode, out, err), (130, '', 'skyclust: interrupted\n'))


if __name__ == '__main__':
    unittest.main()
