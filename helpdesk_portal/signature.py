# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A signature drawn in the browser.

Decided here: whether what a form sent is the drawing that our page makes, and
what of it is kept. Not decided here: who may sign, and what for. Nothing here
knows Tryton, the database or the request.
"""
import base64
import binascii
import struct
import zlib

PREFIX = 'data:image/png;base64,'
MAX_SIZE = 256 * 1024
# Of a side, in pixels; our page draws 1200 by 600
MAX_SIDE = 2000
_MAGIC = b'\x89PNG\r\n\x1a\n'
_RGBA = 6
_PIXEL = 4


class NotDrawn(ValueError):
    "It is no drawing that our page makes"


def read_drawing(value):
    """
    Return the PNG of a drawing, or None for an empty one.

    value is a data URL as HTMLCanvasElement.toDataURL makes it, a str. Raise
    NotDrawn for everything else. Nothing but size and pixels is kept (PNG
    specification, third edition, 5.6): no text, no time, no profile, and
    nothing behind the end.
    """
    if not value:
        return
    if not value.startswith(PREFIX) or len(value) > 2 * MAX_SIZE:
        raise NotDrawn("no PNG, or too large")
    try:
        data = base64.b64decode(value[len(PREFIX):], validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotDrawn("no base64") from error
    if len(data) > MAX_SIZE:
        raise NotDrawn("too large")
    header, packed = _parts(data)
    if not _is_drawn(*_size(header), packed):
        return
    return b''.join([
            _MAGIC, _chunk(b'IHDR', header), _chunk(b'IDAT', packed),
            _chunk(b'IEND', b'')])


def _parts(data):
    "Return the header of the picture and its packed pixels"
    header, packed = None, []
    for type_, content in _chunks(data):
        if header is None and type_ != b'IHDR':
            raise NotDrawn("no header")
        if type_ == b'IHDR':
            if header is not None:
                raise NotDrawn("two headers")
            header = content
        elif type_ == b'IDAT':
            packed.append(content)
    if header is None:
        raise NotDrawn("no header")
    return header, b''.join(packed)


def _chunks(data):
    "Yield the type and the content of each chunk up to the end"
    if not data.startswith(_MAGIC):
        raise NotDrawn("no PNG")
    position = len(_MAGIC)
    while True:
        head = data[position:position + 8]
        if len(head) < 8:
            raise NotDrawn("no end")
        length, type_ = struct.unpack('>I4s', head)
        content = data[position + 8:position + 8 + length]
        check = data[position + 8 + length:position + 12 + length]
        if check != struct.pack('>I', zlib.crc32(type_ + content)):
            raise NotDrawn("damaged")
        if type_ == b'IEND':
            return
        yield type_, content
        position += 12 + length


def _size(header):
    "Return width and height in pixels"
    try:
        width, height, *kind = struct.unpack('>IIBBBBB', header)
    except struct.error as error:
        raise NotDrawn("no header") from error
    if kind != [8, _RGBA, 0, 0, 0]:
        raise NotDrawn("of another kind")
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise NotDrawn("too large")
    return width, height


def _is_drawn(width, height, packed):
    "Tell whether the pixels, which must be complete, show anything"
    line = 1 + width * _PIXEL
    size = height * line
    unpack = zlib.decompressobj()
    try:
        pixels = unpack.decompress(packed, size + 1)
    except zlib.error as error:
        raise NotDrawn("damaged") from error
    if len(pixels) != size or not unpack.eof or unpack.unused_data:
        raise NotDrawn("of another size")
    # Each line begins with the number of its filter. Whatever filter there
    # is, zeros are what nobody drew on.
    drawn = False
    for start in range(0, size, line):
        if pixels[start] > 4:
            raise NotDrawn("of another kind")
        drawn |= pixels.count(0, start + 1, start + line) != line - 1
    return drawn


def _chunk(type_, content):
    return (struct.pack('>I', len(content)) + type_ + content
        + struct.pack('>I', zlib.crc32(type_ + content)))
