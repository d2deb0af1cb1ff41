# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from sql import Column
from trytond.cache import Cache
from trytond.model import Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

# What a ticket may have: values of all sections and those of its own
LIMITED = [
    ['OR',
        ('sections', '=', None),
        ('sections', '=', Eval('section', -1)),
        ],
    ]


class LimitedMixin:
    "A value for the tickets of some sections, or of all."
    __slots__ = ()
    _limits_cache = Cache('helpdesk.limits', context=False)

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        cls._limits_cache.clear()

    @classmethod
    def fits(cls, value, section):
        """
        Tell if the tickets of a section may have a value.

        value and section are ids. Costs no statement, but the first time.
        """
        limits = cls._limits_cache.get(cls.__name__)
        if limits is None:
            limits = cls._limits()
            cls._limits_cache.set(cls.__name__, limits)
        return value not in limits or section in limits[value]

    @classmethod
    def _limits(cls):
        "Return the sections of each value that is not for all."
        field = cls.sections
        relation = field.get_relation().__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*relation.select(
                Column(relation, field.origin),
                Column(relation, field.target)))
        limits = defaultdict(set)
        for value, section in cursor:
            limits[value].add(section)
        return dict(limits)


class LimitMixin:
    "The relation between a value and a section."
    __slots__ = ()

    # The field with the value
    _limited_field = None

    section = fields.Many2One(
        'helpdesk.section', "Section", ondelete='CASCADE', required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        # Nobody learns of sections that they do not see
        cls.__access__.add('section')
        t = cls.__table__()
        name = cls._limited_field
        cls._sql_constraints = [
            (f'{name}_section_unique',
                Unique(t, Column(t, name), t.section),
                'helpdesk.msg_limit_unique'),
            ]

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        LimitedMixin._limits_cache.clear()


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @fields.depends('section', 'type', 'category')
    def on_change_section(self):
        super().on_change_section()
        if self.section:
            for name in ['type', 'category']:
                value = getattr(self, name)
                if value and not value.fits(value.id, self.section.id):
                    setattr(self, name, None)

    @classmethod
    def preprocess_values(cls, mode, values):
        pool = Pool()
        Type = pool.get('helpdesk.type')
        values = super().preprocess_values(mode, values)
        section = values.get('section')
        if mode == 'create' and section and 'type' not in values:
            # The default is that of the default section
            type_ = cls.default_type()
            if type_ and not Type.fits(type_, section):
                values['type'] = None
        return values

    def follow_up_values(self):
        values = super().follow_up_values()
        values.update(self._unfit(self.section.id))
        return values

    def _consequences(self, values):
        consequences = super()._consequences(values)
        if 'section' in values:
            consequences.update(
                (n, v) for n, v in self._unfit(values['section']).items()
                if n not in values)
        return consequences

    def _unfit(self, section):
        "Return as empty what the ticket could not keep in the section."
        return {
            name: None for name in ['type', 'category']
            if (value := getattr(self, name))
            and not value.fits(value.id, section)}
