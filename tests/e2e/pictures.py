"""Pictures as bytes, written and read by the formats' own definitions."""

import re
import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour_type, rows):
    """A PNG file; `rows` is the packed pixels of all rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    row_bytes = len(rows) // height
    # Each row begins with its filter: 0, none.
    filtered = b"".join(
        b"\0" + rows[at : at + row_bytes] for at in range(0, len(rows), row_bytes)
    )
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(filtered))
        + _chunk(b"IEND", b"")
    )


def pbm(width, height, rows):
    return b"P4\n%d %d\n" % (width, height) + rows


def pgm(width, height, rows):
    return b"P5\n%d %d\n255\n" % (width, height) + rows


# Between the fields of a header: white space and comments; after the last: one character.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_NETPBM_HEADER = {
    b"P4": re.compile(rb"P4" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)\s"),
    b"P5": re.compile(rb"P5" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)" + _GAP + rb"255\s"),
}


def netpbm_pixels(file):
    """(kind, width, height, rows) of a binary PBM, or of a binary PGM of 8 bits."""
    kind = file[:2]
    header = _NETPBM_HEADER[kind].match(file)
    return kind, int(header[1]), int(header[2]), file[header.end() :]


def _unfilter(kind, row, above, step):
    out = bytearray(row)
    for i in range(len(out)):
        left = out[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        p = left + above[i] - corner
        nearest = min((left, above[i], corner), key=lambda value: abs(p - value))
        out[i] = (row[i] + (0, left, above[i], (left + above[i]) // 2, nearest)[kind]) & 255
    return bytes(out)


def png_pixels(file):
    """(width, height, depth, colour type, rows) of a PNG that is not interlaced."""
    assert file[:8] == _SIGNATURE
    at, packed = 8, b""
    while at < len(file):
        length, kind = struct.unpack(">I4s", file[at : at + 8])
        data = file[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour_type, _, _, interlaced = struct.unpack(">IIBBBBB", data)
        packed += data if kind == b"IDAT" else b""
        at += 12 + length
    assert not interlaced
    pixel_bits = depth * {0: 1, 2: 3, 3: 1, 6: 4}[colour_type]
    row_bytes = (width * pixel_bits + 7) // 8
    raw, rows, above = zlib.decompress(packed), b"", bytes(row_bytes)
    for start in range(0, len(raw), row_bytes + 1):
        row = raw[start + 1 : start + 1 + row_bytes]
        above = _unfilter(raw[start], row, above, max(1, pixel_bits // 8))
        rows += above
    return width, height, depth, colour_type, rows
