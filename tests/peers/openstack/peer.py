# SPDX-License-Identifier: Apache-2.0
"""The OpenStack of up.sh, as the tests see it: started when it is not running,
its addresses and accounts, its administrator, and a way to break a service."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get('OPENSTACK_HOME', pathlib.Path(tempfile.gettempdir()) / 'openstack-peer'))
URLS = {'keystone': 'http://127.0.0.1:5000/v3', 'nova': 'http://127.0.0.1:8774/v2.1', 'neutron': 'http://127.0.0.1:9696/v2.0',
        'magnum': 'http://127.0.0.1:9511/v1', 'cinder': 'http://127.0.0.1:8776/v3/{project}'}
ROLES = 'member', 'reader', 'load-balancer_member'


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


def sql(text):
    """In the peer's databases; the words of the answer."""
    return subprocess.run(['mariadb', '--no-defaults', '-uroot', '-S', HOME / 'var/mysql.sock', 'nova', '-N', '-e', text],
                          check=True, capture_output=True, text=True).stdout.split()


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

    @classmethod
    def answers(cls):
        """Does all of it run, from this folder?"""
        names = ('keystone', 'nova-api', 'neutron', 'glance', 'placement', 'nova-compute', 'cinder-api', 'heat-api',
                 'octavia-api', 'magnum-api')
        return all(cls.pid(name) for name in names)

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

    def login(self, user, project=None, password=None):
        """A token of Keystone's (without @project for the user's own), and what Keystone says of it."""
        domain = {'name': 'Default'}
        scope = {'scope': {'project': {'name': project, 'domain': domain}}} if project else {}
        _, headers, answer = http('POST', self.env['OS_AUTH_URL'] + '/auth/tokens', {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': user, 'domain': domain, 'password': password or self.env['OS_PASSWORD']}}}, **scope}})
        return headers['X-Subject-Token'], answer['token']

    def revoke(self, token):
        """No service accepts it from now on."""
        status, _, _ = http('DELETE', self.env['OS_AUTH_URL'] + '/auth/tokens', None,
                            {'X-Auth-Token': token, 'X-Subject-Token': token})
        assert status == 204, status

    def ask(self, service, method, path, body=None, who=('admin', 'admin'), want=(200, 201, 202, 204)):
        """A call of a service's own API, by the user and project @who."""
        token, about = self.login(*who)
        url = URLS[service].format(project=about['project']['id']) + path
        status, _, answer = http(method, url, body, {'X-Auth-Token': token})
        assert status in want, f'{method} {url}: {status}'
        return answer

    def get(self, service, path, who=('admin', 'admin')):
        return self.ask(service, 'GET', path, who=who)


class Account:
    """A user in a project of its own, with room for what the tests make."""

    def __init__(self, peer, name):
        self.peer, self.name = peer, name
        self.who = (name, name)
        self.project_id = peer.ask('keystone', 'POST', '/projects', {'project': {
            'name': name, 'domain_id': 'default'}})['project']['id']
        self.user_id = peer.ask('keystone', 'POST', '/users', {'user': {
            'name': name, 'password': peer.env['OS_PASSWORD'], 'domain_id': 'default',
            'default_project_id': self.project_id}})['user']['id']
        ids = {role['name']: role['id'] for role in peer.get('keystone', '/roles')['roles']}
        for role in ROLES:
            peer.ask('keystone', 'PUT', f'/projects/{self.project_id}/users/{self.user_id}/roles/{ids[role]}')
        self.set_quota('nova', instances=200, cores=400, ram=1000000)
        self.set_quota('neutron', port=500, network=100, subnet=100, security_group=100)
        self.env = {**peer.env, 'OS_USERNAME': name, 'OS_PROJECT_NAME': name}

    def close(self):
        """What the services made by themselves for the project goes with it."""
        groups = self.peer.get('neutron', f'/security-groups?project_id={self.project_id}')['security_groups']
        for group in groups:
            self.peer.ask('neutron', 'DELETE', '/security-groups/' + group['id'])
        self.peer.ask('keystone', 'DELETE', '/users/' + self.user_id)
        self.peer.ask('keystone', 'DELETE', '/projects/' + self.project_id)

    def ask(self, service, method, path, body=None, **options):
        return self.peer.ask(service, method, path, body, who=self.who, **options)

    def client(self, *words, json_of=True):
        """What OpenStack's own client answers, as this user."""
        done = subprocess.run(['openstack', *words, *(['-f', 'json'] if json_of else [])], capture_output=True,
                              text=True, env={**os.environ, **self.env})
        if done.returncode:
            raise AssertionError(f"openstack {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout) if json_of else done.stdout

    def application_credential(self, name):
        """(id, secret) of a new one."""
        made = self.ask('keystone', 'POST', f'/users/{self.user_id}/application_credentials',
                        {'application_credential': {'name': name}})['application_credential']
        return made['id'], made['secret']

    def cluster_template(self, name, kube_tag):
        networks = self.ask('neutron', 'GET', '/networks?router:external=true')
        self.ask('magnum', 'POST', '/clustertemplates', {
            'name': name, 'coe': 'kubernetes', 'image_id': 'fedora-coreos', 'flavor_id': 'm1.small',
            'master_flavor_id': 'm1.small', 'network_driver': 'flannel', 'labels': {'kube_tag': kube_tag},
            'external_network_id': networks['networks'][0]['id']})

    def drop_cluster_template(self, name):
        self.ask('magnum', 'DELETE', f'/clustertemplates/{name}', want=(204, 404))

    def set_quota(self, service, **limits):
        """What they were before."""
        path, member, force = {'nova': ('/os-quota-sets/', 'quota_set', {'force': True}),     # also below what is in use
                               'cinder': ('/os-quota-sets/', 'quota_set', {}),
                               'neutron': ('/quotas/', 'quota', {})}[service]
        path += self.project_id
        before = self.peer.get(service, path)[member]
        self.peer.ask(service, 'PUT', path, {member: {**limits, **force}})
        return {name: before[name] for name in limits}


def main(word):
    """up: start it unless it runs; down: stop it if that was so."""
    mark = HOME / 'started-by-peer.py'
    if word == 'up':
        peer = Peer()
        if peer.started:
            mark.touch()
        print(peer.versions(), end='')
    elif mark.exists():
        mark.unlink()
        subprocess.run([HERE / 'down.sh'], env={**os.environ, 'OPENSTACK_HOME': str(HOME)}, check=True)


if __name__ == '__main__':
    main(sys.argv[1])
