# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import functools

import trytond.config as config
from sql import Literal
from sql.conditionals import Coalesce
from trytond.exceptions import RateLimitException
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from .exceptions import LoginLinkError
from .visibility import Visitor


class User(metaclass=PoolMeta):
    __name__ = 'web.user'

    helpdesk_login_at = fields.DateTime("Last Login", readonly=True,
        help="When the customer last logged in to the portal.")

    @classmethod
    def helpdesk_visitor(cls, key):
        """
        Return the Visitor whose session has the key, or None.

        Who was deactivated or erased, or never proved their address, is a
        stranger.
        """
        pool = Pool()
        Session = pool.get('web.user.session')
        if not key or not key.isprintable():
            # PostgreSQL refuses NUL
            return
        user, session = cls.__table__(), Session.__table__()
        last = Coalesce(session.write_date, session.create_date)
        cursor = Transaction().connection.cursor()
        # By the records it were four statements
        cursor.execute(*session
            .join(user, condition=user.id == session.user)
            .select(user.id, user.email,
                where=(session.key == key)
                & (last >= dt.datetime.now() - Session.timeout())
                & (user.active == Literal(True))
                & (user.email_valid == Literal(True))))
        for id_, email in cursor.fetchall():
            if email:
                return Visitor(key, email, user=id_)

    @classmethod
    @without_check_access
    def helpdesk_authenticate(cls, email, password):
        """
        Return the web.user with the address and the password, or None.

        What is wrong is not told, and the same work is done for each reason
        (SE16). Raises RateLimitException after too many tries of an address
        or an IP network: [session] max_attempt and max_attempt_ip_network.

        Tryton's authenticate() is not used: it looks at a password only if
        there is an account, which takes a time that tells, and it delays the
        answer by up to half a minute. A few dozens of such requests would
        occupy all threads of the server. Here the limit alone protects.
        """
        pool = Pool()
        Attempt = pool.get('web.user.authenticate.attempt')
        limit = config.getint('session', 'max_attempt', default=5)
        network_limit = config.getint(
            'session', 'max_attempt_ip_network', default=300)
        if Attempt.count_ip() > network_limit:
            # Do not add attempt as the goal is to prevent flooding
            raise RateLimitException()
        if Attempt.count(email) > limit:
            Attempt.add(email)
            raise RateLimitException()
        user = None
        for found in cls.search([('email', '=', email)]):
            user = found
        hash_ = user.password_hash if user else None
        valid, new_hash = cls.check_password(password, hash_ or _no_hash())
        if user and hash_ and valid and user.email_valid:
            if new_hash:
                cls.write([user], {'password_hash': new_hash})
            Attempt.remove(email)
            return user
        Attempt.add(email)

    @classmethod
    @without_check_access
    def helpdesk_account(cls, email, name=None, password_hash=None):
        """
        Return the web.user of the address, None if it was deactivated.

        The caller has proof that the address is the visitor's. Without an
        account one is made, of the party that has the address, as letters
        are attributed, or a new one of the name. A password that was set
        before the address was proved may be somebody else's: it is removed.
        """
        pool = Pool()
        Newcomer = pool.get('helpdesk.mail.newcomer')
        with inactive_records():
            users = list(cls.search([('email', '=', email)],
                    order=[('active', 'DESC'), ('id', 'DESC')]))
        if not users:
            # Two links used at once make one account and one party
            Newcomer.announce([email])
            user, = cls.create([{
                        'email': email,
                        'email_valid': True,
                        'password_hash': password_hash,
                        'party': cls._helpdesk_party(email, name),
                        }])
            return user
        user = cls(users[0].id)
        if not user.active:
            return
        if not user.email_valid:
            cls.write([user], {
                    'email_valid': True,
                    'email_token': None,
                    'password_hash': None,
                    })
            cls.helpdesk_end_sessions([user])
        if not user.party and (party := cls._helpdesk_party(email)):
            cls.write([user], {'party': party})
        return user

    @classmethod
    def _helpdesk_party(cls, email, name=None):
        """
        Return the id of the party with the address, or None.

        Without one it is made of the name, a str, if there is one.
        """
        pool = Pool()
        ContactMechanism = pool.get('party.contact_mechanism')
        Party = pool.get('party.party')
        parties = ContactMechanism.parties_by_email([email])[email]
        if parties:
            # Which of several it is a person has to say
            return parties[0] if len(parties) == 1 else None
        if name:
            party, = Party.create([{
                        'name': name,
                        'addresses': [],
                        'contact_mechanisms': [('create', [
                                    {'type': 'email', 'value': email}])],
                        }])
            return party.id

    @without_check_access
    def helpdesk_log_in(self, old_key=None):
        """
        Begin a session and return its key.

        old_key is what the browser had for one. It is always a new key, so
        that nobody knows it who planted the old one.
        """
        pool = Pool()
        Session = pool.get('web.user.session')
        if old_key:
            Session.remove(old_key)
        self.__class__.write([self.__class__(self.id)], {
                'helpdesk_login_at': dt.datetime.now().replace(microsecond=0),
                })
        return self.new_session()

    @classmethod
    @without_check_access
    def helpdesk_log_out(cls, key):
        "End the session with the key"
        pool = Pool()
        Session = pool.get('web.user.session')
        Session.remove(key)

    @classmethod
    @without_check_access
    def helpdesk_end_sessions(cls, users, but=None):
        "End the sessions of the accounts, but that with the key"
        pool = Pool()
        Session = pool.get('web.user.session')
        Session.delete(Session.search([
                    ('user', 'in', [u.id for u in users]),
                    ('key', '!=', but or ''),
                    ]))

    @without_check_access
    def helpdesk_set_password(self, password, key=None):
        """
        Set the password, checked already; end all sessions but that of key.

        Neither do links work any more that were sent before.
        """
        pool = Pool()
        Attempt = pool.get('web.user.authenticate.attempt')
        LoginLink = pool.get('helpdesk.login_link')
        with Transaction().set_context(helpdesk_session=key):
            self.__class__.write(
                [self.__class__(self.id)], {'password': password})
        LoginLink.void(self.email)
        Attempt.remove(self.email)

    @classmethod
    def set_password(cls, users, name, value):
        super().set_password(users, name, value)
        if value != 'x' * 10:
            cls.helpdesk_end_sessions(
                users, but=Transaction().context.get('helpdesk_session'))

    @classmethod
    @ModelView.button
    def validate_email(cls, users, from_=None):
        if config.get('web', 'email_validation_url'):
            return super().validate_email(users, from_=from_)
        cls._helpdesk_send_links('invite', users)

    @classmethod
    @ModelView.button
    def reset_password(cls, users, from_=None):
        if config.get('web', 'reset_password_url'):
            return super().reset_password(users, from_=from_)
        cls._helpdesk_send_links('password', users)

    @classmethod
    def _helpdesk_send_links(cls, purpose, users):
        "Have the links of the portal sent, where there is no other page"
        pool = Pool()
        LoginLink = pool.get('helpdesk.login_link')
        for user in users:
            if user.email:
                try:
                    LoginLink.ask(purpose, user.email)
                except RateLimitException as exception:
                    raise LoginLinkError(gettext(
                            'helpdesk_portal.msg_login_link_limit',
                            email=user.email)) from exception


@functools.lru_cache(None)
def _no_hash():
    "Return what no password fits, which takes as long to find out"
    pool = Pool()
    User = pool.get('web.user')
    return User.hash_password('There is no such account')
