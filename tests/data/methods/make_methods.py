#!/usr/bin/env python3
"""Maps and measures of published implementations on the small network of ../reference, for tests/methods.rs.

    pip install torch==2.15.0 keras==3.15.1 grad-cam==1.5.7 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
    python make_methods.py                             # writes golden_methods.npz

The network is Keras' own (`../reference/network.py`) on the torch backend, with weights from `../reference/make_weights.py`;
pytorch-grad-cam sees it as a torch module of NCHW. The picture is refgen.uniform('input') at 71 x 71, scores are logits.

    METHOD/CLASS/LAYER   signed map of the library before the ReLU; first components with the library's sign correction
    kpca-cam/CLASS/LAYER the library's, with the same sign correction
    ablation-cam/CLASS/LAYER
                         the library's in double precision, as drops of scores are small. Its layer puts zero where a channel
                         is ablated, as the paper has it, also where the layer has negative values (the library's own puts the
                         least of them less 1e7 there), and the score is divided by its magnitude
    shapley-cam/CLASS/LAYER
                         the library's of the probability, in double precision
    fused/CLASS          Grad-CAM at the first and the last of LAYERS as the library fuses them, at the cells of the finer one
                         and before it stretches the result from 0 to 1
    gradient/CLASS       dS/dx by autograd, [71, 71, 3]
    guided/CLASS         the same with the library's GuidedBackpropReLU in place of each ReLU
    integrated/CLASS     (x - black) times the mean gradient at the middles of 50 steps from black, summed over channels
    ablation/CLASS       what the library's formula gives when the network is run once a channel of the last layer
    logits               of the picture, in double precision
    occlusion/CLASS      mean fall of the logit over the squares that hide each of 14 x 14 cells
    relevance            a map of the picture's size without equal values
    road/CLASS           ROADCombined of the probability, without noise
    drop/CLASS           DropInConfidence of the probability for the min-max scaled relevance
    deletion/CLASS, insertion/CLASS
                         areas as Xplique's `metrics/fidelity.py` has them (10 steps, grey), from its formula; of three pictures
                         check_xplique.py runs the library itself
    picture/NAME, hill/NAME
                         three pictures [71, 71, 3] in -1..1 and a smooth map of each
    area/NAME/FILL/WAY/CLASS
                         the same areas of these pictures with every fill: blur by scipy, noisy-linear (without noise) by
                         pytorch-grad-cam's imputer, which tells nothing where all is hidden: there the mean colour stands
"""
import os
import sys
from pathlib import Path
from types import SimpleNamespace

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
from keras.src import backend
from pytorch_grad_cam.guided_backprop import GuidedBackpropReLU
from pytorch_grad_cam.metrics import road
from pytorch_grad_cam.metrics.cam_mult_image import DropInConfidence
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection_with_sign_correction as corrected
from scipy.ndimage import gaussian_filter

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


