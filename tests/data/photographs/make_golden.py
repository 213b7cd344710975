"""Golden values of the photograph network from real Keras in float64, on the photographs inside the program.

    pip install -r requirements.txt
    python make_golden.py [OUT_FOLDER]

Reads `weights/photographs.safetensors` and `assets/samples/photographs`, writes `golden_*.npz`, `golden.json` and
`layers_chelsea.json` (five minutes on two cores).
"""

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import jax.numpy as jnp
import keras
import numpy as np
from PIL import Image
from safetensors.numpy import load_file

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "weights/photographs"))
import make_network  # noqa: E402

LAYERS = ["top_activation", "block6d_add", "block5c_add", "block3b_add"]
# the far end of the backward sweep, for one photo only because its maps are large
FAR, FAR_PHOTO = "stem_activation", "chelsea"
# file and the classes to explain
PHOTOS = {
    "astronaut": ("astronaut.jpg", [812, 518, 652]),
    "camera": ("camera.png", [872, 759, 0]),
    "chelsea": ("chelsea.jpg", [285, 281, 904]),
    "coffee": ("coffee.jpg", [967, 504, 910]),
    "rocket": ("rocket.jpg", [657, 540, 517]),
}


def walk(model, image, added):
    """Every layer's output by name; `added` is summed to the layers it names, so that gradients of all of them can be asked for."""
    values = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            values[layer.name] = image
            continue
        inputs = [values[node.operation.name] for node in layer._inbound_nodes[0].parent_nodes]
        if isinstance(layer, keras.layers.BatchNormalization):
            # Keras' own operation; the layer itself (3.15) casts to float32 on the way, even under the policy float64
            statistics = [weight.value for weight in (layer.moving_mean, layer.moving_variance)]
            x = keras.ops.batch_normalization(inputs[0], *statistics, -1, layer.beta.value, layer.gamma.value, layer.epsilon)
        elif isinstance(layer, keras.layers.GlobalAveragePooling2D):
            x = jnp.mean(inputs[0], (1, 2))  # for the same reason
        elif isinstance(layer, keras.layers.Rescaling):
            x = inputs[0] * layer.scale + layer.offset  # and here
        else:
            x = layer(inputs if len(inputs) > 1 else inputs[0])
        assert x.dtype == jnp.float64, layer.name
        values[layer.name] = x + added[layer.name] if layer.name in added else x
    return values


class Explainer:
    """Logits, and the gradient of any mixture of logits at any layers, of a model without softmax."""

    def __init__(self, model, layers):
        zeros = {layer.name: jnp.zeros((1, *layer.output.shape[1:])) for layer in model.layers if layer.name in layers}

        def forward(image):
            values = walk(model, image, {})
            return values["predictions"][0], {name: values[name][0] for name in layers}

        def score(added, image, mixture):
            return jnp.dot(walk(model, image, added)["predictions"][0], mixture)

        self.forward = jax.jit(forward)
        gradient = jax.jit(jax.grad(score))
        self.gradient = lambda image, mixture: {name: g[0] for name, g in gradient(zeros, image, mixture).items()}


def mixtures(logits, index):
    """The gradient of the two scores of a class with respect to the logits."""
    e = np.exp(logits - np.max(logits))
    p = e / e.sum()
    one = np.eye(len(p))[index]
    return p, {"logit": one, "prob": p[index] * (one - p)}


def grad_cam(explainer, image, index, layers):
    """Signed maps by score and layer."""
    logits, activations = explainer.forward(image)
    _, scores = mixtures(np.asarray(logits), index)
    out = {}
    for loss, mixture in scores.items():
        gradients = explainer.gradient(image, jnp.asarray(mixture))
        for layer in layers:
            alpha = np.asarray(gradients[layer]).mean((0, 1))
            out[loss, layer] = np.asarray(activations[layer]) @ alpha
    return out


def fingerprint(value):
    flat = np.asarray(value, np.float64).ravel()
    at = (np.arange(8) * 2654435761) % flat.size
    facts = {"mean": flat.mean(), "std": flat.std(), "min": flat.min(), "max": flat.max()}
    return {"shape": list(np.shape(value)), **facts, "at": at.tolist(), "values": flat[at].tolist()}


def sha256(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def main(out=HERE):
    keras.config.set_floatx("float64")
    model = make_network.load_into(make_network.build(None), load_file(ROOT / "weights/photographs.safetensors"))
    explainer = Explainer(model, [*LAYERS, FAR])
    versions = {"keras": keras.__version__, "jax": jax.__version__, "pillow": Image.__version__, "numpy": np.__version__}
    facts = {"versions": versions, "photos": {}}
    for name, (file, classes) in PHOTOS.items():
        photo = Image.open(ROOT / "assets/samples/photographs" / file).convert("RGB")
        pixels = np.asarray(photo.resize((make_network.INPUT_SIZE,) * 2, Image.Resampling.NEAREST))
        image = jnp.asarray(pixels[None], jnp.float64)
        logits = np.asarray(explainer.forward(image)[0])
        probs, _ = mixtures(logits, 0)
        arrays = {"logits": logits, "probs": probs}
        for index in classes:
            for (loss, layer), cam in grad_cam(explainer, image, index, [*LAYERS, FAR] if name == FAR_PHOTO else LAYERS).items():
                arrays[f"cam/{loss}/{index}/{layer}"] = cam
        np.savez(Path(out) / f"golden_{name}.npz", **arrays)
        top = probs.argsort()[::-1][:10]
        facts["photos"][name] = {
            "file": file,
            "size": photo.size,
            "sha256_rgb": sha256(np.asarray(photo)),
            "sha256_nearest_224": sha256(pixels),
            "classes": classes,
            "top10": [{"class": int(i), "probability": float(probs[i])} for i in top],
        }
        if name == FAR_PHOTO:
            # the plan's last layer is the softmax's input
            layers = [{"layer": layer} | fingerprint(value[0]) for layer, value in walk(model, image, {}).items()]
            (Path(out) / f"layers_{name}.json").write_text("[\n" + ",\n".join(map(json.dumps, layers)) + "\n]\n")
        print(name, facts["photos"][name]["top10"][:5], flush=True)
    (Path(out) / "golden.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
