# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import fields
from trytond.pool import Pool, PoolMeta


class Employee(metaclass=PoolMeta):
    __name__ = 'company.employee'

    helpdesk_sections = fields.Many2Many(
        'helpdesk.section-company.employee', 'employee', 'section',
        "Helpdesk Sections", readonly=True,
        help="The helpdesk sections the employee is a member of.")


class UserEmployee(metaclass=PoolMeta):
    __name__ = 'res.user-company.employee'

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        pool = Pool()
        User = pool.get('res.user')
        super().on_modification(mode, records, field_names=field_names)
        User.clear_helpdesk_sections()
