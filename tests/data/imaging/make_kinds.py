"""Writes kinds/, small files of kinds that programs stumble over, and kinds.json: what Pillow reads from each.

    pip install pillow==13.0.0 numpy==2.4.6 pillow-jxl-plugin==1.3.8
    python make_kinds.py

kinds.json: file -> width, height and the pixels [h, w, 3] in hexadecimal that
`ImageOps.exif_transpose(Image.open(file)).convert("RGB")` gives. Where this program deliberately reads more than Pillow
or reads otherwise, `expected` says what is right: the high byte of 16-bit grey, and floating point as 0..1.
"""

import io
import json
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import pillow_jxl  # teaches Pillow JPEG XL, with libjxl

import jpeg_writer
import tiff_writer

HERE = Path(__file__).parent
W, H = 13, 9


def picture():
    y, x = np.mgrid[0:H, 0:W].astype(float)
    channels = [20 + 200 * x / (W - 1), 230 - 180 * y / (H - 1), 60 + 9 * (x + y)]
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


RGB = picture()
GRAY = RGB[..., :1]
ALPHA = np.linspace(0, 255, W * H).astype(np.uint8).reshape(H, W, 1)
WIDE = RGB.astype(np.uint16) * 250 + 77  # 16 bits whose low byte is not the high one
WIDE_ALPHA = ALPHA.astype(np.uint16) * 257
FLOAT = (RGB / 255.0).astype(np.float32)


