"""Networks as people write them in courses; functions of (K, row) as in bodies.py."""


def sequential(K, r, layers, name='sequential'):
    model = K.Sequential([K.layers.InputLayer((*r.size, r.channels)), *layers], name=name)
    if not model.built: model.build((None, *r.size, r.channels))
    return model


def start(K, r):
    return K.Input((*r.size, r.channels))


def flowers(K, r):
    """three convolutions with pooling, logits"""
    L = K.layers
    return sequential(K, r, [
        L.Rescaling(1. / 255),
        L.Conv2D(6, 3, padding='same', activation='relu'), L.MaxPooling2D(2),
        L.Conv2D(8, 3, padding='same', activation='relu'), L.MaxPooling2D(2),
        L.Conv2D(10, 3, padding='same', activation='relu'), L.MaxPooling2D(2),
        L.Dropout(.2), L.Flatten(), L.Dense(24, activation='relu'), L.Dense(5)])


def cats_and_dogs(K, r):
    """valid convolutions, a large dense layer behind Flatten, one sigmoid"""
    L = K.layers
    return sequential(K, r, [
        L.Conv2D(6, (3, 3), activation='relu'), L.MaxPooling2D((2, 2)),
        L.Conv2D(8, (3, 3), activation='relu'), L.MaxPooling2D((2, 2)),
        L.Conv2D(12, (3, 3), activation='relu'), L.Conv2D(16, (3, 3), activation='relu'),
        L.Flatten(), L.Dropout(.5), L.Dense(20, activation='relu'), L.Dense(1, activation='sigmoid')])


def lenet(K, r):
    """tanh and average pooling, gray"""
    L = K.layers
    return sequential(K, r, [
        L.Conv2D(6, 5, activation='tanh', padding='same'), L.AveragePooling2D(2),
        L.Conv2D(16, 5, activation='tanh'), L.AveragePooling2D(2),
        L.Flatten(), L.Dense(30, activation='tanh'), L.Dense(20, activation='tanh'), L.Dense(5, activation='softmax')])


def digits(K, r):
    """gray, activations as layers"""
    L = K.layers
    return sequential(K, r, [
        L.Rescaling(1. / 255),
        L.Conv2D(8, (3, 3)), L.Activation('relu'), L.Conv2D(8, (3, 3)), L.Activation('relu'), L.MaxPooling2D(pool_size=(2, 2)), L.Dropout(.25),
        L.Conv2D(12, (3, 3), strides=(2, 1)), L.Activation('relu'),
        L.Flatten(), L.Dense(16), L.Activation('relu'), L.Dropout(.5), L.Dense(5), L.Activation('softmax')])


def leaky(K, r):
    """strides in the place of pooling, LeakyReLU with and without a slope, BatchNormalization behind it"""
    L = K.layers
    return sequential(K, r, [
        L.Conv2D(8, 4, strides=2, padding='same'), L.LeakyReLU(.1),
        L.Conv2D(10, 4, strides=2, padding='same'), L.BatchNormalization(), L.LeakyReLU(.1),
        L.Conv2D(12, 4, strides=2, padding='same'), L.LeakyReLU(), L.BatchNormalization(momentum=.8),
        L.GlobalAveragePooling2D(), L.Dense(8), L.LeakyReLU(), L.Dense(4, activation='softmax')])


def dilated(K, r):
    L = K.layers
    x = inputs = start(K, r)
    for n, rate in ((8, 1), (8, 2), (10, 4), (12, (2, 3))): x = L.Conv2D(n, 3, dilation_rate=rate, padding='same' if n < 12 else 'valid', activation='elu')(x)
    x = L.Conv2D(12, 3, strides=3, activation='relu')(x)
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalAveragePooling2D()(x)), name='dilated')


def grouped(K, r):
    """convolutions of groups, a depth multiplier, GlobalMaxPooling2D"""
    L = K.layers
    x = inputs = start(K, r)
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, strides=2, padding='same')(x)))
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(12, 3, groups=4, padding='same', use_bias=False)(x)))
    x = L.ReLU()(L.DepthwiseConv2D(3, strides=2, depth_multiplier=2, padding='same')(x))
    x = L.Conv2D(16, 1, groups=2, activation='relu')(x)
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalMaxPooling2D()(x)), name='grouped')


