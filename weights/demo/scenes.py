"""Scenes with known truth: what is in the picture, where, pixel by pixel. Deterministic from split and index.

`scene(split, index)` composes, `picture(scene)` draws, `masks(scene)` tells the visible pixels of each object.
"""

import math
from dataclasses import dataclass, field, replace
from random import Random

import cairo
import numpy as np
from PIL import Image

import animals
import things
import wearables
from backgrounds import background, clutter
from pen import BLACK, Pen, hsv

DRAWINGS = {
    "cat": animals.cat,
    "dog": animals.dog,
    "cowboy hat": wearables.cowboy_hat,
    "party hat": wearables.party_hat,
    "glasses": wearables.glasses,
    "book": things.book,
    "bow tie": wearables.bow_tie,
    "mug": things.mug,
    "umbrella": things.umbrella,
    "balloon": things.balloon,
    "fish": things.fish,
    "flower": things.flower,
    "ball": things.ball,
    "car": things.car,
    "tree": things.tree,
    "clock": things.clock,
    "key": things.key,
    "house": things.house,
}
LABELS = list(DRAWINGS)
ANIMALS = ("cat", "dog")

# Half width and half height of each drawing in its own units, where they differ from a full square.
EXTENTS = {
    "cat": (0.8, 1.0),
    "dog": (0.8, 1.0),
    "cowboy hat": (1.0, 0.62),
    "party hat": (0.6, 0.95),
    "glasses": (1.0, 0.42),
    "book": (0.8, 0.93),
    "bow tie": (1.0, 0.52),
    "balloon": (0.62, 1.0),
    "flower": (0.62, 1.0),
    "tree": (0.78, 1.0),
    "fish": (1.0, 0.7),
    "car": (1.0, 0.62),
    "key": (0.95, 0.4),
}

# How things are worn or held: the place on the animal, the thing's own point that sits there, and its size in
# half head widths.
WORN = {
    "glasses": ("eyes", (0.0, 0.0), 0.92),
    "bow tie": ("neck", (0.0, 0.0), 0.8),
    "cowboy hat": ("head top", (0.0, 0.2), 1.4),
    "party hat": ("head top", (0.0, 0.78), 0.95),
    "book": ("paws", (0.0, 0.0), 0.85),
    "mug": ("paws", (0.0, 0.0), 0.75),
    "fish": ("paws", (0.0, 0.0), 0.9),
    "ball": ("paws", (0.0, 0.0), 0.7),
    "clock": ("paws", (0.0, 0.0), 0.7),
    "key": ("paws", (0.0, 0.0), 0.85),
}
# Each thing's largest tilt in radians, where it is not the usual one.
TILT = {"cat": 0.2, "dog": 0.2, "house": 0.15, "tree": 0.2, "car": 0.3, "ball": math.pi, "key": math.pi, "book": 0.6}
USUAL_TILT = 0.4

# An object counts as present only if this share of it can be seen.
VISIBLE_SHARE = 0.45


@dataclass
class Item:
    """One object: `place` maps its own units to the scene's (the short side of the picture is 1)."""

    label: str
    seed: int
    place: cairo.Matrix
    ink: tuple | None = BLACK
    width: float = 0.045


@dataclass
class Scene:
    """A picture of `width` by `height` pixels; items are drawn in order, so later ones cover earlier ones."""

    width: int
    height: int
    items: list = field(default_factory=list)
    background_seed: int = 0
    shadows: bool = True
    clutter: bool = True

    @property
    def labels(self):
        return [item.label for item in self.items]


def scene(split, index):
    """The scene number `index` of `split` ("train", "held-out"); different splits share no random numbers."""
    for attempt in range(100):
        rng = Random(f"{split}/{index}/{attempt}")
        composed = _compose(rng)
        if all(share >= VISIBLE_SHARE for share in visible_shares(composed)):
            return composed
    raise RuntimeError(f"no scene with every object visible was found for {split}/{index}")


