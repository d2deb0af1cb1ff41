# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Mailboxes to fetch letters from: IMAP (RFC 3501) and POP3 (RFC 1939).

Decided here: how to talk to the server. Flags are neither read nor written:
a letter that a person has opened is as new as any other.
Not here: which letters are already ours (mail_account.py).
"""
import datetime as dt
import poplib
import ssl
from contextlib import contextmanager

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from .sasl import imap_login, pop3_login

TIMEOUT = 60  # seconds
MAX_LINE = 10 * 1024 * 1024  # bytes
PORTS = {
    ('imap', 'ssl'): 993,
    ('imap', 'starttls'): 143,
    ('imap', 'none'): 143,
    ('pop3', 'ssl'): 995,
    ('pop3', 'starttls'): 110,
    ('pop3', 'none'): 110,
    }
# What a server or the way to it can get wrong
ERRORS = (OSError, EOFError, IMAPClientError, poplib.error_proto)


class LoginRefused(Exception):
    "The server does not accept the user or the password."


class FolderMissing(Exception):
    "The folder isn't there, or the user may not open it."


class Imap:
    "An open folder of an IMAP server."

    def __init__(self, client, folder):
        self._client = client
        client.normalise_times = False  # Keeps the zone of times
        try:
            status = client.select_folder(folder, readonly=True)
        except IMAPClientError as exception:
            raise FolderMissing(folder) from exception
        self.validity = str(status[b'UIDVALIDITY'])
        self.count = int(status[b'EXISTS'])

    @classmethod
    @contextmanager
    def open(cls, host, port, security, username, password, folder):
        context = ssl.create_default_context()
        with IMAPClient(
                host, port, ssl=security == 'ssl', ssl_context=context,
                timeout=TIMEOUT) as client:
            if security == 'starttls':
                client.starttls(context)
            try:
                imap_login(client, username, password)
            except LoginError as exception:
                # Without its text, which may hold what was sent
                raise LoginRefused() from exception
            yield cls(client, folder)

    def uids(self, after=0):
        "Return the UIDs after the given one, in ascending order."
        # The last letter matches n:* even if its UID is smaller (RFC 3501)
        return sorted(u for u in self._client.search(
                ['UID', f'{after + 1}:*']) if u > after)

    def last_before(self, time):
        """
        Return the UID of the last letter the server got before the time.

        time is naive UTC. Return 0 if there is none.
        """
        uids = self.uids()
        if not uids:
            return 0
        time = time.replace(tzinfo=dt.timezone.utc)
        dates = self._client.fetch(uids, ['INTERNALDATE'])
        return max(
            (u for u, d in dates.items() if d[b'INTERNALDATE'] < time),
            default=0)

    def sizes(self, uids):
        "Return the sizes of the letters in bytes, by UID."
        return {
            uid: data[b'RFC822.SIZE'] for uid, data in self._client.fetch(
                uids, ['RFC822.SIZE']).items()}

    def letters(self, uids):
        "Return the raw letters by UID; what is gone by now is missing."
        if not uids:
            return {}
        return {
            uid: data[b'BODY[]'] for uid, data in sorted(
                self._client.fetch(uids, ['BODY.PEEK[]']).items())
            if b'BODY[]' in data}


class _LongLines:
    "Reads letters whose lines are longer than RFC 5322 allows"

    def _getline(self):
        line = self.file.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise poplib.error_proto("line too long")
        if not line:
            raise poplib.error_proto("-ERR EOF")
        return line.rstrip(b'\r\n'), len(line)


class _Pop3(_LongLines, poplib.POP3):
    pass


class _Pop3Ssl(_LongLines, poplib.POP3_SSL):
    pass


class Pop3:
    "The inbox of a POP3 server."

    validity = ''

    def __init__(self, client):
        self._client = client
        _, lines, _ = client.uidl()
        self._numbers = {
            uid.decode('ascii', 'replace'): number
            for number, uid in (line.split(None, 1) for line in lines)}
        self.count = len(self._numbers)

    @classmethod
    @contextmanager
    def open(cls, host, port, security, username, password, folder):
        context = ssl.create_default_context()
        if security == 'ssl':
            client = _Pop3Ssl(
                host, port, timeout=TIMEOUT, context=context)
        else:
            client = _Pop3(host, port, timeout=TIMEOUT)
        try:
            if security == 'starttls':
                client.stls(context)
            try:
                pop3_login(client, username, password)
            except poplib.error_proto as exception:
                raise LoginRefused() from exception
            yield cls(client)
        finally:
            client.close()

    def uids(self):
        "Return the unique ids of the letters, the oldest first."
        return sorted(self._numbers, key=lambda u: int(self._numbers[u]))

    def sizes(self, uids):
        "Return the sizes of the letters in bytes, by unique id."
        _, lines, _ = self._client.list()
        sizes = dict(line.split()[:2] for line in lines)
        return {u: int(sizes[self._numbers[u]]) for u in uids}

    def letters(self, uids):
        "Return the raw letters by unique id."
        letters = {}
        for uid in uids:
            _, lines, _ = self._client.retr(int(self._numbers[uid]))
            letters[uid] = b'\r\n'.join(lines) + b'\r\n'
        return letters


SOURCES = {
    'imap': Imap,
    'pop3': Pop3,
    }
