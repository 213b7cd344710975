#!/usr/bin/env python3
"""Maps and measures of published implementations on the small network of ../reference, for tests/methods.rs.

    pip install torch==2.15.0 keras==3.15.1 grad-cam==1.5.7 scipy==1.17.1 numpy==2.4.6
    python make_methods.py                             # writes golden_methods.npz

The network is Keras' own (`../reference/network.py`) on the torch backend, with weights from `../reference/make_weights.py`;
pytorch-grad-cam sees it as a torch module of NCHW. The picture is refgen.uniform('input') at 71 x 71, scores are logits.

    METHOD/CLASS/LAYER   signed map of the library before the ReLU; first components with the library's sign correction
    gradient/CLASS       dS/dx by autograd, [71, 71, 3]
    integrated/CLASS     (x - black) times the mean gradient at the middles of 50 steps from black, summed over channels
    ablation/CLASS       what the library's formula gives when the network is run once a channel of the last layer
    occlusion/CLASS      mean fall of the logit over the squares that hide each of 14 x 14 cells
    relevance            a map of the picture's size without equal values
    road/CLASS           ROADCombined of the probability, without noise
    drop/CLASS           DropInConfidence of the probability for the min-max scaled relevance
    deletion/CLASS, insertion/CLASS
                         areas as Xplique's `metrics/fidelity.py` has them (10 steps, grey), from its formula
"""
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "reference"))
import keras
import make_weights
import network
import numpy as np
import pytorch_grad_cam as library
import refgen
import torch
from pytorch_grad_cam.metrics import road
from pytorch_grad_cam.metrics.cam_mult_image import DropInConfidence
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection_with_sign_correction as corrected

SIDE, CLASSES, STEPS = 71, (1, 4), 50
LAYERS = ("block14_sepconv2_act", "block13_sepconv2_bn", "block4_sepconv1_act")

keras.backend.set_image_data_format("channels_last")
model = network.build(keras, make_weights.SMALL)
network.set_weights(model, make_weights.small_tensors())


class Nchw(torch.nn.Module):
    """the network with its channels in front, as the library takes it"""

    def __init__(self):
        super().__init__()
        self.inner = model

    def forward(self, x):
        return self.inner(x.permute(0, 2, 3, 1), training=False)


net = Nchw()
x = torch.tensor(refgen.uniform("input", SIDE * SIDE * 3).reshape(1, SIDE, SIDE, 3).transpose(0, 3, 1, 2).copy())
x = x.to(next(net.parameters()).device)
found = {}


def raw(method, layer, category):
    """the library's signed map at a layer"""
    cam = method(net, [model.get_layer(layer)], reshape_transform=lambda t: t.permute(0, 3, 1, 2))
    base = getattr(cam, "base_cam", cam)
    seen = {}
    image = base.get_cam_image
    base.get_cam_image = lambda *a, **k: seen.setdefault("map", image(*a, **k))
    cam(input_tensor=x, targets=[ClassifierOutputTarget(category)] if method is not library.FinerCAM else None,
        **({"target_idx": category, "comparison_categories": [1]} if method is library.FinerCAM else {}))
    return np.asarray(seen["map"])[0]


for module in (library.eigen_cam, library.eigen_grad_cam):
    module.get_2d_projection = corrected
METHODS = {"grad-cam": library.GradCAM, "hires-cam": library.HiResCAM, "grad-cam-plus-plus": library.GradCAMPlusPlus,
           "layer-cam": library.LayerCAM, "grad-cam-element-wise": library.GradCAMElementWise, "eigen-cam": library.EigenCAM,
           "eigen-grad-cam": library.EigenGradCAM, "finer-cam": library.FinerCAM, "score-cam": library.ScoreCAM}
for name, method in METHODS.items():
    for category in CLASSES:
        for layer in LAYERS:
            found[f"{name}/{category}/{layer}"] = raw(method, layer, category)


