# SPDX-License-Identifier: Apache-2.0
"""The OpenStack of up.sh, as the tests see it: started when it is not running,
its addresses and accounts, its administrator, and a way to break a service."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get('OPENSTACK_HOME', pathlib.Path(tempfile.gettempdir()) / 'openstack-peer'))
NOVA, NEUTRON = 'http://127.0.0.1:8774/v2.1', 'http://127.0.0.1:9696/v2.0'
MAGNUM = 'http://127.0.0.1:9511/v1'


def wait_for(what, probe, seconds=60):
    """What `probe` returns as soon as it is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = probe()
        if value:
            return value
        threading.Event().wait(0.2)
    raise AssertionError(f'{what}: not within {seconds} s')


def http(method, url, body=None, headers=None):
    """(status, headers, JSON or None)"""
    request = urllib.request.Request(url, method=method, headers={'Content-Type': 'application/json', **(headers or {})},
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, error.headers, None


class Peer:
    def __init__(self):
        self.started = not self.answers()
        if self.started:
            try:
                self.up()
            except subprocess.CalledProcessError:
                self.down()
                raise
        self.env = {}
        for line in (HOME / 'openrc').read_text().splitlines():
            name, _, value = line.removeprefix('export ').partition('=')
            self.env[name] = value

    def answers(self):
        """Does all of it run, from this folder?"""
        names = ('keystone', 'nova-api', 'neutron', 'glance', 'placement', 'nova-compute', 'cinder-api')
        return all(self.pid(name) for name in names)

    def up(self):
        subprocess.run([HERE / 'up.sh'], env={**os.environ, 'OPENSTACK_HOME': str(HOME)}, check=True,
                       stdout=subprocess.DEVNULL)

    def down(self):
        subprocess.run([HERE / 'down.sh'], env={**os.environ, 'OPENSTACK_HOME': str(HOME)}, check=True)

    def close(self):
        if self.started:
            self.down()

    @staticmethod
    def versions():
        return subprocess.run([HERE / 'up.sh', 'versions'], check=True, capture_output=True, text=True).stdout

    @staticmethod
    def pid(name):
        """The process of a service, as up.sh wrote it down; None when it is not running."""
        try:
            pid, start = (HOME / 'pid' / name).read_text().split()
            stat = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(') ')[2].split()
        except (OSError, ValueError):
            return None
        return int(pid) if stat[19] == start and stat[0] != 'Z' else None

    def stop(self, name):
        pid = self.pid(name)
        os.killpg(pid, signal.SIGTERM)
        wait_for(f'{name} to end', lambda: not self.pid(name))
        with contextlib.suppress(ChildProcessError):    # ours, when we started it
            os.waitpid(pid, os.WNOHANG)

    def login(self, user, project):
        """A token of Keystone's, and the project's id."""
        domain = {'name': 'Default'}
        _, headers, answer = http('POST', self.env['OS_AUTH_URL'] + '/auth/tokens', {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': user, 'domain': domain, 'password': self.env['OS_PASSWORD']}}},
            'scope': {'project': {'name': project, 'domain': domain}}}})
        return headers['X-Subject-Token'], answer['token']

    def application_credential(self, name):
        """(id, secret) of a new one of the tests' user."""
        token, about = self.login(self.env['OS_USERNAME'], self.env['OS_PROJECT_NAME'])
        url = f"{self.env['OS_AUTH_URL']}/users/{about['user']['id']}/application_credentials"
        _, _, answer = http('POST', url, {'application_credential': {'name': name}}, {'X-Auth-Token': token})
        made = answer['application_credential']
        return made['id'], made['secret']

    def project_id(self):
        return self.login(self.env['OS_USERNAME'], self.env['OS_PROJECT_NAME'])[1]['project']['id']

    def cluster_template(self, name, kube_tag):
        """Make one for the tests' project."""
        token, _ = self.login(self.env['OS_USERNAME'], self.env['OS_PROJECT_NAME'])
        headers = {'X-Auth-Token': token}
        _, _, networks = http('GET', NEUTRON + '/networks?router:external=true', None, headers)
        status, _, _ = http('POST', MAGNUM + '/clustertemplates', {
            'name': name, 'coe': 'kubernetes', 'image_id': 'fedora-coreos', 'flavor_id': 'm1.small',
            'master_flavor_id': 'm1.small', 'network_driver': 'flannel', 'labels': {'kube_tag': kube_tag},
            'external_network_id': networks['networks'][0]['id']}, headers)
        assert status == 201, status

    def drop_cluster_template(self, name):
        token, _ = self.login(self.env['OS_USERNAME'], self.env['OS_PROJECT_NAME'])
        http('DELETE', f'{MAGNUM}/clustertemplates/{name}', None, {'X-Auth-Token': token})

    def set_quota(self, service, **limits):
        """Of the tests' project; what it was before."""
        token, _ = self.login('admin', 'admin')
        headers = {'X-Auth-Token': token}
        url, member = {'nova': (f'{NOVA}/os-quota-sets/', 'quota_set'),
                       'neutron': (f'{NEUTRON}/quotas/', 'quota')}[service]
        url += self.project_id()
        _, _, before = http('GET', url, None, headers)
        force = {'force': True} if service == 'nova' else {}    # also below what is in use
        status, _, _ = http('PUT', url, {member: {**limits, **force}}, headers)
        assert status == 200, status
        return {name: before[member][name] for name in limits}
