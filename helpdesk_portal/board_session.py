# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Signing in to the board from the Tryton client, without a password.

The client opens an address with a token that serves once and soon expires;
the page behind it swaps it for a session of the browser. Stored are hashes of
both.
"""
import datetime as dt
from contextlib import contextmanager
from functools import partial

import trytond.config as config
from trytond.model import Index, ModelSQL, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import StateAction, Wizard

from . import addresses
from .secret_link import SecretLinkMixin

# For so many seconds the token signs in: the browser is opened at once
TOKEN = dt.timedelta(seconds=60)
# For so many seconds somebody stays signed in
SESSION = dt.timedelta(
    seconds=config.getint('helpdesk', 'board_session', default=12 * 60 * 60))


def now():
    return dt.datetime.now().replace(microsecond=0)


class SecretMixin(SecretLinkMixin):
    "What lets a user in to the board"
    __slots__ = ()

    # How long it does
    _valid = None

    user = fields.Many2One('res.user', "User", required=True,
        ondelete='CASCADE',
        help="Who is signed in.")
    token_hash = fields.Char("Token Hash", required=True, strip=False,
        help="Recognises the token without storing it.")
    expires_at = fields.DateTime("Expires On", required=True,
        help="When it stops to let the user in.")

    @classmethod
    def __setup__(cls):
        cls.token_hash.search_unaccented = False
        super().__setup__()
        # Clients have no business here
        cls.__rpc__ = {}
        t = cls.__table__()
        cls._sql_constraints += [
            ('token_hash_unique', Unique(t, t.token_hash),
                'helpdesk_portal.msg_board_token_unique'),
            ]
        cls._sql_indexes.update({
                Index(t, (t.user, Index.Range())),
                Index(t, (t.expires_at, Index.Range())),
                })

    @classmethod
    @without_check_access
    def make(cls, user, **values):
        """
        Let the user with the id in, and return the token.

        It is the only time that it is known: only its hash is stored.
        """
        token = cls.new_token()
        cls.create([{
                    **values,
                    'user': user,
                    'token_hash': cls.hash(token),
                    'expires_at': now() + cls._valid,
                    }])
        return token

    @classmethod
    @without_check_access
    def find(cls, token):
        "Return the record for the token, or None if there is none in force"
        return cls.with_token(
            token,
            ('expires_at', '>', dt.datetime.now()),
            ('user.active', '=', True))

    @classmethod
    @without_check_access
    def end(cls, domain):
        "Let those of the domain in no longer"
        cls.delete(list(cls.search(domain)))

    @classmethod
    def remove_expired(cls):
        "Remove what lets nobody in any more (scheduled action)"
        cls.end([('expires_at', '<', dt.datetime.now())])


class Token(SecretMixin, ModelSQL):
    __name__ = 'helpdesk.board.token'
    _valid = TOKEN

    section = fields.Many2One('helpdesk.section', "Section",
        ondelete='CASCADE',
        help="The section whose board is opened.")

    @classmethod
    @without_check_access
    def use(cls, token):
        """
        Use up the token and return the ids of its user and its section.

        None if it is not in force. Of two at once one gets it: the statement
        that removes it also looks whether it is still there. SQLite has one
        writer at a time, and PostgreSQL lets the second wait and then begin
        again with what the first has committed.
        """
        record = cls.find(token)
        if not record:
            return
        found = record.user.id, record.section.id if record.section else None
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.delete(where=table.id == record.id))
        if cursor.rowcount == 1:
            return found


class Session(SecretMixin, ModelSQL):
    __name__ = 'helpdesk.board.session'
    _valid = SESSION

    @classmethod
    def user_of(cls, key):
        """
        Return the res.user who is signed in with the key, or None.

        Who is an agent no longer isn't.
        """
        pool = Pool()
        User = pool.get('res.user')
        session = cls.find(key)
        if session:
            with Transaction().set_user(session.user.id):
                if User.is_helpdesk_agent():
                    return session.user

    @classmethod
    def leave(cls, key):
        "End the session with the key, if there is one"
        cls.end([('token_hash', '=', cls.hash(key))])

    @classmethod
    def remove_expired(cls):
        pool = Pool()
        Token = pool.get('helpdesk.board.token')
        super().remove_expired()
        Token.remove_expired()


@contextmanager
def acting_as(user):
    """
    Let what is done meanwhile be done by the user, as by their client.

    Access is checked, and the context is what a client gets to send.
    """
    pool = Pool()
    User = pool.get('res.user')
    transaction = Transaction()
    with transaction.set_user(user.id):
        preferences = User.get_preferences(context_only=True)
        with transaction.set_context(preferences, _check_access=True):
            yield


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def on_modification(cls, mode, users, field_names=None):
        super().on_modification(mode, users, field_names=field_names)
        # As the sessions of clients
        if mode == 'write' and (
                field_names is None
                or {'active', 'password'} & set(field_names)):
            cls.close_board([u.id for u in users])

    @classmethod
    def close_board(cls, users):
        "End what lets users, a list of ids, in to the board"
        pool = Pool()
        for name in ['helpdesk.board.token', 'helpdesk.board.session']:
            pool.get(name).end([('user', 'in', users)])


class UserGroup(metaclass=PoolMeta):
    __name__ = 'res.user-res.group'

    @classmethod
    def on_write(cls, records, values):
        return [*super().on_write(records, values), cls._left(records)]

    @classmethod
    def on_delete(cls, records):
        return [*super().on_delete(records), cls._left(records)]

    @classmethod
    def _left(cls, records):
        "Return what closes the board to the users who are no agents then"
        return partial(cls._close_board, sorted({r.user.id for r in records}))

    @classmethod
    def _close_board(cls, users):
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        User = pool.get('res.user')
        table = cls.user_group_all_table()
        agents = table.select(table.user,
            where=(table.group == ModelData.get_id(
                    'helpdesk', 'group_helpdesk'))
            & fields.SQL_OPERATORS['in'](table.user, users))
        cursor = Transaction().connection.cursor()
        cursor.execute(*agents)
        User.close_board(sorted({*users} - {id_ for id_, in cursor}))


class Open(Wizard):
    __name__ = 'helpdesk.board.open'
    start_state = 'open_'

    open_ = StateAction('helpdesk_portal.act_board')

    def do_open_(self, action):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        Token = pool.get('helpdesk.board.token')
        User = pool.get('res.user')
        section = None
        if self.model == Section and self.record:
            section = self.record.id
            if section not in User.get_helpdesk_sections():
                section = None
        token = Token.make(Transaction().user, section=section)
        action['url'] = addresses.own_url('board', 'enter', token)
        return action, {}
