"""Writes input.json and input.bin: what Keras and TensorFlow feed a network with, from made-up pixels.

    pip install tensorflow-cpu==2.21.0 keras==3.15.1 pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
    python make_input.py

input.json: `regions` (which part of a photo is cropped), `pixels` and `inputs` (how pixels and whole photos become
numbers). What is exact is kept as the SHA-256 of f32, little-endian. Of the rest, `floats` is the number of values that an
entry has in input.bin, f32 and little-endian, one entry after the other; they are every `step`th of the result.
"""

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import cv2
import keras
import numpy as np
import tensorflow as tf
from keras.src.applications.imagenet_utils import preprocess_input
from keras.src.backend import tensorflow as backend
from keras.src.utils.image_utils import smart_resize
from PIL import Image

HERE = Path(__file__).parent
values = []  # of input.bin


def noise(count):
    """The high bytes of a linear congruential generator (Numerical Recipes' constants)."""
    state, out = 1, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return np.frombuffer(bytes(out), np.uint8)


def photo(width, height):
    return noise(width * height * 3).reshape(height, width, 3)


def keep(array, step=1):
    """Appends to input.bin; says how much."""
    kept = np.asarray(array, np.float32).ravel()[::step]
    values.append(kept)
    return {"floats": len(kept), "step": step}


def sha256(array):
    return {"sha256": hashlib.sha256(np.ascontiguousarray(array, "<f4").tobytes()).hexdigest()}


# Which part is cropped


class Cropping:
    """Keras' TensorFlow backend, whose `resize` gives back what it gets."""

    class image:
        @staticmethod
        def resize(image, **_):
            return image

    def __getattr__(self, name):
        return getattr(backend, name)


CROPS = [  # photo, input: (width, height)
    ((500, 340), (200, 200)),
    ((340, 500), (200, 200)),
    ((640, 427), (299, 299)),
    ((427, 640), (224, 160)),
    ((428, 641), (160, 224)),
    ((299, 299), (299, 299)),
    ((17, 5), (299, 224)),
    ((5, 17), (299, 224)),
    ((1, 50), (32, 32)),
    ((50, 1), (32, 48)),
    ((1, 1), (7, 3)),
    ((3, 2000), (4000, 2)),  # the crop would have no row
    ((6000, 4000), (299, 299)),
    ((4032, 3024), (384, 257)),
    ((4891, 5486), (3945, 3749)),  # products beyond 2^24, where f32 rounds up
    ((3259, 5732), (3259, 5335)),  # and down
]


def region_of_dataset(size, target):
    """x, y, width and height of what `image_dataset_from_directory` crops, whose sides are known at run time only."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, 2], tf.int16)])
    def crop(coordinates):
        part = smart_resize(coordinates, target[::-1], backend_module=Cropping())
        return part[0, 0, 0], part[0, 0, 1], tf.shape(part)[1], tf.shape(part)[0]

    coordinates = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), -1).astype(np.int16)
    return [int(number) for number in crop(coordinates)]


def region_of_load_img(size, target):
    """The box that `load_img(keep_aspect_ratio=True)` gives Pillow."""
    boxes = []

    class Recording(Image.Image):
        def resize(self, size, resample, box=None):
            boxes.append(box)

    image = Image.new("RGB", size)
    image.__class__ = Recording
    opened, Image.open = Image.open, lambda _: image
    try:
        keras.utils.load_img(io.BytesIO(), target_size=target[::-1], keep_aspect_ratio=True)
    finally:
        Image.open = opened
    if not boxes:
        return [0, 0, *size]
    left, upper, right, lower = boxes[0]
    return [left, upper, right - left, lower - upper]


def regions():
    for size, target in CROPS:
        region, other = region_of_dataset(size, target), region_of_load_img(size, target)
        if region != other:
            print(f"{size} for {target}: image_dataset_from_directory crops {region}, load_img {other}")
        yield {"photo": size, "input": target, "region": region}


# How pixels become numbers


def pixels():
    """Of levels 0, 0.125, 0.25 to 255 in three channels that differ: the second runs down, the third starts at 100."""
    ramp = np.arange(0, 255.1, 0.125, dtype=np.float32)
    levels = np.stack([ramp, ramp[::-1], np.roll(ramp, -800)], -1)
    for name, mode in [("-1..1", "tf"), ("caffe", "caffe"), ("torch", "torch")]:
        yield {"name": name, **sha256(preprocess_input(levels.copy(), "channels_last", mode))}
    yield {"name": "0..1", **sha256(levels / 255)}
    yield {"name": "0..255", **sha256(levels)}


# How photos become numbers

PHOTOS = [  # photo, input: (width, height)
    ((31, 23), (17, 13)),
    ((17, 13), (31, 24)),
    ((23, 40), (20, 10)),
    ((40, 9), (20, 18)),
    ((7, 5), (7, 5)),
    ((1, 1), (4, 3)),
    ((1, 50), (6, 5)),
    ((50, 1), (5, 6)),
    ((20, 50), (20, 20)),  # as wide as the input when cropped
    ((640, 427), (299, 299)),
    ((427, 640), (224, 160)),
    ((120, 90), (299, 299)),
]


def of_dataset(folder, target, crop):
    """[height, width, 3]: the one image in `folder`, as `image_dataset_from_directory` gives it."""
    dataset = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=target[::-1], batch_size=None, crop_to_aspect_ratio=crop, verbose=False
    )
    return next(iter(dataset)).numpy()


def of_opencv(image, target, crop):
    """[height, width, 3]: `image`, or the part that Keras would crop, as `cv2.resize` gives it."""
    if crop:
        x, y, width, height = region_of_dataset(image.shape[1::-1], target)
        image = image[y : y + height, x : x + width]
    return cv2.resize(image, target, interpolation=cv2.INTER_LINEAR).astype(np.float32)


def inputs():
    modes = {"-1..1": "tf", "caffe": "caffe", "torch": "torch"}
    number = 0
    for size, target in PHOTOS:
        image = photo(*size)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "photo.png")
            Image.fromarray(image).save(path)
            for fit in ["stretch", "crop"]:
                crop = fit == "crop"
                levels = {
                    resize: keras.utils.img_to_array(
                        keras.utils.load_img(
                            path, target_size=target[::-1], interpolation=resize, keep_aspect_ratio=crop
                        )
                    )
                    for resize in ["nearest", "bilinear", "bicubic"]
                }
                levels["tensorflow"] = of_dataset(folder, target, crop)
                levels["opencv"] = of_opencv(image, target, crop)
                for resize, array in levels.items():
                    # where load_img crops to nothing, Pillow makes up something
                    if crop and 1 in size and resize in ["nearest", "bilinear", "bicubic"]:
                        continue
                    assert array.shape == (target[1], target[0], 3) and array.dtype == np.float32
                    case = {"photo": size, "input": target, "fit": fit, "resize": resize}
                    if resize == "tensorflow":
                        step = 1 if array.size < 2500 else 511
                        yield {**case, "pixels": "0..255", **keep(array, step)}
                        continue
                    name = list(modes)[number % len(modes)]
                    number += 1
                    yield {**case, "pixels": name, **sha256(preprocess_input(array, "channels_last", modes[name]))}


def lines(entries):
    return "[\n" + ",\n".join("  " + json.dumps(entry) for entry in entries) + "\n]"


# in this order in input.bin
(HERE / "input.json").write_text(
    f'{{"regions": {lines(regions())},\n"pixels": {lines(pixels())},\n"inputs": {lines(inputs())}}}\n'
)
(HERE / "input.bin").write_bytes(np.concatenate(values).astype("<f4").tobytes())