def inception(K, r):
    """branches put side by side"""
    L = K.layers

    def block(x, a, b, c, d):
        return L.Concatenate()([
            L.Conv2D(a, 1, padding='same', activation='relu')(x),
            L.Conv2D(b[1], 3, padding='same', activation='relu')(L.Conv2D(b[0], 1, padding='same', activation='relu')(x)),
            L.Conv2D(c[1], 5, padding='same', activation='relu')(L.Conv2D(c[0], 1, padding='same', activation='relu')(x)),
            L.Conv2D(d, 1, padding='same', activation='relu')(L.MaxPooling2D(3, strides=1, padding='same')(x))])

    x = inputs = start(K, r)
    x = L.MaxPooling2D(3, strides=2, padding='same')(L.Conv2D(8, 7, strides=2, padding='same', activation='relu')(x))
    x = L.MaxPooling2D(3, strides=2, padding='same')(block(x, 3, (3, 4), (2, 2), 2))
    x = block(x, 4, (3, 5), (2, 3), 3)
    x = L.Dropout(.4)(L.AveragePooling2D(3, strides=1)(x))
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.Flatten()(x)), name='inception')


def merges(K, r):
    """two branches met by Subtract, Maximum, Average, Multiply and Minimum"""
    L = K.layers
    x = inputs = start(K, r)
    x = L.Conv2D(8, 3, strides=2, activation='relu')(x)
    a = L.Conv2D(8, 3, padding='same', activation='relu', name='left')(x)
    b = L.Conv2D(8, 5, padding='same', activation='sigmoid', name='right')(x)
    x = L.Concatenate()([L.Subtract()([a, b]), L.Maximum()([a, b, x]), L.Average()([a, b, x]), L.Multiply()([a, b]), L.Minimum()([a, x])])
    x = L.Conv2D(12, 3, strides=2, activation='swish')(x)
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalAveragePooling2D()(x)), name='merges')


def hourglass(K, r):
    """down and up again, with skips that are cropped or padded to fit"""
    L = K.layers
    x = inputs = start(K, r)
    x = one = L.Conv2D(6, 3, activation='relu')(x)
    x = two = L.Conv2D(8, 3, activation='relu')(L.MaxPooling2D()(x))
    x = L.Conv2D(10, 3, activation='relu')(L.MaxPooling2D()(x))
    x = L.Conv2D(8, 2, activation='relu', padding='same')(L.UpSampling2D(2)(x))
    x = L.Concatenate()([x, L.Cropping2D(2)(two)])
    x = L.Conv2D(8, 3, activation='relu', padding='same')(L.UpSampling2D((2, 2), interpolation='nearest')(x))
    x = L.Add()([L.Conv2D(6, 1)(L.ZeroPadding2D(((3, 2), (2, 3)))(x)), L.Cropping2D(((3, 4), (4, 3)))(one)])
    x = L.Conv2D(8, 3, strides=4, activation='relu')(x)
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalAveragePooling2D()(x)), name='hourglass')


def squeeze_and_excite(K, r):
    """two blocks with gates of Dense layers"""
    L = K.layers
    x = inputs = start(K, r)
    for n, keep in ((8, False), (12, True)):
        x = L.ReLU()(L.BatchNormalization()(L.Conv2D(n, 3, strides=2, padding='same', use_bias=False)(x)))
        gate = L.GlobalAveragePooling2D(keepdims=keep)(x)
        if not keep: gate = L.Reshape((1, 1, n))(gate)
        gate = L.Dense(n, activation='sigmoid')(L.Dense(n // 4, activation='relu')(gate))
        # the second gate comes first
        x = L.Multiply()([gate, x] if keep else [x, gate])
    x = L.Conv2D(14, 3, activation='relu', padding='same')(x)
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.Dropout(.3)(L.GlobalAveragePooling2D()(x))), name='senet')


def preactivated(K, r):
    """BatchNormalization and ReLU before each convolution, shortcuts, GlobalMaxPooling2D"""
    L = K.layers
    x = inputs = start(K, r)
    x = L.Conv2D(8, 3, padding='same')(L.BatchNormalization()(x))
    for n, s in ((8, 1), (12, 2), (12, 1)):
        y = L.Activation('relu')(L.BatchNormalization()(x))
        skip = L.Conv2D(n, 1, strides=s, use_bias=False)(y) if s > 1 else x
        y = L.Conv2D(n, 3, strides=s, padding='same', use_bias=False)(y)
        y = L.Conv2D(n, 3, padding='same')(L.Activation('relu')(L.BatchNormalization()(y)))
        x = L.add([y, skip])
    x = L.Activation('relu')(L.BatchNormalization()(x))
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalMaxPooling2D()(x)), name='preactivated')


