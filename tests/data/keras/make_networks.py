"""Small networks written by real Keras 3 and Keras 2, with golden values in float64; README.md says what is what.

    python make_networks.py [ROW ...]       all rows, or these; networks.json keeps the others
"""
import contextlib, json, os, sys, tempfile, types, zipfile
sys.dont_write_bytecode = True
os.environ.update(KERAS_BACKEND='tensorflow', TF_CPP_MIN_LOG_LEVEL='3', TF_ENABLE_ONEDNN_OPTS='0', CUDA_VISIBLE_DEVICES='',
                  TF_NUM_INTRAOP_THREADS='1', TF_NUM_INTEROP_THREADS='1')
import numpy as np
import keras, tensorflow as tf, tf_keras
import golden, rows, seeded
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
FIXED_DATE = '2026-11-25@00:00:00'


@contextlib.contextmanager
def policy(K, name):
    floatx = 'float64' if name == 'float64' else 'float32'
    if K is keras:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(name)
    else: tf_keras.mixed_precision.set_global_policy(name)
    try: yield
    finally:
        if K is keras:
            keras.config.set_floatx('float32')
            keras.config.set_dtype_policy('float32')
        else: tf_keras.mixed_precision.set_global_policy('float32')


def deterministic():
    """memory addresses and dates that Keras writes into a file, made the same in every run"""
    from keras.src.saving import saving_lib, serialization_lib
    from tf_keras.src.saving import saving_lib as saving_lib2, serialization_lib as serialization_lib2
    now = types.SimpleNamespace(strftime=lambda _: FIXED_DATE)
    clock = types.SimpleNamespace(datetime=types.SimpleNamespace(now=lambda: now))
    for lib in (saving_lib, saving_lib2): lib.datetime = clock
    numbers = {}

    def number(thing):
        # keeps the thing, so that no other can have its address
        return numbers.setdefault(id(thing), (len(numbers) + 139872000000001, thing))[0]

    for lib in (serialization_lib, serialization_lib2): lib.id = number
    return numbers.clear


def build(K, row):
    K.backend.clear_session()
    return row.build(K, row)


def pixels(row):
    return np.asarray(Image.open(os.path.join(HERE, picture_name(row))))


def picture_name(row):
    return f'pictures/{row.size[1]}x{row.size[0]}.png'


def prepared(row, dtype):
    x = pixels(row)[None].astype(dtype)
    return x / 127.5 - 1 if row.outside == '-1..1' else x


def repack(path, plain):
    """the same members with one date, compressed unless `plain`"""
    with zipfile.ZipFile(path) as z: members = [(i.filename, z.read(i)) for i in z.infolist()]
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, data in members:
            info = zipfile.ZipInfo(name, (2026, 11, 25, 0, 0, 0))
            info.compress_type = z.compression
            z.writestr(info, data)


def train(model, row, weights):
    """one step, then the old weights again: the file holds an optimizer's variables"""
    x = prepared(row, 'f4')
    model.train_on_batch(x, np.eye(model.output_shape[-1], dtype='f4')[:1])
    golden.set_weights(model, weights)


def write(row, weights, endings, folder):
    """saves in every dialect; returns names and Keras' own answers in the file's precision"""
    stem, files, answers = row.stem or row.name, [], {}
    for K, mine in ((keras, [e for e in endings if not e.startswith('k2')]), (tf_keras, [e for e in endings if e.startswith('k2')])):
        if not mine: continue
        forget()
        with policy(K, row.policy):
            model = build(K, row)
            golden.set_weights(model, weights)
            if row.compile: model.compile(**row.compile(K))
            if row.train: train(model, row, weights)
            y = model(prepared(row, 'f4'), training=False)
            answers[K.__name__] = np.asarray(y[row.index] if isinstance(y, (list, tuple)) else y)[0]
            for ending in mine:
                name = f'{stem}.{ending}'
                path = f'{folder}/{name}'
                if 'weights' in ending: model.save_weights(path)
                else: model.save(path)
                if ending.endswith('keras'): repack(path, row.plain_zip and ending == 'keras')
                files.append(name)
    return files, answers


