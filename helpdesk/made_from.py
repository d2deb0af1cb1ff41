# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Column
from trytond.i18n import gettext
from trytond.model import Unique, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, check_access, inactive_records, without_check_access)

from .exceptions import MakeError
from .readable import readable_ids


class MadeMixin:
    "The link between a ticket and a document that was made from it."
    __slots__ = ()

    # The field with the document
    _made_field = None

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        t = cls.__table__()
        cls._sql_constraints = [
            (f'{cls._made_field}_unique',
                Unique(t, Column(t, cls._made_field)),
                'helpdesk.msg_made_unique'),
            ]

    @classmethod
    def check_modification(cls, mode, records, values=None, external=False):
        super().check_modification(
            mode, records, values=values, external=external)
        # The access to the ticket would allow it
        if external:
            raise AccessError(gettext('helpdesk.msg_made_kept'))

    @classmethod
    def by_ticket(cls, tickets):
        """
        Return what was made from the tickets, the newest first.

        tickets are ids, of which each has a list of ids in the dictionary.
        """
        made = {t: [] for t in tickets}
        for ticket, document in cls._pairs('ticket', tickets):
            made[ticket].append(document)
        return made

    @classmethod
    def tickets(cls, documents):
        "Return the tickets of the documents, a dictionary of ids."
        return {d: t for t, d in cls._pairs(cls._made_field, documents)}

    @classmethod
    def _pairs(cls, name, ids):
        table = cls.__table__()
        document = Column(table, cls._made_field)
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.ticket, document,
                where=fields.SQL_OPERATORS['in'](
                    Column(table, name), list(ids)),
                order_by=[document.desc]))
        return cursor.fetchall()

    @classmethod
    @without_check_access
    def link(cls, pairs):
        "Link documents to tickets; pairs are tuples of ids of both."
        cls.create([
                {'ticket': ticket, cls._made_field: document}
                for ticket, document in pairs])


class FromTicketMixin:
    "A document that may be made from a ticket, and tells it what becomes."
    __slots__ = ()

    # The model of the link, and the states that are noted in the ticket
    _helpdesk_made = None
    _helpdesk_noted = frozenset()

    helpdesk_ticket = fields.Function(fields.Many2One(
            'helpdesk.ticket', "From Ticket",
            states={
                'invisible': ~Eval('helpdesk_ticket'),
                },
            help="The ticket that it was made from, "
            "if you may work on it."),
        'get_helpdesk_ticket')

    @classmethod
    def get_helpdesk_ticket(cls, records, name):
        pool = Pool()
        Made = pool.get(cls._helpdesk_made)
        Ticket = pool.get('helpdesk.ticket')
        tickets = Made.tickets([r.id for r in records])
        # Who sees a ticket by its sale does not see all of it, but an export
        # that begins here would go on to the rest without looking
        with inactive_records():
            visible = readable_ids(Ticket, tickets.values())
        workable = Ticket.get_workable(
            Ticket.browse(sorted(visible)), 'workable')
        return {
            r.id: tickets[r.id] if workable.get(tickets.get(r.id)) else None
            for r in records}

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        if mode == 'write' and 'state' in field_names:
            cls._note_in_tickets(
                [r for r in records if r.state in cls._helpdesk_noted])

    @classmethod
    @without_check_access
    def _note_in_tickets(cls, records):
        "Note in the tickets what became of what was made from them."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Made = pool.get(cls._helpdesk_made)
        Notice = pool.get('helpdesk.notice')
        User = pool.get('res.user')
        tickets = Made.tickets([r.id for r in records]) if records else {}
        if not tickets:
            return
        user = Transaction().user
        said = Conversation.said_by(User(user)) if user else {}
        states = dict(cls.fields_get(['state'])['state']['selection'])
        Conversation.create([{
                    **said,
                    'ticket': tickets[record.id],
                    'kind': 'note',
                    'direction': 'internal',
                    'body': ' '.join([
                            f'{name_of(record)}: {states[record.state]}',
                            *record._helpdesk_outcome()]),
                    } for record in records if record.id in tickets])
        Notice.tell([('made', sorted(set(tickets.values())))])

    def _helpdesk_outcome(self):
        "Return what else is noted, a list of str."
        return []


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def _made(cls):
        "Return the models of the links by the fields with what was made."
        return {}

    @classmethod
    def get_made(cls, tickets, names):
        "Return what was made from the tickets, if the user sees it."
        pool = Pool()
        documents = {}
        for name in names:
            made = pool.get(cls._made()[name]).by_ticket(
                [t.id for t in tickets])
            visible = readable_ids(
                cls._fields[name].get_target(), sum(made.values(), []))
            documents[name] = {
                t: [i for i in ids if i in visible]
                for t, ids in made.items()}
        return documents


class MakeMixin:
    "A wizard that makes documents of a model from a ticket."
    __slots__ = ()

    # The model of what is made
    _made_model = None

    def _check(self):
        """
        Check that the user may make it, before anything is written.

        Raise AccessError or MakeError.
        """
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        ticket = self.record
        with check_access():
            ModelAccess.check(self._made_model, 'create')
        self.model.check_workable([ticket])
        if ticket.state == 'closed':
            raise MakeError(gettext(
                    'helpdesk.msg_make_closed', ticket=ticket.rec_name))
        if not ticket.party:
            raise MakeError(gettext(
                    'helpdesk.msg_make_customer', ticket=ticket.rec_name))

    def _link(self, documents, sale):
        """
        Link the documents, which were just stored, to the ticket.

        A ticket that is about no sale is about this one from then on: so its
        shipments and invoices show, and sales staff see the ticket.
        """
        pool = Pool()
        Made = pool.get(pool.get(self._made_model)._helpdesk_made)
        Rule = pool.get('ir.rule')
        ids = [d.id for d in documents]
        with check_access():
            # Wizards run without the checks
            Rule.check(self._made_model, ids, mode='create')
        Made.link((self.record.id, i) for i in ids)
        if not self.record.sale:
            with without_check_access():
                self.model.write([self.record], {'sale': sale.id})

    @staticmethod
    def _opened(action, documents):
        "Return the action that opens the documents."
        if len(documents) == 1:
            action['views'].reverse()
        return action, {'res_id': [d.id for d in documents]}

    def end(self):
        return 'reload'


def name_of(record):
    "Return what a document is and its number, a str."
    name = record.__names__()['model']
    return f'{name} {record.number}' if record.number else name
