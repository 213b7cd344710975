"""Golden numbers from real Keras, Pillow and OpenCV; one command reproduces everything beside and below this folder.

    pip install -r requirements.txt
    python make_golden.py ..          writes ../reference/* and ../formats/*; about two minutes on two cores

README.md says what each file holds. Float32 numbers repeat to rounding (other thread counts add in another order),
float64 numbers to about 1e-12; integers, pixels and hashes repeat exactly.
"""
import hashlib, json, os, sys
sys.dont_write_bytecode = True
os.environ.update(TF_CPP_MIN_LOG_LEVEL='2', TF_ENABLE_ONEDNN_OPTS='0', CUDA_VISIBLE_DEVICES='')
import cv2, h5py, keras, numpy as np, PIL, safetensors, tensorflow as tf, tf_keras
from PIL import Image
import images, make_formats, make_resize, make_weights, network as xception

LAST = 'block14_sepconv2_act'
# spread over all resolutions and kinds of layers
LAYERS = ['block1_conv2_act', 'add', 'block3_sepconv2_act', 'block3_sepconv2_bn', 'block3_pool', 'block4_pool', 'add_2',
          'block8_sepconv3_bn', 'add_6', 'add_10', 'block13_sepconv2_bn', 'add_11', 'block14_sepconv1_act',
          'block14_sepconv2_bn', LAST]
FEW_LAYERS = ['block3_sepconv2_bn', 'block8_sepconv3_bn', 'add_10', 'block13_sepconv2_bn', 'block14_sepconv2_bn', LAST]
# for classes after the first
FURTHER_LAYERS = {'land': LAYERS[3:], 'gray': FEW_LAYERS[1:], 'rgba': FEW_LAYERS[1:]}
SMALL_LAYERS = ['block3_sepconv1_bn', 'add_3', LAST]
# classes beside the top one, and the class whose overlay is drawn
CLASSES = {'land': [285, 515], 'gray': [285, 515, 0], 'rgba': [285, 515]}
OVERLAY_CLASS = {'land': 285, 'gray': 0, 'rgba': 515}


def load(path, size):
    """([size, size, 3] u8, [1, size, size, 3] float): the lines every Keras tutorial starts with"""
    img = keras.utils.load_img(path, target_size=(size, size))
    x = keras.utils.img_to_array(img)
    return np.asarray(img), keras.applications.xception.preprocess_input(np.expand_dims(x.copy(), 0))


def reference_model():
    """Keras' own Xception, with logits; our builder must make the same layers"""
    keras.backend.clear_session()
    ours = [(l.name, tuple(l.output.shape)) for l in xception.build(keras, make_weights.REFERENCE).layers]
    keras.backend.clear_session()
    model = keras.applications.Xception(weights=None, classifier_activation=None)
    assert [(l.name, tuple(l.output.shape)) for l in model.layers] == ours, 'network.py differs from Keras'
    xception.set_weights(model, make_weights.reference_tensors())
    return model


def small_model(size):
    keras.backend.clear_session()
    a = make_weights.dataclasses.replace(make_weights.SMALL, size=size)
    model = xception.build(keras, a)
    xception.set_weights(model, make_weights.small_tensors())
    return model


