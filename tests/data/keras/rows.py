"""The table of networks: an Xception with narrow layers, and around it all that people put before and behind one.

Every function here builds with the module it is handed, `keras` or `tf_keras`, so that both dialects are of one network.
"""
import dataclasses

STEM, ENTRY, EXIT = (5, 6), (6, 8, 9), (10, 11, 12)


@dataclasses.dataclass
class Row:
    name: str
    files: list                     # endings: keras, h5, weights.h5, k2.h5, k2.keras, k2.weights.h5, k2_weights.h5
    build: object                   # (K, row) -> model
    size: tuple = (75, 75)          # height, width of the picture
    shape: tuple = None             # of the input in the file, if it differs from `size`
    middle: int = 1                 # blocks 5 .. 12 kept, 8 in Keras' own
    outside: str = '-1..1'          # what is done to pixels outside the file
    output: str = 'softmax'         # what the numbers mean
    origin: str = 'file'            # whether the file says so
    compile: object = None          # K -> arguments of compile
    train: bool = False             # one step of training, so that the optimizer has variables
    index: int = 0                  # of the output explained
    stem: str = None                # of the files, where several rows share them
    default: str = 'block14_sepconv2_act'
    block13: str = 'block13_sepconv2_bn'
    early: str = 'block4_sepconv1_bn'
    final: tuple = ()               # names of the last layers with weights, where it is not one
    spread: float = 1.0             # of the values before hidden activations
    policy: str = 'float32'
    keras2: str = ''                # 'hard_sigmoid': the golden values need Keras 2's formula
    classes: int = 2                # how many are explained
    plain_zip: bool = False         # leave the archive uncompressed, as Keras writes it
    long: bool = False              # weights of all 24 bits; 8 halve a compressed file
    salt: str = ''                  # other seeds
    notes: str = ''


ROWS = []


def row(name, files, build, **more):
    ROWS.append(Row(name, files.split(), build, **more))


# --- the body ---

def xception(K, x, middle=1, named=lambda name: name):
    """Keras' Xception from input tensor to block14_sepconv2_act, with Keras' names; `named` may rename every layer"""
    L = K.layers
    bn = lambda x, name: L.BatchNormalization(name=named(name))(x)
    relu = lambda x, name: L.Activation('relu', name=named(name))(x)
    separable = lambda x, width, name: bn(L.SeparableConv2D(width, (3, 3), padding='same', use_bias=False, name=named(name))(x), name + '_bn')

    def down(x, block, mid, width):
        skip = L.Conv2D(width, (1, 1), strides=(2, 2), padding='same', use_bias=False, name=named(None))(x)
        skip = L.BatchNormalization(name=named(None))(skip)
        if block != 'block2': x = relu(x, f'{block}_sepconv1_act')
        x = separable(x, mid, f'{block}_sepconv1')
        x = separable(relu(x, f'{block}_sepconv2_act'), width, f'{block}_sepconv2')
        x = L.MaxPooling2D((3, 3), strides=(2, 2), padding='same', name=named(f'{block}_pool'))(x)
        return L.add([x, skip], name=named(None))

    x = L.Conv2D(STEM[0], (3, 3), strides=(2, 2), use_bias=False, name=named('block1_conv1'))(x)
    x = relu(bn(x, 'block1_conv1_bn'), 'block1_conv1_act')
    x = L.Conv2D(STEM[1], (3, 3), use_bias=False, name=named('block1_conv2'))(x)
    x = relu(bn(x, 'block1_conv2_bn'), 'block1_conv2_act')
    for i, width in enumerate(ENTRY):
        x = down(x, f'block{i + 2}', width, width)
    for i in range(middle):
        skip = x
        for s in (1, 2, 3):
            x = separable(relu(x, f'block{i + 5}_sepconv{s}_act'), ENTRY[-1], f'block{i + 5}_sepconv{s}')
        x = L.add([x, skip], name=named(None))
    x = down(x, 'block13', ENTRY[-1], EXIT[0])
    for s in (1, 2):
        x = relu(separable(x, EXIT[s], f'block14_sepconv{s}'), f'block14_sepconv{s}_act')
    return x


def bn_named(name):
    return None if name is None else name + '_bn'


