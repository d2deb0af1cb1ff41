# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A visitor and an operator who talk.
"""
from trytond.pool import Pool
from trytond.transaction import without_check_access

from tests.records import Helpdesk

from .chats import join, make_channel


class Talk:
    "A chat of Marta with the agent of the helpdesk"

    def __init__(self, desk=None, first="Hello?", name="Marta", **values):
        Chat = Pool().get('helpdesk.chat')
        self.desk = desk or Helpdesk(visibility='public')
        channel = make_channel(self.desk, capacity=None)
        join(self.desk, channel, self.desk.agent)
        chat, _ = Chat.begin(channel, name=name, **values)
        self.id = chat.id
        self.visitor(first)
        assert self.chat.operator == self.desk.agent
        # Who opens it has joined
        self.seen_by(self.desk.agent)

    @property
    def chat(self):
        "The chat as it is now"
        return Pool().get('helpdesk.chat')(self.id)

    def visitor(self, text):
        return self.chat.say(text)

    def operator(self, text, audience='public'):
        "Let the agent type the text in the client"
        Channel = Pool().get('ir.chat.channel')
        user, context = self.desk.as_user(self.desk.agent)
        # As over RPC
        with user, context, without_check_access():
            return Channel.post(str(self.chat), text, audience=audience)

    def seen_by(self, login):
        "Return the texts that the user is shown in the client"
        Channel = Pool().get('ir.chat.channel')
        user, context = self.desk.as_user(login)
        with user, context, without_check_access():
            return [
                m['content'] for m in Channel.get(str(self.chat)) if m['id']]

    def seen_by_visitor(self):
        "Return all texts on the visitor's page"
        return [m.content for m in self.chat.messages()]

    def said(self):
        "Return what the two said to each other"
        return [
            m.content for m in self.chat.messages()
            if m.helpdesk_speaker != 'system']