class Run:
    """one picture through one network, every wanted activation kept for gradients"""

    def __init__(self, model, x, layers):
        """layers: names; the score of a class must be taken while the tape records, so the classes are fixed here"""
        self.layers = layers
        both = keras.Model(model.inputs[0], [[model.get_layer(l).output for l in layers], model.output])
        with tf.GradientTape(persistent=True) as self.tape:
            x = tf.constant(x, dtype=keras.config.floatx())
            self.tape.watch(x)
            activations, logits = both(x, training=False)
            activations = [x if l == 'input_layer' else a for l, a in zip(layers, activations)]
            self.scores = {'logit': logits, 'prob': tf.nn.softmax(logits)}
            top = int(np.argmax(logits))
            wanted = range(logits.shape[1]) if logits.shape[1] < 10 else sorted({top, 0, 285, 515})
            self.columns = {(loss, c): s[:, c] for loss, s in self.scores.items() for c in wanted}
        self.activations = activations
        self.logits, self.probs = logits.numpy()[0], self.scores['prob'].numpy()[0]
        self.top = np.argsort(-self.logits, kind='stable')[:10]

    def grad_cam(self, loss, c):
        """{layer: (alpha [channels], signed map [h, w])} of Selvaraju et al. 2017 before the ReLU"""
        gradients = self.tape.gradient(self.columns[loss, c], self.activations)
        out = {}
        for layer, a, g in zip(self.layers, self.activations, gradients):
            if a.ndim != 4: continue
            alpha = tf.reduce_mean(g, axis=(0, 1, 2))
            out[layer] = alpha.numpy(), tf.squeeze(a[0] @ alpha[..., tf.newaxis], -1).numpy()
        return out


def heat(signed):
    """the map as it is shown: in 0..1, all zero where no value is positive"""
    positive = np.maximum(signed, 0)
    return positive / positive.max() if positive.max() > 0 else positive


def store(data, maps, loss, c, layers):
    data.update({f'cam/{loss}/{c}/{layer}': maps[layer][1] for layer in layers})


def empty_classes(run, dense):
    """classes whose map at the last layer has no positive value, from the head's closed form"""
    a = run.activations[run.layers.index(LAST)].numpy()[0].astype('f8')
    a, w, p = a.reshape(-1, a.shape[-1]), dense.astype('f8'), run.probs.astype('f8')
    signed = {'logit': a @ w, 'prob': a @ (w - (w @ p)[:, None])}
    return {loss: np.flatnonzero(s.max(0) <= 0).tolist() for loss, s in signed.items()}


def overlay(path, signed, out):
    """OpenCV's picture, BGR throughout: float heat to the picture's size, then bytes, then JET, then the blend"""
    bgr = cv2.imread(path)
    grown = cv2.resize(heat(signed), (bgr.shape[1], bgr.shape[0]))
    jet = cv2.applyColorMap(np.uint8(255 * grown), cv2.COLORMAP_JET)
    blend = cv2.addWeighted(bgr, 0.6, jet, 0.4, 0)
    Image.fromarray(blend[..., ::-1]).save(out, optimize=True)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def float32(out, paths):
    model, entries = reference_model(), {}
    dense = model.get_layer('predictions').get_weights()[0]
    for key, path in paths.items():
        pixels, x = load(path, 299)
        run = Run(model, x, LAYERS)
        classes = [int(run.top[0]), *CLASSES[key]]
        data = {'logits': run.logits, 'probs': run.probs}
        for c in classes:
            layers = FURTHER_LAYERS[key] if c != classes[0] else LAYERS if key == 'land' else FEW_LAYERS
            maps = run.grad_cam('prob', c)
            store(data, maps, 'prob', c, layers)
            store(data, run.grad_cam('logit', c), 'logit', c, [LAST])
            if c == OVERLAY_CLASS[key]: overlay(path, maps[LAST][1], f'{out}/overlays/{key}_{c}.png')
        np.savez(f'{out}/golden_{key}.npz', **data)
        rgb = Image.open(path).convert('RGB')
        with open(path, 'rb') as f: file = f.read()
        entries[key] = {
            'file': f'images/{images.NAMES[key]}', 'width': rgb.width, 'height': rgb.height,
            'sha256': {'file': sha256(file), 'rgb': sha256(np.asarray(rgb).tobytes()),
                       'nearest_299': sha256(pixels.tobytes()),
                       'bilinear_299': sha256(np.asarray(rgb.resize((299, 299), Image.Resampling.BILINEAR)).tobytes())},
            'classes': classes,
            'top10': [{'class': int(c), 'probability': float(run.probs[c]), 'logit': float(run.logits[c])} for c in run.top],
            'empty_at_last_layer': empty_classes(run, dense),
            'overlay': {'file': f'overlays/{key}_{OVERLAY_CLASS[key]}.png', 'class': OVERLAY_CLASS[key], 'layer': LAST,
                        'loss': 'prob'}}
        print(key, [(t['class'], round(t['probability'], 4)) for t in entries[key]['top10'][:3]], flush=True)
    jet = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_JET)[:, 0]
    versions = {m.__name__: m.__version__ for m in (tf, keras, tf_keras, np, PIL, cv2, h5py, safetensors)}
    return {'versions': versions, 'layers': LAYERS, 'images': entries, 'jet_bgr': jet.tolist()}


