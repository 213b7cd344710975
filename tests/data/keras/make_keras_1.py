"""Whole models of Keras 1.2.2 with the weights of rows that are here, by real Keras 1.2.2 on the graph mode of TensorFlow 2.

    pip download keras==1.2.2 --no-deps --no-binary :all: && tar xzf Keras-1.2.2.tar.gz && pip install -r requirements.txt pyyaml six
    python make_keras_1.py Keras-1.2.2          writes NAME.k1.h5 and names it in networks.json

Keras 1 has one answer to compare here, its own `predict`; the maps are those of the row.
"""
import collections, collections.abc, inspect, json, os, re, sys, tempfile, types
sys.dont_write_bytecode = True
os.environ.update(TF_CPP_MIN_LOG_LEVEL='3', TF_ENABLE_ONEDNN_OPTS='0', CUDA_VISIBLE_DEVICES='', KERAS_BACKEND='tensorflow',
                  HOME=tempfile.mkdtemp())  # Keras 1 writes its settings there
import numpy as np
import tensorflow, tf_keras
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = ['inline_drop_softmax', 'sequential_hidden']


def weights_of(file):
    """the weights of all layers that have any"""
    model = tf_keras.models.load_model(f'{HERE}/{file}', compile=False)
    return {layer.name: layer.get_weights() for layer in leaves(model)}


def keras_1(source):
    """the module, with what it needs of an old Python, NumPy and TensorFlow"""
    old = tensorflow.compat.v1
    old.disable_v2_behavior()
    inspect.getargspec = lambda f: types.SimpleNamespace(args=(s := inspect.getfullargspec(f)).args, varargs=s.varargs, keywords=s.varkw, defaults=s.defaults)
    collections.Iterable = collections.abc.Iterable

    class TensorFlow(types.ModuleType):
        __path__, __version__ = tensorflow.__path__, '1.0'
        def __getattr__(self, name): return getattr(old, name)

    for name in [m for m in sys.modules if m == 'keras' or m.startswith('keras.')]: del sys.modules[name]
    sys.modules['tensorflow'] = TensorFlow('tensorflow')
    sys.path.insert(0, source)
    import keras
    assert keras.__version__ == '1.2.2'
    return keras


def as_keras_2(keras):
    """its layers with the arguments of Keras 2, as far as rows.py uses them"""
    L, M = keras.layers, keras.models

    def renamed(make, **names):
        def layer(*args, **given): return make(*args, **{names.get(k, k): v for k, v in given.items() if v is not None})
        return layer

    def conv(make): return lambda width, kernel, **k: renamed(make, padding='border_mode', strides='subsample', use_bias='bias')(width, *kernel, **k)

    layers = types.SimpleNamespace(
        Conv2D=conv(L.Convolution2D), SeparableConv2D=conv(L.SeparableConvolution2D), MaxPooling2D=renamed(L.MaxPooling2D, padding='border_mode'),
        BatchNormalization=renamed(L.BatchNormalization), Activation=renamed(L.Activation), Dense=renamed(L.Dense), Dropout=L.Dropout,
        GlobalAveragePooling2D=renamed(L.GlobalAveragePooling2D), add=lambda tensors, name=None: L.merge(tensors, mode='sum', name=name))
    return types.SimpleNamespace(__name__='keras1', layers=layers, Input=lambda shape: L.Input(shape=shape), Model=lambda i, o, name=None: M.Model(i, o, name=name),
                                 Sequential=lambda layers, name=None: M.Sequential(layers, name=name))


def leaves(model):
    for layer in model.layers:
        if hasattr(layer, 'layers'): yield from leaves(layer)
        elif layer.weights: yield layer


def counted(names):
    """names by what does not depend on a version: automatic ones by their kind and how many of it come before"""
    found, kinds = {}, {}
    for name in sorted(names, key=lambda n: int((re.findall(r'_(\d+)$', n) or [0])[0])):
        kind = re.sub(r'_\d+$', '', name).replace('batch_n', 'batchn').replace('convolution', 'conv')
        kinds[kind] = kinds.get(kind, -1) + 1
        found[name] = name if name.startswith('block') else (kind, kinds[kind])
    return found


def main(source):
    table = f'{HERE}/networks.json'
    entries = json.load(open(table))
    mine = [e for e in entries if e['name'] in ROWS]
    weights = {e['name']: weights_of(next(f for f in e['files'] if '.k2.' in f)) for e in mine}
    keras = keras_1(source)
    import rows
    for entry in mine:
        keras.backend.clear_session()
        row = next(r for r in rows.ROWS if r.name == entry['name'])
        model = row.build(as_keras_2(keras), row)
        layers = {layer.name: layer for layer in leaves(model)}
        theirs = {key: weights[row.name][name] for name, key in counted(weights[row.name]).items()}
        mine_by_key = counted(layers)
        assert set(mine_by_key.values()) == set(theirs)
        for name, key in mine_by_key.items(): layers[name].set_weights(theirs[key])
        x = np.asarray(Image.open(f'{HERE}/{entry["picture"]}'))[None].astype('f4') / 127.5 - 1
        golden, found = np.load(f'{HERE}/{entry["golden"]}')['outputs'], model.predict(x)[0]
        print(row.name, np.abs(found - golden).max())
        assert np.abs(found - golden).max() < 1e-5
        name = f'{row.name}.k1.h5'
        model.save(f'{HERE}/{name}')
        entry['files'] = [f for f in entry['files'] if f != name] + [name]
    with open(table, 'w') as f: f.write('[\n' + ',\n'.join(json.dumps(e) for e in entries) + '\n]\n')


main(sys.argv[1])
