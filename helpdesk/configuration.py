# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import ModelSingleton, ModelSQL, ModelView, fields
from trytond.modules.company.model import (
    CompanyMultiValueMixin, CompanyValueMixin)
from trytond.pool import Pool
from trytond.pyson import Eval, Id

_sequence_domain = [
    ('sequence_type', '=', Id('helpdesk', 'sequence_type_ticket')),
    ('company', 'in', [Eval('company', -1), None]),
    ]
_section_domain = [
    ('company', '=', Eval('company', -1)),
    ]


class Configuration(
        ModelSingleton, ModelSQL, ModelView, CompanyMultiValueMixin):
    __name__ = 'helpdesk.configuration'

    ticket_sequence = fields.MultiValue(fields.Many2One(
            'ir.sequence', "Ticket Sequence", required=True,
            domain=[
                ('sequence_type', '=', Id('helpdesk', 'sequence_type_ticket')),
                ('company', 'in', [
                        Eval('context', {}).get('company', -1), None]),
                ],
            help="Used to number the tickets of the company."))
    default_section = fields.MultiValue(fields.Many2One(
            'helpdesk.section', "Default Section",
            domain=[
                ('company', '=', Eval('context', {}).get('company', -1)),
                ],
            help="Takes the tickets that nothing else assigns "
            "to a section."))

    @classmethod
    def multivalue_model(cls, field):
        pool = Pool()
        if field == 'ticket_sequence':
            return pool.get('helpdesk.configuration.sequence')
        elif field == 'default_section':
            return pool.get('helpdesk.configuration.section')
        return super().multivalue_model(field)

    @classmethod
    def default_ticket_sequence(cls, **pattern):
        return cls.multivalue_model(
            'ticket_sequence').default_ticket_sequence()


class ConfigurationSequence(ModelSQL, CompanyValueMixin):
    __name__ = 'helpdesk.configuration.sequence'

    ticket_sequence = fields.Many2One(
        'ir.sequence', "Ticket Sequence", required=True,
        domain=_sequence_domain)

    @classmethod
    def default_ticket_sequence(cls):
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        try:
            return ModelData.get_id('helpdesk', 'sequence_ticket')
        except KeyError:
            return None


class ConfigurationSection(ModelSQL, CompanyValueMixin):
    __name__ = 'helpdesk.configuration.section'

    default_section = fields.Many2One(
        'helpdesk.section', "Default Section", domain=_section_domain)
