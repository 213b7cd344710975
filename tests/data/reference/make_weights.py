"""The two test networks, tensor by tensor, and the files other programs would keep them in (numpy, safetensors, h5py).

    python make_weights.py OUT_DIR [--network reference|small]

  NETWORK.safetensors        Keras names, HWIO                     block1_conv1/kernel
  NETWORK_timm.safetensors   timm's legacy_xception names, OIHW    conv1.weight
  NETWORK_legacy.h5          layout of Keras 2's save_weights      /block1_conv1/block1_conv1/kernel:0
  NETWORK_keras1.h5          Keras 1's automatic names, numbered by creation, as in the official ImageNet file
                                                                   /convolution2d_1/convolution2d_1_W:0

`reference` is Keras' Xception: 299 px, 1000 classes, 236 tensors, 22,910,480 values. Kernels, gamma and beta come from
refgen.py by name and shape; reference_stats.safetensors adds what was calibrated for lively activations: the moving
statistics, the bias and the limit of the dense kernel.
`small` has the same topology at 71 px with 7 classes, two middle blocks and narrow, odd widths; no stored statistics.
Both are random: their class numbers have no meaning.
"""
import argparse, dataclasses, hashlib, os, re, sys
sys.dont_write_bytecode = True
import numpy as np
import refgen

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass(frozen=True)
class Architecture:
    stem: tuple         # widths of block1_conv1, block1_conv2
    entry: tuple        # width of block2, block3, block4
    middle: int         # number of middle blocks, block5 and following, as wide as block4
    exit: tuple         # widths of block13_sepconv2, block14_sepconv1, block14_sepconv2 (block13_sepconv1: block4's)
    classes: int
    size: int           # side of the input in pixels


REFERENCE = Architecture((32, 64), (128, 256, 728), 8, (1024, 1536, 2048), 1000, 299)
SMALL = Architecture((3, 5), (6, 9, 13), 2, (17, 19, 21), 7, 71)

# sha256 over (name, little-endian f32 bytes) of all tensors, names sorted
DIGESTS = {'reference': '44975c70dbf895f18301bfd741fd913361fd72a18414e679506f3c1ae6948215',
           'small': '5c7a35a4cbc1e8959dec844084bf5c17d93cce25fba77e596db706990b4e2cdd'}


def layers(a, order='creation'):
    """[(layer, {weight: shape})] of the layers with or without weights.

    order 'creation': as keras/src/applications/xception.py makes them (the residual branch first);
    order 'model': as `model.layers` lists them (the residual branch around the pool).
    """
    out = []
    conv = lambda name, k, i, o: (name, {'kernel': (k, k, i, o)})
    sep = lambda name, i, o: (name, {'depthwise_kernel': (3, 3, i, 1), 'pointwise_kernel': (1, 1, i, o)})
    bn = lambda name, c: (name, {k: (c,) for k in ('gamma', 'beta', 'moving_mean', 'moving_variance')})
    bare = lambda name: (name, {})
    auto = {}

    def unnamed(kind):
        auto[kind] = auto.get(kind, -1) + 1
        return f'{kind}_{auto[kind]}' if auto[kind] else kind

    def downsampling(block, i, mid, o):
        skip, skip_bn = conv(unnamed('conv2d'), 1, i, o), bn(unnamed('batch_normalization'), o)
        body = [bare(f'{block}_sepconv1_act')] if block != 'block2' else []
        body += [sep(f'{block}_sepconv1', i, mid), bn(f'{block}_sepconv1_bn', mid), bare(f'{block}_sepconv2_act'),
                 sep(f'{block}_sepconv2', mid, o), bn(f'{block}_sepconv2_bn', o)]
        pool, add = bare(f'{block}_pool'), bare(unnamed('add'))
        return ([skip, skip_bn, *body, pool, add] if order == 'creation' else [*body, skip, pool, skip_bn, add])

    (s1, s2), (w2, w3, w4), (w13, w14a, w14b) = a.stem, a.entry, a.exit
    out += [bare('input_layer'), conv('block1_conv1', 3, 3, s1), bn('block1_conv1_bn', s1), bare('block1_conv1_act'),
            conv('block1_conv2', 3, s1, s2), bn('block1_conv2_bn', s2), bare('block1_conv2_act')]
    for block, i, o in (('block2', s2, w2), ('block3', w2, w3), ('block4', w3, w4)):
        out += downsampling(block, i, o, o)
    for b in range(5, 5 + a.middle):
        for s in (1, 2, 3):
            name = f'block{b}_sepconv{s}'
            out += [bare(name + '_act'), sep(name, w4, w4), bn(name + '_bn', w4)]
        out.append(bare(unnamed('add')))
    out += downsampling('block13', w4, w4, w13)
    for s, i, o in ((1, w13, w14a), (2, w14a, w14b)):
        out += [sep(f'block14_sepconv{s}', i, o), bn(f'block14_sepconv{s}_bn', o), bare(f'block14_sepconv{s}_act')]
    return out + [bare('avg_pool'), ('predictions', {'kernel': (w14b, a.classes), 'bias': (a.classes,)})]


