"""Makes the two fonts of the window from Inter (https://github.com/rsms/inter, SIL Open Font License 1.1).

Keeps Latin, Greek and the signs the window uses, and makes the tabular figures (OpenType feature `tnum`)
the ordinary ones, since egui lays text out without OpenType features.

Usage: make_fonts.py FOLDER_OF_INTER OUT_FOLDER          (needs fonttools; Inter 4.0 as packaged by Debian's fonts-inter)
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

UNICODES = [
    *range(0x20, 0x180),  # Latin
    *range(0x370, 0x400),  # Greek
    *range(0x2010, 0x2027),  # dashes and quotes
    0x2030, 0x2032, 0x2033, 0x20AC, 0x2122,
    *range(0x2190, 0x21AA),  # arrows
    0x2212, 0x2215, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265,
    0x2318, 0x2325, 0x21E7, 0x2303, 0x23CE, 0x232B,
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


def main(source: Path, out: Path) -> None:
    for style in ["Regular", "SemiBold"]:
        font = TTFont(source / f"Inter-{style}.otf")
        figures = tabular(font)
        for cmap in font["cmap"].tables:
            for code, glyph in list(cmap.cmap.items()):
                if glyph in figures:
                    cmap.cmap[code] = figures[glyph]
        options = subset.Options(layout_features=["kern"], name_IDs=["*"], notdef_outline=True, hinting=False)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=UNICODES)
        subsetter.subset(font)
        font.save(out / f"Inter-{style}.otf")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
