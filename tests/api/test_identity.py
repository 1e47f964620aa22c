#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Logging in and out, sessions, API tokens and users, over HTTP."""
import concurrent.futures
import json
import unittest

from skyclust_fixture import ADMIN, PASSWORD, HostCase, database_server

ADA = {'name': 'ada', 'password': 'a machine of many wheels'}


class IdentityCase(HostCase):
    def ask(self, method, path, body=None, token=None, status=None, headers=None):
        """The answer of a request with @token (None: the administrator's,
        False: without one); @status is the one it must have."""
        headers = dict(headers or {})
        if token:
            headers['Authorization'] = 'Bearer ' + token
        answer = self.host.call(method, path, body, headers, token=token is None)
        if status:
            self.assertEqual(answer.status, status, answer.body)
        return answer

    def make_user(self, name='ada', role='user', **more):
        answer = self.ask('POST', '/api/v1/users', {'name': name, 'role': role, 'password': ADA['password'], **more},
                          status=201)
        user = answer.json()
        self.addCleanup(self.ask, 'DELETE', '/api/v1/users/' + user['id'])
        return user

    def log_in(self, name='ada', password=ADA['password']):
        return self.host.log_in(name, password)


class Login(IdentityCase):
    def test_login_and_me(self):
        user = self.make_user()
        login = self.log_in()
        self.assertEqual((login['token_type'], login['expires_in']), ('Bearer', 900))
        self.assertEqual(login['user']['id'], user['id'])
        me = self.ask('GET', '/api/v1/auth/me', token=login['access_token'], status=200).json()
        self.assertEqual((me['name'], me['role'], me['kind'], me['token_id']), ('ada', 'user', 'person', None))

    def test_answers_tell_nothing(self):
        self.make_user('mute2')
        details = set()
        for name in ('mute2', 'nobody-at-all'):
            problem = self.ask('POST', '/api/v1/auth/login', {'name': name, 'password': 'not the password'},
                               token=False, status=401).json()
            details.add((problem['detail'], problem['title'], problem['code']))
        self.assertEqual(len(details), 1)

    def test_lockout(self):
        self.make_user('locked')
        wrong = {'name': 'locked', 'password': 'not the password'}
        for _ in range(5):
            self.ask('POST', '/api/v1/auth/login', wrong, token=False, status=401)
        answer = self.ask('POST', '/api/v1/auth/login', wrong, token=False, status=429)
        self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)

    def test_bootstrap_only_once(self):
        self.assertFalse((self.host.data / 'bootstrap.token').exists())
        self.ask('POST', '/api/v1/auth/bootstrap', {'token': 'x', 'name': 'two', 'password': 'twelve characters'},
                 token=False, status=409)

    def test_without_a_token(self):
        for path in ('/api/v1/auth/me', '/api/v1/auth/sessions', '/api/v1/users', '/api/v1/providers'):
            answer = self.ask('GET', path, token=False, status=401)
            self.assertTrue(answer.headers['WWW-Authenticate'].startswith('Bearer'))

    def test_wrong_tokens(self):
        good = self.log_in(ADMIN, PASSWORD)['access_token']
        head, body, signature = good.split('.')
        for token in ('x', 'a.b.c', f'{head}.{body}.', f'{head}.{body}', f'{head}.{body}.{signature}=',
                      f'{head}.{body}.{signature[:-2]}AA', 'skt_' + 'a' * 26 + '_' + '0' * 64):
            with self.subTest(token=token):
                self.ask('GET', '/api/v1/auth/me', token=token, status=401)
        self.ask('GET', '/api/v1/auth/me', token=good, status=200)


class Sessions(IdentityCase):
    def test_refresh_rotates_and_reuse_ends_it(self):
        self.make_user()
        first = self.log_in()
        second = self.ask('POST', '/api/v1/auth/refresh', {'refresh_token': first['refresh_token']},
                          token=False, status=200).json()
        self.ask('GET', '/api/v1/auth/me', token=second['access_token'], status=200)
        self.ask('POST', '/api/v1/auth/refresh', {'refresh_token': first['refresh_token']}, token=False, status=401)
        for token in (first['access_token'], second['access_token']):
            self.ask('GET', '/api/v1/auth/me', token=token, status=401)
        self.ask('POST', '/api/v1/auth/refresh', {'refresh_token': second['refresh_token']}, token=False, status=401)

    def test_two_refreshes_at_once(self):
        self.make_user()
        body = {'refresh_token': self.log_in()['refresh_token']}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: self.ask('POST', '/api/v1/auth/refresh', body, token=False), range(4)))
        good = [a.json() for a in answers if a.status == 200]
        self.assertLessEqual(len(good), 1)
        self.assertEqual({a.status for a in answers} - {200}, {401})
        for pair in good:
            self.ask('GET', '/api/v1/auth/me', token=pair['access_token'], status=401)

    def test_logout_and_list(self):
        self.make_user()
        here, there = self.log_in(), self.log_in()
        sessions = self.ask('GET', '/api/v1/auth/sessions', token=here['access_token'], status=200).json()['items']
        self.assertEqual(len(sessions), 2)
        self.assertEqual([s['current'] for s in sessions].count(True), 1)
        other = next(s['id'] for s in sessions if not s['current'])
        self.ask('DELETE', '/api/v1/auth/sessions/' + other, token=here['access_token'], status=204)
        self.ask('GET', '/api/v1/auth/me', token=there['access_token'], status=401)
        self.ask('POST', '/api/v1/auth/logout', token=here['access_token'], status=204)
        self.ask('GET', '/api/v1/auth/me', token=here['access_token'], status=401)

    def test_new_password(self):
        self.make_user()
        here, there = self.log_in(), self.log_in()
        self.ask('POST', '/api/v1/auth/password', {'current': ADA['password'], 'new': 'short'},
                 token=here['access_token'], status=422)
        self.ask('POST', '/api/v1/auth/password', {'current': ADA['password'], 'new': 'wheels within wheels'},
                 token=here['access_token'], status=204)
        self.ask('GET', '/api/v1/auth/me', token=here['access_token'], status=200)
        self.ask('GET', '/api/v1/auth/me', token=there['access_token'], status=401)
        self.log_in(password='wheels within wheels')

    def test_they_survive_a_restart_and_a_new_key(self):
        self.make_user()
        login = self.log_in()
        self.ask('POST', '/api/v1/system/signing-keys/rotate', status=200)
        self.ask('GET', '/api/v1/auth/me', token=login['access_token'], status=200)
        self.host.stop()
        self.host.start()
        self.ask('GET', '/api/v1/auth/me', token=login['access_token'], status=200)
        keys = self.ask('GET', '/api/v1/system/signing-keys', status=200).json()['items']
        self.assertEqual([k['state'] for k in keys].count('active'), 1)
        self.assertNotIn('secret', json.dumps(keys))


