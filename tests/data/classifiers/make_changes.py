"""What real Keras answers to changed descriptions of the networks here: changed.json. As ../keras/make_changed.py, with the layers
of keras.applications and of people's own networks, and every setting of every layer class instead of a draw alone.

    python make_changes.py                                  changed.json: the table that the tests hold the program to
    python make_changes.py OUT.json SEED COUNT [NAME ...]   a wider hunt: COUNT drawn changes a file, with Keras' reasons
    python make_changes.py OUT.json                         a hunt: all settings of all classes, with Keras' reasons
    python make_changes.py OUT.json - < LINES               answers to the changes of such a table, one a line
"""
import io, json, os, random, sys, zipfile
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, '..', 'keras')]
import make_changed as shared
import numpy as np
import archive, changes, pictures
from changes import add, escaped, replace

SEED, DRAWN, SETTINGS = 1, 8, 1000
FILES = """own_merges own_merges.k2 own_hourglass own_hourglass.k2 own_bilinear own_bilinear.k2 own_grouped own_grouped.k2 own_dilated own_inception
    own_normalized own_normalized.k2 own_squeeze_and_excite own_squeeze_and_excite.k2 own_leaky own_leaky.k2 own_preactivated own_shared own_shared.k2
    own_flowers own_from_scratch own_cats_and_dogs.k2 own_lenet mobilenetv3small convnexttiny efficientnetb0_sequential inceptionresnetv2""".split()
OWN = [f for f in FILES if f.startswith('own')]     # small ones, in which all classes of layers are
BORDERS = [0, 1, 2, [1, 2], [[1, 0], [0, 1]], [[0, 2], [1, 1]], [[1, 2], [3]], [1], [[1, 1], [1, 1], [1, 1]], -1, [[0, -1], [0, 0]], None, 'same', [1.5, 1], '1',
           [[20, 30], [0, 0]], 100, True, [], [[], []], [[1], [1]]]
FLAGS = [True, False, None, 0, 1, 'false']
ACTIVATIONS = changes.ACTIVATIONS + [{'class_name': 'ReLU', 'config': {'max_value': 2.}}, {'module': 'keras.layers', 'class_name': 'LeakyReLU', 'config': {'negative_slope': .2}, 'registered_name': None},
                                     {'module': 'builtins', 'class_name': 'function', 'config': 'tanh', 'registered_name': 'function'}, 3, '', 'threshold', 'log_sigmoid', 'hard_shrink', 'soft_shrink', 'sparse_plus', 'silu ', 'RELU']
