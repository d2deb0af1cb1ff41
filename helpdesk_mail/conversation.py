# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import secrets

from sql.aggregate import Count
from sql.conditionals import Coalesce
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import grouped_slice
from trytond.transaction import Transaction, without_check_access

from .intake import signing
from .lock import commit_between, write_first
from .outgoing import Outgoing
from .pending import not_queued
from .smtp_server import Connections

# So long the queue has to send a mail before the scheduled action does
FIRST_TRY = dt.timedelta(minutes=1)
# So many mails are sent over one connection
BATCH = 25
# After this time a mail is sent apart from others
LATE = dt.timedelta(minutes=30)
# What only a letter itself can tell
_OF_LETTERS = [
    'authentication', 'automatic', 'delivery_error', 'forwarded_by',
    'from_address', 'protection', 'quoted', 'reply_to', 'written_on']


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    message_id = fields.Char("Message-ID", readonly=True,
        help="Names the mail in the whole world (RFC 5322).")
    from_address = fields.Char("From", readonly=True,
        help="The address the mail came from.")
    to_addresses = fields.Char("To", readonly=True,
        help="The addresses the mail went to.")
    cc_addresses = fields.Char("Cc", readonly=True,
        help="The addresses the mail went to in copy.")
    automatic = fields.Boolean("Automatic", readonly=True,
        help="A machine wrote it.")
    tries = fields.Integer("Tries", readonly=True,
        help="How often sending failed.")
    next_try = fields.DateTime("Next Try", readonly=True,
        help="When it will be sent again.")

    @classmethod
    def __setup__(cls):
        cls.message_id.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.update({
                # As a search on a Char that may be empty compares it
                Index(t, (Coalesce(t.message_id, ''), Index.Equality())),
                Index(t, (t.next_try, Index.Range()),
                    where=t.delivery == 'queued'),
                Index(t,
                    (t.to_addresses, Index.Equality()),
                    (t.at, Index.Range()),
                    where=t.automatic & (t.direction == 'out')),
                })
        cls._buttons.update(
            send_again={
                'invisible': ~Eval('delivery').in_(['failed', 'bounced']),
                'icon': 'tryton-refresh',
                'depends': ['delivery'],
                },
            )

    @classmethod
    def default_automatic(cls):
        return False

    @classmethod
    def default_tries(cls):
        return 0

    def is_automatic(self):
        return super().is_automatic() or bool(self.automatic)

    @classmethod
    def _is_shown(cls, table):
        # Confirmations would hide what the customer wrote
        return super()._is_shown(table) & (
            (table.direction != 'out') | ~Coalesce(table.automatic, False)
            | table.delivery.in_(['failed', 'bounced']))

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if mode == 'create' and cls._is_to_be_sent(values):
            cls._address([values])
        return values

    @classmethod
    def check_modification(
            cls, mode, conversations, values=None, external=False):
        super().check_modification(
            mode, conversations, values=values, external=external)
        # Tryton 8.0 leaves it to the client to keep readonly fields
        if external and mode == 'create':
            for conversation in conversations:
                conversation._check_no_letter()

    def _check_no_letter(self):
        "Check that nobody makes it look like what came in, or went out."
        names = [n for n in _OF_LETTERS if getattr(self, n)]
        if (self.kind, self.direction) != ('email', 'out'):
            names += [
                n for n in ['delivery', 'message_id'] if getattr(self, n)]
        elif self.delivery != 'queued':
            names.append('delivery')
        if names:
            raise AccessError(gettext(
                    'helpdesk_mail.msg_conversation_letter',
                    **self.__names__(names[0])))

    @classmethod
    def create(cls, vlist):
        if not Transaction().check_access:
            # All at once instead of one by one
            vlist = [values.copy() for values in vlist]
            cls._address([v for v in vlist if cls._is_to_be_sent(v)])
        conversations = super().create(vlist)
        cls._queue([c for c in conversations if c.delivery == 'queued'])
        return conversations

    @staticmethod
    def _is_to_be_sent(values):
        return (values.get('kind') == 'email'
            and values.get('direction') == 'out'
            and not values.get('delivery'))

    @classmethod
    @without_check_access
    def _address(cls, vlist):
        "Complete the values of new conversations that are to be sent."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        secret = pool.get('helpdesk.mail.key').get_secret()
        next_try = dt.datetime.now().replace(microsecond=0) + FIRST_TRY
        tickets = Ticket.browse([int(v['ticket']) for v in vlist])
        for ticket, values in zip(tickets, vlist):
            if not values.get('to_addresses'):
                values['to_addresses'] = ticket.email
                if not values.get('automatic'):
                    values['cc_addresses'] = (
                        ', '.join(ticket.watchers()) or None)
            values['message_id'] = signing.message_id(
                secret, ticket.id, secrets.token_hex(8),
                Outgoing.domain(ticket.section))
            values['delivery'] = 'queued'
            values['next_try'] = next_try

    @classmethod
    def send(cls, conversations):
        """
        Send the conversations that wait for it, as a task of the queue.

        What became of a mail is committed before the next one. Whoever is
        killed between handing over a mail and its commit makes it go out
        again, with the same Message-ID, never not at all; and only it, not
        those before.
        """
        cls.lock(conversations)
        with Connections() as connections:
            for i, id_ in enumerate(map(int, conversations)):
                if i:
                    commit_between(cls, [id_])
                write_first(cls, [id_])
                conversation = cls(id_)
                if conversation.delivery == 'queued':
                    Outgoing([conversation]).send(connections)

    @classmethod
    def send_waiting(cls):
        "Queue again what is due to be sent (scheduled action)."
        now = dt.datetime.now()
        with without_check_access():
            waiting = cls.search([
                    ('delivery', '=', 'queued'),
                    ['OR', ('next_try', '=', None), ('next_try', '<=', now)],
                    ], order=[('id', 'ASC')])
            waiting = not_queued(cls, 'send', waiting)
        # What should have gone long ago may have stopped those after it
        late = [c for c in waiting if c.next_try and c.next_try < now - LATE]
        for conversation in late:
            cls.__queue__.send([conversation])
        cls._queue([c for c in waiting if c not in late])

    @classmethod
    def _queue(cls, conversations):
        "Queue the sending, as many to a task as go over one connection."
        for batch in grouped_slice(conversations, BATCH):
            cls.__queue__.send(list(batch))

    @classmethod
    @ModelView.button
    def send_again(cls, conversations):
        cls.write(conversations, {
                'delivery': 'queued',
                'delivery_error': None,
                'tries': 0,
                'next_try': dt.datetime.now().replace(microsecond=0)
                + FIRST_TRY,
                })
        cls._queue(conversations)

    @classmethod
    def acknowledge(cls, tickets):
        """
        Tell the customers the numbers of their new tickets.

        The text is ours alone: nothing of what the sender wrote goes out to
        an address that somebody else may have given (PO5).
        """
        return cls.create([cls._acknowledgement(t) for t in tickets])

    @classmethod
    def _acknowledgement(cls, ticket):
        return cls._automatic(ticket, ticket.email, 'acknowledge')

    @classmethod
    def _automatic_text(cls, name, language, **variables):
        "Return the text of the name for an automatic mail"
        return gettext(f'helpdesk_mail.msg_{name}', language, **variables)

    @classmethod
    def _automatic(cls, ticket, email, name, **variables):
        """
        Return the values of an automatic mail.

        name is that of its texts: with _subject and _body, _automatic_text
        knows them. variables are the words for their other placeholders.
        """
        language = ticket.mail_language()
        section = ticket.section.in_language(language)
        return {
            'ticket': ticket.id,
            'kind': 'email',
            'direction': 'out',
            'automatic': True,
            'author': ticket.section.name,
            'to_addresses': email,
            'subject': cls._automatic_text(
                f'{name}_subject', language, number=ticket.number),
            'body': cls._automatic_text(
                f'{name}_body', language, number=ticket.number,
                section=section.mail_name or section.name, **variables),
            }

    @classmethod
    def count_automatic(cls, addresses, since):
        """
        Count the automatic mails to each of the addresses.

        since is a naive UTC time. Return a dictionary.
        """
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        counts = dict.fromkeys(addresses, 0)
        cursor.execute(*table.select(
                table.to_addresses, Count(table.id),
                where=table.automatic
                & (table.direction == 'out')
                & (table.at >= since)
                & fields.SQL_OPERATORS['in'](
                    table.to_addresses, list(counts)),
                group_by=[table.to_addresses]))
        counts.update(cursor)
        return counts

    @classmethod
    def mail_footer(cls, conversations):
        """
        Return what goes below the texts of the mails.

        A dictionary from the id of the conversation to a plain text. Made
        anew each time a mail is sent, and not stored with it.
        """
        return {c.id: '' for c in conversations}
