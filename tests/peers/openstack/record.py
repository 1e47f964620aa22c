#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""record.py DRIVER DIR: make the cases of DIR (tests/driver/openstack) again, from the real OpenStack of up.sh.

Each case is one operation carried out by the driver with --record; tests/driver/replay.py carries it out again without
the cloud. Ids and times differ at every recording; what a case is about, and the account, do not. Cases that say
"by_hand" are kept: what they hold is what no cloud of ours says when asked to.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from peer import Account, Peer, wait_for

DRIVER, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
LOGIN = '/v3/auth/tokens'
FOREVER = '2999-01-01T00:00:00Z'    # a recorded token must not look expired
peer = Peer()
account = Account(peer, f'recorder-{os.getpid()}')
CONFIG = {'auth_url': peer.env['OS_AUTH_URL'], 'region': 'RegionOne'}
CREDENTIAL = {'username': account.name, 'password': peer.env['OS_PASSWORD'], 'project_name': account.name}


def call(op, args=None, config=None, credential=None, options=()):
    """({"answer": …} or {"error": …}, exchanges)"""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / 'config').write_text(json.dumps(config or CONFIG))
        (folder / 'credential').write_text(json.dumps(credential or CREDENTIAL))
        done = subprocess.run(
            [DRIVER, '--call', op, json.dumps(args or {}), '--config', folder / 'config', '--credential',
             folder / 'credential', '--record', folder / 'exchanges', *options],
            capture_output=True, text=True, env={})
        exchanges = [json.loads(f.read_text()) for f in sorted((folder / 'exchanges').glob('*.json'))]
    if done.returncode:
        error = json.loads(done.stderr[done.stderr.index('{\n'):])
        error['data'].get('cloud', {}).pop('request_id', None)
        return {'error': error}, exchanges
    for exchange in exchanges:
        if 'csr' in (exchange['request'].get('body') or {}):
            exchange['request']['body']['csr'] = '***'      # of a key that is new each time
    answer = json.loads(re.sub(r'(https?://)[0-9.]+', r'\1cloud.test', done.stdout))     # as in recordings
    for secret in 'private_key', 'kubeconfig':
        if answer and answer.get(secret):
            answer[secret] = '***'
    if op == 'driver.health':
        answer['latency_ms'] = '***'        # another each time
    return {'answer': answer}, exchanges


def value(op, **args):
    return call(op, args)[0]['answer']


def is_login(exchange):
    return exchange['request']['url'].endswith(LOGIN)


def same_account():
    """[(ours, that of the last recording)]: cases made by hand name it, too."""
    old = json.loads((FOLDER / 'common.json').read_text())
    token = old['login'][0]['answer']['body']['token']
    return [(account.name, old['credential']['username']), (account.project_id, token['project']['id']),
            (account.user_id, token['user']['id'])]


SAME = same_account()


def write(name, value):
    text = json.dumps(value, indent=1) + '\n'
    for ours, kept in SAME:
        text = text.replace(ours, kept)
    (FOLDER / f'{name}.json').write_text(text)


def case(name, op, args=None, config=None, credential=None, options=()):
    result, exchanges = call(op, args, config, credential, options)
    own = {'config': config, 'credential': credential, 'options': list(options)}
    about = {'call': op, 'args': args or {}, **{k: v for k, v in own.items() if v}}
    if config or credential or not exchanges or not is_login(exchanges[0]):
        about['login'] = False
        for exchange in filter(is_login, exchanges):
            token = (exchange['answer'].get('body') or {}).get('token')
            if token:
                token['expires_at'] = FOREVER
    else:
        exchanges = [e for e in exchanges if not is_login(e)]
    if 'error' in result and not os.environ.get('QUIET'):
        print(f'{name}: {result["error"]["code"]} {result["error"]["message"]}')
    write(name, {**about, **result, 'exchanges': exchanges})
    return result.get('answer')


def common():
    _, exchanges = call('region.list')
    login = exchanges[0]
    assert is_login(login), login
    login['answer']['body']['token']['expires_at'] = FOREVER
    write('common', {'config': CONFIG, 'credential': {**CREDENTIAL, 'password': 'not recorded'}, 'login': [login]})


