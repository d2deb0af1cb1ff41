# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Signatures as a browser draws them.
"""
import base64
import struct
import zlib

MAGIC = b'\x89PNG\r\n\x1a\n'


def chunk(type_, content):
    return (struct.pack('>I', len(content)) + type_ + content
        + struct.pack('>I', zlib.crc32(type_ + content)))


def header(width=6, height=4, depth=8, kind=6, interlace=0):
    return chunk(b'IHDR', struct.pack(
            '>IIBBBBB', width, height, depth, kind, 0, 0, interlace))


def pixels(width=6, height=4, ink=b'\x10\x24\x3f\xff', filter=1):
    "Return the packed pixels: ink, and nothing after it"
    line = bytes([filter]) + ink.ljust(width * 4, b'\0')
    return zlib.compress(line * height)


def drawing(ink=b'\x10\x24\x3f\xff'):
    "Return a small PNG as toDataURL makes it"
    return (MAGIC + header() + chunk(b'IDAT', pixels(ink=ink))
        + chunk(b'IEND', b''))


def data_url(data):
    return 'data:image/png;base64,' + base64.b64encode(data).decode()
