# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import json
import threading
import unittest
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch
from urllib.parse import parse_qs

import trytond.config as config
from trytond.modules.helpdesk_portal import recaptcha

from tests.services import HOST, free_port

GOOD = {'success': True, 'score': 0.9, 'action': 'helpdesk'}


@contextmanager
def google(answer, status=200):
    """
    A server that answers as Google's would; give the list of what it is asked.

    answer is what becomes JSON, bytes for what is none, or None to say
    nothing.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):

        def do_POST(self):
            length = int(self.headers['Content-Length'])
            asked.append(parse_qs(self.rfile.read(length).decode()))
            if answer is None:
                silence.wait(5)
                return
            body = answer if isinstance(answer, bytes) else (
                json.dumps(answer).encode())
            self.send_response(status)
            self.send_header('Location', 'http://127.0.0.1:1/')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    silence = threading.Event()
    server = HTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with asking(server.server_port):
        try:
            yield asked
        finally:
            silence.set()
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def asking(port):
    "Have reCAPTCHA asked at the port of this machine"
    def get(section, name, *args, **kwargs):
        if (section, name) == ('helpdesk', 'recaptcha_url'):
            return f'http://{HOST}:{port}/verify'
        return original(section, name, *args, **kwargs)

    original = config.get
    with patch.object(recaptcha.config, 'get', get):
        yield


class RecaptchaTestCase(unittest.TestCase):
    "Whom Google takes for a person (B5)"

    def test_answers(self):
        for name, answer, status, person in [
                ("sure", GOOD, 200, True),
                ("just enough", {**GOOD, 'score': 0.5}, 200, True),
                ("a robot", {**GOOD, 'score': 0.4}, 200, False),
                ("no score", {'success': True, 'action': 'helpdesk'}, 200,
                    False),
                ("used before", {**GOOD, 'success': False}, 200, False),
                ("true in words", {**GOOD, 'success': 'true'}, 200, False),
                ("of another page", {**GOOD, 'action': 'login'}, 200, False),
                ("score in words", {**GOOD, 'score': 'x'}, 200, False),
                ("score of a list", {**GOOD, 'score': []}, 200, False),
                ("a list", [], 200, False),
                ("no JSON", b'<html>', 200, False),
                ("trouble", GOOD, 500, False),
                ("elsewhere", GOOD, 302, False),
                ]:
            with self.subTest(name), google(answer, status):
                self.assertIs(
                    bool(recaptcha.is_person('key', 'token', 0.5)), person)

    def test_asked(self):
        with google(GOOD) as asked:
            recaptcha.is_person('key', 'token', 0.5)
        self.assertEqual(asked, [{'secret': ['key'], 'response': ['token']}])

    def test_not_asked(self):
        "Without key or token there is nothing to ask"
        with google(GOOD) as asked:
            for secret, token in [
                    (None, 'token'), ('key', None), ('key', ''),
                    ('key', 'x' * 20_000)]:
                self.assertFalse(recaptcha.is_person(secret, token, 0.5))
        self.assertEqual(asked, [])

    def test_down(self):
        "When Google can't be reached nobody is taken for a person"
        with asking(free_port()):
            self.assertFalse(recaptcha.is_person('key', 'token', 0.5))

    def test_slow(self):
        with google(None), patch.object(recaptcha, 'TIMEOUT', (1, 0.2)):
            self.assertFalse(recaptcha.is_person('key', 'token', 0.5))
