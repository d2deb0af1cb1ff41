# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A shop with a live chat: a running trytond, and a channel for each test.

    with Shop(folder) as shop:
        channel = shop.channel("Coffee", staffed=True)
        window.page.goto(shop.address(channel))
        ...the visitor writes...
        shop.answer(channel, "Good morning")

The operator acts without a client: what that shows is for tests.client.
"""
import contextlib
from pathlib import Path

from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from tests.client.office import is_translated, translate
from tests.helpdesk_portal import chats
from tests.records import Helpdesk
from tests.services import HOST
from tests.together.processes import Site

LANGUAGES = [code for code in ['es'] if is_translated(code)]
TEXT = "Which machine, which beans? Ask us."


class Shop:

    def __init__(self, folder):
        self.folder = Path(folder)
        self._stack = contextlib.ExitStack()
        self._server = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.site = stack.enter_context(
                Site(['helpdesk_portal'], self.folder))
            self._agent, self._context = self.site.call(_fill)
            self._conf = self.site.configure(
                helpdesk={'url': f'http://{HOST}:{self.site.port}'},
                # The channels are made in another process
                cache={'clean_timeout': 0})
            stack.callback(self.stop)
            self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *args):
        self._stack.close()

    def start(self):
        self._server.enter_context(self.site.server(conf=self._conf))

    def stop(self):
        self._server.close()

    def address(self, channel, path=''):
        return f'{self.site.url}/helpdesk/chat/{channel}{path}'

    def call(self, function):
        return self.site.call(function, context=self._context)

    def channel(self, name, staffed=False, **values):
        "Make a channel of a section of its own, and return its id"
        def make():
            pool = Pool()
            Channel = pool.get('helpdesk.chat.channel')
            Section = pool.get('helpdesk.section')
            User = pool.get('res.user')
            agent = User(self._agent)
            section = Section(
                name=name, company=agent.company, visibility='public',
                web_form='everyone', members=[agent.employee])
            section.save()
            channel, = Channel.create([{
                        'name': name, 'text': TEXT, 'section': section.id,
                        'published': True, 'capacity': None, **values}])
            return channel.id
        id = self.call(make)
        if staffed:
            self.staff(id)
        return id

    def staff(self, channel):
        "Let the agent be at a client and join the channel"
        def staff():
            Channel = Pool().get('helpdesk.chat.channel')
            User = Pool().get('res.user')
            chats.be_present(User(self._agent))
            with self._as_agent():
                Channel.join([Channel(channel)])
        self.call(staff)

    def chat(self, channel, function):
        "Call the function with the newest chat of the channel"
        def act():
            Chat = Pool().get('helpdesk.chat')
            found = Chat.search(
                [('channel', '=', channel)], order=[('id', 'DESC')], limit=1)
            return function(*found)
        return self.call(act)

    def end_all(self):
        def end():
            Chat = Pool().get('helpdesk.chat')
            Chat.end(Chat.search([('state', '!=', 'ended')]), 'system')
        self.call(end)

    def answer(self, channel, *texts):
        "Let the agent open the newest chat, and write in it"
        def answer(chat):
            IrChannel = Pool().get('ir.chat.channel')
            with self._as_agent(), without_check_access():
                for text in texts:
                    IrChannel.post(str(chat), text, audience='public')
                IrChannel.get(str(chat))
        self.chat(channel, answer)

    @contextlib.contextmanager
    def _as_agent(self):
        pool = Pool()
        User = pool.get('res.user')
        agent = User(self._agent)
        with Transaction().set_user(agent.id), Transaction().set_context(
                company=agent.company.id, employee=agent.employee.id,
                _check_access=True):
            yield


def _fill():
    "Return the id of the agent, and the context to act in"
    for language in LANGUAGES:
        translate(language)
    helpdesk = Helpdesk()
    return helpdesk.agent.id, {'company': helpdesk.company.id}
