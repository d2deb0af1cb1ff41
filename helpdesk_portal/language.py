# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

# What a page needs to write dates and numbers
_FIELDS = [
    'code', 'date', 'direction', 'am', 'pm', 'grouping', 'decimal_point',
    'thousands_sep']


class Lang(metaclass=PoolMeta):
    __name__ = 'ir.lang'

    _helpdesk_cache = Cache('ir.lang.helpdesk', context=False)

    @classmethod
    def on_modification(cls, mode, languages, field_names=None):
        super().on_modification(mode, languages, field_names=field_names)
        cls._helpdesk_cache.clear()

    @classmethod
    def helpdesk_languages(cls):
        """
        Return the languages of the portal by code, in the order of the codes.

        Each is an ir.lang that costs no statement for what a page needs of
        it. English is among them: it is the language of the source.
        """
        return {
            values['code']: cls(**values)
            for values in cls._helpdesk_values()}

    @classmethod
    def helpdesk_names(cls):
        "Return what speakers call each of these languages, by code"
        return {
            values['code']: values['name']
            for values in cls._helpdesk_values()}

    def helpdesk_text(self, key, **variables):
        """
        Return the message of the module in the language.

        Numbers among the variables are written as the language does.
        """
        return gettext(f'helpdesk_portal.msg_{key}', self.code, **{
                name: self.format_number(value)
                if isinstance(value, (int, float)) else value
                for name, value in variables.items()})

    @classmethod
    def _helpdesk_values(cls):
        all_values = cls._helpdesk_cache.get('languages')
        if all_values is None:
            languages = cls.search([
                    ['OR', ('translatable', '=', True), ('code', '=', 'en')],
                    ], order=[('code', 'ASC')])
            all_values = cls._helpdesk_cache.set(
                'languages', list(map(cls._values_of, languages)))
        return all_values

    @classmethod
    def _values_of(cls, language):
        pool = Pool()
        Lang = pool.get('ir.lang')
        with Transaction().set_context(language=language.code):
            name = Lang(language.id).name
        return {
            'id': language.id,
            'name': name,
            **{n: getattr(language, n) for n in _FIELDS},
            }
