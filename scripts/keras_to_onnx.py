"""A Keras 3 classifier as ONNX, layer by layer, for a peer's runtime: channels first, as such files usually are.

`tf2onnx`, which Keras' own export goes through, stops at some networks of keras.applications (EfficientNetB0) and makes files of
others that ONNX Runtime does not run (ConvNeXt). This knows the layers of keras.applications and nothing else; whoever uses it
compares the answers.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
TO_FIRST, TO_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
NOTHING = ("Dropout", "SpatialDropout2D", "StochasticDepth", "ActivityRegularization")


class Value:
    """a tensor by its name; of a map, whether its channels come first, and its name where they come last or first"""

    def __init__(self, name, is_map, first=True):
        self.is_map, self.first = is_map, first
        self.names = {first: name}

    @property
    def name(self):
        return self.names[self.first]


class Writer:
    def __init__(self):
        self.nodes, self.tensors, self.count = [], [], 0

    def fresh(self, hint):
        self.count += 1
        return f"{hint}_{self.count}"

    def constant(self, array, kind="f4"):
        name = self.fresh("constant")
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(array, kind)), name))
        return name

    def add(self, kind, inputs, **attributes):
        name = self.fresh(kind)
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def as_(self, value, first):
        """the name of a map with its channels first or last"""
        if first not in value.names:
            value.names[first] = self.add("Transpose", [value.name], perm=TO_FIRST if first else TO_LAST)
        return value.names[first]

    def like(self, value, name):
        """what an elementwise operation makes of a value"""
        return Value(name, value.is_map, value.first)

    def per_channel(self, value, numbers, channels):
        """one number a channel, in the shape that a value broadcasts with"""
        numbers = np.broadcast_to(np.asarray(numbers, "f4").reshape(-1), (channels,))
        return self.constant(numbers.reshape(1, -1, 1, 1) if value.is_map and value.first else numbers)

    def activation(self, value, activation):
        name = getattr(activation, "__name__", activation)
        x = value.name
        if name == "linear":
            return value
        if name == "softmax":
            return Value(self.add("Softmax", [self.as_(value, False) if value.is_map else x], axis=-1), value.is_map, False)
        if name in ("relu", "sigmoid", "tanh"):
            y = self.add(name.capitalize(), [x])
        elif name == "relu6":
            y = self.add("Clip", [x, self.constant(0), self.constant(6)])
        elif name in ("silu", "swish"):
            y = self.add("Mul", [x, self.add("Sigmoid", [x])])
        elif name in ("hard_silu", "hard_swish"):
            y = self.add("HardSwish", [x])
        elif name == "gelu":
            y = self.add("Gelu", [x])
        else:
            raise NotImplementedError(f"the activation {name}")
        return self.like(value, y)

    def window(self, layer, kernel):
        attributes = {"kernel_shape": list(kernel), "strides": list(layer.strides)}
        attributes["auto_pad"] = "SAME_UPPER" if layer.padding == "same" else "VALID"
        return attributes

    def convolution(self, layer, value, kernel, groups, bias, strides=True):
        inputs = [self.as_(value, True), self.constant(kernel)]
        if bias is not None:
            inputs.append(self.constant(bias))
        attributes = self.window(layer, kernel.shape[2:]) if strides else {"kernel_shape": [1, 1]}
        if strides and tuple(layer.dilation_rate) != (1, 1):
            attributes["dilations"] = list(layer.dilation_rate)
        return Value(self.add("Conv", inputs, group=groups, **attributes), True)


def numbers(tensor):
    return np.asarray(tensor, "f4")


def depthwise(kernel):
    height, width, channels, multiplier = kernel.shape
    return kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)


def weights_of(layer):
    return {w.name: numbers(w) for w in layer.weights}


def layer_of(w, layer, kind, args, shape_in, shape_out):
    """one layer or operation; its shapes are Keras'"""
    values = [v for a in args for v in (a if isinstance(a, (list, tuple)) else [a]) if isinstance(v, Value)]
    constants = [a for a in args if not isinstance(a, (Value, list, tuple))]
    x, given = values[0], weights_of(layer) if hasattr(layer, "weights") else {}
    channels = shape_in[-1]
    if kind in NOTHING:
        return x
    if kind == "Activation":
        return w.activation(x, layer.activation)
    if kind == "ReLU":
        assert not layer.negative_slope and not layer.threshold and layer.max_value in (None, 6)
        return w.activation(x, "relu6" if layer.max_value else "relu")
    if kind == "Conv2D":
        y = w.convolution(layer, x, given["kernel"].transpose(3, 2, 0, 1), layer.groups, given.get("bias"))
        return w.activation(y, layer.activation)
    if kind == "DepthwiseConv2D":
        y = w.convolution(layer, x, depthwise(given["kernel"]), channels, given.get("bias"))
        return w.activation(y, layer.activation)
    if kind == "SeparableConv2D":
        y = w.convolution(layer, x, depthwise(given["depthwise_kernel"]), channels, None)
        y = w.convolution(layer, y, given["pointwise_kernel"].transpose(3, 2, 0, 1), 1, given.get("bias"), strides=False)
        return w.activation(y, layer.activation)
    if kind == "BatchNormalization":
        scale, shift = given.get("gamma", np.ones(channels)), given.get("beta", np.zeros(channels))
        inputs = [w.as_(x, True) if x.is_map else x.name, w.constant(scale), w.constant(shift)]
        inputs += [w.constant(given["moving_mean"]), w.constant(given["moving_variance"])]
        return Value(w.add("BatchNormalization", inputs, epsilon=float(layer.epsilon)), x.is_map)
    if kind == "LayerNormalization":
        inputs = [w.as_(x, False) if x.is_map else x.name, w.constant(given["gamma"]), w.constant(given["beta"])]
        return Value(w.add("LayerNormalization", inputs, axis=-1, epsilon=float(layer.epsilon)), x.is_map, False)
    if kind == "LayerScale":
        return w.like(x, w.add("Mul", [x.name, w.per_channel(x, numbers(layer.gamma), channels)]))
    if kind == "Dense":
        if x.is_map:
            y = w.add("MatMul", [w.as_(x, False), w.constant(given["kernel"])])
            y = w.add("Add", [y, w.constant(given["bias"])]) if layer.use_bias else y
        else:
            y = w.add("Gemm", [x.name, w.constant(given["kernel"]), *([w.constant(given["bias"])] if layer.use_bias else [])])
        return w.activation(Value(y, x.is_map, False), layer.activation)
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return Value(w.add(kind.removesuffix("ing2D"), [w.as_(x, True)], **w.window(layer, layer.pool_size)), True)
    if kind in ("GlobalAveragePooling2D", "GlobalMaxPooling2D"):
        y = Value(w.add(kind.removesuffix("ing2D"), [w.as_(x, True)]), True)
        return y if layer.keepdims else Value(w.add("Flatten", [y.name]), False)
    if kind == "Flatten":
        return Value(w.add("Flatten", [w.as_(x, False) if x.is_map else x.name]), False)
    if kind == "Reshape":
        if len(shape_out) == 2:
            return Value(w.add("Flatten", [w.as_(x, False) if x.is_map else x.name]), False)
        assert shape_out[1:3] == (1, 1)
        return Value(w.add("Reshape", [x.name, w.constant([1, shape_out[3], 1, 1], "i8")]), True)
    if kind == "ZeroPadding2D":
        (top, bottom), (left, right) = layer.padding
        return Value(w.add("Pad", [w.as_(x, True), w.constant([0, 0, top, left, 0, 0, bottom, right], "i8")]), True)
    if kind == "Cropping2D":
        (top, bottom), (left, right) = layer.cropping
        start, end = [top, left], [shape_in[1] - bottom, shape_in[2] - right]
        return Value(w.add("Slice", [w.as_(x, True), w.constant(start, "i8"), w.constant(end, "i8"), w.constant([2, 3], "i8")]), True)
    if kind == "Rescaling":
        y = w.like(x, w.add("Mul", [x.name, w.per_channel(x, layer.scale, channels)]))
        return w.like(x, w.add("Add", [y.name, w.per_channel(x, layer.offset, channels)]))
    if kind == "Normalization":
        mean, variance = (numbers(v).reshape(-1) for v in (layer.mean, layer.variance))
        y = w.add("Sub", [x.name, w.per_channel(x, mean, channels)])
        return w.like(x, w.add("Div", [y, w.per_channel(x, np.maximum(np.sqrt(variance), 1e-7), channels)]))
    if kind == "Concatenate":
        return Value(w.add("Concat", [w.as_(v, True) for v in values], axis=1), True)
    if kind == "CustomScaleLayer":
        a, b = (w.as_(v, True) for v in values)
        return Value(w.add("Add", [a, w.add("Mul", [b, w.constant(layer.scale)])]), True)
    if kind in ("Add", "Multiply"):
        name = {"Add": "Add", "Multiply": "Mul"}[kind]
        if len(values) == 1:
            return w.like(x, w.add(name, [x.name, w.constant(constants[0])]))
        y = w.as_(x, x.first) if x.is_map else x.name
        for other in values[1:]:
            y = w.add(name, [y, w.as_(other, x.first) if x.is_map else other.name])
        return w.like(x, y)
    raise NotImplementedError(kind)