def state(id, wanted):
    wait_for(f'{id} to be {wanted}', lambda: value('instance.get', id=id)['status'] == wanted)


def gone(op, id):
    wait_for(f'{id} to be gone', lambda: 'error' in call(op, {'id': id})[0])


def reading():
    case('region-list', 'region.list')
    case('region-get', 'region.get', {'id': 'RegionOne'})
    case('region-absent', 'region.get', {'id': 'Atlantis'})
    case('zone-list', 'zone.list')
    case('zone-get', 'zone.get', {'id': 'nova'})
    case('image-list-pages', 'image.list')
    case('image-list-one-page', 'image.list', {'limit': 1})
    image = value('image.list', name='cirros')['items'][0]
    case('image-get', 'image.get', {'id': image['id']})
    case('image-get-native', 'image.get', {'id': image['id']}, options=['--native'])
    case('image-absent', 'image.get', {'id': '7e0ba5f4-0000-4000-8000-000000000000'})
    case('instance-type-list-one-page', 'instance_type.list', {'limit': 2})
    case('instance-type-by-name', 'instance_type.get', {'id': 'm1.tiny'})
    case('instance-type-absent', 'instance_type.get', {'id': 'm9.none'})
    case('quota-list', 'quota.list')
    case('health', 'driver.health')
    return image


def networks():
    network = case('network-create', 'network.create', {'name': 'rec', 'description': 'recorded'})
    case('network-get', 'network.get', {'id': network['id']})
    case('network-list', 'network.list')
    case('network-list-one-page', 'network.list', {'limit': 1})
    case('network-absent', 'network.get', {'id': 'nope'})
    case('network-tags', 'network.create', {'name': 'rec', 'tags': {'a': 'b'}})
    with_cidr = case('network-create-with-subnet', 'network.create', {'name': 'rec2', 'cidr': '10.9.8.0/24'})
    subnet = case('subnet-create', 'subnet.create',
                  {'name': 'rec', 'network_id': network['id'], 'cidr': '10.9.9.0/24', 'gateway_ip': '10.9.9.9'})
    case('subnet-get', 'subnet.get', {'id': subnet['id']})
    case('subnet-list', 'subnet.list', {'network_id': network['id']})
    case('subnet-overlap', 'subnet.create', {'name': 'x', 'network_id': network['id'], 'cidr': '10.9.0.0/16'})
    vnic = case('vnic-create', 'vnic.create', {'name': 'rec', 'subnet_id': subnet['id'], 'private_ip': '10.9.9.50'})
    case('vnic-get', 'vnic.get', {'id': vnic['id']})
    case('vnic-list', 'vnic.list', {'network_id': network['id']})
    case('vnic-delete', 'vnic.delete', {'id': vnic['id']})
    case('network-delete', 'network.delete', {'id': with_cidr['id']})
    case('network-delete-absent', 'network.delete', {'id': with_cidr['id']})
    for quota, name, args in (('network', 'network-quota', {'name': 'x'}),
                              ('subnet', 'network-subnet-quota', {'name': 'x', 'cidr': '10.9.8.0/24'})):
        before = account.set_quota('neutron', **{quota: 0})
        case(name, 'network.create', args)
        account.set_quota('neutron', **before)
    return network, subnet


