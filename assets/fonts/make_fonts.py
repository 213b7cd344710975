"""Makes the fonts of the window: two from Inter (https://github.com/rsms/inter, SIL Open Font License 1.1), and the icons
from Material Icons (https://github.com/google/material-design-icons, Apache License 2.0).

Keeps Latin, Greek and the signs the window uses, and makes the tabular figures (OpenType feature `tnum`)
the ordinary ones, since egui lays text out without OpenType features.

Usage: make_fonts.py FOLDER_OF_INTER MATERIAL_ICONS_TTF OUT_FOLDER
(needs fonttools; Inter 4.0 as packaged by Debian's fonts-inter, the icons by fonts-material-design-icons-iconfont)
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

UNICODES = [
    *range(0x20, 0x180),  # Latin
    *range(0x370, 0x400),  # Greek
    *range(0x2010, 0x2027),  # dashes and quotes
    0x2070, *range(0x2074, 0x207A), 0x207B,  # exponents
    0x2030, 0x2032, 0x2033, 0x20AC, 0x2122,
    *range(0x2190, 0x21AA),  # arrows
    0x2212, 0x2215, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265,
    0x2318, 0x2325, 0x21E7, 0x2303, 0x23CE, 0x232B,
]  # fmt: skip

# those of src/gui/icons.rs
ICONS = [
    0xE5D2, 0xE2C8, 0xE171, 0xE8FD, 0xF10D, 0xE3CA, 0xE915, 0xE55C, 0xE56B, 0xE8B6,
    0xE53B, 0xE8EC, 0xE6E1, 0xE01D, 0xE164, 0xE85C, 0xE5CD,
    0xE3BE, 0xE8F4, 0xE949, 0xE8D4, 0xE3EC,
    0xE043, 0xE897, 0xE5CF, 0xE5CB, 0xE5CC, 0xE7F4,
    0xE922, 0xE42A, 0xE047, 0xE037, 0xE3AE, 0xE8AF,
]  # fmt: skip


def tabular(font: TTFont) -> dict[str, str]:
    """Glyph names of proportional figures and what `tnum` puts in their place."""
    found = {}
    table = font["GSUB"].table
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for index in record.Feature.LookupListIndex:
            for lookup in table.LookupList.Lookup[index].SubTable:
                found.update(getattr(lookup, "ExtSubTable", lookup).mapping)
    return found


def reduce(font: TTFont, unicodes: list[int], features: list[str]) -> None:
    options = subset.Options(layout_features=features, name_IDs=["*"], notdef_outline=True, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)


def main(source: Path, icons: Path, out: Path) -> None:
    for style in ["Regular", "SemiBold"]:
        font = TTFont(source / f"Inter-{style}.otf")
        figures = tabular(font)
        for cmap in font["cmap"].tables:
            for code, glyph in list(cmap.cmap.items()):
                if glyph in figures:
                    cmap.cmap[code] = figures[glyph]
        reduce(font, UNICODES, ["kern"])
        font.save(out / f"Inter-{style}.otf")
    font = TTFont(icons)
    reduce(font, ICONS, [])
    font.save(out / "MaterialIcons.ttf")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
