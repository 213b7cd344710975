"""Backgrounds and meaningless clutter, so that nothing but the objects themselves tells the classes."""

import math

import cairo

from pen import BLACK, WHITE, darker, hsv, lighter, mix


def _wall_colour(rng):
    kind = rng.random()
    if kind < 0.55:
        return hsv(rng.random(), rng.uniform(0.04, 0.35), rng.uniform(0.8, 1.0))
    if kind < 0.85:
        return hsv(rng.random(), rng.uniform(0.3, 0.75), rng.uniform(0.5, 0.95))
    return hsv(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.12, 0.4))


def _fill(pen, w, h, source):
    pen.c.set_source(source)
    pen.c.rectangle(0, 0, w, h)
    pen.c.fill()


def background(pen, rng, w, h):
    """Covers the picture of `w` by `h` units (the short side is 1)."""
    a = _wall_colour(rng)
    b = mix(a, _wall_colour(rng), rng.uniform(0.2, 1.0))
    angle = rng.random() * math.tau
    reach = 0.6 * max(w, h)
    dx, dy = reach * math.cos(angle), reach * math.sin(angle)
    if rng.random() < 0.25:
        shade = cairo.RadialGradient(w * rng.random(), h * rng.random(), 0, w / 2, h / 2, max(w, h))
    else:
        shade = cairo.LinearGradient(w / 2 - dx, h / 2 - dy, w / 2 + dx, h / 2 + dy)
    shade.add_color_stop_rgb(0, *a)
    shade.add_color_stop_rgb(1, *(b if rng.random() < 0.6 else a))
    _fill(pen, w, h, shade)
    pattern = rng.choice([None, None, _room, _room, _hills, _stripes, _dots, _checks, _patches])
    if pattern:
        pattern(pen, rng, w, h, a, mix(a, b, 0.5))


def _room(pen, rng, w, h, a, b):
    floor = rng.uniform(0.6, 0.85) * h
    colour = mix(darker(b, 0.2), hsv(0.08, 0.4, 0.7), rng.random() * 0.6)
    pen.box(0, floor, w, h).flat(colour)
    pen.box(0, floor - 0.02, w, floor + 0.01).flat(lighter(colour, 0.4))
    if rng.random() < 0.5:
        step = rng.uniform(0.08, 0.2)
        for i in range(int(w / step) + 2):
            pen.c.move_to(i * step, floor)
            pen.c.line_to(w / 2 + (i * step - w / 2) * 1.6, h)
            pen.line(darker(colour, 0.15), 0.5)


def _hills(pen, rng, w, h, a, b):
    colour = hsv(rng.uniform(0.15, 0.45), rng.uniform(0.2, 0.6), rng.uniform(0.5, 0.9))
    for level in (0.6, 0.78):
        tops = [(x * w / 4, h * (level + rng.uniform(-0.08, 0.08))) for x in range(-1, 6)]
        pen.smooth(*tops, (w * 1.3, h * 1.5), (-w * 0.3, h * 1.5)).flat(colour)
        colour = darker(colour, 0.15)


def _stripes(pen, rng, w, h, a, b):
    colour = mix(a, _wall_colour(rng), rng.uniform(0.15, 0.6))
    step = rng.uniform(0.04, 0.25)
    slant = rng.choice([0.0, rng.uniform(-1, 1)])
    for i in range(int((w + abs(slant) * h) / step) + 2):
        x = i * step - max(slant, 0) * h
        pen.polygon((x, 0), (x + step / 2, 0), (x + step / 2 + slant * h, h), (x + slant * h, h)).flat(colour)


def _dots(pen, rng, w, h, a, b):
    colour = mix(a, _wall_colour(rng), rng.uniform(0.15, 0.6))
    step = rng.uniform(0.07, 0.2)
    radius = step * rng.uniform(0.1, 0.3)
    for i in range(int(w / step) + 2):
        for j in range(int(h / step) + 2):
            pen.ellipse(i * step + (step / 2 if j % 2 else 0), j * step, radius).flat(colour)


def _checks(pen, rng, w, h, a, b):
    colour = mix(a, _wall_colour(rng), rng.uniform(0.1, 0.4))
    step = rng.uniform(0.06, 0.25)
    for i in range(int(w / step) + 1):
        for j in range(int(h / step) + 1):
            if (i + j) % 2:
                pen.box(i * step, j * step, (i + 1) * step, (j + 1) * step).flat(colour)


def _patches(pen, rng, w, h, a, b):
    for _ in range(rng.randint(5, 25)):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.05, 0.4)
        points = [
            (x + r * rng.uniform(0.5, 1) * math.cos(k), y + r * rng.uniform(0.5, 1) * math.sin(k)) for k in range(6)
        ]
        pen.smooth(*points).flat(mix(a, _wall_colour(rng), 0.5), rng.uniform(0.2, 0.8))


def clutter(pen, rng, w, h):
    """Strokes, scraps and squiggles that mean nothing."""
    count = rng.choice([0, 0, rng.randint(1, 5), rng.randint(4, 14)])
    for _ in range(count):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.02, 0.13)
        colour = rng.choice([hsv(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.3, 1)), BLACK, WHITE])

        def near():
            return x + rng.uniform(-r, r), y + rng.uniform(-r, r)

        kind = rng.randrange(6)
        if kind == 0:
            pen.smooth(*(near() for _ in range(rng.randint(3, 6))), closed=False).line(colour, rng.uniform(0.6, 3))
        elif kind == 1:
            pen.polygon(*(near() for _ in range(3))).paint(colour, rng.choice([0, 1]))
        elif kind == 2:
            pen.polygon(*(near() for _ in range(4))).paint(colour, rng.choice([0, 1]))
        elif kind == 3:
            pen.smooth(*(near() for _ in range(6))).paint(colour, rng.choice([0, 1]))
        elif kind == 4:
            pen.ellipse(x, y, r * rng.uniform(0.2, 0.6), r * rng.uniform(0.2, 0.6), rng.random() * 3).paint(
                colour, rng.choice([0, 1])
            )
        else:
            pen.c.move_to(*near())
            pen.c.line_to(*near())
            pen.tube(colour, rng.uniform(0.01, 0.04))
