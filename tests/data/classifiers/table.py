"""The table of networks: narrow instances of keras.applications, fine-tuned forms of five, and networks of people's own."""
import dataclasses
import bodies, finetuned, own
from bodies import by, root

ROWS = []


@dataclasses.dataclass
class Row:
    name: str
    files: list                     # endings: keras, h5, k2.h5, k2.keras
    build: object                   # (K, row) -> model
    family: str = ''                # of the body, as keras.applications calls it
    size: tuple = (96, 96)          # height, width
    channels: int = 3
    outside: str = '0..255'         # what is done to pixels before the file's network sees them
    output: str = 'softmax'         # what the numbers mean
    origin: str = 'file'            # whether the file says so
    compile: object = None          # K -> arguments of compile
    width: object = None            # of the body: channels -> channels
    gain: float = 1.                # of BatchNormalization; more than 1 takes ReLU6 to its ceiling
    firm: float = 1.5               # deviations that the units of a ReLU are on or off by
    early: str = ''                 # chosen by place if empty
    middle: str = ''
    notes: str = ''


OUTSIDE = {'tf': '-1..1', 'caffe': 'caffe', 'torch': 'torch', 'inside': '0..255'}
MODES = {'MobileNet': 'tf', 'MobileNetV2': 'tf', 'MobileNetV3Small': 'inside', 'MobileNetV3Large': 'inside',
         'ResNet50': 'caffe', 'ResNet101': 'caffe', 'ResNet152': 'caffe', 'ResNet50V2': 'tf', 'ResNet101V2': 'tf', 'ResNet152V2': 'tf',
         'VGG16': 'caffe', 'VGG19': 'caffe', 'DenseNet121': 'torch', 'DenseNet169': 'torch', 'DenseNet201': 'torch',
         'InceptionV3': 'tf', 'InceptionResNetV2': 'tf', 'Xception': 'tf', 'NASNetMobile': 'tf'}


def outside(family): return OUTSIDE[MODES.get(family, 'inside')]


def whole(K, r):
    full = bodies.application(K, r.family, input_shape=(*r.size, r.channels))
    model = bodies.narrow(K, full, r.width)
    assert K.__name__ != 'keras' or bodies.same_graph(model, full), f'not the graph of {r.family}'
    return model


def row(name, files, build, **more):
    ROWS.append(Row(name, files.split(), build, **more))


def application(family, files='keras', width=root(.7), **more):
    row(family.lower(), files, whole, family=family, width=width, outside=outside(family), **more)


ALL = 'keras h5 k2.h5 k2.keras'
BOTH = 'keras k2.h5'
application('MobileNet', ALL, gain=2.)
application('MobileNetV2', ALL, size=(96, 128), gain=2.)
application('MobileNetV3Small', 'keras h5 k2.h5')
application('MobileNetV3Large', 'keras h5 k2.h5')
application('ResNet50', ALL)
application('ResNet101', BOTH, width=root(.5))
application('ResNet152', BOTH, width=root(.5))
application('ResNet50V2', ALL)
application('ResNet101V2', BOTH, width=root(.5))
application('ResNet152V2', BOTH, width=root(.5), firm=2.)
application('VGG16', ALL, width=root(.6), size=(96, 64))
application('VGG19', ALL, width=root(.6))
application('DenseNet121', ALL, width=by(16))
application('DenseNet169', BOTH, width=by(16))
application('DenseNet201', BOTH, width=by(16))
application('InceptionV3', ALL, width=by(24), size=(139, 139), firm=2.5)
application('InceptionResNetV2', BOTH, width=by(32), size=(139, 139), firm=2.)
application('EfficientNetB0', ALL, firm=3.)
for n in range(1, 8): application(f'EfficientNetB{n}', BOTH, width=root(.45), firm=4.)
application('EfficientNetV2B0', ALL)
for n in range(1, 4): application(f'EfficientNetV2B{n}', BOTH, width=root(.5), firm=3. if n == 2 else 2.)
application('EfficientNetV2S', BOTH, width=root(.5))
application('Xception', ALL, width=root(.5))
application('NASNetMobile', BOTH, width=by(11), firm=3.)
application('ConvNeXtTiny', 'keras h5 k2.h5', width=root(.5))


# --- five bodies, each fine-tuned in three forms ---

def loss(name, **more): return lambda K: {'optimizer': 'adam', 'loss': getattr(K.losses, name)(**more)}


