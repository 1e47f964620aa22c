# SPDX-License-Identifier: Apache-2.0
"""What the OpenStack client made we see, and what we made it sees."""
import case
from case import PREFIX, Case


class Mirror(Case):
    def client(self, *words):
        return case.account.client(*words)

    def drop_by_client(self, *words):
        self.addCleanup(case.account.client, *words, json_of=False)

    def test_what_the_client_made_we_see(self):
        name = PREFIX + 'theirs'
        network = self.client('network', 'create', name, '--description', 'by the client')
        self.drop_by_client('network', 'delete', name)
        self.client('subnet', 'create', name, '--network', name, '--subnet-range', '10.92.0.0/24')
        group = self.client('security', 'group', 'create', name)
        self.drop_by_client('security', 'group', 'delete', name)
        self.client('security', 'group', 'rule', 'create', name, '--protocol', 'tcp', '--dst-port', '80:81')
        volume = self.client('volume', 'create', name, '--size', '1', '--property', 'a=b')
        self.drop_by_client('volume', 'delete', name)
        server = self.client('server', 'create', name, '--image', 'cirros', '--flavor', 'm1.tiny', '--network', name,
                             '--security-group', name, '--property', 'who=client', '--wait')
        self.drop_by_client('server', 'delete', '--wait', name)
        ours = self.call('GET', f"instances/{server['id']}")
        self.assertEqual((ours['name'], ours['status'], ours['instance_type'], ours['tags']['who'], ours['security_groups']),
                         (name, 'running', 'm1.tiny', 'client', [name]))
        self.assertIn(ours['private_ip'], str(server['addresses']))
        self.assertEqual(self.call('GET', f"networks/{network['id']}")['description'], 'by the client')
        rules = self.call('GET', f"security-groups/{group['id']}")['rules']
        self.assertIn(('tcp', 80, 81), [(r['protocol'], r['port_from'], r['port_to']) for r in rules])
        ours = self.settled(f"volumes/{volume['id']}", 'available')
        self.assertEqual((ours['name'], ours['size_gib'], ours['tags']), (name, 1, {'a': 'b'}))
        for collection, id in (('instances', server['id']), ('networks', network['id']), ('volumes', volume['id'])):
            self.assertIn(id, self.ids(collection))

    def test_what_we_made_the_client_sees(self):
        name = PREFIX + 'ours'
        network, subnet = self.network(name)
        pair = self.make('key-pairs', name=name)
        group = self.make('security-groups', name=name, rules=[dict(
            direction='ingress', protocol='tcp', port_from=22, cidr='10.0.0.0/8')])
        server = self.server(name, network_id=network['id'], key_pair=pair['name'], security_groups=[name],
                             tags={'who': 'us'})
        volume = self.make('volumes', name=name, size_gib=1)
        self.settled(f"volumes/{volume['id']}", 'available')
        self.call('POST', f"volumes/{volume['id']}/attach", dict(instance_id=server['id']))
        self.settled(f"volumes/{volume['id']}", 'in_use')
        self.addCleanup(self.detach, volume['id'])
        theirs = self.client('server', 'show', name)
        self.assertEqual((theirs['id'], theirs['status'], theirs['key_name'], theirs['properties']['who']),
                         (server['id'], 'ACTIVE', name, 'us'))
        self.assertIn(server['private_ip'], str(theirs['addresses']))
        self.assertIn(volume['id'], str(theirs['volumes_attached']))
        self.assertEqual(self.client('subnet', 'show', name)['cidr'], subnet['cidr'])
        self.assertEqual(self.client('keypair', 'show', name)['fingerprint'], pair['fingerprint'])
        rules = self.client('security', 'group', 'rule', 'list', name, '--ingress')
        self.assertIn(('tcp', '22:22', '10.0.0.0/8'), [(r['IP Protocol'], r['Port Range'], r['IP Range']) for r in rules])
        self.assertIn(name, [s['Name'] for s in self.client('server', 'list')])

    def detach(self, volume):
        self.call('POST', f'volumes/{volume}/detach', {})
        self.settled(f'volumes/{volume}', 'available')
