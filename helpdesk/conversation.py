# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import html
from collections import defaultdict

from sql import Literal, Window
from sql.functions import RowNumber
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.tools import firstline
from trytond.transaction import Transaction


class Conversation(ModelSQL, ModelView):
    __name__ = 'helpdesk.conversation'

    _states = {
        'readonly': Eval('id', -1) >= 0,
        }

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, states=_states,
        ondelete='CASCADE')
    kind = fields.Selection([
            ('email', "E-Mail"),
            ('note', "Internal Note"),
            ('web', "Web"),
            ('chat', "Chat"),
            ('phone', "Phone"),
            ], "Kind", required=True, states=_states, sort=False,
        help="How it was communicated. "
        "Internal notes are never shown to the customer.")
    direction = fields.Selection([
            ('in', "From Customer"),
            ('out', "To Customer"),
            ('internal', "Internal"),
            ], "Direction", required=True, states=_states, sort=False,
        help="Who said it to whom.")
    at = fields.DateTime("Date", required=True, states=_states,
        help="When it was said.")
    author = fields.Char("Author", states=_states,
        help="The name of who said it.")
    party = fields.Many2One('party.party', "Party", states=_states,
        help="The party of who said it, if known.")
    employee = fields.Many2One('company.employee', "Employee", states=_states,
        help="The employee who said it.")
    subject = fields.Char("Subject", states=_states,
        help="What it is about.")
    body = fields.Text("Text", states=_states,
        help="What was said, without any format.")
    html = fields.Text("HTML", states=_states,
        help="The formatted text, cleaned of all that could do harm.")
    content = fields.Function(fields.Text("Content",
            help="What was said."),
        'get_content')
    summary = fields.Function(fields.Char("Summary",
            help="The beginning of what was said."),
        'get_summary')
    attachments = fields.One2Many(
        'ir.attachment', 'resource', "Attachments", states=_states,
        help="The files that came with it.")
    files = fields.Function(fields.Char("Files",
            help="The names of the attachments."),
        'get_files')
    delivery = fields.Selection([
            (None, ""),
            ('queued', "Being Sent"),
            ('sent', "Sent"),
            ('failed', "Not Sent"),
            ('bounced', "Came Back"),
            ], "Delivery", readonly=True, sort=False,
        states={
            'invisible': ~Eval('delivery'),
            },
        help="Whether the answer went out.")
    delivery_error = fields.Char("Delivery Error", readonly=True,
        states={
            'invisible': ~Eval('delivery_error'),
            },
        help="Why the answer has not gone out, or who did not get it.")
    way = fields.Function(fields.Char("Way",
            help="How it was communicated, and in which direction."),
        'get_way')
    icon = fields.Function(fields.Char("Icon"), 'get_icon')

    del _states

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        cls._order = [('at', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.ticket, Index.Range()),
                (t.at, Index.Range(order='DESC')),
                (t.id, Index.Range(order='DESC'))))

    @classmethod
    def default_at(cls):
        return dt.datetime.now().replace(microsecond=0)

    def get_content(self, name):
        "Return the HTML that the client shows."
        if self.html:
            return self.html
        return '<br>'.join(html.escape(self.body or '').splitlines())

    def get_summary(self, name):
        return firstline(self.body or '')[:200]

    @classmethod
    def get_files(cls, conversations, name):
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        files = defaultdict(list)
        attachment = Attachment.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*attachment.select(
                attachment.resource, attachment.name,
                where=fields.SQL_OPERATORS['in'](
                    attachment.resource, [str(c) for c in conversations]),
                order_by=[attachment.id]))
        for resource, file_name in cursor:
            files[resource].append(file_name)
        return {c.id: ', '.join(files[str(c)]) for c in conversations}

    @classmethod
    def get_way(cls, conversations, name):
        definition = cls.fields_get(['kind', 'direction'])
        kinds = dict(definition['kind']['selection'])
        directions = dict(definition['direction']['selection'])
        return {
            c.id: (kinds[c.kind] if c.direction == 'internal'
                else f'{kinds[c.kind]} · {directions[c.direction]}')
            for c in conversations}

    def get_icon(self, name):
        if self.direction == 'internal':
            return 'tryton-note'
        return {
            'email': 'tryton-email',
            'chat': 'tryton-chat',
            }.get(self.kind, 'tryton-public')

    def get_rec_name(self, name):
        return ' - '.join(filter(None, [
                    self.ticket.rec_name, self.author]))

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('//group[@id="files"]', 'states', {
                    'invisible': ~Eval('files'),
                    }),
            ('/tree', 'visual',
                If(Eval('delivery').in_(['failed', 'bounced']), 'danger',
                    If(Eval('direction') == 'internal', 'muted', ''))),
            ]

    @classmethod
    def newest(cls, tickets, count, shown=False):
        """
        Return the newest conversations of the tickets.

        tickets are ids; shown leaves out what the form of a ticket does not
        show at once. Return a dictionary with the ids of at most count
        conversations for each ticket, the newest first, in one query.
        """
        result = {t: [] for t in tickets}
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        window = Window(
            [table.ticket], order_by=[table.at.desc, table.id.desc])
        ranked = table.select(
            table.ticket, table.id, RowNumber(window=window).as_('rank'),
            where=fields.SQL_OPERATORS['in'](table.ticket, list(tickets))
            & (cls._is_shown(table) if shown else Literal(True)))
        cursor.execute(*ranked.select(
                ranked.ticket, ranked.id,
                where=ranked.rank <= count,
                order_by=[ranked.ticket, ranked.rank]))
        for ticket, id_ in cursor:
            result[ticket].append(id_)
        return result

    @classmethod
    def _is_shown(cls, table):
        "Return the SQL condition of what the form of a ticket shows at once."
        return Literal(True)

    @classmethod
    def create(cls, vlist):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        conversations = super().create(vlist)
        Ticket.communicated(conversations)
        return conversations

    @classmethod
    def check_modification(
            cls, mode, conversations, values=None, external=False):
        super().check_modification(
            mode, conversations, values=values, external=external)
        if not external:
            return
        if mode in {'write', 'delete'}:
            raise AccessError(gettext('helpdesk.msg_conversation_kept'))
        for conversation in conversations:
            if conversation.html or (
                    conversation.direction == 'in'
                    and conversation.kind != 'phone'):
                raise AccessError(
                    gettext('helpdesk.msg_conversation_customer'))

    @classmethod
    def copy(cls, conversations, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('delivery')
        default.setdefault('delivery_error')
        return super().copy(conversations, default=default)

    @classmethod
    def said_by(cls, user):
        """
        Return the values that tell when and by whom something is said.

        A dictionary for what the user, a record, says now. Naive UTC time.
        """
        employee = user.employee
        return {
            'at': cls.default_at(),
            'author': (employee or user).rec_name,
            'employee': employee.id if employee else None,
            }

    @classmethod
    def notes(cls, tickets, text):
        """
        Return the values of a note of the current user on each ticket.

        A list of dictionaries to be created, empty if there is no text.
        """
        pool = Pool()
        User = pool.get('res.user')
        text = (text or '').strip()
        if not text:
            return []
        said = cls.said_by(User(Transaction().user))
        return [{
                **said,
                'ticket': ticket.id,
                'kind': 'note',
                'direction': 'internal',
                'body': text,
                } for ticket in tickets]

    def is_automatic(self):
        "Tell if a machine said it."
        return False
