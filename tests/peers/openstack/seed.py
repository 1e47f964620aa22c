#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the cloud holds before the first test. Every step may be run again.

identity   service account, endpoints, project and user demo
ready      waits until compute and volume services report themselves up
resources  flavors, an image, networks, a volume type
"""
import os
import sys
import time

import openstack

URL, PASSWORD = os.environ['OS_URL'], os.environ['PASSWORD']


def connect(user, project):
    return openstack.connect(
        auth_url=URL + ':5000/v3', username=user, password=PASSWORD, project_name=project,
        user_domain_name='Default', project_domain_name='Default', region_name='RegionOne')


admin = connect('admin', 'admin')


def ensure(find, create, name, **fields):
    return find(name, ignore_missing=True) or create(name=name, **fields)


def identity():
    ident = admin.identity
    roles = {name: ensure(ident.find_role, ident.create_role, name)
             for name in ('admin', 'member', 'reader', 'service', 'heat_stack_user', 'load-balancer_member')}
    for user, role in (('service', ('admin', 'service')), ('demo', ('member', 'reader', 'load-balancer_member'))):
        p = ensure(ident.find_project, ident.create_project, user, domain_id='default')
        u = ensure(ident.find_user, ident.create_user, user, domain_id='default',
                   password=PASSWORD, default_project_id=p.id)
        for name in role:
            ident.assign_project_role_to_user(p, u, roles[name])
    # magnum and heat keep the accounts of clusters and stacks in domains of their own
    for name in 'magnum', 'heat':
        domain = ensure(ident.find_domain, ident.create_domain, name)
        keeper = ensure(ident.find_user, ident.create_user, name + '-admin', domain_id=domain.id,
                        password=PASSWORD)
        ident.put('/domains/%s/users/%s/roles/%s' % (domain.id, keeper.id, roles['admin'].id))
    for name, kind, path in (
            ('glance', 'image', ':9292'),
            ('placement', 'placement', ':8778'),
            ('neutron', 'network', ':9696'),
            ('nova', 'compute', ':8774/v2.1'),
            ('cinderv3', 'volumev3', ':8776/v3/%(project_id)s'),
            ('heat', 'orchestration', ':8004/v1/%(project_id)s'),
            ('octavia', 'load-balancer', ':9876'),
            ('magnum', 'container-infra', ':9511/v1')):
        s = ensure(ident.find_service, ident.create_service, name, type=kind)
        if not list(ident.endpoints(service_id=s.id)):
            for interface in ('public', 'internal', 'admin'):
                ident.create_endpoint(service_id=s.id, interface=interface, url=URL + path,
                                      region_id='RegionOne')


def ready():
    def up():
        services = [(s['binary'], s['state'])
                    for api in (admin.compute, admin.block_storage)
                    for s in api.get('/os-services').json()['services']]
        return all((binary, 'up') in services for binary in (
            'nova-conductor', 'nova-scheduler', 'nova-compute', 'cinder-scheduler', 'cinder-volume'))
    for _ in range(120):
        try:
            if up() and admin.placement.get('/resource_providers').json()['resource_providers']:
                return
        except (openstack.exceptions.SDKException, KeyError):
            pass
        time.sleep(0.5)
    sys.exit('the compute and volume services did not come up')


def resources():
    for name, ram, vcpus, disk in (('m1.tiny', 512, 1, 1), ('m1.small', 2048, 1, 20),
                                   ('m1.medium', 4096, 2, 40)):
        ensure(admin.compute.find_flavor, admin.compute.create_flavor, name,
               ram=ram, vcpus=vcpus, disk=disk)
    for name in 'cirros', 'fedora-coreos':      # the latter is what clusters are made from
        if not admin.image.find_image(name):
            admin.image.create_image(name, data=b'not a bootable image\n' * 512, disk_format='raw',
                                     container_format='bare', visibility='public', min_disk=1,
                                     os_distro=name)
    ensure(admin.block_storage.find_type, admin.block_storage.create_type, 'fake',
           extra_specs={'volume_backend_name': 'fake'})

    def network(cloud, name, cidr, subnet, **fields):
        n = ensure(cloud.network.find_network, cloud.network.create_network, name, **fields)
        s = ensure(cloud.network.find_subnet, cloud.network.create_subnet, name + '-subnet',
                   network_id=n.id, ip_version=4, cidr=cidr, **subnet)
        return n, s
    external, _ = network(admin, 'public', '203.0.113.0/24', {'is_dhcp_enabled': False},
                          is_router_external=True, provider_network_type='flat',
                          provider_physical_network='physnet1')
    demo = connect('demo', 'demo')
    _, subnet = network(demo, 'private', '10.0.0.0/24', {'dns_nameservers': ['192.0.2.53']})
    if not demo.network.find_router('router'):
        router = demo.network.create_router(
            name='router', external_gateway_info={'network_id': external.id})
        demo.network.add_interface_to_router(router, subnet_id=subnet.id)


{'identity': identity, 'ready': ready, 'resources': resources}[sys.argv[1]]()