def reference_tensors():
    """{Keras name: f32 array} of the reference network, in Keras' order"""
    from safetensors.numpy import load_file
    stats = load_file(os.path.join(HERE, 'reference_stats.safetensors'))
    return _tensors(REFERENCE, lambda n, s: stats[n] if n in stats else refgen.tensor(n, s, stats['dense_limit'][0]))


def small_tensors():
    """{Keras name: f32 array} of the small network: every value from refgen, in f32 operations in the order written"""
    f = np.float32

    def value(n, s):
        leaf = n.split('/')[1]
        if leaf == 'moving_mean': return refgen.uniform(n, s[0]) * f(0.125)                # -1/8..1/8
        if leaf == 'moving_variance':      # 1/4..3/4 on the residual branches, 1/32..3/32 elsewhere
            centre = f(0.5) if n.startswith('batch_normalization') else f(0.0625)
            return (f(1) + refgen.uniform(n, s[0]) * f(0.5)) * centre
        if leaf == 'bias': return refgen.uniform(n, s[0]) * f(0.5)
        return refgen.tensor(n, s, f(1))      # f(1): limit of the dense kernel

    return _tensors(SMALL, value)


def _tensors(a, value):
    return {f'{layer}/{leaf}': value(f'{layer}/{leaf}', shape)
            for layer, weights in layers(a, 'model') for leaf, shape in weights.items()}


def digest(tensors):
    h = hashlib.sha256()
    for n in sorted(tensors):
        h.update(n.encode())
        h.update(np.ascontiguousarray(tensors[n], '<f4').tobytes())
    return h.hexdigest()


def timm_name(name):
    """timm counts blocks from 0 at the stem, and `rep` starts with a ReLU everywhere but in block1"""
    layer, leaf = name.split('/')
    fixed = {'block1_conv1': 'conv1', 'block1_conv1_bn': 'bn1', 'block1_conv2': 'conv2', 'block1_conv2_bn': 'bn2',
             'block14_sepconv1': 'conv3', 'block14_sepconv1_bn': 'bn3', 'block14_sepconv2': 'conv4',
             'block14_sepconv2_bn': 'bn4', 'predictions': 'fc'}
    skips = {'': 1, '_1': 2, '_2': 3, '_3': 12}
    if layer in fixed: module = fixed[layer]
    elif layer.startswith('conv2d'): module = f'block{skips[layer[6:]]}.skip'
    elif layer.startswith('batch_normalization'): module = f'block{skips[layer[19:]]}.skipbn'
    else:
        block, s, norm = re.fullmatch(r'block(\d+)_sepconv(\d)(_bn)?', layer).groups()
        module = f'block{int(block) - 1}.rep.{3 * (int(s) - 1) + (block != "2") + bool(norm)}'
    return module + {'kernel': '.weight', 'bias': '.bias', 'depthwise_kernel': '.conv1.weight',
                     'pointwise_kernel': '.pointwise.weight', 'gamma': '.weight', 'beta': '.bias',
                     'moving_mean': '.running_mean', 'moving_variance': '.running_var'}[leaf]


