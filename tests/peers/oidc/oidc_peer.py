# SPDX-License-Identifier: Apache-2.0
"""A real OpenID provider on loopback (npm's oidc-provider), installed below the
build folder at first use, and a browser that signs in with it."""
import html
import http.cookies
import pathlib
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parents[2] / 'build/peers/oidc'


def install():
    """Copy the peer's two files and fetch what they need, once."""
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ('package.json', 'server.mjs'):
        shutil.copy(HERE / name, HOME / name)
    subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--silent'], cwd=HOME, check=True)


class Provider:
    def __init__(self, *callbacks):
        install()
        self.process = subprocess.Popen(['node', 'server.mjs', *callbacks], cwd=HOME, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.issuer = self.process.stdout.readline().strip()
        print(self.process.stdout.readline().strip(), flush=True)

    def rotate(self):
        """Sign with new keys from now on."""
        self.process.stdin.write('rotate\n')
        self.process.stdin.flush()
        for line in self.process.stdout:        # it may log in between
            if line == 'rotated\n':
                return
        raise AssertionError('the OpenID provider ended')

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class Browser:
    """Cookies by origin, forms, and redirects one at a time."""

    def __init__(self):
        self.cookies = {}
        self.opener = urllib.request.build_opener(_Stay)

    def open(self, url, form=None):
        """(status, headers, text) of one request."""
        origin = urllib.parse.urlsplit(url).netloc
        jar = self.cookies.setdefault(origin, {})
        request = urllib.request.Request(url, urllib.parse.urlencode(form).encode() if form else None)
        if jar:
            request.add_header('Cookie', '; '.join(f'{k}={v}' for k, v in jar.items()))
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            for line in answer.headers.get_all('Set-Cookie') or []:
                for name, morsel in http.cookies.SimpleCookie(line).items():
                    jar[name] = morsel.value
            return answer.status, answer.headers, answer.read().decode()

    def sign_in(self, url, name, stop_at):
        """From our address through the provider's forms as @name, up to the
        address that begins with @stop_at, which is not opened: it is returned."""
        form = None
        for _ in range(20):
            if url.startswith(stop_at):
                return url
            status, headers, text = self.open(url, form)
            form = None
            if status in (302, 303):
                url = urllib.parse.urljoin(url, headers['Location'])
                continue
            action = re.search(r'<form[^>]* action="([^"]+)"', text)
            if status != 200 or not action:
                raise AssertionError(f'{url}: {status} {text[:400]}')
            url = urllib.parse.urljoin(url, html.unescape(action[1]))
            form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
            if form.get('prompt') == 'login':
                form.update(login=name, password='anything')
        raise AssertionError('too many steps')
