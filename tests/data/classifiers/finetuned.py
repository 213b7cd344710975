"""A body of keras.applications under a head of somebody's own, in the ways people put them together; functions of (K, row)."""
import importlib
import bodies

MODULES = {'MobileNetV2': 'mobilenet_v2', 'ResNet50': 'resnet50', 'EfficientNetB0': 'efficientnet', 'DenseNet121': 'densenet', 'VGG16': 'vgg16'}


def augmentation(K):
    L = K.layers
    return K.Sequential([L.RandomFlip('horizontal'), L.RandomRotation(.2), L.RandomZoom(.1)], name='data_augmentation')


def body(K, r, inputs=None):
    where = {'input_shape': (*r.size, 3)} if inputs is None else {'input_tensor': inputs}
    return bodies.narrow(K, bodies.application(K, r.family, include_top=False, **where), r.width)


def nested(classes, augmented=False):
    """the body as one layer, its preprocess_input before it as operations"""
    def build(K, r):
        L = K.layers
        base = body(K, r)
        base.trainable = False
        x = inputs = K.Input((*r.size, 3))
        if augmented: x = augmentation(K)(x)
        x = getattr(K.applications, MODULES[r.family]).preprocess_input(x)
        x = L.Dropout(.2)(L.GlobalAveragePooling2D()(base(x, training=False)))
        return K.Model(inputs, L.Dense(classes, activation='softmax')(x), name='model')
    return build


def sequential(units, classes, front=None):
    """the body in a Sequential, Flatten and two dense layers behind it"""
    def build(K, r):
        L = K.layers
        base = body(K, r)
        model = K.Sequential([*(front(K) if front else []), base, L.Flatten(), L.Dense(units, activation='relu'), L.Dropout(.5), L.Dense(classes, activation='softmax')], name='sequential')
        if not model.built: model.build((None, *r.size, 3))
        return model
    return build


def on_output(head, front=None):
    """a head on `base.output`: one model, in which nothing is nested"""
    def build(K, r):
        inputs = None
        if front: inputs = front(K, K.Input((*r.size, 3), name='photo'))
        base = body(K, r, inputs)
        return K.Model(base.input, head(K.layers, base.output), name='my_model')
    return build


def sigmoid_head(L, x):
    x = L.Dense(12, activation='relu', name='fc1')(L.GlobalAveragePooling2D(name='gap')(x))
    return L.Dense(1, activation='sigmoid', name='is_a_dog')(L.Dropout(.5, name='drop')(x))


def logits_head(classes):
    return lambda L, x: L.Dense(classes, name='class_logits')(L.Dropout(.3, name='drop')(L.GlobalAveragePooling2D(name='gap')(x)))


def flat_head(L, x):
    return L.Dense(3, activation='sigmoid', name='tags')(L.Dense(16, activation='relu', name='fc1')(L.Flatten(name='flat')(x)))


def augmented_and_rescaled(scale, offset=0.):
    return lambda K, x: K.layers.Rescaling(scale, offset=offset, name='to_range')(augmentation(K)(x))
