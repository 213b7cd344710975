"""Things to stand about, to hold or to float by.

Every drawing lives in a square of about -1..1 with y downwards, and takes its variation from `rng`.
"""

import math

from pen import BLACK, WHITE, any_colour, bright, contrasting, darker, hsv, lighter, mix


def book(pen, rng):
    cover = any_colour(rng)
    page = hsv(0.12, rng.uniform(0.03, 0.15), 0.98)
    title = contrasting(rng, cover)
    if rng.random() < 0.65:
        pen.box(-0.62, -0.86, 0.74, 0.92, 0.06).paint(darker(cover, 0.25))
        pen.box(-0.56, -0.8, 0.68, 0.86, 0.03).paint(page, 0.6, 0.05)
        for x in (0.62, 0.65):
            pen.c.move_to(x, -0.78)
            pen.c.line_to(x, 0.84)
            pen.line(darker(page, 0.25), 0.4)
        pen.box(-0.68, -0.92, 0.58, 0.86, 0.07).paint(cover)
        pen.box(-0.68, -0.92, -0.46, 0.86, 0.06).paint(darker(cover, 0.22), 0.8)
        for y, half in ((-0.58, 0.34), (-0.4, 0.24)):
            pen.box(0.06 - half, y - 0.05, 0.06 + half, y + 0.05, 0.03).flat(title)
        emblem = rng.randrange(3)
        if emblem == 0:
            pen.star(0.06, 0.2, 0.3, title)
        elif emblem == 1:
            pen.ellipse(0.06, 0.2, 0.25).flat(title)
            pen.ellipse(0.06, 0.2, 0.17).flat(cover)
        else:
            pen.polygon((0.06, -0.1), (0.3, 0.2), (0.06, 0.5), (-0.18, 0.2)).flat(title)
    else:
        pen.polygon((-0.98, -0.5), (0, -0.4), (0.98, -0.5), (0.98, 0.62), (0, 0.72), (-0.98, 0.62)).paint(cover)
        for s in (-1, 1):
            pen.smooth(
                (0, -0.42),
                (s * 0.4, -0.6),
                (s * 0.9, -0.52),
                (s * 0.9, 0.0),
                (s * 0.9, 0.5),
                (s * 0.4, 0.44),
                (0, 0.62),
                (0, 0.1),
            ).paint(page, 0.8, 0.07)
            for row in range(5):
                y = -0.32 + 0.16 * row
                pen.c.move_to(s * 0.16, y - 0.02)
                pen.c.line_to(s * rng.uniform(0.6, 0.78), y - 0.06)
                pen.line(mix(page, BLACK, 0.55), 0.7)
        pen.c.move_to(0, -0.42)
        pen.c.line_to(0, 0.64)
        pen.line(None, 1.0)


def mug(pen, rng):
    clay = any_colour(rng)
    stripe = contrasting(rng, clay)
    pen.smooth((0.45, -0.3), (0.85, -0.3), (0.92, 0.1), (0.75, 0.42), (0.42, 0.42), closed=False).tube(clay, 0.16)
    pen.c.move_to(-0.68, -0.5)
    pen.c.line_to(-0.6, 0.78)
    pen.c.curve_to(-0.4, 0.98, 0.35, 0.98, 0.52, 0.78)
    pen.c.line_to(0.6, -0.5)
    pen.c.close_path()
    pen.paint(clay)
    pattern = rng.randrange(4)
    if pattern == 0:
        pen.smooth((-0.64, 0.06), (-0.04, 0.22), (0.56, 0.06), (0.54, 0.3), (-0.04, 0.46), (-0.62, 0.3)).flat(stripe)
    elif pattern == 1:
        pen.smooth((-0.04, 0.1), (0.14, -0.08), (0.3, 0.08), (-0.04, 0.52), (-0.38, 0.08), (-0.22, -0.08)).flat(stripe)
    elif pattern == 2:
        for x, y in (
            (-0.4, -0.05),
            (0.0, 0.05),
            (0.36, -0.05),
            (-0.22, 0.4),
            (0.18, 0.4),
            (-0.45, 0.68),
            (0.0, 0.72),
            (0.38, 0.68),
        ):
            pen.ellipse(x, y, 0.08).flat(stripe)
    pen.ellipse(-0.04, -0.5, 0.64, 0.17).paint(lighter(clay, 0.3))
    pen.ellipse(-0.04, -0.48, 0.53, 0.11).flat(
        rng.choice([hsv(0.07, 0.75, 0.35), hsv(0.07, 0.5, 0.6), hsv(0.05, 0.65, 0.3)])
    )
    if rng.random() < 0.6:
        for x in (-0.25, 0.15):
            pen.smooth((x, -0.62), (x + 0.09, -0.74), (x - 0.06, -0.86), (x + 0.05, -1.0), closed=False).line(
                hsv(0.6, 0.05, 0.9), 1.6
            )


