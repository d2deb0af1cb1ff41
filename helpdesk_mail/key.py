# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import secrets

from trytond.cache import MemoryCache
from trytond.model import ModelSQL
from trytond.transaction import Transaction, without_check_access

from .secret import SecretChar


class Key(ModelSQL):
    __name__ = 'helpdesk.mail.key'

    secret = SecretChar("Secret", required=True, readonly=True,
        help="Signs the Message-IDs and the reply addresses.")
    _secret_cache = MemoryCache('helpdesk.mail.key.secret', context=False)

    @classmethod
    def __register__(cls, module_name):
        super().__register__(module_name)
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        # Made here, once, so that two processes cannot make two
        cursor.execute(*table.select(table.id, limit=1))
        if not cursor.fetchone():
            cursor.execute(*table.insert(
                    [table.secret], [[secrets.token_urlsafe(32)]]))

    @classmethod
    @without_check_access
    def get_secret(cls):
        "Return the secret of this database, as bytes."
        secret = cls._secret_cache.get('secret')
        if secret is None:
            key, = cls.search([], order=[('id', 'ASC')], limit=1)
            secret = key.secret.encode()
            cls._secret_cache.set('secret', secret)
        return secret
