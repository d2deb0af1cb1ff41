# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
To which mail servers the tokens of a client may go.

A token opens mailboxes for an hour. Who may set up accounts, but must not
know the secrets, could have it sent to a server of their own.
"""
from trytond.i18n import gettext
from trytond.pool import PoolMeta

from .exceptions import OAuthHostError

# The domains of their mail servers, also of their national clouds
HOSTS = {
    'google': ['gmail.com', 'google.com', 'googlemail.com'],
    'microsoft': [
        'office.com', 'office365.com', 'office365.us', 'outlook.cn',
        'outlook.com'],
    }


class OAuth(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.oauth'

    def check_host(self, host):
        "Raise OAuthHostError if tokens are not for the mail server."
        domains = HOSTS.get(self.provider)
        name = (host or '').strip().lower().rstrip('.')
        if domains and not any(
                f'.{name}'.endswith(f'.{domain}') for domain in domains):
            raise OAuthHostError(gettext(
                    'helpdesk_mail.msg_oauth_host',
                    client=self.rec_name, host=host,
                    domains=', '.join(domains)))


class _ByToken:
    __slots__ = ()

    @classmethod
    def validate_fields(cls, records, field_names):
        super().validate_fields(records, field_names)
        if field_names and field_names.isdisjoint(
                {'authentication', 'host', 'oauth'}):
            return
        for record in records:
            if record.authentication == 'oauth' and record.oauth:
                record.oauth.check_host(record.host)


class Account(_ByToken, metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.account'


class Server(_ByToken, metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.server'
