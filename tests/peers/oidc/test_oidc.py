#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signing in with a real OpenID provider."""
import json
import pathlib
import socket
import sys
import unittest
import urllib.parse

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / 'api')]
from oidc_peer import Browser, Provider  # noqa: E402
from skyclust_fixture import SIM, Host   # noqa: E402

SECRET = 'the-secret-of-the-client'
CLIENTS = {     # name: client, secret, more settings
    'corp': ('skyclust', SECRET, ''),
    'curve': ('elliptic', SECRET, ''),
    'open': ('public', '', ''),
    'wrong': ('skyclust', 'another secret', ''),
    'closed': ('skyclust', SECRET, '    role: ""\n'),
}


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class SignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The provider must know our address beforehand; what comes there we pass on.
        cls.public = f'http://127.0.0.1:{free_port()}'
        cls.provider = Provider(*(f'{cls.public}/api/v1/auth/oidc/{name}/callback' for name in CLIENTS))
        blocks = ''.join(f'  {name}:\n    issuer: {cls.provider.issuer}\n    client_id: {client}\n'
                         f'    client_secret: "{secret}"\n{more}' for name, (client, secret, more) in CLIENTS.items())
        cls.host = Host(f'{SIM}\nserver:\n  public_url: {cls.public}\noidc:\n{blocks}').start()

    @classmethod
    def tearDownClass(cls):
        cls.host.stop()
        cls.host.close()
        cls.provider.stop()

    def ours(self, url):
        return self.host.url + url.removeprefix(self.public)

    def begin(self, browser, name):
        """The provider's address that we send the browser to."""
        status, headers, text = browser.open(f'{self.host.url}/api/v1/auth/oidc/{name}')
        self.assertEqual(status, 302, text)
        return headers['Location']

    def come_back(self, browser, url):
        """(status, answer) of the address that the provider sends the browser to."""
        status, _, text = browser.open(self.ours(url))
        return status, json.loads(text)

    def sign_in(self, name, who, browser=None):
        browser = browser or Browser()
        there = self.begin(browser, name)
        return self.come_back(browser, browser.sign_in(there, who, self.public))

    def test_signs_in(self):
        status, first = self.sign_in('corp', 'ann')
        self.assertEqual(status, 200, first)
        me = self.host.request('GET', '/api/v1/auth/me', token=first['access_token'])[1]
        self.assertIn('ann', me['name'])
        status, again = self.sign_in('corp', 'ann')
        self.assertEqual((status, again['user']['id']), (200, first['user']['id']))
        self.assertNotEqual(again['refresh_token'], first['refresh_token'])
        status, other = self.sign_in('corp', 'bob')
        self.assertNotEqual(other['user']['id'], first['user']['id'])
        self.assertEqual(self.host.request('POST', '/api/v1/users', {'name': 'x'},
                                           token=first['access_token'])[0], 403)

    def test_asks_as_it_should(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.begin(Browser(), 'corp')).query))
        self.assertEqual(query['code_challenge_method'], 'S256')
        self.assertEqual(query['response_type'], 'code')
        for name, least in (('state', 64), ('nonce', 43), ('code_challenge', 43)):
            self.assertGreaterEqual(len(query[name]), least)
        self.assertNotEqual(query['nonce'], query['code_challenge'])

    def test_elliptic_curves_and_public_clients(self):
        for name in ('curve', 'open'):
            status, answer = self.sign_in(name, 'carol')
            self.assertEqual(status, 200, answer)

    def test_only_the_browser_that_began(self):
        browser = Browser()
        back = browser.sign_in(self.begin(browser, 'corp'), 'dave', self.public)
        self.assertEqual(self.come_back(Browser(), back)[0], 401)
        thief = Browser()
        self.begin(thief, 'corp')
        self.assertEqual(self.come_back(thief, back)[0], 401)
        self.assertEqual(self.come_back(browser, back)[0], 200)
        status, problem = self.come_back(browser, back)         # the cookie is gone
        self.assertEqual((status, problem['code']), (401, 'unauthorized'))

    def test_a_code_is_good_once(self):
        browser = Browser()
        back = browser.sign_in(self.begin(browser, 'corp'), 'erin', self.public)
        kept = {origin: dict(jar) for origin, jar in browser.cookies.items()}
        self.assertEqual(self.come_back(browser, back)[0], 200)
        browser.cookies = kept
        self.assertEqual(self.come_back(browser, back)[0], 401)

    def test_what_comes_back_is_not_believed(self):
        browser = Browser()
        back = browser.sign_in(self.begin(browser, 'corp'), 'frank', self.public)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
        path = '/api/v1/auth/oidc/corp/callback?'
        state = query['state']
        for broken in ({**query, 'state': state[:-2] + ('AA' if state[-2:] != 'AA' else 'BB')},
                       {**query, 'state': ''}, {k: v for k, v in query.items() if k != 'state'},
                       {k: v for k, v in query.items() if k != 'code'},
                       {'error': 'access_denied', 'error_description': 'No, thanks', 'state': state}):
            kept = dict(browser.cookies[urllib.parse.urlsplit(self.host.url).netloc])
            status, problem = self.come_back(browser, path + urllib.parse.urlencode(broken))
            self.assertEqual(status, 401, broken)
            browser.cookies[urllib.parse.urlsplit(self.host.url).netloc] = kept
        self.assertIn('No, thanks', problem['detail'])
        other = path.replace('corp', 'curve') + urllib.parse.urlencode(query)
        self.assertEqual(self.come_back(browser, other)[0], 401)

    def test_refusals(self):
        self.assertEqual(self.sign_in('wrong', 'grace')[0], 401)
        status, problem = self.sign_in('closed', 'nobody-here')
        self.assertEqual((status, problem['code']), (403, 'forbidden'))
        self.assertEqual(self.host.call('GET', '/api/v1/auth/oidc/other', token=False).status, 404)

    def test_a_disabled_user_stays_out(self):
        user = self.sign_in('corp', 'heidi')[1]['user']
        path = f'/api/v1/users/{user["id"]}'
        answer = self.host.call('GET', path)
        self.assertEqual(self.host.request('PATCH', path, {'state': 'disabled'},
                                           headers={'If-Match': answer.headers['ETag']})[0], 200)
        self.assertEqual(self.sign_in('corp', 'heidi')[0], 403)

    def test_keys_are_changed(self):
        self.assertEqual(self.sign_in('corp', 'ivan')[0], 200)
        self.provider.rotate()
        self.assertEqual(self.sign_in('corp', 'ivan')[0], 200)
        self.assertEqual(self.sign_in('curve', 'ivan')[0], 200)

    def test_the_list(self):
        items = json.loads(self.host.call('GET', '/api/v1/auth/oidc', token=False).body)['items']
        self.assertEqual({i['name'] for i in items}, set(CLIENTS))


if __name__ == '__main__':
    unittest.main(verbosity=2)
