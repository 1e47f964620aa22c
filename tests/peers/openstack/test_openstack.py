#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""skyclustd and its openstack driver in front of a real OpenStack (up.sh), through the REST API only.

    test_openstack.py [MODULE[.CLASS[.TEST]]...]

Without names all of it runs, and at the end every operation that the driver's --describe lists must have succeeded.
"""
import sys
import unittest

import case
from case import PREFIX, settings
from proxy import Proxy

MODULES = ('test_compute', 'test_network', 'test_storage', 'test_keystone', 'test_cluster', 'test_pages', 'test_failures',
           'test_client', 'test_outage')
PRICES = '''        prices:
          currency: EUR
          instance_types:
            m1.tiny: "0.01"
            m1.small: "0.025"
            m1.medium: "0.05"
'''


def providers(proxy):
    """One driver, many providers: the five settings of the README, and ways to get them wrong."""
    five = case.five()
    app_id, app_secret = case.account.application_credential(PREFIX + 'app')
    by_id = {k: v for k, v in five.items() if k != 'project_name'}
    return ''.join((
        settings('openstack', **five) + PRICES,
        settings('by-project-id', **by_id, project_id=case.account.project_id, domain_name='Default'),
        settings('by-app-credential', auth_url=five['auth_url'], region=five['region'],
                 application_credential_id=app_id, application_credential_secret=app_secret),
        settings('bare-url', **{**five, 'auth_url': five['auth_url'].removesuffix('/v3') + '/'}),
        settings('behind-proxy', **{**five, 'auth_url': proxy.auth_url}),
        settings('admin', **case.five(('admin', 'admin'))),
        settings('wrong-password', **{**five, 'password': 'not-' + five['password']}),
        settings('wrong-project', **{**five, 'project_name': 'nobody'}),
        settings('wrong-region', **{**five, 'region': 'Atlantis'}),
        settings('nobody-home', **{**five, 'auth_url': 'http://127.0.0.1:9/v3'}),
        settings('no-user', auth_url=five['auth_url'])))


class Matrix(unittest.TestCase):
    """What the driver says it can do was done: the last test."""

    def test_every_operation_was_done(self):
        offered = {name for name, offers in case.matrix().items() if offers and not name.startswith('op.')}
        print(f'{len(offered & case.done)} of {len(offered)} operations done on the real cloud', flush=True)
        self.assertEqual(offered - case.done, set())


def run(names):
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names or MODULES)
    if not names:
        suite.addTest(loader.loadTestsFromTestCase(Matrix))
    return unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful()


def main():
    case.connect()
    try:
        with Proxy() as case.proxy:
            case.start(providers(case.proxy))
            good = run(sys.argv[1:])
            case.stop()
    finally:
        case.disconnect()
    return not good


if __name__ == '__main__':
    sys.exit(main())
