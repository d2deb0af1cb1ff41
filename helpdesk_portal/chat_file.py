# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Files in a live chat.

They are attachments of the chat, which the operator adds as to any record of
Tryton; each comes with a message, so that both sides see it in its place.
"""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access


class Attachment(metaclass=PoolMeta):
    __name__ = 'ir.attachment'

    @classmethod
    def _convert_check_access(cls, model, mode):
        if model == 'helpdesk.chat' and mode == 'create':
            # A chat itself nobody writes, but who reads it takes part in it
            return [(model, 'read')]
        return super()._convert_check_access(model, mode)

    @classmethod
    def check_modification(
            cls, mode, attachments, values=None, external=False):
        super().check_modification(
            mode, attachments, values=values, external=external)
        # Also for administrators, as the messages
        if external and mode != 'create' and any(
                a.resource and a.resource.__name__ == 'helpdesk.chat'
                for a in attachments):
            raise AccessError(gettext('helpdesk_portal.msg_chat_kept'))

    @classmethod
    def on_modification(cls, mode, attachments, field_names=None):
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        super().on_modification(mode, attachments, field_names=field_names)
        if mode == 'create':
            files = [
                a for a in attachments
                if a.resource and a.resource.__name__ == Chat.__name__]
            if files:
                Chat.show_files(files)


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    @without_check_access
    def say_files(self, files):
        """
        Post files of the visitor, and return the messages, one for each.

        files are pairs of a name, str, and the data, bytes.
        """
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        Message = pool.get('ir.chat.message')
        self.visitor_said()
        with Transaction().set_user(0), \
                Transaction().set_context(_helpdesk_speaker='visitor'):
            attachments = Attachment.create([{
                        'resource': str(self),
                        'name': name,
                        'data': data,
                        } for name, data in files])
        messages = list(Message.search([
                    ('channel.resource', '=', str(self)),
                    ('helpdesk_file', 'in', [a.id for a in attachments]),
                    ], order=[('id', 'ASC')]))
        self.visitor_waits()
        return messages

    @classmethod
    @without_check_access
    def show_files(cls, attachments):
        "Post a message for each of the attachments of chats"
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        transaction = Transaction()
        speaker = transaction.context.get(
            '_helpdesk_speaker', 'operator' if transaction.user else 'system')
        if speaker == 'operator':
            for chat in {a.resource for a in attachments}:
                chat.check_answer()
                chat.answers()
        Channel.say_all([{
                    'chat': a.resource,
                    'text': (
                        f'{a.name}\n{a.link}' if a.type == 'link'
                        else a.name),
                    'file': a.id if a.type == 'data' else None,
                    } for a in attachments], speaker)


class Message(metaclass=PoolMeta):
    __name__ = 'ir.chat.message'

    helpdesk_file = fields.Many2One('ir.attachment', "File", readonly=True,
        ondelete='SET NULL',
        help="The file that the message is about.")
