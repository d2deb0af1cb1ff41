# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import (
    DeactivableMixin, DictSchemaMixin, ModelSQL, ModelView, Unique, fields,
    sequence_ordered)
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import inactive_records, without_check_access


class Attribute(
        DictSchemaMixin, sequence_ordered(), DeactivableMixin,
        ModelSQL, ModelView):
    __name__ = 'helpdesk.ticket.attribute'

    sets = fields.Many2Many(
        'helpdesk.ticket.attribute-attribute.set', 'attribute', 'set_',
        "Sets",
        help="The sets that the custom field belongs to.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('name_unique', Unique(t, t.name),
                'helpdesk.msg_attribute_unique'),
            ]


class AttributeSet(ModelSQL, ModelView):
    __name__ = 'helpdesk.ticket.attribute.set'

    name = fields.Char("Name", required=True, translate=True,
        help="What the custom fields are about.")
    attributes = fields.Many2Many(
        'helpdesk.ticket.attribute-attribute.set', 'set_', 'attribute',
        "Custom Fields",
        help="The custom fields that go together.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, ('name', 'ASC'))


class AttributeAttributeSet(ModelSQL):
    __name__ = 'helpdesk.ticket.attribute-attribute.set'

    attribute = fields.Many2One(
        'helpdesk.ticket.attribute', "Custom Field", ondelete='CASCADE',
        required=True)
    set_ = fields.Many2One(
        'helpdesk.ticket.attribute.set', "Set", ondelete='CASCADE',
        required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('attribute_set_unique', Unique(t, t.attribute, t.set_),
                'helpdesk.msg_attribute_set_unique'),
            ]


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    attribute_set = fields.Many2One(
        'helpdesk.ticket.attribute.set', "Custom Fields",
        help="What the tickets of the section have besides the usual.")


class Type(metaclass=PoolMeta):
    __name__ = 'helpdesk.type'

    attribute_set = fields.Many2One(
        'helpdesk.ticket.attribute.set', "Custom Fields",
        help="What the tickets of the type have besides the usual.")


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    # Clients save only what the domain lets them show; values of sets that
    # no longer fit would be lost
    attributes = fields.Dict(
        'helpdesk.ticket.attribute', "Custom Fields",
        domain=[
            ['OR',
                ('sets', 'in', Eval('attribute_sets', [])),
                ('id', 'in', Eval('used_attributes', [])),
                ],
            ],
        states={
            'readonly': Eval('state') == 'closed',
            },
        help="What your organization wants to know besides.")
    attribute_sets = fields.Function(
        fields.Many2Many(
            'helpdesk.ticket.attribute.set', None, None,
            "Sets of Custom Fields",
            help="The sets of the section and of the type."),
        'on_change_with_attribute_sets')
    used_attributes = fields.Function(
        fields.Many2Many(
            'helpdesk.ticket.attribute', None, None, "Used Custom Fields",
            help="The custom fields that the ticket has values of."),
        'get_used_attributes')

    @fields.depends(
        'section', '_parent_section.attribute_set',
        'type', '_parent_type.attribute_set')
    def on_change_with_attribute_sets(self, name=None):
        return list(dict.fromkeys(
                v.attribute_set.id for v in [self.section, self.type]
                if v and v.attribute_set))

    @classmethod
    def get_used_attributes(cls, tickets, name):
        pool = Pool()
        Attribute = pool.get('helpdesk.ticket.attribute')
        names = set().union(*(t.attributes or {} for t in tickets))
        ids = {}
        if names:
            with without_check_access(), inactive_records():
                ids = {a.name: a.id for a in Attribute.search([
                            ('name', 'in', list(names)),
                            ], order=[])}
        return {
            t.id: [ids[n] for n in t.attributes or {} if n in ids]
            for t in tickets}

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('//page[@id="attributes"]', 'states', {
                    'invisible': ~(Bool(Eval('attribute_sets', []))
                        | Bool(Eval('attributes', {}))),
                    }, ['attribute_sets', 'attributes']),
            ]
