"""The cat and the dog, sitting or as a head only, and where they wear things.

Every drawing lives in a square of about -1..1 with y downwards, and takes its variation from `rng`.
"""

from pen import BLACK, WHITE, darker, hsv, lighter, mix

# Where things are worn in the animal's square, and half the head's width ("scale"), by pose. A head without paws
# holds things in its mouth.
SITTING = {"head top": (0.0, -0.72), "eyes": (0.0, -0.43), "neck": (0.0, 0.02), "paws": (0.0, 0.5), "scale": 0.46}
HEAD = {"head top": (0.0, -0.58), "eyes": (0.0, -0.03), "neck": (0.0, 0.82), "paws": (0.0, 0.75), "scale": 0.86}
# The head of the sitting animal is drawn about this point, in a head-sized square.
HEAD_CENTRE = (0.0, -0.4)


def pose(rng):
    """SITTING or HEAD. It is the first thing that a drawing takes from its `rng`, so that a scene can ask too."""
    return SITTING if rng.random() < 0.7 else HEAD


def cat(pen, rng):
    stance = pose(rng)
    fur = rng.choice(
        [
            hsv(0.08, 0.7, 0.93),
            hsv(0.6, 0.1, 0.62),
            hsv(0.07, 0.15, 0.93),
            hsv(0.7, 0.25, 0.32),
            hsv(0.09, 0.4, 0.75),
            hsv(0.58, 0.2, 0.78),
        ]
    )
    fur = mix(fur, hsv(rng.random(), 0.5, 0.8), rng.uniform(0, 0.18))
    belly = lighter(fur, rng.uniform(0.45, 0.8))
    stripes = darker(fur, 0.35) if rng.random() < 0.6 else None
    if stance is SITTING:
        side = rng.choice([-1, 1])
        pen.smooth(
            (side * 0.3, 0.8),
            (side * 0.68, 0.78),
            (side * 0.72, 0.4),
            (side * rng.uniform(0.55, 0.85), 0.12),
            closed=False,
        ).tube(fur, 0.13)
        pen.smooth(
            (0, -0.12), (0.27, 0.05), (0.42, 0.55), (0.4, 0.93), (0, 0.97), (-0.4, 0.93), (-0.42, 0.55), (-0.27, 0.05)
        ).paint(fur)
        pen.ellipse(0, 0.45, 0.2, 0.36).flat(belly, 0.9)
        for x in (-0.2, 0.2):
            pen.ellipse(x, 0.88, 0.17, 0.1).paint(lighter(fur, 0.25))
        pen.c.translate(*HEAD_CENTRE)
        pen.c.scale(0.54, 0.54)
        pen.width /= 0.54
    _cat_head(pen, rng, fur, belly, stripes)


def _cat_head(pen, rng, fur, belly, stripes):
    ear = rng.uniform(0.85, 1.05)
    for s in (-1, 1):
        pen.polygon((s * 0.82, -0.12), (s * 0.8, -ear), (s * 0.2, -0.6)).paint(fur)
        pen.polygon((s * 0.72, -0.3), (s * 0.72, -ear + 0.18), (s * 0.36, -0.58)).flat(hsv(0.97, 0.3, 0.95))
    pen.smooth(
        (0, -0.7),
        (0.55, -0.55),
        (0.88, -0.05),
        (0.78, 0.42),
        (0.35, 0.72),
        (0, 0.76),
        (-0.35, 0.72),
        (-0.78, 0.42),
        (-0.88, -0.05),
        (-0.55, -0.55),
    ).paint(fur)
    if stripes:
        for x, length in ((-0.2, 0.2), (0, 0.3), (0.2, 0.2)):
            pen.c.move_to(x, -0.62)
            pen.c.line_to(x * 0.8, -0.62 + length)
            pen.line(stripes, 2.2)
        for s in (-1, 1):
            for y in (0.1, 0.25):
                pen.c.move_to(s * 0.82, y)
                pen.c.line_to(s * 0.6, y + 0.02)
                pen.line(stripes, 2.0)
    for s in (-1, 1):
        pen.ellipse(s * 0.17, 0.38, 0.26, 0.2).flat(belly)
    _eyes(
        pen, rng, 0.36, -0.06, rng.choice([hsv(0.28, 0.7, 0.85), hsv(0.13, 0.8, 0.95), hsv(0.55, 0.6, 0.9)]), slit=True
    )
    pen.smooth((-0.1, 0.2), (0.1, 0.2), (0, 0.32)).paint(hsv(0.97, 0.5, 0.95), 0.7)
    pen.smooth((-0.24, 0.38), (-0.12, 0.47), (0, 0.34), (0.12, 0.47), (0.24, 0.38), closed=False).line(None, 0.9)
    for s in (-1, 1):
        for y in (0.3, 0.42, 0.54):
            pen.c.move_to(s * 0.42, 0.36 + (y - 0.36) * 0.5)
            pen.c.line_to(s * 1.02, y + rng.uniform(-0.06, 0.06) - 0.04)
            pen.line(None, 0.55)
    _cheeks(pen, rng)


