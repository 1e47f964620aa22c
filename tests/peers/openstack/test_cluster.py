# SPDX-License-Identifier: Apache-2.0
"""Magnum's clusters and Heat's stacks. Magnum completes each step at its next look, every ten seconds."""
import base64
import json
import pathlib
import ssl
import subprocess
import tempfile

import case
from case import NOWHERE, PREFIX, Case
from peer import HERE


class Clusters(Case):
    def test_cluster(self):
        for name, version in ((PREFIX + 'k8s', 'v1.26.8'), (PREFIX + 'next', 'v1.27.1')):
            case.account.cluster_template(name, version)
            self.addCleanup(case.account.drop_cluster_template, name)
        self.assertIn(PREFIX + 'k8s', [v['version'] for v in self.call('GET', 'clusters/versions')['items']])
        made = self.make('clusters', name=PREFIX + 'k8s', version=PREFIX + 'k8s',
                         node_pool=dict(instance_type='m1.tiny', node_count=2))
        path = f"clusters/{made['id']}"
        self.assertEqual(made['status'], 'creating')
        self.assertIn(made['id'], self.ids('clusters'))
        self.problem('POST', path + '/kubeconfig', 409, 'conflict', {})
        cluster = self.settled(path, 'running')
        self.assertEqual((cluster['node_count'], cluster['endpoint']), (2, 'https://10.0.100.10:6443'))
        self.check_kubeconfig(self.call('POST', path + '/kubeconfig', {})['kubeconfig'], cluster['endpoint'])
        self.pools(path, made['id'])

    def pools(self, path, cluster):
        pool = self.call('POST', 'node-pools', dict(name='more', cluster_id=cluster, instance_type='m1.small',
                                                    node_count=1, min_nodes=1, max_nodes=3))
        pools = self.items(f'node-pools?cluster_id={cluster}')
        self.assertEqual(sorted(p['name'] for p in pools), ['default-worker', 'more'])
        at = f"node-pools/{pool['id']}"
        self.settled(path, 'running')
        self.call('POST', at + '/scale', dict(node_count=2))
        self.settled(path, 'running')
        self.assertEqual(self.settled(at, 'running')['node_count'], 2)
        if case.supported('node_pool.update'):
            self.call('PATCH', at, dict(max_nodes=4))
            self.settled(path, 'running')
            self.assertEqual(self.settled(at, 'running')['max_nodes'], 4)
        for each in path, at:           # Magnum lets a pool only follow its cluster
            self.call('POST', each + '/upgrade', dict(version=PREFIX + 'next'))
            self.settled(path, 'running')
        self.drop('node-pools', pool['id'])
        self.settled(path, 'running')

    def check_kubeconfig(self, text, endpoint):
        """JSON is YAML. The key fits its certificate, which the cluster's own authority signed."""
        config = json.loads(text)
        cluster, user = config['clusters'][0]['cluster'], config['users'][0]['user']
        self.assertEqual(cluster['server'], endpoint)
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            for name, data in (('ca', cluster['certificate-authority-data']), ('cert', user['client-certificate-data']),
                               ('key', user['client-key-data'])):
                files[name] = pathlib.Path(folder, name)
                files[name].write_bytes(base64.b64decode(data, validate=True))
            ssl.create_default_context(cafile=files['ca']).load_cert_chain(files['cert'], files['key'])
            subprocess.run(['openssl', 'verify', '-CAfile', files['ca'], files['cert']], check=True, capture_output=True)

    def test_bad_cluster(self):
        self.problem('POST', 'clusters', 422, 'invalid', dict(name='x', version='v0.0.none'))
        self.problem('POST', 'clusters', 501, 'unsupported', dict(name='x', mode='autopilot'))
        self.problem('GET', 'node-pools/nope', 404, 'not_found')
        self.call('DELETE', f'clusters/{NOWHERE}')


class Stacks(Case):
    template = (HERE / 'stack.yaml').read_text()

    def test_stack(self):
        made = self.make('stacks', name=PREFIX + 'stack', template=self.template, parameters={'flavor': 'm1.tiny'})
        path = f"stacks/{made['id']}"
        self.assertIn(made['id'], self.ids('stacks'))
        stack = self.settled(path, 'available')
        self.assertEqual((stack['name'], stack['parameters']['flavor']), (PREFIX + 'stack', 'm1.tiny'))
        self.assertRegex(stack['outputs']['address'], r'^10\.12\.0\.')
        server = next(s for s in self.items('instances') if s['private_ip'] == stack['outputs']['address'])
        self.assertEqual(server['instance_type'], 'm1.tiny')
        self.problem('POST', 'stacks', 409, 'conflict', dict(name=PREFIX + 'stack', template=self.template))
        self.call('PATCH', path, dict(template=self.template, parameters={'flavor': 'm1.small'}))
        self.settled(path, 'available')
        self.until('the bigger server', lambda: self.call('GET', f"instances/{server['id']}")['instance_type'] == 'm1.small')
        self.drop('stacks', made['id'])
        self.assertTrue(self.is_gone(f"instances/{server['id']}"))
        self.call('DELETE', path)

    def test_bad_template(self):
        self.problem('POST', 'stacks', 422, 'invalid', dict(name=PREFIX + 'bad', template='no: template'))