def shape(r):
    return (*(r.shape or r.size), 3)


def base(K, r, pooling=None, name='xception', input_shape=None, **more):
    inputs = K.Input(input_shape or shape(r))
    x = xception(K, inputs, r.middle, **more)
    if pooling == 'avg': x = K.layers.GlobalAveragePooling2D()(x)
    if pooling == 'max': x = K.layers.GlobalMaxPooling2D()(x)
    return K.Model(inputs, x, name=name)


# --- wrappings: each makes a builder of a list of layers, and of a function that prepares the input ---

def through(x, layers):
    for layer in layers: x = layer(x)
    return x


def nested(head, pre=None, pooling=None, name='model'):
    def build(K, r):
        inputs = K.Input(shape(r))
        body = base(K, r, pooling)
        x = body(pre(K, inputs) if pre else inputs, training=False)
        return K.Model(inputs, through(x, head(K, K.layers)), name=name)
    return build


def inline(head, pre=None, pooling=None, name='model'):
    def build(K, r):
        inputs = K.Input(shape(r))
        x = xception(K, pre(K, inputs) if pre else inputs, r.middle)
        if pooling == 'avg': x = K.layers.GlobalAveragePooling2D()(x)
        if pooling == 'max': x = K.layers.GlobalMaxPooling2D()(x)
        return K.Model(inputs, through(x, head(K, K.layers)), name=name)
    return build


def sequential(head, pre=None, pooling=None, with_input=False):
    def build(K, r):
        layers = [K.layers.InputLayer(shape(r))] if with_input else []
        model = K.Sequential([*layers, *(pre(K, K.layers) if pre else []), base(K, r, pooling), *head(K, K.layers)], name='sequential')
        if not model.built: model.build((None, *shape(r)))
        return model
    return build


def gap(*rest):
    """a head of global average pooling and what `rest` makes"""
    return lambda K, L: [L.GlobalAveragePooling2D(), *[part(K, L) for part in rest]]


dense = lambda n, activation=None, **more: lambda K, L: L.Dense(n, activation=activation, **more)
dropout = lambda K, L: L.Dropout(.3)
bn = lambda **more: lambda K, L: L.BatchNormalization(**more)
act = lambda name: lambda K, L: L.Activation(name)

# --- 1. wrapping ---

row('nested_gap_softmax', 'keras h5 k2.h5 k2.keras', nested(gap(dense(3, 'softmax'))), size=(150, 150), middle=2, classes=3, plain_zip=True, long=True)
row('inline_drop_softmax', 'keras k2.h5', inline(gap(dropout, dense(4, 'softmax'))), size=(96, 96))
row('sequential_hidden', 'keras k2.keras', sequential(gap(dense(8, 'relu'), dropout, dense(2, 'softmax'))), size=(96, 96))


def plain(K, r):
    inputs = K.Input(shape(r))
    x = K.layers.GlobalAveragePooling2D(name='avg_pool')(xception(K, inputs, r.middle))
    return K.Model(inputs, K.layers.Dense(7, activation='softmax', name='predictions')(x), name='xception')


row('plain_predictions', 'keras k2.keras', plain, middle=8)
row('hidden_two', 'keras k2.keras', nested(gap(dense(10, 'relu'), dropout, dense(6, 'relu'), dropout, dense(4, 'softmax'))), size=(96, 96))
row('sigmoid1', 'keras k2.keras', nested(gap(dropout, dense(1, 'sigmoid'))), size=(96, 96), output='sigmoid')
row('sigmoid5', 'keras', inline(gap(dense(5, 'sigmoid'))), output='sigmoid', classes=3)
row('gmp_softmax', 'keras k2.keras', nested(lambda K, L: [L.GlobalMaxPooling2D(), L.Dense(3, activation='softmax')]), size=(96, 96))
row('flatten_softmax', 'keras k2.keras', nested(lambda K, L: [L.Flatten(), L.Dense(3, activation='softmax')]), size=(120, 160))
row('rescaling255', 'keras k2.keras', nested(gap(dense(5, 'softmax')), pre=lambda K, x: K.layers.Rescaling(1. / 255)(x)), outside='0..255')


