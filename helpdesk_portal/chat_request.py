# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A visitor's chat as a request to be answered by mail.

It becomes a ticket as what is sent with a form does, see web_form_ticket.
"""
from trytond.model import fields
from trytond.pool import Pool, PoolMeta

from . import chat_form, forms, web_form


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    def said(self):
        "Return who said what to whom, pairs of str, oldest first"
        messages = [
            m for m in self.messages()
            if m.helpdesk_speaker in {'visitor', 'operator'}]
        return list(zip(
                self.speakers(messages), [m.content for m in messages]))

    def sent_files(self):
        "Return the forms.File of what was sent in the chat"
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        return tuple(
            forms.File(a.name, '', a.data)
            for a in Attachment.search([
                    ('resource', '=', str(self)),
                    ('type', '=', 'data'),
                    ], order=[('id', 'ASC')]))

    def is_answerable(self):
        "Tell whether there is an address that the visitor can be answered at"
        return bool(
            self.email and self.section.active
            and self.section.web_form_takes(self.email))

    def as_request(self):
        "Return the web_form.Request that the chat amounts to"
        typed = chat_form.complete(
            {'name': self.visitor, 'email': self.email}, self.said())
        return web_form.Request(
            **typed, files=self.sent_files())

    def file(self):
        "Make a ticket of the chat, and return it"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        return Ticket.file_request(
            self.section, self.as_request(), self.language, channel='chat')

    def end_by_form(self, ticket=None):
        """
        End the chat, since what was said in it went along with the form.

        ticket is what that made, None if a mail asks first.
        """
        if self.state != 'ended':
            self.end([self], 'system')
        self.__class__.write([self], {
                'ticket': ticket.id if ticket else None,
                # Whoever answers now does not do it here
                'missed': not self.answered_at,
                })


class WebRequest(metaclass=PoolMeta):
    __name__ = 'helpdesk.web_request'

    chat_channel = fields.Many2One(
        'helpdesk.chat.channel', "Chat Channel", ondelete='CASCADE',
        help="The chat whose form was sent.")
    chat = fields.Many2One(
        'helpdesk.chat', "Chat", ondelete='SET NULL',
        help="The chat that went along with the form.")

    def is_welcome(self):
        if self.chat_channel:
            return self.chat_channel.is_offered
        return super().is_welcome()

    def file(self):
        ticket = super().file()
        if self.chat:
            self.chat.ticket = ticket
            self.chat.save()
        return ticket

    def ticket_values(self):
        values = super().ticket_values()
        if self.chat_channel:
            values['channel'] = 'chat'
        return values