def umbrella(pen, rng):
    a, b = bright(rng), bright(rng)
    if rng.random() < 0.35:
        b = darker(a, 0.15)
    wood = rng.choice([hsv(0.07, 0.6, 0.45), BLACK, hsv(0.6, 0.1, 0.7)])
    side = rng.choice([-1, 1])
    pen.smooth(
        (0, -0.85), (0, 0.3), (0, 0.78), (side * 0.1, 0.93), (side * 0.25, 0.88), (side * 0.28, 0.74), closed=False
    ).tube(wood, 0.07)
    ribs = (-0.98, -0.6, -0.2, 0.2, 0.6, 0.98)
    for i, (x0, x1) in enumerate(zip(ribs, ribs[1:])):
        pen.c.move_to(0, -0.82)
        pen.c.curve_to(x0 * 0.7, -0.8, x0, -0.45, x0, 0.1)
        pen.c.curve_to(x0 * 0.7 + x1 * 0.3, -0.05, x0 * 0.3 + x1 * 0.7, -0.05, x1, 0.1)
        pen.c.curve_to(x1, -0.45, x1 * 0.7, -0.8, 0, -0.82)
        pen.c.close_path()
        pen.paint(a if i % 2 == 0 else b)
    pen.c.move_to(0, -0.82)
    pen.c.line_to(0, -0.96)
    pen.tube(wood, 0.06)


def balloon(pen, rng):
    rubber = bright(rng)
    sway = rng.uniform(-0.25, 0.25)
    pen.smooth((0, 0.45), (sway * 0.6, 0.6), (-sway * 0.6, 0.8), (sway, 1.0), closed=False).line(None, 1.1)
    pen.polygon((0, 0.32), (0.11, 0.5), (-0.11, 0.5)).paint(darker(rubber, 0.1))
    pen.smooth(
        (0, -0.98), (0.44, -0.82), (0.6, -0.38), (0.4, 0.1), (0, 0.38), (-0.4, 0.1), (-0.6, -0.38), (-0.44, -0.82)
    ).paint(rubber, 1.0, 0.25)
    pen.ellipse(-0.26, -0.6, 0.11, 0.2, 0.5).flat(WHITE, 0.6)
    pen.ellipse(-0.38, -0.3, 0.05, 0.08, 0.3).flat(WHITE, 0.5)


def fish(pen, rng):
    scale = bright(rng)
    fin = bright(rng) if rng.random() < 0.6 else darker(scale, 0.2)
    pen.smooth((0.42, 0.0), (0.72, -0.28), (0.98, -0.48), (0.88, 0), (0.98, 0.48), (0.72, 0.28)).paint(fin)
    pen.smooth((-0.3, -0.38), (0.0, -0.74), (0.4, -0.62), (0.3, -0.3)).paint(fin)
    pen.smooth((-0.1, 0.36), (0.06, 0.68), (0.32, 0.6), (0.26, 0.28)).paint(fin)
    pen.smooth(
        (-0.96, 0.04), (-0.62, -0.34), (-0.15, -0.5), (0.3, -0.32), (0.56, 0), (0.3, 0.32), (-0.15, 0.5), (-0.62, 0.38)
    )
    body = pen.c.copy_path()
    pen.paint(scale)
    pen.c.append_path(body)
    pattern = rng.randrange(3)
    with pen.clipped():
        if pattern == 0:
            for x in (-0.3, 0.02, 0.32):
                pen.smooth((x, -0.6), (x + 0.12, 0), (x, 0.6), closed=False).line(lighter(fin, 0.4), 4.0)
        elif pattern == 1:
            for x in (-0.2, 0.04, 0.28):
                for y in (-0.24, 0.0, 0.24):
                    pen.c.new_sub_path()
                    pen.c.arc(x, y, 0.12, -math.pi / 2, math.pi / 2)
                    pen.line(darker(scale, 0.35), 0.8)
        else:
            pen.ellipse(-0.2, 0.42, 0.7, 0.28).flat(lighter(scale, 0.6), 0.8)
    pen.c.append_path(body)
    pen.line(pen.ink or darker(scale, 0.55))
    pen.smooth((-0.4, -0.3), (-0.28, 0.02), (-0.4, 0.34), closed=False).line(None, 0.8)
    pen.smooth((-0.02, 0.02), (0.2, 0.14), (0.04, 0.22)).paint(fin, 0.7)
    pen.ellipse(-0.6, -0.08, 0.13).paint(WHITE, 0.8, 0.05)
    pen.ellipse(-0.63, -0.07, 0.07).flat(BLACK)
    pen.smooth((-0.93, 0.1), (-0.82, 0.17), (-0.7, 0.14), closed=False).line(None, 0.9)


