# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"What the parts of the demo must agree on"
from dataclasses import dataclass
from pathlib import Path

from . import place

DATABASE = 'demo'
INBOX = 'support'
LANGUAGES = ['es', 'ca']
PASSWORD = 'helpdesk'
DOMAIN = 'ribera.example'
SUPPORT = f'support@{DOMAIN}'
ORDERS = f'orders@{DOMAIN}'
LOGINS = [
    ('ana', "agent of Technical Support, Spanish"),
    ('joan', "agent of Orders and Invoices, Catalan"),
    ('marta', "manager, sees every section, English"),
    ('admin', "administrator, English"),
    ]
# The live chat
CHANNEL = "Shop"
# Who has a password on the portal
CUSTOMER = 'tom@harbourtea.example'
# Who is invited to it by mail, and sees what colleagues wrote
INVITED = 'lucia@cafecentral.example'
SHARED_DOMAIN = 'cafecentral.example'
# Whose ticket is resolved
SATISFIED = 'fonda@fondadelmar.example'

CONFIG = """\
[database]
uri = sqlite://
path = {data}

[web]
listen = 127.0.0.1:{port}
hostname = 127.0.0.1:{port}
root = {root}

[email]
uri = smtp://127.0.0.1:{sink}
from = {sender}

[helpdesk]
url = {url}

[bus]
allow_subscribe = True

[session]
timeout = 86400
"""


@dataclass(frozen=True)
class Settings:
    "One running demo: folder, ports and the files to serve"
    home: Path
    port: int
    sink: int
    root: Path

    @property
    def data(self):
        return self.home / 'data'

    @property
    def sent(self):
        return self.home / 'sent'

    @property
    def config(self):
        return self.home / 'trytond.conf'

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def write(self):
        self.data.mkdir(parents=True, exist_ok=True)
        self.sent.mkdir(exist_ok=True)
        self.config.write_text(CONFIG.format(
                data=self.data, port=self.port, root=self.root,
                sink=self.sink, sender=SUPPORT, url=self.url))

    def arguments(self):
        "What another process needs to know the same"
        return [self.home, self.port, self.sink, self.root]

    @classmethod
    def from_arguments(cls, arguments):
        home, port, sink, root = arguments
        return cls(Path(home), int(port), int(sink), Path(root))

    def pipe(self):
        "The command that takes a letter on its standard input"
        return [
            str(place.BIN / 'trytond-helpdesk-mail'), '-c', str(self.config),
            '-d', DATABASE, '--inbox', INBOX]
