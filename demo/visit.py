# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a customer does on the portal, with a browser that runs no scripts.

What scripts have to work out for a form is worked out here.
"""
import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from .progress import Trouble

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
CHALLENGE = re.compile(r'data-challenge="([^"]+)"')
BOUNDARY = 'a7f0c1d9e5'


class Visit:
    "One browser, which keeps its cookies; page is what it shows last"

    def __init__(self):
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()))
        self.page = ''
        self.address = None

    def open(self, address):
        "Show the page; tell if there is one"
        body, found = self._fetch(address)
        if found:
            self.address = found
        self.page = body.decode('utf-8') if found else ''
        return bool(found)

    def download(self, address):
        "Return the bytes of a file, None if there is none"
        return self._fetch(address)[0]

    def submit(self, address=None, **typed):
        "Send the form of the page, filled in"
        fields = {
            **dict(HIDDEN.findall(self.page)), **self._proof(), **typed}
        body = ''.join(
            f'--{BOUNDARY}\r\n'
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n'
            f'{html.unescape(value)}\r\n'
            for name, value in fields.items())
        self.open(urllib.request.Request(
                address or self.address,
                data=f'{body}--{BOUNDARY}--\r\n'.encode(),
                headers={
                    'Content-Type':
                    f'multipart/form-data; boundary={BOUNDARY}'}))

    def shows(self, text):
        return text in html.unescape(self.page)

    def link(self, pattern):
        "Return the full address of the first link or script that matches"
        found = re.search(f'(?:href|src)="({pattern})"', self.page)
        if found:
            return urllib.parse.urljoin(
                self.address, html.unescape(found[1]))

    def option(self, label):
        "Return the value of the option called so, None if there is none"
        found = re.search(
            rf'<option value="(\d+)"[^>]*>{re.escape(label)}</option>',
            self.page)
        return found and found[1]

    def _proof(self):
        "Return the proof of work that the form asks for"
        # Not installed yet where the demo begins
        import altcha
        asked = CHALLENGE.search(self.page)
        if not asked:
            return {}
        challenge = altcha.Challenge.from_dict(
            json.loads(html.unescape(asked[1])))
        return {
            'altcha': altcha.Payload(
                challenge, altcha.solve_challenge(challenge)).to_base64()}

    def _fetch(self, address):
        "Return the bytes there and where it was in the end, or None twice"
        url = getattr(address, 'full_url', address)
        try:
            with self._browser.open(address, timeout=60) as answer:
                return answer.read(), answer.url
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None, None
            raise Trouble(
                f"{url} answers {error.code} {error.reason}") from None
        except OSError as error:
            raise Trouble(f"{url} does not answer: {error}") from None