def scattered(flat, n):
    """n values of a flat array and where they stand"""
    at = [(i * 2654435761) % flat.size for i in range(n)]
    return {'at': at, 'values': [float(flat[i]) for i in at]}


def float64(out, path):
    """land through Keras in float64: some maps whole, every layer by samples"""
    model = reference_model()
    run = Run(model, load(path, 299)[1], [l.name for l in model.layers])
    assert run.logits.dtype == np.float64
    top = int(run.top[0])
    prob, logit = run.grad_cam('prob', top), run.grad_cam('logit', 285)
    data = {'logits': run.logits}
    store(data, prob, 'prob', top, LAYERS)
    store(data, logit, 'logit', 285, FEW_LAYERS)
    np.savez(f'{out}/golden64_land.npz', **data)
    entries = []
    for layer, a in zip(run.layers, run.activations):
        a = a.numpy()[0]
        e = {'layer': layer, 'shape': list(a.shape), 'mean': float(a.mean()), 'std': float(a.std()),
             'min': float(a.min()), 'max': float(a.max()), 'samples': scattered(a.ravel(), 16)}
        if a.ndim == 3:
            alpha, cam = prob[layer]
            e['alpha'] = scattered(alpha, 8)
            e['cam'] = {'min': float(cam.min()), 'max': float(cam.max()), 'samples': scattered(cam.ravel(), 16)}
        entries.append(e)
    with open(f'{out}/layers64_land.json', 'w') as f:
        head = json.dumps({'image': 'land', 'loss': 'prob', 'class': top})
        f.write(head[:-1] + ', "layers": [\n' + ',\n'.join(json.dumps(e, separators=(',', ':')) for e in entries) + '\n]}\n')


def small(out, path):
    """the small network in float64, at its own size and at one whose pools see even sides"""
    data = {}
    for size in (make_weights.SMALL.size, 96):
        pixels, x = load(path, size)
        model = small_model(size)
        names = [l.name for l in model.layers if len(l.output.shape) == 4]
        names = ['block1_conv1', 'block1_conv2_act', 'block2_sepconv2_bn'] + names[names.index('conv2d'):]
        run = Run(model, x, names)
        top, last = int(run.top[0]), int(run.top[-1])
        part = {'img_u8': pixels, 'logits': run.logits, 'probs': run.probs}
        store(part, run.grad_cam('prob', top), 'prob', top, names if size == make_weights.SMALL.size else SMALL_LAYERS)
        store(part, run.grad_cam('logit', last), 'logit', last, SMALL_LAYERS)
        data.update({f'{size}/{k}': v for k, v in part.items()})
    np.savez(f'{out}/golden64_small.npz', **data)


def main(root):
    out = os.path.join(root, 'reference')
    os.makedirs(f'{out}/overlays', exist_ok=True)
    paths = images.make(f'{out}/images')
    golden = float32(out, paths)
    with open(f'{out}/golden.json', 'w') as f:
        f.write('{\n' + ',\n'.join(f'{json.dumps(k)}: {json.dumps(v)}' for k, v in golden.items()) + '\n}\n')
    keras.config.set_floatx('float64')
    float64(out, paths['land'])
    small(out, paths['land'])
    keras.config.set_floatx('float32')
    make_resize.make(f'{out}/resize.json')
    make_formats.make(os.path.join(root, 'formats'), 'small')


if __name__ == '__main__':
    main(sys.argv[1])
