"""Narrow networks of keras.applications and others, with golden values in float64; README.md says what is what.

    python make_classifiers.py [ROW ...]       all rows, or these; classifiers.json keeps the others
    python make_classifiers.py --check         fresh processes of Keras 3 and 2 read every file back (check_files.py)
"""
import json, os, subprocess, sys, tempfile, traceback
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, '..', 'keras')]
import make_networks as shared      # sets Keras' backend, so it comes before everything else
import numpy as np
import keras, tensorflow as tf, tf_keras
import archive, bodies, calibrate, golden, pictures, seeded
import table


class Probe(golden.Probe):
    """scores and gradients, at operations as well as at layers"""

    def __init__(self, model, row, names, x):
        row.index = 0
        self.model, self.row, self.x, self.names = model, row, x, list(dict.fromkeys(names))
        self.layers = {n: named(model)[n] for n in (n.split(':')[0] for n in self.names)}
        self.final = golden.final_layer(model)
        self.shapes = {n: (a.shape, a.dtype) for n, a in self.run({})[1].items()}

    def run(self, added):
        seen, number = {}, counter()

        def around(name, layer, call, a, k):
            y, name = call(*a, **k), number(name)
            if name in added: y = y + added[name]
            if name in self.names: seen[name] = y
            return y

        with golden.wrapped(self.layers, around): return self.model(self.x, training=False), seen

    def check(self, kind, c, gradients, eps):
        """central differences along a seeded direction, against the gradients; cells that a ReLU shut stay so, since a pool behind it meets ties there"""
        worst, (_, seen) = 0, self.scores(kind, {})
        for n, (s, _) in self.shapes.items():
            d = seeded.uniform(f'direction/{n}', tuple(s)) * (seen[n].numpy() != 0)
            value = lambda sign: float(self.scores(kind, {n: tf.constant(sign * eps * d)})[0][0, c])
            found, expected = (value(1) - value(-1)) / (2 * eps), float((gradients[c][n] * d[0]).sum())
            worst = max(worst, abs(found - expected) / (np.sqrt((gradients[c][n] ** 2).sum()) + 1e-9))
        return worst


def counter():
    """names of calls, the second of a layer as NAME:1"""
    calls = {}

    def number(name):
        calls[name] = calls.get(name, -1) + 1
        return f'{name}:{calls[name]}' if calls[name] else name

    return number


def operations(model, path=()):
    """(path, layer or operation) of all that is no model, in order"""
    for op in getattr(model, 'operations', None) or model.layers:
        if hasattr(op, 'layers'): yield from operations(op, (*path, op.name))
        else: yield (*path, op.name), op


def named(model):
    """layers by the name they go by: their own if unique, else with the model's before it"""
    every = list(operations(model))
    names = [path[-1] for path, _ in every]
    return {path[-1] if names.count(path[-1]) == 1 else '/'.join(path[-2:]): op for path, op in every}


IDENTITY = ('Dropout', 'SpatialDropout2D', 'StochasticDepth', 'InputLayer')
SHOWN = ('BatchNormalization', 'Activation', 'ReLU', 'LeakyReLU', 'Add', 'Multiply', 'Concatenate', 'Subtract', 'Maximum', 'Average', 'CustomScaleLayer')


def is_identity(op):
    return type(op).__name__ in IDENTITY or type(op).__name__ == 'Activation' and op.activation.__name__ == 'linear'


def chosen_layers(model, row, x):
    """default, middle, early: the default as this program finds it, the others by their place in the list"""
    every = named(model)
    seen, number = [], counter()

    def note(name, op, call, a, k):
        y = call(*a, **k)
        seen.append((number(name), op, tuple(y.shape)))
        return y

    with golden.wrapped(every, note): model(x, training=False)
    cells = lambda shape: shape[1] * shape[2] if len(shape) == 4 else 1
    at = len(seen) - 1
    while cells(seen[at][2]) == 1 or type(seen[at][1]).__name__ in ('AveragePooling2D', 'GlobalAveragePooling2D', 'Flatten') or is_identity(seen[at][1]): at -= 1
    default = seen[at][0]
    before = [(i, n) for i, (n, op, shape) in enumerate(seen[:at])
              if 4 <= cells(shape) <= 600 and not is_identity(op) and (type(op).__name__ in SHOWN or getattr(getattr(op, 'activation', None), '__name__', 'linear') != 'linear')]
    near = lambda place: min(before, key=lambda b: abs(b[0] - place * at))[1]
    return {'default': default, 'middle': row.middle or near(.6), 'early': row.early or near(.25)}, [(n, type(op).__name__, s) for n, op, s in seen]


