"""Writes the trained network as safetensors in half precision, with Keras' names and layouts.

python export.py final.pt ../demo.safetensors [--metrics metrics.json]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from network import BN_EPSILON, INPUT_SIZE, SeparableConv, Xception
from scenes import LABELS
from train import SEED


def keras_tensors(network):
    """The network's tensors by Keras name, as float32 arrays in Keras' layouts."""
    tensors = {}

    def put(name, tensor, *axes):
        array = tensor.detach().float().numpy()
        tensors[name] = np.ascontiguousarray(array.transpose(axes) if axes else array)

    for name, layer in network.layers.items():
        if isinstance(layer, SeparableConv):
            put(f"{name}/depthwise_kernel", layer.depthwise.weight, 2, 3, 0, 1)
            put(f"{name}/pointwise_kernel", layer.pointwise.weight, 2, 3, 1, 0)
        elif isinstance(layer, torch.nn.Conv2d):
            put(f"{name}/kernel", layer.weight, 2, 3, 1, 0)
        elif isinstance(layer, torch.nn.BatchNorm2d):
            put(f"{name}/gamma", layer.weight)
            put(f"{name}/beta", layer.bias)
            put(f"{name}/moving_mean", layer.running_mean)
            put(f"{name}/moving_variance", layer.running_var)
        else:
            put(f"{name}/kernel", layer.weight, 1, 0)
            put(f"{name}/bias", layer.bias)
    return tensors


def load_keras_tensors(network, tensors):
    """Fills the network from tensors by Keras name: the inverse of `keras_tensors`."""

    def get(name, *axes):
        array = np.asarray(tensors[name], np.float32)
        return torch.from_numpy(np.ascontiguousarray(array.transpose(axes) if axes else array))

    with torch.no_grad():
        for name, layer in network.layers.items():
            if isinstance(layer, SeparableConv):
                layer.depthwise.weight.copy_(get(f"{name}/depthwise_kernel", 2, 3, 0, 1))
                layer.pointwise.weight.copy_(get(f"{name}/pointwise_kernel", 3, 2, 0, 1))
            elif isinstance(layer, torch.nn.Conv2d):
                layer.weight.copy_(get(f"{name}/kernel", 3, 2, 0, 1))
            elif isinstance(layer, torch.nn.BatchNorm2d):
                layer.weight.copy_(get(f"{name}/gamma"))
                layer.bias.copy_(get(f"{name}/beta"))
                layer.running_mean.copy_(get(f"{name}/moving_mean"))
                layer.running_var.copy_(get(f"{name}/moving_variance"))
            else:
                layer.weight.copy_(get(f"{name}/kernel", 1, 0))
                layer.bias.copy_(get(f"{name}/bias"))
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("output")
    parser.add_argument("--metrics", help="JSON file written by evaluate.py")
    options = parser.parse_args()

    network = Xception(len(LABELS))
    network.load_state_dict(torch.load(options.checkpoint)["network"])
    half = {name: array.astype(np.float16) for name, array in keras_tensors(network).items()}
    if not all(np.isfinite(array).all() for array in half.values()):
        raise SystemExit("a value does not fit into half precision")
    metrics = json.loads(Path(options.metrics).read_text()) if options.metrics else {}
    # The tables by method and by class stay out of the file.
    metrics = {key: value for key, value in metrics.items() if key not in ("maps", "by_class")} | {
        "grad_cam": figures for figures in metrics.get("maps", [])[:1]
    }
    metadata = {
        "format": "gradcam-explorer/1",
        "name": "Built-in drawings",
        "input_size": str(INPUT_SIZE),
        "bn_epsilon": str(BN_EPSILON),
        "labels": json.dumps(LABELS),
        "source": "weights/demo in the source of gradcam-explorer",
        "licence": "MIT OR Apache-2.0, trained by this project on its own drawings",
        "training_seed": str(SEED),
        "metrics": json.dumps(metrics),
    }
    save_file(half, options.output, metadata)
    values = sum(array.size for array in half.values())
    print(f"{options.output}: {len(half)} tensors, {values} values, {Path(options.output).stat().st_size} bytes")


if __name__ == "__main__":
    main()
