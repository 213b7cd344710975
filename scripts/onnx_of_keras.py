"""A Keras classifier as ONNX, layer by layer, and how long ONNX Runtime takes for it.

    pip install keras tensorflow onnx onnxruntime
    python scripts/onnx_of_keras.py make FOLDER                    # full-size networks of Keras, random weights
    python scripts/onnx_of_keras.py time FOLDER PROGRAM [THREADS]  # medians of ONNX Runtime and of the program, in turns

The ONNX file holds the same weights as the .keras file beside it. ONNX Runtime itself folds batch normalisations and
fuses activations, with all optimisations on. Nothing is downloaded.
"""
import json, os, subprocess, sys, time

NAMES = ['MobileNet', 'MobileNetV2', 'MobileNetV3Large', 'ResNet50', 'ResNet50V2', 'VGG16', 'DenseNet121', 'InceptionV3',
         'EfficientNetB0', 'EfficientNetV2B0']


def make(folder, names):
    os.environ['CUDA_VISIBLE_DEVICES'] = ''
    import keras, numpy as np, onnx
    os.makedirs(folder, exist_ok=True)
    for name in names:
        keras.utils.set_random_seed(1)
        keras.backend.clear_session()
        model = getattr(keras.applications, name)(weights=None)
        rng = np.random.default_rng(2)
        for layer in model.layers:  # statistics as of a trained network, so that activations are of ordinary size
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.moving_mean.assign(rng.normal(0, .1, layer.moving_mean.shape))
                layer.moving_variance.assign(rng.uniform(.5, 1.5, layer.moving_variance.shape))
        model.save(f'{folder}/{name}.keras')
        onnx.save(converted(model), f'{folder}/{name}.onnx')
        x = rng.uniform(-1, 1, (1, *model.input_shape[1:])).astype('f4')
        import onnxruntime
        expected = np.asarray(model(x))
        found = onnxruntime.InferenceSession(f'{folder}/{name}.onnx').run(None, {'x': x})[0]
        print(name, 'ONNX differs from Keras by', abs(found - expected).max(), 'of', expected.max(), flush=True)


