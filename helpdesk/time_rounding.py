# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.model import ModelSQL, fields
from trytond.modules.company.model import CompanyValueMixin
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval

from .switch import Part

_ROUNDING_FIELDS = [
    'time_rounding', 'time_rounding_minutes', 'time_minimum_minutes']
_ROUNDINGS = [
    ('none', "Exact"),
    ('up', "Up"),
    ('nearest', "To the Nearest"),
    ]
_minutes_domain = {
    'time_rounding_minutes': [
        ('time_rounding_minutes', '>', 0),
        ('time_rounding_minutes', '<=', 24 * 60),
        ],
    'time_minimum_minutes': ['OR',
        ('time_minimum_minutes', '=', None),
        [
            ('time_minimum_minutes', '>=', 0),
            ('time_minimum_minutes', '<=', 24 * 60),
            ],
        ],
    }


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    use_timesheet = fields.Boolean("Time Spent",
        help="Put down the time spent on tickets in timesheets.")
    time_rounding = fields.MultiValue(fields.Selection(
            _ROUNDINGS, "Round Time", required=True, sort=False,
            help="How the time is rounded that an employee spends on a "
            "ticket in a day."))
    time_rounding_minutes = fields.MultiValue(fields.Integer(
            "To Minutes", required=True,
            domain=[_minutes_domain['time_rounding_minutes']],
            states={
                'invisible': Eval('time_rounding') == 'none',
                },
            help="The time becomes a multiple of so many minutes."))
    time_minimum_minutes = fields.MultiValue(fields.Integer(
            "Minimum Minutes",
            domain=[_minutes_domain['time_minimum_minutes']],
            help="What any time spent on a ticket in a day at least counts "
            "for."))

    @classmethod
    def default_use_timesheet(cls):
        return True

    @classmethod
    def default_time_rounding(cls, **pattern):
        return 'none'

    @classmethod
    def default_time_rounding_minutes(cls, **pattern):
        return 15

    @classmethod
    def multivalue_model(cls, field):
        pool = Pool()
        if field in _ROUNDING_FIELDS:
            return pool.get('helpdesk.configuration.time_rounding')
        return super().multivalue_model(field)

    @classmethod
    def parts(cls):
        return {
            **super().parts(),
            'use_timesheet': Part(
                fields={'helpdesk.ticket': [
                        'time_spent', 'time_by_employee', 'timesheet_lines',
                        'working_since', 'workers']},
                buttons={'helpdesk.ticket': [
                        'start_work', 'stop_work', 'add_time']},
                pages={'helpdesk.ticket': ['time']},
                menus=('menu_stopwatch',)),
            }

    def rounding(self, company):
        "Return the arguments of time_spent.rounded for a company's time."
        way, step, least = (
            self.get_multivalue(n, company=company.id)
            for n in _ROUNDING_FIELDS)
        return (
            way or 'none', dt.timedelta(minutes=step or 0),
            dt.timedelta(minutes=least or 0))


class ConfigurationTimeRounding(ModelSQL, CompanyValueMixin):
    __name__ = 'helpdesk.configuration.time_rounding'

    time_rounding = fields.Selection(
        _ROUNDINGS, "Round Time", required=True, sort=False)
    time_rounding_minutes = fields.Integer("To Minutes", required=True,
        domain=[_minutes_domain['time_rounding_minutes']])
    time_minimum_minutes = fields.Integer("Minimum Minutes",
        domain=[_minutes_domain['time_minimum_minutes']])

    @classmethod
    def default_time_rounding(cls):
        return 'none'

    @classmethod
    def default_time_rounding_minutes(cls):
        return 15
