# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Links in mails that serve whoever has them.

Each has a random token, which the mail alone knows: stored is its hash. The
pages behind them change nothing before a form is sent, since programs follow
links too.
"""
import secrets
from hashlib import sha256


class SecretLinkMixin:
    "For a model with the field token_hash"
    __slots__ = ()

    token_bytes = 32

    @classmethod
    def new_token(cls):
        return secrets.token_urlsafe(cls.token_bytes)

    @staticmethod
    def hash(token):
        return sha256(token.encode('utf-8', 'replace')).hexdigest()

    @classmethod
    def with_token(cls, token, *domain):
        """
        Return the record of the domain that has the token, or None.

        It is compared by its hash, so neither case nor time taken tells
        anything, and an empty token is none (SE5). Nothing is written.
        """
        if not token:
            return
        for link in cls.search([
                    ('token_hash', '=', cls.hash(token)), *domain]):
            return link