def whole_nested(K, r):
    """all of Xception with its predictions, as one layer of another model"""
    r2 = dataclasses.replace(r, name='inner')
    inputs = K.Input(shape(r))
    return K.Model(inputs, plain(K, r2)(inputs, training=False), name='model')


row('nested_predictions', 'keras', whole_nested, middle=8, size=(96, 96))


def head_model(K, layers, name='head'):
    return K.Sequential(layers, name=name)


row('sequential_head', 'keras k2.keras', nested(lambda K, L: [L.GlobalAveragePooling2D(), head_model(K, [L.Dense(8, activation='relu'), L.Dropout(.2), L.Dense(3, activation='softmax')])]),
    notes='a Sequential of Dense layers behind the pooling of a functional model')
row('sequential_spatial_head', 'keras', nested(lambda K, L: [head_model(K, [L.GlobalAveragePooling2D(), L.Dropout(.2), L.Dense(3, activation='softmax')])]), size=(96, 96),
    notes='the pooling itself is in the nested Sequential')
row('sequential_of_sequentials', 'keras k2.keras', sequential(lambda K, L: [L.GlobalAveragePooling2D(), head_model(K, [L.Dense(7, activation='relu'), L.Dense(2, activation='sigmoid')])],
                                                     pre=lambda K, L: [K.Sequential([K.layers.InputLayer((75, 75, 3)), L.Rescaling(1 / 127.5, offset=-1)], name='prepare')]),
    outside='0..255', output='sigmoid')


def three_deep(K, r):
    L = K.layers
    a = K.Input(shape(r))
    features = K.Model(a, L.GlobalAveragePooling2D()(base(K, r)(a, training=False)), name='features')
    b = K.Input(shape(r))
    trunk = K.Model(b, L.Dense(9, activation='relu', name='embedding')(features(b)), name='trunk')
    c = K.Input(shape(r))
    return K.Model(c, L.Dense(4, activation='softmax', name='classes')(trunk(c)), name='outer')


row('three_deep', 'keras k2.h5', three_deep, size=(96, 96), notes='xception in features in trunk in outer')
row('pooling_avg', 'keras k2.keras', nested(lambda K, L: [L.Dense(3, activation='softmax')], pooling='avg'))
row('pooling_max', 'keras', sequential(lambda K, L: [L.Dense(6, activation='relu'), L.Dense(3, activation='softmax')], pooling='max'))
row('pooling_max_inline', 'keras', inline(lambda K, L: [L.Dense(3, activation='softmax')], pooling='max'))
row('anysize_inline', 'keras k2.keras', inline(gap(dense(3, 'softmax'))), size=(96, 96), shape=(None, None))
row('anysize_nested', 'keras', nested(gap(dense(6, 'relu'), dense(3, 'softmax'))), size=(96, 96), shape=(None, None))
row('anysize_sequential', 'keras k2.keras', sequential(gap(dense(2, 'softmax'))), size=(96, 96), shape=(None, None))
row('nonsquare', 'keras k2.keras', inline(gap(dense(4, 'softmax'))), size=(120, 160), classes=3)
row('middle8_hidden', 'keras', nested(gap(dense(8, 'relu'), dense(5, 'softmax'))), size=(150, 150), middle=8, classes=3)

# --- 2. pooling ---

SOFTMAX3 = dense(3, 'softmax')
row('gap_keepdims', 'keras', nested(lambda K, L: [L.GlobalAveragePooling2D(keepdims=True), L.Flatten(), SOFTMAX3(K, L)]))
row('gap_keepdims_conv', 'keras', nested(lambda K, L: [L.GlobalAveragePooling2D(keepdims=True), L.Dropout(.2), L.Conv2D(8, 1, activation='relu'), L.Conv2D(3, 1), L.Reshape((3,)), L.Activation('softmax')]),
    notes='1x1 convolutions behind the pooling, as in MobileNet')
