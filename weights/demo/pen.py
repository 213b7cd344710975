"""Drawing tools: a cairo context with cartoon outlines, soft shading and a few colour helpers."""

import colorsys
import math

import cairo


def hsv(hue, saturation, value):
    """RGB in [0, 1] of a colour given by hue, saturation and value in [0, 1] (the hue wraps around)."""
    return colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0))


def mix(a, b, share):
    """The colour between `a` (share 0) and `b` (share 1)."""
    return tuple(x + (y - x) * share for x, y in zip(a, b))


WHITE = (1.0, 1.0, 1.0)
BLACK = (0.06, 0.05, 0.07)


def lighter(colour, share=0.35):
    return mix(colour, WHITE, share)


def darker(colour, share=0.35):
    return mix(colour, BLACK, share)


def bright(rng):
    """A lively colour."""
    return hsv(rng.random(), rng.uniform(0.5, 0.9), rng.uniform(0.65, 0.98))


def any_colour(rng):
    return hsv(rng.random(), rng.uniform(0.05, 0.9), rng.uniform(0.25, 0.98))


def contrasting(rng, colour):
    """A colour that stands out on `colour`."""
    is_bright = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] > 0.55
    return (
        hsv(rng.random(), rng.uniform(0.5, 0.9), 0.4) if is_bright else hsv(rng.random(), rng.uniform(0.1, 0.6), 0.98)
    )


class Pen:
    """Draws outlined, softly shaded shapes.

    `ink` is the outline colour, or None for outlines in a darker tone of each fill;
    `width` is the outline's width in the units of the current transform.
    """

    def __init__(self, context, ink, width):
        self.c = context
        self.ink = ink
        self.width = width
        context.set_line_join(cairo.LINE_JOIN_ROUND)
        context.set_line_cap(cairo.LINE_CAP_ROUND)

    # Paths

    def ellipse(self, x, y, rx, ry=None, turn=0.0):
        self.c.new_sub_path()
        self.c.save()
        self.c.translate(x, y)
        self.c.rotate(turn)
        self.c.scale(rx, rx if ry is None else ry)
        self.c.arc(0, 0, 1, 0, math.tau)
        self.c.restore()
        self.c.close_path()
        return self

    def polygon(self, *points):
        self.c.new_sub_path()
        for x, y in points:
            self.c.line_to(x, y)
        self.c.close_path()
        return self

    def box(self, x0, y0, x1, y1, radius=0.0):
        """A rectangle with round corners."""
        r = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
        self.c.new_sub_path()
        for x, y, start in (
            (x1 - r, y0 + r, -0.25),
            (x1 - r, y1 - r, 0.0),
            (x0 + r, y1 - r, 0.25),
            (x0 + r, y0 + r, 0.5),
        ):
            self.c.arc(x, y, r, start * math.tau, (start + 0.25) * math.tau)
        self.c.close_path()
        return self

    def smooth(self, *points, closed=True):
        """A smooth curve through the points (Catmull-Rom)."""
        n = len(points)

        def at(i):
            return points[i % n] if closed else points[min(max(i, 0), n - 1)]

        self.c.new_sub_path()
        self.c.move_to(*points[0])
        for i in range(n if closed else n - 1):
            (ax, ay), (bx, by), (cx, cy), (dx, dy) = at(i - 1), at(i), at(i + 1), at(i + 2)
            self.c.curve_to(bx + (cx - ax) / 6, by + (cy - ay) / 6, cx - (dx - bx) / 6, cy - (dy - by) / 6, cx, cy)
        if closed:
            self.c.close_path()
        return self

    # Painting

    def paint(self, colour, outline=1.0, shading=0.16):
        """Fills the path with a soft shade of `colour`, then outlines it (`outline` times the pen's width)."""
        x0, y0, x1, y1 = self.c.path_extents()
        shade = cairo.LinearGradient(x0, y0, x0 + 0.35 * (x1 - x0), y1)
        shade.add_color_stop_rgb(0, *lighter(colour, shading))
        shade.add_color_stop_rgb(1, *darker(colour, shading))
        self.c.set_source(shade)
        self.c.fill_preserve()
        self._outline(colour, outline)
        return self

    def glass(self, colour, alpha, outline=1.0):
        """Fills the path with a see-through colour, then outlines it."""
        self.c.set_source_rgba(*colour, alpha)
        self.c.fill_preserve()
        self._outline(colour, outline)
        return self

    def flat(self, colour, alpha=1.0):
        """Fills the path without shade or outline."""
        self.c.set_source_rgba(*colour, alpha)
        self.c.fill()
        return self

    def star(self, x, y, radius, colour):
        """A five-pointed star, painted."""
        points = []
        for i in range(10):
            r = radius if i % 2 == 0 else radius * 0.45
            points.append((x + r * math.sin(i * math.tau / 10), y - r * math.cos(i * math.tau / 10)))
        return self.polygon(*points).paint(colour, 0.5)

    def line(self, colour=None, width=1.0):
        """Strokes the path (`width` times the pen's width); without a colour, in ink."""
        self.c.set_source_rgb(*(colour or self.ink or BLACK))
        self.c.set_line_width(self.width * width)
        self.c.stroke()
        return self

    def tube(self, colour, width):
        """Strokes the path as an outlined tube; `width` in units of the transform."""
        self.c.set_source_rgb(*(self.ink or darker(colour, 0.55)))
        self.c.set_line_width(width + 2 * self.width)
        self.c.stroke_preserve()
        self.c.set_source_rgb(*colour)
        self.c.set_line_width(width)
        self.c.stroke()
        return self

    def clipped(self):
        """`with pen.clipped():` confines what follows to the present path, which is used up."""
        return _Clip(self.c)

    def _outline(self, colour, outline):
        if outline > 0:
            self.c.set_source_rgb(*(self.ink or darker(colour, 0.55)))
            self.c.set_line_width(self.width * outline)
            self.c.stroke()
        else:
            self.c.new_path()


class _Clip:
    def __init__(self, context):
        self.c = context

    def __enter__(self):
        self.c.save()
        self.c.clip()

    def __exit__(self, *error):
        self.c.restore()