def key_pairs():
    case('key-pair-create', 'key_pair.create', {'name': 'rec'})
    case('key-pair-create-again', 'key_pair.create', {'name': 'rec'})
    case('key-pair-ed25519', 'key_pair.create', {'name': 'rec3', 'type': 'ed25519'})
    case('key-pair-import', 'key_pair.import', {
        'name': 'rec2',
        'public_key': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Sw1KOLDKy3sWnSl1gJ0FFuUPMWhXjVCgVMm1Lkcv6 test'})
    case('key-pair-get', 'key_pair.get', {'id': 'rec2'})
    case('key-pair-list', 'key_pair.list')
    case('key-pair-list-one-page', 'key_pair.list', {'limit': 1})
    before = account.set_quota('nova', key_pairs=0)
    case('key-pair-quota', 'key_pair.create', {'name': 'x'})
    account.set_quota('nova', **before)
    case('key-pair-delete', 'key_pair.delete', {'id': 'rec2'})
    case('key-pair-delete-absent', 'key_pair.delete', {'id': 'rec2'})


def instances(image, network, subnet):
    args = {'name': 'rec', 'instance_type': 'm1.tiny', 'image_id': image['id'], 'network_id': network['id'],
            'key_pair': 'rec', 'security_groups': ['default'], 'tags': {'team': 'web'}, 'user_data': '#cloud-config\n'}
    server = case('instance-create', 'instance.create', args)
    by_id = {'id': server['id']}
    state(server['id'], 'running')
    case('instance-get', 'instance.get', by_id)
    second = case('instance-create-in-subnet', 'instance.create', {
        'name': 'rec2', 'instance_type': 'm1.tiny', 'image_id': image['id'], 'subnet_id': subnet['id'],
        'boot_disk_gib': 1})
    case('instance-list', 'instance.list')
    case('instance-list-one-page', 'instance.list', {'limit': 1})
    case('instance-list-by-name', 'instance.list', {'name': 'rec'})
    case('instance-status-list', 'instance.status_list')
    case('instance-start-running', 'instance.start', by_id)
    for action, wanted in (('stop', 'stopped'), ('start', 'running'), ('restart', 'running'), ('suspend', 'suspended')):
        case(f'instance-{action}', f'instance.{action}', by_id)
        if action in ('stop', 'suspend'):
            case(f'instance-after-{action}', 'instance.get', by_id)
        state(server['id'], wanted)
    case('instance-stop-suspended', 'instance.stop', by_id)
    case('instance-resume', 'instance.resume', by_id)
    state(server['id'], 'running')
    case('instance-restart-hard', 'instance.restart', {**by_id, 'force': True})
    state(server['id'], 'running')
    case('instance-update', 'instance.update', {**by_id, 'name': 'rec3', 'tags': {'b': 'c'}})
    case('instance-console', 'instance.console', by_id)
    recovery(server, args)
    outside(network, subnet, server)
    balancers(subnet)
    case('image-create', 'image.create', {'name': 'rec', 'instance_id': server['id'], 'description': 'recorded'})
    image2 = value('image.list', name='rec')['items'][0]['id']
    wait_for('image', lambda: value('image.get', id=image2)['status'] == 'available')
    case('image-delete', 'image.delete', {'id': image2})
    vnic = value('vnic.create', name='rec', subnet_id=subnet['id'])['id']
    case('vnic-attach', 'vnic.attach', {'id': vnic, 'instance_id': server['id']})
    case('vnic-detach', 'vnic.detach', {'id': vnic})
    call('vnic.delete', {'id': vnic})
    case('network-update', 'network.update', {'id': network['id'], 'name': 'rec4', 'mtu': 1400})
    case('subnet-update', 'subnet.update', {'id': subnet['id'], 'name': 'rec4', 'description': 'x'})
    case('instance-console-log', 'instance.console', {**by_id, 'type': 'log'})
    case('instance-absent', 'instance.get', {'id': 'nope'})
    case('network-in-use', 'network.delete', {'id': network['id']})
    for name, change in (('image', {'image_id': '7e0ba5f4-0000-4000-8000-000000000000'}),
                         ('key-pair', {'key_pair': 'nobodys'}), ('type', {'instance_type': 'm9.none'}),
                         ('zone', {'zone': 'nowhere'}), ('policy', {'zone': 'nova:peer'}), ('public-ip', {'assign_public_ip': True}),
                         ('user-data', {'user_data': 'x' * 60000})):
        case(f'instance-create-bad-{name}', 'instance.create', {**args, **change})
    before = account.set_quota('nova', cores=0)
    case('instance-quota', 'instance.create', args)
    account.set_quota('nova', **before)
    before = account.set_quota('neutron', port=0)
    case('instance-port-quota', 'instance.create', args)
    account.set_quota('neutron', **before)
    case('instance-delete', 'instance.delete', by_id)
    for id in by_id['id'], second['id']:
        call('instance.delete', {'id': id})
        gone('instance.get', id)
    case('instance-delete-absent', 'instance.delete', by_id)
    case('subnet-delete', 'subnet.delete', {'id': subnet['id']})
    call('network.delete', {'id': network['id']})
    call('key_pair.delete', {'id': 'rec'})


def recovery(server, args):
    by_id = {'id': server['id']}
    case('resize-same', 'instance.resize', {**by_id, 'instance_type': 'm1.tiny'})
    pending = case('instance-resize', 'instance.resize', {**by_id, 'instance_type': 'm1.small'})
    handle = {'id': server['id'], 'instance_type': 'm1.small', 'confirmed': False}
    wait_for('resize', lambda: value('instance.get', **by_id)['provider_status'] == 'VERIFY_RESIZE')
    case('resize-poll', 'op.poll', {'handle': handle})
    wait_for('confirm', lambda: value('instance.get', **by_id)['provider_status'] == 'ACTIVE')
    case('resize-poll-done', 'op.poll', {'handle': handle})
    case('resize-poll-undone', 'op.poll', {'handle': {**handle, 'instance_type': 'm1.medium'}})
    question = {'op': 'op-1', 'method': 'instance.create', 'args': args}
    case('reconcile-by-checkpoint', 'op.reconcile', {**question, 'checkpoint': {'id': server['id']}})
    call('instance.update', {**by_id, 'tags': {'skyclust-op': 'op-1'}})
    case('reconcile-by-tag', 'op.reconcile', question)
    case('reconcile-not-applied', 'op.reconcile', {**question, 'op': 'op-2'})
    case('reconcile-other', 'op.reconcile', {**question, 'method': 'instance.delete'})
    return pending


def surroundings():
    volume = case('volume-create', 'volume.create', {'name': 'rec', 'size_gib': 1, 'tags': {'a': 'b'}})
    by_id = {'id': volume['id']}
    wait_for('volume', lambda: value('volume.get', **by_id)['status'] == 'available')
    case('volume-get', 'volume.get', by_id)
    case('volume-list', 'volume.list')
    types = case('volume-type-list', 'x.openstack.volume_type.list')['items']
    case('volume-type-get', 'x.openstack.volume_type.get', {'id': types[0]['id']})
    case('volume-resize', 'volume.resize', {**by_id, 'size_gib': 2})
    wait_for('volume', lambda: value('volume.get', **by_id)['status'] == 'available')
    snapshot = case('snapshot-create', 'snapshot.create', {'name': 'rec', 'volume_id': volume['id']})
    wait_for('snapshot', lambda: value('snapshot.get', id=snapshot['id'])['status'] == 'available')
    case('snapshot-get', 'snapshot.get', {'id': snapshot['id']})
    case('snapshot-list', 'snapshot.list')
    case('snapshot-delete', 'snapshot.delete', {'id': snapshot['id']})
    gone('snapshot.get', snapshot['id'])
    case('volume-detach-nothing', 'volume.detach', by_id)
    case('volume-delete', 'volume.delete', by_id)
    case('volume-quota', 'volume.create', {'name': 'x', 'size_gib': 60000})
    ssh = {'direction': 'ingress', 'protocol': 'tcp', 'port_from': 22, 'cidr': '0.0.0.0/0'}
    group = case('security-group-create', 'security_group.create', {'name': 'rec', 'rules': [ssh]})
    by_id = {'id': group['id']}
    case('security-group-add-rule', 'security_group.add_rule',
         {**by_id, 'direction': 'ingress', 'protocol': 'icmpv6', 'cidr': '::/0'})
    group = case('security-group-set-rules', 'security_group.set_rules', {**by_id, 'rules': [ssh]})
    case('security-group-get', 'security_group.get', by_id)
    case('security-group-remove-rule', 'security_group.remove_rule', {**by_id, 'rule_id': group['rules'][0]['id']})
    case('security-group-remove-rule-again', 'security_group.remove_rule', {**by_id, 'rule_id': group['rules'][0]['id']})
    case('security-group-list', 'security_group.list', {'name': 'rec'})
    case('security-group-deny', 'security_group.add_rule', {**by_id, **ssh, 'action': 'deny'})
    case('security-group-delete', 'security_group.delete', by_id)


def outside(network, subnet, server):
    """What an instance is reached by, and its volume."""
    public = next(n for n in value('network.list')['items'] if n['is_external'])
    router = case('router-create', 'router.create', {'name': 'rec', 'external_network_id': public['id']})
    by_id = {'id': router['id']}
    case('router-attach', 'router.attach', {**by_id, 'subnet_id': subnet['id']})
    case('router-get', 'router.get', by_id)
    case('router-list', 'router.list')
    case('router-in-use', 'router.delete', by_id)
    vnic = value('vnic.list', network_id=network['id'])['items']
    vnic = next(v for v in vnic if v.get('instance_id') == server['id'])
    address = case('public-ip-create', 'public_ip.create')
    case('public-ip-attach', 'public_ip.attach', {'id': address['id'], 'vnic_id': vnic['id']})
    case('public-ip-get', 'public_ip.get', {'id': address['id']})
    case('public-ip-detach', 'public_ip.detach', {'id': address['id']})
    case('public-ip-attach-instance', 'public_ip.attach', {'id': address['id'], 'instance_id': server['id']})
    case('public-ip-list', 'public_ip.list')
    case('public-ip-delete', 'public_ip.delete', {'id': address['id']})
    case('router-detach', 'router.detach', {**by_id, 'subnet_id': subnet['id']})
    case('router-detach-again', 'router.detach', {**by_id, 'subnet_id': subnet['id']})
    case('router-delete', 'router.delete', by_id)
    volume = value('volume.create', name='rec', size_gib=1)
    by_id = {'id': volume['id']}
    wait_for('volume', lambda: value('volume.get', **by_id)['status'] == 'available')
    case('volume-attach', 'volume.attach', {**by_id, 'instance_id': server['id']})
    wait_for('volume', lambda: value('volume.get', **by_id)['status'] == 'in_use')
    case('volume-detach', 'volume.detach', by_id)
    wait_for('volume', lambda: value('volume.get', **by_id)['status'] == 'available')
    call('volume.delete', by_id)
    gone('volume.get', volume['id'])


def identity():
    admin = {**CREDENTIAL, 'username': 'admin', 'project_name': 'admin'}

    def life(kind, **args):
        made = case(f'{kind}-create', f'{kind}.create', args, credential=admin)
        case(f'{kind}-create-again', f'{kind}.create', args, credential=admin)
        case(f'{kind}-get', f'{kind}.get', {'id': made['id']}, credential=admin)
        case(f'{kind}-list', f'{kind}.list', {'name': 'rec'}, credential=admin)
        case(f'{kind}-delete', f'{kind}.delete', {'id': made['id']}, credential=admin)
        case(f'{kind}-forbidden', f'{kind}.create', args)
    life('project', name='rec', description='recorded')
    life('user', name='rec', password='wg7-Bq2', description='recorded')
    life('role', name='rec', description='recorded')
    case('project-list-own', 'project.list')
    case('user-list-forbidden', 'user.list')


def stacks():
    template = (pathlib.Path(__file__).parent / 'stack.yaml').read_text()
    args = {'name': 'rec', 'template': template, 'parameters': {'flavor': 'm1.tiny'}}
    stack = case('stack-create', 'stack.create', args)
    by_id = {'id': stack['id']}
    wait_for('stack', lambda: value('stack.get', **by_id)['status'] == 'available')
    case('stack-create-again', 'stack.create', args)
    case('stack-bad-template', 'stack.create', {**args, 'template': 'no: template'})
    case('stack-get', 'stack.get', by_id)
    case('stack-list', 'stack.list')
    case('stack-update', 'stack.update', {**by_id, 'template': template, 'parameters': {'flavor': 'm1.small'}})
    wait_for('stack', lambda: value('stack.get', **by_id)['status'] == 'available')
    case('stack-delete', 'stack.delete', by_id)
    gone('stack.get', stack['id'])


def balancers(subnet):
    balancer = case('load-balancer-create', 'load_balancer.create', {
        'name': 'rec', 'scheme': 'internal', 'subnet_ids': [subnet['id']],
        'listeners': [{'protocol': 'tcp', 'port': 80, 'target_port': 8080}], 'targets': [{'address': '10.9.9.70'}]})
    by_id = {'id': balancer['id']}

    def ready():
        wait_for('load balancer', lambda: value('load_balancer.get', **by_id)['status'] == 'available')
    ready()
    case('load-balancer-get', 'load_balancer.get', by_id)
    case('load-balancer-list', 'load_balancer.list')
    case('load-balancer-add-target', 'load_balancer.add_target', {**by_id, 'address': '10.9.9.71'})
    ready()
    target = value('load_balancer.get', **by_id)['targets'][0]['id']
    case('load-balancer-remove-target', 'load_balancer.remove_target', {**by_id, 'target_id': target})
    ready()
    case('load-balancer-delete', 'load_balancer.delete', by_id)
    gone('load_balancer.get', balancer['id'])


def clusters():
    for name, version in ('rec', 'v1.26.8'), ('next', 'v1.27.1'):
        account.drop_cluster_template(name)
        account.cluster_template(name, version)
    case('cluster-versions', 'cluster.versions')
    case('cluster-bad-version', 'cluster.create', {'name': 'rec', 'version': 'v0.1'})
    case('cluster-fargate', 'cluster.create', {'name': 'rec', 'mode': 'fargate'})
    cluster = case('cluster-create', 'cluster.create', {
        'name': 'rec', 'version': 'v1.26.8', 'node_pool': {'instance_type': 'm1.tiny', 'node_count': 2}})
    by_id = {'id': cluster['id']}
    case('cluster-kubeconfig-early', 'cluster.kubeconfig', by_id)
    case('cluster-list', 'cluster.list')
    wait_for('cluster', lambda: value('cluster.get', **by_id)['status'] == 'running')
    case('cluster-get', 'cluster.get', by_id)
    case('cluster-kubeconfig', 'cluster.kubeconfig', by_id)
    pool = case('node-pool-create', 'node_pool.create', {
        'name': 'more', 'cluster_id': cluster['id'], 'instance_type': 'm1.small', 'node_count': 1, 'min_nodes': 1,
        'max_nodes': 3})
    wait_for('pool', lambda: value('cluster.get', **by_id)['status'] == 'running'
             and value('node_pool.get', id=pool['id'])['status'] == 'running')
    case('node-pool-list', 'node_pool.list', {'cluster_id': cluster['id']})
    case('node-pool-list-all', 'node_pool.list')
    case('node-pool-scale', 'node_pool.scale', {'id': pool['id'], 'node_count': 2})
    wait_for('pool', lambda: value('cluster.get', **by_id)['status'] == 'running')
    for op, by in ('cluster', by_id), ('node_pool', {'id': pool['id']}):
        case(f'{op}-upgrade'.replace('_', '-'), f'{op}.upgrade', {**by, 'version': 'next'})
        wait_for('pool', lambda: value('cluster.get', **by_id)['status'] == 'running')
    case('node-pool-absent', 'node_pool.get', {'id': cluster['id'] + ':nope'})
    case('node-pool-no-id', 'node_pool.get', {'id': 'nope'})
    case('node-pool-delete', 'node_pool.delete', {'id': pool['id']})
    wait_for('pool', lambda: value('cluster.get', **by_id)['status'] == 'running')
    case('cluster-delete', 'cluster.delete', by_id)
    gone('cluster.get', cluster['id'])
    case('cluster-delete-absent', 'cluster.delete', by_id)
    for name in 'rec', 'next':
        account.drop_cluster_template(name)


def logins():
    user = {name: CREDENTIAL[name] for name in ('username', 'password')}
    app_id, secret = account.application_credential('rec')
    for name, config, credential in (
            ('project-id', None, {**user, 'project_id': account.project_id, 'user_domain_name': 'Default'}),
            ('application-credential', None, {'application_credential_id': app_id,
                                              'application_credential_secret': secret}),
            ('only-region', {'auth_url': 'http://127.0.0.1:5000'}, None),
            ('wrong-password', None, {**CREDENTIAL, 'password': 'wrong password'}),
            ('wrong-region', {**CONFIG, 'region': 'Atlantis'}, None),
            ('default-project', None, {**user, 'domain_name': 'Default'}),
            ('no-password', None, {'username': account.name, 'project_name': account.name})):
        case('login-' + name, 'image.list', config=config, credential=credential)


def record():
    for old in FOLDER.glob('*.json'):
        if not json.loads(old.read_text()).get('by_hand'):
            old.unlink()
    common()
    logins()
    image = reading()
    network, subnet = networks()
    key_pairs()
    instances(image, network, subnet)
    surroundings()
    identity()
    stacks()
    clusters()


try:
    record()
finally:
    account.close()
    peer.close()