def _compose(rng):
    width, height = _size(rng)
    short = min(width, height)
    scene = Scene(width, height, [], rng.getrandbits(32), rng.random() < 0.6, True)
    ink = rng.choice([BLACK, BLACK, None, hsv(rng.random(), 0.6, 0.25)])
    line = rng.uniform(0.028, 0.06)
    count = rng.choices([1, 2, 3, 4], [0.25, 0.4, 0.2, 0.15])[0]
    labels = _labels(rng, count)
    groups = _groups(rng, labels)
    placed = []
    for group in groups:
        items = _group_items(rng, group, ink, line)
        box = _group_box(items)
        size = {1: (0.42, 0.85), 2: (0.36, 0.58), 3: (0.31, 0.47)}.get(len(groups), (0.28, 0.4))
        scale = (rng.uniform(*size) + 0.1 * (len(group) - 1)) / math.sqrt((box[2] - box[0]) * (box[3] - box[1]))
        x, y, scale = _find_room(rng, box, scale, width / short, height / short, placed)
        for item in items:
            item.place = item.place.multiply(cairo.Matrix(scale, 0, 0, scale, x, y))
        scene.items += items
    return scene


def _labels(rng, count):
    """Different classes, any with any; a third of the larger scenes has an animal and things that it could wear."""
    if count > 1 and rng.random() < 0.35:
        return [rng.choice(ANIMALS)] + rng.sample(list(WORN), count - 1)
    return rng.sample(LABELS, count)


def _size(rng):
    """Mostly larger than the network's input, in many aspect ratios: the nearest resize is part of the task."""
    if rng.random() < 0.3:
        return 299, 299
    area = rng.uniform(299, 560) ** 2
    aspect = math.exp(rng.uniform(math.log(0.7), math.log(1.5)))
    return max(int(math.sqrt(area * aspect)), 200), max(int(math.sqrt(area / aspect)), 200)


def _groups(rng, labels):
    """Splits the objects into groups: an animal with what it wears and holds, or one thing."""
    groups = {label: [label] for label in labels if label in ANIMALS}
    loose = []
    for label in labels:
        if label in ANIMALS:
            continue
        taken = [
            animal for animal, group in groups.items() if label in WORN and rng.random() < 0.7 and _free(group, label)
        ]
        if taken:
            groups[rng.choice(taken)].append(label)
        else:
            loose.append([label])
    groups = list(groups.values()) + loose
    rng.shuffle(groups)
    return groups


def _free(group, label):
    return all(WORN[other][0] != WORN[label][0] for other in group[1:])


def _group_items(rng, group, ink, line):
    root, *worn = group
    tilt = rng.uniform(-1, 1) * rng.random() * TILT.get(root, USUAL_TILT)
    place = cairo.Matrix()
    place.rotate(tilt)
    if rng.random() < 0.5:
        place.scale(-1, 1)
    place.scale(rng.uniform(0.88, 1.14), 1.0)
    item = Item(root, rng.getrandbits(32), place, ink, line)
    return [item] + [
        wear(item, label, rng.getrandbits(32), rng.uniform(-0.12, 0.12), rng.uniform(0.9, 1.12))
        for label in sorted(worn, key=list(WORN).index)
    ]


def wear(animal, label, seed, tilt=0.0, size=1.0):
    """The item `label` worn or held by the item `animal`."""
    stance = animals.pose(Random(animal.seed))
    where, seat, scale = WORN[label]
    x, y = stance[where]
    scale *= stance["scale"] * size
    place = cairo.Matrix(x0=x, y0=y)
    place.rotate(tilt)
    place.scale(scale, scale)
    place.translate(-seat[0], -seat[1])
    return Item(label, seed, place.multiply(animal.place), animal.ink, min(animal.width * 1.3, 0.06))


def _group_box(items):
    points = []
    for item in items:
        hx, hy = EXTENTS.get(item.label, (1.0, 1.0))
        if item.label in ANIMALS and animals.pose(Random(item.seed)) is animals.HEAD:
            hx = 1.0
        points += [item.place.transform_point(x, y) for x in (-hx, hx) for y in (-hy, hy)]
    xs, ys = zip(*points)
    return min(xs), min(ys), max(xs), max(ys)


def _find_room(rng, box, scale, width, height, placed):
    """Where to put the box so that it keeps nearly inside the picture and covers little of the others.

    Returns the offset and a scale, smaller than the wished one if there was no room. The last try is taken even if
    it covers others: `scene` rejects what hides an object.
    """
    mine = (0.0, 0.0, width, height)
    for attempt in range(200):
        w, h = (box[2] - box[0]) * scale, (box[3] - box[1]) * scale
        spill = rng.uniform(0, 0.1) if rng.random() < 0.3 else 0.0
        if w <= width * 1.02 and h <= height * 1.02:
            left = rng.uniform(-spill * w, max(width - w + spill * w, -spill * w))
            top = rng.uniform(-spill * h, max(height - h + spill * h, -spill * h))
            mine = (left, top, left + w, top + h)
            if all(_overlap(mine, other) < 0.16 for other in placed):
                break
        if attempt % 12 == 11:
            scale *= 0.94
    placed.append(mine)
    return mine[0] - box[0] * scale, mine[1] - box[1] * scale, scale


