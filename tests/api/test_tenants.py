#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two tenants on one host: neither sees, guesses or disturbs the other, and
inside of each the roles, quotas and conditions hold from the next request on."""
import unittest

from schema import check
from skyclust_fixture import HostCase

PASSWORD = 'correct horse battery staple'
PEOPLE = ('ada', 'bob', 'eve')
CONFIG = '''
limits:
  rate: 100000
  burst: 100000
plugins:
  auto_load: false
  providers:
    sim:
      config: {boot_ms: 0}
'''
INSTANCES = '/api/v1/providers/sim/instances'
SERVER = {'name': 'web', 'instance_type': 'small', 'image_id': 'ubuntu-22.04'}


class Tenants(HostCase):
    config = CONFIG

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.host.get('/api/v1/openapi.json')
        cls.ids, cls.tokens = {}, {'root': cls.host.token}
        for name in PEOPLE:
            status, made = cls.host.request('POST', '/api/v1/users', {
                'name': name, 'password': PASSWORD, 'role': 'user'})
            assert status == 201, made
            cls.ids[name] = made['id']
            cls.tokens[name] = cls.host.log_in(name, PASSWORD)['access_token']

    def ask(self, who, method, path, body=None, status=200, **headers):
        """The body of an answer that must have @status."""
        got, answer = self.host.request(
            method, path, body, token=self.tokens[who],
            headers={name.replace('_', '-'): value for name, value in headers.items()})
        self.assertEqual(got, status, f'{method} {path} by {who}: {answer}')
        return answer

    def make(self, who, name):
        """A workspace with a cloud account of its own; its path and its id."""
        made = self.ask(who, 'POST', '/api/v1/workspaces', {'name': name}, 201)
        self.assert_is('workspace', made)
        base = f'/api/v1/workspaces/{made["id"]}'
        self.ask(who, 'POST', base + '/credentials', {
            'provider': 'sim', 'name': 'main', 'fields': {'account': f'{who}-{name}'}}, 201)
        return base, made['id']

    def add(self, base, who, name, role, status=201):
        return self.ask(who, 'POST', base + '/members', {'name': name, 'role': role}, status)

    def assert_is(self, record, value):
        self.assertEqual(check(self.document, {'$ref': f'#/components/schemas/{record}'}, value), [])

    # ---- apart ------------------------------------------------------------------

    def test_clouds_are_apart(self):
        _, first = self.make('ada', 'apart')
        _, second = self.make('bob', 'apart')
        mine = self.ask('ada', 'POST', f'{INSTANCES}?workspace_id={first}', SERVER, 201)
        theirs = self.ask('bob', 'GET', f'{INSTANCES}?workspace_id={second}')
        self.assertNotIn(SERVER['name'], [each['name'] for each in theirs['items']])
        for path in (f'{INSTANCES}?workspace_id={first}', f'{INSTANCES}/{mine["id"]}?workspace_id={first}'):
            self.ask('bob', 'GET', path, status=404)
        self.ask('bob', 'GET', f'{INSTANCES}/{mine["id"]}?workspace_id={second}', status=404)
        self.ask('bob', 'DELETE', f'{INSTANCES}/{mine["id"]}?workspace_id={first}', status=404)
        self.ask('ada', 'GET', f'{INSTANCES}/{mine["id"]}?workspace_id={first}')

    def test_names_of_others_are_free(self):
        self.make('ada', 'twin')
        self.make('bob', 'twin')
        problem = self.ask('bob', 'POST', '/api/v1/workspaces', {'name': 'twin'}, 409)
        self.assertIn('you have named', problem['detail'])

    def test_what_is_deleted_is_as_what_never_was(self):
        base, _ = self.make('ada', 'gone')
        before = self.ask('bob', 'GET', base, status=404)
        problem = self.ask('ada', 'DELETE', base, status=409)
        self.assertIn('credentials', problem['detail'])
        for each in self.ask('ada', 'GET', base + '/credentials')['items']:
            self.ask('ada', 'DELETE', f'{base}/credentials/{each["id"]}', status=204)
        self.ask('ada', 'DELETE', base, status=204)
        for who in ('ada', 'bob'):
            after = self.ask(who, 'GET', base, status=404)
            self.assertEqual(after['detail'], before['detail'])

    def test_a_strangers_attempt_is_told_to_the_operator_only(self):
        base, workspace = self.make('ada', 'guarded')
        self.ask('eve', 'GET', base + '/members', status=404)

        def attempts(query):
            found = self.ask('root', 'GET', f'/api/v1/audit?actor={self.ids["eve"]}&outcome=denied{query}')
            return [each for each in found['items'] if each['action'] == 'member.list']
        self.host.wait_until(lambda: attempts(''), 'the attempt is not in the log')
        self.assertEqual(attempts('')[0]['more'], {'asked_for': workspace})
        self.assertEqual(attempts('')[0]['reason'], 'not_found')
        seen = self.ask('ada', 'GET', f'/api/v1/audit?workspace_id={workspace}&actor={self.ids["eve"]}')
        self.assertEqual(seen['items'], [])

    # ---- the operator -------------------------------------------------------------

    def test_the_administrator_is_no_member(self):
        base, workspace = self.make('ada', 'ours')
        self.ask('root', 'GET', base)
        self.ask('root', 'GET', base + '/credentials', status=403)
        problem = self.ask('root', 'GET', f'{INSTANCES}?workspace_id={workspace}', status=403)
        self.assertIn('make yourself', problem['detail'])
        self.add(base, 'root', 'root', 'viewer')
        self.ask('root', 'GET', f'{INSTANCES}?workspace_id={workspace}')
        seen = self.ask('ada', 'GET', f'/api/v1/audit?workspace_id={workspace}&action=member.create')
        self.assertEqual([each['actor']['name'] for each in seen['items']
                          if each['outcome'] == 'succeeded'], ['root'])

    def test_only_the_administrator_lists_all(self):
        _, workspace = self.make('ada', 'listed')

        def listed(who, query=''):
            found = self.ask(who, 'GET', '/api/v1/workspaces' + query)['items']
            return workspace in [each['id'] for each in found]
        self.assertEqual([listed(who) for who in ('ada', 'bob', 'root')], [True, False, False])
        self.ask('bob', 'GET', '/api/v1/workspaces?all=true', status=403)
        self.assertTrue(listed('root', '?all=true'))

    def test_a_workspace_keeps_an_owner(self):
        base, _ = self.make('ada', 'kept')
        ada = f'/api/v1/users/{self.ids["ada"]}'
        self.assertIn('last owner', self.ask('root', 'DELETE', ada, status=409)['detail'])
        self.ask('ada', 'POST', base + '/members/leave', status=409)
        self.ask('ada', 'GET', base)

    # ---- roles --------------------------------------------------------------------

    def test_roles_hold_from_the_next_request_on(self):
        base, workspace = self.make('ada', 'team')
        where = f'{INSTANCES}?workspace_id={workspace}'
        self.ask('bob', 'GET', where, status=404)
        self.assert_is('member', self.add(base, 'ada', 'bob', 'viewer'))
        self.ask('bob', 'GET', where)
        problem = self.ask('bob', 'POST', where, SERVER, 403)
        self.assertIn('owner, admin, member', problem['detail'])
        bob = f'{base}/members/{self.ids["bob"]}'
        self.ask('ada', 'PATCH', bob, {'role': 'member'})
        self.ask('bob', 'POST', where, SERVER, 201)
        self.ask('ada', 'DELETE', bob, status=204)
        self.ask('bob', 'GET', where, status=404)

    def test_custom_roles(self):
        base, workspace = self.make('ada', 'custom')
        roles = f'/api/v1/roles?workspace_id={workspace}'
        problem = self.ask('ada', 'POST', roles, {'name': 'starter', 'permissions': ['instance:strat']}, 422)
        self.assertEqual(problem['pointer'], '/permissions/0')
        self.assertIn('instance:start', problem['detail'])
        made = self.ask('ada', 'POST', roles, {'name': 'starter', 'permissions': ['instance:*']}, 201)
        self.assert_is('skyclust_role', made)
        self.add(base, 'ada', 'bob', 'starter')
        self.ask('bob', 'GET', f'{INSTANCES}?workspace_id={workspace}')
        self.ask('bob', 'GET', f'/api/v1/providers/sim/volumes?workspace_id={workspace}', status=403)
        role = f'/api/v1/roles/{made["id"]}?workspace_id={workspace}'
        self.ask('ada', 'DELETE', role, status=409)
        self.ask('ada', 'PATCH', role, {'permissions': ['volume:*']}, If_Match='"1"')
        self.ask('bob', 'GET', f'{INSTANCES}?workspace_id={workspace}', status=403)
        self.ask('bob', 'GET', f'/api/v1/providers/sim/volumes?workspace_id={workspace}')
        self.ask('bob', 'POST', base + '/members/leave', status=204)
        self.ask('ada', 'DELETE', role, status=204)

    def test_nobody_rises_by_himself(self):
        base, workspace = self.make('ada', 'steps')
        self.add(base, 'ada', 'bob', 'admin')
        bob = f'{base}/members/{self.ids["bob"]}'
        self.ask('bob', 'PATCH', bob, {'role': 'owner'}, 403)
        self.add(base, 'bob', 'eve', 'owner', 403)
        self.ask('bob', 'DELETE', f'{base}/members/{self.ids["ada"]}', status=403)
        self.ask('bob', 'POST', f'/api/v1/roles?workspace_id={workspace}',
                 {'name': 'all', 'permissions': ['*']}, 403)
        self.ask('ada', 'POST', base + '/members/leave', status=409)
        self.ask('bob', 'PATCH', f'/api/v1/users/{self.ids["bob"]}', {'role': 'admin'}, 403, If_Match='"1"')

    def test_everybody_can_ask_what_he_may(self):
        base, workspace = self.make('ada', 'asked')
        self.add(base, 'ada', 'bob', 'viewer')
        for who, permission, allowed in (('ada', 'instance:create', True), ('bob', 'instance:create', False),
                                         ('bob', 'instance:list', True), ('eve', 'instance:list', False)):
            answer = self.ask(who, 'GET', f'/api/v1/access/check?permission={permission}&workspace_id={workspace}')
            self.assert_is('access_check', answer)
            self.assertEqual(answer['allowed'], allowed, (who, permission))
        held = self.ask('bob', 'GET', f'/api/v1/access/permissions?workspace_id={workspace}')
        self.assert_is('access_permissions', held)
        self.assertIn('instance:list', held['permissions'])
        self.assertNotIn('instance:create', held['permissions'])

    # ---- conditions and pages ---------------------------------------------------------

    def test_changes_are_of_what_was_seen(self):
        base, _ = self.make('ada', 'seen')
        tag = self.host.call('GET', base, token=self.tokens['ada']).headers['ETag']
        self.ask('ada', 'PATCH', base, {'description': 'new'}, 428)
        self.ask('ada', 'PATCH', base, {'description': 'new'}, 412, If_Match='"7"')
        changed = self.ask('ada', 'PATCH', base, {'settings': {'region': 'one'}}, If_Match=tag)
        self.assert_is('workspace', changed)
        self.assertEqual(changed['settings'], {'region': 'one'})
        self.ask('ada', 'PATCH', base, {'description': 'new'}, 412, If_Match=tag)

    def test_pages(self):
        base, _ = self.make('ada', 'pages')
        for who in ('bob', 'eve'):
            self.add(base, 'ada', who, 'viewer')
        seen, token = [], ''
        while token is not None:
            page = self.ask('ada', 'GET', f'{base}/members?limit=1' + (f'&page_token={token}' if token else ''))
            seen += [each['name'] for each in page['items']]
            token = page['next_page_token']
        self.assertEqual(sorted(seen), sorted(PEOPLE))

    # ---- quotas ---------------------------------------------------------------------

    def test_quotas_limit_one_tenant(self):
        base, first = self.make('ada', 'small')
        _, second = self.make('bob', 'large')
        self.ask('ada', 'PATCH', base + '/quotas/instance', {'most': 100}, 403)
        quota = self.ask('root', 'PATCH', base + '/quotas/instance', {'most': 1})
        self.assert_is('workspace_quota', quota)
        where = f'{INSTANCES}?workspace_id={first}'
        made = self.ask('ada', 'POST', where, SERVER, 201)
        problem = self.ask('ada', 'POST', where, {**SERVER, 'name': 'two'}, 409)
        self.assertEqual(problem['code'], 'quota')
        self.assertEqual(self.ask('ada', 'GET', base + '/quotas')['items'], [{**quota, 'used': 1}])
        self.ask('bob', 'POST', f'{INSTANCES}?workspace_id={second}', SERVER, 201)
        self.ask('ada', 'DELETE', f'{INSTANCES}/{made["id"]}?workspace_id={first}', status=204)
        self.ask('ada', 'POST', where, SERVER, 201)
        self.ask('root', 'PATCH', base + '/quotas/operations', {'most': 0})
        self.ask('ada', 'POST', f'/api/v1/providers/sim/volumes?workspace_id={first}',
                 {'name': 'disk', 'size_gib': 1}, 409)
        self.ask('root', 'PATCH', base + '/quotas/operations', {'most': None})
        self.ask('root', 'PATCH', base + '/quotas/body', {'most': 5000})
        long = {'description': 'x' * 1000, 'settings': {'note': 'y' * 4000}}
        problem = self.ask('ada', 'PATCH', base, long, 413)
        self.assertEqual((problem['code'], problem['effect']), ('too_large', 'none'))
        self.ask('root', 'PATCH', base + '/quotas/body', {'most': None})
        self.ask('ada', 'PATCH', base, long, 428)
        self.ask('ada', 'POST', f'/api/v1/providers/sim/volumes?workspace_id={first}',
                 {'name': 'disk', 'size_gib': 1}, 201)


if __name__ == '__main__':
    unittest.main()
