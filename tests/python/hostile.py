"""Files of others, small and with every structure that HDF5 has: what damaged files are made of.

    python hostile.py FOLDER [NAME]     writes all of them into a folder, or those whose names begin so
"""

import sys
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5f, h5p, h5s, h5t


def values(g):
    """Every type, in one piece or in the header."""
    g["one"] = np.float64(0.5)
    g["many"] = np.arange(40, dtype="<i4").reshape(5, 8)
    g["big_endian"] = np.arange(9, dtype=">f4")
    g["flags"] = np.array([True, False, True])
    g["complex"] = np.array([1 + 2j, 3 - 4j])
    g["fixed"] = np.array([b"a", b"bcd", b"ef"], dtype="S3")
    g["text"] = "text of variable length"
    g.create_dataset("texts", data=["a", "bc", "", "def" * 9], dtype=h5py.string_dtype())
    rows = np.zeros(6, dtype=[("id", "<u4"), ("x", "<f8", (2,)), ("tag", "S4"), ("in", [("a", "u1"), ("b", "<i2")])])
    rows["id"], rows["tag"] = np.arange(6), b"tag"
    g["rows"] = rows
    named = np.dtype([("id", "<u4"), ("name", h5py.string_dtype())])
    g["named_rows"] = np.array([(1, "one"), (2, "two")], dtype=named)
    g.create_dataset("kinds", data=[0, 1, 1], dtype=h5py.enum_dtype({"A": 0, "B": 1}, basetype="u1"))
    ragged = g.create_dataset("ragged", (3,), dtype=h5py.vlen_dtype("<i4"))
    ragged[0], ragged[2] = [1, 2, 3], [4]
    references = g.create_dataset("references", (3,), dtype=h5py.ref_dtype)
    references[0], references[1] = g["one"].ref, g.ref
    regions = g.create_dataset("regions", (2,), dtype=h5py.regionref_dtype)
    regions[0] = g["many"].regionref[1:3, 2:4]
    g["opaque"] = np.array([b"12345678"], dtype="V8")
    g["null"] = h5py.Empty("f8")
    g["committed"] = np.dtype("<f4")
    g.create_dataset("of_committed", data=[1.0, 2.0], dtype=g["committed"])
    g.attrs["title"] = "a title"
    g.attrs["numbers"] = [1, 2, 3]
    g["many"].attrs["units"] = np.bytes_(b"mm")
    g["many"].dims[0].label = "row"
    g["many"].attrs["owner"] = g.ref


def links(g):
    """Links of every kind, and groups in groups."""
    g["soft"] = h5py.SoftLink("/a/b")
    g["nowhere"] = h5py.SoftLink("/missing")
    g["outside"] = h5py.ExternalLink("other.h5", "/x")
    g["hard"] = g.create_group("group")
    g["above"] = g.file["/"]
    g["a/b/c/d/x"] = 1
    for i in range(40):
        g[f"groups/{i}"] = i


def chunks(g):
    """Every index of chunks, every filter."""
    data = np.arange(24 * 10, dtype="<f8").reshape(24, 10)
    g.create_dataset("single", data=data, chunks=(24, 10))
    g.create_dataset("single_gzip", data=data, chunks=(24, 10), compression="gzip")
    g.create_dataset("fixed", data=data, chunks=(5, 4))
    g.create_dataset("fixed_gzip", data=data, chunks=(5, 4), compression="gzip", shuffle=True, fletcher32=True)
    g.create_dataset("extensible", data=data, chunks=(3, 10), maxshape=(None, 10))
    g.create_dataset("extensible_lzf", data=data, chunks=(2, 5), maxshape=(None, 10), compression="lzf")
    g.create_dataset("tree", data=data, chunks=(6, 5), maxshape=(None, None))
    g.create_dataset("tree_gzip", data=data, chunks=(6, 5), maxshape=(None, None), compression="gzip")
    g.create_dataset("scale", data=np.arange(20), chunks=(10,), scaleoffset=0)
    g.create_dataset("texts", data=["a", "bc"] * 6, dtype=h5py.string_dtype(), chunks=(4,), maxshape=(None,))
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_chunk((4, 5))
    plist.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    h5d.create(g.id, b"implicit", h5t.IEEE_F64LE, h5s.create_simple((24, 10)), plist)
    g["implicit"][...] = data
    layout = h5py.VirtualLayout((2, 24, 10), "<f8")
    layout[0] = h5py.VirtualSource(".", "/fixed", (24, 10))
    layout[1] = h5py.VirtualSource("other.h5", "x", (24, 10))
    if g.file.libver[0] != "v108":
        g.create_virtual_dataset("virtual", layout)


def dense(g):
    """Groups and objects with so many members and attributes that they lie in heaps."""
    many = g.create_group("many", track_order=True)
    for i in range(70):
        many[f"member {i}"] = i
    noted = g.create_dataset("noted", data=[1.0, 2.0], track_order=True)
    for i in range(30):
        noted.attrs[f"attribute {i}"] = f"value {i}"
    noted.attrs["long"] = "x" * 5000


