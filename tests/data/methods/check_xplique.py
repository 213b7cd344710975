#!/usr/bin/env python3
"""Deletion and insertion by Xplique itself beside what golden_methods.npz has of them: three pictures, two classes.

    pip install xplique==2.0.2 tensorflow keras==3.15.1 numpy
    python check_xplique.py                            # prints both; ends with 1 where they differ by more than 1e-3

make_methods.py has Xplique's formula on the torch backend; this runs the library, on TensorFlow. Its probabilities come from
the logits by its own softmax; its baseline is 0, the grey of pixels in -1..1.
"""
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "reference"))
import keras
import make_weights
import network
import numpy as np
from xplique.metrics import Deletion, Insertion

model = network.build(keras, make_weights.SMALL)
network.set_weights(model, make_weights.small_tensors())
golden = np.load(HERE / "golden_methods.npz")
names = sorted(key.split("/")[1] for key in golden.files if key.startswith("picture/"))
worst = 0.0
for name in names:
    picture, hill = golden[f"picture/{name}"][None], golden[f"hill/{name}"][None]
    for key in golden.files:
        if not key.startswith(f"area/{name}/grey/"):
            continue
        way, category = key.split("/")[3:]
        target = np.eye(model.output_shape[-1], dtype="f4")[[int(category)]]
        measure = {"deletion": Deletion, "insertion": Insertion}[way]
        area = np.asarray(measure(model, picture, target, batch_size=16, baseline_mode=0.0, steps=10, activation="softmax")(hill))
        difference = abs(area.item() - golden[key].item())
        worst = max(worst, difference)
        print(f"{name:8} {way:9} class {category}: Xplique {area.item():.6f}, golden {golden[key].item():.6f}")
print(f"largest difference {worst:.1e}")
sys.exit(worst > 1e-3)
