"""Draws the sample pictures that the program offers.

python make_samples.py ../../assets/samples
"""

import sys
from pathlib import Path

import cairo
from PIL import Image

from pen import BLACK
from scenes import Item, Scene, picture, wear

WIDTH, HEIGHT = 640, 480


def put(label, seed, x, y, size, tilt=0.0, flip=False):
    """An item with its centre at (x, y) and half its size, in units of the picture's height."""
    place = cairo.Matrix(x0=x, y0=y)
    place.rotate(tilt)
    place.scale(-size if flip else size, size)
    return Item(label, seed, place, BLACK, 0.034)


def hats():
    """The composition that Grad-CAM tutorials like: a dog in a cowboy hat beside a cat in a party hat with a book."""
    dog, cat = put("dog", 12, 0.38, 0.6, 0.37), put("cat", 4, 0.97, 0.6, 0.36, flip=True)
    hat, party, book = wear(dog, "cowboy hat", 7), wear(cat, "party hat", 6, 0.06), wear(cat, "book", 5, 0.05)
    return Scene(WIDTH, HEIGHT, [dog, hat, cat, party, book], 42, clutter=False)


def garden():
    items = [
        put("tree", 0, 0.28, 0.5, 0.34),
        put("umbrella", 10, 0.82, 0.5, 0.27, 0.15),
        put("flower", 6, 1.15, 0.68, 0.23),
        put("ball", 5, 0.66, 0.85, 0.1),
    ]
    return Scene(WIDTH, HEIGHT, items, 45, clutter=False)


def street():
    items = [put("house", 0, 0.36, 0.44, 0.33), put("tree", 10, 1.05, 0.42, 0.28), put("car", 1, 0.82, 0.78, 0.27)]
    return Scene(WIDTH, HEIGHT, items, 15, clutter=False)


def desk():
    items = [
        put("clock", 11, 0.32, 0.36, 0.21, -0.06),
        put("book", 23, 0.98, 0.4, 0.25, 0.12),
        put("mug", 13, 0.3, 0.77, 0.17),
        put("glasses", 0, 0.92, 0.81, 0.22, -0.08),
    ]
    return Scene(WIDTH, HEIGHT, items, 38, clutter=False)


def birthday():
    cat = put("cat", 7, 0.52, 0.62, 0.36)
    worn = [wear(cat, "bow tie", 23), wear(cat, "party hat", 2, -0.08)]
    return Scene(WIDTH, HEIGHT, [put("balloon", 5, 1.03, 0.44, 0.3), cat, *worn], 43, clutter=False)


def sea():
    items = [put("fish", 1, 0.45, 0.42, 0.3, 0.06), put("key", 7, 0.95, 0.77, 0.26, -0.35)]
    return Scene(WIDTH, HEIGHT, items, 56, shadows=False, clutter=False)


SAMPLES = {
    "dog-cowboy-hat-cat-party-hat": hats,
    "tree-umbrella-flower-ball": garden,
    "house-tree-car": street,
    "clock-book-mug-glasses": desk,
    "cat-party-hat-bow-tie-balloon": birthday,
    "fish-key": sea,
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, compose in SAMPLES.items():
        file = folder / f"{name}.png"
        Image.fromarray(picture(compose())).save(file, optimize=True)
        print(f"{file}: {file.stat().st_size} bytes")