def tuned(family, form, files, build, where='0..255', width=root(.6), firm=2.5, **more):
    row(f'{family.lower()}_{form}', files, build, family=family, width=width, outside=where, firm=firm, **more)


tuned('MobileNetV2', 'nested', ALL, finetuned.nested(3, augmented=True), firm=2.7)
tuned('ResNet50', 'nested', 'keras h5 k2.h5', finetuned.nested(4), width=root(.5))
tuned('EfficientNetB0', 'nested', ALL, finetuned.nested(4), firm=4.)
tuned('DenseNet121', 'nested', ALL, finetuned.nested(3), width=root(.35))
tuned('VGG16', 'nested', 'keras h5 k2.h5', finetuned.nested(3), width=root(.5))
tuned('MobileNetV2', 'sequential', ALL, finetuned.sequential(12, 3), outside('MobileNetV2'))
tuned('ResNet50', 'sequential', ALL, finetuned.sequential(10, 2), outside('ResNet50'), width=root(.5))
tuned('EfficientNetB0', 'sequential', ALL, finetuned.sequential(10, 3, lambda K: [finetuned.augmentation(K)]))
tuned('DenseNet121', 'sequential', ALL, finetuned.sequential(10, 4), outside('DenseNet121'), width=root(.35))
tuned('VGG16', 'sequential', ALL, finetuned.sequential(24, 3), outside('VGG16'), width=root(.5), size=(96, 128))
tuned('MobileNetV2', 'output', ALL, finetuned.on_output(finetuned.sigmoid_head, finetuned.augmented_and_rescaled(1 / 127.5, -1)), output='sigmoid')
tuned('ResNet50', 'output', ALL, finetuned.on_output(finetuned.logits_head(4)), outside('ResNet50'), width=root(.5),
      compile=loss('SparseCategoricalCrossentropy', from_logits=True))
tuned('EfficientNetB0', 'output', ALL, finetuned.on_output(finetuned.sigmoid_head), output='sigmoid', firm=4.)
tuned('DenseNet121', 'output', ALL, finetuned.on_output(finetuned.logits_head(3), finetuned.augmented_and_rescaled(1 / 255)), width=root(.35),
      compile=loss('CategoricalCrossentropy', from_logits=True))
tuned('VGG16', 'output', ALL, finetuned.on_output(finetuned.flat_head), outside('VGG16'), width=root(.5), output='sigmoid')


# --- networks of people's own ---

def course(name, files, build, **more):
    row(f'own_{name}', files, build, **{'size': (48, 48), **more})


course('flowers', 'keras h5 k2.h5 k2.keras', own.flowers, early='conv2d_1', middle='conv2d_2', compile=loss('SparseCategoricalCrossentropy', from_logits=True))
course('cats_and_dogs', 'keras h5 k2.h5 k2.keras', own.cats_and_dogs, early='conv2d_1', middle='conv2d_2', size=(60, 72), outside='0..1', output='sigmoid', compile=lambda K: {'optimizer': 'rmsprop', 'loss': 'binary_crossentropy'})
course('lenet', 'keras k2.keras', own.lenet, early='conv2d', middle='average_pooling2d', size=(28, 28), channels=1, outside='0..1')
course('digits', 'keras h5 k2.h5', own.digits, early='activation', middle='max_pooling2d', size=(28, 28), channels=1)
course('leaky', 'keras k2.keras', own.leaky, outside='-1..1')
course('dilated', 'keras k2.keras', own.dilated, size=(24, 24), outside='0..1')
course('grouped', 'keras k2.keras', own.grouped, outside='0..1')
course('inception', 'keras k2.keras', own.inception, outside='0..1')
course('merges', 'keras k2.keras', own.merges, early='left', middle='maximum', outside='0..1')
course('hourglass', 'keras k2.keras', own.hourglass, early='cropping2d', middle='concatenate', size=(46, 50), outside='0..1')
course('squeeze_and_excite', 'keras k2.keras', own.squeeze_and_excite, outside='-1..1')
course('preactivated', 'keras k2.keras', own.preactivated, size=(24, 24), outside='0..255')
course('from_scratch', 'keras h5 k2.h5', own.from_scratch, output='sigmoid', compile=loss('BinaryCrossentropy', from_logits=True))
course('shared', ALL, own.shared, early='block:1', middle='encoder_conv:1', outside='-1..1')
course('bilinear', ALL, own.bilinear, early='up_sampling2d', middle='up_sampling2d_1', size=(46, 50), outside='0..1')
course('normalized', ALL, own.normalized, early='layer_normalization', middle='p_re_lu')
