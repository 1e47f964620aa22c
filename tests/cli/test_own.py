#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SkyClust's own nouns from the command line: users, workspaces, credentials, tokens, operations, the audit log."""
import json
import subprocess
import unittest

from cli_fixture import PROGRAM, Cli, fake
from skyclust_fixture import PASSWORD, HostCase

CONFIG = '''
plugins:
  auto_load: false
  providers:
    sim:
      shared: true
      config: {boot_ms: 0, seed_instances: 2}
'''


SLOW = '''
operations:
  wait: 100ms
plugins:
  auto_load: false
  providers:
    sim:
      config: {boot_ms: 0, pending_ms: 1500}
'''


class OwnCase(HostCase):
    config = CONFIG
    count = 0

    def setUp(self):
        self.cli = Cli(self.host)
        self.addCleanup(self.cli.close)

    def ok(self, *args, **options):
        done = self.cli.run(*args, **options)
        self.assertEqual(done.status, 0, done)
        return done.out

    def fails(self, status, *args, **options):
        done = self.cli.run(*args, **options)
        self.assertEqual((done.status, done.out), (status, ''), done)
        return done.err

    def workspace(self):
        OwnCase.count += 1
        name = f'w{OwnCase.count}'
        return name, self.ok('workspaces', 'create', name, '-o', 'name').strip()


class Users(OwnCase):
    def test_life_of_a_user(self):
        made = self.cli.json('users', 'create', 'ada', '--role', 'user', '--password', '-', input=PASSWORD + '\n')
        self.assertEqual((made['name'], made['has_password']), ('ada', True))
        self.assertEqual(self.ok('users', 'list', '--name', 'ada').splitlines()[0].split()[:4],
                         ['ID', 'NAME', 'ROLE', 'STATE'])
        self.assertEqual(self.cli.json('users', 'get', 'ada')['id'], made['id'])
        changed = self.cli.json('users', 'update', 'ada', '--display-name', 'Ada L.')      # with If-Match
        self.assertEqual((changed['display_name'], changed['version']), ('Ada L.', made['version'] + 1))
        self.assertIn('add --yes', self.fails(2, 'users', 'delete', 'ada'))
        self.assertEqual(self.cli.run('users', 'delete', 'ada', '-y').err, f'user ada ({made["id"]}): deleted\n')
        self.assertIn('none of the users has', self.fails(3, 'users', 'get', 'ada'))

    def test_a_secret_comes_from_a_file_a_pipe_or_the_terminal(self):
        (self.cli.home / 'password').write_text(PASSWORD + '\n')
        for i, (value, given) in enumerate((('@password', ''), ('-', PASSWORD + '\n'), ('@-', PASSWORD))):
            self.ok('users', 'create', f'secret{i}', '--role', 'user', '--password', value, input=given)
            self.host.log_in(f'secret{i}', PASSWORD)
        with self.cli.terminal('users', 'create', 'secret9', '--role', 'user', '--password', '-') as t:
            t.wait('password: ')
            t.type(PASSWORD)
        self.assertNotIn(PASSWORD, t.text)
        self.host.log_in('secret9', PASSWORD)

    def test_changing_ones_password(self):
        self.ok('users', 'create', 'changes', '--role', 'user', '--password', '-', input=PASSWORD + '\n')
        self.cli.env.pop('SKYCLUST_TOKEN')
        self.ok('login', '--user', 'changes', input=PASSWORD + '\n')
        self.assertEqual(self.fails(5, 'password', input='wrong\nanother long password\n').split('\n')[1].split()[0], 'code:')
        self.ok('password', input=PASSWORD + '\nanother long password\n')
        self.host.log_in('changes', 'another long password')

    def test_a_token_is_told_once(self):
        token = self.ok('tokens', 'create', 'ci', '--fields', 'token').strip()
        self.assertEqual(self.host.call('GET', '/api/v1/auth/me', token=token).status, 200)
        told = self.ok('tokens', 'list')
        self.assertNotIn(token, told)
        self.ok('tokens', 'delete', 'ci', '-y')
        self.assertEqual(self.host.call('GET', '/api/v1/auth/me', token=token).status, 401)

    def test_the_clouds_own_are_behind_the_provider(self):
        self.assertIn('/api/v1/users', self.cli.run('users', 'list', '-v').err)
        self.assertIn('/providers/sim/users', self.cli.run('sim', 'users', 'list', '-v').err)

    def test_what_is_not_allowed(self):
        self.ok('users', 'create', 'small', '--role', 'user', '--password', '-', input=PASSWORD + '\n')
        token = self.host.log_in('small', PASSWORD)['access_token']
        err = self.fails(5, 'users', 'list', env={'SKYCLUST_TOKEN': token})
        self.assertIn('code: forbidden', err)
        self.assertIn('next: `skyclust access permissions`', err)
        self.assertIn('workspace:create', self.cli.json('access', 'permissions', env={'SKYCLUST_TOKEN': token})['permissions'])


