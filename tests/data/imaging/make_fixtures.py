"""Writes the small image files of this folder and fixtures.json: what Pillow reads from each.

    pip install pillow==13.0.0 numpy==2.4.6
    python make_fixtures.py

fixtures.json: file -> width, height and the pixels [h, w, 3] in hexadecimal that
`ImageOps.exif_transpose(Image.open(file)).convert("RGB")` gives, except for 16-bit grey, which
Pillow clips at 255: there it holds the high byte of each sample.
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
W, H = 13, 9


def picture():
    """Soft gradients, so that lossy formats stay close, different in both directions."""
    y, x = np.mgrid[0:H, 0:W].astype(float)
    channels = [20 + 200 * x / (W - 1), 230 - 180 * y / (H - 1), 60 + 9 * (x + y)]
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


RGB = picture()
GRAY = RGB[..., 0]
ALPHA = np.linspace(0, 255, W * H).astype(np.uint8).reshape(H, W)
WIDE = RGB.astype(np.uint16) * 250 + 77  # 16 bits whose low byte is not the high one


def png(color_type, depth, rows, interlace=False, extra=b""):
    """A PNG from raw rows of bytes, for kinds that Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", W, H, depth, color_type, 0, 0, int(interlace))
    data = zlib.compress(rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def adam7(pixels):
    """The seven passes of an interlaced PNG, unfiltered."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    out = b""
    for x, y, dx, dy in passes:
        part = pixels[y::dy, x::dx]
        if part.size:
            out += b"".join(b"\0" + row.tobytes() for row in part)
    return out


def unfiltered(pixels):
    return b"".join(b"\0" + row.tobytes() for row in pixels)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def save(name, image, **options):
    image.save(HERE / name, **options)


def write_files():
    rgb = Image.fromarray(RGB)
    rgba = Image.fromarray(np.dstack([RGB, ALPHA]))
    gray = Image.fromarray(GRAY)
    gray_alpha = Image.merge("LA", [gray, Image.fromarray(ALPHA)])
    palette = rgb.quantize(12, dither=Image.Dither.NONE)

    save("rgb.png", rgb)
    save("rgba.png", rgba)
    save("gray.png", gray)
    save("gray_alpha.png", gray_alpha)
    save("bilevel.png", gray.point(lambda v: 255 * (v > 128)).convert("1"))
    save("palette.png", palette)
    save("palette_transparent.png", palette, transparency=bytes([0, 128, 255, 7]))
    save("palette_key.png", palette, transparency=3)
    save("gray_key.png", gray, transparency=int(GRAY[4, 4]))
    big = WIDE.astype(">u2")
    alpha16 = (ALPHA.astype(">u2") * 257).astype(">u2")[..., None]
    (HERE / "interlaced.png").write_bytes(png(2, 8, adam7(RGB), interlace=True))
    (HERE / "interlaced_rgba16.png").write_bytes(
        png(6, 16, adam7(np.concatenate([big, alpha16], axis=-1)), interlace=True)
    )
    (HERE / "rgb16.png").write_bytes(png(2, 16, unfiltered(big)))
    (HERE / "gray16.png").write_bytes(png(0, 16, unfiltered(big[..., 0])))
    (HERE / "gray_alpha16.png").write_bytes(
        png(4, 16, unfiltered(np.concatenate([big[..., :1], alpha16], axis=-1)))
    )

    save("baseline.jpg", rgb, quality=95, subsampling=0)
    save("chroma_halved.jpg", rgb, quality=95, subsampling=2)
    save("progressive.jpg", rgb, quality=95, subsampling=0, progressive=True)
    save("gray.jpg", gray, quality=95)
    save("cmyk.jpg", rgb.convert("CMYK"), quality=95)
    cmyk = bytearray((HERE / "cmyk.jpg").read_bytes())
    transform = cmyk.index(b"Adobe") + 11
    assert cmyk[transform] == 0
    cmyk[transform] = 2  # the same samples, now said to be YCCK
    (HERE / "ycck.jpg").write_bytes(cmyk)
    save("restarts.jpg", rgb, quality=95, subsampling=0, restart_marker_blocks=1)

    for orientation in range(1, 9):
        save(f"orientation{orientation}.jpg", rgb, quality=95, subsampling=0, exif=exif(orientation))
    save("orientation6.png", rgb, exif=exif(6))
    save("orientation6.webp", rgb, lossless=True, exif=exif(6))
    save("orientation6.tif", rgb, compression="tiff_lzw", tiffinfo={0x0112: 6})
    prefixed = (HERE / "orientation6.webp").read_bytes()
    (HERE / "orientation6_prefixed.webp").write_bytes(with_exif_prefix(prefixed))

    second = Image.fromarray(255 - RGB)
    save("animated.gif", palette, save_all=True, append_images=[second.quantize(12)], duration=100)
    save("transparent.gif", palette, transparency=2)
    save("interlaced.gif", palette, interlace=1)
    save("lossy.webp", rgb, quality=95)
    save("lossy_alpha.webp", rgba, quality=95)
    save("lossless.webp", rgb, lossless=True)
    save("lossless_alpha.webp", rgba, lossless=True, exact=True)
    save("animated.webp", rgb, lossless=True, save_all=True, append_images=[second], duration=100)
    save("rgb.tif", rgb)
    save("deflate.tif", rgba, compression="tiff_adobe_deflate")
    save("gray.tif", gray, compression="tiff_lzw")
    save("gray16.tif", Image.fromarray(WIDE[..., 0]))
    save("rgb.bmp", rgb)
    save("palette.bmp", palette)
    save("rgb.ppm", rgb)
    save("gray.pgm", gray)
    save("bilevel.pbm", gray.point(lambda v: 255 * (v > 128)).convert("1"))
    save("rgb.qoi", rgb)


def with_exif_prefix(webp):
    """The same WebP with JPEG's prefix in its EXIF chunk, as some programs write it."""
    at = webp.index(b"EXIF")
    (length,) = struct.unpack("<I", webp[at + 4 : at + 8])
    exif = b"Exif\0\0" + webp[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
    chunk = b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\0" * (len(exif) % 2)
    body = webp[8:at] + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


def expected(path):
    with Image.open(path) as image:
        if image.mode.startswith("I;16"):
            high = (np.array(image) >> 8).astype(np.uint8)
            image = Image.fromarray(high)
        else:
            image = ImageOps.exif_transpose(image).convert("RGB")
    image = image.convert("RGB")
    return {"width": image.width, "height": image.height, "rgb": image.tobytes().hex()}


write_files()
files = sorted(path for path in HERE.iterdir() if path.suffix not in {".py", ".json", ".bin"})
entries = [f"{json.dumps(path.name)}: {json.dumps(expected(path))}" for path in files]
(HERE / "fixtures.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")
