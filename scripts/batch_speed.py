#!/usr/bin/env python3
"""Times `explain` over a folder of photographs beside a Python program that does the same: decode, classify with the network
in the box, map the top class, write the overlay as PNG and a line of JSON.

    python3 -m venv venv && venv/bin/pip install pillow numpy onnx onnxruntime opencv-python-headless safetensors
    venv/bin/python scripts/batch_speed.py target/release/gradcam-explorer FOLDER [--photos 1000] [--rounds 3]

FOLDER keeps the photographs (1152x868 JPEGs, cut from those in assets/samples/photographs by a seed) and the network as ONNX,
and is used again. All run in turns, each in processes of its own; the table has medians of images a second, from the start of
the process to its end, of the processor time that an image took in all threads (which a busy machine changes less), and the
most memory that a process held.

* ours: one process, as it is.
* ours, two processes: two of one thread side by side, half of the photographs each (`--shard`).
* Python: Pillow, ONNX Runtime with its own threads and OpenCV with its own, one photograph after another.
* Python, two threads: the same in a pool of two threads, each with a session of one thread; Pillow, ONNX Runtime and OpenCV
  let the other thread run.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIDES = (1152, 868)
EPSILON = 1e-3
# stage, blocks, kernel, stride, expansion, channels
STAGES = [(1, 1, 3, 1, 1, 16), (2, 2, 3, 2, 6, 24), (3, 2, 5, 2, 6, 40), (4, 3, 3, 2, 6, 80), (5, 3, 5, 1, 6, 112),
          (6, 4, 5, 2, 6, 192), (7, 1, 3, 1, 6, 320)]


def make_photographs(folder, count):
    """crops of the free photographs, each another one"""
    import random

    from PIL import Image, ImageEnhance

    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((ROOT / "assets/samples/photographs").glob("*.[jp][pn]g"))
    sources = [Image.open(path).convert("RGB") for path in sources]
    for number in range(count):
        path = folder / f"{number:04}.jpg"
        if path.exists():
            continue
        draw = random.Random(number)
        source = sources[number % len(sources)]
        share = draw.uniform(0.6, 1.0)
        width, height = (int(side * share) for side in source.size)
        x, y = draw.randint(0, source.width - width), draw.randint(0, source.height - height)
        photo = source.crop((x, y, x + width, y + height)).resize(SIDES, Image.BICUBIC)
        if draw.random() < 0.5:
            photo = photo.transpose(Image.FLIP_LEFT_RIGHT)
        photo = ImageEnhance.Brightness(photo).enhance(draw.uniform(0.8, 1.2))
        partial = path.with_suffix(".partial")
        photo.save(partial, "JPEG", quality=90)
        partial.rename(path)


def make_onnx(path):
    """the network in the box with batch normalisation folded into its convolutions; outputs logits and the last feature map"""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save
    from safetensors.numpy import load_file

    tensors = load_file(ROOT / "weights/photographs.safetensors")
    nodes, constants = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def relu6(x, name):
        return node("Clip", [x, zero, six], name)

    def convolution(x, layer, norm, stride, is_depthwise, size):
        key = next(key for key in (f"{layer}/kernel", f"{layer}/depthwise_kernel") if key in tensors)
        kernel = tensors[key].astype(np.float64)
        weights = kernel.transpose((2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1))
        gamma, beta, mean, variance = (
            tensors[f"{norm}/{name}"].astype(np.float64) for name in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        side = kernel.shape[0]
        total = max((-(-size // stride) - 1) * stride + side - size, 0)
        before = total // 2
        return node(
            "Conv",
            [x, constant(f"{layer}.w", weights * scale[:, None, None, None]), constant(f"{layer}.b", beta - mean * scale)],
            norm,
            group=weights.shape[0] if is_depthwise else 1,
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, total - before, total - before],
        )

    zero, six = constant("zero", np.float32(0)), constant("six", np.float32(6))
    x = relu6(convolution("x", "stem_conv", "stem_bn", 2, False, 224), "stem_activation")
    size, last = 112, 32
    for stage, blocks, _, stride_of_first, expansion, channels in STAGES:
        for block in range(blocks):
            name, y = f"block{stage}{'abcd'[block]}_", x
            stride = stride_of_first if block == 0 else 1
            if expansion > 1:
                y = convolution(y, name + "expand_conv", name + "expand_bn", 1, False, size)
                y = relu6(y, name + "expand_activation")
            y = relu6(convolution(y, name + "dwconv", name + "bn", stride, True, size), name + "activation")
            size = -(-size // stride)
            y = convolution(y, name + "project_conv", name + "project_bn", 1, False, size)
            x = node("Add", [y, x], name + "add") if block and last == channels else y
            last = channels
    top = relu6(convolution(x, "top_conv", "top_bn", 1, False, 7), "top_activation")
    features = node("Flatten", [node("GlobalAveragePool", [top], "avg_pool")], "features")
    kernel, bias = tensors["predictions/kernel"], tensors["predictions/bias"]
    node("Gemm", [features, constant("predictions.w", kernel), constant("predictions.b", bias)], "logits")

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    outputs = [value("logits", [1, 1000]), value("top_activation", [1, 1280, 7, 7])]
    graph = helper.make_graph(nodes, "efficientnet-lite0", [value("x", [1, 3, 224, 224])], outputs, constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    np.save(path.with_suffix(".npy"), kernel)


def python_batch(onnx, photographs, out, threads):
    """what a careful person would write"""
    import cv2
    import numpy as np
    import onnxruntime
    from PIL import Image

    options = onnxruntime.SessionOptions()
    if threads > 1:
        options.intra_op_num_threads = 1
        cv2.setNumThreads(1)
    sessions = [onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"]) for _ in range(threads)]
    kernel = np.load(Path(onnx).with_suffix(".npy"))
    out.mkdir(parents=True)

    def explain(path):
        photo = np.asarray(Image.open(path).convert("RGB"))
        pixels = np.asarray(Image.fromarray(photo).resize((224, 224), Image.NEAREST), np.float32)
        session = sessions.pop()
        logits, features = session.run(None, {"x": ((pixels - 127) / 128).transpose(2, 0, 1)[None]})
        sessions.append(session)
        logits = logits[0]
        top = int(logits.argmax())
        evidence = np.maximum(np.tensordot(kernel[:, top], features[0], 1), 0)
        heat = cv2.resize(evidence / max(evidence.max(), 1e-30), (photo.shape[1], photo.shape[0]))
        colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_JET)
        overlay = cv2.addWeighted(cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), 0.6, colours, 0.4, 0)
        cv2.imwrite(str(out / f"{path.stem}.{top}.png"), overlay)
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        ranking = np.argsort(-logits)[:10]
        predictions = [{"index": int(i), "probability": float(shares[i])} for i in ranking]
        return json.dumps({"image": str(path), "predictions": predictions})

    with open(out / "results.jsonl", "w") as results:
        if threads == 1:
            lines = map(explain, photographs)
        else:
            from concurrent.futures import ThreadPoolExecutor

            lines = ThreadPoolExecutor(threads).map(explain, photographs)
        for line in lines:
            print(line, file=results, flush=True)


def run(commands, environments):
    """seconds until all are done, seconds of processor time, and the memory of the largest in MB"""
    start = time.perf_counter()
    children = []
    for command, environment in zip(commands, environments):
        children.append(subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE))
    most = processor = 0
    for child in children:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{child.args} failed: {child.stderr.read().decode()}")
        most = max(most, usage.ru_maxrss / 1024)
        processor += usage.ru_utime + usage.ru_stime
    return time.perf_counter() - start, processor, most


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--photos", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--python", type=int, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    photographs, onnx, out = options.folder / "photographs", options.folder / "network.onnx", options.folder / "out"
    if options.python:
        paths = sorted(photographs.glob("*.jpg"))[: options.photos]
        return python_batch(str(onnx), paths, out, options.python)
    make_photographs(photographs, options.photos)
    if not onnx.exists():
        make_onnx(onnx)

    lists = {}
    for count in (options.photos, 10):
        lists[count] = options.folder / f"{count}.txt"
        lists[count].write_text("".join(f"{path}\n" for path in sorted(photographs.glob("*.jpg"))[:count]))

    def ours(count=options.photos, *more):
        name = "-".join(more).replace("/", "of")
        return [options.program, "explain", "--weights", "built-in:photographs", "--device", "cpu", "--files-from",
                lists[count], "--out", out, "--results", out / f"results{name}.jsonl", "--quiet", *more]

    def python(threads):
        return [sys.executable, __file__, options.program, options.folder, "--photos", str(options.photos), "--python",
                str(threads)]

    alone, one = [{}], {"RAYON_NUM_THREADS": "1"}
    kinds = {
        "ours": ([ours()], alone),
        "ours, two processes of one thread": ([ours(options.photos, "--shard", f"{i}/2") for i in range(2)], [one, one]),
        "Python": ([python(1)], alone),
        "Python, two threads": ([python(2)], alone),
        "ours, 10 photographs": ([ours(10)], alone),
    }
    found = {kind: [] for kind in kinds}
    for turn in range(options.rounds):
        for kind, (commands, environments) in kinds.items():
            shutil.rmtree(out, ignore_errors=True)
            if not kind.startswith("Python"):
                out.mkdir()
            found[kind].append(run(commands, environments))
            count = 10 if kind.endswith("10 photographs") else options.photos
            assert len(list(out.glob("*.png"))) == count, f"{kind} wrote another number of overlays"
    shutil.rmtree(out, ignore_errors=True)
    print("| | images a second | of all turns | processor time an image | peak memory |\n|---|---|---|---|---|")
    for kind, runs in found.items():
        count = 10 if kind.endswith("10 photographs") else options.photos
        seconds, processor, memory = zip(*runs)
        speeds = [count / of_turn for of_turn in seconds]
        told = ", ".join(f"{speed:.1f}" for speed in speeds)
        each = statistics.median(processor) / count * 1e3
        print(f"| {kind} | {statistics.median(speeds):.1f} | {told} | {each:.0f} ms | {max(memory):.0f} MB |")


if __name__ == "__main__":
    main()