def flower(pen, rng):
    petal, centre = bright(rng), rng.choice([hsv(0.13, 0.8, 1.0), hsv(0.08, 0.7, 0.45), hsv(0.1, 0.9, 0.95)])
    if rng.random() < 0.25:
        petal = WHITE
    green = hsv(rng.uniform(0.26, 0.4), rng.uniform(0.5, 0.8), rng.uniform(0.4, 0.75))
    bend = rng.uniform(-0.15, 0.15)
    pen.smooth((0, -0.3), (bend, 0.4), (0, 0.98), closed=False).tube(green, 0.07)
    for s in (-1, 1):
        y = rng.uniform(0.45, 0.65)
        pen.smooth((bend * 0.8, y + 0.12), (s * 0.25, y - 0.12), (s * 0.55, y - 0.2), (s * 0.4, y + 0.1)).paint(green)
    count = rng.choice([5, 6, 7, 8, 11])
    wide = 0.62 * math.sin(math.pi / count) / math.sin(math.pi / 6) * 0.42
    turn = rng.random() * math.tau
    for i in range(count):
        angle = turn + i * math.tau / count
        pen.ellipse(0.37 * math.cos(angle), -0.4 + 0.37 * math.sin(angle), 0.25, min(wide, 0.24), angle).paint(petal)
    pen.ellipse(0, -0.4, 0.2).paint(centre)
    if rng.random() < 0.4:
        for s in (-1, 1):
            pen.ellipse(s * 0.07, -0.43, 0.025).flat(BLACK)
        pen.smooth((-0.08, -0.34), (0, -0.29), (0.08, -0.34), closed=False).line(BLACK, 0.7)


def ball(pen, rng):
    skin, other = bright(rng), bright(rng)
    pen.ellipse(0, 0, 0.95)
    rim = pen.c.copy_path()
    kind = rng.randrange(4)
    pen.paint(WHITE if kind in (0, 1) else skin, 1.0, 0.1)
    pen.c.append_path(rim)
    with pen.clipped():
        if kind == 0:
            colours = [skin, other, darker(skin, 0.3)]
            for i in range(3):
                a = i * math.tau / 3 + 0.3
                pen.smooth(
                    (0.12, -0.2),
                    (1.2 * math.cos(a), 1.2 * math.sin(a)),
                    (1.3 * math.cos(a + 0.5), 1.3 * math.sin(a + 0.5)),
                    (1.2 * math.cos(a + 1), 1.2 * math.sin(a + 1)),
                ).flat(colours[i])
        elif kind == 1:
            dark = rng.choice([BLACK, darker(skin, 0.4)])
            for i in range(6):
                r, a = (0.0, 0.0) if i == 5 else (0.82, (i + 0.25) * math.tau / 5)
                x, y = r * math.cos(a), r * math.sin(a)
                pen.polygon(
                    *(
                        (x + 0.3 * math.cos(k * math.tau / 5 - 0.3), y + 0.3 * math.sin(k * math.tau / 5 - 0.3))
                        for k in range(5)
                    )
                ).flat(dark)
                if i < 5:
                    pen.c.move_to(0.3 * math.cos(a), 0.3 * math.sin(a))
                    pen.c.line_to(x, y)
                    pen.line(dark, 0.8)
        elif kind == 2:
            for curve in (
                ((-1, 0), (0, 0.05), (1, 0)),
                ((0.05, -1), (0, 0), (0.05, 1)),
                ((-0.75, -0.75), (-0.38, 0), (-0.75, 0.75)),
                ((0.75, -0.75), (0.38, 0), (0.75, 0.75)),
            ):
                pen.smooth(*curve, closed=False).line(None, 1.3)
        else:
            pen.box(-1, -0.26, 1, 0.26).flat(lighter(other, 0.4))
            pen.star(0, 0, 0.22, darker(skin, 0.1))
    pen.ellipse(-0.38, -0.5, 0.2, 0.12, -0.7).flat(WHITE, 0.6)
    pen.c.append_path(rim)
    pen.line(pen.ink or darker(skin, 0.55))


