"""Files that are not to be shown, with the words a good refusal names: refused/ and refused.json.

    python make_refused.py
"""
import json, os, sys, tempfile, zipfile
sys.dont_write_bytecode = True
import make_networks
import h5py, keras, numpy as np, tf_keras
import seeded
from rows import Row, base, dense, gap, nested, xception

HERE = make_networks.HERE
SAVED = []


def case(file, about, build, save=None, K=None, notes=''):
    SAVED.append((file, about, build, save, K or (tf_keras if '.k2' in file else keras), notes))


ROW = Row('refused', [], None)
model_of = lambda builder: lambda K: builder(K, ROW)
pooled = lambda K, x: K.layers.GlobalAveragePooling2D()(x)
classes = lambda K, x: K.layers.Dense(3, activation='softmax', name='classes')(x)


def with_body(middle):
    """a net with something between xception's last activation and the classes"""
    def build(K):
        inputs = K.Input((75, 75, 3))
        return K.Model(inputs, classes(K, middle(K, base(K, ROW)(inputs, training=False))), name='model')
    return build


def two_inputs(K):
    picture, age = K.Input((75, 75, 3), name='picture'), K.Input((2,), name='age')
    x = K.layers.Concatenate()([pooled(K, base(K, ROW)(picture)), age])
    return K.Model([picture, age], classes(K, x), name='model')


def siamese(K):
    a, b = K.Input((75, 75, 3), name='left'), K.Input((75, 75, 3), name='right')
    body = base(K, ROW, 'avg')
    return K.Model([a, b], K.layers.Dense(1, activation='sigmoid')(K.layers.Subtract()([body(a), body(b)])), name='model')


def base_twice(K):
    inputs = K.Input((75, 75, 3))
    body = base(K, ROW, 'avg')
    x = K.layers.Average()([body(inputs), body(K.layers.Rescaling(-1.)(inputs))])
    return K.Model(inputs, classes(K, x), name='model')


def two_pools(K):
    """a head on two maps"""
    inputs = K.Input((32, 32, 3))
    early = K.layers.Conv2D(4, 3, strides=2, activation='relu', name='early')(inputs)
    late = K.layers.Conv2D(6, 3, strides=2, activation='relu', name='late')(early)
    return K.Model(inputs, classes(K, K.layers.Concatenate()([pooled(K, early), pooled(K, late)])), name='model')


def vision_transformer(K):
    """patches, a block of attention, a mean over the patches"""
    L = K.layers
    inputs = K.Input((32, 32, 3))
    x = L.Reshape((16, 8), name='tokens')(L.Conv2D(8, 8, strides=8, name='patches')(inputs))
    y = L.LayerNormalization(name='norm_0')(x)
    x = L.Add()([x, L.MultiHeadAttention(2, 4, name='attention_0')(y, y)])
    y = L.Dense(8)(L.Dense(16, activation='gelu')(L.LayerNormalization(name='norm_1')(x)))
    return K.Model(inputs, classes(K, L.GlobalAveragePooling1D()(L.Add()([x, y]))), name='vit')


def scale_by_two(x):
    return x * 2.


def lambda_named(K, x):
    return K.layers.Lambda(scale_by_two, name='doubling')(pooled(K, x))


def lambda_code(K, x):
    return K.layers.Lambda(lambda x: x * 2., output_shape=(12,), name='doubling')(pooled(K, x))


def sequence(K, x):
    return K.layers.Reshape((9, 12), name='cells')(x)


@keras.saving.register_keras_serializable('our_project')
class SqueezePool(keras.layers.Layer):
    def call(self, x): return keras.ops.mean(x, (1, 2))


@keras.saving.register_keras_serializable('our_project')
class OurClassifier(keras.Model):
    def __init__(self, **k):
        super().__init__(**k)
        self.body, self.top = base(keras, ROW, 'avg'), keras.layers.Dense(3, activation='softmax')

    def call(self, x): return self.top(self.body(x))

    def get_config(self): return super().get_config()


def subclassed(K):
    model = OurClassifier(name='ours')
    model(np.zeros((1, 75, 75, 3), 'f4'))
    return model


def space(K):
    inputs = K.Input((75, 75, 3))
    return K.Model(inputs, K.layers.Conv2D(3, 1, activation='softmax', name='per_cell')(base(K, ROW)(inputs)), name='model')


def quantized(K):
    model = nested(gap(dense(8, 'relu'), dense(3, 'softmax')))(K, ROW)
    model.quantize('int8')
    return model


