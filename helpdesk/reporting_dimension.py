# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The figures of tickets by what the tickets have now.
"""
from sql import Null
from sql.conditionals import Case
from trytond.i18n import lazy_gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval

from .reporting import Abstract, AbstractTimeSeries


class DimensionMixin:
    "Divides the figures by a field, which has the name of _value."
    __slots__ = ()
    _value = None

    @classmethod
    def _columns(cls, total, period):
        value = getattr(cls, cls._value).sql_cast(total.value)
        return super()._columns(total, period) + [value.as_(cls._value)]

    def get_rec_name(self, name):
        value = getattr(self, self._value)
        return value.rec_name if value else ''

    def ticket_domain(self):
        value = getattr(self, self._value)
        return super().ticket_domain() + [
            (self._dimension, '=', getattr(value, 'id', value))]


class DimensionAbstract(DimensionMixin, Abstract):

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, (cls._value, 'ASC'))


class DimensionTimeSeries(DimensionMixin, AbstractTimeSeries):

    @classmethod
    def _columns(cls, total, period):
        return super()._columns(total, period) + [
            cls._row_id(total).as_('row')]

    def get_rec_name(self, name):
        return ' - '.join(
            filter(None, [super().get_rec_name(name), str(self.date)]))


class SectionMixin:
    __slots__ = ()
    _value = 'section'
    _dimension = 'section'

    section = fields.Many2One(
        'helpdesk.section', "Section",
        help="The section that has the tickets now.")


class Section(SectionMixin, DimensionAbstract, ModelView):
    __name__ = 'helpdesk.reporting.section'

    time_series = fields.One2Many(
        'helpdesk.reporting.section.time_series', 'row',
        lazy_gettext('helpdesk.msg_reporting_time_series'),
        help=lazy_gettext('helpdesk.msg_reporting_time_series_help'))


class SectionTimeSeries(SectionMixin, DimensionTimeSeries, ModelView):
    __name__ = 'helpdesk.reporting.section.time_series'

    row = fields.Many2One(
        'helpdesk.reporting.section',
        lazy_gettext('helpdesk.msg_reporting_row'),
        help=lazy_gettext('helpdesk.msg_reporting_row_help'))


class EmployeeMixin:
    __slots__ = ()
    _value = 'employee'
    _dimension = 'employee'

    employee = fields.Many2One(
        'company.employee', "Responsible",
        help="Who is responsible for the tickets now.")


class Employee(EmployeeMixin, DimensionAbstract, ModelView):
    __name__ = 'helpdesk.reporting.employee'

    time_series = fields.One2Many(
        'helpdesk.reporting.employee.time_series', 'row',
        lazy_gettext('helpdesk.msg_reporting_time_series'),
        help=lazy_gettext('helpdesk.msg_reporting_time_series_help'))


class EmployeeTimeSeries(EmployeeMixin, DimensionTimeSeries, ModelView):
    __name__ = 'helpdesk.reporting.employee.time_series'

    row = fields.Many2One(
        'helpdesk.reporting.employee',
        lazy_gettext('helpdesk.msg_reporting_row'),
        help=lazy_gettext('helpdesk.msg_reporting_row_help'))


class CategoryMixin:
    __slots__ = ()
    _value = 'category'
    _dimension = 'category'

    category = fields.Many2One(
        'helpdesk.category', "Category",
        help="The category that the tickets have now.")


class Category(CategoryMixin, DimensionAbstract, ModelView):
    __name__ = 'helpdesk.reporting.category'

    time_series = fields.One2Many(
        'helpdesk.reporting.category.time_series', 'row',
        lazy_gettext('helpdesk.msg_reporting_time_series'),
        help=lazy_gettext('helpdesk.msg_reporting_time_series_help'))


class CategoryTimeSeries(CategoryMixin, DimensionTimeSeries, ModelView):
    __name__ = 'helpdesk.reporting.category.time_series'

    row = fields.Many2One(
        'helpdesk.reporting.category',
        lazy_gettext('helpdesk.msg_reporting_row'),
        help=lazy_gettext('helpdesk.msg_reporting_row_help'))


class CustomerMixin:
    __slots__ = ()
    _value = 'customer'
    _dimension = 'party'

    customer = fields.Many2One(
        'party.party', "Customer",
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer that the tickets are for.")


class Customer(CustomerMixin, DimensionAbstract, ModelView):
    __name__ = 'helpdesk.reporting.customer'

    time_series = fields.One2Many(
        'helpdesk.reporting.customer.time_series', 'row',
        lazy_gettext('helpdesk.msg_reporting_time_series'),
        help=lazy_gettext('helpdesk.msg_reporting_time_series_help'))


class CustomerTimeSeries(CustomerMixin, DimensionTimeSeries, ModelView):
    __name__ = 'helpdesk.reporting.customer.time_series'

    row = fields.Many2One(
        'helpdesk.reporting.customer',
        lazy_gettext('helpdesk.msg_reporting_row'),
        help=lazy_gettext('helpdesk.msg_reporting_row_help'))


class ProductMixin:
    __slots__ = ()
    _value = 'product'
    _dimension = 'product'

    product = fields.Many2One(
        'product.product', "Product",
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The product that the tickets are about.")


class Product(ProductMixin, DimensionAbstract, ModelView):
    __name__ = 'helpdesk.reporting.product'

    time_series = fields.One2Many(
        'helpdesk.reporting.product.time_series', 'row',
        lazy_gettext('helpdesk.msg_reporting_time_series'),
        help=lazy_gettext('helpdesk.msg_reporting_time_series_help'))


class ProductTimeSeries(ProductMixin, DimensionTimeSeries, ModelView):
    __name__ = 'helpdesk.reporting.product.time_series'

    row = fields.Many2One(
        'helpdesk.reporting.product',
        lazy_gettext('helpdesk.msg_reporting_row'),
        help=lazy_gettext('helpdesk.msg_reporting_row_help'))


class ChannelMixin:
    __slots__ = ()
    _value = 'channel'
    _dimension = 'channel'

    channel = fields.Selection('get_channels', "Channel", sort=False,
        help="The way the requests came in.")

    @classmethod
    def get_channels(cls):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        return Ticket.fields_get(['channel'])['channel']['selection']

    @classmethod
    def _row_id(cls, total):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        return Case(
            *((total.value == channel, number)
                for number, (channel, _)
                in enumerate(Ticket.channel.selection, 1)),
            else_=Null)

    def get_rec_name(self, name):
        return dict(self.get_channels()).get(self.channel, '')


class Channel(ChannelMixin, DimensionAbstract, ModelView):
    __name__ = 'helpdesk.reporting.channel'

    time_series = fields.One2Many(
        'helpdesk.reporting.channel.time_series', 'row',
        lazy_gettext('helpdesk.msg_reporting_time_series'),
        help=lazy_gettext('helpdesk.msg_reporting_time_series_help'))


class ChannelTimeSeries(ChannelMixin, DimensionTimeSeries, ModelView):
    __name__ = 'helpdesk.reporting.channel.time_series'

    row = fields.Many2One(
        'helpdesk.reporting.channel',
        lazy_gettext('helpdesk.msg_reporting_row'),
        help=lazy_gettext('helpdesk.msg_reporting_row_help'))