def car(pen, rng):
    paint, window = bright(rng), hsv(0.55, rng.uniform(0.15, 0.4), rng.uniform(0.75, 1.0))
    roof = rng.uniform(-0.6, -0.45)
    pen.smooth((-0.62, -0.05), (-0.42, roof + 0.03), (0.1, roof), (0.4, roof + 0.06), (0.66, -0.02), (0, 0.05)).paint(
        paint
    )
    pen.polygon((-0.45, -0.06), (-0.32, roof + 0.14), (-0.06, roof + 0.11), (-0.06, -0.06)).paint(window, 0.7)
    pen.polygon((0.02, -0.06), (0.02, roof + 0.11), (0.3, roof + 0.15), (0.46, -0.06)).paint(window, 0.7)
    pen.smooth(
        (-0.97, 0.3),
        (-0.95, 0.02),
        (-0.6, -0.1),
        (0, -0.12),
        (0.6, -0.1),
        (0.92, 0.04),
        (0.97, 0.3),
        (0.5, 0.38),
        (-0.5, 0.38),
    ).paint(paint)
    pen.ellipse(-0.87, 0.08, 0.07, 0.09).paint(hsv(0.14, 0.5, 1.0), 0.6)
    pen.ellipse(0.9, 0.1, 0.05, 0.08).paint(hsv(0.0, 0.8, 0.85), 0.6)
    pen.c.move_to(-0.02, -0.06)
    pen.c.line_to(0.0, 0.3)
    pen.line(pen.ink or darker(paint, 0.5), 0.7)
    pen.box(0.08, 0.04, 0.22, 0.08, 0.02).flat(darker(paint, 0.5))
    for x in (-0.52, 0.52):
        pen.ellipse(x, 0.36, 0.24).paint(hsv(0.6, 0.1, 0.2))
        pen.ellipse(x, 0.36, 0.12).paint(hsv(0.6, 0.03, 0.8), 0.6)


def tree(pen, rng):
    bark = hsv(rng.uniform(0.05, 0.1), rng.uniform(0.4, 0.7), rng.uniform(0.3, 0.6))
    leaf = rng.choice(
        [
            hsv(rng.uniform(0.24, 0.4), rng.uniform(0.5, 0.85), rng.uniform(0.35, 0.8)),
            hsv(rng.uniform(0.02, 0.13), 0.8, 0.85),
            hsv(0.95, 0.35, 0.95),
        ]
    )
    pen.polygon((-0.11, 0.1), (0.11, 0.1), (0.19, 0.96), (-0.19, 0.96)).paint(bark)
    if rng.random() < 0.4:
        for y, half in ((0.42, 0.68), (0.02, 0.54), (-0.36, 0.4)):
            pen.polygon((0, y - 0.62), (half, y), (half * 0.45, y + 0.06), (-half * 0.45, y + 0.06), (-half, y)).paint(
                leaf
            )
        return
    lobes = [
        (-0.42, 0.0, 0.36),
        (0.42, 0.0, 0.36),
        (-0.3, -0.42, 0.38),
        (0.3, -0.42, 0.38),
        (0, -0.62, 0.36),
        (0, -0.12, 0.5),
    ]
    for x, y, r in lobes:
        pen.ellipse(x, y, r).paint(leaf, 1.2)
    for x, y, r in lobes:
        pen.ellipse(x, y, r * 0.93).flat(leaf)
    for x, y, r in lobes[:5]:
        pen.ellipse(x - 0.06, y - 0.08, r * 0.5).flat(lighter(leaf, 0.25), 0.6)
    if rng.random() < 0.45:
        fruit = hsv(rng.choice([0.0, 0.1, 0.95]), 0.85, 0.9)
        for x, y in ((-0.4, 0.05), (0.1, 0.1), (0.42, -0.1), (-0.15, -0.4), (0.2, -0.6), (-0.45, -0.45)):
            pen.ellipse(x, y, 0.085).paint(fruit, 0.6)


