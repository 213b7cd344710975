"""Changes of a description, as JSON patches (RFC 6902): what a stranger, an editor or another program may have made of it."""
import copy, json, random, re

# what any place may become, as in ../../keras_hostile/main.rs
STRANGE = [None, True, False, 0, 1, 2, -1, 3, 1e308, 18446744073709551615, 1000000, 'relu', 'same', '', [], {}, [1], [-1, -1], [2, 2],
           [[[[1]]]], 'add_1', {'class_name': 'Dense'}, .5, [0, 0, 0]]
ACTIVATIONS = ['relu', 'relu6', 'leaky_relu', 'elu', 'selu', 'gelu', 'silu', 'swish', 'tanh', 'sigmoid', 'hard_sigmoid', 'hard_silu',
               'hard_swish', 'softplus', 'softsign', 'softmax', 'log_softmax', 'linear', 'exponential', 'mish', 'celu', 'glu', 'squareplus',
               'hard_tanh', 'tanh_shrink', 'sparsemax', 'ReLU', 'Softmax', None]
NUMBERS = [0, 1, 2, 3, -1, .5, .1, -.5, 1e-7, .9, 6, 127.5]
POLICIES = ['float32', 'float16', 'float64', 'bfloat16', 'mixed_float16', 'int8', 'uint8', 'quantized']
# by key; what is not here is changed by its type
CHOICES = {
    'activation': ACTIVATIONS,
    'padding': ['same', 'valid', 'causal', 'SAME', 'Valid', 'full', 1],
    'strides': [[1, 1], [2, 2], 1, 2, 3, [1, 2], [3, 1], None, [2], 0],
    'dilation_rate': [[1, 1], [2, 2], 2, [1, 2], 3, None],
    'pool_size': [[2, 2], [3, 3], 1, 2, [1, 2], [3, 2], None],
    'kernel_size': [[1, 1], [3, 3], 3, 1, [2, 3], [1], None],
    'axis': [-1, 1, 2, 3, 0, -2, [-1], [3], [1], [1, 2], [-1, 1], None, 4],
    'shared_axes': [None, [1], [2], [3], [1, 2], [1, 2, 3], [2, 1], [-1], 1],
    'data_format': ['channels_last', 'channels_first', None, 'channels', 'NHWC'],
    'groups': [1, 2, 3, 4, None],
    'dtype': POLICIES,
    'name': ['x', 'block14_sepconv2_act', 'input', None, ''],
    'target_shape': [[-1], [1, 1, -1], [-1, 1], [2, -1], [1, -1], [-1, 2, 2]],
    'function': ['math.add', 'math.subtract', 'math.multiply', 'math.truediv', 'nn.relu', 'nn.gelu', 'nn.bias_add', 'math.sqrt', '__operators__.add'],
    'mean': [0, .5, [.1, .2, .3], [.1], [1, 2], None], 'variance': [1, 0, [.1, .2, .3], [.5], [1, 2], -1, None],
    'scale': [.01, [.1, .2, .3], [1], [1, 2], 0, True, False, None], 'offset': [.5, [.1, .2, .3], [-1], [1, 2], None],
    'class_name': ['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'PReLU', 'Softmax', 'Dense', 'Conv2D', 'DepthwiseConv2D', 'SeparableConv2D',
                   'Conv2DTranspose', 'MaxPooling2D', 'AveragePooling2D', 'GlobalAveragePooling2D', 'GlobalMaxPooling2D', 'Flatten', 'Dropout',
                   'BatchNormalization', 'LayerNormalization', 'UnitNormalization', 'Rescaling', 'Normalization', 'Identity', 'Add', 'Average',
                   'Subtract', 'Multiply', 'Concatenate', 'Divide', 'SpatialDropout2D', 'GaussianNoise', 'Permute', 'Functional', 'Sequential', 'Cast'],
    'registered_name': ['Dense', 'Custom>Dense', 'x'], 'module': ['keras.layers', 'mine', 'keras', 'keras.src.layers', 'tf_keras.layers', None],
    'batch_shape': [[None, 75, 75, 3], [None, 96, 80, 3], [None, None, None, 3], [1, 75, 75, 3], [None, 75, 75, 4], [2, 75, 75, 3], None],
    'batch_input_shape': [[None, 75, 75, 3], [None, 96, 80, 3], [None, None, None, 3], [None, 75, 75, 1]],
}
# what may stand in a layer's configuration though Keras did not write it there
UNKNOWN = [('scale', .5), ('use_scale', True), ('gain', 2), ('negative_slope', .1), ('alpha', .1), ('max_value', 1), ('threshold', .1), ('keepdims', True),
           ('rms_scaling', True), ('renorm', True), ('invert', True), ('normalize', True), ('offset', .5), ('groups', 2), ('epsilon', .1), ('axis', 1),
           ('mode', 1), ('bias', False), ('nb_row', 2), ('subsample', [2, 2]), ('border_mode', 'valid'), ('dim_ordering', 'th'), ('output_dim', 2),
           ('activation', 'tanh'), ('padding', 'valid'), ('use_bias', False), ('lora_rank', 2), ('quantization_config', {'a': 1}), ('anything', 1), ('center', False)]
