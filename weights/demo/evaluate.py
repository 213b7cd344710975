"""Measures the exported network on held-out scenes: what it names, and where its class activation maps point.

    python evaluate.py ../demo.safetensors [--first 0] [--scenes 2000] [--json metrics.json] [--markdown figures.md]

Every scene goes the program's way: drawn at its own size, resized to 299x299 with nearest neighbour, scaled to -1..1.
Maps are resized to 299x299 bilinearly (half-pixel centres, edges clamped), as the program draws them.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from export import load_keras_tensors
from figures import markdown
from localisation import Watched, energy_shares, heat, points_at, signed_map, wilson
from network import INPUT_SIZE, Xception, normalised
from scenes import LABELS, masks, nearest, picture, scene

SPLIT = "held-out"
LAST = "block14_sepconv2_act"
# Method, loss, layer. The first is the one that the aims are about.
MAPS = [
    ("Grad-CAM", "logit", LAST),
    ("Grad-CAM", "probability", LAST),
    ("Grad-CAM, mirrored", "logit", LAST),
    ("Grad-CAM, transposed", "logit", LAST),
] + [
    (method, "logit", layer)
    for layer in ("block14_sepconv1_act", "add_7", "block13_sepconv2_bn", "add_6", "block4_sepconv2_bn")
    for method in ("Grad-CAM", "HiResCAM", "LayerCAM")
]
EARLIEST = "block4_sepconv2_bn"


def load(path):
    return load_keras_tensors(Xception(len(LABELS)).eval().requires_grad_(False), load_file(path))


def held_out(index):
    """A held-out scene, and its picture and its objects' masks as the network sees them, at 299x299."""
    composed = scene(SPLIT, index)
    pixels = nearest(picture(composed), INPUT_SIZE, INPUT_SIZE)
    seen = [nearest(mask.astype(np.uint8), INPUT_SIZE, INPUT_SIZE) > 0 for mask in masks(composed)]
    return composed, pixels, seen


def measure(network, first, count, maps):
    """Per scene (its labels, all labels by falling logit); per object (its label, {map: finding}).

    A finding is (points at the object, energy share inside its box, the box's area share), or None for an empty map.
    """
    scenes, objects = [], []
    for done, index in enumerate(range(first, first + count), 1):
        composed, pixels, seen = held_out(index)
        watched = Watched(EARLIEST)
        x = normalised(torch.from_numpy(pixels.copy())[None]).contiguous(memory_format=torch.channels_last)
        logits = network(x, watched)[0]
        ranking = logits.detach().argsort(descending=True).tolist()
        scenes.append((composed.labels, [LABELS[i] for i in ranking]))
        for label, mask in zip(composed.labels, seen):
            findings = {}
            for loss, scores in (("logit", logits), ("probability", logits.softmax(0))):
                wanted = [key for key in maps if key[1] == loss]
                layers = list({layer for _, _, layer in wanted})
                score = scores[LABELS.index(label)]
                gradients = torch.autograd.grad(score, [watched[layer] for layer in layers], retain_graph=True)
                gradients = dict(zip(layers, gradients))
                for method, _, layer in wanted:
                    shown = heat(signed_map(method, watched[layer].detach()[0], gradients[layer][0]))
                    found = (points_at(shown, mask), *energy_shares(shown, mask)) if shown.max() > 0 else None
                    findings[method, loss, layer] = found
            objects.append((label, findings))
        if done % 200 == 0:
            print(f"{done} scenes", flush=True)
    return scenes, objects


def share(outcomes):
    outcomes = list(outcomes)
    value, low, high = wilson(sum(outcomes), len(outcomes))
    return {"share": round(value, 4), "low": round(low, 4), "high": round(high, 4), "of": len(outcomes)}


def summary_of_map(key, findings):
    """The figures of one method, loss and layer over all objects; an empty map is a miss and has no energy."""
    drawn = [finding for finding in findings if finding]
    ratios = np.array([inside / area for _, inside, area in drawn])
    error = 1.96 * ratios.std(ddof=1) / math.sqrt(len(ratios))
    return {
        "method": key[0],
        "loss": key[1],
        "layer": key[2],
        "points_at_object": share(bool(finding and finding[0]) for finding in findings),
        "energy_ratio": round(float(ratios.mean()), 2),
        "energy_ratio_low": round(float(ratios.mean() - error), 2),
        "energy_ratio_high": round(float(ratios.mean() + error), 2),
        "energy_ratio_pooled": round(sum(f[1] for f in drawn) / sum(f[2] for f in drawn), 2),
        "energy_ratio_median": round(float(np.median(ratios)), 2),
        "empty_maps": len(findings) - len(drawn),
    }


def summary(scenes, objects, maps):
    """All figures as a JSON-ready dictionary; intervals are 95 %."""
    by_class = {}
    for label in LABELS:
        findings = [found[maps[0]] for name, found in objects if name == label]
        if findings:
            by_class[label] = {
                "found": share(ranked.index(label) < len(labels) for labels, ranked in scenes if label in labels),
                "pointed_at": share(bool(finding and finding[0]) for finding in findings),
            }
    return {
        "scenes": len(scenes),
        "objects": len(objects),
        "top_class_present": share(ranked[0] in labels for labels, ranked in scenes),
        "two_objects_in_top_3": share(set(labels) <= set(ranked[:3]) for labels, ranked in scenes if len(labels) == 2),
        "all_objects_in_top_n": share(set(labels) == set(ranked[: len(labels)]) for labels, ranked in scenes),
        "maps": [summary_of_map(key, [found[key] for _, found in objects]) for key in maps],
        "by_class": by_class,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("--first", type=int, default=0, help="number of the first held-out scene")
    parser.add_argument("--scenes", type=int, default=2000)
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    figures = summary(*measure(load(options.weights), options.first, options.scenes, MAPS), MAPS)
    print(markdown(figures))
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    if options.markdown:
        Path(options.markdown).write_text(markdown(figures))


if __name__ == "__main__":
    main()
