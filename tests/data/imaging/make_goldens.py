"""Writes goldens.json and overlay_jet.bin: what Pillow and OpenCV make of made-up pixels.

    pip install pillow==13.0.0 numpy==2.4.6 opencv-python-headless==5.0.0.93
    python make_goldens.py

Long results are kept as the SHA-256 of their bytes.
"""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

HERE = Path(__file__).parent


def noise(count):
    """The high bytes of a linear congruential generator (Numerical Recipes' constants)."""
    state, out = 1, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return np.frombuffer(bytes(out), np.uint8)


def photo(width, height):
    return noise(width * height * 3).reshape(height, width, 3)


def heat_noise(count):
    """Values whose index in a colour table does not depend on the last bit of a float."""
    return (noise(count).astype(np.float32) + np.float32(0.5)) / np.float32(256)


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


SIZES = [  # from, to
    ((640, 427), (299, 299)),
    ((1024, 380), (299, 299)),
    ((299, 500), (299, 299)),
    ((500, 299), (299, 299)),
    ((299, 299), (299, 299)),
    ((17, 5), (299, 299)),
    ((1, 1), (7, 3)),
    ((2, 3), (11, 2)),
    ((4000, 3), (299, 299)),
    ((3, 1500), (64, 1)),
    ((71, 71), (71, 200)),
    ((60, 80), (45, 50)),  # 30 rows fewer are not more than twice 15 columns fewer
    ((60, 80), (45, 49)),
]


def resizes():
    for (w, h), to in SIZES:
        image = Image.fromarray(photo(w, h))
        for name in ["nearest", "bilinear", "bicubic"]:
            out = np.array(image.resize(to, Image.Resampling[name.upper()]))
            yield {"from": [w, h], "to": to, "method": name, "sha256": sha256(out)}
        out = cv2.resize(photo(w, h), to, interpolation=cv2.INTER_LINEAR)
        yield {"from": [w, h], "to": to, "method": "opencv", "sha256": sha256(out)}


def nearest_columns():
    """The source columns of 299 pixels, as little-endian u16, for every width up to 4499."""
    digest = hashlib.sha256()
    for width in range(1, 4500):
        row = Image.fromarray(np.arange(width, dtype=np.int32).reshape(1, width))
        digest.update(np.array(row.resize((299, 1), Image.NEAREST)).astype("<u2").tobytes())
    return digest.hexdigest()


def resized_maps():
    heat = heat_noise(7 * 4).reshape(4, 7)
    for width, height in [(15, 9), (7, 4), (3, 2), (1, 1)]:
        out = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
        yield {"width": width, "height": height, "values": [float(f"{v:.9g}") for v in out.ravel()]}


def blends():
    """addWeighted of every byte (columns) with every grey (rows)."""
    byte, gray = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    for blend in [0.1, 0.25, 0.4, 0.5, 0.7, 0.9]:
        share = float(np.float32(blend))
        out = cv2.addWeighted(byte, 1 - share, gray, share, 0)
        yield {"blend": blend, "sha256": sha256(out)}


def overlay_jet():
    """The tutorial's overlay of a 10 x 10 map on 60 x 47 pixels, RGB."""
    heat = heat_noise(100).reshape(10, 10)
    big = cv2.resize(heat, (60, 47), interpolation=cv2.INTER_LINEAR)
    jet = cv2.applyColorMap((255 * big).astype(np.uint8), cv2.COLORMAP_JET)[..., ::-1]
    return cv2.addWeighted(photo(60, 47), 0.6, np.ascontiguousarray(jet), 0.4, 0)


def lines(entries):
    return "[\n" + ",\n".join("  " + json.dumps(entry) for entry in entries) + "\n]"


(HERE / "goldens.json").write_text(
    f'{{"nearest_columns": "{nearest_columns()}",\n'
    f'"resizes": {lines(resizes())},\n'
    f'"resized_maps": {lines(resized_maps())},\n'
    f'"blends": {lines(blends())}}}\n'
)
(HERE / "overlay_jet.bin").write_bytes(overlay_jet().tobytes())