def constants_as_in_files(model):
    """operations keep their constants as float32 in a file, so these are what float64 computes with as well"""
    def rounded(v): return tf.constant(np.float64(np.float32(v))) if isinstance(v, (tf.Tensor, np.ndarray)) else v
    for _, op in operations(model):
        for node in op._inbound_nodes:
            node.arguments.args, node.arguments.kwargs = node.arguments.convert(rounded)


def upsampling_in_float64():
    """TensorFlow interpolates in float32, whatever it is given: undo that, by a matrix an axis"""
    plain = keras.layers.UpSampling2D.call

    def matrix(side, times):
        at = (np.arange(side * times) + .5) / times - .5
        low = np.floor(at)
        m = np.zeros((side * times, side))
        for i, (a, l) in enumerate(zip(at, low.astype(int))):
            m[i, max(l, 0)] += 1 - (a - l)
            m[i, min(l + 1, side - 1)] += a - l
        return m

    def call(layer, inputs):
        if layer.interpolation != 'bilinear': return plain(layer, inputs)
        rows, columns = (tf.constant(matrix(inputs.shape[i + 1], layer.size[i]), inputs.dtype) for i in range(2))
        return tf.einsum('Yy,Xx,byxc->bYXc', rows, columns, inputs)

    keras.layers.UpSampling2D.call = call


def build(K, row):
    K.backend.clear_session()
    return row.build(K, row)


def prepared(row, dtype):
    """the picture as the file's network takes it, [1, height, width, channels]"""
    return pictures.outside(pictures.pixels(row.size, row.channels), row.outside)[None].astype(dtype)


def weights_of(K, model):
    return [layer for _, layer in golden.weighted(model)]


def set_weights(model, weights):
    """by name where the dialects agree on names, else in order: some of Keras 2's have slashes"""
    layers = golden.weighted(model)
    if {p for p, _ in layers} == {k.split('#')[0] for k in weights}: return golden.set_weights(model, weights)
    groups = list({k.split('#')[0]: None for k in weights})
    assert len(groups) == len(layers), (len(groups), len(layers))
    for group, (_, layer) in zip(groups, layers):
        layer.set_weights([weights[f'{group}#{i}'] for i in range(len(layer.weights))])
        if hasattr(layer, 'finalize_state'): layer.finalize_state()


