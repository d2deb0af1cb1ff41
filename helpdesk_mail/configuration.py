# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import ModelSQL, fields
from trytond.modules.company.model import CompanyValueMixin
from trytond.pool import Pool, PoolMeta

TICKETS_PER_HOUR = 30

_names = ['mail_tickets_per_hour', 'mail_keep_filed', 'mail_keep_ignored']


def _positive(name, least):
    return ['OR', (name, '=', None), (name, '>=', least)]


mail_tickets_per_hour = fields.Integer(
    "Tickets per Address and Hour",
    domain=_positive('mail_tickets_per_hour', 1),
    help="How many tickets the letters of one address may make in an hour. "
    "Further letters are held, and the managers are told.\n"
    "Leave empty for any number.")
mail_keep_filed = fields.Integer(
    "Keep Filed Letters",
    domain=_positive('mail_keep_filed', 1),
    help="After how many days the letters as they came are removed, once "
    "they are part of a ticket. The ticket keeps what was in them.\n"
    "Leave empty to keep them for ever.")
mail_keep_ignored = fields.Integer(
    "Keep Ignored Letters",
    domain=_positive('mail_keep_ignored', 1),
    help="After how many days the letters as they came are removed that are "
    "part of no ticket.\n"
    "Leave empty to keep them for ever.")


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    mail_tickets_per_hour = fields.MultiValue(mail_tickets_per_hour)
    mail_keep_filed = fields.MultiValue(mail_keep_filed)
    mail_keep_ignored = fields.MultiValue(mail_keep_ignored)

    @classmethod
    def multivalue_model(cls, field):
        pool = Pool()
        if field in _names:
            return pool.get('helpdesk.configuration.mail')
        return super().multivalue_model(field)

    @classmethod
    def default_mail_tickets_per_hour(cls, **pattern):
        return cls.multivalue_model(
            'mail_tickets_per_hour').default_mail_tickets_per_hour()


class ConfigurationMail(ModelSQL, CompanyValueMixin):
    __name__ = 'helpdesk.configuration.mail'

    mail_tickets_per_hour = mail_tickets_per_hour
    mail_keep_filed = mail_keep_filed
    mail_keep_ignored = mail_keep_ignored

    @classmethod
    def default_mail_tickets_per_hour(cls):
        return TICKETS_PER_HOUR
