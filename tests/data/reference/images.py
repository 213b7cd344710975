"""The three test pictures, drawn with refgen's generator: no random number library, no photograph.

    python images.py OUT_DIR      writes land_640x427.png (RGB), gray_500x380.png (8-bit gray), rgba_300x450.png (RGBA)

The pixels are reproducible; the PNG bytes may differ between versions of Pillow.
"""
import os, sys
sys.dont_write_bytecode = True
import numpy as np
from PIL import Image
from refgen import uniform

NAMES = {'land': 'land_640x427.png', 'gray': 'gray_500x380.png', 'rgba': 'rgba_300x450.png'}


def smooth_noise(name, h, w, cell):
    """[h, w, 3] f64 in [-1, 1): uniform values on a grid of `cell` pixels, interpolated bilinearly"""
    gh, gw = h // cell + 2, w // cell + 2
    g = uniform(name, gh * gw * 3).reshape(gh, gw, 3).astype(np.float64)
    y, x = np.arange(h) / cell, np.arange(w) / cell
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = (y - y0)[:, None, None], (x - x0)[None, :, None]
    return (g[y0][:, x0] * (1 - fy) * (1 - fx) + g[y0 + 1][:, x0] * fy * (1 - fx)
            + g[y0][:, x0 + 1] * (1 - fy) * fx + g[y0 + 1][:, x0 + 1] * fy * fx)


def land():
    h, w = 427, 640
    a = (128 + 70 * smooth_noise('img/land/a', h, w, 90) + 50 * smooth_noise('img/land/b', h, w, 17)
         + 12 * uniform('img/land/c', h * w * 3).reshape(h, w, 3))
    yy, xx = np.mgrid[0:h, 0:w]
    disc = ((yy - 200) ** 2 + (xx - 430) ** 2) < 95 ** 2
    a[disc] = a[disc] * 0.25 + np.array([180, 60, 20])
    return a


def gray():
    h, w = 380, 500
    yy, xx = np.mgrid[0:h, 0:w]
    return 110 + 60 * smooth_noise('img/gray/a', h, w, 60)[..., 0] + 40 * np.sin(xx / 9.0) * (yy > 190)


def rgba():
    """a checkerboard under an alpha gradient: dropping alpha and blending it differ everywhere"""
    h, w = 450, 300
    yy, xx = np.mgrid[0:h, 0:w]
    squares = (((yy // 25) + (xx // 25)) % 2)[..., None]
    colour = 60 + 120 * squares * np.array([1, .6, .2]) + 40 * smooth_noise('img/rgba/a', h, w, 40)
    return np.concatenate([colour, (255 * (xx / w))[..., None]], -1)


def make(out):
    """draws the three pictures into the folder `out`; {key: path}"""
    os.makedirs(out, exist_ok=True)
    paths = {k: os.path.join(out, n) for k, n in NAMES.items()}
    for key, draw in (('land', land), ('gray', gray), ('rgba', rgba)):
        Image.fromarray(np.clip(draw(), 0, 255).astype(np.uint8)).save(paths[key], optimize=True)
    return paths


if __name__ == '__main__':
    make(sys.argv[1])