SETTING = {
    'kernel_size': [[1, 1], [3, 3], [5, 5], 3, 1, [2, 3], [1], [0, 1], [3, 3, 3], None, '3', 2.0, -1],
    'strides': [[1, 1], [2, 2], 1, 2, 3, [1, 2], [3, 1], 0, [2], None, [2, 2, 2], -1, '2', 1.0],
    'dilation_rate': [[1, 1], [2, 2], 2, [1, 2], None, 0, [2], -1],
    'padding': ['same', 'valid', 'SAME', 'Valid', 'causal', 'full', 1, None, ''], 'cropping': BORDERS,
    'size': [1, 2, 3, [1, 3], [2], 0, -1, None, [2, 2, 2], 2.0, '2', [2, 1]],
    'interpolation': ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'Bilinear', 'area', None, '', 1],
    'pool_size': [1, 2, 3, [1, 2], [3, 2], [2], None, 0, [2, 2, 2], -1, 2.0],
    'data_format': ['channels_last', 'channels_first', None, 'Channels_Last', 'NHWC', 1], 'groups': [1, 2, 3, 4, None, 0, -1, True],
    'depth_multiplier': [1, 2, 3, None, 0, 1.0], 'activation': ACTIVATIONS,
    'axis': [-1, 1, 2, 3, 0, -2, [-1], [3], [1], [1, 2], [1, 2, 3], [-1, -2], None, 4, -3, 3.0, '3'],
    'epsilon': [1e-5, .1, 0, -1, 2, None, 'x', True, 1], 'momentum': [.5, None, 2, 'x', True], 'rms_scaling': FLAGS, 'renorm': FLAGS, 'center': FLAGS, 'scale': FLAGS, 'use_bias': FLAGS,
    'max_value': [None, 1, 6, 0, -1, '6', True, .25], 'negative_slope': [0, .1, -.1, 1, None, 2, True], 'threshold': [0, .5, -1, None, True, 3], 'alpha': [0, .1, -1, None, 1, 2, True, [.1]],
    'offset': [.5, [.1, .2, .3], [-1], [1, 2], None, True], 'mean': [0, .5, [.1, .2, .3], [.1], [1, 2], None, [[.1, .2, .3]], True], 'variance': [1, 0, [.1, .2, .3], [.5], [1, 2], -1, None, [2., -1., 0]],
    'invert': FLAGS, 'keepdims': FLAGS, 'target_shape': [[-1], [1, 1, -1], [-1, 1], [2, -1], [1, -1], [1, -1, 1], [-1, 2, 2], [], None, 4], 'dims': [[1, 2, 3], [2, 1, 3], [3, 2, 1], [1, 2], [0, 1, 2], [1, 2, 3, 4], [1, 1, 2], None],
    'shared_axes': [None, [1], [2], [3], [1, 2], [1, 2, 3], [2, 1], [-1], 1, [], [1, 1], [4]], 'rate': [0, 1, -1, 1.5, None, 'x', True, .3], 'dtype': changes.POLICIES + [None, 3, {'class_name': 'DTypePolicy', 'config': {'name': 'mixed_bfloat16'}}],
    'trainable': [False, None, 1], 'supports_masking': [False], 'synchronized': [True, None], 'drop_path_rate': [.5, 0, None], 'init_values': [1, None, 'x'], 'projection_dim': [1, 2, None], 'noise_shape': [[1], None],
}
RESCALING = {'scale': [.01, [.1, .2, .3], [1], [1, 2], 0, True, None, [[.1, .2, .3]], 'x', -1], }
FAMILIES = [['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Dot', 'Dropout'],
            ['MaxPooling2D', 'AveragePooling2D', 'MaxPool2D', 'AvgPool2D', 'GlobalMaxPooling2D', 'GlobalAveragePooling2D', 'GlobalMaxPool2D', 'GlobalAvgPool2D', 'MaxPooling1D', 'UpSampling2D', 'Flatten', 'Identity', 'AdaptiveAveragePooling2D'],
            ['ReLU', 'LeakyReLU', 'ELU', 'PReLU', 'Softmax', 'ThresholdedReLU', 'Activation', 'Identity', 'Dropout', 'SpatialDropout2D', 'GaussianNoise', 'AlphaDropout', 'ActivityRegularization'],
            ['BatchNormalization', 'LayerNormalization', 'UnitNormalization', 'GroupNormalization', 'Rescaling', 'Normalization', 'SyncBatchNormalization', 'RMSNormalization', 'BatchNormalizationV1', 'LayerScale'],
            ['ZeroPadding2D', 'Cropping2D', 'UpSampling2D', 'ZeroPadding1D', 'Permute', 'Reshape', 'Flatten'], ['Conv2D', 'Convolution2D', 'Conv2DTranspose', 'DepthwiseConv2D', 'SeparableConv2D', 'SeparableConvolution2D', 'Dense', 'Conv1D', 'Deconvolution2D']]
KEYWORDS = [('training', True), ('training', False), ('mask', None), ('mask', True), ('anything', 2), ('axis', 1), ('y', 2.0), ('alpha', .1)]


def original(file):
    """the members of a .keras file"""
    with zipfile.ZipFile(io.BytesIO(archive.members(file.split('.')[0])[file])) as z: return {n: z.read(n) for n in z.namelist()}


KEPT = {}


def members(file):
    if file not in KEPT: KEPT[file] = original(file)
    return KEPT[file]


def write(path, file, config):
    with zipfile.ZipFile(path, 'w') as new:
        for name, data in members(file).items(): new.writestr(name, json.dumps(config) if name == 'config.json' else data)


def picture(entry, height, width):
    """the row's picture, again and again where more is wanted"""
    x = pictures.pixels(entry['input'], entry['channels'])
    x = x[np.arange(height) % x.shape[0]][:, np.arange(width) % x.shape[1]][None]
    return pictures.outside(x, entry['pixels_outside']).astype('f4')


shared.write, shared.picture, shared.description = write, picture, lambda file: json.loads(members(file)['config.json'])


