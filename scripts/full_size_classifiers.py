#!/usr/bin/env python3
"""Makes networks of keras.applications at their own size with mild random weights, and compares the program with Keras on
each: logits, the top class, the map at the default layer; time and memory beside ONNX Runtime with two threads.

    python3.11 -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1 numpy==2.4.6 pillow h5py \
        onnx onnxruntime
    venv/bin/python scripts/full_size_classifiers.py target/release/gradcam-explorer FOLDER [NETWORK ...]
    venv/bin/python scripts/full_size_classifiers.py target/release/gradcam-explorer FOLDER --times [NETWORK ...]
    venv/bin/python scripts/full_size_classifiers.py target/release/gradcam-explorer FOLDER --table

FOLDER keeps the files (5 GB for all networks) and is used again; what was found of a network is kept beside it, and --table
prints it as Markdown without running anything. The weights are drawn by name, then moving statistics, biases and scales are
set layer by layer, so that half of the ReLUs are on and the answers are moderate; they classify nothing. The program opens
the network without a word about its pixels, so that the scaling it proposes is compared too; only the input size of MobileNetV3
is said. Exit status 1 if logits are off by more than 1e-3 of their spread, a signed map by more than 1e-3 of its largest value, a
top class differs, or another scaling is proposed than the network's family needs.

Times are apart, of five networks unless others are named: both programs in turns, each in processes of its own, the median
over turns of the medians of a process. An idle machine is needed for them, and half a minute a turn of VGG16. Networks that are
not there yet are made with weights that are drawn and no more, which takes seconds. Memory is the most that a process held, in
MB: ours explains one picture, the other runs the network, with Python and NumPy around it. The ONNX file is made by
keras_to_onnx.py, and must give Keras' answers. What is being done is told on standard error.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "tests" / "data"
THREADS = 2
RUNS = 9
TURNS = 5
TIMED = "MobileNetV2 ResNet50 VGG16 DenseNet121 EfficientNetB0".split()

SIZES = {"InceptionV3": 299, "InceptionResNetV2": 299, "Xception": 299, "EfficientNetB1": 240, "EfficientNetB2": 260,
         "EfficientNetB3": 300, "EfficientNetB4": 380, "EfficientNetB5": 456, "EfficientNetB6": 528, "EfficientNetB7": 600,
         "EfficientNetV2B1": 240, "EfficientNetV2B2": 260, "EfficientNetV2B3": 300, "EfficientNetV2S": 384}
NETWORKS = """MobileNet MobileNetV2 MobileNetV3Small MobileNetV3Large ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2
ResNet152V2 VGG16 VGG19 DenseNet121 DenseNet169 DenseNet201 InceptionV3 InceptionResNetV2 Xception EfficientNetB0
EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7 EfficientNetV2B0
EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2S NASNetMobile ConvNeXtTiny""".split()


def pixels_of(family):
    if family.startswith(("ResNet", "VGG")) and not family.endswith("V2"):
        return "caffe"
    if family.startswith("DenseNet"):
        return "torch"
    if family.startswith(("EfficientNet", "ConvNeXt", "MobileNetV3")):
        return "0..255"
    return "-1..1"


def size_of(family):
    return SIZES.get(family, 224)


def sized(family):
    """what the program must be told: Keras builds MobileNetV3 for any size, and its file does not say which it is for"""
    return ["--input-size", size_of(family)] if family.startswith("MobileNetV3") else []


def picture(family):
    """the picture at exactly the network's size, [height, width, 3] in 0..255"""
    import seeded

    return seeded.picture(size_of(family), size_of(family))


# --- in a process of their own ---


def make(family, folder, quickly=False):
    """writes the network, the picture, Keras' answers, and the network as ONNX"""
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import numpy as np
    from PIL import Image

    sys.path[1:1] = [str(DATA / "keras"), str(DATA / "classifiers")]
    import keras

    import bodies
    import calibrate
    import golden
    import keras_to_onnx
    import pictures

    def uniform(name, shape=()):
        # as seeded.uniform, for tensors of a hundred million values
        import seeded

        return np.random.default_rng(seeded.fnv1a64(name)).uniform(-1, 1, shape).astype("f4")

    calibrate.uniform = uniform
    photo = picture(family)
    Image.fromarray(photo).save(folder / f"{family}.png")
    x = pictures.outside(photo.astype("f8"), pixels_of(family))[None].astype("f4")
    bodies.CLASSES = 1000
    model = bodies.application(keras, family)
    row = types.SimpleNamespace(name=family, gain=1.0, firm=1.5)
    if quickly:
        for path, layer in golden.weighted(model):
            calibrate.seed(row, path, layer)
    else:
        calibrate.calibrate(model, row, x)
    np.save(folder / f"{family}.answers.npy", np.asarray(model(x, training=False))[0])
    np.save(folder / f"{family}.input.npy", x)
    # the ONNX first: the archive is what says that all is there
    keras_to_onnx.convert(model, folder / f"{family}.onnx")
    model.save(folder / "writing.keras")
    os.replace(folder / "writing.keras", folder / f"{family}.keras")