class Workspaces(OwnCase):
    def test_names_are_as_good_as_identifiers(self):
        name, made = self.workspace()
        self.ok('users', 'create', 'm-' + name, '--role', 'user', '--password', '-', input=PASSWORD + '\n')
        for workspace in (name, made):
            member = self.cli.json('members', 'create', '--workspace', workspace, '--user-id', 'm-' + name, '--role', 'viewer')
            self.assertEqual((member['name'], member['workspace_id']), ('m-' + name, made))
            self.assertEqual(self.cli.json('members', 'update', 'm-' + name, '--workspace', workspace, '--role',
                                           'member')['role'], 'member')
            self.ok('members', 'delete', 'm-' + name, '--workspace', workspace, '-y')
        self.assertEqual(self.cli.json('members', 'list', env={'SKYCLUST_WORKSPACE': name})[0]['role'], 'owner')
        self.ok('context', 'set', 'c', '--workspace', name)
        self.assertEqual(len(self.cli.json('members', 'list')), 1)
        self.assertIn('/api/v1/roles?workspace_id=' + made, self.cli.run('roles', 'list', '-v').err)
        self.assertIn('/api/v1/roles\n', self.cli.run('roles', 'list', '-v', '--workspace', '-').err)
        self.assertIn('there is no workspace "nope"', self.fails(3, 'members', 'list', '--workspace', 'nope'))
        self.ok('workspaces', 'delete', name, '-y')

    def test_which_workspace(self):
        self.workspace()
        self.workspace()
        self.assertIn('which workspace? Name it by --workspace', self.fails(2, 'members', 'list'))

    def test_quotas(self):
        name, _ = self.workspace()
        self.assertEqual(self.cli.json('quotas', 'update', 'instance', '--most', '1', '--workspace', name)['most'], 1)
        self.assertIn('instance', self.ok('quotas', 'list', '--workspace', name))

    def test_the_local_administrator_finds_all(self):
        name, made = self.workspace()
        local = Cli(SKYCLUST_SERVER=f'unix:{self.host.data}/skyclust.sock')
        self.addCleanup(local.close)
        self.assertIn(made, local.run('workspaces', 'list', '-o', 'name').out.split())
        self.assertEqual(len(local.json('members', 'list', '--workspace', name)), 1)

    def test_what_was_changed_meanwhile_is_not_overwritten(self):
        def answer(method, *_):
            if method == 'PATCH':
                return 412, {'code': 'precondition_failed', 'detail': 'changed meanwhile'}
            return 200, {'id': 'ws_1', 'name': 'w', 'version': 7}
        with fake(answer) as (cli, server):
            self.assertEqual(cli.run('workspaces', 'update', 'ws_1', '--name', 'x').status, 4)
            self.assertEqual([headers['If-Match'] for headers in server.headers][-1], '"7"')


