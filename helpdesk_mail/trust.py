# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval


class TrustMixin:
    "Shows what speaks against the sender of a letter."
    __slots__ = ()

    authentication = fields.Char("Sender Checks", readonly=True,
        states={
            'invisible': ~Eval('authentication'),
            },
        help="What our mail server found out about the sender (RFC 8601).")
    reply_to = fields.Char("Answers To", readonly=True,
        states={
            'invisible': ~Eval('reply_to'),
            },
        help="Where the letter asks to send answers, "
        "if that is not where the sender is.")
    warning = fields.Function(fields.Char("Warning",
            states={
                'invisible': ~Eval('warning'),
                },
            help="Why you should not simply believe "
            "that the sender wrote it."),
        'get_warning')

    def get_warning(self, name):
        "Return it in the language of whoever reads it."
        warnings = []
        if 'dmarc=fail' in (self.authentication or '').split():
            warnings.append(gettext('helpdesk_mail.msg_warning_dmarc'))
        if self.reply_to:
            warnings.append(gettext(
                    'helpdesk_mail.msg_warning_reply_to',
                    address=self.reply_to))
        return ' '.join(warnings) or None

    @staticmethod
    def trust_values(trust):
        "Return the values that keep an intake.trust.Trust."
        return {
            'authentication': ' '.join(
                f'{method}={result}' for method, result in trust.results)
            or None,
            'reply_to': trust.reply_to or None,
            }


class Inbox(metaclass=PoolMeta):
    __name__ = 'inbound.email.inbox'

    helpdesk_authserv = fields.Char("Trusted Checks",
        help="The names by which your own mail servers sign the header "
        "Authentication-Results, separated by commas, "
        "like mx.example.com; - for Microsoft 365, which writes none.\n"
        "Leave empty if they do not check senders: "
        "then nothing warns of forged ones.")

    def trusted_servers(self):
        """
        Return the names of the mail servers whose checks are believed.

        A frozenset of str in lower case.
        """
        names = (self.helpdesk_authserv or '').lower().split(',')
        return frozenset(n.strip() for n in names) - {''}


class Mail(TrustMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'


class Conversation(TrustMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'
