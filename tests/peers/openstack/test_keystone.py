# SPDX-License-Identifier: Apache-2.0
"""Logins, projects, users and roles."""
import case
from case import PREFIX, Case, Host, environment


class Logins(Case):
    def test_every_way_to_log_in(self):
        for provider in 'by-project-id', 'by-app-credential', 'bare-url':
            with self.subTest(provider):
                self.provider = provider
                self.assertIn('cirros', [i['name'] for i in self.items('images')])

    def test_settings_from_the_environment(self):
        env = case.account.env
        both = {name: env[name] for name in ('OS_AUTH_URL', 'OS_USERNAME', 'OS_PASSWORD', 'OS_REGION_NAME')}
        bare = 'plugins:\n  auto_load: false\n  providers:\n    openstack:\n      enabled: true\n'
        for seed in ({'OS_DOMAIN_NAME': 'Default', 'OS_PROJECT_NAME': env['OS_PROJECT_NAME']},
                     {'OS_PROJECT_ID': case.account.project_id}):
            with self.subTest(seed), Host(bare, env=environment(**both, **seed)) as other:
                self.assertEqual(other.get('/api/v1/providers/openstack/regions')['items'][0]['id'], 'RegionOne')

    def test_health(self):
        status, answer = case.host.request('GET', '/api/v1/providers/openstack')
        self.assertEqual(status, 200, answer)


class Administrator(Case):
    provider = 'admin'

    def test_projects_and_users(self):
        project = self.make('projects', name=PREFIX + 'p', description='a test')
        self.assertEqual(self.call('GET', f"projects/{project['id']}")['description'], 'a test')
        self.problem('POST', 'projects', 409, 'conflict', dict(name=PREFIX + 'p'))
        user = self.make('users', name=PREFIX + 'u', password='wg7-Bq2', project_id=project['id'])
        self.assertNotIn('password', user)
        self.assertEqual(self.ids(f'users?name={PREFIX}u'), [user['id']])
        self.assertEqual(self.call('GET', f"users/{user['id']}")['name'], PREFIX + 'u')
        _, about = case.peer.login(PREFIX + 'u', password='wg7-Bq2')
        self.assertEqual(about['user']['id'], user['id'])

    def test_roles(self):
        role = next(r for r in self.items('roles') if r['name'] == 'member')
        self.assertEqual(self.call('GET', f"roles/{role['id']}")['name'], 'member')
        own = self.make('roles', name=PREFIX + 'r', description='a test')
        self.assertEqual(self.call('GET', f"roles/{own['id']}")['name'], PREFIX + 'r')
        self.problem('POST', 'roles', 409, 'conflict', dict(name=PREFIX + 'r'))


class Own(Case):
    def test_project(self):
        self.assertEqual([p['name'] for p in self.items('projects')], [case.account.name])
