"""Draws `icon.png`: a map's cells around a pupil. Needs Pillow."""

from math import hypot
from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 128
SCALE = 4  # drawn larger and shrunk, for smooth edges
CELLS = 6
COLD, WARM, HOT = (38, 62, 140), (64, 190, 170), (250, 140, 40)


def colour(heat: float) -> tuple[int, int, int]:
    """Cold to warm to hot, `heat` from 0 to 1."""
    low, high, share = (COLD, WARM, heat * 2) if heat < 0.5 else (WARM, HOT, heat * 2 - 1)
    return tuple(round(a + (b - a) * share) for a, b in zip(low, high))


def main() -> None:
    size = SIDE * SCALE
    icon = Image.new("RGBA", (size, size))
    mask = Image.new("L", (size, size))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size - 1, size - 1), radius=size // 5, fill=255)
    cells = ImageDraw.Draw(icon)
    cell = size / CELLS
    for row in range(CELLS):
        for column in range(CELLS):
            far = hypot(column + 0.5 - 0.58 * CELLS, row + 0.5 - 0.45 * CELLS) / CELLS
            box = (column * cell, row * cell, (column + 1) * cell, (row + 1) * cell)
            cells.rectangle(box, fill=(*colour(max(0.0, 1 - 1.7 * far)), 255))
    middle, eye, pupil = (0.5 * size, 0.5 * size), 0.3 * size, 0.13 * size
    cells.ellipse([m - eye for m in middle] + [m + eye for m in middle], outline="white", width=size // 18)
    cells.ellipse([m - pupil for m in middle] + [m + pupil for m in middle], fill="white")
    icon.putalpha(mask)
    icon.resize((SIDE, SIDE), Image.LANCZOS).save(Path(__file__).with_name("icon.png"), optimize=True)


if __name__ == "__main__":
    main()
