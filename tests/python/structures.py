"""Files with every structure of HDF5 that h5py writes, in every version of the format.

    python structures.py FOLDER

Beside each file is one of JSON with what h5py reads. Files of one kind have the same content. Their names end with `?` where the native engine is
known to decline.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

VERSIONS = {
    "earliest": None,
    "v108": ("v108", "v108"),
    "v110": ("v110", "v110"),
    "v112": ("v112", "v112"),
    "v114": ("v114", "v114"),
    "latest": ("latest", "latest"),
}

NUMBERS = ["i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]
SHAPES = [(), (0,), (1,), (7,), (3, 5), (2, 0, 3), (2, 3, 4)]


def low(g, name, kind, space, plist=None):
    return h5py.Dataset(h5d.create(g.id, name.encode(), kind, h5s.create_simple(space) if space else h5s.create(h5s.SCALAR), plist))


def numbers(g):
    for kind in NUMBERS:
        for shape in SHAPES:
            n = int(np.prod(shape, dtype=int))
            data = (np.arange(n) * 37 % 120 - (0 if "u" in kind else 50)).astype(kind).reshape(shape)
            name = f"{kind.replace('<', 'little ').replace('>', 'big ')} {list(shape)}"
            g[name] = data
            g[name].attrs["same"] = data
    for kind, bits, at, signed in ((h5t.STD_I32LE, 20, 0, True), (h5t.STD_I32BE, 17, 5, True), (h5t.STD_U16LE, 9, 3, False)):
        kind = kind.copy()
        kind.set_precision(bits)
        kind.set_offset(at)
        values = np.arange(-20 if signed else 0, 20, dtype="i8")
        low(g, f"{bits} bits at {at}", kind, values.shape)[...] = values
    g["bools"] = np.array([True, False, True])
    g["complex"] = np.array([1 + 2j, 3 - 4j])
    g["complex64"] = np.array([1 + 2j, 3 - 4j], "c8")
    g["big complex"] = np.array([1 + 2j, 3 - 4j], ">c16")
    g["long double"] = np.array([0.5, -3], np.longdouble)
    low(g, "bits", h5t.STD_B16LE, (3,)).id.write(h5s.ALL, h5s.ALL, np.array([1, 2, 65535], "<u2"), mtype=h5t.STD_B16LE)
    low(g, "big bits", h5t.STD_B32BE, (2,)).id.write(h5s.ALL, h5s.ALL, np.array([1, 1 << 31], "<u4"), mtype=h5t.STD_B32LE)


def fixed(size, pad, charset):
    kind = h5t.C_S1.copy()
    kind.set_size(size)
    kind.set_strpad(pad)
    kind.set_cset(charset)
    return kind


def texts(g):
    for pad in (h5t.STR_NULLTERM, h5t.STR_NULLPAD, h5t.STR_SPACEPAD):
        for charset in (h5t.CSET_ASCII, h5t.CSET_UTF8):
            kind = fixed(4, pad, charset)
            filler = b" " if pad == h5t.STR_SPACEPAD else b"\0"
            raw = np.frombuffer(b"".join(t.ljust(4, filler) for t in (b"abcd", b"ab", b"", b"x y")), "S4").copy()
            low(g, f"fixed {pad} {charset}", kind, (4,)).id.write(h5s.ALL, h5s.ALL, raw, mtype=kind)
            one = h5py.h5a.create(g.id, f"fixed {pad} {charset}".encode(), kind, h5s.create(h5s.SCALAR))
            one.write(np.asarray(raw[0]), mtype=kind)
    for charset in ("ascii", "utf-8"):
        kind = h5py.string_dtype(charset)
        g.create_dataset(f"variable {charset}", data=["a", "bc", "", "def" * 900], dtype=kind)
        g.create_dataset(f"variable scalar {charset}", data="text", dtype=kind)
        g.create_dataset(f"variable unwritten {charset}", (5,), kind)
        g.create_dataset(f"variable chunked {charset}", data=["a", "bc"] * 9, dtype=kind, chunks=(4,))
        g.attrs.create(f"variable {charset}", ["one", "two"], dtype=kind)
    g.create_dataset("many", data=[f"text {i}" * (i % 9) for i in range(3000)], dtype=h5py.string_dtype())


def parts(g):
    """Types with parts."""
    kinds = {
        "plain": [("a", "<i4"), ("b", "<f8")],
        "big": [("a", ">i4"), ("b", ">f8"), ("c", "u1")],
        "nested": [("a", "<i4"), ("in", [("x", "u1"), ("y", "<i2")]), ("s", "S5")],
        "arrays": [("a", "<i4", (2,)), ("b", ">f8", (2, 3)), ("in", [("x", ">u2"), ("y", "<i2")], (2,))],
        "long names": [("a name that is longer than one word", "<i4"), ("x" * 300, "<i2")],
    }
    for name, kind in kinds.items():
        kind = np.dtype(kind)
        data = np.frombuffer((np.arange(6 * kind.itemsize) % 100).astype("u1").tobytes(), kind)
        if name == "nested":
            data = data.copy()
            data["s"] = [b"one", b"two", b"", b"four", b"fives", b"x"]
        g[name] = data
        g[f"{name} scalar"] = data[0]
        g.attrs[name] = data
    aligned = np.dtype([("a", "u1"), ("b", "<f8"), ("c", "u1")], align=True)
    g["aligned"] = np.ones(3, aligned)
    parts = [("a", "S3"), ("in", [("b", ">f8"), ("c", "u1")], (2,)), ("t", h5py.string_dtype())]
    rows = [(b"x", [(1, 2), (3, 4)], "one"), (b"yz", [(5, 6), (7, 8)], "two")]
    g["aligned big"] = np.array([row[:2] for row in rows], np.dtype(parts[:2], align=True))
    g["aligned text?"] = np.array(rows, np.dtype(parts, align=True))
    g["big named?"] = np.array([(1, "one")], np.dtype([("id", ">u4"), ("name", h5py.string_dtype())]))
    named = np.dtype([("id", "<u4"), ("name", h5py.string_dtype())])
    g["named"] = np.array([(1, "one"), (2, "two"), (3, "")], dtype=named)
    for base in ("u1", "<i4", ">i2"):
        kind = h5py.enum_dtype({"A": 0, "B": 1, "LONGER NAME": 100}, basetype=base)
        g.create_dataset(f"kinds {base}", data=np.array([0, 1, 100, 7], base), dtype=kind)
    for name, kind in (("array", "<i4"), ("big array", ">i4")):
        g.create_dataset(name, (3,), np.dtype((kind, (4,))))[...] = np.arange(12, dtype=kind).reshape(3, 4)
    g["opaque"] = np.array([b"12345678"] * 2, dtype="V8")
    references = g.create_dataset("references", (3,), dtype=h5py.ref_dtype)
    references[0], references[1] = g["plain"].ref, g.ref
    ragged = g.create_dataset("ragged?", (3,), dtype=h5py.vlen_dtype("<i4"))
    ragged[0], ragged[2] = [1, 2, 3], [4]
    g["null"] = h5py.Empty("f8")
    g.attrs["null"] = h5py.Empty("i4")
    g["committed"] = np.dtype([("a", "<i4"), ("b", "<f8")])
    g.create_dataset("of committed", data=np.ones(4, g["committed"].dtype), dtype=g["committed"])
    g.attrs.create("of committed", np.ones((), g["committed"].dtype), dtype=g["committed"])


def layouts(g):
    data = np.arange(24 * 10, dtype="<f8").reshape(24, 10)
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_layout(h5d.COMPACT)
    low(g, "compact", h5t.IEEE_F64LE, (24, 10), plist)[...] = data
    low(g, "compact scalar", h5t.IEEE_F32LE, (), plist)[...] = 0.5
    for value in (None, 1.5):
        for shape, chunks in (((24, 10), None), ((24, 10), (5, 4))):
            g.create_dataset(f"unwritten {value} {chunks}", shape, "<f8", chunks=chunks, fillvalue=value)
    big = g.create_dataset("partly written", (24, 10), ">i4", chunks=(5, 4), fillvalue=-7)
    big[0:2, 3:9] = 5
    never = h5p.create(h5p.DATASET_CREATE)
    never.set_chunk((5, 4))
    never.set_fill_value(np.array(9.0))
    never.set_fill_time(h5d.FILL_TIME_NEVER)
    low(g, "never filled", h5t.IEEE_F64LE, (24, 10), never)[20:, :] = 3
    filters = {
        "none": {},
        "gzip": {"compression": "gzip"},
        "shuffled gzip": {"compression": "gzip", "shuffle": True},
        "lzf": {"compression": "lzf", "shuffle": True},
        "fletcher32": {"fletcher32": True},
        "all": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    }
    tops = {"fixed": (24, 10), "first": (None, 10), "second": (24, None), "both": (None, None), "larger": (60, 40)}
    for top, most in tops.items():
        for chunk in ((5, 4), (24, 10), (1, 10), (24, 1)):
            for name, options in filters.items():
                g.create_dataset(f"{top} {chunk} {name}", data=data, chunks=chunk, maxshape=most, **options)
        for kind in (">i2", "S3"):
            g.create_dataset(f"{top} {kind}", data=data.astype("i2").astype(kind), chunks=(7, 3), maxshape=most, compression="lzf")
        g.create_dataset(f"{top} rows", data=np.ones((24, 10), [("a", ">i4"), ("b", "u1")]), chunks=(7, 3), maxshape=most)
    for n, top in ((5000, 5000), (9000, None), (70000, None)):
        g.create_dataset(f"many chunks {n} {top}", data=np.arange(n, dtype="<u4"), chunks=(2,), maxshape=(top,))
    g.create_dataset("many chunks in two", data=np.arange(6400, dtype="<u2").reshape(80, 80), chunks=(1, 2), maxshape=(None, None))
    g.create_dataset("many chunks of second", data=np.arange(6400, dtype="<u2").reshape(80, 80), chunks=(1, 2), maxshape=(80, None))
    sparse = g.create_dataset("sparse chunks", (1 << 16,), "u1", chunks=(4,), maxshape=(1 << 17,), fillvalue=3)
    sparse[60000:60010] = 1
    sparse = g.create_dataset("sparse growing chunks", (1 << 16,), "u1", chunks=(4,), maxshape=(None,), fillvalue=3)
    sparse[60000:60010] = 1
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_chunk((4, 5))
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    low(g, "implicit", h5t.IEEE_F64LE, (24, 10), early)[...] = data
    g.create_dataset("scale?", data=np.arange(20), chunks=(10,), scaleoffset=0)


def groups(g):
    for i in range(2000):
        g[f"many/{i * 7919 % 2000}"] = i
    ordered = g.create_group("ordered", track_order=True)
    for i in range(70):
        ordered[f"member {69 - i}"] = i
    g["a/b/c/d"] = 1
    g["hard"] = g["a/b"]
    g["soft"] = h5py.SoftLink("/a/b")
    g["outside"] = h5py.ExternalLink("other.h5", "/x")
    g["noted"] = 1
    for i in range(40):
        g["noted"].attrs[f"attribute {i}"] = f"value {i}"
    g["noted"].attrs["long"] = "x" * 5000
    g.create_group("empty")
    g["spoilt"] = 1
    for i in range(12):
        g["spoilt"].attrs[f"grows {i}"] = np.arange(50.0)
        del g["spoilt"].attrs[f"grows {i // 2}"]
        g["spoilt"].attrs[f"grows {i // 2}"] = i


PARTS = (numbers, texts, parts, layouts, groups)


def values(f):
    """Small datasets of numbers as h5py reads them: their bytes in little-endian order."""
    found = {}

    def see(name, item):
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "iufcb" and 0 < (item.size or 0) <= 1000 and item.dtype.itemsize <= 16:
            found[name] = item[()].astype(item.dtype.newbyteorder("<")).tobytes().hex()

    f.visititems(see)
    return found


def main(folder):
    for name, version in VERSIONS.items():
        for fill in PARTS:
            for block in (0, 512):
                if block and fill is not parts:
                    continue
                path = folder / f"{fill.__name__}_{name}{'_behind_a_block' if block else ''}.h5"
                options = {"userblock_size": block} if block else {}
                with h5py.File(path, "w", libver=version, **options) as f:
                    fill(f)
                with h5py.File(path) as f:
                    path.with_suffix(".json").write_text(json.dumps(values(f)))


main(Path(sys.argv[1]))