def gradient(picture, category):
    picture = picture.clone().requires_grad_(True)
    net(picture)[0, category].backward()
    return picture.grad[0].permute(1, 2, 0).cpu().numpy()


def logits(picture):
    with torch.no_grad():
        return net(picture)[0].cpu().numpy().astype("f8")


def occlusion(category, cells=14, square=2):
    whole, sums, counts = logits(x)[category], np.zeros((cells, cells)), np.zeros((cells, cells))
    cell = np.arange(SIDE) * cells // SIDE
    for top in range(cells - square + 1):
        for left in range(cells - square + 1):
            hidden = np.outer((cell >= top) & (cell < top + square), (cell >= left) & (cell < left + square))
            fall = whole - logits(x * torch.tensor(~hidden, device=x.device))[category]
            sums[top:top + square, left:left + square] += fall
            counts[top:top + square, left:left + square] += 1
    return sums / counts


relevance = refgen.uniform("relevance", SIDE * SIDE).reshape(SIDE, SIDE).astype("f4")
found["relevance"] = relevance
scaled = (relevance - relevance.min()) / (relevance.max() - relevance.min())
road.NoisyLinearImputer.__init__.__defaults__ = (0.0, road.neighbors_weights)


def areas(category, steps=10):
    """deletion and insertion of the probability: Xplique's cuts and trapezoids"""
    order = np.argsort(-relevance.ravel(), kind="stable")
    cuts = np.linspace(0, order.size, steps + 1).astype(int)
    result = []
    for begin, end in ((x, torch.zeros_like(x)), (torch.zeros_like(x), x)):
        scores = []
        for cut in cuts:
            picture = begin.clone().reshape(3, -1)
            picture[:, order[:cut]] = end.reshape(3, -1)[:, order[:cut]]
            z = logits(picture.reshape(1, 3, SIDE, SIDE))
            p = np.exp(z - z.max())
            scores.append((p / p.sum())[category])
        scores = np.array(scores)
        result.append(np.mean(scores[:-1] + scores[1:]) * 0.5)
    return result


for category in CLASSES:
    found[f"gradient/{category}"] = gradient(x, category)
    middles = [(step + 0.5) / STEPS for step in range(STEPS)]
    mean = sum(gradient(-1 + (x + 1) * share, category).astype("f8") for share in middles) / STEPS
    found[f"integrated/{category}"] = (mean * (x[0].permute(1, 2, 0).cpu().numpy() + 1)).sum(-1)
    last = keras.Model(model.inputs, model.get_layer(LAYERS[0]).output)
    with torch.no_grad():
        maps = last(x.permute(0, 2, 3, 1), training=False)
        pool, dense = model.get_layer("avg_pool"), model.get_layer("predictions")
        whole = dense(pool(maps))[0, category].item()
        weights = []
        for channel in range(maps.shape[-1]):
            without = maps.clone()
            without[..., channel] = 0
            weights.append((whole - dense(pool(without))[0, category].item()) / abs(whole))
    found[f"ablation/{category}"] = (maps[0].cpu().numpy().astype("f8") * np.array(weights)).sum(-1)
    found[f"occlusion/{category}"] = occlusion(category)
    target = [ClassifierOutputSoftmaxTarget(category)]
    found[f"road/{category}"] = np.float64(road.ROADCombined()(x, scaled[None], target, net)[0])
    found[f"deletion/{category}"], found[f"insertion/{category}"] = map(np.float64, areas(category))
for category in range(7):
    target = [ClassifierOutputSoftmaxTarget(category)]
    found[f"drop/{category}"] = np.float64(DropInConfidence()(x, scaled[None], target, net)[0])
np.savez(HERE / "golden_methods.npz", **{name: np.ascontiguousarray(value, "f4" if np.ndim(value) else "f8")
                                        for name, value in found.items()})
print({name: float(value) for name, value in found.items() if not np.ndim(value)})
