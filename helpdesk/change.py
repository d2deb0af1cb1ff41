# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict
from itertools import chain

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If
from trytond.transaction import Transaction, check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import ChangeError


class ChangeStart(ModelView):
    __name__ = 'helpdesk.ticket.change.start'

    company = fields.Many2One('company.company', "Company", readonly=True)
    sections = fields.Many2Many(
        'helpdesk.section', None, None, "Sections", readonly=True,
        help="The sections that the tickets are in.")
    section = fields.Many2One('helpdesk.section', "Section",
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="The team that shall work on the tickets.\n"
        "Leave empty to leave them where they are.")
    target_sections = fields.Function(fields.Many2Many(
            'helpdesk.section', None, None, "Target Sections"),
        'on_change_with_target_sections')
    employee = fields.Many2One('company.employee', "Responsible",
        domain=[
            ('company', '=', Eval('company', -1)),
            ('helpdesk_assignable', 'in', Eval('target_sections', [])),
            ],
        states={
            'readonly': Bool(Eval('unassign')),
            },
        help="Who shall take care of the tickets.\n"
        "Leave empty to let it be.")
    unassign = fields.Boolean("Nobody Responsible",
        states={
            'readonly': Bool(Eval('employee')),
            },
        help="Take the tickets from who takes care of them.")
    stage = fields.Many2One('helpdesk.stage', "Stage",
        domain=[
            ['OR',
                ('sections', '=', None),
                ('sections', 'in', Eval('target_sections', [])),
                ],
            If(Bool(Eval('close')), ('state', '=', 'closed'), ()),
            ],
        help="What is being done on the tickets from now on.\n"
        "Leave empty to let it be.")
    close = fields.Boolean("Close",
        help="Close the tickets.")
    close_reason = fields.Many2One('helpdesk.close_reason', "Closing Reason",
        help="Why the tickets are closed.\n"
        "Leave empty to let it be.")
    add_tags = fields.Many2Many('helpdesk.tag', None, None, "Add Tags",
        help="The tags that the tickets get.")
    remove_tags = fields.Many2Many('helpdesk.tag', None, None, "Remove Tags",
        help="The tags that the tickets lose.")

    @fields.depends('section', 'sections')
    def on_change_with_target_sections(self, name=None):
        if self.section:
            return [self.section.id]
        return [s.id for s in self.sections or []]


class Change(Wizard):
    __name__ = 'helpdesk.ticket.change'

    start = StateView(
        'helpdesk.ticket.change.start', 'helpdesk.change_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Change", 'change', 'tryton-ok', default=True),
            ])
    change = StateTransition()

    def default_start(self, fields):
        companies = {t.company.id for t in self.records}
        return {
            'company': companies.pop() if len(companies) == 1 else None,
            'sections': list({t.section.id for t in self.records}),
            }

    @check_access
    def transition_change(self):
        changes = defaultdict(list)
        allowed = self._allowed()
        for ticket in self.records:
            values = self._values(ticket, allowed)
            changes[tuple(values.items())].append(ticket)
        tags = self._tags()
        if not tags:
            changes.pop((), None)
        # Who is let go without being told to may not be so in the section
        let_go = not self.start.employee and not self.start.unassign
        with Transaction().set_context(
                helpdesk_reason='section' if let_go else None):
            if changes:
                self.model.write(*chain(*(
                            (tickets, {**dict(values), **tags})
                            for values, tickets in changes.items())))
        if self.start.close:
            self.model.close([t for t in self.records if t.state != 'closed'])
        return 'end'

    def end(self):
        return 'reload'

    def _allowed(self):
        "Return the sections and who of those concerned is allowed there."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        return Section.assignable_pairs({
                ((self.start.section or t.section).id, e.id)
                for t in self.records
                for e in [self.start.employee, t.employee] if e})

    def _values(self, ticket, allowed):
        """
        Return the values of the ticket that change.

        allowed are the ids of sections and of who may be responsible there.
        """
        start = self.start
        section = start.section or ticket.section
        values = {}
        if section != ticket.section:
            values['section'] = section.id
        if start.employee:
            self._check_responsible(ticket, section, allowed)
            values['employee'] = start.employee.id
        elif ticket.employee and (start.unassign
                or (start.section and (
                        section.id, ticket.employee.id) not in allowed)):
            values['employee'] = None
        if start.stage:
            self.model.check_stage([ticket], start.stage.id, section.id)
            values['stage'] = start.stage.id
        if start.close_reason:
            values['close_reason'] = start.close_reason.id
        if ticket.state == 'closed' and (
                self._tags() or values.keys() - {'stage'}):
            raise ChangeError(gettext(
                    'helpdesk.msg_change_closed', ticket=ticket.rec_name))
        return values

    def _check_responsible(self, ticket, section, allowed):
        if (section.id, self.start.employee.id) not in allowed:
            raise AccessError(gettext(
                    'helpdesk.msg_ticket_responsible',
                    employee=self.start.employee.rec_name,
                    ticket=ticket.rec_name,
                    section=section.rec_name))

    def _tags(self):
        "Return the values that add and remove tags."
        tags = []
        if self.start.add_tags:
            tags.append(('add', [t.id for t in self.start.add_tags]))
        if self.start.remove_tags:
            tags.append(('remove', [t.id for t in self.start.remove_tags]))
        return {'tags': tags} if tags else {}
