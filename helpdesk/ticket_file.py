# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Cast, Literal, Union
from sql.operators import Concat
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, check_access


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    files = fields.Function(fields.One2Many(
            'ir.attachment', None, "Files", readonly=True,
            help="The files of the ticket and of all that was said in it, "
            "the newest first."),
        'get_files', setter='set_files')

    @classmethod
    def get_files(cls, tickets, name):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        files = {t.id: [] for t in tickets}
        cursor = Transaction().connection.cursor()
        cursor.execute(*cls._files_query(list(files)))
        rows = list(cursor)
        # Who sees the ticket need not see all that was said in it
        with check_access():
            visible = {c.id for c in Conversation.search([
                        ('id', 'in', list({c for _, c, _ in rows if c})),
                        ])}
        for ticket, conversation, attachment in rows:
            if not conversation or conversation in visible:
                files[ticket].append(attachment)
        return files

    @classmethod
    def set_files(cls, tickets, name, value):
        "Files come with what is said, or by the client's own button."

    @classmethod
    def _files_query(cls, tickets):
        """
        Return a query of ticket, conversation and file, the newest first.

        The conversation is 0 for the files of the ticket itself.
        """
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        Conversation = pool.get('helpdesk.conversation')
        ticket = cls.__table__()
        conversation = Conversation.__table__()
        attachment = Attachment.__table__()
        char = cls.number.sql_type().base
        places = Union(
            ticket.select(
                ticket.id.as_('ticket'), Literal(0).as_('conversation'),
                Concat(f'{cls.__name__},', Cast(ticket.id, char)).as_(
                    'resource'),
                where=fields.SQL_OPERATORS['in'](ticket.id, tickets)),
            conversation.select(
                conversation.ticket, conversation.id,
                Concat(
                    f'{Conversation.__name__},', Cast(conversation.id, char)),
                where=fields.SQL_OPERATORS['in'](
                    conversation.ticket, tickets)),
            all_=True)
        return places.join(
            attachment, condition=attachment.resource == places.resource
            ).select(
                places.ticket, places.conversation, attachment.id,
                order_by=[attachment.create_date.desc, attachment.id.desc])