def exact(row, shown):
    """weights, and in float64: the answers, the maps, facts about them"""
    x = prepared(row, 'f8')
    model = build(keras, row)
    weights = golden.calibrate(model, row_for_seeds(row), x)
    narrow = np.float16 if row.policy == 'float16' else np.float32
    weights = {k: (v if row.long else seeded.short(v)).astype(narrow).astype('f4') for k, v in weights.items()}
    golden.set_weights(model, weights)
    if row.keras2 == 'hard_sigmoid':
        for _, layer in golden.leaves(model):
            if getattr(getattr(layer, 'activation', None), '__name__', '') == 'hard_sigmoid':
                layer.activation = lambda x: tf.clip_by_value(.2 * x + .5, 0., 1.)
    probe = golden.Probe(model, row, [row.default, row.block13, row.early], tf.constant(x))
    outputs, logits, meant = (probe.scores(k, {})[0].numpy() for k in ('answer', 'logit', 'output'))
    assert outputs.shape == (1, outputs.size), outputs.shape
    outputs, logits, meant = outputs[0], logits[0], meant[0]
    n = outputs.size
    for p in ([] if row.output == 'values' or n == 1 and row.output == 'softmax' else [v for v in meant if not .01 < v < .99]):
        print(f'  {shown}: probability {p}')
    # classes: those whose map has cells of both signs, then by number
    _, seen, gradients = probe.gradients('logit', range(n))
    positive = {c: (golden.maps(seen[row.default], gradients[c][row.default])[0] > 0).mean() for c in range(n)}
    classes = sorted(sorted(range(n), key=lambda c: (not positive[c], positive[c] == 1, c))[:row.classes])
    if not any(positive[c] for c in classes): print(f'  {shown}: all maps are empty')
    arrays, shapes = {'outputs': outputs, 'logits': logits, 'means': meant}, {}
    for kind in ('output', 'logit'):
        _, seen, gradients = probe.gradients(kind, classes)
        worst = max(probe.check(kind, c, gradients) for c in classes)
        assert worst < 2e-5, f'{shown}: finite differences are off by {worst}'
        for c in classes:
            for name in probe.names:
                assert seen[name].dtype == gradients[c][name].dtype == np.float64
                cam, hires = golden.maps(seen[name], gradients[c][name])
                arrays[f'cam/{kind}/{c}/{name}'] = cam
                if kind == 'logit' and name == row.default: arrays[f'hires/logit/{c}/{name}'] = hires
                shapes[name] = list(seen[name].shape)
    active = [float((a > 0).mean()) for a in probe_activity(model, x)]
    print(f'{row.name}: means {np.round(meant, 3)} classes {classes} positive {[round(float(positive[c]), 2) for c in classes]}'
          f' active {np.mean(active):.2f} ({min(active):.2f}..{max(active):.2f})', end=' ')
    return weights, arrays, shapes, classes, probe.final.name


def float32_noise(row, weights, arrays, classes):
    """how far plain float32 is off, by layer, as a part of the map's largest value"""
    if row.keras2: return {}
    model = build(keras, row)
    golden.set_weights(model, weights)
    probe = golden.Probe(model, row, [row.default, row.block13, row.early], tf.constant(prepared(row, 'f4')))
    noise = {n: 0. for n in probe.names}
    for kind in ('output', 'logit'):
        _, seen, gradients = probe.gradients(kind, classes)
        for c in classes:
            for n in probe.names:
                right = arrays[f'cam/{kind}/{c}/{n}']
                if np.abs(right).max() > 1e-12:
                    off = np.abs(golden.maps(seen[n], gradients[c][n])[0] - right).max() / np.abs(right).max()
                    noise[n] = max(noise[n], float(off))
    return noise


