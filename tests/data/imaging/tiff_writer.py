"""A TIFF encoder for kinds that Pillow does not write (TIFF 6.0; BigTIFF by its version number)."""

import struct
import zlib

import numpy as np

WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8, 16: 8}
LETTERS = {1: "B", 3: "H", 4: "I", 16: "Q"}


def pack_bits(data):
    """Literal bytes only, which is allowed."""
    parts = [data[i : i + 128] for i in range(0, len(data), 128)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


def packed_rows(pixels, bits, order):
    """[h, w, samples] as rows of bytes; bits below eight fill each byte from its highest."""
    if bits >= 16:
        return pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    if bits == 8:
        return pixels.astype(np.uint8).tobytes()
    rows = pixels.reshape(pixels.shape[0], -1)
    as_bits = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(as_bits.reshape(rows.shape[0], -1), axis=1).tobytes()


def predicted(pixels):
    """Each sample less the one before it in its row."""
    result = pixels.copy()
    result[:, 1:] = pixels[:, 1:] - pixels[:, :-1]
    return result


def float_predicted(pixels):
    """The bytes of a row's samples by kind, the highest first, each less the one before it."""
    rows = []
    for row in pixels:
        planes = row.astype(row.dtype.newbyteorder(">")).view(np.uint8).reshape(-1, row.dtype.itemsize)
        line = planes.T.reshape(-1).astype(np.uint8)
        samples = pixels.shape[2]
        rows.append(np.concatenate([line[:samples], line[samples:] - line[:-samples]]))
    return b"".join(row.astype(np.uint8).tobytes() for row in rows)


def write(
    pixels,
    photometric,
    bits=8,
    order="<",
    big=False,
    tile=None,
    rows_per_strip=4,
    planar=False,
    compression=1,
    predictor=1,
    pieces=None,
    without=(),
    tags=(),
):
    """`pixels` are [h, w, samples]; `tags` are (tag, type, values); `pieces` replaces what is made of the pixels."""
    height, width, samples = pixels.shape
    planes = [pixels[..., i : i + 1] for i in range(samples)] if planar else [pixels]
    if pieces is None:
        pieces = []
        for plane in planes:
            across, down = tile or (width, rows_per_strip)
            for top in range(0, height, down):
                for left in range(0, width, across):
                    part = plane[top : top + down, left : left + across]
                    if tile:
                        gaps = [(0, down - part.shape[0]), (0, across - part.shape[1]), (0, 0)]
                        part = np.pad(part, gaps, mode="edge")
                    if predictor == 3:
                        data = float_predicted(part)
                    else:
                        data = packed_rows(predicted(part) if predictor == 2 else part, bits, order)
                    pieces.append({1: bytes, 8: zlib.compress, 32773: pack_bits}[compression](data))
    kind = 1 if pixels.dtype.kind != "f" else 3
    fields = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * samples),
        259: (3, [compression]),
        262: (3, [photometric]),
        277: (3, [samples]),
        284: (3, [2 if planar else 1]),
        317: (3, [predictor]),
        339: (3, [kind] * samples),
    }
    offsets, lengths = (324, 325) if tile else (273, 279)
    if tile:
        fields |= {322: (4, [tile[0]]), 323: (4, [tile[1]])}
    else:
        fields[278] = (4, [rows_per_strip])
    fields[offsets] = (4, [0] * len(pieces))
    fields[lengths] = (4, [len(piece) for piece in pieces])
    for tag, type_, values in tags:
        fields[tag] = (type_, values)
    for tag in without:
        del fields[tag]

    word, letter = (8, "Q") if big else (4, "I")
    head = (b"II" if order == "<" else b"MM") + (
        struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    )
    table_len = (8 if big else 2) + len(fields) * (20 if big else 12) + word
    at = len(head) + table_len
    places, end = [], at + sum(len(v) for v in (encode(f, order) for f in fields.values()) if len(v) > word)
    for piece in pieces:
        places.append(end)
        end += len(piece)
    fields[offsets] = (4, places)
    table = struct.pack(order + ("Q" if big else "H"), len(fields))
    values = b""
    for tag, field in sorted(fields.items()):
        data = encode(field, order)
        table += struct.pack(order + "HH" + letter, tag, field[0], len(data) // WIDTHS[field[0]])
        if len(data) > word:
            table += struct.pack(order + letter, at + len(values))
            values += data
        else:
            table += data.ljust(word, b"\0")
    return head + table + bytes(word) + values + b"".join(pieces)


def encode(field, order):
    type_, values = field
    if type_ == 5:
        return b"".join(struct.pack(order + "II", *value) for value in values)
    if type_ in (2, 7):
        return bytes(values)
    return struct.pack(order + str(len(values)) + LETTERS[type_], *values)