def exact(row):
    """weights, and in float64: the answers, the maps, facts about them"""
    x = prepared(row, 'f8')
    model = build(keras, row)
    constants_as_in_files(model)
    weights = {k: np.float32(v) for k, v in calibrate.calibrate(model, row, x).items()}
    golden.set_weights(model, weights)
    layers, order = chosen_layers(model, row, x)
    probe = Probe(model, row, layers.values(), tf.constant(x))
    outputs, logits, meant = (probe.scores(k, {})[0].numpy()[0] for k in ('answer', 'logit', 'output'))
    n = outputs.size
    if row.output != 'values' and any(not .01 < v < .99 for v in meant): print(f'  {row.name}: probabilities {meant}')
    _, seen, gradients = probe.gradients('logit', range(n))
    # classes: those whose map at the default layer has heat worth the name and cells without, then by number
    found = {c: golden.maps(seen[layers['default']], gradients[c][layers['default']])[0] for c in range(n)}
    positive = {c: (m > 0).mean() for c, m in found.items()}
    classes = sorted(sorted(range(n), key=lambda c: (found[c].max() < .2 * np.abs(found[c]).max(), positive[c] == 1, c))[:2])
    if not all(positive[c] for c in classes): print(f'  {row.name}: an empty map')
    arrays, shapes = {'outputs': outputs, 'logits': logits, 'means': meant}, {}
    for kind in ('output', 'logit'):
        _, seen, gradients = probe.gradients(kind, classes)
        for eps in (1e-6, 1e-7, 1e-8) if kind == 'logit' else ():
            worst = probe.check(kind, classes[0], gradients, eps)
            if worst < 2e-5: break
        else:
            if kind == 'logit': print(f'  {row.name}: finite differences are off by {worst:.0e}')
        for c in classes:
            for name in probe.names:
                assert seen[name].dtype == gradients[c][name].dtype == np.float64, name
                cam, hires = golden.maps(seen[name], gradients[c][name])
                arrays[f'cam/{kind}/{c}/{name}'] = cam
                if kind == 'logit' and name == layers['default']: arrays[f'hires/logit/{c}/{name}'] = hires
                shapes[name] = list(seen[name].shape)
    active = [float((a > 0).mean()) for a in activity(model, x)] or [0]
    print(f'{row.name}: {len(order)} layers, {sum(v.size for v in weights.values())} weights; means {np.round(meant, 3)} classes {classes}'
          f' positive {[round(float(positive[c]), 2) for c in classes]} active {np.mean(active):.2f} ({min(active):.2f}..{max(active):.2f})', end=' ', flush=True)
    return weights, arrays, shapes, classes, layers, {n: seen[n] for n in probe.names}


def activity(model, x):
    relus = {n: l for n, l in named(model).items() if type(l).__name__ == 'ReLU' or getattr(getattr(l, 'activation', None), '__name__', '').startswith('relu')}
    seen = []

    def note(name, layer, call, a, k):
        y = call(*a, **k)
        seen.append(y.numpy())
        return y

    with golden.wrapped(relus, note): model(x, training=False)
    return seen


def heat(signed):
    """0..1, what the program shows"""
    return np.maximum(signed, 0) / (signed.max() if signed.max() > 0 else 1)


def float32_noise(row, model, arrays, classes, layers):
    """how far plain float32 is off: by layer, as a part of the map's largest value or of the heat, whichever is more; and of the logits' spread"""
    probe = Probe(model, row, layers.values(), tf.constant(prepared(row, 'f4')))
    noise = {n: 0. for n in probe.names}
    for kind in ('output', 'logit'):
        y, seen, gradients = probe.gradients(kind, classes)
        for c in classes:
            for n in probe.names:
                right, is_ = arrays[f'cam/{kind}/{c}/{n}'], golden.maps(seen[n], gradients[c][n])[0]
                if np.abs(right).max() > 1e-12:
                    noise[n] = max(noise[n], float(np.abs(is_ - right).max() / np.abs(right).max()), float(np.abs(heat(is_) - heat(right)).max()))
    logits = arrays['logits']
    return noise, float(np.abs(y - logits).max() / (np.ptp(logits) or 1))


def built(K, row, weights):
    shared.forget()
    model = build(K, row)
    set_weights(model, weights)
    return model


def write(row, K, model, folder):
    """saves in one dialect, after a check of Keras' own answers in the files' precision"""
    if row.compile: model.compile(**row.compile(K))
    for ending in row.files:
        if ending.startswith('k2') != (K is tf_keras): continue
        path = f'{folder}/{row.name}.{ending}'
        model.save(path)
        if ending.endswith('keras'): shared.repack(path, True)


def names_in_keras2(model, row, layers, values):
    """the names of the same layers in Keras 2, where they differ, found by what the layers answer"""
    present = named(model)
    every = [l for l in model.layers if not hasattr(l, 'layers') and len(l._inbound_nodes) < 2]
    answers = tf_keras.Model(model.inputs, [l.output for l in every])(prepared(row, 'f4'), training=False)
    found = dict(layers)
    for k, n in layers.items():
        # a layer with several calls has its own name in both
        if n.split(':')[0] in present and n.split(':')[0] not in [l.name for l in every]: continue
        same = [l.name for l, y in zip(every, answers) if y.shape[1:] == values[n].shape and np.abs(y[0] - values[n]).max() < 1e-3 * np.abs(values[n]).max()]
        # numbered names, such as re_lu_9, may be those of other layers; layers of models inside have names of their own
        if n not in same and (same or n not in present): found[k] = same[-1]
    return {} if found == layers else found