def make(row):
    shown = f'{row.stem}/{row.name}' if row.stem else row.name
    with policy(keras, 'float64'): weights, arrays, shapes, classes, final = exact(row, shown)
    with policy(keras, 'float32'): noise = float32_noise(row, weights, arrays, classes)
    outputs = arrays['outputs']
    with tempfile.TemporaryDirectory(dir=HERE, prefix='.writing') as folder:
        files, answers = write(row, weights, row.files, folder)
        for K, answer in answers.items():
            off = np.abs(answer - outputs).max() / max(1, np.abs(outputs).max())
            assert off < (3e-2 if 'float16' in row.policy else 1e-4), f'{shown}: {K} answers {answer}, not {outputs}'
        np.savez(f'{folder}/golden.npz', **arrays)
        for name in files: os.replace(f'{folder}/{name}', f'{HERE}/{name}')
        os.replace(f'{folder}/golden.npz', f'{HERE}/golden/{row.name}.npz')
    entry = {'name': row.name, 'files': files, 'picture': picture_name(row), 'input': list(row.size), 'pixels_outside': row.outside,
             'size_in_file': row.shape is None and 'weights.h5' not in row.files, 'output': row.output, 'output_from': row.origin, 'units': outputs.size, 'classes': [int(c) for c in classes],
             'layers': {'default': row.default, 'block13': row.block13, 'early': row.early}, 'shapes': shapes, 'golden': f'golden/{row.name}.npz',
             'noise': {k: float(f'{v:.1e}') for k, v in noise.items()}, 'notes': row.notes}
    if row.stem: entry['outputs_layer'] = final
    print(f'noise {max(noise.values(), default=0):.0e} {[os.path.getsize(f"{HERE}/{f}") // 1000 for f in files]} kB', flush=True)
    return entry


def probe_activity(model, x):
    relus = {p: l for p, l in golden.leaves(model) if getattr(getattr(l, 'activation', None), '__name__', '') == 'relu'}
    seen = []

    def note(name, layer, call, a, k):
        y = call(*a, **k)
        seen.append(y.numpy())
        return y

    with golden.wrapped(relus, note): model(x, training=False)
    return seen


def row_for_seeds(row):
    return rows.dataclasses.replace(row, name=(row.stem or row.name) + row.salt)


def save_json(path, value):
    with open(path + '.tmp', 'w') as f: f.write('[\n' + ',\n'.join(json.dumps(e) for e in value) + '\n]\n')
    os.replace(path + '.tmp', path)


def main(wanted):
    golden.float64_everywhere()
    os.makedirs(f'{HERE}/golden', exist_ok=True)
    os.makedirs(f'{HERE}/pictures', exist_ok=True)
    rows.name_renamed()
    names = [r.name for r in rows.ROWS]
    assert len(set(names)) == len(names) and set(wanted) <= set(names), set(wanted) - set(names)
    for size in {r.size for r in rows.ROWS}:
        path = f'{HERE}/pictures/{size[1]}x{size[0]}.png'
        seeded.save_picture(path + '.tmp', *size)
        os.replace(path + '.tmp', path)
    table = f'{HERE}/networks.json'
    entries = {e['name']: e for e in json.load(open(table))} if os.path.exists(table) else {}
    failed = []
    for row in rows.ROWS:
        if wanted and row.name not in wanted: continue
        try: entries[row.name] = make(row)
        except Exception as error:
            failed.append(row.name)
            import traceback
            print(f'{row.name} FAILED: ' + ''.join(traceback.format_exception(error)[-4:] if not os.environ.get('TRACE') else traceback.format_exception(error)), flush=True)
            continue
        save_json(table, [entries[n] for n in names if n in entries])
    save_json(table, [entries[n] for n in names if n in entries])
    kept = {f for e in entries.values() for f in e['files']}
    for old in os.listdir(HERE):
        if old.endswith(('.keras', '.h5')) and old not in kept: os.remove(f'{HERE}/{old}')
    if failed: sys.exit(f'failed: {failed}')


forget = deterministic()

if __name__ == '__main__':
    main(sys.argv[1:])