def bytes_of(values):
    """Floating point as 0..1."""
    return (np.clip(values.astype(np.float32), 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def gray(values):
    return np.repeat(values, 3, axis=2)


def tiffs():
    write = tiff_writer.write
    for bits in [1, 2, 4, 8]:
        count = 1 << bits
        indexes = (np.add.outer(np.arange(H), np.arange(W)) * 7 % count)[..., None].astype(np.uint8)
        colors = np.random.default_rng(bits).integers(0, 65536, 3 * count).tolist()
        yield f"tiff_palette{bits}.tif", write(indexes, 3, bits=bits, tags=[(320, 3, colors)])
        for name, photometric in [("", 1), ("_inverted", 0)]:
            yield f"tiff_gray{bits}{name}.tif", write(GRAY >> (8 - bits), photometric, bits=bits)
    yield "tiff_gray16.tif", write(WIDE[..., :1], 1, bits=16), gray(WIDE[..., :1] >> 8)
    yield "tiff_gray16_big_endian.tif", write(WIDE[..., :1], 1, bits=16, order=">"), gray(WIDE[..., :1] >> 8)
    gray_alpha = np.dstack([GRAY, ALPHA])
    yield "tiff_gray_alpha.tif", write(gray_alpha, 1, tags=[(338, 3, [2])])
    wide = np.dstack([WIDE[..., :1], WIDE_ALPHA])
    yield "tiff_gray_alpha16.tif", write(wide, 1, bits=16, tags=[(338, 3, [2])]), gray(WIDE[..., :1] >> 8)
    for name, pixels, bits, extra in [
        ("alpha", np.dstack([RGB, ALPHA]), 8, 2),
        ("extra", np.dstack([RGB, ALPHA]), 8, 0),
        ("premultiplied", np.dstack([RGB.astype(int) * ALPHA // 255, ALPHA]).astype(np.uint8), 8, 1),
        ("alpha16", np.dstack([WIDE, WIDE_ALPHA]), 16, 2),
        ("premultiplied16", np.dstack([WIDE.astype(int) * ALPHA // 255, WIDE_ALPHA]).astype(np.uint16), 16, 1),
    ]:
        yield f"tiff_{name}.tif", write(pixels, 2, bits=bits, tags=[(338, 3, [extra])])
    yield "tiff_rgb16_big_endian.tif", write(WIDE, 2, bits=16, order=">")
    inks = np.dstack([255 - RGB, ALPHA])
    yield "tiff_cmyk.tif", write(inks, 5)
    yield "tiff_cmyk16.tif", write(inks.astype(np.uint16) * 256 + 99, 5, bits=16)
    yield "tiff_float_gray.tif", write(FLOAT[..., :1], 1, bits=32), gray(bytes_of(FLOAT[..., :1]))
    half = FLOAT[..., :1].astype(np.float16)
    yield "tiff_float16_gray.tif", write(half, 1, bits=16), gray(bytes_of(half))
    double = FLOAT[..., :1].astype(np.float64) * 1.2 - 0.1
    yield "tiff_float64_gray.tif", write(double, 1, bits=64, order=">"), gray(bytes_of(double))
    yield "tiff_float_rgb.tif", write(FLOAT, 2, bits=32), bytes_of(FLOAT)
    yield "tiff_float_predictor.tif", write(FLOAT, 2, bits=32, compression=8, predictor=3), bytes_of(FLOAT)
    for order in "<>":
        name = "little" if order == "<" else "big"
        yield f"tiff_big_tiff_{name}.tif", write(RGB, 2, big=True, order=order), RGB
    yield "tiff_planar.tif", write(RGB, 2, planar=True)
    yield "tiff_planar16.tif", write(WIDE, 2, bits=16, planar=True, compression=8), WIDE >> 8
    yield "tiff_tiles.tif", write(RGB, 2, tile=(16, 16))
    yield "tiff_small_tiles.tif", write(np.tile(RGB, (4, 3, 1)), 2, tile=(16, 16), compression=8, predictor=2)
    yield "tiff_planar_tiles.tif", write(np.tile(RGB, (4, 3, 1)), 2, tile=(16, 16), planar=True)
    yield "tiff_predictor16.tif", write(WIDE, 2, bits=16, compression=8, predictor=2)
    yield "tiff_packbits.tif", write(RGB, 2, compression=32773)
    yield "tiff_no_strip_lengths.tif", write(RGB, 2, rows_per_strip=H, without=[279])
    yield "tiff_one_number_of_bits.tif", write(RGB, 2, tags=[(258, 3, [8])]), RGB
    reverse = np.packbits(np.unpackbits(GRAY[..., 0], axis=1).reshape(H, W, 8)[..., ::-1], axis=2)
    yield "tiff_reversed_bits.tif", write(reverse, 1, tags=[(266, 3, [2])])
    for across, down in [(1, 1), (2, 1), (2, 2), (4, 2)]:
        yield f"tiff_ycbcr{across}{down}.tif", ycbcr(across, down)
    rgb = Image.fromarray(RGB)
    big = Image.fromarray(np.tile(RGB, (4, 3, 1)))
    for name, image, options in [
        ("lzw", rgb, dict(compression="tiff_lzw")),
        ("lzw_predictor", big, dict(compression="tiff_lzw", tiffinfo={317: 2})),
        ("jpeg_ycbcr", big, dict(compression="jpeg", quality=90)),
        ("jpeg_gray", big.convert("L"), dict(compression="jpeg")),
        ("jpeg_cmyk", big.convert("CMYK"), dict(compression="jpeg")),
        ("fax3", big.convert("1"), dict(compression="group3")),
        ("fax4", big.convert("1"), dict(compression="group4")),
    ]:
        yield f"tiff_{name}.tif", saved(image, "TIFF", **options)
    pages = io.BytesIO()
    rgb.save(pages, "TIFF", save_all=True, append_images=[rgb.rotate(180)])
    yield "tiff_two_pages.tif", pages.getvalue()
    yield "tiff_jpeg_rgb.tif", jpeg_in_tiff(2, None)
    yield "tiff_jpeg_tiles.tif", jpeg_in_tiff(6, (16, 16))
    yield "tiff_orientation_long.tif", write(RGB, 2, tags=[(274, 4, [6])])
    xmp = b'<x tiff:Orientation="8"/>'
    yield "tiff_orientation_xmp.tif", write(RGB, 2, tags=[(700, 1, list(xmp))])


def saved(image, format_, **options):
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def ycbcr(across, down):
    """Groups of lumas with one Cb and one Cr, sides that are no multiples of a group included."""
    planes = np.asarray(Image.fromarray(RGB).convert("YCbCr"))
    padded = np.pad(planes, [(0, -H % down), (0, -W % across), (0, 0)], mode="edge")
    data = b""
    for top in range(0, padded.shape[0], down):
        for left in range(0, padded.shape[1], across):
            group = padded[top : top + down, left : left + across]
            data += group[..., 0].tobytes() + group[0, 0, 1:].tobytes()
    tags = [(530, 3, [across, down])]
    options = dict(rows_per_strip=H + -H % down, compression=8, pieces=[zlib.compress(data)], tags=tags)
    return tiff_writer.write(planes, 6, **options)


def jpeg_in_tiff(photometric, tile):
    """Pieces that are JPEG files, whose colours only the TIFF file knows."""
    pixels = np.tile(RGB, (4, 3, 1))
    height, width, _ = pixels.shape
    size = tile or (width, height)
    pieces = []
    for top in range(0, height, size[1]):
        for left in range(0, width, size[0]):
            part = pixels[top : top + size[1], left : left + size[0]]
            gaps = [(0, size[1] - part.shape[0]), (0, size[0] - part.shape[1]), (0, 0)]
            part = np.pad(part, gaps, mode="edge")
            pieces.append(jpeg_writer.write([part[..., c] for c in range(3)], size, [(1, 1)] * 3))
    tags = [(530, 3, [1, 1])] if photometric == 6 else []
    return tiff_writer.write(
        pixels, photometric, tile=tile, rows_per_strip=height, compression=7, pieces=pieces, tags=tags
    )


def gif(screen, frame, transparent=None, local=None, palette=None, count=16):
    """One frame: left, top, width, height. Codes of nine bits that never grow, so that no table is needed."""
    left, top, width, height = frame
    colors = np.random.default_rng(3).integers(0, 256, (count, 3)).astype(np.uint8)
    colors = colors if palette is None else palette
    bits = max(1, int(np.ceil(np.log2(max(2, len(colors))))))
    table = colors.tobytes() + bytes(3 * ((1 << bits) - len(colors)))
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0 if local else 0x80 | bits - 1, 5, 0)
    out += b"" if local else table
    if transparent is not None:
        out += b"\x21\xf9\x04\x01\0\0" + bytes([transparent, 0])
    out += b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0x80 | bits - 1 if local else 0)
    out += table if local else b""
    indexes = (np.arange(width * height) * 5 % len(colors)).tolist()
    stream = ""
    for place, index in enumerate(indexes):
        if place % 200 == 0:
            stream = f"{256:09b}" + stream
        stream = f"{index:09b}" + stream
    stream = f"{257:09b}" + stream
    data = int(stream, 2).to_bytes(-(-len(stream) // 8), "little")
    blocks = [data[i : i + 255] for i in range(0, len(data), 255)]
    return out + b"\x08" + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0\x3b"


def gifs():
    yield "gif_part.gif", gif((12, 10), (3, 2, 6, 5))
    yield "gif_part_transparent.gif", gif((12, 10), (3, 2, 6, 5), transparent=7)
    yield "gif_part_local.gif", gif((12, 10), (0, 2, 12, 5), local=True)
    yield "gif_no_screen.gif", gif((0, 0), (0, 0, 9, 7))
    yield "gif_no_screen_offset.gif", gif((0, 0), (2, 1, 9, 7))
    yield "gif_beyond_screen.gif", gif((6, 6), (3, 2, 6, 7))
    yield "gif_full.gif", gif((8, 6), (0, 0, 8, 6))


def riff(chunks):
    body = b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def webps():
    image = saved(Image.fromarray(RGB), "WEBP", lossless=True)
    length = struct.unpack("<I", image[16:20])[0]
    pixels = (image[12:16], image[20 : 20 + length])
    for name, flags, chunks in [
        ("exif_flag", 0x08, []),
        ("xmp_flag", 0x04, []),
        ("icc_flag", 0x20, []),
        ("all_flags", 0x2C, []),
        ("orientation_exif", 0x08, [(b"EXIF", exif(3, 6))]),
        ("orientation_xmp", 0x04, [(b"XMP ", XMP)]),
        ("orientation_without_flag", 0, [(b"EXIF", exif(3, 6))]),
    ]:
        header = bytes([flags, 0, 0, 0]) + struct.pack("<I", W - 1)[:3] + struct.pack("<I", H - 1)[:3]
        yield f"webp_{name}.webp", riff([(b"VP8X", header), pixels, *chunks])


XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
XMP_ELEMENT = b"<x:xmpmeta><tiff:Orientation>8</tiff:Orientation></x:xmpmeta>"


def exif(kind, orientation, order="<", tag=0x112):
    """A TIFF file with one tag."""
    letter = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f"}[kind]
    value = struct.pack(order + letter, orientation).ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "HHHI", 1, tag, kind, 1) + value + bytes(4)


def jxls():
    big = Image.fromarray(np.tile(RGB, (4, 3, 1)))
    yield "jxl_lossless.jxl", saved(Image.fromarray(RGB), "JXL", lossless=True)
    yield "jxl_gray.jxl", saved(Image.fromarray(GRAY[..., 0]), "JXL", lossless=True)
    yield "jxl_alpha.jxl", saved(Image.fromarray(np.dstack([RGB, ALPHA])), "JXL", lossless=True)
    yield "jxl_lossy.jxl", saved(big, "JXL", quality=80)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pngs():
    def png(before=b"", after=b""):
        header = struct.pack(">IIBBBBB", W, H, 8, 2, 0, 0, 0)
        rows = b"".join(b"\0" + row.tobytes() for row in RGB)
        pixels = png_chunk(b"IDAT", zlib.compress(rows))
        return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + before + pixels + after + png_chunk(b"IEND", b"")

    profile = b"\nexif\n%8d\n" % 32 + b"Exif\0\0".hex().encode() + exif(3, 6).hex().encode() + b"\n"
    name = b"Raw profile type exif\0"
    yield "png_orientation_before.png", png(png_chunk(b"eXIf", exif(3, 6)))
    yield "png_orientation_behind.png", png(after=png_chunk(b"eXIf", exif(3, 6, ">")))
    yield "png_orientation_prefixed.png", png(png_chunk(b"eXIf", b"Exif\0\0" + exif(3, 6)))
    yield "png_orientation_raw_profile.png", png(png_chunk(b"tEXt", name + profile))
    yield "png_orientation_packed_profile.png", png(png_chunk(b"zTXt", name + b"\0" + zlib.compress(profile)))
    yield "png_orientation_profile_behind.png", png(after=png_chunk(b"zTXt", name + b"\0" + zlib.compress(profile)))
    xmp = b"XML:com.adobe.xmp\0"
    yield "png_orientation_xmp.png", png(png_chunk(b"iTXt", xmp + b"\0\0\0\0" + XMP))
    yield "png_orientation_packed_xmp.png", png(png_chunk(b"iTXt", xmp + b"\1\0\0\0" + zlib.compress(XMP_ELEMENT)))
    yield "png_orientation_exif_over_xmp.png", png(
        png_chunk(b"iTXt", xmp + b"\0\0\0\0" + XMP) + png_chunk(b"eXIf", exif(3, 3))
    )


def jpegs():
    def jpeg(*bodies):
        planes = [RGB[..., c] for c in range(3)]
        markers = b"".join(jpeg_writer.segment(0xE1, body) for body in bodies)
        return jpeg_writer.write(planes, (W, H), [(1, 1)] * 3, markers=jpeg_writer.JFIF + markers)

    prefix, adobe = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
    for kind in [1, 3, 4, 6, 8, 9, 11]:
        yield f"jpeg_orientation_kind{kind}.jpg", jpeg(prefix + exif(kind, 6))
    yield "jpeg_orientation_big_endian.jpg", jpeg(prefix + exif(4, 5, ">"))
    yield "jpeg_orientation_twice.jpg", jpeg(prefix + exif(3, 6), prefix + exif(3, 3))
    yield "jpeg_orientation_two_prefixes.jpg", jpeg(prefix + prefix + exif(3, 6))
    yield "jpeg_orientation_split.jpg", jpeg(prefix + exif(3, 6)[:14], prefix + exif(3, 6)[14:])
    yield "jpeg_orientation_xmp.jpg", jpeg(adobe + XMP)
    yield "jpeg_orientation_xmp_element.jpg", jpeg(adobe + XMP_ELEMENT)
    yield "jpeg_orientation_xmp_behind_exif.jpg", jpeg(prefix + exif(3, 1, tag=0x10F), adobe + XMP)
    yield "jpeg_orientation_exif_behind_xmp.jpg", jpeg(adobe + XMP, prefix + exif(3, 3))
    for value in [0, 9]:
        yield f"jpeg_orientation_{value}.jpg", jpeg(prefix + exif(3, value), adobe + XMP)


def main():
    warnings.simplefilter("ignore")
    folder = HERE / "kinds"
    folder.mkdir(exist_ok=True)
    results = {}
    for name, file, *expected in [*tiffs(), *gifs(), *webps(), *pngs(), *jpegs(), *jxls()]:
        assert name not in results, name
        (folder / name).write_bytes(file)
        if expected:
            pixels = expected[0].astype(np.uint8)
        else:
            pixels = np.asarray(ImageOps.exif_transpose(Image.open(folder / name)).convert("RGB"))
        height, width, _ = pixels.shape
        results[name] = {"width": width, "height": height, "rgb": pixels.tobytes().hex()}
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(result)}" for name, result in sorted(results.items()))
    (HERE / "kinds.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