row('gmp_keepdims', 'keras k2.keras', nested(lambda K, L: [L.GlobalMaxPooling2D(keepdims=True), L.Flatten(), L.Dense(6, activation='relu'), SOFTMAX3(K, L)]), size=(96, 96))
row('avgpool2_flatten', 'keras k2.keras', nested(lambda K, L: [L.AveragePooling2D(2), L.Flatten(), SOFTMAX3(K, L)]), size=(120, 160), notes='4 x 5 cells: the last column is left out')
row('avgpool2_same_flatten', 'keras', nested(lambda K, L: [L.AveragePooling2D(2, padding='same'), L.Flatten(), SOFTMAX3(K, L)]), size=(120, 160), notes='the last column is averaged over the cells inside')
row('maxpool2_flatten', 'keras k2.keras', nested(lambda K, L: [L.MaxPooling2D(2, name='head_pool'), L.Flatten(), L.Dense(8, activation='relu'), SOFTMAX3(K, L)]), size=(150, 150), default='head_pool')
row('maxpool3_flatten', 'keras', nested(lambda K, L: [L.MaxPooling2D(3, name='head_pool'), L.Flatten(), SOFTMAX3(K, L)]), notes='3 x 3 cells to one')
row('avgpool3_flatten', 'keras k2.keras', sequential(lambda K, L: [L.AveragePooling2D((3, 3)), L.Flatten(), L.Dense(7, activation='relu'), SOFTMAX3(K, L)]), notes='3 x 3 cells to one')
row('flatten_hidden', 'keras', sequential(lambda K, L: [L.Flatten(), L.Dense(8, activation='relu'), L.Dropout(.5), L.Dense(2, activation='softmax')]))
row('reshape_vector', 'keras', inline(lambda K, L: [L.Reshape((-1,)), SOFTMAX3(K, L)]))

# --- 3. hidden layers ---

row('hidden_three', 'keras', inline(gap(dense(10, 'relu'), dense(8, 'relu'), dropout, dense(6, 'relu'), SOFTMAX3)), size=(96, 96))
row('hidden_bn', 'keras k2.keras', sequential(gap(dense(8), bn(), act('relu'), dropout, dense(4, 'softmax'))))
row('bn_variants', 'keras k2.keras', nested(gap(bn(scale=False), dense(8, 'relu'), bn(center=False), dropout, bn(epsilon=.01), SOFTMAX3)), size=(96, 96), salt='b')
row('bn_bare', 'keras', nested(gap(bn(scale=False, center=False), dense(8, 'relu'), SOFTMAX3)))
row('dense_no_bias', 'keras', nested(gap(dense(8, 'relu', use_bias=False), dense(3, 'softmax', use_bias=False))), salt='e')
row('activation_layers', 'keras k2.keras', inline(gap(dense(8), act('relu'), dense(6), act('relu'), dense(3), act('softmax'))))
row('activation_sigmoid', 'keras', inline(gap(dense(8), act('relu'), dense(4), act('sigmoid'))), output='sigmoid')
row('vector_norms', 'keras k2.keras', nested(gap(dense(8), lambda K, L: L.LayerNormalization(), act('relu'), dense(6, 'tanh'), lambda K, L: L.UnitNormalization(), SOFTMAX3)), size=(96, 96))
row('layernorm_bare', 'keras', nested(gap(lambda K, L: L.LayerNormalization(epsilon=.01, scale=False), dense(6, 'relu'), SOFTMAX3)))
row('identity_layers', 'keras k2.keras', nested(lambda K, L: [L.SpatialDropout2D(.2), L.GaussianNoise(.1), L.GlobalAveragePooling2D(), L.GaussianDropout(.1), L.ActivityRegularization(l2=1e-3), L.AlphaDropout(.1), L.Dense(6, activation='selu'), SOFTMAX3(K, L)]),
    notes='layers that do nothing at inference, before the pooling too')
row('regularized', 'keras k2.keras', nested(gap(
    lambda K, L: L.Dense(8, activation='relu', kernel_regularizer=K.regularizers.L2(1e-3), bias_regularizer=K.regularizers.L1(1e-4), kernel_constraint=K.constraints.MaxNorm(3)),
    lambda K, L: L.Dense(3, activation='softmax', kernel_regularizer=K.regularizers.L1L2(1e-4, 1e-3), activity_regularizer=K.regularizers.L2(1e-4), kernel_constraint=K.constraints.UnitNorm()))))
