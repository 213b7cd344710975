"""Weights for a Keras 3 model: by seed, then layer by layer so that signals stay alive; few bits, so that archives compress.

Half of the units of a ReLU are mostly on, the others mostly off; gates are neither open nor shut, probabilities moderate. Plain
noise would not do: where every unit is on in half of its cells, each pair of BatchNormalization and ReLU makes rounding errors
grow by a fifth.
"""
import numpy as np
import keras
import golden
from seeded import short, uniform


def rounded(a, levels):
    return np.round(a * levels) / levels


def at_centre(shape):
    at = np.zeros((*shape[:2], 1, 1))
    at += .2
    at[(shape[0] - 1) // 2, (shape[1] - 1) // 2] = .6
    return at


def seed(row, path, layer):
    values = []
    for w in layer.weights:
        kind, key = w.name.split('/')[-1], f'{row.name}/{path}/{w.name}'
        u = uniform(key, tuple(w.shape))
        if kind.endswith('kernel'):
            alone = 'depthwise' in kind or type(layer).__name__ == 'DepthwiseConv2D' or u.ndim == 4 and getattr(layer, 'groups', 1) == w.shape[-1] > 1
            if alone: u = .3 * u + np.sign(uniform(key + '/sign', w.shape[2:])) * at_centre(w.shape)
            elif u.ndim == 4 and u.shape[0] * u.shape[1] > 1: u = .5 * u + .5 * uniform(key + '/smooth', (1, 1, *w.shape[2:]))
            # inputs are mostly behind a ReLU, so that sums of one sign would drown what differs from place to place
            if not alone and u.shape[-2] > 2: u = u - u.mean(-2, keepdims=True)
            fan = np.prod(w.shape[:2]) if alone else np.prod(w.shape[:-1])
            u = rounded(u, 8) * 2. ** np.round(np.log2(2 * np.sqrt(3 / fan)))
        elif kind == 'gamma' and type(layer).__name__ == 'LayerScale': u = .5 + .2 * u
        elif kind == 'gamma': u = (1 + .2 * u) * row.gain
        elif kind in ('beta', 'bias'): u = .3 * u * row.gain
        elif kind == 'alpha': u = .25 + .15 * u
        elif kind in ('moving_variance', 'variance'): u = 1 + .3 * u
        elif kind == 'count': u = u * 0 + 10
        values.append(np.float32(short(u)))
    layer.set_weights(values)


def targets(key, n, spread):
    """values of which every other one is positive, none near zero"""
    u = uniform(key, (n,))
    sign = np.where((np.arange(n) + (uniform(key + '/sign')[()] > 0)) % 2, 1, -1)
    return sign * (.75 + .5 * u) * spread


def calibrate(model, row, x):
    layers = dict(golden.weighted(model))
    for path, layer in layers.items(): seed(row, path, layer)
    order = []

    def note(path, layer, call, a, k):
        order.append(path)
        return call(*a, **k)

    with golden.wrapped(layers, note): model(x, training=False)
    final, fitted = order[-1], set()

    def fit(path, layer, call, a, k):
        # a layer that is called again keeps what its first call needs
        if path in fitted: return call(*a, **k)
        fitted.add(path)
        kind, key = type(layer).__name__, f'{row.name}/{path}'
        inputs = np.asarray(a[0], 'f8')
        axes = tuple(range(inputs.ndim - 1))
        n = inputs.shape[-1]
        if kind == 'BatchNormalization':
            if inputs.size > n: mean, variance = inputs.mean(axes), inputs.var(axes)
            else: mean, variance = inputs.reshape(n) - targets(key + '/t', n, 1) * inputs.std(), np.full(n, inputs.var())
            # channels that hardly vary would be blown up, and rounding with them
            if inputs.size > n: variance = np.maximum(np.maximum(variance, .3 * mean ** 2), max(.5 * variance.mean(), 1e-3))
            if inputs.size > n: mean = mean - targets(key + '/t', n, row.firm) * np.sqrt(variance)
            layer.moving_mean.assign(np.float32(short(mean)))
            layer.moving_variance.assign(np.float32(short(variance * (1 + .3 * uniform(key + '/v', (n,))))))
        elif kind == 'Normalization' and layer.weights:
            layer.set_weights([np.float32(short(inputs.mean(axes))), np.float32(short(inputs.var(axes))), layer.get_weights()[2]])
            layer.finalize_state()
        elif hasattr(layer, 'use_bias') and (layer.use_bias or path == final or inputs.ndim == 2):
            activation = getattr(layer, 'activation', None)
            if activation is not None: layer.activation = keras.activations.linear
            y = np.asarray(call(*a, **k), 'f8')
            vector = y.size == y.shape[-1]
            weights = layer.get_weights()
            at = 1 if kind == 'SeparableConv2D' else 0
            if layer.use_bias: y = y - np.float64(weights[-1])
            size = np.abs(y).mean() if vector and y.size < 6 else y.std()
            scale = short((2 if path == final else .3 if vector and y.ndim == 4 else 1) / max(size, 1e-3))
            weights[at] = np.float32(weights[at] * scale)
            if layer.use_bias:
                spread = 1 if path == final or y.ndim == 2 else .4
                t = targets(key + '/t', y.shape[-1], spread)
                weights[-1] = np.float32(short(t - (y * scale).mean(tuple(range(y.ndim - 1)))))
            layer.set_weights(weights)
            if activation is not None: layer.activation = activation
        return call(*a, **k)

    with golden.wrapped(layers, fit): model(x, training=False)
    return golden.get_weights(model)
