"""Weights for a Keras 3 model by seeds and by calibration, and its signed Grad-CAM maps; TensorFlow backend.

Everything works on the model itself, nested or not: calls of its layers are wrapped, never rebuilt.
"""
import contextlib, sys
import numpy as np
import keras, tensorflow as tf
from seeded import short, uniform


def float64_everywhere():
    """Keras 3 takes float64 for float32 where it promotes types (BatchNormalization, mean, max ...): undo that"""
    from keras.src.backend.common import dtypes
    original = dtypes.result_type

    def result_type(*args):
        if any(a is not None and not isinstance(a, type) and keras.backend.standardize_dtype(a) == 'float64' for a in args): return 'float64'
        return original(*args)

    for module in list(sys.modules.values()):
        if getattr(module, '__name__', '').startswith('keras.src') and getattr(module, 'result_type', None) is original:
            module.result_type = result_type

    # a Rescaling casts its numbers through float32, which networks of many layers magnify
    def rescaled(layer, inputs):
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        return inputs * np.asarray(layer.scale, dtype) + np.asarray(layer.offset, dtype)

    # and so does a Normalization with mean and variance in its configuration
    adapted = keras.layers.Normalization.call

    def normalised(layer, inputs):
        if layer.input_mean is None: return adapted(layer, inputs)
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        mean, variance = (np.asarray(v, dtype) for v in (layer.input_mean, layer.input_variance))
        return (inputs - mean) / np.maximum(np.sqrt(variance), np.asarray(1e-7, dtype))

    keras.layers.Rescaling.call = rescaled
    keras.layers.Normalization.call = normalised


def leaves(model, path=''):
    """(path, layer) of all layers that are no models; the path names the models between"""
    for layer in model.layers:
        if hasattr(layer, 'layers'): yield from leaves(layer, f'{path}{layer.name}/')
        else: yield path + layer.name, layer


def has_state_only(layer):
    return type(layer).__name__.startswith(('Random', 'Gaussian', 'SpatialDropout', 'Dropout'))


def weighted(model):
    return [(path, layer) for path, layer in leaves(model) if layer.weights and not has_state_only(layer)]


def named(model):
    """layers by the name they go by: their own if unique, else with the model's before it"""
    all_ = list(leaves(model))
    names = [path.split('/')[-1] for path, _ in all_]
    out = {}
    for path, layer in all_:
        parts = path.split('/')
        key = parts[-1] if names.count(parts[-1]) == 1 else '/'.join(parts[-2:]) if len(parts) > 1 else f'{model.name}/{parts[-1]}'
        assert key not in out, key
        out[key] = layer
    return out


def get_weights(model):
    return {f'{path}#{i}': np.asarray(w) for path, layer in weighted(model) for i, w in enumerate(layer.get_weights())}


def set_weights(model, weights):
    used = set()
    for path, layer in weighted(model):
        keys = [f'{path}#{i}' for i in range(len(layer.weights))]
        layer.set_weights([weights[k] for k in keys])
        if hasattr(layer, 'finalize_state'): layer.finalize_state()
        used.update(keys)
    assert used == set(weights), set(weights) ^ used


@contextlib.contextmanager
def wrapped(layers, around):
    """`around(name, layer, call, args, kwargs)` in the place of each layer's call"""
    originals = [(layer, layer.call) for layer in layers.values()]
    for name, layer in layers.items():
        layer.call = (lambda name, layer, call: lambda *a, **k: around(name, layer, call, a, k))(name, layer, layer.call)
    try: yield
    finally:
        for layer, call in originals: layer.call = call


def final_layer(model, index=0):
    layer = model.layers[-1] if isinstance(model, keras.Sequential) else model.outputs[index]._keras_history.operation
    return final_layer(layer) if hasattr(layer, 'layers') else layer


# --- calibration ---

def seed(row, path, layer):
    values = []
    for w in layer.weights:
        kind, key = w.name.split('/')[-1], f'{row.name}/{path}/{w.name}'
        u = uniform(key, tuple(w.shape))
        if kind.endswith('kernel'):
            fan = np.prod(w.shape[:2]) if 'depthwise' in kind or type(layer).__name__ == 'DepthwiseConv2D' else np.prod(w.shape[:-1])
            gain = 1 if kind == 'depthwise_kernel' else 2.0 ** (2 * uniform(key + '/gain')[()])
            u = u * gain * np.sqrt(3 / fan)
        elif kind == 'gamma': u = 1 + .2 * u
        elif kind in ('beta', 'bias'): u = .3 * u
        elif kind == 'alpha': u = .25 + .15 * u
        elif kind in ('moving_variance', 'variance'): u = 1 + .3 * u
        elif kind == 'count': u = u * 0 + 10
        values.append(np.float32(u))
    layer.set_weights(values)


def targets(key, n, spread):
    """values of which every other one is positive, none near zero"""
    u = uniform(key, (n,))
    sign = np.where((np.arange(n) + (uniform(key + '/sign')[()] > 0)) % 2, 1, -1)
    return sign * (.75 + .5 * u) * spread


