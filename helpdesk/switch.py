# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The optional parts of the helpdesk, and what disappears without them.

A switch is about what people see: what is stored stays, and the server goes
on to accept it. To make a part of one's own optional, a module adds a Boolean
field to the configuration and extends ``Configuration.parts``.
"""
from dataclasses import dataclass, field

from trytond.cache import Cache
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import inactive_records, without_check_access


@dataclass(frozen=True)
class Part:
    """
    What an optional part of the helpdesk shows.

    fields and buttons have the names by model; menus are the beginnings of
    XML ids in any module of the helpdesk. What does not exist is ignored.
    """
    fields: dict = field(default_factory=dict)
    buttons: dict = field(default_factory=dict)
    pages: dict = field(default_factory=dict)
    menus: tuple = ()


PARTS = {
    'use_types': Part(
        fields={
            'helpdesk.ticket': ['type'],
            'helpdesk.section': ['ticket_type'],
            },
        menus=('menu_type',)),
    'use_categories': Part(
        fields={'helpdesk.ticket': ['category']},
        menus=('menu_category',)),
    'use_tags': Part(
        fields={'helpdesk.ticket': ['tags', 'tag_names']},
        menus=('menu_tag',)),
    'use_stages': Part(
        fields={
            'helpdesk.ticket': ['stage'],
            'helpdesk.section': ['stages'],
            },
        menus=('menu_stage',)),
    'use_products': Part(
        fields={'helpdesk.ticket': ['product', 'products']}),
    'use_sales': Part(
        fields={'helpdesk.ticket': [
                'sale', 'sales', 'complaints', 'sale_shipments',
                'sale_shipment_returns', 'sale_invoices']},
        buttons={'helpdesk.ticket': ['create_sale', 'create_complaint']}),
    'use_attributes': Part(
        fields={
            'helpdesk.ticket': ['attributes', 'attribute_sets'],
            'helpdesk.section': ['attribute_set'],
            },
        pages={'helpdesk.ticket': ['attributes']},
        menus=('menu_attribute', 'menu_ticket_attribute')),
    'use_activities': Part(
        fields={'helpdesk.ticket': ['activities', 'next_activity']},
        pages={'helpdesk.ticket': ['activities']},
        menus=('menu_activity', 'menu_activities')),
    'use_templates': Part(
        fields={'helpdesk.ticket.answer.start': ['template']},
        menus=('menu_reply_template',)),
    'use_participants': Part(
        fields={'helpdesk.ticket': ['participants']}),
    'use_third_party': Part(
        buttons={'helpdesk.ticket': ['wait_third_party']}),
    'use_authorization': Part(
        fields={'helpdesk.ticket': ['authorizations', 'online_signature']},
        buttons={'helpdesk.ticket': [
                'ask_authorization', 'withdraw_question']},
        pages={'helpdesk.ticket': ['authorizations']}),
    'use_ratings': Part(
        fields={
            'helpdesk.ticket': ['rating', 'ratings'],
            'helpdesk.section': [
                'rating_average', 'rating_count', 'ask_rating',
                'rating_delay'],
            },
        menus=('menu_rating',)),
    }


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    use_types = fields.Boolean("Types",
        help="Tell kinds of requests apart.")
    use_categories = fields.Boolean("Categories",
        help="Sort tickets by the service or subject they are about.")
    use_tags = fields.Boolean("Tags",
        help="Mark tickets with words of your own.")
    use_stages = fields.Boolean("Stages",
        help="Divide the states into steps of your own.")
    use_products = fields.Boolean("Products",
        help="Name the products that a ticket is about.")
    use_sales = fields.Boolean("Sales",
        help="Name the sale that a ticket is about, "
        "and make sales and complaints from tickets.")
    use_attributes = fields.Boolean("Custom Fields",
        help="Add fields of your own to tickets.")
    use_activities = fields.Boolean("Activities",
        help="Plan what has to be done for a ticket, and when.")
    use_templates = fields.Boolean("Canned Answers",
        help="Answer with texts that were written in advance.")
    use_participants = fields.Boolean("Participants",
        help="Let others than the customer take part in a ticket by mail.")
    use_third_party = fields.Boolean("Waiting for Third Parties",
        help="Let tickets wait for somebody who is neither the customer "
        "nor you.")
    use_authorization = fields.Boolean("Authorizations",
        help="Let tickets wait until the customer agrees.")
    use_ratings = fields.Boolean("Ratings",
        help="Let customers rate how their tickets were resolved.")

    _switches_cache = Cache(
        'helpdesk.configuration.switches', context=False)

    @classmethod
    def default_use_types(cls):
        return True

    default_use_categories = default_use_tags = default_use_types
    default_use_stages = default_use_products = default_use_types
    default_use_sales = default_use_attributes = default_use_types
    default_use_activities = default_use_templates = default_use_types
    default_use_participants = default_use_third_party = default_use_types
    default_use_authorization = default_use_ratings = default_use_types

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        names = cls.parts().keys()
        if field_names is not None:
            names &= field_names
        if names:
            configuration, = records
            configuration.switch_menus(names)
            ModelView._fields_view_get_cache.clear()
            cls._switches_cache.clear()

    @classmethod
    @without_check_access
    def is_on(cls, name):
        """
        Tell if the part with the switch of this name is on.

        Costs no statement, but the first time.
        """
        value = cls._switches_cache.get(name)
        if value is None:
            value = bool(getattr(cls(1), name))
            cls._switches_cache.set(name, value)
        return value

    @classmethod
    def parts(cls):
        "Return the optional parts by the names of their switches."
        return PARTS

    @classmethod
    @without_check_access
    def switched_off(cls):
        "Return the parts that are switched off."
        configuration = cls(1)
        return [
            part for name, part in cls.parts().items()
            if not getattr(configuration, name)]

    @without_check_access
    def switch_menus(self, names):
        "Show and hide the menus of the parts with these switches."
        pool = Pool()
        Menu = pool.get('ir.ui.menu')
        ModelData = pool.get('ir.model.data')
        menus = ModelData.search([
                ('model', '=', Menu.__name__),
                ('module', 'like', 'helpdesk%'),
                ('fs_id', 'like', 'menu%'),
                ])
        for active in [True, False]:
            prefixes = tuple(
                menu for name in names
                if bool(getattr(self, name)) == active
                for menu in self.parts()[name].menus)
            with inactive_records():
                switched = Menu.search([
                        ('id', 'in', [
                                m.db_id for m in menus
                                if m.fs_id.startswith(prefixes)]),
                        ('active', '!=', active),
                        ])
            if switched:
                Menu.write(switched, {'active': active})

    @classmethod
    def hide(cls, model, tree, type):
        """
        Take what is switched off out of a view.

        tree is the lxml element of the view of the model, type what kind of
        view it is.
        """
        for part in cls.switched_off():
            found = [
                *_find(tree, ['field', 'label', 'separator', 'group', 'page'],
                    'name', part.fields.get(model, [])),
                *_find(tree, ['button'],
                    'name', part.buttons.get(model, [])),
                *_find(tree, ['page'], 'id', part.pages.get(model, [])),
                ]
            for element in found:
                parent = element.getparent()
                if type == 'form' and element.tag != 'page' and (
                        parent.get('col') != '-1'):
                    # As Tryton does, so that the others stay in their columns
                    name = element.get('name')
                    colspan = element.get('colspan')
                    element.tag = 'label'
                    element.attrib.clear()
                    element.set('id', f'hidden {name}-{parent.index(element)}')
                    if colspan is not None:
                        element.set('colspan', colspan)
                else:
                    parent.remove(element)
        for notebook in tree.xpath('//notebook[not(page)]'):
            notebook.getparent().remove(notebook)


def _find(tree, tags, attribute, names):
    "Return the elements with one of the tags that have one of the names."
    return [
        e for e in tree.iter(*tags) if e.get(attribute) in names]


class _Switched:
    "Leave out of the views what is switched off."
    __slots__ = ()

    @classmethod
    def parse_view(cls, tree, type, *args, **kwargs):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Configuration.hide(cls.__name__, tree, type)
        return super().parse_view(tree, type, *args, **kwargs)


class Section(_Switched, metaclass=PoolMeta):
    __name__ = 'helpdesk.section'


class Ticket(_Switched, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'


class AnswerStart(_Switched, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer.start'
