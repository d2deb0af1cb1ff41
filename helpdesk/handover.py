# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Handing tickets over: to another section, or to another responsible.
"""
import datetime as dt
from itertools import chain

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import HandoverError, MoveWarning

# How long a client may take to read a ticket anew that it has moved
RELOAD = dt.timedelta(minutes=1)


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        for name, icon in [
                ('assign', 'tryton-send'), ('move', 'tryton-switch')]:
            cls._buttons[name] = {
                'invisible': Eval('state') == 'closed',
                'icon': icon,
                'depends': ['state'],
                }

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_assign')
    def assign(cls, tickets):
        pass

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_move')
    def move(cls, tickets):
        pass

    @classmethod
    def read(cls, ids, fields_names):
        try:
            return super().read(ids, fields_names)
        except AccessError:
            gone = cls._just_moved(ids)
            if not gone:
                raise
        seen = super().read([i for i in ids if i not in gone], fields_names)
        # A client reads a ticket anew once its wizard has moved it, which
        # shall not end in an error. What is said from now on is not told.
        shown = [n for n in fields_names if cls._is_shown_once_more(n)]
        hidden = {
            n: [] for n in fields_names
            if n in cls._fields and cls._fields[n]._type.endswith('2many')}
        with without_check_access():
            last = super().read(list(gone), shown)
        return seen + [{**values, **hidden} for values in last]

    @classmethod
    def _is_shown_once_more(cls, name):
        """
        Tell if a name to read is a value of the ticket, or the name of one.

        A longer path would lead to all that there is, without any rights.
        """
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        name, _, path = name.partition('.')
        field = cls._fields.get(name)
        if not field:
            # Such as _timestamp
            return not path
        if path:
            return (path == 'rec_name' and field._type == 'many2one'
                and ModelAccess.check_relation(cls.__name__, name))
        return not field._type.endswith('2many')

    @classmethod
    def _just_moved(cls, ids):
        "Return the ids of those that the user has just moved out of sight."
        pool = Pool()
        History = pool.get('helpdesk.history')
        with without_check_access():
            moved = {h.ticket.id for h in History.search([
                        ('ticket', 'in', ids),
                        ('what', '=', 'section'),
                        ('user', '=', Transaction().user),
                        ('at', '>=', dt.datetime.now() - RELOAD),
                        ], order=[])}
        visible = cls.search([('id', 'in', list(moved))], order=[])
        return moved - {t.id for t in visible}


class AssignStart(ModelView):
    __name__ = 'helpdesk.ticket.assign.start'

    section = fields.Many2One('helpdesk.section', "Section", readonly=True)
    employee = fields.Many2One(
        'company.employee', "Responsible",
        domain=[
            ('helpdesk_assignable', '=', Eval('section', -1)),
            ],
        help="Who takes care of the ticket from now on.\n"
        "Leave empty to give it back to the section.")
    note = fields.Text("Note",
        help="What the colleague has to know. Customers never see it.")


class MoveStart(ModelView):
    __name__ = 'helpdesk.ticket.move.start'

    company = fields.Many2One('company.company', "Company", readonly=True)
    section = fields.Selection('get_sections', "Section", required=True,
        sort=False, translate=False,
        help="The team that works on the ticket from now on.")
    employee = fields.Selection('get_employees', "Responsible",
        translate=False,
        help="Who takes care of the ticket from now on.\n"
        "If empty, who is responsible stays so if the section allows it.")
    note = fields.Text("Note",
        help="What the colleagues have to know. Customers never see it.")

    @fields.depends('company')
    def get_sections(self):
        return self._names('helpdesk.section')

    @fields.depends('company', 'section')
    def get_employees(self):
        if not self.section:
            return [(None, "")]
        return self._names('company.employee', [
                ('helpdesk_assignable', '=', int(self.section)),
                ])

    def _names(self, model, domain=()):
        "Return the selection of the company's records in the domain."
        pool = Pool()
        Model = pool.get(model)
        ModelAccess = pool.get('ir.model.access')
        User = pool.get('res.user')
        # Tickets go to teams that the user does not see, not elsewhere
        ModelAccess.check('helpdesk.section', 'read')
        selection = [(None, "")]
        if (self.company
                and (not Transaction().check_access
                    or self.company.id in User.get_companies())):
            with without_check_access():
                selection.extend(
                    (str(r.id), r.rec_name) for r in Model.search([
                            ('company', '=', self.company.id),
                            *domain,
                            ]))
        return selection

    @fields.depends('section', 'employee', methods=['get_employees'])
    def on_change_section(self):
        if self.employee not in dict(self.get_employees()):
            self.employee = None


class _Handover(Wizard):
    "Hand tickets over to colleagues."

    def _check(self):
        self.model.check_workable(self.records)
        for ticket in self.records:
            if ticket.state == 'closed':
                raise HandoverError(gettext(
                        'helpdesk.msg_ticket_handover_closed',
                        ticket=ticket.rec_name))

    def _note(self):
        "Leave the note in the tickets."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        with without_check_access():
            Conversation.create(
                Conversation.notes(self.records, self.start.note))

    def end(self):
        return 'reload'


class Assign(_Handover):
    __name__ = 'helpdesk.ticket.assign'

    start = StateView(
        'helpdesk.ticket.assign.start', 'helpdesk.assign_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Assign", 'assign', 'tryton-ok', default=True),
            ])
    assign = StateTransition()

    def default_start(self, fields):
        self._check()
        ticket = self.record
        return {
            'section': ticket.section.id,
            'employee': ticket.employee.id if ticket.employee else None,
            }

    def _check(self):
        super()._check()
        self.model.check_assign(self.records)

    def transition_assign(self):
        self._check()
        employee = self.start.employee
        with without_check_access():
            self.model.write(self.model.browse(self.records), {
                    'employee': employee.id if employee else None,
                    })
        self._note()
        return 'end'


class Move(_Handover):
    __name__ = 'helpdesk.ticket.move'

    start = StateView(
        'helpdesk.ticket.move.start', 'helpdesk.move_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Move", 'move', 'tryton-ok', default=True),
            ])
    move = StateTransition()

    def default_start(self, fields):
        self._check()
        return {'company': self.record.company.id}

    @without_check_access
    def transition_move(self):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        self._check()
        section, = Section.browse([int(self.start.section)])
        for ticket in self.records:
            if not section.active or section.company != ticket.company:
                raise HandoverError(gettext(
                        'helpdesk.msg_ticket_move_section',
                        ticket=ticket.rec_name))
        self._warn(section)
        kept, given = self._split(section)
        employee = int(self.start.employee) if self.start.employee else None
        changes = [
            (kept, {'section': section.id}),
            (given, {'section': section.id, 'employee': employee}),
            ]
        # Who does not stay is let go by the section, unless one was chosen
        with Transaction().set_context(
                helpdesk_reason=None if employee else 'section'):
            self.model.write(*chain(*(c for c in changes if c[0])))
        self._note()
        return 'end'

    def _warn(self, section):
        "Tell if the user will not see the tickets any longer, with a warning."
        pool = Pool()
        User = pool.get('res.user')
        Warning = pool.get('res.user.warning')
        if section.id in User.get_helpdesk_sections():
            return
        name = Warning.format(
            f'helpdesk_ticket_move.{section.id}', self.records)
        if Warning.check(name):
            raise MoveWarning(name, gettext(
                    'helpdesk.msg_ticket_move_hidden',
                    section=section.rec_name))

    def _split(self, section):
        "Return the tickets that keep who is responsible, and the others."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        tickets = list(self.model.browse(self.records))
        if self.start.employee:
            self.model.check_assign(tickets, section.id)
            return [], tickets
        allowed = Section.assignable_pairs({
                (section.id, t.employee.id) for t in tickets if t.employee})
        kept = [t for t in tickets if t.employee
            and (section.id, t.employee.id) in allowed]
        return kept, [t for t in tickets if t not in kept]
