# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Letters that are signed or encrypted: OpenPGP and S/MIME.

Decided here: which they are (RFC 1847, RFC 3156, RFC 8551), and the letter
inside of one that S/MIME signs as a whole.  Not here: whether a signature
is good, which takes the sender's certificate and somebody who trusts it.
Nothing is decrypted.
"""
SIGNED, ENCRYPTED = 'signed', 'encrypted'
# The names that signatures get, so that they can be told from other files
SIGNATURE_NAMES = {
    'application/pgp-signature': 'signature.asc',
    'application/pkcs7-signature': 'smime.p7s',
    'application/x-pkcs7-signature': 'smime.p7s',
    }
SMIME = {'application/pkcs7-mime', 'application/x-pkcs7-mime'}

# signedData and data (RFC 5652, 4 and 5.1), as DER writes their names
_SIGNED_DATA = bytes.fromhex('06092a864886f70d010702')
_DATA = bytes.fromhex('06092a864886f70d010701')
_MAX_CHUNKS = 100_000


def protection_of(entity):
    "Return SIGNED, ENCRYPTED or '' for what the type of an Entity says."
    if entity.type == 'multipart/signed':
        return SIGNED
    if entity.type == 'multipart/encrypted':
        return ENCRYPTED
    if entity.type in SMIME:
        # certs-only is neither, but nobody sends such a letter.
        kind = entity.params.get('smime-type', '').lower()
        return SIGNED if kind == 'signed-data' else ENCRYPTED
    return ''


def protection_in(text):
    "Return SIGNED, ENCRYPTED or '' for what PGP wrote into the text."
    begin = text.find('-----BEGIN PGP MESSAGE-----')
    if begin >= 0 and text.find('-----END PGP MESSAGE-----', begin) >= 0:
        return ENCRYPTED
    return SIGNED if '-----BEGIN PGP SIGNED MESSAGE-----' in text else ''


def signed_content(data):
    """Return the bytes of the letter that a SignedData holds, None without.

    ``data`` is the BER or DER of a ContentInfo (RFC 5652); its lengths are
    only believed as far as there are bytes.
    """
    if data[:1] != b'\x30' or _SIGNED_DATA not in data[:40]:
        return
    at = data.find(_DATA, 0, 200)
    if at < 0:
        return
    # [0] EXPLICIT OCTET STRING, which BER may cut into pieces
    at = _inside(data, at + len(_DATA), 0xa0)
    if at is None or at >= len(data):
        return
    if data[at] == 0x04:
        start, end = _value(data, at)
        return data[start:end]
    at, pieces = _inside(data, at, 0x24), []
    for _ in range(_MAX_CHUNKS):
        if at is None or at >= len(data) or data[at] != 0x04:
            break
        start, at = _value(data, at)
        pieces.append(data[start:at])
    return b''.join(pieces) or None


def _inside(data, at, tag):
    "Return where the content of the element with that tag begins."
    if data[at:at + 1] == bytes([tag]):
        return _value(data, at)[0]


def _value(data, at):
    "Return where the content of the element begins and ends."
    size = data[at + 1] if at + 1 < len(data) else 0
    start = at + 2
    if size == 0x80:
        # Its end is marked, not measured.
        return start, len(data)
    if size > 0x80:
        count = min(size & 0x7f, 8)
        size = int.from_bytes(data[start:start + count], 'big')
        start += count
    return start, min(start + size, len(data))
