"""Writes jpegs.zip, small JPEG files of every kind, and jpegs.json: the SHA-256 of what Pillow reads from each.

    pip install pillow==13.0.0 numpy==2.4.6
    python make_jpegs.py

jpegs.json: file -> width, height and the SHA-256 of the pixels [h, w, 3] of `Image.open(file).convert("RGB")`; null
where Pillow reads nothing. Pillow decodes with libjpeg-turbo (3.2 in these versions), which is what Keras sees.
"""

import hashlib
import io
import itertools
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from jpeg_writer import JFIF, adobe, write

HERE = Path(__file__).parent
SIZES = [(1, 1), (2, 3), (5, 9), (8, 8), (15, 17), (16, 16), (23, 33), (34, 18), (41, 7)]


def picture(size, channels, seed):
    """Slopes with some noise and a hard edge."""
    width, height = size
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = []
    for channel in range(channels):
        plane = 128 + 90 * np.sin(x / (4 + channel) + channel) * np.cos(y / (5 - channel))
        plane += noise.normal(0, 12, (height, width)) + 60 * (x + channel * 2 > y + width / 3)
        planes.append(plane.clip(0, 255).astype(np.uint8))
    return planes


def by_pillow():
    """Common files, by the encoder of libjpeg-turbo."""
    sizes = itertools.cycle(SIZES)
    seed = itertools.count()
    kinds = itertools.product([5, 60, 92, 100], [0, 1, 2], [False, True], [{}, {"restart_marker_blocks": 1}])
    for quality, sampling, progressive, restart in kinds:
        size = next(sizes)
        image = Image.fromarray(np.dstack(picture(size, 3, next(seed))))
        options = dict(quality=quality, subsampling=sampling, progressive=progressive, **restart)
        name = f"q{quality}_s{sampling}{'_progressive' if progressive else ''}{'_restart' if restart else ''}"
        yield name, encoded(image, **options)
    for mode, channels in [("L", 1), ("CMYK", 4)]:
        for quality, progressive, size in itertools.product([30, 95], [False, True], SIZES[2::3]):
            planes = [Image.fromarray(plane) for plane in picture(size, channels, next(seed))]
            name = f"{mode.lower()}_q{quality}{'_progressive' if progressive else ''}_{size[0]}x{size[1]}"
            yield name, encoded(Image.merge(mode, planes), quality=quality, progressive=progressive)
    for progressive in [False, True]:
        image = Image.fromarray(np.dstack(picture((23, 33), 3, next(seed))))
        name = f"rgb{'_progressive' if progressive else ''}"
        yield name, encoded(image, quality=80, progressive=progressive, keep_rgb=True)
        whole = encoded(image, quality=80, progressive=progressive, optimize=True)
        yield f"optimised{'_progressive' if progressive else ''}", whole
        if progressive:
            for count in [1, 2, 4]:
                yield f"first_{count}_scans", first_scans(whole, count)


