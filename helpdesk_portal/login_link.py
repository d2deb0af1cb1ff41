# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import secrets

from sql import Null
from trytond.exceptions import RateLimitException
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.export import CheckedExportMixin
from trytond.modules.helpdesk.lookup import CheckedSearchMixin
from trytond.pool import Pool, PoolMeta
from trytond.tools.email_ import normalize_email
from trytond.transaction import Transaction, without_check_access

from .secret_link import SecretLinkMixin

WHAT = 'link'
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
# So often a link can be asked for within the time, so that nobody's mailbox
# is filled. Whoever uses it up for somebody else leaves them their password
PER_ADDRESS = [(HOUR, 5), (DAY, 15)]
# With all the addresses that a mailbox has by plus signs and dots
PER_MAILBOX = 10
# Behind one there may be all of a customer's office
PER_NETWORK = [(HOUR, 60)]
# For so long the link can be used once the mail is out
VALID = {
    'login': dt.timedelta(minutes=30),
    'password': dt.timedelta(minutes=30),
    'register': DAY,
    'invite': dt.timedelta(days=7),
    }
# What was asked for is remembered as long as the limits need it, and so that
# an administrator can look why no mail came
KEPT = dt.timedelta(days=2)


class LoginLink(
        CheckedSearchMixin, CheckedExportMixin, SecretLinkMixin,
        ModelSQL, ModelView):
    __name__ = 'helpdesk.login_link'
    _rec_name = 'email'

    purpose = fields.Selection([
            ('login', "Log In"),
            ('register', "Register"),
            ('password', "Set a Password"),
            ('invite', "Invitation"),
            ], "Purpose", required=True, readonly=True, sort=False,
        help="What the link was asked for.")
    email = fields.Char("E-Mail", required=True, readonly=True,
        help="The address that was typed; if somebody is known by it, it "
        "gets the mail.")
    at = fields.DateTime("Date", required=True, readonly=True,
        help="When the link was asked for.")
    name = fields.Char("Name", readonly=True,
        help="What somebody who registers calls themselves.")
    password_hash = fields.Char("Password Hash", readonly=True, strip=False,
        loading='lazy',
        help="Recognises the password that was chosen when registering.")
    visit_hash = fields.Char("Visit Hash", readonly=True, strip=False,
        loading='lazy',
        help="Recognises the browser that the link was asked for with.")
    language = fields.Many2One('ir.lang', "Language", readonly=True,
        ondelete='SET NULL',
        help="What the page was in when the link was asked for.")
    next_path = fields.Char("Next Page", readonly=True, strip=False,
        help="The page to open after logging in.")
    ip_network = fields.Char("IP Network", readonly=True,
        help="Where the link was asked for.")
    token_hash = fields.Char("Token Hash", readonly=True, strip=False,
        loading='lazy',
        help="Recognises the token of the link without storing it.")
    expires_at = fields.DateTime("Expires On", readonly=True,
        help="When the link stops working.")
    used_at = fields.DateTime("Used On", readonly=True,
        help="When the link was used, which can be done once, or made to "
        "stop before its time.")

    @classmethod
    def __setup__(cls):
        cls.email.search_unaccented = False
        super().__setup__()
        cls._order = [('id', 'DESC')]
        t = cls.__table__()
        cls._sql_constraints += [
            ('token_hash_unique', Unique(t, t.token_hash),
                'helpdesk_portal.msg_login_link_unique'),
            ]
        cls._sql_indexes.update({
                Index(t, (t.email, Index.Equality()), (t.at, Index.Range())),
                Index(t,
                    (t.ip_network, Index.Equality()), (t.at, Index.Range()),
                    where=t.ip_network != Null),
                Index(t, (t.at, Index.Range())),
                })

    @classmethod
    def default_at(cls):
        return dt.datetime.now().replace(microsecond=0)

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if values.get('email'):
            # As web.user does, so that one finds the other
            values['email'] = cls.clean_email(values['email'])
        return values

    @classmethod
    def check_modification(cls, mode, links, values=None, external=False):
        super().check_modification(
            mode, links, values=values, external=external)
        if external:
            raise AccessError(gettext('helpdesk_portal.msg_login_link_kept'))

    @staticmethod
    def clean_email(email):
        "Return the address in the form that web.user stores it in"
        return normalize_email(email.strip()).lower()

    @classmethod
    @without_check_access
    def ask(cls, purpose, email, visit=None, password=None, **values):
        """
        Note that somebody wants a link, and return the record.

        purpose is a key of VALID, email the address as str; visit the token
        of the stranger's visit, password the one chosen when registering;
        values are those of other fields. Whether anybody is known by the
        address is not looked at: it is done when the mail is sent, which
        nobody waits for, so that neither what is shown nor the time taken
        tells (SE16).

        Raises RateLimitException if it was asked for too often.
        """
        pool = Pool()
        Attempt = pool.get('helpdesk.portal.attempt')
        User = pool.get('web.user')
        email = cls.clean_email(email)
        _, network = Transaction().remote_address()
        network = str(network) if network else None
        cls._check_limits(email, network)
        Attempt.note(WHAT, email)
        link, = cls.create([{
                    **values,
                    'purpose': purpose,
                    'email': email,
                    'ip_network': network,
                    'visit_hash': cls.hash(visit) if visit else None,
                    'password_hash': User.hash_password(password),
                    }])
        return link

    @classmethod
    def _check_limits(cls, email, network):
        pool = Pool()
        Attempt = pool.get('helpdesk.portal.attempt')
        now = dt.datetime.now()
        limits = [('email', email, *limit) for limit in PER_ADDRESS]
        if network:
            limits += [('ip_network', network, *limit)
                for limit in PER_NETWORK]
        # All of them, so that it takes the same time whatever is exceeded
        counts = [
            cls.search(
                [(name, '=', value), ('at', '>', now - time)], count=True)
            for name, value, time, _ in limits]
        is_over = Attempt.is_over(WHAT, PER_MAILBOX, email)
        if is_over or any(
                c >= limit for c, (*_, limit) in zip(counts, limits)):
            raise RateLimitException()

    def set_token(self):
        """
        Give the link a token and return it; what it had works no longer.

        It is the only time that it is known: only its hash is stored.
        """
        token = self.new_token()
        self.token_hash = self.hash(token)
        self.expires_at = (
            dt.datetime.now().replace(microsecond=0) + VALID[self.purpose])
        return token

    @classmethod
    @without_check_access
    def find(cls, token, *purposes):
        """
        Return the link for the token, or None if there is none in force.

        Who asked for no mail has no token.
        """
        return cls.with_token(
            token,
            ('purpose', 'in', purposes),
            ('used_at', '=', None),
            ('expires_at', '>', dt.datetime.now()))

    @classmethod
    @without_check_access
    def use(cls, token, *purposes):
        """
        Use up the link for the token and return it, None if not in force.

        Of two at once one gets it. The statement that marks it as used also
        looks whether it is: SQLite has one writer at a time, and PostgreSQL
        lets the second wait and then begin again with what the first has
        committed.
        """
        link = cls.find(token, *purposes)
        if not link:
            return
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update(
                [table.used_at], [dt.datetime.now().replace(microsecond=0)],
                where=(table.id == link.id) & (table.used_at == Null)))
        if cursor.rowcount == 1:
            return link

    @classmethod
    @without_check_access
    def void(cls, email):
        "Let the links that the address got log in no longer"
        now = dt.datetime.now().replace(microsecond=0)
        cls.write(cls.search([
                    ('email', '=', email),
                    ('token_hash', '!=', None),
                    ('used_at', '=', None),
                    ]), {
                'used_at': now,
                'password_hash': None,
                })

    def is_from(self, visit):
        "Tell whether it was asked for by the browser with the visit's token"
        return bool(
            visit and self.visit_hash
            and secrets.compare_digest(self.visit_hash, self.hash(visit)))

    @without_check_access
    def account(self, visit):
        """
        Return the web.user of who has the link, None if it is deactivated.

        visit is the token of the visit that the link is used in. Whoever
        registers somebody else knows the password that they chose, and waits
        for that person to confirm: so it only counts in the same browser.
        """
        pool = Pool()
        User = pool.get('web.user')
        password_hash = self.password_hash if self.is_from(visit) else None
        user = User.helpdesk_account(
            self.email, name=self.name, password_hash=password_hash)
        self.__class__.write([self], {'name': None, 'password_hash': None})
        return user

    @classmethod
    def remove_old(cls):
        "Remove what is no longer of use (scheduled action)"
        now = dt.datetime.now()
        with without_check_access():
            cls.delete(cls.search([
                        ('at', '<', now - KEPT),
                        ['OR',
                            ('expires_at', '=', None),
                            ('expires_at', '<', now),
                            ('used_at', '!=', None),
                            ],
                        ]))


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Attempt = pool.get('web.user.authenticate.attempt')
        LoginLink = pool.get('helpdesk.login_link')
        User = pool.get('web.user')
        emails = party.helpdesk_emails() + [
            u.email for u in User.search([
                    ('party', '=', party.id),
                    ('email', '!=', None),
                    ('active', 'in', [True, False]),
                    ])]
        return super()._helpdesk_to_erase(party, tickets) + [
            (LoginLink, [('email', 'in', emails)], False,
                ['email', 'name', 'password_hash', 'ip_network', 'next_path',
                    'token_hash', 'used_at'],
                ['****', None, None, None, None, None,
                    dt.datetime.now().replace(microsecond=0)]),
            (Attempt, [('login', 'in', emails)], False,
                ['login'],
                ['****']),
            # Tryton leaves the account itself to be logged in with
            (User, ['OR',
                    ('party', '=', party.id),
                    ('email', 'in', emails),
                    ], True,
                ['email', 'email_valid', 'email_token', 'password_hash',
                    'reset_password_token', 'active'],
                [None, False, None, None, None, False]),
            ]
