# SPDX-License-Identifier: Apache-2.0
"""A service that is down, a token that ends in the middle of a list, and many creates at once."""
import concurrent.futures
import json

import case
from case import PREFIX, Case
from proxy import Answer, Proxy

SERVICES = {            # process: a list that needs it, what the failure must name
    'nova-api': ('instances', ':8774'),
    'neutron': ('networks', ':9696'),
    'cinder-api': ('volumes', ':8776'),
    'glance': ('images', ':9292'),
    'heat-api': ('stacks', ':8004'),
    'octavia-api': ('load-balancers', ':9876'),
    'magnum-api': ('clusters', ':9511'),
}


class Down(Case):
    def test_each_service(self):
        """The failure says which; what does not need it goes on; it heals by itself."""
        lists = {name: at for name, at in SERVICES.items() if case.supported(case.kind_of(at[0]) + '.list')}
        for path, _ in lists.values():
            self.items(path)
        for service, (path, place) in lists.items():
            with self.subTest(service):
                case.peer.stop(service)
                try:
                    answer = self.problem('GET', path, 503, 'cloud_unavailable')
                    self.assertIn(place, answer['detail'])
                    if service == 'nova-api':
                        answer = self.problem('POST', 'key-pairs', 503, 'cloud_unavailable', dict(name=PREFIX + 'down'))
                        self.assertEqual(answer['effect'], 'none')
                    for other, (elsewhere, _) in lists.items():
                        if other != service:
                            self.until(f'{elsewhere} without {service}', lambda: self.answers(elsewhere))
                finally:
                    case.peer.up()
                self.until(f'{service} to answer again', lambda: self.answers(path))

    def answers(self, path):
        """A list, also once the breaker of the whole cloud lets calls through again."""
        return case.host.request('GET', self.url(path))[0] == 200


class Tokens(Case):
    provider = 'behind-proxy'

    @classmethod
    def setUpClass(cls):
        cls.proxy = case.proxy

    def tearDown(self):
        self.proxy.hook = Proxy.pass_on

    def list_with(self, spoil):
        """All key pairs in pages of one; before page 2 is asked for, @spoil(exchange) happens, once."""
        made = {self.make('key-pairs', name=f'{PREFIX}token-{i}')['id'] for i in range(4)}
        spoiled, logins, refused = [], [], []

        def hook(exchange):
            if exchange.service == 'keystone':
                logins.append(exchange.path)
            if not exchange.path.startswith('/v2.1/os-keypairs') or exchange.method != 'GET':
                return exchange.forward()
            if 'marker=' in exchange.path and not spoiled:
                spoiled.append(exchange.path)
                answer = spoil(exchange)
            else:
                answer = exchange.forward(exchange.path if 'limit=' in exchange.path else
                                          exchange.path + ('&' if '?' in exchange.path else '?') + 'limit=1')
            refused.extend([answer.status] if answer.status == 401 else [])
            return answer
        self.proxy.hook = hook
        ids = self.ids('key-pairs')
        self.assertEqual((len(spoiled), len(refused), len(logins)), (1, 1, 1))
        self.assertEqual(sorted(ids), sorted(set(ids)))
        self.assertLessEqual(made, set(ids))

    def test_refused_once_in_mid_list(self):
        self.items('key-pairs')
        self.list_with(lambda exchange: Answer(401, [('Content-Type', 'application/json')], json.dumps(
            {'error': {'code': 401, 'title': 'Unauthorized', 'message': 'expired'}}).encode()))

    def test_revoked_in_mid_list(self):
        """Keystone forgets the token that the driver holds; what then comes is Nova's own 401."""
        self.items('key-pairs')

        def revoke(exchange):
            case.peer.revoke(exchange.headers['X-Auth-Token'])
            answer = exchange.forward()
            self.assertEqual(answer.status, 401)
            return answer
        self.list_with(revoke)


class Crowd(Case):
    def test_8_creates_at_once(self):
        network, _ = self.network(PREFIX + 'crowd')
        image = self.image()['id']

        def create(i):
            return self.make('instances', name=f'{PREFIX}crowd-{i}', instance_type='m1.tiny', image_id=image,
                             network_id=network['id'])['id']
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(create, range(8)))
        self.assertEqual(len(set(ids)), 8)
        servers = case.account.ask('nova', 'GET', f'/servers?name={PREFIX}crowd-')['servers']
        self.assertEqual({s['name']: s['id'] for s in servers}, {f'{PREFIX}crowd-{i}': id for i, id in enumerate(ids)})
        self.assertEqual(len(servers), 8)
        for id in ids:
            self.settled('instances/' + id, 'running')