def converted(model):
    import numpy as np, onnx
    from onnx import helper, numpy_helper
    nodes, constants, names = [], [], {}

    def constant(value, dtype='f4'):
        name = f'c{len(constants)}'
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def node(kind, inputs, **attributes):
        name = f'n{len(nodes)}'
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def activated(x, function):
        kind = getattr(function, '__name__', str(function))
        if kind in ('silu', 'swish'): return node('Mul', [x, node('Sigmoid', [x])])
        if kind == 'hard_silu': return node('HardSwish', [x])
        if kind == 'softmax': return node('Softmax', [x], axis=1)
        return {'linear': lambda: x, 'relu': lambda: node('Relu', [x]), 'sigmoid': lambda: node('Sigmoid', [x]),
                'gelu': lambda: node('Gelu', [x])}[kind]()

    def pads(layer, size, kernel):
        if layer.padding == 'valid': return [0, 0, 0, 0]
        both = []
        for side, k, s in zip(size, kernel, layer.strides):
            total = max((-(-side // s) - 1) * s + k - side, 0)
            both.append((total // 2, total - total // 2))
        return [both[0][0], both[1][0], both[0][1], both[1][1]]

    def call(layer, xs, arguments, shape):
        kind, x = type(layer).__name__, xs[0] if xs else None
        size = shape[1:3] if len(shape) == 4 else None
        if kind in ('Dropout', 'InputLayer'): return x
        if kind in ('Conv2D', 'DepthwiseConv2D'):
            kernel = np.asarray(layer.kernel)
            weights = [kernel.transpose(3, 2, 0, 1) if kind == 'Conv2D' else kernel.transpose(2, 3, 0, 1)]
            if layer.use_bias: weights.append(np.asarray(layer.bias))
            group = 1 if kind == 'Conv2D' else kernel.shape[2]
            y = node('Conv', [x, *map(constant, weights)], strides=list(layer.strides), group=group,
                     pads=pads(layer, size, kernel.shape[:2]))
            return activated(y, layer.activation)
        if kind == 'BatchNormalization':
            gamma = np.asarray(layer.gamma) if layer.scale else np.ones(layer.moving_mean.shape)
            return node('BatchNormalization', [x, *map(constant, [gamma, np.asarray(layer.beta), np.asarray(layer.moving_mean),
                                                                 np.asarray(layer.moving_variance)])], epsilon=layer.epsilon)
        if kind == 'ReLU':
            return node('Clip', [x, constant(0), constant(layer.max_value)]) if layer.max_value else node('Relu', [x])
        if kind == 'Activation': return activated(x, layer.activation)
        if kind == 'ZeroPadding2D':
            (t, b), (l, r) = layer.padding
            return node('Pad', [x, constant([0, 0, t, l, 0, 0, b, r], 'i8')])
        if kind in ('MaxPooling2D', 'AveragePooling2D'):
            return node('MaxPool' if kind[0] == 'M' else 'AveragePool', [x], kernel_shape=list(layer.pool_size),
                        strides=list(layer.strides), pads=pads(layer, size, layer.pool_size))
        if kind == 'GlobalAveragePooling2D':
            y = node('GlobalAveragePool', [x])
            return y if layer.keepdims else node('Flatten', [y])
        if kind == 'Reshape':
            target = layer.target_shape
            return node('Reshape', [x, constant([1, target[2], 1, 1] if len(target) == 3 else [1, *target], 'i8')])
        if kind == 'Flatten': return node('Flatten', [node('Transpose', [x], perm=[0, 2, 3, 1]) if size else x])
        if kind == 'Dense': return activated(node('Gemm', [x, constant(np.asarray(layer.kernel)), constant(np.asarray(layer.bias))]),
                                             layer.activation)
        if kind == 'Concatenate': return node('Concat', xs, axis=1)
        if kind in ('Add', 'Multiply'):
            inputs = xs + [constant(a) for a in arguments if isinstance(a, (int, float))]
            return node('Add' if kind == 'Add' else 'Mul', inputs)
        if kind == 'Rescaling':
            scale, offset = (np.reshape(v, (1, -1, 1, 1)) for v in (layer.scale, layer.offset))
            return node('Add', [node('Mul', [x, constant(scale)]), constant(offset)])
        if kind == 'Normalization':
            mean, variance = (np.reshape(np.asarray(v), (1, -1, 1, 1)) for v in (layer.mean, layer.variance))
            return node('Div', [node('Sub', [x, constant(mean)]), constant(np.maximum(np.sqrt(variance), 1e-7))])
        raise SystemExit(f'{layer.name}: no ONNX for {kind}')

    start = node('Transpose', ['x'], perm=[0, 3, 1, 2])
    for operation in model.operations:
        call_of = operation._inbound_nodes[0]
        tensors = call_of.input_tensors
        if not tensors:
            names[id(operation.output)] = start
            continue
        arguments = call_of.arguments.args
        names[id(operation.output)] = call(operation, [names[id(t)] for t in tensors], arguments, tuple(tensors[0].shape))
    nodes.append(helper.make_node('Identity', [names[id(model.outputs[0])]], ['y']))
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(nodes, 'model', [helper.make_tensor_value_info('x', floats, [1, *model.input_shape[1:]])],
                              [helper.make_tensor_value_info('y', floats, [1, *model.output_shape[1:]])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 20)], ir_version=9)


def measure(folder, program, threads):
    import numpy as np, onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    rounds = 3
    print(f'{"network":18}{"ONNX Runtime":>14}{"program":>10}{"times":>7}')
    for file in sorted(os.listdir(folder)):
        name, ending = os.path.splitext(file)
        if ending != '.onnx': continue
        session = onnxruntime.InferenceSession(f'{folder}/{file}', options)
        x = np.random.default_rng(3).uniform(-1, 1, session.get_inputs()[0].shape).astype('f4')
        theirs, ours = [], []
        for _ in range(rounds):  # in turns, so that both see the same machine
            for _ in range(3): session.run(None, {'x': x})
            runs = []
            for _ in range(15):
                start = time.perf_counter()
                session.run(None, {'x': x})
                runs.append(1000 * (time.perf_counter() - start))
            theirs.append(sorted(runs)[len(runs) // 2])
            command = [program, '--weights', f'{folder}/{name}.keras', 'bench', '--runs', '15', '--json']
            environment = {**os.environ, 'GRADCAM_THREADS': str(threads)}
            ours.append(json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)['forward_ms'])
        median = lambda values: sorted(values)[len(values) // 2]
        print(f'{name:18}{median(theirs):11.1f} ms{median(ours):7.1f} ms{median(ours) / median(theirs):7.2f}', flush=True)


if __name__ == '__main__':
    if sys.argv[1] == 'make': make(sys.argv[2], sys.argv[3:] or NAMES)
    else: measure(sys.argv[2], sys.argv[3], int((sys.argv + ['2'])[4]))