def encoded(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def first_scans(jpeg, count):
    """A progressive file without its last scans: libjpeg smooths what is missing."""
    starts = [i for i in range(len(jpeg) - 1) if jpeg[i : i + 2] == b"\xff\xda"]
    tables = [i for i in range(starts[count]) if jpeg[i : i + 2] == b"\xff\xc4" and i > starts[count - 1]]
    return jpeg[: min(tables + [starts[count]])] + b"\xff\xd9"


SAMPLINGS = {
    "444": [(1, 1), (1, 1), (1, 1)],
    "422": [(2, 1), (1, 1), (1, 1)],
    "440": [(1, 2), (1, 1), (1, 1)],
    "420": [(2, 2), (1, 1), (1, 1)],
    "411": [(4, 1), (1, 1), (1, 1)],
    "441": [(1, 4), (1, 1), (1, 1)],
    "410": [(4, 2), (1, 1), (1, 1)],
    "311": [(3, 1), (1, 1), (1, 1)],
    "doubled": [(2, 1), (2, 1), (2, 1)],
    "unequal": [(2, 2), (1, 1), (1, 2)],
    "unequal_across": [(2, 2), (2, 1), (1, 2)],
    "half_of_luma": [(2, 2), (2, 1), (2, 1)],
    "fine_chroma_across": [(1, 1), (2, 1), (2, 1)],
    "fine_chroma_down": [(1, 1), (1, 2), (1, 2)],
    "fine_chroma": [(1, 1), (2, 2), (2, 2)],
    "fine_cb": [(1, 1), (2, 1), (1, 1)],
    "crossed": [(2, 1), (1, 2), (1, 2)],
    "fraction": [(3, 1), (2, 1), (1, 1)],
}
SCANS = {
    "": None,
    "_three_scans": [[0], [1], [2]],
    "_luma_then_chroma": [[0], [1, 2]],
    "_chroma_last": [[0, 1], [2]],
    "_chroma_first": [[2], [0, 1]],
}


def by_hand():
    """What the standard allows and few encoders write."""
    sizes = itertools.cycle([(23, 33), (34, 18), (5, 9), (41, 7), (50, 21)])
    seed = itertools.count(1000)
    restarts = itertools.cycle([0, 0, 1, 3])
    for (sampling, factors), (scans, parts) in itertools.product(SAMPLINGS.items(), SCANS.items()):
        size, restart = next(sizes), next(restarts)
        planes = picture(size, 3, next(seed))
        yield f"{sampling}{scans}_restart{restart}", write(planes, size, factors, scans=parts, restart=restart, markers=JFIF)
    markers = {
        "none": b"",
        "jfif": JFIF,
        "adobe0": adobe(0),
        "adobe1": adobe(1),
        "jfif_adobe0": JFIF + adobe(0),
        "adobe0_jfif": adobe(0) + JFIF,
    }
    identifiers = {"123": [1, 2, 3], "rgb": list(b"RGB"), "012": [0, 1, 2], "same": [7, 8, 9]}
    for (marker, bytes_), (ids, numbers) in itertools.product(markers.items(), identifiers.items()):
        size = next(sizes)
        file = write(picture(size, 3, next(seed)), size, SAMPLINGS["444"], ids=numbers, markers=bytes_)
        yield f"markers_{marker}_ids_{ids}", file
    inks = {
        "1111": [(1, 1)] * 4,
        "2112": [(2, 2), (1, 1), (1, 1), (2, 2)],
        "2111": [(2, 1), (1, 1), (1, 1), (1, 1)],
        "1222": [(1, 1), (2, 1), (2, 1), (2, 1)],
    }
    ink_markers = {"none": b"", "adobe0": adobe(0), "adobe2": adobe(2), "jfif": JFIF}
    ink_scans = {"": None, "_four_scans": [[0], [1], [2], [3]], "_two_scans": [[0, 3], [1, 2]]}
    for (name, factors), (marker, bytes_), (scans, parts) in itertools.product(
        inks.items(), ink_markers.items(), ink_scans.items()
    ):
        size, restart = next(sizes), next(restarts)
        file = write(picture(size, 4, next(seed)), size, factors, scans=parts, restart=restart, markers=bytes_)
        yield f"inks_{name}_{marker}{scans}", file
    for factors in [(1, 1), (2, 2), (1, 2), (4, 1)]:
        size, restart = next(sizes), next(restarts)
        file = write(picture(size, 1, next(seed)), size, [factors], restart=restart)
        yield f"gray_{factors[0]}{factors[1]}_restart{restart}", file
    planes = picture((34, 18), 3, next(seed))
    plain = write(planes, (34, 18), SAMPLINGS["420"], markers=JFIF)
    yield "no_huffman_tables", write(planes, (34, 18), SAMPLINGS["420"], tables=False)
    yield "junk_behind", plain + b"\0junk\xff\xd8\xff"
    yield "fill_bytes", plain.replace(b"\xff\xc0", b"\xff\xff\xff\xff\xc0")
    yield "bytes_between_segments", plain.replace(b"\xff\xc4", b"\0\0\0\xff\xc4", 1)
    yield "two_components", write(planes[:2], (34, 18), [(1, 1), (1, 1)])
    yield "coarse", write(planes, (34, 18), SAMPLINGS["420"], quantisation=np.full((8, 8), 255))
    yield "fine", write(planes, (34, 18), SAMPLINGS["422"], quantisation=np.ones((8, 8), int))


def main():
    results = {}
    with zipfile.ZipFile(HERE / "jpegs.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, file in itertools.chain(by_pillow(), by_hand()):
            name += ".jpg"
            assert name not in results, name
            archive.writestr(zipfile.ZipInfo(name), file, zipfile.ZIP_DEFLATED)
            try:
                image = Image.open(io.BytesIO(file)).convert("RGB")
                digest = hashlib.sha256(image.tobytes()).hexdigest()
                results[name] = {"width": image.width, "height": image.height, "sha256": digest}
            except Exception:
                results[name] = None
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(result)}" for name, result in results.items())
    (HERE / "jpegs.json").write_text(f"{{\n{lines}\n}}\n")


main()