conv = lambda n, k, **more: lambda K, L: L.Conv2D(n, k, name='head_conv', **more)
spatial = lambda *parts: lambda K, L: [part(K, L) for part in parts]
GAP = lambda K, L: L.GlobalAveragePooling2D()
row('conv3_head', 'keras k2.keras', nested(spatial(conv(8, 3, padding='same', activation='relu'), GAP, SOFTMAX3)), size=(96, 96), default='head_conv')
row('conv1_bn_head', 'keras k2.keras', nested(spatial(conv(8, 1, use_bias=False), lambda K, L: L.BatchNormalization(name='head_bn'), lambda K, L: L.Activation('relu', name='head_act'), dropout, GAP, SOFTMAX3)),
    size=(150, 150), default='head_act')
row('sepconv_head', 'keras k2.keras', nested(spatial(lambda K, L: L.SeparableConv2D(8, 3, padding='same', activation='relu', name='head_conv'), GAP, SOFTMAX3)), size=(96, 96), default='head_conv')
row('sepconv_multiplier', 'keras', inline(spatial(lambda K, L: L.SeparableConv2D(8, 3, depth_multiplier=2, activation='elu', name='head_conv'), GAP, SOFTMAX3)), size=(150, 150), default='head_conv')
row('depthwise_head', 'keras k2.keras', nested(spatial(lambda K, L: L.DepthwiseConv2D(3, padding='same', name='head_conv'), lambda K, L: L.ReLU(name='head_act'), GAP, SOFTMAX3)), default='head_act')
row('depthwise2_head', 'keras k2.keras', nested(spatial(lambda K, L: L.DepthwiseConv2D(3, depth_multiplier=2, padding='valid', activation='relu', name='head_conv'), GAP, SOFTMAX3)), size=(150, 150), default='head_conv')
row('bn_spatial_head', 'keras', nested(spatial(lambda K, L: L.BatchNormalization(name='head_bn'), dropout, GAP, SOFTMAX3)), default='head_bn')
row('fully_convolutional', 'keras k2.keras', inline(spatial(conv(4, 1), GAP, act('softmax'))), size=(150, 150), shape=(None, None), default='head_conv', classes=3)
row('conv_valid', 'keras', nested(spatial(conv(8, 3, activation='relu'), GAP, SOFTMAX3)), size=(120, 160), default='head_conv')
row('conv_stride2', 'keras k2.keras', nested(spatial(conv(8, 3, strides=2, padding='same', activation='relu'), GAP, SOFTMAX3)), size=(120, 160), default='head_conv', notes='4 x 5 cells to 2 x 3')
row('conv_dilated', 'keras', nested(spatial(conv(8, 3, dilation_rate=2, padding='same', activation='tanh'), GAP, SOFTMAX3)), size=(150, 150), default='head_conv')
row('conv_two', 'keras', nested(spatial(lambda K, L: L.Conv2D(8, 3, padding='same', activation='relu', name='head_conv1'), lambda K, L: L.MaxPooling2D(2, name='head_pool'),
                                        lambda K, L: L.Conv2D(6, 2, activation='relu', padding='same', name='head_conv2'), lambda K, L: L.Flatten(), dense(7, 'relu'), SOFTMAX3)), size=(150, 150), default='head_conv2')
row('conv_groups', 'keras', nested(spatial(conv(8, 3, groups=2, padding='same', activation='relu'), GAP, SOFTMAX3)), default='head_conv', notes='groups=2')

# --- 4. activations ---

hidden = lambda *parts: nested(gap(*parts))
layer = lambda kind, *a, **k: lambda K, L: getattr(L, kind)(*a, **k)
row('act_relu6_elu', 'keras', hidden(dense(8, 'relu6'), dense(8, 'elu'), SOFTMAX3), spread=4)
row('act_selu_gelu', 'keras k2.keras', hidden(dense(8, 'selu'), dense(8, 'gelu'), SOFTMAX3), spread=1.5)
row('act_silu_softplus', 'keras k2.keras', hidden(dense(8, 'swish'), dense(8, 'softplus'), SOFTMAX3), spread=1.5)
row('act_tanh_sigmoid', 'keras', hidden(dense(8, 'tanh'), dense(8), act('sigmoid'), SOFTMAX3), spread=1.2)
row('act_softmax_linear', 'keras', hidden(dense(6, 'softmax'), act('linear'), dense(8, 'linear'), SOFTMAX3))
row('hard_sigmoid', 'keras', hidden(dense(8, 'hard_sigmoid'), dense(6), act('hard_sigmoid'), SOFTMAX3), spread=2.5, notes="Keras 3's formula: relu6(x + 3) / 6")
row('hard_sigmoid_k2', 'k2.keras', hidden(dense(8, 'hard_sigmoid'), dense(6), act('hard_sigmoid'), SOFTMAX3), spread=2, keras2='hard_sigmoid', notes="Keras 2's formula: clip(.2 x + .5, 0, 1)")