def clock(pen, rng):
    case, face = any_colour(rng), rng.choice([WHITE, hsv(0.12, 0.15, 0.98), hsv(rng.random(), 0.12, 0.97)])
    hand = rng.choice([BLACK, darker(case, 0.5)])
    kind = rng.randrange(3)
    if kind == 0:
        for s in (-1, 1):
            pen.c.move_to(s * 0.4, 0.6)
            pen.c.line_to(s * 0.6, 0.95)
            pen.tube(darker(case, 0.2), 0.1)
            pen.ellipse(s * 0.48, -0.72, 0.28, 0.18, s * 0.65).paint(darker(case, 0.1))
        pen.box(-0.05, -0.98, 0.05, -0.7, 0.03).paint(case)
        y, r = 0.06, 0.8
    else:
        y, r = 0.0, 0.93
    if kind == 2:
        pen.box(-r, -r, r, r, 0.2).paint(case)
        r *= 0.96
    else:
        pen.ellipse(0, y, r).paint(case)
    pen.ellipse(0, y, r * 0.8).paint(face, 0.7, 0.05)
    for i in range(12):
        a = i * math.tau / 12
        inner = 0.62 if i % 3 == 0 else 0.68
        pen.c.move_to(r * inner * math.cos(a), y + r * inner * math.sin(a))
        pen.c.line_to(r * 0.74 * math.cos(a), y + r * 0.74 * math.sin(a))
        pen.line(hand, 1.6 if i % 3 == 0 else 0.8)
    for length, width in ((0.38, 2.4), (0.56, 1.6)):
        a = rng.random() * math.tau
        pen.c.move_to(0, y)
        pen.c.line_to(r * length * math.cos(a), y + r * length * math.sin(a))
        pen.line(hand, width)
    pen.ellipse(0, y, r * 0.07).flat(rng.choice([hand, hsv(0, 0.8, 0.8)]))


def key(pen, rng):
    metal = rng.choice([hsv(0.12, 0.7, 0.95), hsv(0.6, 0.06, 0.78), hsv(0.07, 0.6, 0.7), any_colour(rng)])
    thick = rng.uniform(0.14, 0.19)
    pen.c.move_to(-0.1, 0)
    pen.c.line_to(0.9, 0)
    pen.tube(metal, thick)
    for x, length in ((0.84, 0.34), (0.62, rng.uniform(0.2, 0.36))):
        pen.box(x - 0.08, 0, x + 0.08, length, 0.03).paint(metal)
    pen.c.move_to(-0.1, 0)
    pen.c.line_to(0.9, 0)
    pen.line(metal, thick / pen.width)
    if rng.random() < 0.5:
        pen.ellipse(-0.55, 0, 0.3).tube(metal, thick * 1.1)
    else:
        for x, y in ((-0.72, 0.0), (-0.42, -0.2), (-0.42, 0.2)):
            pen.ellipse(x, y, 0.17).tube(metal, thick * 0.8)
    pen.box(-0.2, -0.15, -0.1, 0.15, 0.03).paint(metal)


def house(pen, rng):
    wall, roof, door = lighter(any_colour(rng), 0.3), any_colour(rng), bright(rng)
    roof = darker(roof, 0.15)
    if rng.random() < 0.7:
        pen.box(0.34, -0.88, 0.56, -0.3).paint(darker(wall, 0.3))
    pen.box(-0.72, -0.15, 0.72, 0.92, 0.02).paint(wall)
    pen.polygon((0, -0.95), (0.95, -0.08), (-0.95, -0.08)).paint(roof)
    for y in (-0.6, -0.36):
        half = 0.95 * (y + 0.95) / 0.87
        pen.smooth(*((-half + half * k / 4, y + (0.04 if k % 2 else -0.02)) for k in range(1, 8)), closed=False).line(
            pen.ink or darker(roof, 0.4), 0.6
        )
    x = rng.choice([-0.32, 0.0, 0.32])
    pen.box(x - 0.18, 0.36, x + 0.18, 0.92, 0.05).paint(door)
    pen.ellipse(x + 0.11, 0.66, 0.03).flat(hsv(0.14, 0.7, 1.0))
    pane = hsv(rng.choice([0.55, 0.14]), rng.uniform(0.2, 0.6), 1.0)
    for wx in [w for w in (-0.42, 0.42, 0.0) if abs(w - x) > 0.38][:2]:
        pen.box(wx - 0.17, 0.12, wx + 0.17, 0.44, 0.02).paint(pane, 0.8)
        pen.c.move_to(wx, 0.12)
        pen.c.line_to(wx, 0.44)
        pen.c.move_to(wx - 0.17, 0.28)
        pen.c.line_to(wx + 0.17, 0.28)
        pen.line(None, 0.6)
