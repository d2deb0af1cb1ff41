# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a ticket gets when a letter makes it or joins it.

Decided here: what sections and rules of inboxes say, and which of it the
ticket may have; the rest is left out, since no letter must fail for it. Not
here: what all new tickets get (helpdesk/default.py).
"""
from collections import defaultdict
from dataclasses import replace
from itertools import chain

from trytond.model import ModelSQL, fields
from trytond.modules.helpdesk.ticket import PRIORITIES
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval, If
from trytond.transaction import without_check_access

from .inbound_email import ACTION

# States that a ticket can be in after a letter
STATES = ['open', 'third_party']
LIMITED = [
    ['OR',
        ('sections', '=', None),
        ('sections', '=', Eval('id', -1)),
        ],
    ]
LIMITED_BY_RULE = [
    If(Bool(Eval('section')),
        ['OR',
            ('sections', '=', None),
            ('sections', '=', Eval('section', -1)),
            ],
        ()),
    ]
# What disappears with the optional parts of the helpdesk
PARTS = {
    'use_types': {'inbound.email.rule': ['type']},
    'use_categories': {'inbound.email.rule': ['category']},
    'use_tags': {
        'inbound.email.rule': ['tags'],
        'helpdesk.section': ['mail_tags', 'update_tags'],
        },
    'use_stages': {
        'inbound.email.rule': ['stage'],
        'helpdesk.section': ['mail_stage', 'update_stage'],
        },
    }


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    @classmethod
    def parts(cls):
        parts = dict(super().parts())
        for name, fields_ in PARTS.items():
            part = parts[name]
            parts[name] = replace(part, fields={
                    **part.fields,
                    **{m: part.fields.get(m, []) + names
                        for m, names in fields_.items()},
                    })
        return parts


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    mail_stage = fields.Many2One(
        'helpdesk.stage', "Stage of New Tickets",
        domain=[LIMITED, ('state', 'in', STATES)],
        help="The stage of a ticket that a letter makes.\n"
        "Leave empty for the first one.")
    mail_tags = fields.Many2Many(
        'helpdesk.section-mail-helpdesk.tag', 'section', 'tag',
        "Tags of New Tickets",
        help="The tags of a ticket that a letter makes.")
    update_stage = fields.Many2One(
        'helpdesk.stage', "Stage after a Letter",
        domain=[LIMITED, ('state', 'in', STATES)],
        help="The stage that a ticket gets when the customer writes again.\n"
        "Only while the ticket is in the state of the stage.")
    update_priority = fields.Selection(
        [(None, "")] + PRIORITIES, "Priority after a Letter", sort=False,
        help="The priority that a ticket gets when the customer writes "
        "again.")
    update_tags = fields.Many2Many(
        'helpdesk.section-update-helpdesk.tag', 'section', 'tag',
        "Tags after a Letter",
        help="The tags that are added when the customer writes again.")

    def mail_values(self, rule=None):
        """
        Return what a ticket of the section gets that a letter makes.

        rule is the inbound.email.rule that took the letter, if any: what it
        says goes first. Return a dictionary of values to create a ticket
        with. What a ticket of the section may not have is left out.
        """
        values = {
            'stage': self.mail_stage,
            'tags': list(self.mail_tags),
            }
        if rule:
            for name in ['employee', 'stage', 'type', 'category', 'priority']:
                if value := getattr(rule, name):
                    values[name] = value
            values['tags'] += rule.tags
        values = {n: v for n, v in values.items() if self._may_have(n, v)}
        tags = {t.id: None for t in values.pop('tags', []) if t.active}
        values = {n: getattr(v, 'id', v) for n, v in values.items()}
        if tags:
            values['tags'] = [('add', list(tags))]
        return values

    def _may_have(self, name, value):
        "Tell if tickets that come by mail may have the value of the field."
        if not value:
            return False
        if name == 'employee':
            pair = (self.id, value.id)
            return pair in self.__class__.assignable_pairs({pair})
        if name in {'stage', 'type', 'category'}:
            return (value.active and value.fits(value.id, self.id)
                and (name != 'stage' or value.state in STATES))
        return True

    def update_values(self):
        """
        Return what a ticket of the section gets when the customer writes.

        A dictionary of values to write a ticket with.
        """
        values = {}
        if self._may_have('stage', self.update_stage):
            values['stage'] = self.update_stage.id
        if self.update_priority:
            values['priority'] = self.update_priority
        if tags := [t.id for t in self.update_tags if t.active]:
            values['tags'] = [('add', tags)]
        return values


class SectionMailTag(ModelSQL):
    __name__ = 'helpdesk.section-mail-helpdesk.tag'

    section = fields.Many2One(
        'helpdesk.section', "Section", ondelete='CASCADE', required=True)
    tag = fields.Many2One(
        'helpdesk.tag', "Tag", ondelete='CASCADE', required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('section')


class SectionUpdateTag(ModelSQL):
    __name__ = 'helpdesk.section-update-helpdesk.tag'

    section = fields.Many2One(
        'helpdesk.section', "Section", ondelete='CASCADE', required=True)
    tag = fields.Many2One(
        'helpdesk.tag', "Tag", ondelete='CASCADE', required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('section')


class Rule(metaclass=PoolMeta):
    __name__ = 'inbound.email.rule'

    _states = {
        'invisible': Eval('action') != ACTION,
        }

    employee = fields.Many2One('company.employee', "Responsible",
        domain=[
            If(Bool(Eval('section')),
                ('helpdesk_assignable', '=', Eval('section', -1)),
                ()),
            ],
        states=_states,
        help="Who is responsible for the new tickets, if that may be in "
        "their section.")
    stage = fields.Many2One('helpdesk.stage', "Stage",
        domain=[LIMITED_BY_RULE, ('state', 'in', STATES)], states=_states,
        help="The stage of the new tickets, if their section has it.")
    type = fields.Many2One('helpdesk.type', "Type",
        domain=LIMITED_BY_RULE, states=_states,
        help="The type of the new tickets, if their section has it.")
    category = fields.Many2One('helpdesk.category', "Category",
        domain=LIMITED_BY_RULE, states=_states,
        help="The category of the new tickets, if their section has it.")
    priority = fields.Selection(
        [(None, "")] + PRIORITIES, "Priority", sort=False, states=_states,
        help="The priority of the new tickets.")
    tags = fields.Many2Many(
        'inbound.email.rule-helpdesk.tag', 'rule', 'tag', "Tags",
        states=_states,
        help="The tags of the new tickets, besides those of the section.")

    del _states

    @classmethod
    def parse_view(cls, tree, type, *args, **kwargs):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Configuration.hide(cls.__name__, tree, type)
        return super().parse_view(tree, type, *args, **kwargs)


class RuleTag(ModelSQL):
    __name__ = 'inbound.email.rule-helpdesk.tag'

    rule = fields.Many2One(
        'inbound.email.rule', "Rule", ondelete='CASCADE', required=True)
    tag = fields.Many2One(
        'helpdesk.tag', "Tag", ondelete='CASCADE', required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('rule')


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    @without_check_access
    def updated_by_mail(cls, tickets):
        "Give the tickets what their sections say of a customer's letter."
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        tickets = cls.browse(sorted({t.id for t in tickets}))
        sections = {t.section.id: t.section for t in tickets}
        values = {id_: s.update_values() for id_, s in sections.items()}
        changes = defaultdict(list)
        for ticket in tickets:
            stage = values[ticket.section.id].get('stage')
            stays = stage and Stage.state_of(stage) != ticket.state
            changes[ticket.section.id, stays].append(ticket)
        args = []
        for (section, stays), tickets in changes.items():
            names = values[section].keys() - ({'stage'} if stays else set())
            if names:
                args.append((tickets, {n: values[section][n] for n in names}))
        if args:
            cls.write(*chain(*args))


class NewValues:
    "Looks up once what new tickets of a section get by a rule."

    def __init__(self):
        self._values = {}

    def of(self, section, rule):
        """
        Return the values of a new ticket, see Section.mail_values.

        rule may be None.
        """
        key = (section.id, rule.id if rule else None)
        if key not in self._values:
            self._values[key] = section.mail_values(rule)
        return dict(self._values[key])
