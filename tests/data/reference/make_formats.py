"""A test network in every file format an Xception comes in, written by the programs that write such files.

    python make_formats.py OUT_DIR [--network small|reference]       (requirements.txt)

  NETWORK.safetensors, NETWORK_timm.safetensors    make_weights.py
  NETWORK_legacy.h5      save_weights of Keras 2 (tf_keras), fresh process: conv2d .. conv2d_3
  NETWORK_model.h5       save of Keras 2 (tf_keras), a whole model under /model_weights; built as the second model of
                         its process, so that the automatic names are conv2d_4 .. conv2d_7, add_N and so on
  NETWORK.weights.h5     save_weights of Keras 3
  NETWORK.keras          save of Keras 3: a zip with config.json, metadata.json and model.weights.h5
  NETWORK_keras1.h5      make_weights.py's imitation of Keras 1 (no Keras 1 runs any more)

Every file but the Keras 1 and timm ones is read back by Keras and must give the logits of the tensors it came from.
The .keras file carries its date and thus differs from run to run; its tensors do not.
"""
import argparse, os, sys
sys.dont_write_bytecode = True
os.environ.update(TF_CPP_MIN_LOG_LEVEL='2', TF_ENABLE_ONEDNN_OPTS='0', CUDA_VISIBLE_DEVICES='')
import numpy as np
import keras, tf_keras
import make_weights, network as xception
from refgen import uniform


def keras2(out, name, a, tensors):
    tf_keras.backend.clear_session()
    model = xception.build(tf_keras, a)
    xception.set_weights(model, tensors)
    model.save_weights(f'{out}/{name}_legacy.h5')
    second = xception.build(tf_keras, a)
    assert second.layers[-3].name == model.layers[-3].name and second.get_layer('conv2d_4')
    second.set_weights(model.get_weights())
    second.compile()
    second.save(f'{out}/{name}_model.h5', include_optimizer=False)


def keras3(out, name, a, tensors):
    keras.backend.clear_session()
    model = xception.build(keras, a)
    xception.set_weights(model, tensors)
    model.save_weights(f'{out}/{name}.weights.h5')
    model.save(f'{out}/{name}.keras')
    return model


def check(out, name, a, model):
    """Keras itself reads every file back to the same logits"""
    x = uniform('formats/check', a.size * a.size * 3).reshape(1, a.size, a.size, 3)
    expected = model(x).numpy()
    fresh = xception.build(keras, a)
    for file in (f'{name}_legacy.h5', f'{name}.weights.h5'):
        fresh.set_weights([np.zeros_like(w) for w in fresh.get_weights()])
        fresh.load_weights(f'{out}/{file}')
        assert np.array_equal(fresh(x).numpy(), expected), file
    assert np.array_equal(keras.models.load_model(f'{out}/{name}.keras')(x).numpy(), expected), f'{name}.keras'
    whole = tf_keras.models.load_model(f'{out}/{name}_model.h5', compile=False)
    assert np.abs(whole(x).numpy() - expected).max() < 1e-5 * np.abs(expected).max(), f'{name}_model.h5'


def make(out, name):
    a = make_weights.REFERENCE if name == 'reference' else make_weights.SMALL
    tensors = make_weights.write(out, name)
    keras2(out, name, a, tensors)
    check(out, name, a, keras3(out, name, a, tensors))


if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('out')
    ap.add_argument('--network', choices=('small', 'reference'), default='small')
    args = ap.parse_args()
    make(args.out, args.network)
