"""Class activation maps from activations and gradients, and how well a map agrees with the truth."""

import math

import numpy as np
import torch.nn.functional as F

from network import INPUT_SIZE
from scenes import box

GROWTH = 15  # pixels of the 299x299 input by which a mask is grown for the pointing game


class Watched(dict):
    """Activations by layer name; gradients are recorded from the layer `earliest` on."""

    def __init__(self, earliest):
        super().__init__()
        self.earliest = earliest

    def __setitem__(self, name, value):
        if name == self.earliest:
            value.requires_grad_()
        super().__setitem__(name, value)


def signed_map(method, activation, gradient):
    """The map before ReLU, [h, w], of a layer's activation and gradient, both [channels, h, w]."""
    if method.startswith("Grad-CAM"):  # Selvaraju et al. 2017, equations 1 and 2
        signed = (gradient.mean((1, 2), keepdim=True) * activation).sum(0)
    elif method == "HiResCAM":  # Draelos and Carin 2020
        signed = (gradient * activation).sum(0)
    elif method == "LayerCAM":  # Jiang et al. 2021
        signed = (gradient.relu() * activation).sum(0)
    else:
        raise ValueError(f"unknown method {method}")
    # Controls: what a faulty program would show.
    if method.endswith("mirrored"):
        return signed.flip(1)
    if method.endswith("transposed"):
        return signed.T
    return signed


def heat(signed):
    """The positive part of a map, resized to the input: float [299, 299]."""
    return F.interpolate(signed.relu()[None, None], (INPUT_SIZE, INPUT_SIZE), mode="bilinear")[0, 0].numpy()


def points_at(heat, mask):
    """Whether the maximum of `heat` is at most GROWTH pixels (Euclidean) from the mask: inside the grown mask."""
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    ys, xs = np.nonzero(mask)
    return bool(((ys - y) ** 2 + (xs - x) ** 2).min() <= GROWTH**2)


def energy_shares(heat, mask):
    """The share of the map's sum that is inside the object's box, and that of a uniform map: the box's area share."""
    x0, y0, x1, y1 = box(mask)
    return float(heat[y0:y1, x0:x1].sum() / heat.sum()), (x1 - x0) * (y1 - y0) / heat.size


def wilson(hits, trials, z=1.96):
    """A share and its 95 % Wilson interval."""
    share = hits / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return share, (centre - spread) / (1 + z * z / trials), (centre + spread) / (1 + z * z / trials)