KEYWORDS = [('training', True), ('training', False), ('training', None), ('mask', None), ('mask', 1), ('anything', 2), ('x', 3), ('name', 'a'), ('axis', 1),
            ('approximate', True), ('approximate', False)]


def escaped(key):
    return str(key).replace('~', '~0').replace('/', '~1')


def places(value, path=''):
    """(pointer, key, value) of everything in a description"""
    for key, inner in enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ():
        here = f'{path}/{escaped(key)}'
        yield here, key, inner
        yield from places(inner, here)


def step(value, part):
    return value[int(part)] if isinstance(value, list) else value[part]


def apply(description, patch):
    """the description that a patch makes of another"""
    description = copy.deepcopy(description)
    for change in patch:
        def parent(pointer):
            *way, last = [p.replace('~1', '/').replace('~0', '~') for p in pointer.split('/')[1:]]
            at = description
            for part in way: at = step(at, part)
            return at, int(last) if isinstance(at, list) else last

        at, last = parent(change['path'])
        if change['op'] in ('move', 'copy'):
            source, key = parent(change['from'])
            value = copy.deepcopy(source[key])
            if change['op'] == 'move': del source[key]
        elif change['op'] != 'remove': value = change['value']
        if change['op'] in ('remove', 'replace'): at[last]
        elif isinstance(at, list) and last > len(at): raise IndexError
        if change['op'] == 'remove': del at[last]
        elif isinstance(at, list) and change['op'] != 'replace': at.insert(last, value)
        else: at[last] = value
    return description


def replace(path, value): return {'op': 'replace', 'path': path, 'value': value}
def add(path, value): return {'op': 'add', 'path': path, 'value': value}


