#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route × who asks × whose it is, each cell asserted.

The routes are those of the running host's OpenAPI document, so a new one
cannot escape: it must be put into the policy (matrix_policy.py), which is
written by hand and knows nothing of the product's code.

A request that may be done must not do it here, so each carries an argument that
no operation has. Whether it is allowed is decided before arguments are checked:
allowed is 422 for that argument; denied is exactly 401, 403 or 404. What an act
finds by itself (the identifier of another tenant's thing) is then asked for in
earnest, and everything of the other tenant must be as it was in the end.
"""
import collections
import http.client
import json
import re
import unittest

import skyclust_fixture as fixture
from matrix_policy import FORGOTTEN, POLICY, WHO, Route, expected, read_policy

PASSWORD = 'correct horse battery staple'
PROBE = 'no_such_argument'

# ---- the world ------------------------------------------------------------------

class Client:
    """One connection that is kept; requests carry a token or none."""

    def __init__(self, host):
        self.port, self.connection = host.port, None

    def ask(self, method, path, token=None, body=None, headers=()):
        """The status, and the body as JSON (None: there is none)."""
        send = dict(headers)
        if token:
            send['Authorization'] = 'Bearer ' + token
        if body is not None:
            body = json.dumps(body)
            send['Content-Type'] = 'application/json'
        for last in (False, True):
            if not self.connection:
                self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
            try:
                self.connection.request(method, path, body, send)
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if last:
                    raise
        if answer.will_close:
            self.close()
        is_json = 'json' in (answer.headers.get('Content-Type') or '')
        return answer.status, json.loads(text) if text and is_json else None

    def must(self, method, path, token=None, body=None, headers=()):
        status, answer = self.ask(method, path, token, body, headers)
        if status >= 300:
            raise AssertionError(f'{method} {path}: {status} {answer}')
        return answer

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class World:
    """Two tenants on one host, and everybody who asks. `own` and `other` name
    their things."""

    def __init__(self, host):
        self.host, self.client = host, Client(host)
        self.tokens, self.ids = {'nobody': None}, {}
        self.root = host.token
        self.make_people()
        self.own = self.make_workspace('owner')
        self.other = self.make_workspace('rival')
        self.make_members()
        self.things = {name: self.make_things(name) for name in ('owner', 'rival')}
        self.make_tokens()
        self.disable('disabled')

    def make_people(self):
        helper = next(who for who in WHO if who.system == 'helper')
        self.client.must('POST', '/api/v1/roles', self.root, {
            'name': 'helper', 'permissions': helper.holds})
        for who in WHO:
            if who.name not in ('nobody', 'token', 'token-here'):
                self.make_user(who.name, who.system)
        self.make_user('rival', 'user')
        self.make_user('rivals-friend', 'user')

    def make_user(self, name, role):
        made = self.client.must('POST', '/api/v1/users', self.root, {
            'name': name, 'password': PASSWORD, 'role': role})
        self.ids[name] = made['id']
        self.tokens[name] = self.host.log_in(name, PASSWORD)['access_token']

    def make_workspace(self, name):
        return self.client.must('POST', '/api/v1/workspaces', self.tokens[name],
                                {'name': 'work'})['id']

    def add_member(self, workspace, by, name, role):
        self.client.must('POST', f'/api/v1/workspaces/{workspace}/members', self.tokens[by],
                         {'user_id': self.ids[name], 'role': role})

    def make_role(self, workspace, by):
        return self.client.must('POST', '/api/v1/roles', self.tokens[by], {
            'workspace_id': workspace, 'name': 'starter',
            'permissions': ['instance:*', '*:list']})['id']

    def make_members(self):
        self.make_role(self.own, 'owner')
        for who in WHO:
            if who.role and who.name not in ('owner', 'token', 'token-here'):
                self.add_member(self.own, 'owner', who.name, who.role)
        self.add_member(self.other, 'rival', 'rivals-friend', 'member')

    def make_things(self, name):
        """One of each kind that a workspace, or a user, can have."""
        workspace, token = {'owner': self.own, 'rival': self.other}[name], self.tokens[name]
        credential = self.client.must(
            'POST', f'/api/v1/workspaces/{workspace}/credentials', token,
            {'provider': 'sim', 'name': 'main', 'fields': {'account': name}})
        api_token = self.client.must('POST', '/api/v1/auth/tokens', token, {'name': 'a token'})
        self.client.must(
            'POST', f'/api/v1/providers/sim/volumes?workspace_id={workspace}', token,
            {'name': 'disk', 'size_gib': 1}, {'Prefer': 'wait=30'})
        operations = self.client.must(
            'GET', f'/api/v1/operations?workspace_id={workspace}', token)['items']
        sessions = self.client.must('GET', '/api/v1/auth/sessions', token)['items']
        return {
            'workspace': workspace,
            'member': self.ids[name],
            'skyclust_role': self.role_in(workspace, name),
            'credential': credential['id'],
            'operation': operations[0]['id'],
            'api_token': api_token['id'],
            'session': sessions[0]['id'],
        }

    def role_in(self, workspace, name):
        if workspace != self.own:
            return self.make_role(workspace, name)
        roles = self.client.must('GET', f'/api/v1/roles?workspace_id={workspace}',
                                 self.tokens[name])['items']
        return next(role['id'] for role in roles if role['name'] == 'starter')

    def make_tokens(self):
        for name, limits in (('token', {'permissions': ['instance:list']}),
                             ('token-here', {'workspace_id': self.own})):
            made = self.client.must('POST', '/api/v1/auth/tokens', self.tokens['owner'],
                                    {'name': name, **limits})
            self.tokens[name] = made['token']

    def disable(self, name):
        user = f'/api/v1/users/{self.ids[name]}'
        version = self.client.must('GET', user, self.root)['version']
        self.client.must('PATCH', user, self.root, {'state': 'disabled'},
                         {'If-Match': f'"{version}"'})

    def snapshot(self):
        """All that the other tenant can see of himself."""
        base, token = f'/api/v1/workspaces/{self.other}', self.tokens['rival']
        paths = [base, base + '/members', base + '/quotas', base + '/credentials',
                 f'/api/v1/roles?workspace_id={self.other}',
                 f'/api/v1/operations?workspace_id={self.other}',
                 f'/api/v1/providers/sim/volumes?workspace_id={self.other}',
                 '/api/v1/auth/tokens']
        return {path: self.client.must('GET', path, token) for path in paths}


# ---- the cells --------------------------------------------------------------------

Place = collections.namedtuple('Place', 'where workspace credential')


class MatrixTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.rules = read_policy(POLICY)
        cls.host = fixture.Host(CONFIG).start()
        try:
            cls.world = World(cls.host)
        except BaseException:
            print(cls.host.log()[-6000:])
            cls.host.kill()
            cls.host.close()
            raise
        document = cls.world.client.must('GET', '/api/v1/openapi.json', cls.world.root)
        cls.routes = [Route(method, path, operation)
                      for path, methods in document['paths'].items()
                      for method, operation in methods.items()
                      if isinstance(operation, dict) and 'operationId' in operation]
        cls.unseen = cls.ask_nowhere()

    @classmethod
    def tearDownClass(cls):
        cls.world.client.close()
        cls.host.stop()
        cls.host.close()

    @classmethod
    def ask_nowhere(cls):
        """What is said of a workspace that never was."""
        status, problem = cls.world.client.ask(
            'GET', '/api/v1/workspaces/ws_none', cls.world.tokens['stranger'])
        assert status == 404, problem
        return problem['detail']

    def test_every_route_is_in_the_policy(self):
        used = {route.policy for route in self.routes}
        self.assertEqual(used - set(self.rules), set(), 'put them into the policy')
        self.assertEqual(set(self.rules) - used, set(), 'the host has no such routes')

    # ---- asking ----------------------------------------------------------------

    def places(self, route, rule):
        """What the request can be about."""
        own, other = self.world.own, self.world.other
        theirs = self.world.things['rival']['credential']
        if rule.scope == 'workspace':
            return [Place('own', own, None), Place('other', other, None)]
        if rule.scope != 'named':
            return [Place('none', own, None)]
        places = [Place('own', own, None), Place('other', other, None), Place('none', None, None)]
        if route.by_cloud:
            ours = self.world.things['owner']['credential']
            places += [Place('own', None, ours), Place('other', None, theirs)]
        return places

    def fill(self, route, place, thing='x'):
        if route.policy.startswith('workspace.') and thing == 'x':
            thing = place.workspace
        values = {'workspace_id': place.workspace, 'id': thing, 'provider': 'sim',
                  'vendor_kind': 'acme.rack', 'verb': route.verb, 'cluster_id': 'c-1'}
        return re.sub(r'\{(\w+)\}', lambda found: values.get(found[1], 'x'), route.path)

    def request(self, who, route, place):
        query = []
        if '{workspace_id}' not in route.path and place.where != 'none':
            if place.credential:
                query.append(f'credential_id={place.credential}')
            elif not route.policy.startswith('workspace.'):
                query.append(f'workspace_id={place.workspace}')
        body = {PROBE: 1} if route.method in ('POST', 'PATCH', 'PUT') else None
        if body is None:
            query.append(f'{PROBE}=1')
        path = self.fill(route, place) + ('?' + '&'.join(query) if query else '')
        return self.world.client.ask(route.method, path, self.world.tokens[who.name], body)

    def is_as_nowhere(self, who, route, place, problem):
        """The same is said of what was never there: nothing is told by it."""
        never = Place(place.where, place.workspace and 'ws_' + 'a' * 26,
                      place.credential and 'crd_' + 'a' * 26)
        status, other = self.request(who, route, never)
        return status == 404 and {**other, 'instance': ''} == {**problem, 'instance': ''}

    def check(self, who, route, rule, place):
        """None, or what is wrong with the cell."""
        want = expected(who, route, rule, place.where)
        status, problem = self.request(who, route, place)
        detail = (problem or {}).get('detail', '')
        got = status if status in (401, 403) or status == 404 and detail == self.unseen else 'allowed'
        cell = f'{route} by {who.name}, {place.where}' + (' credential' if place.credential else '')
        if got != want:
            return f'{cell}: {want} wanted, got {status} {detail}'
        if want == 'allowed' and status >= 500:
            return f'{cell}: {status} {detail}'
        if want == 404 and not self.is_as_nowhere(who, route, place, problem):
            return f'{cell}: tells more than that there is nothing: {detail}'
        return None

    def test_all(self):
        before = self.world.snapshot()
        cells, wrong = 0, []
        for route in self.routes:
            rule = self.rules.get(route.policy, FORGOTTEN)
            for place in self.places(route, rule):
                for who in WHO:
                    cells += 1
                    fault = self.check(who, route, rule, place)
                    if fault:
                        wrong.append(fault)
        print(f'\n{cells} cells: {len(self.routes)} routes, {len(WHO)} who ask', flush=True)
        self.assertEqual(len(wrong), 0, f'{len(wrong)} wrong:\n' + '\n'.join(wrong[:60]))
        self.assertEqual(self.world.snapshot(), before)

    # ---- things of another tenant ------------------------------------------------

    def kind_of(self, route):
        """Of the thing that the path names by {id}; None: no tenant's."""
        kind = route.policy.rpartition('.')[0]
        if '{id}' not in route.path or route.by_cloud or kind == 'workspace':
            return None
        return None if self.rules[route.policy].scope == 'system' else kind

    def test_things_of_others_are_not_found(self):
        """Whoever may do all in his own workspace asks there, in earnest, for
        what is in the other one."""
        before = self.world.snapshot()
        own = Place('own', self.world.own, None)
        cells = 0
        for route in self.routes:
            kind = self.kind_of(route)
            if not kind:
                continue
            thing = self.world.things['rival'][kind]
            path = self.fill(route, own, thing)
            if self.rules[route.policy].scope == 'named':
                path += f'?workspace_id={self.world.own}'
            body = BODIES.get(route.policy, {}) if route.method in ('POST', 'PATCH') else None
            for who in ('owner', 'stranger', 'viewer', 'system-admin'):
                with self.subTest(route=str(route), who=who):
                    status, answer = self.world.client.ask(
                        route.method, path, self.world.tokens[who], body, {'If-Match': '"1"'})
                    self.assertIn(status, (404,) if who == 'owner' else (403, 404), answer)
                    cells += 1
        print(f'\n{cells} cells: things of another tenant', flush=True)
        self.assertGreater(cells, 40)
        self.assertEqual(self.world.snapshot(), before)


CONFIG = fixture.SIM + '''
limits:
  rate: 10000000
  burst: 10000000
'''

# What a change needs to get past the check of its arguments.
BODIES = {
    'member.update': {'role': 'viewer'},
    'skyclust_role.update': {'permissions': []},
    'credential.update': {'name': 'theirs'},
}

if __name__ == '__main__':
    unittest.main()