def keras_map(family, folder, layer, index):
    """Keras' signed map and logits, from the file"""
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import keras
    import numpy as np
    import tensorflow as tf

    model = keras.models.load_model(folder / f"{family}.keras", compile=False)
    x = tf.constant(np.load(folder / f"{family}.input.npy"))
    final = model.outputs[0]._keras_history.operation
    assert final.activation.__name__ == "softmax"
    final.activation = keras.activations.linear
    chosen = next(operation for operation in model.operations if operation.name == layer)
    both = keras.Model(model.inputs, [chosen.output, model.output])
    with tf.GradientTape() as tape:
        features, logits = both(x, training=False)
        score = logits[0, index]
    gradient = tape.gradient(score, features)[0].numpy().astype("f8")
    signed = features[0].numpy().astype("f8") @ gradient.mean((0, 1))
    np.savez(folder / f"{family}.keras.npz", logits=logits[0].numpy(), signed=signed)


def onnx_time(family, folder, runs):
    """one JSON line: ONNX Runtime's milliseconds"""
    import statistics
    import time

    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    session = onnxruntime.InferenceSession(str(folder / f"{family}.onnx"), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: np.load(folder / f"{family}.input.npy")}
    times = []
    for _ in range(runs + 3):
        start = time.perf_counter()
        answers = session.run(None, feed)[0][0]
        times.append((time.perf_counter() - start) * 1e3)
    off = float(np.abs(answers - np.load(folder / f"{family}.answers.npy")).max())
    assert off < 1e-3, f"ONNX Runtime's probabilities are off by {off}"
    print(json.dumps({"ms": statistics.median(times[3:])}))


# --- the comparison ---


def tell(family, doing):
    print(f"{family}: {doing}", file=sys.stderr, flush=True)


def held(command):
    """what a command prints, and the most memory it held, in MB"""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as wrong:
        process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=wrong)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (out, wrong):
            file.seek(0)
        if process.returncode:
            why = wrong.read().decode(errors="replace").strip()[-1500:]
            raise RuntimeError(f"{' '.join(map(str, command[:4]))} ended with {process.returncode}: {why}")
        return out.read().decode(), usage.ru_maxrss / 1024


def apart(task, *arguments):
    """runs one of the above in a process of its own; returns its last line and its memory"""
    printed, memory = held([sys.executable, __file__, "--task", task, *arguments])
    return (printed.strip().splitlines() or [""])[-1], memory


def ours(program, *arguments):
    printed, memory = held([program, *arguments])
    return json.loads(printed), memory


def theirs(family, folder, runs):
    printed, memory = apart("onnx", family, folder, runs)
    return json.loads(printed)["ms"], memory


def kept(family, folder, what):
    """what an earlier run found of a network, or nothing"""
    file = folder / f"{family}.{what}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def keep(family, folder, what, found):
    (folder / f"{family}.{what}.json").write_text(json.dumps(found))


def compare(program, family, folder):
    """whether all is as Keras has it; one line of the table"""
    import numpy as np

    network, photo = folder / f"{family}.keras", folder / f"{family}.png"
    if not network.exists():
        tell(family, "is made")
        apart("make", family, folder)
    tell(family, "is compared")
    asked = ["--weights", network, *sized(family), "--json", "--top", 1000, "--score", "logit", "--write", "raw", "--out", folder]
    found, memory = ours(program, "explain", photo, *asked)
    pixels = found["weights"]["input"]["pixels"]
    if pixels != pixels_of(family):
        raise RuntimeError(f"proposes pixels {pixels}, not {pixels_of(family)}")
    shown = found["maps"][0]
    apart("map", family, folder, shown["layer"], shown["class"])
    right = np.load(folder / f"{family}.keras.npz")
    logits = np.array([p["logit"] for p in sorted(found["predictions"], key=lambda p: p["index"])])
    signed = right["signed"]
    result = {
        "file_mb": network.stat().st_size / 1e6,
        "logits": float(np.abs(logits - right["logits"]).max() / np.ptp(right["logits"])),
        "top": found["predictions"][0]["index"] == int(right["logits"].argmax()),
        "map": float(np.abs(np.load(shown["files"]["signed"]) - signed).max() / np.abs(signed).max()),
        "layer": shown["layer"],
        "mb": memory,
        "onnx_mb": theirs(family, folder, 1)[1],
    }
    keep(family, folder, "compared", result)
    line = f"{family:18} {size_of(family):4} {result['file_mb']:5.0f} {result['logits']:8.0e} {'yes' if result['top'] else 'NO':>4}"
    print(f"{line} {result['map']:8.0e} {memory:7.0f} {result['onnx_mb']:7.0f}  {shown['layer']}", flush=True)
    return result["top"] and result["logits"] <= 1e-3 and result["map"] <= 1e-3