def gelu_tanh(K, L):
    if K.__name__ == 'keras': return lambda x: K.ops.gelu(x, approximate=True)
    import tensorflow as tf
    return lambda x: tf.nn.gelu(x, approximate=True)


row('gelu_tanh', 'keras k2.keras', hidden(dense(8), gelu_tanh, SOFTMAX3), spread=1.5, notes='the approximate gelu, as an operation: no activation name says so')
row('relu_layer', 'keras k2.keras', hidden(dense(8), layer('ReLU', max_value=1.1, negative_slope=.1, threshold=.3), dense(8), layer('ReLU'), SOFTMAX3), spread=1.3)
row('leaky_relu', 'keras k2.keras', hidden(dense(8), layer('LeakyReLU', .2), dense(6), layer('LeakyReLU'), SOFTMAX3), notes='slopes .2 and the default .3')
row('prelu', 'keras k2.keras', hidden(dense(8), layer('PReLU'), SOFTMAX3))
row('prelu_shared', 'keras', nested(spatial(conv(8, 3, padding='same'), layer('PReLU', shared_axes=[1, 2], name='head_act'), GAP, SOFTMAX3)), default='head_act')
row('elu_softmax_layer', 'keras k2.keras', hidden(dense(8), layer('ELU', .7), dense(3), layer('Softmax')))

# --- 5. outputs ---

loss = lambda name, **k: lambda K: {'optimizer': 'sgd', 'loss': getattr(K.losses, name)(**k)}
row('logits_categorical', 'keras h5 k2.h5', nested(gap(dense(8, 'relu'), dropout, dense(4))), size=(96, 96), compile=loss('CategoricalCrossentropy', from_logits=True), classes=3)
row('logits_sparse', 'keras k2.keras', sequential(gap(dense(3))), compile=loss('SparseCategoricalCrossentropy', from_logits=True))
row('logits_binary', 'keras k2.keras', nested(gap(dropout, dense(1))), size=(96, 96), output='sigmoid', compile=loss('BinaryCrossentropy', from_logits=True))
row('logits_multilabel', 'keras k2.keras', nested(gap(dense(4))), output='sigmoid', compile=loss('BinaryCrossentropy', from_logits=True))
row('softmax_compiled', 'keras', inline(gap(dense(3, 'softmax'))), compile=lambda K: {'optimizer': 'rmsprop', 'loss': 'sparse_categorical_crossentropy', 'metrics': ['accuracy']})
row('sigmoid1_compiled', 'keras k2.keras', sequential(gap(dense(8, 'relu'), dense(1, 'sigmoid'))), output='sigmoid', compile=lambda K: {'optimizer': 'adam', 'loss': 'binary_crossentropy', 'metrics': ['accuracy']})
row('regression_mse', 'keras k2.keras', nested(gap(dense(8, 'relu'), dense(1))), output='values', compile=lambda K: {'optimizer': 'adam', 'loss': 'mse'})
row('regression_mae2', 'keras', nested(gap(dense(2))), output='values', compile=lambda K: {'optimizer': 'adam', 'loss': 'mae', 'metrics': ['mae']})
row('regression_huber', 'keras', nested(gap(dense(1, 'linear'))), output='values', compile=loss('Huber'))
row('relu1_regression', 'keras', nested(gap(dense(1, 'relu'))), output='values', compile=lambda K: {'optimizer': 'adam', 'loss': 'mean_squared_error'})
row('guess_n', 'keras', nested(gap(dense(3))), origin='guess', notes='linear and never compiled')
row('guess_1', 'keras', nested(gap(dense(1))), output='values', origin='guess', notes='linear and never compiled')
row('softmax1', 'keras', nested(gap(dense(1, 'softmax'))), notes='always 1: maps of the output are zero')


