# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from .intake import filter as filter_
from .outgoing import Outgoing


class Notice(metaclass=PoolMeta):
    __name__ = 'helpdesk.notice'

    account = fields.Many2One(
        'helpdesk.mail.account', "Mail Account", ondelete='CASCADE')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.ticket.required = False
        cls.ticket.states['required'] = ~Eval('account')

    @classmethod
    def _still_wanted(cls, notices):
        pool = Pool()
        Account = pool.get('helpdesk.mail.account')
        wanted = super()._still_wanted([n for n in notices if n.ticket])
        administrators = {u.id for u in Account.administrators()}
        return wanted + [
            n for n in notices
            if n.account and n.user.email and n.user.id in administrators]

    def subject(self):
        if self.account:
            return self.account.warning(self.event, self.user)
        return super().subject()

    def content(self):
        if not self.account:
            return super().content()
        account, user = self.account, self.user
        # Where a customer's request led here, its host is the customer's
        with Transaction().set_context(_request=None):
            url = account.__href__
        return '\n\n'.join(filter(None, [
                    self.subject(),
                    account.warning_detail(self.event, user),
                    url])) + '\n'

    def render(self):
        message = super().render()
        # A user may have the address of a section: no ticket shall come of it
        message[filter_.MARK] = Outgoing.mark()
        return message
