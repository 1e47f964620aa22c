# SPDX-License-Identifier: Apache-2.0
"""Networks and what hangs on them: subnets, vnics, routers, public addresses, security groups, load balancers."""
from case import PREFIX, Case

SSH = dict(direction='ingress', protocol='tcp', port_from=22, cidr='0.0.0.0/0')


class Networks(Case):
    def test_network_with_its_first_subnet(self):
        network = self.make('networks', name=PREFIX + 'net', cidr='10.78.0.0/24', description='a test')
        network = self.call('GET', f"networks/{network['id']}")
        self.assertEqual((network['status'], network['description']), ('available', 'a test'))
        self.assertEqual(len(network['subnet_ids']), 1)
        subnet = self.call('GET', f"subnets/{network['subnet_ids'][0]}")
        self.assertEqual((subnet['cidr'], subnet['gateway_ip'], subnet['network_id']),
                         ('10.78.0.0/24', '10.78.0.1', network['id']))
        self.assertEqual(self.ids(f"subnets?network_id={network['id']}"), [subnet['id']])
        self.assertIn(network['id'], self.ids('networks'))

    def test_subnet(self):
        network, subnet = self.network(PREFIX + 'sub')
        six = self.make('subnets', name=PREFIX + 'six', network_id=network['id'], cidr='fd00:77::/64')
        self.assertEqual(self.call('GET', f"subnets/{six['id']}")['cidr'], 'fd00:77::/64')
        self.problem('POST', 'subnets', 422, 'invalid',
                     dict(name='x', network_id=network['id'], cidr='10.77.0.0/16'))

    def test_change(self):
        network, subnet = self.network(PREFIX + 'chg')
        for path in f"networks/{network['id']}", f"subnets/{subnet['id']}":
            self.call('PATCH', path, dict(name=PREFIX + 'chg2', description='changed'))
            changed = self.call('GET', path)
            self.assertEqual((changed['name'], changed['description']), (PREFIX + 'chg2', 'changed'))

    def test_vnic(self):
        network, subnet = self.network(PREFIX + 'nic')
        vnic = self.make('vnics', name=PREFIX + 'nic', subnet_id=subnet['id'], private_ip='10.77.0.50')
        self.assertEqual((vnic['private_ip'], vnic['network_id']), ('10.77.0.50', network['id']))
        self.assertIn(vnic['id'], self.ids('vnics'))
        server = self.server(PREFIX + 'nic', vnic_id=vnic['id'])
        self.assertEqual(server['private_ip'], '10.77.0.50')
        self.assertEqual(self.call('GET', f"vnics/{vnic['id']}")['instance_id'], server['id'])


class Outside(Case):
    def outside(self):
        return next(n for n in self.items('networks') if n['is_external'])

    def test_router_and_public_address(self):
        network, subnet = self.network(PREFIX + 'out')
        router = self.make('routers', name=PREFIX + 'out', external_network_id=self.outside()['id'])
        self.assertRegex(router['public_ip'], r'^203\.0\.113\.')
        at = f"routers/{router['id']}"
        self.call('POST', at + '/attach', dict(subnet_id=subnet['id']))
        self.addCleanup(self.call, 'POST', at + '/detach', dict(subnet_id=subnet['id']))
        self.problem('DELETE', at, 409, 'conflict')
        self.assertEqual(self.call('GET', at)['id'], router['id'])
        self.assertIn(router['id'], self.ids('routers'))
        server = self.server(PREFIX + 'out', network_id=network['id'])
        address = self.make('public-ips')
        path = f"public-ips/{address['id']}"
        self.assertEqual(address['status'], 'available')
        self.assertIn(address['id'], self.ids('public-ips'))
        address = self.call('POST', path + '/attach', dict(instance_id=server['id']))
        server = self.until('public address', lambda: self.public(server['id']))
        self.assertEqual((server['public_ip'], server['private_ip']), (address['address'], address['private_ip']))
        self.assertEqual(self.call('GET', path)['vnic_id'], address['vnic_id'])
        self.assertFalse(self.call('POST', path + '/detach', {}).get('vnic_id'))

    def test_attach_twice(self):
        """What is natural may be repeated, and the host does so after a driver died."""
        network, subnet = self.network(PREFIX + 'twice')
        at = f"routers/{self.make('routers', name=PREFIX + 'twice')['id']}"
        self.addCleanup(self.call, 'POST', at + '/detach', dict(subnet_id=subnet['id']))
        for _ in range(2):
            self.call('POST', at + '/attach', dict(subnet_id=subnet['id']))
        for _ in range(2):
            self.assertNotIn(subnet['id'], self.call('POST', at + '/detach', dict(subnet_id=subnet['id']))['subnet_ids'])

    def public(self, id):
        server = self.call('GET', f'instances/{id}')
        return server if server.get('public_ip') else None


