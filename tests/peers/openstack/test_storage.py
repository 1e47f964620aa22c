# SPDX-License-Identifier: Apache-2.0
"""Images, volumes and snapshots, and how much of all one may have."""
import datetime

from case import PREFIX, Case
from peer import sql


class Images(Case):
    def test_images(self):
        image = self.call('GET', 'images/' + self.image()['id'])
        self.assertEqual((image['status'], image['os'], image['is_public']), ('available', 'cirros', True))
        self.assertGreater(image['size'], 0)

    def test_native_object_only_on_request(self):
        path = 'images/' + self.image()['id']
        self.assertNotIn('native', self.call('GET', path))
        self.assertEqual(self.call('GET', path + '?native=true')['native']['disk_format'], 'raw')

    def test_image_of_a_volume(self):
        volume = self.make('volumes', name=PREFIX + 'src', size_gib=1)
        self.settled(f"volumes/{volume['id']}", 'available')
        image = self.make('images', name=PREFIX + 'vol', volume_id=volume['id'])
        image = self.settled(f"images/{image['id']}", 'available')
        self.assertEqual(image['name'], PREFIX + 'vol')
        self.settled(f"volumes/{volume['id']}", 'available')


class Volumes(Case):
    def test_types_are_a_kind_of_the_vendors(self):
        kind = 'x.openstack.volume_type'
        types = {item['name']: item['id'] for item in self.call('GET', kind)['items']}
        self.assertIn('fake', types)
        self.assertEqual(self.call('GET', f"{kind}/{types['fake']}")['name'], 'fake')
        volume = self.make('volumes', name=PREFIX + 'typed', size_gib=1, type='fake')
        self.assertEqual(self.settled(f"volumes/{volume['id']}", 'available')['type'], 'fake')

    def test_volume_and_snapshot(self):
        server = self.server(PREFIX + 'vol')
        volume = self.make('volumes', name=PREFIX + 'vol', size_gib=1, tags={'a': 'b'}, description='a test')
        path = f"volumes/{volume['id']}"
        self.settled(path, 'available')
        self.assertIn(volume['id'], self.ids('volumes'))
        self.call('POST', path + '/resize', dict(size_gib=2))
        self.assertEqual(self.settled(path, 'available')['size_gib'], 2)
        snapshot = self.make('snapshots', name=PREFIX + 'snap', volume_id=volume['id'])
        snapshot = self.settled(f"snapshots/{snapshot['id']}", 'available')
        self.assertEqual((snapshot['volume_id'], snapshot['size_gib']), (volume['id'], 2))
        self.assertIn(snapshot['id'], self.ids('snapshots'))
        self.problem('DELETE', path, 422, 'invalid')
        self.call('POST', path + '/attach', dict(instance_id=server['id']))
        volume = self.settled(path, 'in_use')
        self.assertEqual((volume['instance_id'], volume['tags']), (server['id'], {'a': 'b'}))
        self.problem('DELETE', path, 422, 'invalid')
        self.call('POST', path + '/detach', {})
        self.settled(path, 'available')
        self.call('POST', path + '/detach', {})

    def test_volume_of_a_snapshot(self):
        volume = self.make('volumes', name=PREFIX + 'one', size_gib=1)
        self.settled(f"volumes/{volume['id']}", 'available')
        snapshot = self.make('snapshots', name=PREFIX + 'one', volume_id=volume['id'])
        self.settled(f"snapshots/{snapshot['id']}", 'available')
        copy = self.make('volumes', name=PREFIX + 'two', size_gib=1, snapshot_id=snapshot['id'])
        self.assertEqual(self.settled(f"volumes/{copy['id']}", 'available')['size_gib'], 1)


class Quotas(Case):
    def test_quotas(self):
        network, _ = self.network(PREFIX + 'quota')
        quotas = {(q['service'], q['name']): q for q in self.items('quotas')}
        self.assertEqual(quotas['compute', 'cores']['limit'], 400)
        self.assertGreater(quotas['volume', 'volumes']['limit'], 0)
        self.assertEqual((quotas['network', 'network']['limit'], quotas['network', 'network']['used']), (100, 1))

    def test_cost_estimate(self):
        """The prices of the provider's settings (test_openstack.py)."""
        estimate = self.call('GET', 'cost/estimate?instance_type=m1.small&duration=10h')
        self.assertEqual((estimate['instance_type'], estimate['cost'], estimate['currency']),
                         ('m1.small', '0.25', 'EUR'))

    def test_bill_and_trend(self):
        """Of what Nova says was used: a server that ran for ten hours, as far as Nova knows."""
        server = self.server(PREFIX + 'bill', instance_type='m1.small')
        sql("UPDATE instances SET launched_at = UTC_TIMESTAMP() - INTERVAL 10 HOUR, "
            f"created_at = UTC_TIMESTAMP() - INTERVAL 10 HOUR WHERE uuid = '{server['id']}'")
        today = datetime.datetime.now(datetime.timezone.utc).date()
        yesterday = (today - datetime.timedelta(days=1)).isoformat()
        days = f'start_date={yesterday}&end_date={today.isoformat()}'
        bill = self.call('GET', 'cost/billing?' + days)
        self.assertEqual((bill['currency'], bill['period']), ('EUR', f'{yesterday}/{today.isoformat()}'))
        self.assertEqual({item['unit'] for item in bill['breakdown']}, {'hours'})
        self.assertTrue(0.25 <= float(bill['total_cost']) < 0.3, bill)      # with the minutes of other tests' servers
        trend = self.call('GET', f'cost/trend?{days}&granularity=day')
        self.assertEqual([p['start_date'] for p in trend['points']], [yesterday, today.isoformat()])
        self.assertTrue(0.25 <= sum(float(p['cost']) for p in trend['points']) < 0.3, trend)


class Metrics(Case):
    def test_metrics(self):
        """Nova's diagnostics, which its policy gives to administrators only."""
        server = self.server(PREFIX + 'met')
        query = f"resource_kind=instance&resource_id={server['id']}&name="
        self.problem('GET', 'metrics/query?' + query + 'cpu_percent', 403, 'forbidden')
        self.provider = 'admin'
        for name, unit in (('memory_percent', 'percent'), ('network_in_bytes', 'bytes'), ('disk_read_bytes', 'bytes')):
            metric = self.call('GET', 'metrics/query?' + query + name)
            self.assertEqual((metric['unit'], len(metric['points'])), (unit, 1))
            self.assertGreaterEqual(float(metric['points'][0]['value']), 0)
        self.problem('GET', 'metrics/query?' + query + 'node_count', 501, 'unsupported')
        self.provider = 'openstack'
