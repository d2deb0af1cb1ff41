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
        'inbound.email.rule': ['tags', 'update_tags'],
        'helpdesk.section': ['mail_tags', 'update_tags'],
        },
    'use_stages': {
        'inbound.email.rule': ['stage', 'update_stage'],
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
        return self._given(
            {'stage': 'mail_stage', 'tags': 'mail_tags'}, rule,
            {n: n for n in [
                    'employee', 'stage', 'type', 'category', 'priority',
                    'tags']})

    def update_values(self, rule=None):
        """
        Return what a ticket of the section gets when the customer writes.

        As mail_values, to write a ticket with.
        """
        names = {
            'stage': 'update_stage',
            'priority': 'update_priority',
            'tags': 'update_tags',
            }
        return self._given(names, rule, names)

    def _given(self, names, rule, rule_names):
        """
        Return what the section, and above it the rule, give to a ticket.

        names and rule_names tell in which field of them is what.
        """
        values, tags = {}, {}
        for source, names in [(self, names), (rule, rule_names)]:
            if source is None:
                continue
            for name, field in names.items():
                value = getattr(source, field)
                if name == 'tags':
                    tags.update((t.id, t) for t in value if t.active)
                elif self._may_have(name, value):
                    values[name] = getattr(value, 'id', value)
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
    update_stage = fields.Many2One(
        'helpdesk.stage', "Stage after a Letter",
        domain=[LIMITED_BY_RULE, ('state', 'in', STATES)], states=_states,
        help="The stage that a ticket gets when the customer writes again, "
        "if its section has it.\n"
        "Only while the ticket is in the state of the stage.")
    update_priority = fields.Selection(
        [(None, "")] + PRIORITIES, "Priority after a Letter", sort=False,
        states=_states,
        help="The priority that a ticket gets when the customer writes "
        "again.")
    update_tags = fields.Many2Many(
        'inbound.email.rule-update-helpdesk.tag', 'rule', 'tag',
        "Tags after a Letter", states=_states,
        help="The tags that are added when the customer writes again, "
        "besides those of the section.")

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


class RuleUpdateTag(ModelSQL):
    __name__ = 'inbound.email.rule-update-helpdesk.tag'

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
    def updated_by_mail(cls, letters):
        """
        Give tickets what is said of a customer's letter.

        letters are tuples of a ticket and the inbound.email.rule that took
        the letter, or None; the last one of a ticket counts.
        """
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        rules = {ticket.id: rule for ticket, rule in letters}
        tickets = cls.browse(list(rules))
        given = Given('update_values')
        changes = defaultdict(list)
        for ticket in tickets:
            section, rule = ticket.section, rules[ticket.id]
            stage = given.of(section, rule).get('stage')
            stays = stage and Stage.state_of(stage) != ticket.state
            changes[section, rule, bool(stays)].append(ticket)
        args = []
        for (section, rule, stays), tickets in changes.items():
            values = given.of(section, rule)
            if stays:
                del values['stage']
            if values:
                args.extend([tickets, values])
        if args:
            cls.write(*args)


class Given:
    "Looks up once what tickets of a section get by a rule."

    def __init__(self, name):
        "name is that of the method of the section that tells"
        self._name = name
        self._values = {}

    def of(self, section, rule):
        "Return a dictionary of the values by a rule, or by None."
        key = (section, rule)
        if key not in self._values:
            self._values[key] = getattr(section, self._name)(rule)
        return dict(self._values[key])