class Credentials(OwnCase):
    def test_life(self):
        name, _ = self.workspace()
        where = ('--workspace', name)
        made = self.cli.json('credentials', 'create', 'lab', '--provider', 'sim', *where, '--field', 'account=team-a', '--field',
                             'token=-', input='hunter2hunter2\n')
        self.assertEqual((made['name'], made['fields']['account']), ('lab', 'team-a'))
        self.assertNotIn('hunter2', json.dumps(made))
        self.assertEqual(self.ok('credentials', 'list', *where).splitlines()[0].split()[:4], ['ID', 'NAME', 'PROVIDER', 'STATE'])
        self.assertIn(self.cli.json('credentials', 'verify', 'lab', *where)['state'], ('valid', 'invalid'))
        self.assertEqual(self.cli.json('credentials', 'update', 'lab', *where, '--name', 'lab-2')['name'], 'lab-2')
        for credential in ('lab-2', made['id']):
            err = self.cli.run('sim', 'instances', 'list', *where, '--credential', credential, '-v').err
            self.assertIn('credential_id=' + made['id'], err)
        self.assertIn('there is no credential "nope"', self.fails(3, 'sim', 'instances', 'list', *where, '--credential', 'nope'))
        self.ok('credentials', 'delete', 'lab-2', *where, '-y')

    def test_fields(self):
        """What is sent, from each place where it may stand."""
        with fake(lambda *_: (201, {'id': 'crd_1'})) as (cli, server):
            (cli.home / 'pw').write_text('from a file\n')
            (cli.home / 'key.json').write_text('{"type": "key"}\n')
            (cli.home / 'all.json').write_text('{"port": 5}')
            args = ('credentials', 'create', 'x', '--provider', 'p', '--workspace', 'ws_1')
            for given, text, sent in ((['--field', 'a=@pw', '--field', 'b=x=y,z', '--field', 'c=@@d'], '',
                                       {'fields': {'a': 'from a file', 'b': 'x=y,z', 'c': '@d'}}),
                                      (['--field', 'a=-', '--field', 'b=-'], 'one\ntwo\n', {'fields': {'a': 'one', 'b': 'two'}}),
                                      (['--field', '@all.json', '--field', 'a=b'], '', {'fields': {'port': 5, 'a': 'b'}}),
                                      (['--field', '{"a": null}'], '', {'fields': {'a': None}}),
                                      (['--key-file', 'key.json'], '', {'key_file': '{"type": "key"}\n'}),
                                      (['--key-file', '-'], 'text', {'key_file': 'text'})):
                done = cli.run(*args, *given, '-v', input=text)
                self.assertEqual(done.status, 0, done)
                self.assertEqual(server.requests[-1][2], {'provider': 'p', 'name': 'x', **sent})
                self.assertNotIn('from a file', done.err)
            done = cli.run(*args, '--field', 'hunter2')
            self.assertEqual(done.status, 2)
            self.assertNotIn('hunter2', done.err)
            self.assertIn('--field wants name=value', done.err)


class Operations(OwnCase):
    def test_every_change_is_one(self):
        made = self.ok('sim', 'networks', 'create', 'n1', '--cidr', '10.3.0.0/16', '-o', 'name').strip()
        done = self.cli.json('operations', 'list', '--method', 'network.create')
        self.assertEqual((done[0]['state'], done[0]['resource_id']), ('succeeded', made))
        self.assertEqual(self.cli.json('operations', 'get', done[0]['id'])['result']['name'], 'n1')
        self.assertEqual(self.ok('operations', 'list').splitlines()[0].split()[:3], ['ID', 'STATE', 'METHOD'])
        self.assertIn('code: conflict', self.fails(4, 'operations', 'cancel', done[0]['id']))


class LongOperations(OwnCase):
    config = SLOW
    make = ('instances', 'create', '--type', 'small', '--image-id', 'ubuntu-22.04', '--name')

    def test_the_answer_is_what_it_came_to(self):
        done = self.cli.run(*self.make, 'late', '--wait', '--fields', 'name,status')
        self.assertEqual((done.status, done.out), (0, 'name    late\nstatus  running\n'), done)
        self.assertRegex(done.err, r'\Ainstance late: operation op_\w+ is running')

    def test_without_waiting(self):
        operation = self.cli.json(*self.make, 'later')
        self.assertEqual((operation['method'], operation['state']), ('instance.create', 'running'))
        listed = self.cli.json('operations', 'list', '--state', 'running')
        self.assertIn(operation['id'], [item['id'] for item in listed])

    def test_apply_waits_for_what_comes_next(self):
        (self.cli.home / 'web.yaml').write_text('kind: network\nname: n\ncidr: 10.5.0.0/16\n---\nkind: subnet\nname: s\n'
                                                'network_id: ${network.n.id}\ncidr: 10.5.1.0/24\n')
        done = self.cli.run('apply', '-f', 'web.yaml')
        self.assertEqual((done.status, done.out), (0, 'network/n created\nsubnet/s created\n'), done)


