# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A token server for tests: OAuth 2.0, with the settings that Dovecot asks for.
"""
import base64
import http.server
import itertools
import json
import threading
import time
from urllib.parse import parse_qsl, urlsplit

from tests.services import HOST, free_port

__all__ = ['TokenServer']


class TokenServer:
    """
    An OAuth 2.0 server that gives tokens, and tells Dovecot what they open.

    `client` is the id and the secret, `mailbox` what the tokens open,
    `refresh_tokens` those that are good, once each, `code` the authorization
    code. `requests` are the forms it was sent. Set `refuse` to the fields of
    an error to refuse clients, `answer` to bytes to talk nonsense, `delay` to
    seconds to be slow.
    """

    def __init__(self, mailbox='support'):
        self.client = ('helpdesk', 's3cr3t')
        self.mailbox = mailbox
        self.refresh_tokens = {'refresh-0'}
        self.code = None
        self.lifetime = 3600
        self.delay = 0
        self.refuse = None
        self.answer = None
        self.requests = []
        self.tokens = set()
        self.port = free_port()
        self._numbers = itertools.count(1)
        self._server = None

    @property
    def url(self):
        return f'http://{HOST}:{self.port}'

    def opens(self, token, mailbox):
        return token in self.tokens and mailbox == self.mailbox

    def start(self):
        self._server = http.server.ThreadingHTTPServer(
            (HOST, self.port), self._handler())
        threading.Thread(
            target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *args):
        self.stop()

    def _handler(self):
        tokens = self

        class Handler(http.server.BaseHTTPRequestHandler):

            def do_POST(self):
                length = int(self.headers['Content-Length'])
                form = dict(parse_qsl(self.rfile.read(length).decode()))
                if basic := self.headers.get('Authorization'):
                    name, _, secret = base64.b64decode(
                        basic.partition(' ')[2]).decode().partition(':')
                    form.update(client_id=name, client_secret=secret)
                tokens.requests.append(form)
                time.sleep(tokens.delay)
                answer = tokens.refuse or tokens.check(form)
                self._send(400 if 'error' in answer else 200, answer)

            def do_GET(self):
                "Dovecot asks whom a token is for"
                token = dict(parse_qsl(urlsplit(self.path).query))['token']
                self._send(200, {
                        'active': str(token in tokens.tokens).lower(),
                        'mailbox': tokens.mailbox,
                        'sub': "somebody else",
                        })

            def _send(self, status, answer):
                body = tokens.answer or json.dumps(answer).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        return Handler

    def check(self, form):
        "Return the answer to a request for a token"
        if (form['client_id'], form.get('client_secret')) != self.client:
            return {'error': 'invalid_client', 'error_description':
                f'"{form.get("client_secret")}" is wrong.\r\nTrace: 1'}
        number = next(self._numbers)
        answer = {
            'access_token': f'access-{number}',
            'token_type': 'Bearer',
            'expires_in': self.lifetime,
            }
        if form['grant_type'] == 'client_credentials':
            pass
        elif (form.get('refresh_token') in self.refresh_tokens
                or self.code and form.get('code') == self.code):
            self.refresh_tokens = {f'refresh-{number}'}
            answer['refresh_token'] = f'refresh-{number}'
        else:
            return {'error': 'invalid_grant'}
        self.tokens.add(answer['access_token'])
        return answer
