# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import base64
import http.server
import io
import logging
import os
import tempfile
import threading
from contextlib import contextmanager

from pypdf import PdfReader
from trytond.modules.helpdesk_portal.ticket_document import picture_address
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    TestCase, activate_module, with_transaction)

from .pictures import images_of, picture


@contextmanager
def web_server():
    "Run an HTTP server; yield its address and the list of what it was asked"
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(picture())

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}', asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class FetchTestCase(TestCase):
    "While the PDF is made nothing is fetched nor read (SE10)"

    @classmethod
    def setUpClass(cls):
        activate_module('helpdesk_portal')
        logging.getLogger('weasyprint').setLevel(logging.CRITICAL)
        cls.addClassCleanup(
            logging.getLogger('weasyprint').setLevel, logging.NOTSET)

    @staticmethod
    def traps(address):
        "Yield HTML that makes a careless program follow the address"
        for markup in [
                '<img src="{}"/>', '<link rel="stylesheet" href="{}"/>',
                '<style>@import url("{}");</style>',
                '<style>@font-face {{ font-family: x; src: url("{}") }} '
                'p {{ font-family: x }}</style><p>x</p>',
                '<p style="background: url({})">x</p>',
                '<ul style="list-style-image: url({})"><li>x</li></ul>',
                '<style>p::before {{ content: url("{}") }}</style><p>x</p>',
                '<link rel="attachment" href="{}"/>',
                '<a rel="attachment" href="{}">x</a>',
                '<iframe src="{}"></iframe>', '<embed src="{}"/>',
                '<object data="{}"></object>',
                '<svg xmlns="http://www.w3.org/2000/svg" width="9" '
                'height="9"><image href="{}" width="9" height="9"/></svg>',
                '<svg xmlns="http://www.w3.org/2000/svg" width="9" '
                'height="9"><use href="{}#a"/></svg>',
                '<svg xmlns="http://www.w3.org/2000/svg" width="9" '
                'height="9"><style>@import url("{}");</style></svg>',
                ]:
            yield markup.format(address)
        yield f'<base href="{address}"/><img src="x.png"/>'
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
            f'<image href="{address}" width="9" height="9"/></svg>')
        for type_ in ['image/svg+xml', 'image/png', 'text/css']:
            data = base64.b64encode(svg.encode()).decode()
            yield f'<img src="data:{type_};base64,{data}"/>'
        css = base64.b64encode(f'@import url("{address}");'.encode()).decode()
        yield f'<link rel="stylesheet" href="data:text/css;base64,{css}"/>'

    @with_transaction()
    def test_network(self):
        Report = Pool().get('helpdesk.ticket', type='report')
        with web_server() as (address, asked):
            for html in self.traps(f'{address}/trap.png'):
                with self.subTest(html=html):
                    pdf = PdfReader(io.BytesIO(Report.to_pdf(html)))
                    self.assertEqual(images_of(pdf), [])
                    self.assertEqual(asked, [])

    @with_transaction()
    def test_file(self):
        Report = Pool().get('helpdesk.ticket', type='report')
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'secret.png')
            with open(path, 'wb') as file:
                file.write(picture())
            for address in [
                    f'file://{path}', path, f'FILE://{path}',
                    f'file:{path}', os.path.relpath(path)]:
                for html in self.traps(address):
                    with self.subTest(html=html):
                        pdf = PdfReader(io.BytesIO(Report.to_pdf(html)))
                        self.assertEqual(images_of(pdf), [])
                        self.assertEqual(dict(pdf.attachments), {})

    @with_transaction()
    def test_other_addresses(self):
        "Neither ftp, php and the like, nor data that is no picture"
        Report = Pool().get('helpdesk.ticket', type='report')
        for address in [
                'ftp://127.0.0.1/x.png', 'php://filter/resource=x',
                'expect://id', 'gopher://127.0.0.1/', 'jar:file:///x!/y',
                'data:,x', 'data:image/png;base64,%%%', 'data:image/png,x']:
            with self.subTest(address=address):
                pdf = PdfReader(io.BytesIO(
                        Report.to_pdf(f'<p>x<img src="{address}"/></p>')))
                self.assertEqual(images_of(pdf), [])
        html = f'<img src="{picture_address(picture())}"/>'
        pdf = PdfReader(io.BytesIO(Report.to_pdf(html)))
        self.assertEqual(len(images_of(pdf)), 1)
