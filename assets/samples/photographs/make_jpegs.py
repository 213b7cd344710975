"""Makes the three JPEG files here from the PNG files of scikit-image 0.26.0; the other two are its own, byte for byte.

    pip download --no-deps scikit-image==0.26.0      # a wheel is a zip file; unpack skimage/data of it
    python make_jpegs.py skimage/data .              # Pillow 13.0.0
"""

import sys
from pathlib import Path

from PIL import Image

source, out = map(Path, sys.argv[1:])
for name in ["astronaut", "chelsea", "coffee"]:
    photo = Image.open(source / f"{name}.png").convert("RGB")
    photo.save(out / f"{name}.jpg", quality=92, subsampling=0, optimize=True)
