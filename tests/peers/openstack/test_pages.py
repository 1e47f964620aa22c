# SPDX-License-Identifier: Apache-2.0
"""Every list in pages that are smaller than it: nothing is left out, nothing comes twice."""
import urllib.parse

import case
from case import PREFIX, Case

# More of each than fits a page: how to make number i of it.  What is not here has enough as it is, or only one.
MADE = {
    'networks': lambda t, i: t.make('networks', name=f'{PREFIX}page-{i}'),
    'subnets': lambda t, i: t.make('subnets', name=f'{PREFIX}page-{i}', network_id=t.net['id'], cidr=f'10.90.{i}.0/24'),
    'vnics': lambda t, i: t.make('vnics', name=f'{PREFIX}page-{i}', subnet_id=t.subnet['id']),
    'routers': lambda t, i: t.make('routers', name=f'{PREFIX}page-{i}'),
    'public-ips': lambda t, i: t.make('public-ips'),
    'security-groups': lambda t, i: t.make('security-groups', name=f'{PREFIX}page-{i}'),
    'key-pairs': lambda t, i: t.make('key-pairs', name=f'{PREFIX}page-{i}'),
    'instances': lambda t, i: t.server(f'{PREFIX}page-{i}', network_id=t.net['id']),
    'volumes': lambda t, i: t.settled('volumes/' + t.make('volumes', name=f'{PREFIX}page-{i}', size_gib=1)['id'], 'available'),
    'snapshots': lambda t, i: t.settled('snapshots/' + t.make(
        'snapshots', name=f'{PREFIX}page-{i}', volume_id=t.volume['id'])['id'], 'available'),
    'images': lambda t, i: t.settled('images/' + t.make(
        'images', name=f'{PREFIX}page-{i}', volume_id=t.volume['id'])['id'], 'available'),
    'load-balancers': lambda t, i: t.settled('load-balancers/' + t.make(
        'load-balancers', name=f'{PREFIX}page-{i}', scheme='internal', subnet_ids=[t.subnet['id']],
        listeners=[dict(protocol='tcp', port=80)])['id'], 'available'),
    'stacks': lambda t, i: t.settled('stacks/' + t.make(
        'stacks', name=f'{PREFIX}page-{i}', template='heat_template_version: 2018-08-31\nresources: {}\n')['id'], 'available'),
}
ADMIN = {
    'projects': lambda t, i: t.make('projects', name=f'{PREFIX}page-{i}'),
    'users': lambda t, i: t.make('users', name=f'{PREFIX}page-{i}', password='wg7-Bq2'),
    'roles': lambda t, i: None,         # Keystone has six
    'instance-types': lambda t, i: None,
}
ONE_OR_NONE = {'regions', 'zones', 'clusters', 'clusters/versions', 'node-pools'}
WHOLE = {'quotas', 'instances/status-list'}         # lists without an id of their own, or of another's


class Pages(Case):
    def setUp(self):
        self.provider = 'openstack'

    def in_pages(self, collection):
        """All ids, page by page; the same as in one."""
        everything = sorted(self.ids(collection))
        pages, token = [], None
        while True:
            page = self.call('GET', f'{collection}?limit=2' + (f'&page_token={urllib.parse.quote(token)}' if token else ''))
            self.assertLessEqual(len(page['items']), 2)
            pages.append([i['id'] for i in page['items']])
            token = page.get('next_page_token')
            if not token:
                break
        seen = [id for page in pages for id in page]
        self.assertEqual(sorted(seen), everything)
        self.assertEqual(len(seen), len(set(seen)))
        return len(pages)

    def check_lists(self, made):
        for collection, make in made.items():
            if not case.supported(case.kind_of(collection) + '.list'):
                continue
            with self.subTest(collection):
                for i in range(3):
                    make(self, i)
                self.assertGreaterEqual(self.in_pages(collection), 2)

    def test_of_a_project(self):
        self.net, self.subnet = self.network(PREFIX + 'page')
        self.volume = self.make('volumes', name=PREFIX + 'page', size_gib=1)
        self.settled(f"volumes/{self.volume['id']}", 'available')
        self.check_lists(MADE)

    def test_of_the_cloud(self):
        self.provider = 'admin'
        self.check_lists(ADMIN)

    def test_none_is_left_out(self):
        """What is not paged here has at most one item, or is no list of things."""
        lists = {case.collection_of(path) for path, operation in case.operations('GET')
                 if operation.endswith(('.list', '.versions', '.status_list'))}
        self.assertEqual(lists - set(MADE) - set(ADMIN) - ONE_OR_NONE - WHOLE, set())
