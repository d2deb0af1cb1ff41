# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.cache import Cache
from trytond.pool import PoolMeta
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

# Who changes a translation itself sees it after this time
_SECONDS = 300


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    _shown_cache = Cache(
        'helpdesk.section.shown', duration=_SECONDS, context=False)

    @classmethod
    def on_modification(cls, mode, sections, field_names=None):
        super().on_modification(mode, sections, field_names=field_names)
        cls._shown_cache.clear()

    @classmethod
    @without_check_access
    def shown_on_portal(cls, language):
        """
        Return what pages show of all sections, in the language, by id.

        language is a code. The values are dictionaries of _shown_fields.
        They are kept in memory, so most pages cost no statement.
        """
        sections = cls._shown_cache.get(language)
        if sections is None:
            with Transaction().set_context(language=language), \
                    inactive_records():
                sections = cls._shown_cache.set(language, {
                        s.id: {n: getattr(s, n) for n in cls._shown_fields()}
                        for s in cls.search([])})
        return sections

    @staticmethod
    def _shown_fields():
        return ['name', 'description', 'visibility']