LAYER = lambda kind, *a, **k: lambda K, x: getattr(K.layers, kind)(*a, **k)(x)
case('two_inputs.keras', ['inputs'], two_inputs)
case('two_inputs.k2.keras', ['inputs'], two_inputs)
case('siamese.keras', ['inputs'], siamese, notes='a shared base, two pictures')
case('base_twice.keras', ['two layers with height', 'block14_sepconv2_act:1'], base_twice, notes='the base called twice on one picture: a head on two maps')
case('two_pools.keras', ['two layers with height', 'early', 'late'], two_pools, notes='means of two layers in one head')
case('vision_transformer.keras', ['MultiHeadAttention', 'attention_0'], vision_transformer, notes='as ViT and Swin: attention between patches')
case('lambda_named.keras', ['Lambda', 'doubling'], with_body(lambda_named), notes='a named Python function, x * 2')
case('lambda_code.keras', ['Lambda', 'doubling'], with_body(lambda_code), notes='a Python lambda as byte code, x * 2')
case('lambda_code.k2.keras', ['Lambda', 'doubling'], with_body(lambda_code))
case('notop.keras', ['include_top'], lambda K: base(K, ROW), notes='only the convolutional base; any words that say so')
case('notop.weights.h5', ['include_top'], lambda K: base(K, ROW))
case('notop.k2.h5', ['include_top'], lambda K: base(K, ROW))
case('notop.k2_weights.h5', ['include_top'], lambda K: base(K, ROW), notes="save_weights of Keras 2, like Keras' published notop file")
case('notop_avg.keras', ['include_top'], lambda K: base(K, ROW, 'avg'), notes="pooling='avg' and nothing behind: no classes, an embedding")
case('lstm.keras', ['LSTM', 'lstm_1'], with_body(lambda K, x: K.layers.LSTM(4, name='lstm_1')(sequence(K, x))))
case('time_distributed.keras', ['TimeDistributed', 'per_step'], with_body(lambda K, x: K.layers.Flatten()(K.layers.TimeDistributed(K.layers.Dense(4), name='per_step')(sequence(K, x)))))
case('attention.keras', ['MultiHeadAttention', 'attention'], with_body(lambda K, x: (lambda s: K.layers.GlobalAveragePooling1D()(K.layers.MultiHeadAttention(2, 4, name='attention')(s, s)))(sequence(K, x))))
case('custom_layer.keras', ['SqueezePool'], with_body(lambda K, x: SqueezePool(name='squeeze')(x)))
case('subclassed.keras', ['OurClassifier'], subclassed, notes='a subclassed model: no graph in the file')
case('no_pooling.keras', ['per_cell'], space, notes='the output still has height and width')
case('group_norm.keras', ['GroupNormalization', 'groups'], with_body(lambda K, x: K.layers.Dense(8, activation='relu')(K.layers.GroupNormalization(3, name='groups')(pooled(K, x)))))
case('bn_axis1.keras', ['axis', 'head_bn'], with_body(lambda K, x: pooled(K, K.layers.BatchNormalization(axis=1, name='head_bn')(x))), notes='BatchNormalization over rows')
case('channels_first.keras', ['channels_first', 'head_conv'], with_body(lambda K, x: K.layers.Flatten()(K.layers.Conv2D(4, 1, data_format='channels_first', name='head_conv')(x))))
case('int8.keras', ['int8'], quantized, notes="model.quantize('int8')")


# --- archives put together by hand ---

def archive(path, members):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2026, 11, 25, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data)


def members_of(path):
    with zipfile.ZipFile(path) as z: return {i: z.read(i) for i in z.namelist()}


def empty_h5():
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(f'{folder}/x.h5', 'w') as f: f.create_group('layers')
        with open(f'{folder}/x.h5', 'rb') as f: return f.read()


def backbone(folder, name):
    """the true config of a network with the classes of ImageNet, its weights left out"""
    keras.backend.clear_session()
    make_networks.forget()
    model = getattr(keras.applications, name)(weights=None)
    config = json.dumps(keras.saving.serialize_keras_object(model)).encode()
    metadata = json.dumps({'keras_version': keras.__version__, 'date_saved': make_networks.FIXED_DATE}).encode()
    file = f'{name.lower()}.keras'
    archive(f'{folder}/{file}', {'metadata.json': metadata, 'config.json': config, 'model.weights.h5': empty_h5()})
    return {'file': file, 'about': [name], 'notes': "config.json as Keras writes it; no weights in the file"}


def wrap(config, kind, module, prefix, more):
    """the hidden Dense of a Keras 2 config inside one of the wrappers of tensorflow_model_optimization"""
    for i, layer in enumerate(config['config']['layers']):
        if layer['class_name'] == 'Dense' and layer['config']['units'] == 8:
            inner = {k: layer[k] for k in ('module', 'class_name', 'config', 'registered_name', 'build_config')}
            name = prefix + layer['name']
            outer = {'module': module, 'class_name': kind, 'registered_name': kind, 'name': name, 'inbound_nodes': layer['inbound_nodes'],
                     'config': {'name': name, 'trainable': True, 'dtype': 'float32', 'layer': inner, **more}}
            config['config']['layers'][i] = outer
            text = json.dumps(config).replace(f'["{layer["name"]}", 0', f'["{name}", 0')
            return text.encode(), name
    raise ValueError(kind)