def plain(f):
    """What our own decoder reads of others' files."""
    f["one"] = np.float64(0.5)
    f["many"] = np.arange(40, dtype="<i4").reshape(5, 8)
    f["flags"] = np.array([True, False, True])
    f.create_dataset("texts", data=["a", "bc", "", "def" * 9], dtype=h5py.string_dtype())
    f.create_dataset("fixed", data=np.array([b"a", b"bcd"], dtype=h5py.string_dtype("utf-8", 3)))
    f["rows"] = np.array([(1, 2.0), (3, 4.0)], dtype=[("id", "<u4"), ("x", "<f8")])
    f.create_dataset("kinds", data=[0, 1, 1], dtype=h5py.enum_dtype({"A": 0, "B": 1}, basetype="u1"))
    references = f.create_dataset("references", (3,), dtype=h5py.ref_dtype)
    references[0], references[1] = f["one"].ref, f.ref
    f["soft"] = h5py.SoftLink("/one")
    f["above"] = f["/"]
    f["deep/a/b/c/x"] = 1
    f.attrs["title"] = "a title"
    dense(f.create_group("dense"))


def deep(f):
    """Groups in groups, and links that lead back."""
    group = f
    for _ in range(150):
        group = group.create_group("g")
    group["x"] = 1.0
    group["up"] = f["/"]
    f["loop"] = h5py.SoftLink("/loop")
    f["there"], f["back"] = h5py.SoftLink("/back"), h5py.SoftLink("/there")
    # Each level twice: 2^20 paths through 20 groups.
    group = f.create_group("twice")
    for _ in range(20):
        below = group.create_group("a")
        group["b"] = below
        group = below
    f["self"] = h5py.ExternalLink(f.filename, "/self")


def claims(f):
    """Datasets of far more elements than the file has bytes."""
    for i, n in enumerate((1 << 37, 1 << 44, 1 << 62)):
        f.create_dataset(f"chunked {i}", (n,), "u1", chunks=(64,))
        f.create_dataset(f"extensible {i}", (n,), "u1", chunks=(64,), maxshape=(None,))
        late(f, f"late {i}".encode(), n)
    f.create_dataset("sparse", (1 << 20, 1 << 20), "u1", chunks=(16, 16), maxshape=(None, None))[5, 5] = 1
    f.create_dataset("empty rows", (1 << 40, 0), "f8")
    f.create_dataset("texts", (1 << 40,), h5py.string_dtype(), chunks=(16,))


def late(f, name, n):
    """A dataset in one piece that is made room for once there is data."""
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_alloc_time(h5d.ALLOC_TIME_LATE)
    h5d.create(f.id, name, h5t.NATIVE_UINT8, h5s.create_simple((n,)), plist)


def h5ad(path):
    import anndata
    import pandas
    import scipy.sparse

    n = 7
    kinds = pandas.Categorical(["a", "b", "a", None, "b", "a", "a"])
    obs = pandas.DataFrame({"id": [str(i) for i in range(n)], "kind": kinds, "count": np.arange(n)})
    obs.index = [f"cell {i}" for i in range(n)]
    data = anndata.AnnData(scipy.sparse.random(n, 5, 0.4, "csr", random_state=1), obs=obs)
    data.layers["dense"] = np.ones((n, 5))
    data.obsm["pca"] = np.ones((n, 2))
    data.uns["nested"] = {"a": 1, "b": "text", "c": np.arange(3)}
    data.write_h5ad(path, compression="gzip")


def pytables(path):
    import tables

    with tables.open_file(str(path), "w") as f:
        rows = np.array([(i, i / 2, b"name") for i in range(20)], dtype=[("i", "i4"), ("x", "f8"), ("s", "S8")])
        f.create_table("/", "table", rows, filters=tables.Filters(complevel=1))
        f.create_array("/group", "array", np.arange(10.0), createparents=True)
        f.create_carray("/group", "carray", obj=np.ones((20, 4)), filters=tables.Filters(complevel=1, shuffle=True))
        ragged = f.create_vlarray("/", "ragged", tables.Int32Atom())
        ragged.append([1, 2, 3])
        ragged.append([4])


def matlab(path):
    import hdf5storage

    content = {"a": np.arange(6.0).reshape(2, 3), "s": {"x": 1.0, "name": "text"}, "c": [1.0, "two"], "e": np.array([])}
    named = path.with_suffix(".mat")
    hdf5storage.savemat(str(named), content, format="7.3", store_python_metadata=False)
    named.rename(path)


def h5(fill, libver, **options):
    """What writes a file with h5py."""

    def write(path):
        with h5py.File(path, "w", libver=(libver, libver) if libver == "v108" else libver, **options) as f:
            fill(f)

    return write


FILES = {
    f"{part.__name__}_{libver}": h5(part, libver)
    for part in (values, links, chunks, dense, plain, deep, claims)
    for libver in ("earliest", "v108", "latest")
} | {
    "userblock_v108": h5(plain, "v108", userblock_size=512),
    "userblock_earliest": h5(values, "earliest", userblock_size=1024),
    "anndata": h5ad,
    "pytables": pytables,
    "matlab": matlab,
}


def make(folder, prefix=""):
    """Writes the files whose names begin so."""
    for name, write in FILES.items():
        if name.startswith(prefix):
            write(Path(folder) / f"{name}.h5")


if __name__ == "__main__":
    make(*sys.argv[1:])