class Groups(Case):
    def test_security_group(self):
        group = self.make('security-groups', name=PREFIX + 'sg', description='a test', rules=[SSH])
        path = f"security-groups/{group['id']}"
        self.assertEqual(self.ingress(group), [('tcp', 22, 22, '0.0.0.0/0')])
        group = self.call('POST', path + '/add-rule', dict(direction='ingress', protocol='icmpv6', cidr='::/0'))
        self.assertEqual(len(self.ingress(group)), 2)
        self.problem('POST', path + '/add-rule', 409, 'conflict', SSH)
        group = self.call('POST', path + '/set-rules', dict(rules=[
            SSH, dict(direction='ingress', protocol='udp', port_from=53, port_to=54, cidr='10.0.0.0/8')]))
        self.assertEqual(self.ingress(group), [('tcp', 22, 22, '0.0.0.0/0'), ('udp', 53, 54, '10.0.0.0/8')])
        rule = group['rules'][0]['id']
        self.assertEqual(len(self.call('POST', path + '/remove-rule', dict(rule_id=rule))['rules']), 1)
        self.assertEqual(len(self.call('POST', path + '/remove-rule', dict(rule_id=rule))['rules']), 1)
        self.assertEqual(self.call('GET', path)['description'], 'a test')
        self.assertIn(group['id'], self.ids('security-groups'))

    @staticmethod
    def ingress(answer):
        return sorted((r.get('protocol'), r.get('port_from'), r.get('port_to'), r.get('cidr'))
                      for r in answer['rules'] if r['direction'] == 'ingress')


class Balance(Case):
    """Octavia's amphorae are not there; its API, database and addresses are."""

    def test_load_balancer(self):
        network, subnet = self.network(PREFIX + 'lb')
        servers = [self.server(f'{PREFIX}lb-{i}', network_id=network['id']) for i in range(2)]
        made = self.make('load-balancers', name=PREFIX + 'lb', scheme='internal', subnet_ids=[subnet['id']],
                         listeners=[dict(protocol='tcp', port=80, target_port=8080)],
                         targets=[dict(address=servers[0]['private_ip'])])
        path = f"load-balancers/{made['id']}"
        self.assertIn(made['id'], self.ids('load-balancers'))
        balancer = self.settled(path, 'available')
        self.assertEqual((balancer['name'], balancer['scheme']), (PREFIX + 'lb', 'internal'))
        self.assertRegex(balancer['address'], r'^10\.77\.0\.')
        self.assertEqual([(x['protocol'], x['port']) for x in balancer['listeners']], [('tcp', 80)])
        self.assertEqual(self.addresses(balancer), [servers[0]['private_ip']])
        self.call('POST', path + '/add-target', dict(instance_id=servers[1]['id']))
        balancer = self.settled(path, 'available')
        self.assertEqual(self.addresses(balancer), sorted(s['private_ip'] for s in servers))
        first = next(t for t in balancer['targets'] if t['address'] == servers[0]['private_ip'])
        self.assertEqual(first['port'], 8080)
        self.call('POST', path + '/remove-target', dict(target_id=first['id']))
        balancer = self.settled(path, 'available')
        self.assertEqual([t['instance_id'] for t in balancer['targets']], [servers[1]['id']])
        self.call('POST', path + '/remove-target', dict(instance_id=servers[1]['id']))
        self.assertEqual(self.settled(path, 'available')['targets'], [])

    @staticmethod
    def addresses(balancer):
        return sorted(target['address'] for target in balancer['targets'])