def two_outputs(K, r):
    inputs = K.Input(shape(r))
    x = K.layers.GlobalAveragePooling2D()(base(K, r)(inputs, training=False))
    a = K.layers.Dense(3, activation='softmax', name='out_a')(K.layers.Dense(6, activation='relu', name='hidden_a')(x))
    return K.Model(inputs, [a, K.layers.Dense(2, activation='sigmoid', name='out_b')(x)], name='model')


for i, (which, output) in enumerate((('a', 'softmax'), ('b', 'sigmoid'))):
    row(f'two_outputs_{which}', 'keras k2.keras', two_outputs, size=(96, 96), stem='two_outputs', index=i, output=output, final=('out_a', 'out_b'))

# --- 6. preparation in the file ---

inside = dict(outside='0..255')
row('rescaling_tf', 'keras k2.keras', nested(gap(SOFTMAX3), pre=lambda K, x: K.layers.Rescaling(1. / 127.5, offset=-1)(x)), **inside)
row('rescaling_sequential', 'keras k2.keras', sequential(gap(dense(8, 'relu'), SOFTMAX3), pre=lambda K, L: [L.Rescaling(1. / 127.5, offset=-1)], with_input=True), **inside)
row('rescaling_lists', 'keras', nested(gap(SOFTMAX3), pre=lambda K, x: K.layers.Rescaling([1 / 58.4, 1 / 57.1, 1 / 57.4], offset=[-2.1, -2., -1.8])(x)), **inside)
row('normalization_given', 'keras k2.keras', nested(gap(SOFTMAX3), pre=lambda K, x: K.layers.Normalization(mean=[.485, .456, .406], variance=[.0524, .0502, .0506])(K.layers.Rescaling(1 / 255)(x))), **inside)
row('normalization_adapted', 'keras k2.h5', nested(gap(SOFTMAX3), pre=lambda K, x: K.layers.Normalization()(x)), **inside)
row('ops_tf', 'keras k2.keras', inline(gap(SOFTMAX3), pre=lambda K, x: x / 127.5 - 1), **inside)
row('ops_255', 'keras k2.keras', nested(gap(SOFTMAX3), pre=lambda K, x: x / 255.), **inside)
row('ops_multiply', 'keras', nested(gap(SOFTMAX3), pre=lambda K, x: (x - 127.5) * (1 / 127.5)), **inside)
prepare = lambda module: lambda K, x: getattr(K.applications, module).preprocess_input(x)
row('preprocess_xception', 'keras h5 k2.keras', nested(gap(SOFTMAX3), pre=prepare('xception')), **inside)
row('preprocess_caffe', 'keras k2.h5', nested(gap(SOFTMAX3), pre=prepare('resnet50')), **inside, notes="resnet50.preprocess_input: BGR")
row('preprocess_torch', 'keras k2.keras', nested(gap(SOFTMAX3), pre=prepare('densenet')), **inside)
row('lambda_preprocess', 'keras k2.h5', nested(gap(SOFTMAX3), pre=lambda K, x: K.layers.Lambda(K.applications.xception.preprocess_input)(x)), **inside)


def augment(K, L):
    return [L.RandomFlip('horizontal'), L.RandomRotation(.1), L.RandomZoom(.1), L.RandomContrast(.1), L.RandomTranslation(.1, .1)]


row('augmentation_layers', 'keras k2.keras', nested(gap(dropout, dense(1, 'sigmoid')), pre=lambda K, x: through(x, [*augment(K, K.layers), K.layers.Rescaling(1 / 127.5, offset=-1)])), **inside, output='sigmoid')
row('augmentation_nested', 'keras k2.keras', nested(gap(SOFTMAX3), pre=lambda K, x: prepare('xception')(K, K.Sequential(augment(K, K.layers), name='augmentation')(x))), **inside)
row('augmentation_sequential', 'keras', sequential(gap(SOFTMAX3), pre=lambda K, L: [K.Sequential(augment(K, L)[:2], name='augmentation'), L.Rescaling(1 / 255)], with_input=True), **inside)

# --- 7. names ---