def timm_layout(name, v):
    leaf = name.split('/')[1]
    if leaf == 'depthwise_kernel': v = v.transpose(2, 3, 0, 1)                            # HWC1 -> C1HW
    elif leaf in ('kernel', 'pointwise_kernel'): v = v.transpose(3, 2, 0, 1) if v.ndim == 4 else v.T   # HWIO -> OIHW
    return np.ascontiguousarray(v)


def write_legacy(path, a, tensors):
    import h5py
    with h5py.File(path, 'w') as f:
        names = [n for n, _ in layers(a, 'model')]
        f.attrs['layer_names'] = np.array([n.encode() for n in names])
        f.attrs['backend'], f.attrs['keras_version'] = np.bytes_('tensorflow'), np.bytes_('2.12.0')
        for layer, weights in layers(a, 'model'):
            g = f.create_group(layer)
            paths = [f'{layer}/{leaf}' for leaf in weights]
            g.attrs['weight_names'] = np.array([(p + ':0').encode() for p in paths]) if paths else np.zeros((0,), 'f8')
            for p in paths: g.create_dataset(p + ':0', data=tensors[p])


def write_keras1(path, a, tensors):
    """after public loaders of the official file, which was not at hand; `running_std` holds the variance"""
    import h5py
    leaves = {'kernel': 'W', 'bias': 'b', 'moving_mean': 'running_mean', 'moving_variance': 'running_std'}
    counts, groups = {}, []
    with h5py.File(path, 'w') as f:
        for layer, weights in layers(a, 'creation'):
            if not weights: continue
            kind = ('dense' if 'bias' in weights else 'convolution2d' if 'kernel' in weights
                    else 'separableconvolution2d' if 'depthwise_kernel' in weights else 'batchnormalization')
            counts[kind] = counts.get(kind, 0) + 1
            group = f'{kind}_{counts[kind]}' if kind != 'dense' else 'dense_2'
            groups.append(group)
            g = f.create_group(group)
            names = {leaf: f'{group}_{leaves.get(leaf, leaf)}:0' for leaf in weights}
            g.attrs['weight_names'] = np.array([n.encode() for n in names.values()])
            for leaf, n in names.items(): g.create_dataset(n, data=tensors[f'{layer}/{leaf}'])
        f.attrs['layer_names'] = np.array([g.encode() for g in groups])
        f.attrs['backend'], f.attrs['keras_version'] = np.bytes_('tensorflow'), np.bytes_('1.2.0')


def write(out, network):
    """writes the four files of `network` ('reference' or 'small') into the folder `out`; its tensors"""
    from safetensors.numpy import save_file
    a, tensors = (REFERENCE, reference_tensors()) if network == 'reference' else (SMALL, small_tensors())
    if digest(tensors) != DIGESTS[network]:
        raise SystemExit(f'{network}: the tensors differ from the published recipe: {digest(tensors)}')
    os.makedirs(out, exist_ok=True)
    save_file(tensors, f'{out}/{network}.safetensors', metadata={'input_size': str(a.size)})
    save_file({timm_name(n): timm_layout(n, v) for n, v in tensors.items()}, f'{out}/{network}_timm.safetensors',
              metadata={'input_size': str(a.size)})
    write_legacy(f'{out}/{network}_legacy.h5', a, tensors)
    write_keras1(f'{out}/{network}_keras1.h5', a, tensors)
    return tensors


if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('out')
    ap.add_argument('--network', choices=('reference', 'small'), default='reference')
    args = ap.parse_args()
    t = write(args.out, args.network)
    print(f'{args.network}: {len(t)} tensors, {sum(v.size for v in t.values())} values, digest as published')
