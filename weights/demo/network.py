"""A narrow Xception in PyTorch that computes what Keras' Xception computes.

Layer names, paddings and the batch-normalisation epsilon follow keras/src/applications/xception.py; only the widths
and the number of middle blocks differ. Inputs are [n, 3, h, w] in -1..1, outputs are logits.
"""

import torch
import torch.nn.functional as F
from torch import nn

STEM = (8, 16)
ENTRY = (32, 64, 192)  # block2, block3, block4
MIDDLE_BLOCKS = 4  # block5 ..
EXIT = (256, 384, 512)  # block13_sepconv2, block14_sepconv1, block14_sepconv2
BN_EPSILON = 1e-3
INPUT_SIZE = 299


class SeparableConv(nn.Module):
    """Keras' SeparableConv2D: 3x3 depthwise `same`, then pointwise, with nothing in between."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


def same_pool(x):
    """Keras' 3x3 max pooling with stride 2 and `same` padding: 1 on both sides of odd sizes, 1 after even sizes."""
    odd = x.shape[-1] % 2
    return F.max_pool2d(x, 3, 2, padding=odd, ceil_mode=not odd)


class Xception(nn.Module):
    def __init__(self, classes, stem=STEM, entry=ENTRY, middle_blocks=MIDDLE_BLOCKS, exit_widths=EXIT):
        super().__init__()
        self.layers = nn.ModuleDict()
        self.middle = [f"block{5 + i}" for i in range(middle_blocks)]

        self._conv("block1_conv1", "block1_conv1_bn", 3, stem[0], 3, 2)
        self._conv("block1_conv2", "block1_conv2_bn", stem[0], stem[1], 3, 1)
        width = stem[1]
        for i, (block, outputs) in enumerate(zip(("block2", "block3", "block4"), entry)):
            self._separable(block, [(width, outputs), (outputs, outputs)])
            self._residual(i, width, outputs)
            width = outputs
        for block in self.middle:
            self._separable(block, [(width, width)] * 3)
        self._separable("block13", [(width, width), (width, exit_widths[0])])
        self._residual(3, width, exit_widths[0])
        self._separable("block14", list(zip(exit_widths, exit_widths[1:])))
        self.layers["predictions"] = nn.Linear(exit_widths[-1], classes)

    def _conv(self, name, bn, inputs, outputs, size, stride):
        self.layers[name] = nn.Conv2d(inputs, outputs, size, stride, bias=False)
        self.layers[bn] = nn.BatchNorm2d(outputs, eps=BN_EPSILON, momentum=0.03)

    def _residual(self, i, inputs, outputs):
        suffix = f"_{i}" if i else ""
        self._conv(f"conv2d{suffix}", f"batch_normalization{suffix}", inputs, outputs, 1, 2)

    def _separable(self, block, widths):
        for i, (inputs, outputs) in enumerate(widths, 1):
            self.layers[f"{block}_sepconv{i}"] = SeparableConv(inputs, outputs)
            self.layers[f"{block}_sepconv{i}_bn"] = nn.BatchNorm2d(outputs, eps=BN_EPSILON, momentum=0.03)

    def forward(self, x, watch=None):
        """Logits; if `watch` is a dictionary, it receives every activation by its Keras layer name."""

        def keep(name, x):
            if watch is not None:
                watch[name] = x
            return x

        def convolve(name, x):
            return keep(f"{name}_bn", self.layers[f"{name}_bn"](keep(name, self.layers[name](x))))

        def act(name, x):
            return keep(f"{name}_act", F.relu(x))

        def residual(i, x):
            suffix = f"_{i}" if i else ""
            skip = keep(f"conv2d{suffix}", self.layers[f"conv2d{suffix}"](x))
            return keep(f"batch_normalization{suffix}", self.layers[f"batch_normalization{suffix}"](skip))

        adds = 0

        def add(x, y):
            nonlocal adds
            name = f"add_{adds}" if adds else "add"
            adds += 1
            return keep(name, x + y)

        for name in ("block1_conv1", "block1_conv2"):
            x = act(name, convolve(name, x))
        for i, block in enumerate(("block2", "block3", "block4")):
            skip = residual(i, x)
            if i:
                x = act(f"{block}_sepconv1", x)
            x = convolve(f"{block}_sepconv1", x)
            x = convolve(f"{block}_sepconv2", act(f"{block}_sepconv2", x))
            x = add(keep(f"{block}_pool", same_pool(x)), skip)
        for block in self.middle:
            skip = x
            for i in (1, 2, 3):
                x = convolve(f"{block}_sepconv{i}", act(f"{block}_sepconv{i}", x))
            x = add(x, skip)
        skip = residual(3, x)
        for i in (1, 2):
            x = convolve(f"block13_sepconv{i}", act(f"block13_sepconv{i}", x))
        x = add(keep("block13_pool", same_pool(x)), skip)
        for i in (1, 2):
            x = act(f"block14_sepconv{i}", convolve(f"block14_sepconv{i}", x))
        return self.layers["predictions"](keep("avg_pool", x.mean((2, 3))))


def normalised(pictures):
    """uint8 [n, h, w, 3] to the network's input: [n, 3, h, w] in -1..1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1.0
