"""What Pillow's resize does, for exact comparison: the source index of every NEAREST pixel, and BILINEAR pixels.

    python make_resize.py OUT_FILE      (numpy, pillow)

`nearest`: for every target size, hashes over widths 1..2048, 128 widths each: sha256 of the source indices as
little-endian u16, width after width, `target` indices each. `nearest_rows` spells a few of them out.
`bilinear`: RGB pictures in bytes, row by row, and what `Image.resize((width, height), BILINEAR)` makes of them.
Pillow's BILINEAR is antialiased: when shrinking, its triangle grows with the scale.
"""
import hashlib, json, sys
sys.dont_write_bytecode = True
import numpy as np
from PIL import Image
from refgen import uniform

TARGETS, WIDTHS, CHUNK = (71, 150, 299, 512), 2048, 128
ROWS = ((299, 380), (299, 427), (299, 640), (299, 1024), (299, 1920), (71, 100), (512, 33))
BILINEAR = (((23, 31), (17, 13)), ((7, 5), (17, 13)), ((40, 9), (13, 17)), ((32, 24), (5, 5)), ((13, 17), (13, 17)),
            ((30, 20), (30, 7)), ((1, 1), (4, 3)))      # (width, height) before and after


def nearest_indices(width, target):
    """[target] source columns, read off a picture of one row whose pixels hold their own index"""
    ramp = Image.fromarray(np.arange(width, dtype=np.int32)[None])
    across = np.asarray(ramp.resize((target, 1), Image.Resampling.NEAREST))[0]
    down = np.asarray(ramp.transpose(Image.Transpose.TRANSPOSE).resize((1, target), Image.Resampling.NEAREST))[:, 0]
    assert (across == down).all(), 'columns and rows are resized alike'
    return across


def picture(width, height):
    """[height, width, 3] bytes from refgen"""
    u = uniform(f'resize/{width}x{height}', width * height * 3)
    return (np.floor(u * np.float32(128)) + np.float32(128)).astype(np.uint8).reshape(height, width, 3)


def make(path):
    doc = {'nearest': {}, 'nearest_rows': [], 'bilinear': []}
    for target in TARGETS:
        hashes = []
        for first in range(1, WIDTHS + 1, CHUNK):
            rows = [nearest_indices(w, target).astype('<u2').tobytes() for w in range(first, first + CHUNK)]
            hashes.append({'first': first, 'last': first + CHUNK - 1, 'sha256': hashlib.sha256(b''.join(rows)).hexdigest()})
        doc['nearest'][target] = hashes
    for target, width in ROWS:
        doc['nearest_rows'].append({'width': width, 'target': target, 'indices': nearest_indices(width, target).tolist()})
    for before, after in BILINEAR:
        pixels = picture(*before)
        out = np.asarray(Image.fromarray(pixels).resize(after, Image.Resampling.BILINEAR))
        doc['bilinear'].append({'width': before[0], 'height': before[1], 'pixels': pixels.ravel().tolist(),
                                'to_width': after[0], 'to_height': after[1], 'resized': out.ravel().tolist()})
    with open(path, 'w') as f:
        json.dump(doc, f, separators=(',', ':'))
        f.write('\n')


if __name__ == '__main__':
    make(sys.argv[1])
