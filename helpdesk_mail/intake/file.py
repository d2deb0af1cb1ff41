# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""A letter into the values of a ticket, a conversation and attachments.

Decided here: which fact of the letter goes into which field, and file names
that are safe wherever they are saved.  Not here: which ticket, section or
language, and the saving.
"""
import re

from .charset import one_line
from .clean import clean_html
from .layout import fold_html
from .protection import ENCRYPTED
from .quote import Folded, fold
from .thread import is_forward

MAX_SUBJECT = 255
MAX_FILE_NAME = 128

_EXTENSIONS = {
    'application/gzip': '.gz',
    'application/json': '.json',
    'application/msword': '.doc',
    'application/ms-tnef': '.dat',
    'application/pdf': '.pdf',
    'application/pgp-encrypted': '.asc',
    'application/pgp-signature': '.asc',
    'application/pkcs7-mime': '.p7m',
    'application/x-pkcs7-mime': '.p7m',
    'application/rtf': '.rtf',
    'application/vnd.ms-excel': '.xls',
    'application/vnd.ms-tnef': '.dat',
    'application/vnd.oasis.opendocument.spreadsheet': '.ods',
    'application/vnd.oasis.opendocument.text': '.odt',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet':
    '.xlsx',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document':
    '.docx',
    'application/xml': '.xml',
    'application/zip': '.zip',
    'audio/mpeg': '.mp3',
    'image/bmp': '.bmp',
    'image/gif': '.gif',
    'image/jpeg': '.jpg',
    'image/png': '.png',
    'image/svg+xml': '.svg',
    'image/tiff': '.tif',
    'image/webp': '.webp',
    'message/delivery-status': '.txt',
    'message/disposition-notification': '.txt',
    'message/rfc822': '.eml',
    'text/calendar': '.ics',
    'text/csv': '.csv',
    'text/html': '.html',
    'text/plain': '.txt',
    'text/rfc822-headers': '.txt',
    'text/vcard': '.vcf',
    'text/x-vcard': '.vcf',
    'text/xml': '.xml',
    'video/mp4': '.mp4',
    }
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
# Names that Windows gives to devices.
_DEVICE = re.compile(r'(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)', re.I)
# As mail programs write into a text where its HTML has a picture
_PLACE = re.compile(r'\[(?:cid:([^\s\]]{1,200})|image: [^\]\n]{1,200})\]')
_EXTENSION = re.compile(r'\.\w{1,10}\Z')


def fold_letter(letter, separators=(), encrypted=''):
    """Return the Folded text of the letter; pictures in it have their names.

    A forwarded letter is new to its reader and not folded.  ``separators``
    are as in quote.fold; ``encrypted`` stands for what can't be read, in
    the words of the reader.
    """
    text = name_pictures(letter.text, letter.parts)
    if encrypted and letter.protection == ENCRYPTED:
        return Folded(encrypted, quoted=text.strip('\n'))
    if is_forward(letter.subject):
        return Folded(text)
    return fold(text, separators)


def ticket_values(letter, sender, no_subject="-", folded=None):
    """Return the values of a new ticket by field name.

    ``no_subject`` stands for an empty subject, in the words of the reader.
    ``folded`` is the Folded text, None to fold nothing.  ``party`` is an id
    or None.
    """
    return {
        'subject': shorten(letter.subject) or no_subject,
        'description': folded.text if folded else letter.text,
        'channel': 'email',
        'contact_name': sender.name,
        'email': sender.email or None,
        'party': sender.party,
        }


def conversation_values(
        letter, verdict, sender, received_at, folded=None, separators=()):
    """Return the values of the letter's conversation by field name.

    ``received_at`` is naive UTC: what the letter claims as its date may be
    wrong, and would put it at the wrong place in the conversation.
    ``folded`` is the Folded text, None to fold nothing; ``separators`` are
    as in quote.fold.
    """
    html = clean_html(letter.html, pictures(letter.parts), hints=True)
    return {
        'kind': 'email',
        'direction': 'in',
        'at': received_at,
        'author': sender.name,
        'party': sender.party,
        'subject': shorten(letter.subject),
        'body': folded.text if folded else letter.text,
        'quoted': '\n\n'.join(filter(None, [
                    folded.signature, folded.quoted])) if folded else '',
        'html': fold_html(html, separators, fold=(
                folded is not None and not is_forward(letter.subject))),
        'protection': letter.protection,
        'message_id': letter.message_id,
        'from_address': sender.email,
        'to_addresses': ', '.join(a.email for a in letter.to),
        'cc_addresses': ', '.join(a.email for a in letter.cc),
        'automatic': verdict.automatic,
        }


def attachment_values(letter):
    "Return a list with the name and data of each part, names being unique."
    return [{'name': name, 'data': part.data}
        for name, part in zip(file_names(letter.parts), letter.parts)]


def pictures(parts):
    "Return a dictionary from the Content-IDs to the file names of parts."
    return {
        part.content_id: name
        for name, part in zip(file_names(parts), parts) if part.content_id}


def name_pictures(text, parts):
    "Return the text with '[name]' where a picture of the letter was."
    if '[cid:' not in text and '[image: ' not in text:
        return text
    names = pictures(parts)
    shown = {f'[image: {name}]': f'[{name}]' for name in file_names(parts)}
    return _PLACE.sub(
        lambda m: (f'[{names[m[1]]}]' if m[1] in names
            else shown.get(m[0], m[0])), text)


def file_names(parts):
    "Return a safe file name for each of the parts, no two the same."
    names, used = [], set()
    for number, part in enumerate(parts, 1):
        name = safe_file_name(part.name)
        if not name:
            name = f"attachment-{number}{_EXTENSIONS.get(part.type, '.bin')}"
        stem, extension = _split(name)
        count = 1
        while name.lower() in used:
            count += 1
            end = f'-{count}{extension}'
            name = stem[:MAX_FILE_NAME - len(end)] + end
        used.add(name.lower())
        names.append(name)
    return names


def safe_file_name(name):
    """Return the name without folders, devices and control characters.

    It has at most 128 characters and keeps its extension; '' if nothing
    is left.
    """
    name = one_line(name).replace('\\', '/').rpartition('/')[2]
    name = _FORBIDDEN.sub('_', name).strip(' .')
    if _DEVICE.match(name):
        name = f'_{name}'
    stem, extension = _split(name)
    return stem[:MAX_FILE_NAME - len(extension)].rstrip(' .') + extension


def shorten(subject, length=MAX_SUBJECT):
    "Return the subject in at most ``length`` characters."
    if len(subject) <= length:
        return subject
    return subject[:length - 1].rstrip() + '…'


def _split(name):
    match = _EXTENSION.search(name)
    end = match.start() if match and match.start() else len(name)
    return name[:end], name[end:]