def settings_of(path, layer):
    """every change of one layer that may tell"""
    kind, config = layer['class_name'], layer['config']
    known = dict(SETTING)
    if kind == 'Rescaling': known |= RESCALING
    if kind == 'ZeroPadding2D': known['padding'] = BORDERS
    if kind == 'CustomScaleLayer': known['scale'] = [.5, 0, -1, None, True, 'x', [.1]]
    for key, value in config.items():
        here = f'{path}/config/{escaped(key)}'
        for other in known.get(key, []): yield [replace(here, other)]
        if key not in known and isinstance(value, (int, float)) and not isinstance(value, bool):
            for other in (value + 1, value - 1, float(value), str(value), 0, None, -1): yield [replace(here, other)]
        if not key.endswith(('_initializer', '_regularizer', '_constraint')): yield [{'op': 'remove', 'path': here}]
    for key, value in changes.UNKNOWN + [('interpolation', 'bilinear'), ('dilation_rate', 2), ('strides', 2), ('data_format', 'channels_first'), ('keepdims', True), ('antialias', True), ('align_corners', True), ('ceil_mode', True), ('count_include_pad', True)]:
        if key not in config: yield [add(f'{path}/config/{key}', value)]
    for family in FAMILIES:
        if kind in family:
            for other in family:
                patch = [replace(f'{path}/class_name', other)]
                if layer.get('registered_name'): patch.append(replace(f'{path}/registered_name', other))
                if other != kind: yield patch
    for other in ('mine', 'keras', 'keras.src.ops.numpy', 'keras.src.layers', None):
        if 'module' in layer: yield [replace(f'{path}/module', other)]
    calls = layer.get('inbound_nodes') or []
    if not calls: return
    at = f'{path}/inbound_nodes/0'
    if isinstance(calls[0], dict):
        args = calls[0]['args']
        for key, word in KEYWORDS: yield [add(f'{at}/kwargs/{key}', word)]
        for value in (None, 1, .5, True, [1, 2, 3]): yield [add(f'{at}/args/{len(args)}', value)]
        yield [add(f'{at}/args/0', 2.0)]
        if args and isinstance(args[0], list):
            yield [{'op': 'move', 'from': f'{at}/args/0/0', 'path': f'{at}/args/0/1'}]
            yield [{'op': 'remove', 'path': f'{at}/args/0/1'}]
            yield [{'op': 'copy', 'from': f'{at}/args/0/0', 'path': f'{at}/args/0/0'}]
            yield [{'op': 'copy', 'from': f'{at}/args/0/1', 'path': f'{at}/args/1'}]
            for value in (2.0, None): yield [add(f'{at}/args/0/2', value)]
        elif len(args) > 1:
            yield [{'op': 'move', 'from': f'{at}/args/0', 'path': f'{at}/args/1'}]
            for value in (2.0, 0, -1, [1., 2.], None, True, '3'): yield [replace(f'{at}/args/1', value)]
    else:
        first = calls[0][0]
        inside = f'{at}/0/3' if isinstance(first, list) else f'{at}/3'
        for key, word in KEYWORDS: yield [add(f'{inside}/{key}', word)]
        if isinstance(first, list) and len(calls[0]) > 1:
            yield [{'op': 'move', 'from': f'{at}/0', 'path': f'{at}/1'}]
            yield [{'op': 'remove', 'path': f'{at}/1'}]
            yield [{'op': 'copy', 'from': f'{at}/0', 'path': f'{at}/0'}]
    yield [{'op': 'copy', 'from': at, 'path': at}]
    yield [{'op': 'copy', 'from': at, 'path': f'{path}/inbound_nodes/{len(calls)}'}]


def settings(most):
    """each change once for a class and a dialect, where it first occurs; shuffled, and the first of them"""
    found = {}
    for name in OWN:
        file = f'{name}.keras'
        for path, _, layer in changes.places(shared.description(file)):
            is_layer = isinstance(layer, dict) and 'class_name' in layer and isinstance(layer.get('config'), dict) and path.split('/')[-2:-1] == ['layers'] and 'layers' not in layer['config']
            if not is_layer or layer['class_name'] == 'InputLayer': continue
            for patch in settings_of(path, layer):
                key = ('.k2.' in file, layer['class_name'], json.dumps(patch).replace(path, ''))
                found.setdefault(key, {'file': file, 'patch': patch})
    cases = list(found.values())
    random.Random('settings').shuffle(cases)
    return cases[:most]


def drawn(seed, count, names):
    changes.CHOICES |= {k: v for k, v in SETTING.items() if k not in ('scale',)}
    changes.CHOICES['class_name'] = sorted({k for family in FAMILIES for k in family})
    return shared.drawn(seed, count, names)


def main(cases, out, reasons):
    shared.main(cases, out, reasons, f'{HERE}/classifiers.json', limits=['equal length strides'])


if __name__ == '__main__':
    if len(sys.argv) == 1: main(settings(SETTINGS) + drawn(SEED, DRAWN, FILES), f'{HERE}/changed.json', reasons=False)
    elif len(sys.argv) == 2: main(settings(None), sys.argv[1], reasons=True)
    elif sys.argv[2] == '-': main(map(json.loads, sys.stdin), sys.argv[1], reasons=True)
    else: main(drawn(sys.argv[2], int(sys.argv[3]), sys.argv[4:] or FILES), sys.argv[1], reasons=True)
