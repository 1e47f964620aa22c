#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Deaths at every point of an operation's way: exactly one effect each. With
EXACTLY_ONCE=200 in the environment it is 200 creates a point (make torture)."""
import os
import unittest

from exactly_once import DRIVER_POINTS, HOST_POINTS, Rounds, can_die
from skyclust_fixture import database_server

CREATES = int(os.environ.get('EXACTLY_ONCE', '20'))


class ExactlyOnce(unittest.TestCase):
    @unittest.skipUnless(can_die(), 'the host was built without points to die at')
    def test_the_host_dies(self):
        for what, point in HOST_POINTS.items():
            with self.subTest(what):
                Rounds(self, CREATES).host_dies(point)

    def test_its_driver_dies(self):
        for what, point in DRIVER_POINTS.items():
            with self.subTest(what):
                Rounds(self, CREATES).driver_dies(point)

    @unittest.skipUnless(os.environ.get('SKYCLUST_TEST_ENGINE') == 'postgresql', 'the database is in the host itself')
    def test_the_database_dies(self):
        server = database_server()
        for how, kill, heal in (('killed', server.kill, server.restart), ('not answering', server.pause, server.resume)):
            with self.subTest(how):
                Rounds(self, CREATES).database_dies(kill, heal)


if __name__ == '__main__':
    unittest.main()