def measure(program, family, folder):
    """both programs in turns; one line of the table"""
    import statistics

    network = folder / f"{family}.keras"
    if not network.exists():
        tell(family, "is made")
        apart("make", family, folder, "quickly")
    rows = []
    for turn in range(TURNS):
        tell(family, f"turn {turn + 1} of {TURNS}")
        mine, memory = ours(program, "bench", "--weights", network, *sized(family), "--json", "--runs", RUNS)
        onnx, onnx_memory = theirs(family, folder, RUNS)
        rows.append((mine["forward_ms"], onnx, mine["forward_ms"] / onnx, mine["cam_other_ms"], memory, onnx_memory))
    *middle, _, _ = (statistics.median(column) for column in zip(*rows))
    memory, onnx_memory = (max(row[i] for row in rows) for i in (-2, -1))
    result = dict(zip(("ms", "onnx_ms", "ratio", "class_ms"), middle), mb=memory, onnx_mb=onnx_memory, turns=TURNS)
    keep(family, folder, "times", result)
    line = f"{family:18} {size_of(family):4} {result['ms']:8.1f} {result['onnx_ms']:8.1f} {result['ratio']:6.2f} {result['class_ms']:7.2f}"
    print(f"{line} {memory:7.0f} {onnx_memory:7.0f}", flush=True)
    return True


def table(folder):
    """what is kept, as Markdown"""
    print("| | input | file | logits | top class | map | default layer | memory | ONNX Runtime | forward | ONNX Runtime | times |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for family in NETWORKS:
        found, times = kept(family, folder, "compared"), kept(family, folder, "times")
        if not found:
            continue
        cells = [family, size_of(family), f"{found['file_mb']:.0f} MB", f"{found['logits']:.0e}".replace("e-0", "e-")]
        cells += ["same" if found["top"] else "**other**", f"{found['map']:.0e}".replace("e-0", "e-"), f"`{found['layer']}`"]
        cells += [f"{found['mb']:.0f} MB", f"{found['onnx_mb']:.0f} MB"]
        cells += [f"{times['ms']:.1f} ms", f"{times['onnx_ms']:.1f} ms", f"{times['ratio']:.2f}"] if times else ["", "", ""]
        print("|", " | ".join(map(str, cells)), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="The head of this file says more.")
    parser.add_argument("program")
    parser.add_argument("folder", type=Path)
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--times", action="store_true", help="times and memory beside ONNX Runtime, of five networks unless named")
    parser.add_argument("--table", action="store_true", help="print what earlier runs found, as Markdown")
    given = parser.parse_intermixed_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    unknown = set(given.networks) - set(NETWORKS)
    if unknown:
        sys.exit(f"unknown: {unknown}; there are {' '.join(NETWORKS)}")
    os.environ["RAYON_NUM_THREADS"] = str(THREADS)
    if given.table:
        return table(folder)
    if given.times:
        print(f"{'network':18} {'size':>4} {'forward':>8} {'ORT':>8} {'ratio':>6} {'class':>7} {'memory':>7} {'ORT':>7}")
    else:
        print(f"{'network':18} {'size':>4} {'MB':>5} {'logits':>8} {'top':>4} {'map':>8} {'memory':>7} {'ORT':>7}  layer")
    good = True
    for family in given.networks or (TIMED if given.times else NETWORKS):
        try:
            good &= (measure if given.times else compare)(given.program, family, folder)
        except RuntimeError as error:
            good = False
            print(f"{family:18} {error}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--task"]:
        sys.path[1:1] = [str(DATA / "keras"), str(DATA / "classifiers")]
        task, family, folder, *rest = sys.argv[2:]
        folder = Path(folder)
        if task == "make":
            make(family, folder, bool(rest))
        elif task == "map":
            keras_map(family, folder, rest[0], int(rest[1]))
        else:
            onnx_time(family, folder, int(rest[0]))
    else:
        sys.exit(main())
