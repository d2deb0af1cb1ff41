# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.exceptions import RateLimitException
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.transaction import check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import LoginLinkError


class InviteStart(ModelView):
    __name__ = 'helpdesk.portal.invite.start'

    party = fields.Many2One('party.party', "Party", readonly=True,
        help="Who is invited.")
    email = fields.Selection('get_emails', "E-Mail", required=True,
        help="The address that gets a mail with a link to log in. The tickets "
        "of this address are shown.")

    @fields.depends('party')
    def get_emails(self):
        return [(e, e) for e in _emails(self.party)]


class Invite(Wizard):
    __name__ = 'helpdesk.portal.invite'

    start = StateView(
        'helpdesk.portal.invite.start',
        'helpdesk_portal.invite_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Send", 'send', 'tryton-ok', default=True),
            ])
    send = StateTransition()

    def default_start(self, fields):
        party = self._party()
        emails = _emails(party)
        if not emails:
            raise LoginLinkError(gettext(
                    'helpdesk_portal.msg_invite_no_email',
                    party=party.rec_name))
        return {
            'party': party.id,
            'email': emails[0],
            }

    def transition_send(self):
        pool = Pool()
        LoginLink = pool.get('helpdesk.login_link')
        party, email = self._party(), self.start.email
        # Who asks by the network may name any
        if email not in _emails(party):
            raise LoginLinkError(gettext(
                    'helpdesk_portal.msg_invite_other_email',
                    email=email or '', party=party.rec_name))
        self._check_active(email)
        try:
            LoginLink.ask('invite', email)
        except RateLimitException as exception:
            raise LoginLinkError(gettext(
                    'helpdesk_portal.msg_login_link_limit',
                    email=email)) from exception
        return 'end'

    def _party(self):
        with check_access():
            self.model.read([self.record.id], ['id'])
        return self.record

    @staticmethod
    @without_check_access
    def _check_active(email):
        "Check that it is not for nothing: who is locked out gets no mail"
        pool = Pool()
        LoginLink = pool.get('helpdesk.login_link')
        User = pool.get('web.user')
        users = User.search([
                ('email', '=', LoginLink.clean_email(email)),
                ('active', 'in', [True, False]),
                ])
        if users and not any(u.active for u in users):
            raise LoginLinkError(gettext(
                    'helpdesk_portal.msg_invite_deactivated', email=email))


def _emails(party):
    "Return the addresses of the party, the first one first"
    if not party:
        return []
    return list(dict.fromkeys(
            m.value for m in party.contact_mechanisms
            if m.type == 'email' and m.value))