def calibrate(model, row, x):
    """seeded weights, then layer by layer what keeps signals alive: half of the units on, outputs moderate"""
    for path, layer in weighted(model): seed(row, path, layer)
    layers = dict(weighted(model))
    order = []

    def note(path, layer, call, a, k):
        order.append(path)
        return call(*a, **k)

    with wrapped(layers, note): model(x, training=False)
    final = {order[-1]} if not row.final else {p for p in order if p.split('/')[-1] in row.final}

    def fit(path, layer, call, a, k):
        kind, key = type(layer).__name__, f'{row.name}/{path}'
        inputs = np.asarray(a[0], 'f8')
        axes = tuple(range(inputs.ndim - 1))
        if kind == 'BatchNormalization':
            n = inputs.shape[-1]
            if inputs.ndim == 4 and inputs.shape[1] * inputs.shape[2] > 1:
                mean, variance = inputs.mean(axes), np.maximum(inputs.var(axes), 1e-4)
                if path in final: mean = mean - targets(key + '/t', n, 1) * np.sqrt(variance)
                mean += .1 * np.sqrt(variance) * uniform(key + '/m', (n,))
            else:
                variance = np.full(n, max(inputs.var(), 1e-3))
                mean = inputs.reshape(-1, n)[0] - targets(key + '/t', n, row.spread) * np.sqrt(variance)
            layer.moving_mean.assign(np.float32(short(mean)))
            layer.moving_variance.assign(np.float32(short(variance * (1 + .3 * uniform(key + '/v', (n,))))))
        elif kind == 'Normalization':
            weights = [np.float32(short(inputs.mean(axes))), np.float32(short(inputs.var(axes))), layer.get_weights()[2]]
            layer.set_weights(weights)
            layer.finalize_state()
        elif hasattr(layer, 'use_bias') and (layer.use_bias or path in final or inputs.ndim == 2):
            activation = getattr(layer, 'activation', None)
            if activation is not None: layer.activation = keras.activations.linear
            y = np.asarray(call(*a, **k), 'f8')
            scale = short((2 if path in final else 1) / max(y.std() if y.ndim == 4 or y.size > 6 else np.abs(y).mean(), 1e-3))
            at = 1 if kind == 'SeparableConv2D' else 0
            weights = layer.get_weights()
            weights[at] = np.float32(weights[at] * scale)
            if layer.use_bias:
                y = y - np.float64(weights[-1])
                t = targets(key + '/t', y.shape[-1], 1 if path in final else row.spread * (1 if y.ndim == 2 else .4))
                if path in final and row.output == 'values' and 'relu' in row.name: t = np.abs(t)
                weights[-1] = np.float32(short(t - (y * scale).mean(tuple(range(y.ndim - 1)))))
            layer.set_weights(weights)
            if activation is not None: layer.activation = activation
        return call(*a, **k)

    with wrapped(layers, fit): model(x, training=False)
    return get_weights(model)


# --- maps ---

class Probe:
    """scores of a model and their gradients at some layers"""

    def __init__(self, model, row, names, x):
        self.model, self.row, self.x, self.names = model, row, x, list(dict.fromkeys(names))
        found = named(model)
        self.layers = {n: found[n] for n in self.names}
        self.final = final_layer(model, row.index)
        self.shapes = {n: (a.shape, a.dtype) for n, a in self.run({})[1].items()}

    def run(self, added):
        seen = {}

        def around(name, layer, call, a, k):
            y = call(*a, **k)
            if name in added: y = y + added[name]
            assert name not in seen, f'{name} called twice'
            seen[name] = y
            return y

        with wrapped(self.layers, around): y = self.model(self.x, training=False)
        y = y[self.row.index] if isinstance(y, (list, tuple)) else y
        return y, seen

    @contextlib.contextmanager
    def linear(self):
        """the last softmax or sigmoid left out"""
        f = self.final
        if type(f).__name__ == 'Softmax':
            with wrapped({'': f}, lambda name, layer, call, a, k: a[0]): yield
        elif getattr(f, 'activation', None) is not None and f.activation.__name__ in ('softmax', 'sigmoid'):
            activation, f.activation = f.activation, keras.activations.linear
            try: yield
            finally: f.activation = activation
        else: yield

    def means(self, y):
        """what the model's answer means: probabilities, if its last layer leaves them to the reader"""
        raw = getattr(getattr(self.final, 'activation', None), '__name__', '') not in ('softmax', 'sigmoid') and type(self.final).__name__ != 'Softmax'
        if raw and self.row.output == 'softmax': return tf.nn.softmax(y)
        if raw and self.row.output == 'sigmoid': return tf.nn.sigmoid(y)
        return y

    def zeros(self):
        return {n: tf.zeros(*s) for n, s in self.shapes.items()}

    def scores(self, kind, added):
        if kind == 'logit':
            with self.linear(): return self.run(added)
        y, seen = self.run(added)
        return self.means(y) if kind == 'output' else y, seen

    def gradients(self, kind, classes):
        """scores [n], activations by layer, gradients by class and layer"""
        added = self.zeros()
        with tf.GradientTape(persistent=True) as tape:
            for z in added.values(): tape.watch(z)
            y, seen = self.scores(kind, added)
            columns = {c: y[0, c] for c in classes}
        gradients = {c: {n: g.numpy()[0] for n, g in tape.gradient(s, added).items()} for c, s in columns.items()}
        return y.numpy()[0], {n: a.numpy()[0] for n, a in seen.items()}, gradients

    def check(self, kind, c, gradients, eps=1e-6):
        """central differences along a seeded direction, against the gradients; float64 only"""
        worst = 0
        for n, (s, _) in self.shapes.items():
            d = uniform(f'direction/{n}', tuple(s))
            value = lambda sign: float(self.scores(kind, {n: tf.constant(sign * eps * d)})[0][0, c])
            found, expected = (value(1) - value(-1)) / (2 * eps), float((gradients[c][n] * d[0]).sum())
            size = np.sqrt((gradients[c][n] ** 2).sum()) + 1e-9
            worst = max(worst, abs(found - expected) / size)
        return worst


def maps(activation, gradient):
    return activation @ gradient.mean((0, 1)), (activation * gradient).sum(-1)
