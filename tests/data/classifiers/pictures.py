"""The pictures, as 8-bit RGB files of exactly a network's size, and how they become a network's input."""
import os
import numpy as np
from PIL import Image
import seeded

HERE = os.path.dirname(os.path.abspath(__file__))


def name(size):
    return f'pictures/{size[1]}x{size[0]}.png'


def save(size):
    path = f'{HERE}/{name(size)}'
    seeded.save_picture(path + '.tmp', *size)
    os.replace(path + '.tmp', path)


def pixels(size, channels):
    """float64, 0..255, [height, width, channels]; one channel as Pillow makes gray"""
    image = Image.open(f'{HERE}/{name(size)}')
    a = np.asarray(image.convert('L') if channels == 1 else image).astype('f8')
    return a.reshape(*size, channels)


def outside(x, mode):
    """what each family's preprocess_input does, in float64"""
    if mode == '-1..1': return x / 127.5 - 1
    if mode == '0..1': return x / 255
    if mode == 'caffe': return x[..., ::-1] - [103.939, 116.779, 123.68]
    if mode == 'torch': return (x / 255 - [.485, .456, .406]) / [.229, .224, .225]
    assert mode == '0..255', mode
    return x
