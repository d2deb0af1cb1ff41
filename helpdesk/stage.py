# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, fields, sequence_ordered)
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import inactive_records, without_check_access

from .exceptions import StageError
from .limited import LIMITED, LimitedMixin, LimitMixin
from .workflow import STATES


class Stage(
        LimitedMixin, sequence_ordered(), DeactivableMixin,
        ModelSQL, ModelView):
    __name__ = 'helpdesk.stage'

    name = fields.Char("Name", required=True, translate=True,
        help="What is being done on the tickets.")
    state = fields.Selection(
        STATES, "State", required=True, sort=False,
        help="The state that the stage belongs to.\n"
        "Moving a ticket to the stage brings it to this state.")
    sections = fields.Many2Many(
        'helpdesk.stage-helpdesk.section', 'stage', 'section', "Sections",
        help="The sections whose tickets go through the stage.\n"
        "Leave empty for all.")

    @classmethod
    def default_state(cls):
        return 'open'

    @classmethod
    def check_modification(cls, mode, stages, values=None, external=False):
        super().check_modification(
            mode, stages, values=values, external=external)
        if mode == 'write' and 'state' in values:
            cls._check_unused(
                [s for s in stages if s.state != values['state']])

    @classmethod
    def _check_unused(cls, stages):
        "Tickets in the stage would be in another state than it."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        tickets = Ticket.search(
            [('stage', 'in', [s.id for s in stages])], limit=1, order=[])
        for ticket in tickets:
            raise AccessError(gettext(
                    'helpdesk.msg_stage_used', stage=ticket.stage.rec_name))

    @classmethod
    def first(cls, state, section):
        """
        Return the first stage of a state that the tickets of a section have.

        state is a key of STATES, section an id. Return the id of an active
        stage, or None. Costs no statement, but the first time.
        """
        for id_, (stage_state, active) in cls._ordered().items():
            if (active and stage_state == state
                    and cls.fits(id_, section)):
                return id_

    @classmethod
    def exist(cls, section):
        """
        Tell if the tickets of a section, an id, have stages.

        Costs no statement, but the first time.
        """
        return any(
            active and cls.fits(id_, section)
            for id_, (_, active) in cls._ordered().items())

    @classmethod
    def state_of(cls, stage):
        """
        Return the state of the stage with the id.

        Costs no statement, but the first time.
        """
        return cls._ordered()[stage][0]

    @classmethod
    def _ordered(cls):
        "Return state and activity of all stages by id, in their order."
        key = (cls.__name__, 'ordered')
        stages = cls._limits_cache.get(key)
        if stages is None:
            with without_check_access(), inactive_records():
                stages = {s.id: (s.state, s.active) for s in cls.search([])}
            cls._limits_cache.set(key, stages)
        return stages


class StageSection(LimitMixin, ModelSQL):
    __name__ = 'helpdesk.stage-helpdesk.section'
    _limited_field = 'stage'

    stage = fields.Many2One(
        'helpdesk.stage', "Stage", ondelete='CASCADE', required=True)


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    stage = fields.Many2One('helpdesk.stage', "Stage",
        domain=LIMITED,
        states={
            'invisible': ~Eval('has_stages', False),
            },
        help="What is being done on the ticket.\n"
        "A stage of another state brings the ticket to that state.")
    has_stages = fields.Function(
        fields.Boolean("Has Stages"), 'on_change_with_has_stages')

    @fields.depends('section', 'state', 'stage')
    def on_change_section(self):
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        super().on_change_section()
        if (self.section and self.stage
                and not Stage.fits(self.stage.id, self.section.id)):
            self.stage = Stage.first(self.state, self.section.id)

    @fields.depends('section', 'stage')
    def on_change_with_has_stages(self, name=None):
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        return bool(self.stage or (
                self.section and Stage.exist(self.section.id)))

    @classmethod
    def preprocess_values(cls, mode, values):
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        values = super().preprocess_values(mode, values)
        if mode == 'create' and values.get('stage') is None:
            stage = Stage.first(
                values.get('state') or cls.default_state(),
                values.get('section') or cls.default_section())
            if stage:
                values['stage'] = stage
        return values

    @classmethod
    def create(cls, vlist):
        tickets = super().create(vlist)
        cls._follow_stages(tickets)
        return tickets

    @classmethod
    def write(cls, *args):
        moved = cls._moved_by_stage(args)
        super().write(*args)
        cls._follow_stages(moved)

    @classmethod
    def _moved_by_stage(cls, args):
        "Return the tickets whose new stage is of another state."
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        moved = []
        actions = iter(args)
        for tickets, values in zip(actions, actions):
            if values.get('stage') is None or 'state' in values:
                continue
            section = values.get('section')
            cls.check_stage(tickets, values['stage'], section=section)
            state = Stage.state_of(values['stage'])
            cls.check_transition(tickets, state)
            moved.extend(t for t in tickets if t.state != state)
        return moved

    @classmethod
    def _follow_stages(cls, tickets):
        "Bring the tickets to the states of their stages."
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        moved = defaultdict(list)
        for ticket in tickets:
            if ticket.stage:
                state = Stage.state_of(ticket.stage.id)
                if ticket.state != state:
                    moved[state].append(ticket)
        for state, tickets in moved.items():
            cls.bring_to(tickets, state)

    @classmethod
    def check_stage(cls, tickets, stage, section=None):
        """
        Check that the tickets may have a stage.

        stage is an id, and so is section, to which the tickets are moved,
        if at all. Raise StageError for one that is not of the section.
        """
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        for ticket in tickets:
            if not Stage.fits(stage, section or ticket.section.id):
                raise StageError(gettext(
                        'helpdesk.msg_stage_section',
                        stage=Stage(stage).rec_name,
                        ticket=ticket.rec_name))

    def _consequences(self, values):
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        consequences = super()._consequences(values)
        if 'stage' not in values and not values.keys().isdisjoint(
                {'state', 'section'}):
            state = values.get('state', self.state)
            section = values.get('section', self.section.id)
            stage = self.stage.id if self.stage else None
            if (stage is None
                    or Stage.state_of(stage) != state
                    or not Stage.fits(stage, section)):
                first = Stage.first(state, section)
                if first != stage:
                    consequences['stage'] = first
        return consequences

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('stage')
        return super().copy(tickets, default=default)