class Tokens(IdentityCase):
    def test_limited(self):
        self.make_user()
        login = self.log_in()['access_token']
        made = self.ask('POST', '/api/v1/auth/tokens', {'name': 'reader', 'permissions': ['*:list', 'auth:me']}, token=login,
                        status=201).json()
        token = made['token']
        me = self.ask('GET', '/api/v1/auth/me', token=token, status=200).json()
        self.assertEqual((me['name'], me['token_id'], me['session_id']), ('ada', made['id'], None))
        self.ask('POST', '/api/v1/workspaces', {'name': 'w'}, token=token, status=403)
        self.ask('POST', '/api/v1/auth/tokens', {'name': 'more'}, token=token, status=403)
        listed = self.ask('GET', '/api/v1/auth/tokens', token=login, status=200)
        self.assertNotIn(token, listed.body.decode())
        self.ask('DELETE', '/api/v1/auth/tokens/' + made['id'], token=login, status=204)
        self.ask('GET', '/api/v1/auth/me', token=token, status=401)

    def test_service_account(self):
        robot = self.ask('POST', '/api/v1/users', {'name': 'robot', 'role': 'viewer', 'kind': 'service'},
                         status=201).json()
        self.addCleanup(self.ask, 'DELETE', '/api/v1/users/' + robot['id'])
        made = self.ask('POST', '/api/v1/auth/tokens', {'name': 'ci', 'user_id': robot['id']}, status=201).json()
        me = self.ask('GET', '/api/v1/auth/me', token=made['token'], status=200).json()
        self.assertEqual((me['name'], me['kind']), ('robot', 'service'))
        self.ask('POST', '/api/v1/auth/login', {'name': 'robot', 'password': 'anything at all'}, token=False,
                 status=401)


class Users(IdentityCase):
    def test_update_needs_the_version(self):
        user = self.make_user()
        path = '/api/v1/users/' + user['id']
        self.ask('PATCH', path, {'display_name': 'Ada'}, status=428)
        etag = self.ask('GET', path, status=200).headers['ETag']
        self.ask('PATCH', path, {'display_name': 'Ada'}, headers={'If-Match': etag}, status=200)
        self.ask('PATCH', path, {'display_name': 'Eve'}, headers={'If-Match': etag}, status=412)

    def test_disabled_at_once(self):
        user = self.make_user()
        login = self.log_in()
        path = '/api/v1/users/' + user['id']
        etag = self.ask('GET', path, status=200).headers['ETag']
        self.ask('PATCH', path, {'state': 'disabled'}, headers={'If-Match': etag}, status=200)
        self.ask('GET', '/api/v1/auth/me', token=login['access_token'], status=401)

    def test_others_may_not(self):
        user = self.make_user()
        token = self.log_in()['access_token']
        self.ask('GET', '/api/v1/users', token=token, status=403)
        self.ask('POST', '/api/v1/users', {'name': 'eve', 'role': 'admin'}, token=token, status=403)
        self.ask('DELETE', '/api/v1/users/' + user['id'], token=token, status=403)

    def test_the_last_administrator_stays(self):
        me = self.ask('GET', '/api/v1/auth/me', status=200).json()
        self.ask('DELETE', '/api/v1/users/' + me['id'], status=409)

    def test_secrets_are_told_to_nobody(self):
        self.make_user('secretive')
        login = self.log_in('secretive')
        token = self.ask('POST', '/api/v1/auth/tokens', {'name': 't'}, token=login['access_token'],
                         status=201).json()['token']
        self.host.stop()
        kept = [ADA['password'], PASSWORD, login['access_token'], login['refresh_token'], token]
        server = database_server()
        for folder in [self.host.data] + ([server.home] if server else []):
            for file in folder.rglob('*'):
                if file.is_file() and file.name != 'test.token':
                    told = file.read_bytes()
                    self.assertEqual([s for s in kept if s.encode() in told], [], file)
        self.assertEqual([s for s in kept if s in self.host.log()], [])
        self.host.start()


if __name__ == '__main__':
    unittest.main()