def by_hand(folder):
    make_networks.forget()
    keras.utils.set_random_seed(100)
    model = make_networks.build(tf_keras, Row('x', [], nested(gap(dense(8, 'relu'), dense(3, 'softmax')))))
    shorten(model)
    model.save(f'{folder}/x.keras')
    members = members_of(f'{folder}/x.keras')
    os.remove(f'{folder}/x.keras')
    config = members['config.json']
    out = []

    def put(file, about, changed, notes):
        archive(f'{folder}/{file}', changed)
        out.append({'file': file, 'about': about, 'notes': notes})

    for file, kind, module, prefix, more in (
            ('qat.k2.keras', 'QuantizeWrapperV2', 'tensorflow_model_optimization.python.core.quantization.keras.quantize_wrapper', 'quant_',
             {'quantize_config': {'class_name': 'Default8BitQuantizeConfig', 'config': {'weight_attrs': ['kernel'], 'activation_attrs': ['activation'], 'quantize_output': False}}}),
            ('pruned.k2.keras', 'PruneLowMagnitude', 'tensorflow_model_optimization.python.core.sparsity.keras.pruning_wrapper', 'prune_low_magnitude_',
             {'pruning_schedule': {'class_name': 'ConstantSparsity', 'config': {'target_sparsity': .5, 'begin_step': 0, 'end_step': -1, 'frequency': 100}}, 'block_size': [1, 1], 'block_pooling_type': 'AVG'})):
        changed, name = wrap(json.loads(config), kind, module, prefix, more)
        put(file, [kind], {**members, 'config.json': changed}, f'config edited by hand: {name}')
    put('not_json.keras', ['config.json'], {**members, 'config.json': config[:len(config) // 2] + b'\0\xff nonsense'}, 'config.json is no JSON')
    put('no_config.keras', ['config.json'], {k: v for k, v in members.items() if k != 'config.json'}, 'an archive without config.json')
    put('no_weights.keras', ['model.weights.h5'], {k: v for k, v in members.items() if k != 'model.weights.h5'}, 'an archive without model.weights.h5')
    archive(f'{folder}/whole.keras', members)
    with open(f'{folder}/whole.keras', 'rb') as f: whole = f.read()
    os.remove(f'{folder}/whole.keras')
    for file, data, notes in (('truncated.keras', whole[:len(whole) * 6 // 10], 'the first 60 % of an archive'), ('empty.keras', b'', 'no bytes at all')):
        with open(f'{folder}/{file}', 'wb') as f: f.write(data)
        out.append({'file': file, 'about': [], 'notes': notes})
    return out


def shorten(model):
    """weights of 8 bits: a compressed file takes half the room"""
    if 'int8' not in {str(getattr(w, 'dtype', '')) for w in model.get_weights()}: model.set_weights([seeded.short(w).astype(w.dtype) for w in model.get_weights()])


def main():
    entries = []
    with tempfile.TemporaryDirectory(dir=HERE, prefix='.refused') as folder:
        for file, about, build, _, K, notes in SAVED:
            K.backend.clear_session()
            make_networks.forget()
            keras.utils.set_random_seed(len(entries))
            path = f'{folder}/{file}'
            try:
                model = build(K)
                shorten(model)
                model.save_weights(path) if 'weights' in file else model.save(path)
            except Exception as error:
                print(f'{file} FAILED: {type(error).__name__}: {str(error)[:600]}', flush=True)
                continue
            if file.endswith('.keras'): make_networks.repack(path, False)
            entries.append({'file': file, 'about': about, 'notes': notes})
        entries += by_hand(folder)
        entries += [backbone(folder, name) for name in ('MobileNetV2', 'ResNet50', 'VGG16', 'EfficientNetB0')]
        out = f'{HERE}/refused'
        os.makedirs(out, exist_ok=True)
        for e in entries: os.replace(f'{folder}/{e["file"]}', f'{out}/{e["file"]}')
        for old in set(os.listdir(out)) - {e['file'] for e in entries}: os.remove(f'{out}/{old}')
    make_networks.save_json(f'{HERE}/refused.json', entries)
    print(len(entries), sum(os.path.getsize(f'{HERE}/refused/{e["file"]}') for e in entries) // 1000, 'kB')


if __name__ == '__main__':
    main()
