# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Mailboxes to fetch letters from: IMAP (RFC 3501) and POP3 (RFC 1939).

Decided here: how to talk to the server. Flags are never read: a letter that
a person has opened is as new as any other.
Not here: which letters are already ours (mail_account.py), and what becomes
of those (mail_tidy.py).
"""
import datetime as dt
import poplib
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field

from imapclient import DELETED, SEEN, IMAPClient
from imapclient.exceptions import (
    IMAPClientAbortError, IMAPClientError, IMAPClientReadOnlyError, LoginError)

from .sasl import imap_login, pop3_login

TIMEOUT = 60  # seconds
MAX_LINE = 10 * 1024 * 1024  # bytes
MAX_HEAD = 1024 * 1024  # bytes
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


class Trouble(Exception):
    """
    Why a mailbox cannot be used, without anything that was sent.

    key is the end of the id of a message that begins with msg_mailbox_, or
    the whole id with its module; detail is text from the server for it.
    """
    key = None

    def __init__(self, detail=''):
        super().__init__(detail)
        self.detail = detail


class LoginRefused(Trouble):
    "The server does not accept the user or the password."
    key = 'login'


class FolderMissing(Trouble):
    "The folder isn't there, or the user may not open it."
    key = 'folder'


class TargetMissing(Trouble):
    "The folder that letters are moved to isn't there."
    key = 'target'


class ReadOnly(Trouble):
    "The user may not mark, move or delete the letters of the folder."
    key = 'read_only'


class Unreadable(Trouble):
    "The server lists a letter that it does not hand out."
    key = 'unreadable'


@dataclass(frozen=True)
class Access:
    "How to get into a mailbox."
    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    folder: str


class Imap:
    "An open folder of an IMAP server."

    def __init__(self, client, folder):
        self._client = client
        self._folder = folder
        client.normalise_times = False  # Keeps the zone of times
        status = self._select(readonly=True)
        self.validity = str(status[b'UIDVALIDITY'])
        self.count = int(status[b'EXISTS'])

    @classmethod
    @contextmanager
    def open(cls, access):
        context = ssl.create_default_context()
        with IMAPClient(
                access.host, access.port, ssl=access.security == 'ssl',
                ssl_context=context, timeout=TIMEOUT) as client:
            if access.security == 'starttls':
                client.starttls(context)
            try:
                imap_login(client, access.username, access.password)
            except LoginError as exception:
                # Without its text, which may hold what was sent
                raise LoginRefused() from exception
            yield cls(client, access.folder)

    @staticmethod
    def key(uid):
        "Return a stored UID as the server counts."
        return int(uid)

    def _select(self, readonly):
        try:
            return self._client.select_folder(self._folder, readonly=readonly)
        except IMAPClientReadOnlyError as exception:
            raise ReadOnly() from exception
        except IMAPClientAbortError:
            raise
        except IMAPClientError as exception:
            raise FolderMissing(', '.join(self.folders())) from exception

    def folders(self):
        "Return the names of the folders that can be opened."
        return [
            name for flags, _, name in self._client.list_folders()
            if not {b'\\noselect', b'\\nonexistent'}.intersection(
                f.lower() for f in flags)]

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
        time = time.replace(tzinfo=dt.timezone.utc)
        return max(
            (u for u, d in self._dates(self.uids()).items() if d < time),
            default=0)

    def _dates(self, uids):
        if not uids:
            return {}
        return {
            uid: data[b'INTERNALDATE'] for uid, data in self._client.fetch(
                uids, ['INTERNALDATE']).items()}

    def span(self):
        "Return when the first and the last letter came, naive UTC or None."
        uids = self.uids()
        dates = self._dates(uids[:1] + uids[-1:])
        times = [
            dates[u].astimezone(dt.timezone.utc).replace(tzinfo=None)
            for u in uids[:1] + uids[-1:] if u in dates]
        return (times[0], times[-1]) if times else (None, None)

    def sizes(self, uids):
        "Return the sizes of the letters in bytes, by UID."
        return {
            uid: data[b'RFC822.SIZE'] for uid, data in self._client.fetch(
                uids, ['RFC822.SIZE']).items()}

    def letters(self, uids):
        "Return the raw letters by UID; what is gone by now is missing."
        return self._parts(uids, 'BODY.PEEK[]', b'BODY[]')

    def heads(self, uids):
        "Return the headers of the letters by UID, without the letters."
        return self._parts(
            uids, f'BODY.PEEK[HEADER]<0.{MAX_HEAD}>', b'BODY[HEADER]<0>')

    def _parts(self, uids, wanted, name):
        if not uids:
            return {}
        return {
            uid: data[name] for uid, data in sorted(
                self._client.fetch(uids, [wanted]).items())
            if data.get(name) is not None}

    def remaining(self, uids):
        "Return those of the letters that are still there, ready to change."
        status = self._select(readonly=False)
        if str(status[b'UIDVALIDITY']) != self.validity:
            raise IMAPClientAbortError("the folder was made anew")
        return sorted(self._client.search(
                ['UID', ','.join(map(str, uids)), 'UNDELETED']))

    def mark_read(self, uids):
        "Show the letters as read in mail programs."
        self._client.add_flags(uids, [SEEN], silent=True)

    def move(self, uids, folder):
        "Move the letters to another folder (RFC 6851)."
        if folder not in self.folders():
            raise TargetMissing(', '.join(self.folders()))
        if self._client.has_capability('MOVE'):
            self._client.move(uids, folder)
        else:
            self._client.copy(uids, folder)
            self.delete(uids)

    def delete(self, uids):
        """
        Delete the letters, and no others.

        Where the server cannot expunge single letters (RFC 4315) they stay
        marked as deleted: a plain EXPUNGE would take with it what a person
        has marked.
        """
        self._client.add_flags(uids, [DELETED], silent=True)
        if self._client.has_capability('UIDPLUS'):
            self._client.uid_expunge(uids)


class _LongLines:
    "Reads letters whose lines are longer than RFC 5322 allows"

    def _getline(self):
        line = self.file.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise poplib.error_proto("line too long")
        if not line:
            raise EOFError("the server closed the connection")
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
        self._deleted = False

    @classmethod
    @contextmanager
    def open(cls, access):
        context = ssl.create_default_context()
        if access.security == 'ssl':
            client = _Pop3Ssl(
                access.host, access.port, timeout=TIMEOUT, context=context)
        else:
            client = _Pop3(access.host, access.port, timeout=TIMEOUT)
        try:
            if access.security == 'starttls':
                client.stls(context)
            try:
                pop3_login(client, access.username, access.password)
            except poplib.error_proto as exception:
                raise LoginRefused() from exception
            source = cls(client)
            yield source
            if source._deleted:
                # Only now the server deletes (RFC 1939, 6)
                client.quit()
        finally:
            client.close()

    @staticmethod
    def key(uid):
        "Return a stored unique id as the server calls it."
        return uid

    def uids(self):
        "Return the unique ids of the letters, the oldest first."
        return sorted(self._numbers, key=lambda u: int(self._numbers[u]))

    def span(self):
        "POP3 does not tell when letters came."
        return None, None

    def sizes(self, uids):
        "Return the sizes of the letters in bytes, by unique id."
        _, lines, _ = self._client.list()
        sizes = dict(line.split()[:2] for line in lines)
        return {
            u: int(sizes[self._numbers[u]]) for u in uids
            if self._numbers[u] in sizes}

    def letters(self, uids):
        "Return the raw letters by unique id; what is gone by now is missing."
        letters = {}
        for uid in self.remaining(uids):
            try:
                _, lines, _ = self._client.retr(int(self._numbers[uid]))
            except poplib.error_proto:
                # It is the letter if the server still answers
                self._client.noop()
                continue
            letters[uid] = b'\r\n'.join(lines) + b'\r\n'
        return letters

    def heads(self, uids):
        "Return the headers of the letters by unique id."
        heads = {}
        for uid in self.remaining(uids):
            try:
                _, lines, _ = self._client.top(int(self._numbers[uid]), 0)
            except poplib.error_proto:
                # Not each server can (RFC 1939, 7)
                self._client.noop()
                lines = []
            heads[uid] = b'\r\n'.join(lines) + b'\r\n'
        return heads

    def remaining(self, uids):
        "Return those of the letters that are still there."
        return [u for u in uids if u in self._numbers]

    def delete(self, uids):
        "Delete the letters when the mailbox is closed."
        for uid in uids:
            self._client.dele(int(self._numbers[uid]))
        self._deleted = bool(uids) or self._deleted


SOURCES = {
    'imap': Imap,
    'pop3': Pop3,
    }
