# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Writes what Exchange wraps into a winmail.dat (MS-OXTNEF).
"""
import struct


def tnef(text=None, html=None, rtf=None, files=()):
    "Return the bytes; files are tuples of name, data and Content-ID"
    properties = [(0x3fde, 0x03, struct.pack('<I', 65001))]
    if text is not None:
        properties.append((0x1000, 0x1f, text.encode('utf-16-le') + b'\0\0'))
    if html is not None:
        properties.append((0x1013, 0x102, html.encode('utf-8')))
    if rtf is not None:
        properties.append((0x1009, 0x102, rtf))
    attributes = [
        _attribute(1, 0x9006, struct.pack('<I', 0x10000)),
        _attribute(1, 0x9007, struct.pack('<II', 1252, 0)),
        _attribute(1, 0x9003, _properties(properties)),
        ]
    for name, data, content_id in files:
        attributes += [
            _attribute(2, 0x9002, bytes(14)),
            _attribute(2, 0x800f, data),
            _attribute(2, 0x8010, b'SHORT~1.DAT\0'),
            _attribute(2, 0x9005, _properties([
                        (0x3707, 0x1f, name.encode('utf-16-le') + b'\0\0'),
                        (0x3712, 0x1e, content_id.encode() + b'\0'),
                        (0x370b, 0x03, struct.pack('<i', -1)),
                        ])),
            ]
    return b'\x78\x9f\x3e\x22\x01\x00' + b''.join(attributes)


def rtf_compressed(rtf):
    "Return the Rich Text as compressed, though without saving anything"
    body = bytearray()
    for start in range(0, len(rtf), 8):
        body += b'\0' + rtf[start:start + 8]
    # The end is a reference to where the dictionary is written next
    if len(rtf) % 8:
        body[-1 - len(rtf) % 8] = 1 << len(rtf) % 8
    else:
        body += b'\x01'
    at = (207 + len(rtf)) % 4096
    body += struct.pack('>H', at << 4)
    return struct.pack(
        '<II4sI', len(body) + 12, len(rtf), b'LZFu', 0) + bytes(body)


def _attribute(level, name, data):
    return struct.pack('<BHHI', level, name, 6, len(data)) + data + (
        struct.pack('<H', sum(data) & 0xffff))


def _properties(properties):
    result = [struct.pack('<I', len(properties))]
    for name, kind, data in properties:
        result.append(struct.pack('<HH', kind, name))
        if kind != 0x03:
            result.append(struct.pack('<II', 1, len(data)))
        result.append(data + bytes(-len(data) % 4))
    return b''.join(result)
