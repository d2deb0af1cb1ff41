# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Message-IDs and reply addresses that only we can make.

Decided here: how a ticket or a section is written into them and proved.
Not here: whether their bearer may write to that ticket (thread.py).

The proof is HMAC-SHA256 (RFC 2104), cut to 80 bits and written in base32,
because mail programs change the case of addresses.
"""
import base64
import hmac
import re

_DIGITS = '[1-9][0-9]{0,18}'
_PROOF = '[a-z2-7]{16}'
_MESSAGE_ID = re.compile(
    rf'helpdesk\.({_DIGITS})\.([a-z0-9_-]{{1,64}})\.({_PROOF})@[^@\s<>]+')
_REPLY_ADDRESS = re.compile(
    rf'[^@\s<>]*\+({_DIGITS})-({_PROOF})@[^@\s<>]+')
_AGENT_ADDRESS = re.compile(
    rf'[^@\s<>]*\+({_DIGITS})-({_DIGITS})-({_PROOF})@[^@\s<>]+')
_SECTION_ADDRESS = re.compile(
    rf'[^@\s<>]*\+in-({_DIGITS})-({_PROOF})@[^@\s<>]+')
_NONCE = re.compile(r'[A-Za-z0-9_-]{1,64}')
_ADDRESS = re.compile(r'([^@\s<>]+)@([^@\s<>]+)')
_MAX_LOCAL = 64


def message_id(secret, ticket, nonce, domain):
    """Return a Message-ID, without brackets, that proves its ticket.

    ``secret`` is bytes or str, ``ticket`` the positive id of a ticket,
    ``nonce`` up to 64 letters, digits, '-' or '_' that were never used for
    this ticket before.  Raises ValueError for anything else.
    """
    if not _NONCE.fullmatch(nonce):
        raise ValueError("nonce must be 1 to 64 plain characters")
    if not domain or re.search(r'[\s<>@]', domain):
        raise ValueError("domain must be a host name")
    proof = _prove(secret, 'message-id', _checked(ticket), nonce.lower())
    return f'helpdesk.{ticket}.{nonce}.{proof}@{domain}'


def read_message_id(secret, value):
    """Return the ticket of a Message-ID made by us, else None.

    ``value`` is any text, with or without brackets.  Never raises.
    """
    match = _MESSAGE_ID.fullmatch(value.strip(' <>').lower())
    if not match:
        return None
    ticket, nonce, proof = match.groups()
    return _verified(secret, 'message-id', ticket, nonce, proof)


def reply_address(secret, ticket, address):
    """Return the address with the ticket in it, 'local+12-proof@domain'.

    Arguments are as for message_id.  Raises ValueError if ``address`` is
    none, or if its local part becomes longer than 64 characters (RFC 5321,
    4.5.3.1.1).
    """
    proof = _prove(secret, 'address', _checked(ticket))
    return _subaddress(address, f'{ticket}-{proof}')


def read_reply_address(secret, address):
    """Return the ticket of a reply address made by us, else None.

    ``address`` is any text.  Never raises.
    """
    match = _REPLY_ADDRESS.fullmatch(address.strip(' <>').lower())
    if not match:
        return None
    ticket, proof = match.groups()
    return _verified(secret, 'address', ticket, '', proof)


def agent_address(secret, ticket, user, address):
    """Return the address that names a ticket and one of our own people.

    It looks like 'local+12-3-proof@domain' and is no reply_address, nor the
    other way round.  ``user`` is the positive id of a user; the other
    arguments and the errors are as for reply_address.
    """
    proof = _prove(
        secret, 'agent-address', _checked(ticket), _checked(user))
    return _subaddress(address, f'{ticket}-{user}-{proof}')


def read_agent_address(secret, address):
    """Return the ticket and the user of an agent_address, else None.

    ``address`` is any text.  Never raises.
    """
    match = _AGENT_ADDRESS.fullmatch(address.strip(' <>').lower())
    if not match:
        return None
    ticket, user, proof = match.groups()
    if _verified(secret, 'agent-address', ticket, user, proof) is None:
        return None
    return int(ticket), int(user)


def section_address(secret, section, address):
    """Return the address that names a section, 'local+in-3-proof@domain'.

    ``section`` is its positive id.  Otherwise as reply_address.
    """
    proof = _prove(secret, 'section', _checked(section))
    return _subaddress(address, f'in-{section}-{proof}')


def read_section_address(secret, address):
    """Return the section of an address made by us, else None.

    ``address`` is any text.  Never raises.
    """
    match = _SECTION_ADDRESS.fullmatch(address.strip(' <>').lower())
    if not match:
        return None
    section, proof = match.groups()
    return _verified(secret, 'section', section, '', proof)


def mark(secret):
    """Return the mark of our own letters, for the header X-Tryton-Helpdesk.

    Everybody who gets a letter sees it, so it proves nothing else.
    ``secret`` is as for message_id.  Raises ValueError if it is empty.
    """
    return _prove(secret, 'mark')


def _checked(id_):
    if not re.fullmatch(_DIGITS, str(id_)):
        raise ValueError("ids must be positive numbers")
    return id_


def _subaddress(address, detail):
    "Put the detail into the address (RFC 5233)."
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise ValueError("not an address")
    local = f'{match[1]}+{detail}'
    if len(local) > _MAX_LOCAL:
        raise ValueError("local part too long")
    return f'{local}@{match[2]}'


def _prove(secret, purpose, ticket='', nonce=''):
    if not secret:
        raise ValueError("secret must not be empty")
    if isinstance(secret, str):
        secret = secret.encode('utf-8', 'surrogatepass')
    text = f'helpdesk {purpose} {ticket} {nonce}'
    proof = hmac.digest(secret, text.encode(), 'sha256')
    return base64.b32encode(proof[:10]).decode('ascii').lower()


def _verified(secret, purpose, ticket, nonce, proof):
    # Without a secret nobody has proved anything.
    if secret and hmac.compare_digest(
            _prove(secret, purpose, ticket, nonce), proof):
        return int(ticket)
    return None