def from_scratch(K, r):
    """the small Xception of Keras' own example"""
    L = K.layers
    inputs = start(K, r)
    x = L.Rescaling(1. / 255)(inputs)
    x = previous = L.Activation('relu')(L.BatchNormalization()(L.Conv2D(8, 3, strides=2, padding='same')(x)))
    for n in (10, 12):
        x = L.BatchNormalization()(L.SeparableConv2D(n, 3, padding='same')(L.Activation('relu')(x)))
        x = L.BatchNormalization()(L.SeparableConv2D(n, 3, padding='same')(L.Activation('relu')(x)))
        x = L.MaxPooling2D(3, strides=2, padding='same')(x)
        x = previous = L.add([x, L.Conv2D(n, 1, strides=2, padding='same')(previous)])
    x = L.Activation('relu')(L.BatchNormalization()(L.SeparableConv2D(14, 3, padding='same')(x)))
    x = L.Dropout(.25)(L.GlobalAveragePooling2D()(x))
    return K.Model(inputs, L.Dense(1, activation=None)(x), name='from_scratch')


def shared(K, r):
    """a block called twice in a row, and an encoder that sees two versions of a map"""
    L = K.layers
    x = inputs = start(K, r)
    x = L.Conv2D(8, 3, strides=2, activation='relu')(x)
    block, norm = L.Conv2D(8, 3, padding='same', activation='relu', name='block'), L.BatchNormalization(name='norm')
    x = L.MaxPooling2D()(norm(block(norm(block(x)))))
    map_ = K.Input((None, None, 8))
    encoder = K.Model(map_, L.ReLU(name='encoder_relu')(L.Conv2D(10, 3, name='encoder_conv')(map_)), name='encoder')
    x = L.Average()([encoder(x), encoder(L.AveragePooling2D(3, strides=1, padding='same')(x))])
    x = L.Conv2D(12, 3, activation='relu')(x)
    dense = L.Dense(12, activation='relu', name='twice')
    return K.Model(inputs, L.Dense(4, activation='softmax')(dense(dense(L.GlobalAveragePooling2D()(x)))), name='shared')


def bilinear(K, r):
    """maps that are made larger with interpolation"""
    L = K.layers
    x = inputs = start(K, r)
    x = L.Conv2D(6, 3, strides=2, activation='relu')(x)
    skip = L.Conv2D(6, 3, padding='same', activation='relu')(x)
    x = L.Conv2D(8, 3, activation='relu', padding='same')(L.MaxPooling2D((2, 3))(x))
    x = L.Concatenate()([skip, L.UpSampling2D((2, 3), interpolation='bilinear')(x)])
    x = L.Conv2D(10, 3, strides=3, activation='relu')(x)
    x = L.Conv2D(10, 3, activation='relu')(L.UpSampling2D(3, interpolation='bilinear')(x))
    x = L.Conv2D(12, 3, strides=2, activation='relu')(x)
    return K.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalAveragePooling2D()(x)), name='bilinear')


def normalized(K, r):
    """pixels by given and by adapted statistics; normalisation over channels; layers of activations with numbers in them"""
    L = K.layers
    x = inputs = start(K, r)
    x = L.Normalization(mean=[120., 110., 100.], variance=[3000., 3500., 4000.])(x)
    x = L.Normalization()(x)
    x = L.LayerNormalization(epsilon=1e-5)(L.Conv2D(8, 3, strides=2, padding='same')(x))
    x = L.PReLU(shared_axes=[1, 2])(L.Conv2D(10, 3, strides=2)(x))
    x = L.LayerNormalization(scale=False)(L.ELU(.5)(L.Conv2D(10, 3)(L.ZeroPadding2D((1, 2))(x))))
    x = L.Permute((1, 2, 3))(L.Conv2D(10, 1, activation='gelu')(x))
    x = L.ReLU(max_value=3., negative_slope=.1, threshold=.2)(L.DepthwiseConv2D(3, activation='tanh')(x))
    x = L.Conv2D(12, 3, activation='softplus')(L.Cropping2D(((1, 0), (0, 1)))(x))
    return K.Model(inputs, L.Softmax()(L.Dense(4)(L.GlobalAveragePooling2D()(x))), name='normalized')
