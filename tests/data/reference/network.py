"""Xception of any width as a Keras model, after keras/src/applications/xception.py, whose widths are constants."""


def build(keras, a):
    """Functional model from pixels [1, size, size, 3] in -1..1 to logits, for an `Architecture` of make_weights.py.

    keras: the module to build with, `keras` or `tf_keras`. In a fresh naming scope the layers that Xception leaves
    unnamed come out as conv2d .. conv2d_3, batch_normalization .. batch_normalization_3 and add, add_1 ...
    """
    L = keras.layers
    relu = lambda x, name: L.Activation('relu', name=name)(x)

    def separable(x, width, name):
        x = L.SeparableConv2D(width, 3, padding='same', use_bias=False, name=name)(x)
        return L.BatchNormalization(name=name + '_bn')(x)

    def downsampling(x, block, mid, width):
        skip = L.Conv2D(width, 1, strides=2, padding='same', use_bias=False)(x)
        skip = L.BatchNormalization()(skip)
        if block != 'block2': x = relu(x, f'{block}_sepconv1_act')
        x = separable(x, mid, f'{block}_sepconv1')
        x = separable(relu(x, f'{block}_sepconv2_act'), width, f'{block}_sepconv2')
        x = L.MaxPooling2D(3, strides=2, padding='same', name=f'{block}_pool')(x)
        return L.add([x, skip])

    inputs = L.Input((a.size, a.size, 3))
    x = L.Conv2D(a.stem[0], 3, strides=2, use_bias=False, name='block1_conv1')(inputs)
    x = relu(L.BatchNormalization(name='block1_conv1_bn')(x), 'block1_conv1_act')
    x = L.Conv2D(a.stem[1], 3, use_bias=False, name='block1_conv2')(x)
    x = relu(L.BatchNormalization(name='block1_conv2_bn')(x), 'block1_conv2_act')
    for i, width in enumerate(a.entry):
        x = downsampling(x, f'block{i + 2}', width, width)
    width = a.entry[-1]
    for i in range(a.middle):
        skip = x
        for s in (1, 2, 3):
            x = separable(relu(x, f'block{i + 5}_sepconv{s}_act'), width, f'block{i + 5}_sepconv{s}')
        x = L.add([x, skip])
    x = downsampling(x, 'block13', width, a.exit[0])
    for s in (1, 2):
        x = relu(separable(x, a.exit[s], f'block14_sepconv{s}'), f'block14_sepconv{s}_act')
    x = L.GlobalAveragePooling2D(name='avg_pool')(x)
    return keras.Model(inputs, L.Dense(a.classes, name='predictions')(x))


def set_weights(model, tensors):
    """gives every layer its tensors, by Keras name; the layers must carry the names of a fresh process"""
    used = set()
    for layer in model.layers:
        paths = [f'{layer.name}/{w.name.split("/")[-1].removesuffix(":0")}' for w in layer.weights]
        layer.set_weights([tensors[p] for p in paths])
        used.update(paths)
    if used != set(tensors): raise ValueError(f'tensors without a layer: {sorted(set(tensors) - used)}')
