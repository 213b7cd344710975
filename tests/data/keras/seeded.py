"""Portable deterministic values by name, and the pictures; numpy and Pillow only. As in ../reference/refgen.py."""
import numpy as np
from PIL import Image

SEED = 0x4B455241_20261125
M64 = (1 << 64) - 1


def fnv1a64(s):
    h = 0xCBF29CE484222325
    for b in s.encode(): h = ((h ^ b) * 0x100000001B3) & M64
    return h


def uniform(name, shape=()):
    """f64 values in [-1, 1), multiples of 2^-23"""
    n = int(np.prod(shape))
    with np.errstate(over='ignore'):
        z = np.uint64((fnv1a64(name) ^ SEED) & M64) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype('f8') * 2.0 ** -23 - 1).reshape(shape)


def short(a):
    """rounded to 8 significant bits, so that calibrated values do not depend on the order of a sum"""
    m, e = np.frexp(np.asarray(a, 'f8'))
    return np.ldexp(np.round(m * 256) / 256, e)


def picture(height, width):
    """smooth colours, some shapes and a little noise"""
    y, x = np.mgrid[0:height, 0:width]
    y, x = (y + .5) / height, (x + .5) / width
    out = np.empty((height, width, 3))
    for c in range(3):
        p = uniform(f'picture/{c}', 8)
        wave = .5 + .28 * np.sin(2 * np.pi * (1.5 + p[0]) * x + 3 * p[1]) * np.cos(2 * np.pi * (1.5 + p[2]) * y + 3 * p[3])
        disc = ((x - .5 - .3 * p[4]) ** 2 + (y - .5 - .3 * p[5]) ** 2 < (.2 + .06 * p[6]) ** 2) * (.3 * np.sign(p[7]))
        bars = .12 * ((np.floor(x * (9 + 2 * c)) % 2) * (y > .62))
        out[..., c] = wave + disc + bars
    out += .05 * uniform('picture/noise', out.shape)
    return np.clip(np.round(out * 255), 0, 255).astype('u1')


def save_picture(path, height, width):
    Image.fromarray(picture(height, width)).save(path, format='PNG', optimize=True)
