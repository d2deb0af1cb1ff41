# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.cache import Cache
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    _helpdesk_sections_cache = Cache(
        'res.user.helpdesk_sections', context=False)

    @classmethod
    def get_helpdesk_sections(cls):
        """
        Return the sections whose tickets the current user may see.

        A sorted tuple of ids, ready to be part of a record rule; empty for
        who is no agent.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        if not cls.is_helpdesk_agent():
            return ()
        companies, employees = cls.get_companies(), cls.get_employees()
        is_manager = cls.is_helpdesk_manager()
        key = (Transaction().user, companies, employees, is_manager)
        sections = cls._helpdesk_sections_cache.get(key)
        if sections is None:
            sections = Section.visible(
                companies, employees, every=is_manager)
            cls._helpdesk_sections_cache.set(key, sections)
        return sections

    @classmethod
    def is_helpdesk_agent(cls):
        "Tell if the current user is an agent."
        return cls._in_helpdesk_group('group_helpdesk')

    @classmethod
    def is_helpdesk_manager(cls):
        "Tell if the current user is a helpdesk manager."
        return cls._in_helpdesk_group('group_helpdesk_manager')

    @classmethod
    def _in_helpdesk_group(cls, name):
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        return ModelData.get_id('helpdesk', name) in cls.get_groups()

    @classmethod
    def clear_helpdesk_sections(cls):
        "Forget who sees which section, when members or sections change."
        pool = Pool()
        Rule = pool.get('ir.rule')
        cls._helpdesk_sections_cache.clear()
        Rule._domain_get_cache.clear()
