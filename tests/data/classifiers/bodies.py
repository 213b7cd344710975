"""The networks of keras.applications as Keras builds them, and the same graphs with fewer channels.

Every function here builds with the module it is handed, `keras` or `tf_keras`, so that both dialects are of one network.
"""
import contextlib, importlib

CLASSES = 5


@contextlib.contextmanager
def without_downloads(K, module):
    """builds of ImageNet weights without the weights, at any size: the published EfficientNets have a layer that others lack"""
    sizes = module.imagenet_utils
    obtain = sizes.obtain_input_shape
    files = module.file_utils if K.__name__ == 'keras' else module.data_utils
    get_file, load, source = files.get_file, K.Model.load_weights, K.Model.__dict__.get('load_weights')
    files.get_file = lambda *a, **k: 'no file'
    K.Model.load_weights = lambda self, path, *a, **k: None if path == 'no file' else load(self, path, *a, **k)
    sizes.obtain_input_shape = lambda *a, **k: obtain(*a, **{**k, 'weights': None})
    try: yield
    finally:
        files.get_file, sizes.obtain_input_shape = get_file, obtain
        if source is None: del K.Model.load_weights
        else: K.Model.load_weights = source


@contextlib.contextmanager
def without_numbers(K):
    """random initial weights take longer than all else"""
    kind = K.initializers.VarianceScaling
    drawn = kind.__call__
    kind.__call__ = lambda self, shape, dtype=None, **k: K.initializers.Zeros()(shape, dtype)
    try: yield
    finally: kind.__call__ = drawn


def application(K, family, **arguments):
    """a network of keras.applications at full width; its weights mean nothing"""
    with without_numbers(K): return published(K, family, **arguments)


def published(K, family, **arguments):
    build = getattr(K.applications, family)
    if family.startswith('EfficientNetB'):
        module = importlib.import_module(f'{K.__name__}.src.applications.efficientnet')
        with without_downloads(K, module): return build(weights='imagenet', **arguments)
    if arguments.get('include_top', True): arguments['classes'] = CLASSES
    return build(weights=None, **arguments)


def by(divisor):
    """channels divided, for networks in which concatenations meet additions"""
    return lambda channels: max(2, -(-channels // divisor))


def root(factor):
    """channels by their square root, so that the wide layers shrink more than the narrow ones"""
    return lambda channels: max(2, round(factor * channels ** .5))


def narrow(K, model, width):
    """the same graph, names and arguments; every number of channels replaced by `width` of it, but for the classes"""
    def channels(n): return CLASSES if n in (CLASSES, 1000) else width(n)

    def cloned(layer):
        if isinstance(layer, K.Sequential):
            # Keras 2 counts the making of a model with an input of its own as a call of it, and looks for that for ever
            first = getattr(layer, '_self_tracked_trackables', layer.layers)[0]
            own = []
            if type(first).__name__ == 'InputLayer' and K.__name__ != 'keras':
                *sides, n = first.get_config()['batch_input_shape']
                own = [K.layers.InputLayer((*sides[1:], n if n == 3 else channels(n)), name=first.name)]
            return K.Sequential([*own, *(cloned(l) for l in layer.layers)], name=layer.name)
        if not isinstance(layer, K.layers.Layer): return type(layer).from_config(layer.get_config())
        config, kind = layer.get_config(), type(layer).__name__
        if kind in ('Conv2D', 'SeparableConv2D'):
            if config.get('groups', 1) == config['filters'] > 1: config['groups'] = channels(config['filters'])
            config['filters'] = channels(config['filters'])
        elif kind == 'Dense': config['units'] = channels(config['units'])
        elif kind == 'Reshape': config['target_shape'] = [*config['target_shape'][:-1], channels(config['target_shape'][-1])]
        elif kind == 'LayerScale': config['projection_dim'] = channels(config['projection_dim'])
        return type(layer).from_config(config)

    # Keras 3 calls a clone's input by its tensor, unless it is given one
    source = model.inputs[0]._keras_history
    name = (source.operation if K.__name__ == 'keras' else source.layer).name
    inputs = K.Input(model.inputs[0].shape[1:], name=name)
    return K.models.clone_model(model, input_tensors=[inputs] if isinstance(model.input, list) else inputs, clone_function=cloned)


def same_graph(a, b):
    """whether two Keras 3 models have the same layers, called on each other in the same way"""
    def edges(model):
        for op in model.operations:
            inputs = [[t._keras_history.operation.name for t in node.input_tensors] for node in op._inbound_nodes]
            yield type(op).__name__, op.name, inputs, list(edges(op)) if hasattr(op, 'operations') else []
    return list(edges(a)) == list(edges(b))