def counter():
    numbers = iter(range(1000))
    return lambda name: f'layer_{next(numbers):03}'


def renamed(K, r):
    named = counter()
    inputs = K.Input(shape(r), name=named(None))
    x = xception(K, inputs, r.middle, named)
    x = K.layers.GlobalAveragePooling2D(name=named(None))(x)
    return K.Model(inputs, K.layers.Dense(3, activation='softmax', name=named(None))(x), name='renamed')


def renamed_nested(K, r):
    inputs = K.Input(shape(r), name='picture')
    body = base(K, r, name='backbone', named=counter())
    x = K.layers.Dense(5, activation='relu', name='fc')(K.layers.GlobalAveragePooling2D(name='squeeze')(body(inputs)))
    return K.Model(inputs, K.layers.Dense(3, activation='softmax', name='answer')(x), name='net')


def same_names(K, r):
    L = K.layers
    body = base(K, r)
    inputs = K.Input(body.output.shape[1:])
    x = L.BatchNormalization(name='block13_sepconv2_bn')(L.Conv2D(8, 1, use_bias=False, name='conv2d')(inputs))
    x = L.GlobalAveragePooling2D(name='avg_pool')(L.Activation('relu', name='block14_sepconv2_act')(x))
    head = K.Model(inputs, L.Dense(3, activation='softmax', name='predictions')(x), name='head')
    outer = K.Input(shape(r))
    return K.Model(outer, head(body(outer, training=False)), name='model')


row('renamed', 'keras k2.keras', renamed, default='RENAMED', block13='RENAMED', early='RENAMED', notes='every layer layer_000 ...')
row('renamed_nested', 'keras k2.keras', renamed_nested, default='RENAMED', block13='RENAMED', early='RENAMED')
row('same_names', 'keras k2.h5', same_names, size=(96, 96), default='head/block14_sepconv2_act', block13='xception/block13_sepconv2_bn', notes='two models hold layers of the same names')

# --- 8. numbers ---


def float32_output(K):
    mixed = (K.config.dtype_policy() if K.__name__ == 'keras' else K.mixed_precision.global_policy()).name.startswith('mixed')
    return {'dtype': 'float32'} if mixed else {}


row('mixed_float16', 'keras k2.keras', nested(gap(dense(6, 'relu'), lambda K, L: L.Dense(3, activation='softmax', **float32_output(K)))), policy='mixed_float16')
row('float16', 'keras h5', nested(gap(SOFTMAX3)), policy='float16', notes='tensors are float16; the golden values are of these, computed in float64')


def frozen(K, r):
    body = base(K, r)
    body.trainable = False
    inputs = K.Input(shape(r))
    x = K.layers.GlobalAveragePooling2D()(body(inputs, training=False))
    return K.Model(inputs, K.layers.Dense(3, activation='softmax')(K.layers.Dense(8, activation='relu')(x)), name='model')


row('optimizer_state', 'keras k2.h5', frozen, train=True, compile=lambda K: {'optimizer': K.optimizers.Adam(1e-3), 'loss': 'categorical_crossentropy', 'metrics': ['accuracy']})

# --- 9. weights alone ---

ALONE = 'weights.h5 k2.weights.h5 k2_weights.h5'
row('weights_plain', 'weights.h5 k2_weights.h5', plain, middle=2, origin='guess', notes='no graph in the file')
row('weights_nested', ALONE, nested(gap(dense(3, 'softmax'))), size=(96, 96), origin='guess', notes='no graph in the file')
row('weights_sequential_hidden', 'k2_weights.h5', sequential(gap(dense(8, 'relu'), dense(2, 'softmax'))), origin='guess', notes='no graph in the file')


def name_renamed():
    """the numbers of the layers that rows call RENAMED: those of Keras' names in the order of `xception`"""
    for r in ROWS:
        if r.default != 'RENAMED': continue
        order = []
        import keras
        numbered = counter()
        if 'nested' not in r.name: numbered(None)

        def note(name):
            order.append((name, numbered(name)))
            return order[-1][1]

        xception(keras, keras.Input(shape(r)), r.middle, note)
        found = dict(order)
        r.default, r.block13, r.early = found['block14_sepconv2_act'], found['block13_sepconv2_bn'], found['block4_sepconv1_bn']