def raw(method, layer, category, target=None):
    """the library's signed map at a layer"""
    layer = model.get_layer(layer) if isinstance(layer, str) else layer
    cam = method(net, [layer], reshape_transform=lambda t: t.permute(0, 3, 1, 2))
    base = getattr(cam, "base_cam", cam)
    seen = {}
    image = base.get_cam_image
    base.get_cam_image = lambda *a, **k: seen.setdefault("map", image(*a, **k))
    cam(input_tensor=x, targets=[target or ClassifierOutputTarget(category)] if method is not library.FinerCAM else None,
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


def turned(activations, kernel="sigmoid", gamma=None, plain=library.kpca_cam.get_2d_projection_kernel):
    """the library's kernel projection with its sign correction"""
    maps = plain(activations, kernel, gamma)
    return np.stack([-cam if abs(cam.min()) > abs(cam.max()) else cam for cam in maps])


library.kpca_cam.get_2d_projection_kernel = turned
for layer in LAYERS:
    found[f"kpca-cam/{CLASSES[0]}/{layer}"] = raw(library.KPCA_CAM, layer, CLASSES[0])


class Zero(library.ablation_layer.AblationLayerVit):
    """ablates channels of NHWC by zero"""

    def __call__(self, x):
        for i in range(self.activations.size(0)):
            self.activations[i, ..., self.indices[i]] = 0
        return self.activations


def precise():
    """the same in double precision; Ablation-CAM and ShapleyCAM of all layers"""
    global net, x
    single, pixels = net, x
    keras.utils.clear_session()
    keras.config.set_dtype_policy("float64")
    double = network.build(keras, make_weights.SMALL)
    network.set_weights(double, make_weights.small_tensors())

    class Double(Nchw):
        def __init__(self):
            torch.nn.Module.__init__(self)
            self.inner = double

    net, x = Double(), pixels.double()
    hooks = []

    def replace(_, old, new):
        """a Keras network runs its graph and not its modules, so the layer's output is replaced by a hook"""
        if isinstance(old, Zero):
            hooks.pop().remove()
        else:
            hooks.append(old.register_forward_hook(lambda module, inputs, output: new(output)))

    module = library.ablation_cam
    module.replace_layer_recursive = replace
    module.np = SimpleNamespace(**{**vars(np), "float32": np.float64})

    class Ablation(library.AblationCAM):
        def get_cam_weights(self, input_tensor, target_layer, targets, activations, grads):
            weights = super().get_cam_weights(input_tensor, target_layer, targets, activations, grads)
            with torch.no_grad():
                return weights * np.sign(targets[0](net(x)[0]).item())

    class Shapley(library.ShapleyCAM):
        def __del__(self):
            """the library's own would detach views, which torch refuses"""

        def get_cam_image(self, input_tensor, target_layer, targets, activations, grads, eigen_smooth=False):
            """the library's own forgets that its activations are NHWC"""
            weights = self.get_cam_weights(input_tensor, target_layer, targets, activations, grads)
            return (activations.detach().cpu().numpy() * weights[:, None, None]).sum(-1)

    with torch.no_grad():
        found["logits"] = net(x)[0].cpu().numpy()
    for category in CLASSES:
        for layer in LAYERS:
            at = double.get_layer(layer)
            kind = lambda *a, **k: Ablation(*a, ablation_layer=Zero(), **k)
            found[f"ablation-cam/{category}/{layer}"] = raw(kind, at, category)
            probability = ClassifierOutputSoftmaxTarget(category)
            found[f"shapley-cam/{category}/{layer}"] = raw(Shapley, at, category, probability)
    net, x = single, pixels


def fused(category):
    """the mean of the heat of two layers"""
    layers = [model.get_layer(name) for name in (LAYERS[2], LAYERS[0])]
    cam = library.GradCAM(net, layers, reshape_transform=lambda t: t.permute(0, 3, 1, 2))
    cam.get_target_width_height = lambda _: tuple(layers[0].output.shape[2:0:-1])
    seen = {}
    per_layer = cam.compute_cam_per_layer
    cam.compute_cam_per_layer = lambda *a, **k: seen.setdefault("cams", per_layer(*a, **k))
    cam(input_tensor=x, targets=[ClassifierOutputTarget(category)])
    return np.mean(np.maximum(np.concatenate(seen["cams"], axis=1), 0), axis=1)[0]


def gradient(picture, category):
    picture = picture.clone().requires_grad_(True)
    net(picture)[0, category].backward()
    return picture.grad[0].permute(1, 2, 0).cpu().numpy()


def guided(category):
    """the gradient as the library's ReLUs pass it"""
    plain = backend.nn.relu
    backend.nn.relu = GuidedBackpropReLU.apply
    try:
        return gradient(x, category)
    finally:
        backend.nn.relu = plain


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


def areas(category, x=x, relevance=relevance, fill="grey", steps=10):
    """deletion and insertion of the probability: Xplique's cuts and trapezoids"""
    order = np.argsort(-relevance.ravel(), kind="stable")
    cuts = np.linspace(0, order.size, steps + 1).astype(int)
    result = []
    for is_deletion in (True, False):
        scores = []
        for cut in cuts:
            hidden = np.full(order.size, not is_deletion)
            hidden[order[:cut]] = is_deletion
            z = logits(filled(x, hidden.reshape(SIDE, SIDE), fill))
            p = np.exp(z - z.max())
            scores.append((p / p.sum())[category])
        scores = np.array(scores)
        result.append(np.mean(scores[:-1] + scores[1:]) * 0.5)
    return result


def filled(x, hidden, fill):
    """a picture with something hidden"""
    mean = x.mean(dim=(2, 3), keepdim=True).expand_as(x)
    if fill == "noisy-linear":
        if hidden.all():
            return mean
        if not hidden.any():
            return x
        imputer = road.NoisyLinearImputer(noise=0.0)
        return imputer(x[0].cpu(), torch.tensor((~hidden).astype("f4"))).to(x)[None]
    deviation = SIDE * 5 / 224
    blurred = gaussian_filter(x[0].cpu().numpy().astype("f8"), (0, deviation, deviation), mode="nearest", radius=(0, 5, 5))
    rest = {"grey": torch.zeros_like(x), "mean": mean, "blur": torch.tensor(blurred)[None].to(x)}[fill]
    return torch.where(torch.tensor(hidden, device=x.device), rest, x)


def pictures():
    """a noise, a scene of slopes and edges, and one of stripes, each with a smooth map whose values all differ"""
    down, right = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    scene = np.stack([2 * right - 1, (down > right) * 1.2 - 0.6, np.cos(9 * np.hypot(down - 0.3, right - 0.6))], -1)
    stripes = np.stack([np.sin(20 * down), np.sin(20 * right), np.sin(13 * (down + right))], -1) * 0.8
    noise = refgen.uniform("second", SIDE * SIDE * 3).reshape(SIDE, SIDE, 3)
    for name, picture, (y, x) in (("noise", noise, (0.5, 0.5)), ("scene", scene, (0.3, 0.6)), ("stripes", stripes, (0.8, 0.2))):
        rough = refgen.uniform(name, SIDE * SIDE).reshape(SIDE, SIDE)
        yield name, picture.astype("f4"), (-np.hypot(down - y, right - x) + 0.05 * rough).astype("f4")


for category in CLASSES:
    found[f"gradient/{category}"] = gradient(x, category)
    found[f"guided/{category}"] = guided(category)
    found[f"fused/{category}"] = fused(category)
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
for name, picture, hill in pictures():
    found[f"picture/{name}"], found[f"hill/{name}"] = picture, hill
    of = torch.tensor(picture.transpose(2, 0, 1)[None].copy()).to(x)
    for fill in ("grey", "blur", "mean", "noisy-linear"):
        for category in CLASSES:
            deletion, insertion = areas(category, of, hill, fill)
            found[f"area/{name}/{fill}/deletion/{category}"] = np.float64(deletion)
            found[f"area/{name}/{fill}/insertion/{category}"] = np.float64(insertion)
precise()
np.savez(HERE / "golden_methods.npz", **{name: np.ascontiguousarray(value, "f4" if np.ndim(value) else "f8")
                                        for name, value in found.items()})
print({name: float(value) for name, value in found.items() if not np.ndim(value)})
