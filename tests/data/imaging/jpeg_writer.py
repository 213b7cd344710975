"""A baseline JPEG encoder for files that no common encoder writes: any sampling, scans, identifiers and markers.

ITU-T T.81 names the parts; the tables are those of its annex K.
"""

import struct

import numpy as np

ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, (i % 8 if (i // 8 + i % 8) % 2 == 0 else i // 8)))
QUANTISATION = np.minimum(16 + 3 * np.add.outer(np.arange(8), np.arange(8)), 60)
DC = ([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], list(range(12)))
AC = (
    [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D],
    list(
        bytes.fromhex(
            "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435"
            "363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798"
            "999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4"
            "f5f6f7f8f9fa"
        )
    ),
)
BASIS = np.array(
    [[np.sqrt((1 if u == 0 else 2) / 8) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)] for u in range(8)]
)


def codes(table):
    counts, symbols = table
    result, code, place = {}, 0, 0
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            result[symbols[place]] = (code, length)
            code, place = code + 1, place + 1
        code <<= 1
    return result


DC_CODES, AC_CODES = codes(DC), codes(AC)


class Bits:
    def __init__(self):
        self.bits = []

    def put(self, value, count):
        self.bits.extend((value >> i) & 1 for i in range(count - 1, -1, -1))

    def take(self):
        """The bytes so far, filled up with ones and with 0 behind each 0xFF."""
        bits = self.bits + [1] * (-len(self.bits) % 8)
        self.bits = []
        return np.packbits(bits).tobytes().replace(b"\xff", b"\xff\0")


def put_number(bits, code, value, prefix=0):
    size = int(abs(value)).bit_length()
    bits.put(*code[prefix << 4 | size])
    bits.put(value if value > 0 else value + (1 << size) - 1, size)


def put_block(bits, block, before):
    put_number(bits, DC_CODES, int(block[0]) - before)
    zeros = 0
    last = max([i for i in range(1, 64) if block[i]], default=0)
    for value in block[1 : last + 1]:
        if value == 0:
            zeros += 1
            continue
        while zeros > 15:
            bits.put(*AC_CODES[0xF0])
            zeros -= 16
        put_number(bits, AC_CODES, int(value), zeros)
        zeros = 0
    if last < 63:
        bits.put(*AC_CODES[0])


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def adobe(transform):
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def write(planes, size, factors, ids=None, scans=None, restart=0, markers=b"", tables=True, quantisation=QUANTISATION):
    """A file whose components are `planes`, each at the size of the picture; they are thinned out to their `factors`.

    `scans` lists the components of each scan, `restart` is the interval in MCUs.
    """
    width, height = size
    ids = ids or list(range(1, len(planes) + 1))
    scans = scans or [list(range(len(planes)))]
    most = [max(f[i] for f in factors) for i in range(2)]
    mcus = [-(-side // (8 * most[i])) for i, side in enumerate(size)]
    blocks = []
    for plane, (across, down) in zip(planes, factors):
        step = most[0] / across, most[1] / down
        own = [-(-width * across // most[0]), -(-height * down // most[1])]
        xs = np.minimum((np.arange(mcus[0] * across * 8) * step[0]).astype(int), width - 1)
        ys = np.minimum((np.arange(mcus[1] * down * 8) * step[1]).astype(int), height - 1)
        samples = plane[np.ix_(ys, xs)].astype(float) - 128
        grid = samples.reshape(mcus[1] * down, 8, mcus[0] * across, 8).transpose(0, 2, 1, 3)
        grid = np.round(BASIS @ grid @ BASIS.T / quantisation).astype(int)
        blocks.append((grid.reshape(*grid.shape[:2], 64)[..., ZIGZAG], own))
    out = b"\xff\xd8" + markers
    out += segment(0xDB, b"\0" + bytes(int(q) for q in quantisation.reshape(64)[ZIGZAG]))
    frame = struct.pack(">BHHB", 8, height, width, len(planes))
    out += segment(0xC0, frame + b"".join(bytes([i, f[0] << 4 | f[1], 0]) for i, f in zip(ids, factors)))
    if tables:
        out += segment(0xC4, b"\0" + bytes(DC[0] + DC[1]) + b"\x10" + bytes(AC[0] + AC[1]))
    if restart:
        out += segment(0xDD, struct.pack(">H", restart))
    for scan in scans:
        header = bytes([len(scan)]) + b"".join(bytes([ids[c], 0]) for c in scan) + b"\0\x3f\0"
        out += segment(0xDA, header) + entropy(blocks, scan, factors, mcus, restart)
    return out + b"\xff\xd9"


def entropy(blocks, scan, factors, mcus, restart):
    if len(scan) == 1:
        grid, (own_width, own_height) = blocks[scan[0]]
        across, down = -(-own_width // 8), -(-own_height // 8)
        units = [[(scan[0], y, x)] for y in range(down) for x in range(across)]
    else:
        units = [
            [
                (c, my * factors[c][1] + y, mx * factors[c][0] + x)
                for c in scan
                for y in range(factors[c][1])
                for x in range(factors[c][0])
            ]
            for my in range(mcus[1])
            for mx in range(mcus[0])
        ]
    bits, before, out = Bits(), {c: 0 for c in scan}, b""
    for count, unit in enumerate(units):
        if restart and count and count % restart == 0:
            out += bits.take() + bytes([0xFF, 0xD0 + (count // restart - 1) % 8])
            before = {c: 0 for c in scan}
        for c, y, x in unit:
            block = blocks[c][0][y, x]
            put_block(bits, block, before[c])
            before[c] = int(block[0])
    return out + bits.take()
