# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""A letter into its parts (RFC 2045, RFC 2046).

Decided here: where a part begins and ends, and its bytes.
Not here: which of them is the text and which an attachment (parse.py).

The parser of the standard library reads line by line and compares every
line with every open boundary, so that a few megabytes of nested parts take
minutes.  Here each level searches its boundary once over the bytes: time
is bounded by size times ``max_depth``.
"""
import binascii
import re

from .headers import Head, decode_base64, parameters, split

_TYPE = re.compile(r'[\w.+-]+/[\w.+-]+', re.A)


class Entity:
    """A letter, or a part of one.

    ``type`` is a lower-case 'type/subtype'; ``params`` those of Content-Type;
    ``disposition`` 'inline', 'attachment' or ''; ``name`` the file name or
    ''; ``children`` the parts of a multipart that was taken apart.
    """

    def __init__(self, head, body, default='text/plain'):
        self.head = head
        self.body = body
        self.children = ()
        self.type, self.params = parameters(head.get('content-type'))
        if not _TYPE.fullmatch(self.type):
            # RFC 2045, 5.2: what is not understood is plain text.
            self.type = 'text/plain' if self.type else default
        self.disposition, params = parameters(
            head.get('content-disposition'))
        self.name = params.get('filename') or self.params.get('name') or ''

    def data(self):
        "Return the bytes of the body, decoded as far as they can be."
        encoding = self.head.get('content-transfer-encoding').lower().strip()
        if encoding == 'base64':
            return decode_base64(self.body)
        if encoding == 'quoted-printable':
            return binascii.a2b_qp(self.body)
        return self.body


class Reader:
    """Takes one letter apart, within limits.

    ``max_parts`` counts over all levels, ``max_depth`` the levels of
    multiparts.  ``defects`` collects the keys of what was wrong.
    """

    def __init__(self, max_parts, max_depth):
        self.parts_left = max_parts
        self.max_depth = max_depth
        self.defects = {}

    def read(self, raw, default='text/plain', depth=0):
        "Return the Entity in the raw bytes, with its children."
        block, body = split(raw)
        entity = Entity(Head(block), body, default)
        if entity.type.startswith('multipart/'):
            self._divide(entity, depth)
        return entity

    def _divide(self, entity, depth):
        if depth >= self.max_depth:
            self.defects['too_deep'] = True
            return
        default = ('message/rfc822' if entity.type == 'multipart/digest'
            else 'text/plain')
        children = []
        for raw in self._sections(entity):
            if self.parts_left <= 0:
                self.defects['too_many_parts'] = True
                break
            self.parts_left -= 1
            children.append(self.read(raw, default, depth + 1))
        if not children:
            # A multipart without a boundary is read as plain text.
            self.defects['no_boundary'] = True
            entity.type = 'text/plain'
        else:
            entity.body = b''
        entity.children = tuple(children)

    def _sections(self, entity):
        "Yield the raw bytes between the boundaries (RFC 2046, 5.1.1)."
        boundary = entity.params.get('boundary', '').rstrip()
        if not boundary:
            return
        body, start = entity.body, None
        line = re.compile(
            rb'^--' + re.escape(boundary.encode('utf-8'))
            + rb'(--)?[ \t]*\r?(?:\n|\Z)', re.M)
        for match in line.finditer(body):
            if start is not None:
                yield _without_line_end(body[start:match.start()])
            start = match.end()
            if match[1]:
                return
        if start is not None:
            self.defects['no_end_boundary'] = True
            yield body[start:]


def _without_line_end(data):
    # The line end before a boundary belongs to the boundary.
    if data.endswith(b'\r\n'):
        return data[:-2]
    return data[:-1] if data.endswith(b'\n') else data
