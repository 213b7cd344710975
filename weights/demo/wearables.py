"""What a cat or a dog can wear: hats, glasses and a bow tie.

Every drawing lives in a square of about -1..1 with y downwards, and takes its variation from `rng`.
"""

import math

from pen import BLACK, WHITE, any_colour, bright, contrasting, darker, hsv, lighter


def cowboy_hat(pen, rng):
    felt = rng.choice([hsv(0.08, rng.uniform(0.4, 0.7), rng.uniform(0.45, 0.85)), hsv(0.08, 0.6, 0.4), any_colour(rng)])
    band = contrasting(rng, felt)
    crown = rng.uniform(0.4, 0.48)
    pen.smooth(
        (-1.0, -0.02),
        (-0.8, 0.2),
        (-0.3, 0.36),
        (0.3, 0.36),
        (0.8, 0.2),
        (1.0, -0.02),
        (0.62, 0.04),
        (0, 0.08),
        (-0.62, 0.04),
    ).paint(darker(felt, 0.12))
    pen.smooth(
        (-crown - 0.08, 0.2),
        (-crown, -0.3),
        (-0.26, -0.64),
        (0, -0.5),
        (0.26, -0.64),
        (crown, -0.3),
        (crown + 0.08, 0.2),
        (0, 0.29),
    ).paint(felt)
    pen.smooth((-0.05, -0.44), (0, -0.3), (0.05, -0.44), closed=False).line(None, 0.8)
    pen.smooth(
        (-crown - 0.04, 0.02), (0, 0.12), (crown + 0.04, 0.02), (crown + 0.07, 0.18), (0, 0.28), (-crown - 0.07, 0.18)
    ).paint(band, 0.7)
    if rng.random() < 0.4:
        pen.star(0, 0.19, 0.11, hsv(0.14, 0.7, 1.0))
    pen.smooth((-1.0, -0.02), (-0.8, 0.2), (-0.3, 0.36), (0.3, 0.36), (0.8, 0.2), (1.0, -0.02), closed=False).line(
        None if pen.ink else darker(felt, 0.6), 1.2
    )


def party_hat(pen, rng):
    paper, spots = bright(rng), bright(rng)
    spots = contrasting(rng, paper) if rng.random() < 0.5 else lighter(spots, 0.4)
    half = rng.uniform(0.45, 0.6)
    pen.c.move_to(0, -0.75)
    pen.c.line_to(half, 0.75)
    pen.c.curve_to(half * 0.5, 0.95, -half * 0.5, 0.95, -half, 0.75)
    pen.c.close_path()
    outline = pen.c.copy_path()
    pen.paint(paper)
    pen.c.append_path(outline)
    pattern = rng.randrange(4)
    with pen.clipped():
        if pattern == 0:
            for y in range(5):
                for x in (-0.45, -0.15, 0.15, 0.45):
                    pen.ellipse(x + (0.15 if y % 2 else 0), -0.5 + 0.32 * y, 0.075).flat(spots)
        elif pattern == 1:
            for y in (-0.5, -0.1, 0.3, 0.7):
                pen.polygon((-1, y + 0.14), (1, y - 0.14), (1, y + 0.04), (-1, y + 0.32)).flat(spots)
        elif pattern == 2:
            for x in (-0.42, 0.0, 0.42):
                pen.polygon((0, -0.8), (x - 0.12, 1), (x + 0.12, 1)).flat(spots)
        else:
            for y in (-0.45, 0.0, 0.45):
                pen.smooth(*((x / 5, y + (0.09 if x % 2 else -0.09)) for x in range(-4, 5)), closed=False).line(
                    spots, 2.6
                )
    pen.c.append_path(outline)
    pen.line(pen.ink or darker(paper, 0.55))
    pompom = bright(rng)
    for i in range(8):
        pen.ellipse(0.12 * math.cos(i * math.tau / 8), -0.78 + 0.12 * math.sin(i * math.tau / 8), 0.1).paint(
            pompom, 0.6
        )
    pen.ellipse(0, -0.78, 0.15).flat(lighter(pompom, 0.2))


def glasses(pen, rng):
    frame = rng.choice(
        [BLACK, hsv(0.06, 0.7, 0.3), hsv(0.0, 0.8, 0.6), hsv(0.6, 0.7, 0.5), darker(any_colour(rng), 0.35)]
    )
    lens = rng.choice([hsv(0.55, 0.25, 1.0), WHITE, hsv(0.6, 0.3, 0.25), hsv(0.1, 0.4, 0.9)])
    alpha = rng.uniform(0.25, 0.5)
    thick = rng.uniform(0.09, 0.14)
    shape = rng.randrange(3)
    for s in (-1, 1):
        pen.c.move_to(s * 0.86, -0.06)
        pen.c.line_to(s * 1.0, -0.12)
        pen.tube(frame, thick)
        if shape == 0:
            pen.ellipse(s * 0.47, 0, 0.38)
        elif shape == 1:
            pen.box(s * 0.47 - 0.39, -0.27, s * 0.47 + 0.39, 0.3, 0.14)
        else:
            pen.smooth(
                (s * 0.12, -0.22),
                (s * 0.5, -0.3),
                (s * 0.94, -0.38),
                (s * 0.84, 0.12),
                (s * 0.48, 0.32),
                (s * 0.16, 0.14),
            )
        rim = pen.c.copy_path()
        pen.glass(lens, alpha, 0)
        pen.c.append_path(rim)
        pen.tube(frame, thick)
        pen.c.move_to(s * 0.47 - 0.12, 0.1)
        pen.c.line_to(s * 0.47 + 0.08, -0.14)
        pen.line(WHITE, 1.3)
    pen.smooth((-0.11, -0.06), (0, -0.13), (0.11, -0.06), closed=False).tube(frame, thick)


def bow_tie(pen, rng):
    cloth = any_colour(rng)
    spots = contrasting(rng, cloth)
    pattern = rng.randrange(3)
    for s in (-1, 1):
        pen.smooth(
            (s * 0.1, -0.12),
            (s * 0.5, -0.4),
            (s * 0.9, -0.5),
            (s * 0.98, 0),
            (s * 0.9, 0.5),
            (s * 0.5, 0.4),
            (s * 0.1, 0.12),
        )
        wing = pen.c.copy_path()
        pen.paint(cloth)
        pen.c.append_path(wing)
        with pen.clipped():
            if pattern == 0:
                for x, y in (
                    (0.4, -0.12),
                    (0.42, 0.2),
                    (0.66, -0.3),
                    (0.68, 0.02),
                    (0.66, 0.34),
                    (0.88, -0.16),
                    (0.88, 0.2),
                ):
                    pen.ellipse(s * x, y, 0.075).flat(spots)
            elif pattern == 1:
                for x in (0.42, 0.66, 0.9):
                    pen.box(s * x - 0.05, -0.6, s * x + 0.05, 0.6).flat(spots)
        for y in (-0.1, 0.1):
            pen.c.move_to(s * 0.16, y * 0.7)
            pen.c.line_to(s * 0.5, y * 1.7)
            pen.line(pen.ink or darker(cloth, 0.5), 0.8)
    pen.box(-0.17, -0.22, 0.17, 0.22, 0.1).paint(darker(cloth, 0.15))
