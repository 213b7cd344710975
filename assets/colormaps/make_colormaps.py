"""Writes the colour tables: NAME.rgb, 256 entries of 3 bytes, R G B, from low to high.

    pip install matplotlib==3.11.2 opencv-python-headless==5.0.0.93 numpy==2.4.6
    python make_colormaps.py

Sources and licences are listed in README.md in this folder.
"""

from pathlib import Path

import cv2
import matplotlib
import numpy as np

HERE = Path(__file__).parent
FROM_MATPLOTLIB = {
    "turbo": "turbo",
    "viridis": "viridis",
    "magma": "magma",
    "inferno": "inferno",
    "diverging": "coolwarm",
}


def write(name, table):
    assert table.shape == (256, 3) and table.dtype == np.uint8
    (HERE / f"{name}.rgb").write_bytes(table.tobytes())


index = np.arange(256, dtype=np.uint8)
write("jet", cv2.applyColorMap(index.reshape(256, 1), cv2.COLORMAP_JET)[:, 0, ::-1])
for name, theirs in FROM_MATPLOTLIB.items():
    write(name, matplotlib.colormaps[theirs](index, bytes=True)[:, :3])
