# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A helpdesk with people who work in it, behind the web client.

    with Office(folder) as office:
        office.receive(letter)
        ...a browser at office.address...
        office.sink.messages

With live=True the web client hears at once what others do; modules are those
that are activated, with those that they need.
"""
import contextlib
import fcntl
from pathlib import Path

from trytond import backend
from trytond.pool import Pool
from trytond.tools import file_open

from demo import client, server
from tests.database import ROOT
from tests.environment import MODULES
from tests.records import Helpdesk
from tests.services import HOST, Sink
from tests.together.processes import Site

CACHE = ROOT / '.cache'
PASSWORD = 'correct-horse-battery'
SUPPORT = 'support@ribera.example'
INBOX = 'support'
# Whose words stand on the screens that agents see
TRANSLATED = ['ir', 'res', 'company', 'party', 'inbound_email', *MODULES]


def web_client():
    "Return the folder of the web client, installed once"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / 'client.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return client.make(CACHE / 'client', CACHE / 'log')


def is_translated(language):
    return all(
        (ROOT / module / 'locale' / f'{language}.po').exists()
        for module in MODULES)


class Office:

    def __init__(
            self, folder, languages=(), live=False,
            modules=('helpdesk_portal',)):
        self.folder = Path(folder)
        self.languages = languages
        self.live = live
        self.modules = modules
        self._stack = contextlib.ExitStack()
        self._server = contextlib.ExitStack()

    def __enter__(self):
        root = web_client()
        with contextlib.ExitStack() as stack:
            self.sink = stack.enter_context(Sink())
            self.site = stack.enter_context(
                Site(list(self.modules), self.folder))
            self.host = f'http://{HOST}:{self.site.port}'
            self._conf = self.site.configure(
                web={'root': root},
                email={'uri': self.sink.uri, 'from': SUPPORT},
                helpdesk={'url': self.host},
                bus={'allow_subscribe': str(self.live)})
            self.site.call(self._fill)
            stack.callback(self.stop)
            self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *args):
        self._stack.close()

    def start(self):
        "Start the server; it listens afterwards"
        own_bus = self.live and backend.name == 'sqlite'
        self._server.enter_context(self.site.server(
                conf=self._conf, variables=server.BUS if own_bus else ()))

    def stop(self):
        "Kill the server"
        self._server.close()

    @property
    def address(self):
        "Where the client logs in to the database"
        return f'{self.host}/#{self.site.name}'

    def receive(self, letter):
        "Put a letter into the pipe, as a mail server does"
        result = self.site.finish(
            self.site.pipe(letter, INBOX, conf=self._conf))
        assert not result.returncode, result.stderr

    def speak(self, login, language):
        "Choose the language of a user"
        with self.site.transaction() as pool:
            Lang = pool.get('ir.lang')
            User = pool.get('res.user')
            user, = User.search([('login', '=', login)])
            user.language, = Lang.search([('code', '=', language)])
            user.save()

    def _fill(self):
        for language in self.languages:
            translate(language)
        helpdesk = Helpdesk(
            mail_name="Ribera Support", mail_address=SUPPORT,
            subaddress=True)
        _let_log_in(helpdesk)
        _make_inbox()


def _let_log_in(helpdesk):
    pool = Pool()
    Item = pool.get('ir.module.config_wizard.item')
    Lang = pool.get('ir.lang')
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    admin, = User.search([('login', '=', 'admin')])
    admin.companies = [helpdesk.company]
    admin.company = helpdesk.company
    admin.groups = [
        *admin.groups, ModelData.get_id('helpdesk', 'group_helpdesk_admin'),
        ModelData.get_id('helpdesk', 'group_helpdesk_manager')]
    users = [admin, helpdesk.agent, helpdesk.manager]
    english, = Lang.search([('code', '=', 'en')])
    for user in users:
        user.language = english
        user.password = PASSWORD
    User.save(users)
    # What the first to log in after an activation would be asked
    Item.write(Item.search([]), {'state': 'done'})


def _make_inbox():
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Inbox.create([{
                'name': INBOX,
                'rules': [('create', [{'action': 'helpdesk.mail|receive'}])],
                }])


def translate(language):
    "Load the words of a language, and offer it"
    pool = Pool()
    Lang = pool.get('ir.lang')
    Translation = pool.get('ir.translation')
    for module in TRANSLATED:
        with file_open(f'{module}/locale/{language}.po') as file:
            Translation.translation_import(language, module, [file.name])
    languages = Lang.search([('code', '=', language)])
    Lang.write(languages, {'translatable': True})