class Drawer:
    """draws changes of one description, more often outside of the body, where layers differ"""

    def __init__(self, description, seed):
        self.dice = random.Random(seed)
        self.all = list(places(description))
        in_body = lambda name: re.match('block|layer_0|add|conv2d|batch_norm', str(name))
        layers = [(p, v) for p, k, v in self.all if isinstance(v, dict) and 'class_name' in v and isinstance(v.get('config'), dict) and 'inbound_nodes' in v | {'inbound_nodes': 0} and '/layers/' in p and p.split('/')[-2] == 'layers']
        self.body = [p for p, v in layers if in_body(v.get('name') or v['config'].get('name')) and 'layers' not in v['config']]
        self.head = [p for p, v in layers if p not in self.body]
        self.layers = dict(layers)
        inside = lambda p: any(p.startswith(b + '/') for b in self.body)
        self.outer = [e for e in self.all if not inside(e[0])]
        self.inner = [e for e in self.all if inside(e[0])]

    def place(self, wanted=lambda key, value: True):
        """one that is wanted, outside of the body three times out of four"""
        for _ in range(200):
            found = self.dice.choice(self.outer if self.dice.random() < .75 or not self.inner else self.inner)
            if wanted(found[1], found[2]): return found
        return found

    def layer(self):
        return self.dice.choice(self.head if self.dice.random() < .75 or not self.body else self.body)

    def strange(self):
        return [replace(self.place()[0], self.dice.choice(STRANGE))]

    def setting(self):
        """a value of a layer's configuration, by its key or its type"""
        for _ in range(100):
            layer = self.layer()
            config = self.layers[layer]['config']
            keys = [k for k, v in config.items() if k not in ('layers', 'input_layers', 'output_layers') and not k.endswith(('_initializer', '_regularizer', '_constraint'))]
            if keys: break
        key = self.dice.choice(keys)
        path, value = f'{layer}/config/{escaped(key)}', config[key]
        if key in CHOICES: return [replace(path, self.dice.choice(CHOICES[key]))]
        if isinstance(value, bool): return [replace(path, not value)]
        if isinstance(value, int): return [replace(path, self.dice.choice([value + 1, value - 1, 2 * value, 1, float(value), str(value)]))]
        return [replace(path, self.dice.choice(NUMBERS if isinstance(value, float) or value is None else STRANGE))]

    def without(self):
        """a key left out"""
        for _ in range(100):
            config = f'{self.layer()}/config'
            inside = [e for e in self.all if e[0].rsplit('/', 1)[0] == config]
            if inside: return [{'op': 'remove', 'path': self.dice.choice(inside)[0]}]

    def unknown(self):
        key, value = self.dice.choice(UNKNOWN)
        return [add(f'{self.layer()}/config/{key}', value)]

    def other_class(self):
        layer = self.layer()
        value = self.dice.choice(CHOICES['class_name'])
        patch = [replace(f'{layer}/class_name', value)]
        # Keras may look the class up by this name
        if self.layers[layer].get('registered_name'): patch.append(replace(f'{layer}/registered_name', value))
        return patch

    def moved(self):
        """a layer elsewhere in the list"""
        layer = self.layer()
        way, at = layer.rsplit('/', 1)
        count = sum(1 for p in self.layers if p.rsplit('/', 1)[0] == way)
        to = max(0, min(count - 1, int(at) + self.dice.choice([-3, -1, 1, 2, 9])))
        return [{'op': 'move', 'from': layer, 'path': f'{way}/{to}'}]

    def removed(self):
        return [{'op': 'remove', 'path': self.layer()}]

    def read(self):
        """another layer, node or tensor among what a layer reads or a model gives"""
        path, _, value = self.place(lambda key, value: isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int))
        if not isinstance(value, list) or not value: return self.strange()
        part = self.dice.randrange(3)
        if part: return [replace(f'{path}/{part}', self.dice.choice([0, 1, 2, -1, None]))]
        names = [v.get('name') or v['config'].get('name') for v in self.layers.values()]
        close = [n for n in names if isinstance(n, str)]
        if value[0] in close and self.dice.random() < .7:
            at = close.index(value[0])
            close = close[max(0, at - 3):at + 4]
        return [replace(f'{path}/0', self.dice.choice(close))]

    def node(self):
        """a call twice, none, or another keyword of a call"""
        path, _, value = self.place(lambda key, value: key == 'inbound_nodes' and value)
        if not isinstance(value, list) or not value or not path.endswith('inbound_nodes'): return self.unknown()
        kind = self.dice.randrange(5)
        if kind == 0: return [{'op': 'copy', 'from': f'{path}/0', 'path': f'{path}/0'}]
        if kind == 1: return [replace(path, [])]
        key, word = self.dice.choice(KEYWORDS)
        if isinstance(value[0], dict):
            if kind == 2 and value[0].get('args') and isinstance(value[0]['args'][0], list): return [{'op': 'move', 'from': f'{path}/0/args/0/0', 'path': f'{path}/0/args/0/1'}]
            if kind == 3: return [add(f'{path}/0/args/{len(value[0]["args"])}', self.dice.choice([None, 1, .5, True, [1, 2, 3]]))]
            return [add(f'{path}/0/kwargs/{key}', word)]
        first = value[0][0] if isinstance(value[0], list) and isinstance(value[0][0], list) else value[0]
        if not isinstance(first, list) or len(first) < 4: return self.unknown()
        where = f'{path}/0/0/3' if first is not value[0] else f'{path}/0/3'
        return [add(f'{where}/{key}', word)]

    def draw(self):
        kinds = [self.strange] * 5 + [self.setting] * 8 + [self.without] * 2 + [self.unknown] * 2 + [self.other_class] * 2 + [self.moved, self.removed] + [self.read] * 2 + [self.node] * 2
        return self.dice.choice(kinds)()


def drawn(description, seed, count):
    """so many different changes that change something; every sixth is two of them"""
    drawer = Drawer(description, seed)
    seen, patches = {json.dumps(description, sort_keys=True)}, []
    for _ in range(100 * count):
        if len(patches) == count: break
        patch = drawer.draw() or []
        if drawer.dice.random() < 1 / 6: patch = patch + (drawer.draw() or [])
        try: changed = json.dumps(apply(description, patch), sort_keys=True)
        except (KeyError, IndexError, TypeError, ValueError): continue
        if changed not in seen: patches.append(patch)
        seen.add(changed)
    return patches