def make(row):
    with shared.policy(keras, 'float64'): weights, arrays, shapes, classes, layers, values = exact(row)
    outputs, keras2 = arrays['outputs'], {}
    with tempfile.TemporaryDirectory(dir=HERE, prefix='.writing') as folder:
        for K in (keras, tf_keras) if any(e.startswith('k2') for e in row.files) else (keras,):
            model = built(K, row, weights)
            off = np.abs(np.asarray(model(prepared(row, 'f4'), training=False), 'f8')[0] - outputs).max() / max(1, np.abs(outputs).max())
            assert off < 1e-4, f'{row.name}: {K.__name__} is off by {off}'
            if K is keras: noise, logits_noise = float32_noise(row, model, arrays, classes, layers)
            else: keras2 = names_in_keras2(model, row, layers, values)
            write(row, K, model, folder)
        files = [f'{row.name}.{ending}' for ending in row.files]
        archive.pack(row.name, folder, files)
        np.savez(f'{folder}/golden.npz', **arrays)
        os.replace(f'{folder}/golden.npz', f'{HERE}/golden/{row.name}.npz')
    entry = {'name': row.name, 'family': row.family, 'files': files, 'picture': pictures.name(row.size), 'input': list(row.size), 'channels': row.channels,
             'pixels_outside': row.outside, 'output': row.output, 'output_from': row.origin, 'units': outputs.size, 'classes': [int(c) for c in classes],
             'layers': layers, **({'layers_keras2': keras2} if keras2 else {}), 'shapes': shapes, 'golden': f'golden/{row.name}.npz', 'noise': {k: float(f'{v:.1e}') for k, v in noise.items()}, 'notes': row.notes}
    sizes = [os.path.getsize(f) // 1000 for f in (archive.path(row.name), f'{HERE}/golden/{row.name}.npz')]
    print(f'logits {logits_noise:.0e} noise {[f"{v:.0e}" for v in noise.values()]} {sizes} kB', flush=True)
    return entry


def main(wanted):
    golden.float64_everywhere()
    upsampling_in_float64()
    for folder in ('files', 'golden', 'pictures'): os.makedirs(f'{HERE}/{folder}', exist_ok=True)
    names = [r.name for r in table.ROWS]
    assert len(set(names)) == len(names) and set(wanted) <= set(names), set(wanted) - set(names)
    for size in {r.size for r in table.ROWS}: pictures.save(size)
    listing = f'{HERE}/classifiers.json'
    failed = []
    for row in table.ROWS if not wanted else [r for name in wanted for r in table.ROWS if r.name == name]:
        try: made = make(row)
        except Exception:
            failed.append(row.name)
            print(f'{row.name} FAILED: {traceback.format_exc()[-1800:]}', flush=True)
            continue
        entries = {e['name']: e for e in (json.load(open(listing)) if os.path.exists(listing) else [])} | {row.name: made}
        shared.save_json(listing, [entries[n] for n in names if n in entries])
    if failed: sys.exit(f'failed: {failed}')


def check():
    """whether the listing is that of the table, and each file what its Keras reads"""
    listed = {e['name']: e['files'] for e in json.load(open(f'{HERE}/classifiers.json'))}
    table_ = {r.name: [f'{r.name}.{ending}' for ending in r.files] for r in table.ROWS}
    differ = [n for n in listed | table_ if listed.get(n) != table_.get(n)]
    if differ: print(f'other files than in the table: {differ}')
    good = [subprocess.run([sys.executable, f'{HERE}/check_files.py', K]).returncode == 0 for K in ('keras', 'tf_keras')]
    sys.exit(not all(good) or bool(differ))


if __name__ == '__main__':
    check() if sys.argv[1:] == ['--check'] else main(sys.argv[1:])
