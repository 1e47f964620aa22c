#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every link of a page of ours leads to a file and a heading that are there."""
import os
import re
import unittest

from programs import ROOT


def slug(heading):
    """The anchor of a heading, as forges make it."""
    return re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')


def anchors(text):
    return {slug(heading) for heading in re.findall(r'^#+ (.*)', text, re.M)}


def broken(page, text, read):
    """The links of @text, the page @page, that lead nowhere; @read(path) gives a file's text or None."""
    for link in re.findall(r'\]\(([^)\s]+)\)', text):
        path, _, anchor = link.partition('#')
        if '://' in path:
            continue
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        found = read(target)
        if found is None or (anchor and anchor not in anchors(found)):
            yield f'{page}: {link}'


class Links(unittest.TestCase):
    def test_it_can_say_no(self):
        files = {'a/x.md': '# One two\n', 'y.md': ''}
        for link, fits in (('a/x.md', True), ('a/x.md#one-two', True), ('a/x.md#three', False), ('z.md', False),
                           ('https://example.org/z', True)):
            self.assertEqual(not list(broken('y.md', f'[text]({link})', files.get)), fits, link)

    def test_all_pages(self):
        def read(path):
            at = ROOT / path
            return '' if at.is_dir() else at.read_text() if at.is_file() else None
        pages = [str(path.relative_to(ROOT)) for path in ROOT.rglob('*.md')
                 if 'build' not in path.relative_to(ROOT).parts]
        self.assertGreater(len(pages), 8)
        self.assertEqual([link for page in pages for link in broken(page, read(page), read)], [])


if __name__ == '__main__':
    unittest.main()