def _overlap(a, b):
    """The share of the smaller box that is common to both."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(w, 0) * max(h, 0) / smaller


# Drawing


def _context(surface, scene):
    context = cairo.Context(surface)
    # The scales per axis differ slightly where the size was rounded.
    short = min(scene.width, scene.height)
    context.scale(surface.get_width() * short / scene.width, surface.get_height() * short / scene.height)
    return context


def _draw_item(context, item):
    context.save()
    context.transform(item.place)
    DRAWINGS[item.label](Pen(context, item.ink, item.width), Random(item.seed))
    context.restore()


def _shadow(context, item):
    context.save()
    context.transform(item.place)
    hx, hy = EXTENTS.get(item.label, (1.0, 1.0))
    glow = cairo.RadialGradient(0, 0, 0, 0, 0, 1)
    glow.add_color_stop_rgba(0, 0, 0, 0, 0.3)
    glow.add_color_stop_rgba(1, 0, 0, 0, 0)
    context.translate(0, hy * 0.95)
    context.scale(hx, 0.16)
    context.set_source(glow)
    context.arc(0, 0, 1, 0, math.tau)
    context.fill()
    context.restore()


def picture(scene, width=None, height=None):
    """The scene as RGB bytes [height, width, 3], by default at its own size."""
    width, height = width or scene.width, height or scene.height
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, width, height)
    context = _context(surface, scene)
    short = min(scene.width, scene.height)
    w, h = scene.width / short, scene.height / short
    rng = Random(scene.background_seed)
    pen = Pen(context, rng.choice([BLACK, None]), 0.008)
    background(pen, rng, w, h)
    if scene.clutter:
        clutter(pen, rng, w, h)
    for item in scene.items:
        if scene.shadows:
            _shadow(context, item)
        _draw_item(context, item)
    surface.flush()
    rows = np.ndarray((height, surface.get_stride() // 4, 4), np.uint8, surface.get_data())
    return np.ascontiguousarray(rows[:, :width, 2::-1])


def _coverage(scene, item, width, height):
    surface = cairo.ImageSurface(cairo.FORMAT_A8, width, height)
    _draw_item(_context(surface, scene), item)
    surface.flush()
    # Lenses are see-through from alpha 0.25 on; they belong to the glasses.
    return np.ndarray((height, surface.get_stride()), np.uint8, surface.get_data())[:, :width] > 50


def masks(scene, width=None, height=None):
    """The visible pixels of each item: boolean [items, height, width]."""
    width, height = width or scene.width, height or scene.height
    seen = np.stack([_coverage(scene, item, width, height) for item in scene.items])
    for i in range(len(seen)):
        for above in seen[i + 1 :]:
            seen[i] &= ~above
    return seen


def visible_shares(scene):
    """For each item, the share of its drawing that is inside the picture and not covered by later items."""
    short = min(scene.width, scene.height)
    width, height = round(80 * scene.width / short), round(80 * scene.height / short)
    shares = []
    for item, seen in zip(scene.items, masks(scene, width, height)):
        # The whole drawing, in the middle of a frame three times as wide and high.
        frame = Scene(3 * scene.width, 3 * scene.height)
        to_frame = cairo.Matrix(1 / 3, 0, 0, 1 / 3, max(width / height, 1) / 3, max(height / width, 1) / 3)
        moved = replace(item, place=item.place.multiply(to_frame))
        whole = _coverage(frame, moved, 3 * width, 3 * height)
        shares.append(seen.sum() / max(whole.sum(), 1))
    return shares


def box(mask):
    """The mask's bounding box [x0, y0, x1, y1] in pixels, x1 and y1 exclusive."""
    ys, xs = np.nonzero(mask)
    return [int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1]


def nearest(picture, width, height):
    """Pillow's NEAREST resize (its accumulated sampling positions included), as the program resizes its input."""
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.NEAREST))
