"""What real Keras answers to changed descriptions of the files here; README.md says more.

    python make_changed.py                                  changed.json: the table that the tests hold the program to
    python make_changed.py OUT.json SEED COUNT [NAME ...]   a wider hunt: COUNT changes a file, with Keras' reasons
    python make_changed.py OUT.json < LINES                 answers to the changes of such a table, one a line
"""
import importlib, json, os, resource, signal, sys, tempfile, zipfile
sys.dont_write_bytecode = True
os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
os.environ.update(TF_CPP_MIN_LOG_LEVEL='3', TF_ENABLE_ONEDNN_OPTS='0', CUDA_VISIBLE_DEVICES='',
                  TF_NUM_INTRAOP_THREADS='1', TF_NUM_INTEROP_THREADS='1')
import numpy as np
from PIL import Image
import changes

HERE = os.path.dirname(os.path.abspath(__file__))
SEED, COUNT = 1, 16
FILES = """hidden_two three_deep preprocess_caffe conv_two relu_layer.k2 bn_variants conv_groups conv_dilated sepconv_multiplier depthwise2_head.k2
    avgpool2_same_flatten gap_keepdims_conv layernorm_bare vector_norms.k2 gelu_tanh.k2 ops_tf.k2 ops_multiply rescaling_lists
    normalization_given normalization_given.k2 augmentation_layers reshape_vector leaky_relu elu_softmax_layer prelu_shared
    hard_sigmoid_k2.k2 identity_layers sequential_spatial_head rescaling_sequential.k2 two_outputs preprocess_torch.k2
    mixed_float16 same_names renamed_nested.k2 conv3_head.k2 anysize_sequential sequential_of_sequentials""".split()
MOST_SECONDS, MOST_MEMORY, MOST_PIXELS = 60, 12 << 30, 400_000


def description(file):
    with zipfile.ZipFile(f'{HERE}/{file}') as z: return json.loads(z.read('config.json'))


def write(path, file, config):
    """the file with another description"""
    with zipfile.ZipFile(f'{HERE}/{file}') as old, zipfile.ZipFile(path, 'w') as new:
        for name in old.namelist(): new.writestr(name, json.dumps(config) if name == 'config.json' else old.read(name))


def picture(entry, height, width):
    """the row's picture, again and again where more is wanted"""
    x = np.asarray(Image.open(f'{HERE}/{entry["picture"]}')).astype('f4')
    x = x[np.arange(height) % x.shape[0]][:, np.arange(width) % x.shape[1]][None]
    return x / np.float32(127.5) - 1 if entry['pixels_outside'] == '-1..1' else x


def answer(K, path, entry):
    """the first output, as a list"""
    K.backend.clear_session()
    model = K.models.load_model(path, compile=False, safe_mode=True)
    if len(model.inputs) != 1: raise ValueError('several inputs')
    shape = model.input_shape
    height, width = (s or e for s, e in zip(shape[1:3], entry['input']))
    if height * width > MOST_PIXELS: raise MemoryError
    x = picture(entry, height, width)
    y = model(x, training=False)
    while isinstance(y, (list, tuple, dict)): y = list(y.values())[0] if isinstance(y, dict) else y[0]
    if y.shape[0] != 1: raise ValueError('another batch')
    numbers = np.asarray(y, 'f8').ravel()[:64]
    return [float(f'{v:.7g}') if np.isfinite(v) else None for v in numbers], list(y.shape[1:])


def answered(case, entry, path):
    """a case with what Keras gives, or with why it gives nothing"""
    def late(*_): raise TimeoutError

    try: write(path, case['file'], changes.apply(description(case['file']), case['patch']))
    except (KeyError, IndexError, TypeError, ValueError): return None
    K = importlib.import_module('tf_keras' if '.k2.' in case['file'] else 'keras')
    signal.signal(signal.SIGALRM, late)
    signal.alarm(MOST_SECONDS)
    try:
        values, shape = answer(K, path, entry)
        found = {'keras': values}
        if len(shape) > 1: found['shape'] = shape
    except (TimeoutError, MemoryError): return None
    except Exception as error:
        text = ' '.join(str(error).split())
        if 'OOM' in text or 'ResourceExhausted' in type(error).__name__: return None
        found = {'keras': None, 'why': text.split('Exception encountered: ')[-1][:300]}
    finally: signal.alarm(0)
    return {'file': case['file'], 'patch': case['patch'], **found}


def main(cases, out, reasons, listing=f'{HERE}/networks.json', limits=()):
    """writes the table of these cases; `limits` are parts of the reasons that are of TensorFlow on a CPU, not of what a file may say"""
    entries = {f: e for e in reversed(json.load(open(listing))) for f in e['files']}
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    lines = []
    with tempfile.TemporaryDirectory() as folder, open(out + '.tmp', 'w') as f:
        for case in cases:
            found = answered(case, entries[case['file']], f'{folder}/changed.keras')
            if not found or any(limit in found.get('why', '') for limit in limits): continue
            if not reasons: found.pop('why', None)
            lines.append(json.dumps(found))
            f.write(('[\n' if len(lines) == 1 else ',\n') + lines[-1])
            f.flush()
        f.write('\n]\n')
    os.replace(out + '.tmp', out)
    print(f'{len(lines)} changes, of which Keras opens {sum(json.loads(l)["keras"] is not None for l in lines)}')


def drawn(seed, count, names):
    """changes of each file in turn, so that a table that is cut short has some of all"""
    each = [[{'file': f'{name}.keras', 'patch': patch} for patch in changes.drawn(description(f'{name}.keras'), f'{name}.keras/{seed}', count)] for name in names]
    return [case for turn in zip(*each) for case in turn]


if __name__ == '__main__':
    if len(sys.argv) == 1: main(drawn(SEED, COUNT, FILES), f'{HERE}/changed.json', reasons=False)
    elif len(sys.argv) == 2: main(map(json.loads, sys.stdin), sys.argv[1], reasons=True)
    else: main(drawn(sys.argv[2], int(sys.argv[3]), sys.argv[4:] or FILES), sys.argv[1], reasons=True)