class Audit(OwnCase):
    def test_search(self):
        self.ok('workspaces', 'create', 'audited')
        found = self.cli.json('audit', 'list', '--action', 'workspace.create', '--outcome', 'succeeded', '--limit', '1')
        self.assertEqual((found[0]['action'], found[0]['actor']['name']), ('workspace.create', 'root'))
        table = self.ok('audit', 'list', '--action', 'workspace.create')
        self.assertEqual(table.splitlines()[0].split()[:4], ['AT', 'ACTION', 'OUTCOME', 'ACTOR.NAME'])
        self.assertIn('records', self.ok('audit', 'stats'))

    def test_verify(self):
        self.assertTrue(self.cli.json('audit', 'verify')['ok'])
        with fake(lambda *_: (200, {'ok': False, 'faults': 1})) as (cli, _):
            done = cli.run('audit', 'verify')
            self.assertEqual((done.status, 'false' in done.out), (1, True))

    def test_an_export_is_verified_without_the_server(self):
        self.ok('checkpoints', 'create')
        keys = self.cli.json('checkpoints', 'key')['keys']
        (self.cli.home / 'key.pem').write_text(keys[0]['public_key'])
        self.assertEqual(self.ok('audit', 'export', '-f', 'log.jsonl'), '')
        self.assertFalse((self.cli.home / 'log.jsonl.part').exists())
        gone = {'SKYCLUST_SERVER': 'http://127.0.0.1:1'}
        self.ok('audit', 'verify', '--export', 'log.jsonl', '--key', 'key.pem', env=gone)
        text = self.ok('audit', 'export')
        self.assertTrue(all(json.loads(line) for line in text.splitlines()))
        whole = (self.cli.home / 'log.jsonl').read_text().splitlines()
        (self.cli.home / 'log.jsonl').write_text('\n'.join(whole[:1] + whole[2:]) + '\n')
        done = self.cli.run('audit', 'verify', '--export', 'log.jsonl', '--key', 'key.pem', env=gone)
        self.assertEqual(done.status, 1, done)
        self.assertIn('deleted', done.out + done.err)
        self.assertIn('--export wants --key FILE', self.fails(2, 'audit', 'verify', '--export', 'log.jsonl'))

    def test_an_export_that_breaks_off_is_none(self):
        with fake(lambda *_: (200, b'{"id":1}\n', {'Content-Length': '1000', 'Connection': 'close'})) as (cli, _):
            (cli.home / 'log.jsonl').write_text('before')
            self.assertEqual(cli.run('audit', 'export', '--file', 'log.jsonl').status, 6)
            self.assertEqual((cli.home / 'log.jsonl').read_text(), 'before')
            self.assertFalse((cli.home / 'log.jsonl.part').exists())
        with fake(lambda *_: (403, {'code': 'forbidden', 'detail': 'no'})) as (cli, _):
            self.assertEqual((cli.run('audit', 'export').status, cli.run('audit', 'export').out), (5, ''))


class Store(unittest.TestCase):
    def test_migration_is_skyclustds(self):
        cli = Cli()
        self.addCleanup(cli.close)
        done = cli.run('store', 'migrate', 'sqlite:nosuch.db', 'sqlite:other.db')
        self.assertNotEqual(done.status, 0)
        self.assertIn('nosuch.db', done.out + done.err)

    def test_a_program_that_is_not_there(self):
        cli = Cli()
        self.addCleanup(cli.close)
        alone = cli.home / 'skyclust'
        alone.write_bytes(PROGRAM.read_bytes())
        alone.chmod(0o755)
        done = subprocess.run([alone, 'store', 'migrate', 'a', 'b'], env={**cli.env, 'PATH': '/nonexistent'},
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn('skyclustd cannot be started', done.stderr)


if __name__ == '__main__':
    unittest.main()
