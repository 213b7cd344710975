"""Writes 24 held-out scenes with their truth, for the localisation test of the program.

    python make_test_scenes.py ../../tests/data/scenes

Each scene is a 299x299 picture as the network sees it, and a gray mask picture of the same size whose pixel value is
0 for background and 1 + i where object i is visible. `scenes.json` names the objects in order, with the bounding
boxes [x0, y0, x1, y1] of their visible pixels (x1 and y1 exclusive).
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from evaluate import SPLIT, held_out
from scenes import LABELS, box

# A run of scenes in which every class occurs, chosen by their labels alone.
FIRST = 20
COUNT = 24


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    records, total = [], 0
    for index in range(FIRST, FIRST + COUNT):
        composed, pixels, seen = held_out(index)
        values = np.zeros(pixels.shape[:2], np.uint8)
        for i, mask in enumerate(seen):
            values[mask] = i + 1
        file, mask_file = f"{index:02}.png", f"{index:02}-mask.png"
        Image.fromarray(pixels).save(folder / file, optimize=True)
        Image.fromarray(values).save(folder / mask_file, optimize=True)
        total += sum((folder / name).stat().st_size for name in (file, mask_file))
        objects = [
            {"class": LABELS.index(item.label), "label": item.label, "box": box(mask)}
            for item, mask in zip(composed.items, seen)
        ]
        records.append({"file": file, "mask": mask_file, "split": SPLIT, "index": index, "objects": objects})
    lines = ",\n".join(json.dumps(record) for record in records)
    (folder / "scenes.json").write_text(f"[\n{lines}\n]\n")
    labels = {o["label"] for record in records for o in record["objects"]}
    count = sum(len(record["objects"]) for record in records)
    print(f"{COUNT} scenes, {count} objects, {len(labels)} of {len(LABELS)} classes, {total} bytes")


if __name__ == "__main__":
    main()