def dog(pen, rng):
    stance = pose(rng)
    fur = rng.choice(
        [
            hsv(0.07, 0.65, 0.62),
            hsv(0.09, 0.5, 0.85),
            hsv(0.06, 0.6, 0.4),
            hsv(0.1, 0.12, 0.92),
            hsv(0.62, 0.12, 0.4),
            hsv(0.05, 0.7, 0.72),
        ]
    )
    fur = mix(fur, hsv(rng.random(), 0.5, 0.7), rng.uniform(0, 0.15))
    belly = lighter(fur, rng.uniform(0.4, 0.75))
    ears = darker(fur, rng.uniform(0.25, 0.55))
    if stance is SITTING:
        side = rng.choice([-1, 1])
        pen.smooth((side * 0.35, 0.8), (side * 0.6, 0.66), (side * rng.uniform(0.68, 0.8), 0.34), closed=False).tube(
            fur, 0.12
        )
        for s in (-1, 1):
            pen.ellipse(s * 0.36, 0.74, 0.2, 0.24).paint(fur)
        pen.smooth(
            (0, -0.1), (0.3, 0.05), (0.38, 0.5), (0.3, 0.95), (0, 0.97), (-0.3, 0.95), (-0.38, 0.5), (-0.3, 0.05)
        ).paint(fur)
        pen.smooth((0, 0.02), (0.19, 0.2), (0.14, 0.6), (0, 0.7), (-0.14, 0.6), (-0.19, 0.2)).flat(belly)
        for x in (-0.2, 0.2):
            pen.ellipse(x, 0.9, 0.18, 0.1).paint(belly)
        if rng.random() < 0.5:
            pen.smooth((-0.28, 0.0), (0, 0.09), (0.28, 0.0), closed=False).tube(hsv(rng.random(), 0.8, 0.85), 0.07)
        pen.c.translate(*HEAD_CENTRE)
        pen.c.scale(0.54, 0.54)
        pen.width /= 0.54
    _dog_head(pen, rng, fur, belly, ears)


def _dog_head(pen, rng, fur, belly, ears):
    pen.smooth(
        (0, -0.75),
        (0.5, -0.62),
        (0.72, -0.15),
        (0.6, 0.4),
        (0.4, 0.8),
        (0, 0.92),
        (-0.4, 0.8),
        (-0.6, 0.4),
        (-0.72, -0.15),
        (-0.5, -0.62),
    ).paint(fur)
    if rng.random() < 0.55:
        s = rng.choice([-1, 1])
        pen.ellipse(s * 0.32, -0.12, 0.27, 0.32, s * 0.3).flat(rng.choice([ears, belly]))
    if rng.random() < 0.4:
        pen.smooth((-0.1, -0.72), (0.1, -0.72), (0.12, 0.2), (-0.12, 0.2)).flat(belly)
    droop = rng.uniform(0.35, 0.75)
    for s in (-1, 1):
        pen.smooth(
            (s * 0.42, -0.7),
            (s * 0.72, -0.66),
            (s * 1.0, -0.1),
            (s * 0.98, droop),
            (s * 0.74, droop - 0.02),
            (s * 0.62, -0.1),
        ).paint(ears)
    pen.smooth(
        (0, 0.1), (0.28, 0.2), (0.44, 0.52), (0.3, 0.8), (0, 0.86), (-0.3, 0.8), (-0.44, 0.52), (-0.28, 0.2)
    ).flat(belly)
    _eyes(pen, rng, 0.32, -0.08, hsv(0.07, 0.7, rng.uniform(0.3, 0.55)), slit=False)
    if rng.random() < 0.55:
        pen.smooth((-0.13, 0.62), (0.13, 0.62), (0.15, 0.9), (0, 1.02), (-0.15, 0.9)).paint(hsv(0.97, 0.55, 0.95))
    pen.smooth((-0.34, 0.58), (-0.18, 0.69), (0, 0.58), (0.18, 0.69), (0.34, 0.58), closed=False).line(None, 1.1)
    pen.c.move_to(0, 0.58)
    pen.c.line_to(0, 0.4)
    pen.line(None, 1.0)
    pen.smooth((-0.22, 0.22), (0, 0.16), (0.22, 0.22), (0.13, 0.4), (0, 0.45), (-0.13, 0.4)).paint(
        darker(hsv(0.05, 0.4, 0.25), 0.4), 0.7
    )
    pen.ellipse(-0.07, 0.25, 0.06, 0.03).flat(WHITE, 0.7)
    _cheeks(pen, rng)


def _eyes(pen, rng, x, y, iris, slit):
    mood = rng.random()
    look = rng.uniform(-0.04, 0.04)
    size = rng.uniform(0.15, 0.2)
    for s in (-1, 1):
        if mood < 0.12:
            pen.smooth((s * x - size, y + 0.04), (s * x, y - 0.1), (s * x + size, y + 0.04), closed=False).line(
                None, 1.5
            )
            continue
        pen.ellipse(s * x, y, size, size * 1.12).paint(WHITE, 0.9, 0.05)
        pen.ellipse(s * x + look, y + 0.01, size * 0.74).flat(iris)
        pen.ellipse(s * x + look, y + 0.01, size * (0.34 if slit else 0.5), size * 0.62).flat(BLACK)
        pen.ellipse(s * x + look - 0.05, y - 0.06, size * 0.24).flat(WHITE)


def _cheeks(pen, rng):
    if rng.random() < 0.5:
        for s in (-1, 1):
            pen.ellipse(s * 0.56, 0.26, 0.13, 0.08).flat(hsv(0.98, 0.5, 1.0), 0.45)