def walk(w, model, inputs):
    """all operations of a model, those it needs first; its outputs"""
    made = {id(tensor): value for tensor, value in zip(model.inputs, inputs)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.is_input:
                continue
            args, _ = node.arguments.fill_in(made)
            operation = node.operation
            if hasattr(operation, "layers"):
                inner = operation._functional if type(operation).__name__ == "Sequential" else operation
                value = walk(w, inner, [a for a in args if isinstance(a, Value)])
            else:
                shape_in, shape_out = node.input_tensors[0].shape, node.outputs[0].shape
                value = layer_of(w, operation, type(operation).__name__, args, shape_in, shape_out)
            made[id(node.outputs[0])] = value
    return made[id(model.outputs[0])]


def convert(model, path):
    """writes a Keras 3 model of one input and one output, batch 1, its pixels with channels last as Keras takes them"""
    w = Writer()
    shape = [1, *model.inputs[0].shape[1:]]
    output = walk(w, model, [Value("pixels", True, first=False)])
    w.nodes.append(helper.make_node("Identity", [output.name], ["answers"]))
    graph = helper.make_graph(
        w.nodes, model.name,
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("answers", TensorProto.FLOAT, [1, model.outputs[0].shape[-1]])],
        w.tensors,
    )
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.save(file, str(path))
