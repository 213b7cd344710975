"""Keras reads every file back in a fresh process and must give the golden answers.

    KERAS_BACKEND=jax python check_files.py keras         the files of Keras 3, with any backend
    python check_files.py tf_keras                        those of Keras 2
"""
import importlib, json, os, sys
sys.dont_write_bytecode = True
os.environ.update(TF_CPP_MIN_LOG_LEVEL='3', TF_ENABLE_ONEDNN_OPTS='0', CUDA_VISIBLE_DEVICES='')
import numpy as np
from PIL import Image
import rows

HERE = os.path.dirname(os.path.abspath(__file__))
K = importlib.import_module(sys.argv[1])
by_name = {r.name: r for r in rows.ROWS}
bad = checked = 0
for e in json.load(open(f'{HERE}/networks.json')):
    x = np.asarray(Image.open(f'{HERE}/{e["picture"]}'))[None].astype('f4')
    if e['pixels_outside'] == '-1..1': x = x / 127.5 - 1
    golden = np.load(f'{HERE}/{e["golden"]}')['outputs']
    row = by_name[e['name']]
    for file in e['files']:
        if '.k1.' in file or ('.k2' in file) != (K.__name__ == 'tf_keras'): continue
        K.backend.clear_session()
        try:
            if 'weights' in file.split('.', 1)[1]:
                model = row.build(K, row)
                model.load_weights(f'{HERE}/{file}')
            else: model = K.models.load_model(f'{HERE}/{file}', compile=False, **({'safe_mode': False} if file.endswith('keras') else {}))
            y = model(x, training=False)
            y = np.asarray(y[row.index] if isinstance(y, (list, tuple)) else y, 'f8')[0]
            off = np.abs(y - golden).max() / max(1, np.abs(golden).max())
            checked += 1
            if off > (3e-2 if 'float16' in e['name'] else 1e-4):
                bad += 1
                print(f'{file}: off by {off:.1e}: {y} {golden}')
        except Exception as error: print(f'{file}: {type(error).__name__}: {" ".join(str(error).split())[:200]}')
print(f'{K.__name__}: {checked} files give the golden answers to 1e-4 but for {bad}')
