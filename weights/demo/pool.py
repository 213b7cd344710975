"""Scenes rendered ahead of training: pictures uint8 [n, size, size, 3] and classes present bool [n, classes]."""

import argparse
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from scenes import LABELS, nearest, picture, scene


def example(size, split, index):
    """The scene as the network sees it at `size`, and which classes are present.

    Scenes are drawn larger and then resized with nearest neighbour, as the program does with every picture.
    """
    composed = scene(split, index)
    scale = size / 299
    pixels = picture(composed, round(composed.width * scale), round(composed.height * scale))
    return nearest(pixels, size, size), np.isin(LABELS, composed.labels)


def render(folder, split, start, count, size, processes=2):
    """Renders the pool to `folder` unless it is there; returns pictures (memory-mapped) and targets."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{split}-{start}-{count}-{size}"
    pictures_file, present_file = folder / f"{name}-pictures.npy", folder / f"{name}-present.npy"
    if not present_file.exists():
        pictures = np.lib.format.open_memmap(pictures_file, "w+", np.uint8, (count, size, size, 3))
        present = np.zeros((count, len(LABELS)), bool)
        with Pool(processes) as workers:
            made = workers.imap(partial(example, size, split), range(start, start + count), 32)
            for i, (pixels, classes) in enumerate(made):
                pictures[i], present[i] = pixels, classes
        pictures.flush()
        np.save(present_file, present)
    return np.load(pictures_file, mmap_mode="r"), np.load(present_file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--split", default="train")
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--count", type=int, default=40000)
    parser.add_argument("--size", type=int, default=150)
    options = parser.parse_args()
    render(options.folder, options.split, options.start, options.count, options.size)
