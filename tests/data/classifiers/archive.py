"""All files of a row in one archive: what Keras wrote, byte for byte but for dates, in a ZIP without compression, and that in Brotli.

    python archive.py FOLDER [ROW ...]     unpacks all rows, or these

The files of a row hold the same weights and HDF5 is mostly slack, so that together they take less than half of what each takes
alone.
"""
import io, os, sys, zipfile
import brotli

HERE = os.path.dirname(os.path.abspath(__file__))
DATE = (2026, 11, 25, 0, 0, 0)


def path(row):
    return f'{HERE}/files/{row}.zip.br'


def pack(row, folder, names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_STORED) as z:
        for name in names:
            with open(f'{folder}/{name}', 'rb') as f: z.writestr(zipfile.ZipInfo(name, DATE), f.read())
    with open(path(row) + '.tmp', 'wb') as f: f.write(brotli.compress(out.getvalue(), quality=11, lgwin=24))
    os.replace(path(row) + '.tmp', path(row))


def members(row):
    """the bytes of each file by its name"""
    with open(path(row), 'rb') as f: data = io.BytesIO(brotli.decompress(f.read()))
    with zipfile.ZipFile(data) as z: return {name: z.read(name) for name in z.namelist()}


def unpack(row, folder):
    for name, data in members(row).items():
        with open(f'{folder}/{name}', 'wb') as f: f.write(data)


if __name__ == '__main__':
    if len(sys.argv) < 2: sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for row in sys.argv[2:] or sorted(f.split('.')[0] for f in os.listdir(f'{HERE}/files')): unpack(row, sys.argv[1])
