#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages: sound mdoc, and nothing that the programs take is missing from them."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from programs import DRIVERS, PAGES, TIMEOUT, as_text, describe, output

MAN = pathlib.Path(os.environ['SKYCLUST_MAN'])
# What a linter cannot know, or knows for one system only.
NOT_FOR_US = re.compile(r'referenced manual not found|operating system explicitly specified')


@unittest.skipUnless(shutil.which('mandoc'), 'mandoc is not installed')
class Manual(unittest.TestCase):
    def each(self):
        for name, program in PAGES.items():
            yield name, program, output(program, '--man')

    def lint(self, page):
        done = subprocess.run(['mandoc', '-T', 'lint', '-W', 'style'], input=page, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        return [line for line in done.stdout.splitlines() if not NOT_FOR_US.search(line)]

    def test_lint_can_say_no(self):
        self.assertTrue(self.lint('.Dd today\n.Dt X 8\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Bl\n'))

    def test_sound(self):
        for name, _, page in self.each():
            self.assertEqual(self.lint(page), [], name)

    def test_groff_reads_them_too(self):
        for name, _, page in self.each():
            done = subprocess.run(['groff', '-ww', '-mdoc', '-Tutf8'], input=page, capture_output=True, text=True,
                                  timeout=TIMEOUT, check=True)
            self.assertEqual(done.stderr, '', name)

    def test_the_build_wrote_what_the_programs_print(self):
        self.assertEqual({path.name for path in MAN.iterdir()}, set(PAGES))
        for name, _, page in self.each():
            self.assertEqual((MAN / name).read_text(), page, name)

    def test_every_option_of_help(self):
        for name, program, page in self.each():
            options = set(re.findall(r'(?<![\w-])--[a-z][a-z-]+', output(program, '--help')))
            self.assertGreater(len(options), 4)
            text = as_text(page)
            described = {option for line in re.findall(rf'^ +(?:-|{program.name} ).*', text, re.M)
                         for option in re.findall(r'--[a-z][a-z-]+', line)}
            self.assertEqual(options - described, set(), name)

    def test_sections(self):
        for name, _, page in self.each():
            found = re.findall(r'^\.Sh (.*)', page, re.M)
            self.assertEqual(found[:3], ['NAME', 'SYNOPSIS', 'DESCRIPTION'], name)
            for wanted in ('ENVIRONMENT', 'EXIT STATUS', 'SEE ALSO'):
                self.assertIn(wanted, found, name)

    def test_arguments_that_are_told_about_exist(self):
        text = as_text(output(PAGES['skyclust.1'], '--man'))
        section = {title: body for title, body in re.findall(r'^(\w[\w ]*)\n(.*?)(?=^\w|\Z)', text, re.M | re.S)}
        verbs = set(re.findall(r'--[a-z-]+', section['COLLECTIONS']))
        self.assertGreater(len(verbs), 80)
        told = set(re.findall(r'^ +(--[a-z-]+)', section['ARGUMENTS'], re.M))
        self.assertGreater(len(told), 3)
        self.assertEqual(told - verbs, set())

    def test_settings_of_the_host(self):
        program = PAGES['skyclustd.8']
        text, section = as_text(output(program, '--man')), ''
        settings = []
        for line in output(program, '--print-config').splitlines():
            if found := re.match(r'(\w+):', line):
                section = found[1]
            elif found := re.match(r'  (\w+):', line):
                settings.append(f'{section}.{found[1]}')
        self.assertGreater(len(settings), 20)
        for setting in settings:
            self.assertRegex(text, rf'(?m)^ +{re.escape(setting)}\b', setting)

    def test_what_drivers_say_of_themselves(self):
        for name, (program, _) in DRIVERS.items():
            text, told = as_text(output(program, '--man')), describe(program)
            fields = [*told['config_schema']['properties'], *told['credential_schema']['properties'], *told['env']]
            for field in fields:
                self.assertRegex(text, rf'(?m)^ +{field}\b', name)
            for operation, what in told['operations'].items():
                kind, _, verb = operation.rpartition('.')
                if kind == 'op':
                    continue
                if what['supported']:
                    self.assertRegex(text, rf'(?m)^ +{kind}\n? +([\w, ]+, )?{verb}\b', operation)
                else:
                    self.assertRegex(text, rf'(?m)^ +{kind} ([\w ]+ )?{verb}\b.*\n +{re.escape(what["reason"])}')


if __name__ == '__main__':
    unittest.main()
