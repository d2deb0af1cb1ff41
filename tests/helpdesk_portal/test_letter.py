# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import base64
import re

from .case import PortalTestCase

PICTURE = base64.b64decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGPQ6ooCAAHwAQ9i'
    'QpmnAAAAAElFTkSuQmCC')
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


class LetterPageTestCase(PortalTestCase):
    "Test letters on the page of a ticket"

    def test_quote(self):
        "ML25: what a letter quotes is folded, and nothing of it is lost"
        number, token = self.ticket({
                'body': "It works.",
                'quoted': "-- \nMarta\n\n> <b>Restart</b> it\n> please"})
        page = self.page(self.guest(number, token), number)
        folded = re.search(r'<details>.*?</details>', page, re.S)[0]

        self.assertIn("It works.", page.replace(folded, ''))
        self.assertNotIn("Restart", page.replace(folded, ''))
        self.assertIn("&gt; &lt;b&gt;Restart&lt;/b&gt; it\n&gt; please",
            folded)
        self.assertIn("Marta", folded)

    def test_no_quote(self):
        number, token = self.ticket({'body': "It works."})
        page = self.page(self.guest(number, token), number)
        self.assertNotIn('<details>', page)

    def test_picture(self):
        "ML19: a picture is shown in its place, and not listed again"
        number, token = self.ticket({
                'body': "Before:\n[before.png]\nand after\n[other.png]",
                'files': [('before.png', PICTURE), ('bill.pdf', b'%PDF')]})
        client = self.guest(number, token)
        page = self.page(client, number)
        body = re.search(r'<div class="body".*?</div>', page, re.S)[0]
        files = re.search(r'<ul class="files".*?</ul>', page, re.S)[0]
        source = re.search(r'<img[^>]* src="([^"]+)"', body)[1]

        self.assertRegex(
            body, r'Before:\s+<a href="[^"]+/attachments/\d+"[^>]*><img')
        self.assertIn("[other.png]", body)
        self.assertEqual(page.count('<img'), 1)
        self.assertNotIn("before.png", files)
        self.assertIn("bill.pdf", files)
        response = client.get(source)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.data, PICTURE)
        self.assertEqual(response.headers['Content-Type'], 'image/png')
        self.assertEqual(
            response.headers['X-Content-Type-Options'], 'nosniff')
        self.assertIn('sandbox', response.headers['Content-Security-Policy'])
        self.assertIn("img-src 'self'",
            client.get(f'{self.base}/tickets/{number}').headers[
                'Content-Security-Policy'])

    def test_picture_that_is_none(self):
        "SE2: what is called a picture but is something else is not shown"
        number, token = self.ticket({
                'body': "[a.png] [b.png] [c.svg]",
                'files': [
                    ('a.png', SVG), ('b.png', b'<script>alert(1)</script>'),
                    ('c.svg', SVG)]})
        client = self.guest(number, token)
        page = self.page(client, number)

        self.assertIn("c.svg", re.search(
                r'<ul class="files".*?</ul>', page, re.S)[0])
        sources = re.findall(r'<img[^>]* src="([^"]+)"', page)
        self.assertEqual(len(sources), 2)
        for source in sources:
            self.assertEqual(client.get(source).status_code, 404)
            # It can be had as a file all the same
            file = source.replace('/pictures/', '/attachments/')
            self.assertIn(f'href="{file}"', page)
            self.assertEqual(client.get(file).status_code, 200)

    def test_picture_of_others(self):
        "SE4: a picture is only to be had with its own ticket"
        other, other_token = self.ticket({
                'body': "[a.png]", 'files': [('a.png', PICTURE)]})
        page = self.page(self.guest(other, other_token), other)
        source = re.search(r'<img[^>]* src="([^"]+)"', page)[1]
        number, token = self.ticket({'body': "Mine"})
        client = self.guest(number, token)

        for address in [source, source.replace(other, number)]:
            self.assertEqual(client.get(address).status_code, 404)

    def test_signature_file(self):
        "The file of a signature is kept, but not listed"
        number, token = self.ticket({
                'body': "Signed", 'protection': 'signed',
                'files': [('smime.p7s', b'0'), ('bill.pdf', b'%PDF')]})
        page = self.page(self.guest(number, token), number)

        self.assertNotIn("smime.p7s", page)
        self.assertIn("bill.pdf", page)


del PortalTestCase
