# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, fields, sequence_ordered, tree)
from trytond.pool import Pool
from trytond.transaction import inactive_records

from .exceptions import LimitError
from .limited import LimitedMixin, LimitMixin


class Type(
        LimitedMixin, sequence_ordered(), DeactivableMixin,
        ModelSQL, ModelView):
    __name__ = 'helpdesk.type'

    name = fields.Char("Name", required=True, translate=True,
        help="What kind of request it is: a question, an incident, "
        "a complaint…")
    sections = fields.Many2Many(
        'helpdesk.type-helpdesk.section', 'type', 'section', "Sections",
        help="The sections whose tickets can be of the type.\n"
        "Leave empty for all.")

    @classmethod
    def validate_fields(cls, types, field_names):
        super().validate_fields(types, field_names)
        cls.check_default(types, field_names)

    @classmethod
    def check_default(cls, types, field_names=None):
        "Letters for a section would not get a ticket of its default type."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        if field_names and 'sections' not in field_names:
            return
        limits = {t.id: t.sections for t in types if t.sections}
        if not limits:
            return
        with inactive_records():
            sections = Section.search(
                [('ticket_type', 'in', list(limits))], order=[])
        for section in sections:
            if section not in limits[section.ticket_type.id]:
                raise LimitError(gettext(
                        'helpdesk.msg_type_default',
                        type=section.ticket_type.rec_name,
                        section=section.rec_name))


class TypeSection(LimitMixin, ModelSQL):
    __name__ = 'helpdesk.type-helpdesk.section'
    _limited_field = 'type'

    type = fields.Many2One(
        'helpdesk.type', "Type", ondelete='CASCADE', required=True)


class Category(
        LimitedMixin, tree(separator=' / '), sequence_ordered(),
        DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.category'

    name = fields.Char("Name", required=True, translate=True,
        help="The service or subject the request is about.")
    parent = fields.Many2One('helpdesk.category', "Parent",
        help="The wider service or subject that it is part of.")
    children = fields.One2Many('helpdesk.category', 'parent', "Children",
        help="The parts of the service or subject.")
    sections = fields.Many2Many(
        'helpdesk.category-helpdesk.section', 'category', 'section',
        "Sections",
        help="The sections whose tickets can be in the category.\n"
        "Leave empty for all.")


class CategorySection(LimitMixin, ModelSQL):
    __name__ = 'helpdesk.category-helpdesk.section'
    _limited_field = 'category'

    category = fields.Many2One(
        'helpdesk.category', "Category", ondelete='CASCADE', required=True)
