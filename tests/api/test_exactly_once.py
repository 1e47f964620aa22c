#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Deaths at every point of an operation's way: exactly one effect each. With
EXACTLY_ONCE=200 in the environment it is 200 creates a point (make torture)."""
import os
import unittest

from exactly_once import DRIVER_POINTS, HOST_POINTS, Rounds, can_die

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


if __name__ == '__main__':
    unittest.main()
