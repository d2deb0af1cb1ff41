# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The tickets of sections with a tab for each of their stages.

The stages are data of users, so that the tabs cannot stand in the action: they
are made each time that it is opened.
"""
from collections import defaultdict

from trytond.pool import Pool, PoolMeta
from trytond.pyson import PYSONEncoder
from trytond.transaction import Transaction, check_access
from trytond.wizard import StateAction, Wizard

from .readable import readable
from .workflow import STATES


class Stage(metaclass=PoolMeta):
    __name__ = 'helpdesk.stage'

    @classmethod
    def of_sections(cls, sections):
        """
        Return the active stages that tickets of any of the sections have.

        sections are ids. Return a list in the order of the stages, those of
        the state closed last.
        """
        stages = cls.browse([
                id_ for id_, (_, active) in cls._ordered().items()
                if active and any(cls.fits(id_, s) for s in sections)])
        return sorted(stages, key=lambda s: s.state == 'closed')


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    @classmethod
    def of_user(cls):
        """
        Return the sections that the current user belongs to.

        Who is neither member nor manager of any gets all that he sees.
        """
        pool = Pool()
        User = pool.get('res.user')
        employees = list(User.get_employees())
        with check_access():
            return list(cls.search(['OR',
                        ('members', 'in', employees),
                        ('manager', 'in', employees),
                        ]) or cls.search([]))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def stage_tabs(cls, sections):
        """
        Return the tabs that divide the tickets of the sections by stage.

        sections are ids. Return a list of tuples of a name in the language of
        the user, a domain, and whether its tickets are counted: how many are
        closed grows without end.
        """
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        # Sections may each have a stage of the same name
        named = defaultdict(list)
        stages = Stage.of_sections(sections)
        for stage in stages:
            named[stage.rec_name, stage.state == 'closed'].append(stage.id)
        tabs = [
            (name, [('stage', 'in', ids)], not closed)
            for (name, closed), ids in named.items()]
        others = cls._state_tabs(sections, [s.id for s in stages])
        return sorted(tabs + others, key=lambda tab: not tab[-1])

    @classmethod
    def _state_tabs(cls, sections, stages):
        "Return a tab for each state of tickets that are in no such stage."
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        if stages:
            used = cls._states_beside(sections, stages)
            beside = [cls._beside(stages)]
            if not all(Stage.exist(s) for s in sections):
                used.add('closed')
        else:
            used, beside = set(dict(STATES)), []
        labels = dict(cls.fields_get(['state'])['state']['selection'])
        return [
            (labels[s], [('state', '=', s), *beside], s != 'closed')
            for s, _ in STATES if s in used]

    @staticmethod
    def _beside(stages):
        return ['OR', ('stage', '=', None), ('stage', 'not in', stages)]

    @classmethod
    def _states_beside(cls, sections, stages):
        "Return the states of open tickets that are in no such stage."
        query = readable(cls, [
                ('section', 'in', sections),
                ('state', '!=', 'closed'),
                cls._beside(stages),
                ])
        if query is None:
            return set()
        ticket = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*ticket.select(
                ticket.state,
                where=ticket.id.in_(query), group_by=[ticket.state]))
        return {state for state, in cursor}


class OpenByStage(Wizard):
    __name__ = 'helpdesk.ticket.open_by_stage'

    start_state = 'open_'
    open_ = StateAction('helpdesk.act_ticket_by_stage')

    @classmethod
    def check_access(cls):
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        Section = pool.get('helpdesk.section')
        context = Transaction().context
        if context.get('active_model') != Section.__name__:
            super().check_access()
            return
        # Tryton would ask for the right to write the sections
        with check_access():
            ModelAccess.check(Section.__name__, 'read')
            Section.read(context.get('active_ids') or [], ['id'])

    def do_open_(self, action):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        Ticket = pool.get('helpdesk.ticket')
        if self.model == Section:
            sections = self.records
            action['name'] += f" ({', '.join(s.rec_name for s in sections)})"
        else:
            sections = Section.of_user()
        ids = [s.id for s in sections]
        encoder = PYSONEncoder()
        action['domains'] = [
            (name, encoder.encode(domain), count)
            for name, domain, count in Ticket.stage_tabs(ids)
            ] + action['domains']
        return action, {
            'model': Section.__name__,
            'id': ids[0] if len(ids) == 1 else None,
            'ids': ids,
            }
