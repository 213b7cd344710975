"""Three JPEG files through Keras' Xception: jpegs/*.jpg, golden_jpegs.json and golden_jpegs.npz.

    pip install -r requirements.txt
    python make_jpegs.py              writes beside itself; half a minute

Keras reads them with `load_img`, that is with Pillow and libjpeg-turbo. golden_jpegs.json holds the sha256 of the 299x299
pixels. Keys of the npz: `NAME/logits`, and `NAME/cam/LOSS/CLASS/LAYER` as README.md says for the other files.
"""
import json, os, sys
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
import make_golden, numpy as np
from PIL import Image
import images

LAYERS = ['block8_sepconv3_bn', 'add_10', 'block14_sepconv2_act']


def draw(folder):
    """common kinds of JPEG: halved chroma, progressive with chroma halved in one direction, inks"""
    land, rgba = (np.clip(f(), 0, 255).astype(np.uint8) for f in (images.land, images.rgba))
    inks = Image.fromarray(rgba[60:300, :, :3]).convert('CMYK')
    pictures = {'halved': (Image.fromarray(land[100:340, 250:570]), dict(quality=75, subsampling=2)),
                'progressive': (Image.fromarray(land[:260, :350]), dict(quality=90, subsampling=1, progressive=True)),
                'inks': (inks, dict(quality=80))}
    os.makedirs(folder, exist_ok=True)
    for name, (picture, options) in pictures.items():
        picture.save(f'{folder}/{name}.jpg', **options)
    return {name: f'{folder}/{name}.jpg' for name in pictures}


def main():
    model, data, hashes = make_golden.reference_model(), {}, {}
    for name, path in draw(f'{HERE}/jpegs').items():
        pixels, x = make_golden.load(path, 299)
        run = make_golden.Run(model, x, LAYERS)
        hashes[name] = make_golden.sha256(pixels.tobytes())
        part = {'logits': run.logits}
        make_golden.store(part, run.grad_cam('prob', int(run.top[0])), 'prob', int(run.top[0]), LAYERS)
        make_golden.store(part, run.grad_cam('logit', 285), 'logit', 285, LAYERS[-1:])
        data.update({f'{name}/{key}': value for key, value in part.items()})
        print(name, [(int(c), round(float(run.probs[c]), 4)) for c in run.top[:3]])
    with open(f'{HERE}/golden_jpegs.json', 'w') as f: json.dump(hashes, f, indent=1)
    np.savez(f'{HERE}/golden_jpegs.npz', **data)


if __name__ == '__main__':
    main()
