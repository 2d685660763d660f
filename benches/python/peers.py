"""The Python peers of the benchmarks: h5py by hand, Python FileBacked, hickle and pickle.

    peers.py WORKLOAD SIZE DIRECTORY

Says which systems there are, then waits for turns: a line `["h5py", "save", 3]` on the standard input is answered by a
line `{"seconds": [...], "bytes": ...}` on the standard output. The data is that of `src/data.rs`, by the same formulae.
"""
import json
import os
import pickle
import sys
import time
import typing
import warnings

import h5py
import numpy as np
import scipy.sparse

warnings.simplefilter("ignore")
# What FileBacked asks of numpy was renamed since.
for name, now in {"float": float, "int": int, "int0": np.intp, "string_": np.bytes_}.items():
    if name not in np.__dict__:
        setattr(np, name, now)
try:
    import filebacked
except ImportError as error:
    filebacked = None
    print(f"  Python FileBacked is missing: {error}", file=sys.stderr)
try:
    import hickle
except ImportError as error:
    hickle = None
    print(f"  hickle is missing: {error}", file=sys.stderr)

BLOCK = 1 << 20


# ---- data


def hashes(start, stop):
    """A fixed random number for each index (splitmix64)."""
    z = np.arange(start + 1, stop + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def units(start, stop):
    """A fixed random number in [0, 1) for each index."""
    return (hashes(start, stop) >> np.uint64(11)).astype("f8") / float(1 << 53)


def blocks(make, count, dtype):
    """An array that is made block by block, so that intermediate results stay small."""
    made = np.empty(count, dtype)
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        made[start:stop] = make(start, stop)
    return made


def walk(count, dtype):
    steps = blocks(lambda a, b: (hashes(a, b) % np.uint64(7)).astype("i4") - 3, count, "i4")
    return np.cumsum(steps, dtype="i4").astype(dtype)


def app_state(_):
    state = {f"i{i}": 1000 * i for i in range(10)}
    state |= {f"f{i}": 0.5 * i for i in range(10)}
    state |= {f"s{i}": f"string value number {i} \u00e9\u00e8" for i in range(5)}
    state |= {"a0": np.arange(100.0), "a1": np.arange(64, dtype="i4"), "a2": np.ones(48, "f4")}
    return state


def records(count):
    xyz = units(0, 3 * count).reshape(count, 3).tolist()
    return [Record(i, x, y, z, f"record_{i}") for i, (x, y, z) in enumerate(xyz)]


def particles(count):
    xyz, mass = units(0, 3 * count).reshape(count, 3).tolist(), units(0, count).tolist()
    return [
        {
            "id": i,
            "position": dict(zip("xyz", xyz[i])),
            "mass": mass[i] if i % 3 else None,
            "parent": i if i % 2 else None,
            "stable": i % 5 == 0,
            "samples": [float(k) for k in range(i % 4)],
        }
        for i in range(count)
    ]


def matrix(entries):
    rows = entries // 20
    columns = blocks(
        lambda a, b: 5000 * (np.arange(a, b) % 20) + (hashes(a, b) % np.uint64(5000)).astype("i8"), 20 * rows, "i4"
    )
    starts = np.arange(0, 20 * rows + 1, 20, dtype="i4")
    return scipy.sparse.csr_matrix((blocks(units, 20 * rows, "f8"), columns, starts), shape=(rows, 100_000))


def skewed(count):
    letters = "abcdefghijklmnopqrstuvwxyz" * 40
    square = units(0, count) ** 2
    lengths = (1 + (1000.0 * (square * square * (square * square))).astype("i8")).tolist()
    return [letters[i % 26 : i % 26 + length] for i, length in enumerate(lengths)]


class Record:
    __slots__ = ("id", "x", "y", "z", "name")

    def __init__(self, id, x, y, z, name):
        self.id, self.x, self.y, self.z, self.name = id, x, y, z, name

    def __reduce__(self):
        return Record, (self.id, self.x, self.y, self.z, self.name)


DATA = {
    "W1": app_state,
    "W2": lambda n: blocks(units, n, "f8"),
    "W3-i32": lambda n: walk(n, "i4"),
    "W3-f64": lambda n: walk(n, "f8"),
    "W3-sine": lambda n: blocks(lambda a, b: np.sin(np.arange(a, b) * 0.001) + 0.001 * units(a, b), n, "f8"),
    "W3-random": lambda n: blocks(lambda a, b: (hashes(a, b) >> np.uint64(56)), n, "u1"),
    "W4": records,
    "W4-nested": particles,
    "W5": lambda n: {f"key_{i:06d}": 0.5 * i for i in range(n)},
    "W6": matrix,
    "W7": lambda n: [f"item_{i}" for i in range(n)],
    "W7-skewed": skewed,
    "W8": lambda n: {f"key_{i:05d}": float(i) for i in range(n)},
}


def same(workload, loaded, saved):
    """Whether a value came back. Systems give other types for some, so this looks at samples where they do."""
    if workload.startswith(("W2", "W3")):
        return loaded.dtype == saved.dtype and bool(np.array_equal(loaded, saved))
    if workload == "W1":
        field = loaded.__getitem__ if isinstance(loaded, dict) else lambda name: getattr(loaded, name)
        return all(np.array_equal(field(name), value) for name, value in saved.items())
    if workload == "W4":
        picked = [0, len(saved) // 2, len(saved) - 1]
        field = lambda r, name: r[name] if isinstance(r, dict) else getattr(r, name)
        return len(loaded) == len(saved) and all(
            field(loaded[i], name) == field(saved[i], name) for i in picked for name in Record.__slots__
        )
    if workload == "W6":
        return all(np.array_equal(getattr(loaded, part), getattr(saved, part)) for part in ("indptr", "indices", "data"))
    if workload == "W8":
        return float(loaded) == 777.0
    return loaded == saved


# ---- systems: each gives a function that saves and one that loads


def with_h5py(workload, data):
    """By hand, as one does it who knows h5py: arrays where there can be arrays."""

    def save(path):
        with h5py.File(path, "w") as f:
            SAVE[workload](f, data)

    def load(path):
        with h5py.File(path, "r") as f:
            return LOAD[workload](f)

    return save, load


def save_members(f, data):
    for name, value in data.items():
        f[name] = value


def save_records(f, data):
    dtype = np.dtype([("id", "i8"), ("x", "f8"), ("y", "f8"), ("z", "f8"), ("name", h5py.string_dtype())])
    f["o"] = np.array([(r.id, r.x, r.y, r.z, r.name) for r in data], dtype)


def save_map(f, data):
    f.create_dataset("keys", data=list(data), dtype=h5py.string_dtype())
    f["values"] = np.fromiter(data.values(), "f8", len(data))


def save_matrix(f, data):
    group = f.create_group("o")
    group["data"], group["indices"], group["indptr"] = data.data, data.indices, data.indptr
    group.attrs["shape"] = data.shape


def load_matrix(f):
    group = f["o"]
    parts = group["data"][:], group["indices"][:], group["indptr"][:]
    return scipy.sparse.csr_matrix(parts, shape=tuple(group.attrs["shape"]), copy=False)


def save_array(f, data):
    f["o"] = data


def save_gzip(f, data):
    f.create_dataset("o", data=data, compression="gzip", compression_opts=4, shuffle=True)


def save_strings(f, data):
    f.create_dataset("o", data=data, dtype=h5py.string_dtype())


def load_array(f):
    return f["o"][...]


def load_strings(f):
    return f["o"].asstr()[:].tolist()


GZIP = ["W3-i32", "W3-f64", "W3-sine", "W3-random"]
SAVE = {
    "W1": save_members,
    "W2": save_array,
    **dict.fromkeys(GZIP, save_gzip),
    "W4": save_records,
    "W5": save_map,
    "W6": save_matrix,
    "W7": save_strings,
    "W7-skewed": save_strings,
    "W8": save_members,
}
LOAD = {
    "W1": lambda f: {k: (v.asstr()[()] if v.dtype.kind == "O" else v[()]) for k, v in f.items()},
    "W2": load_array,
    **dict.fromkeys(GZIP, load_array),
    "W4": lambda f: [Record(i, x, y, z, name.decode()) for i, x, y, z, name in f["o"][:].tolist()],
    "W5": lambda f: dict(zip(f["keys"].asstr()[:].tolist(), f["values"][:].tolist())),
    "W6": load_matrix,
    "W7": load_strings,
    "W7-skewed": load_strings,
    "W8": lambda f: f["key_00777"][()],
}


def with_attributes(workload, data):
    """W1 with the numbers and strings in attributes of the file."""

    def save(path):
        with h5py.File(path, "w") as f:
            for name, value in data.items():
                if name[0] == "a":
                    f[name] = value
                else:
                    f.attrs[name] = value

    def load(path):
        with h5py.File(path, "r") as f:
            return dict(f.attrs) | {name: f[name][...] for name in f}

    return save, load


def with_filebacked(workload, data):
    """Python FileBacked, with the type that its documentation would give the data."""
    kinds = {"i": int, "f": float, "s": str, "a": np.ndarray}
    if workload == "W1":
        annotations = {name: kinds[name[0]] for name in data}
        state = type(filebacked.FileBacked)("State", (filebacked.FileBacked,), class_body(annotations))

        def save(path):
            o = state()
            for name, value in data.items():
                setattr(o, name, value)
            with h5py.File(path, "w") as f:
                o.write(f)

        def load(path):
            with h5py.File(path, "r") as f:
                return state.read(f)

        return save, load
    if workload == "W8":

        class Keys(filebacked.FileBackedDict[str, float]):
            pass

        def save(path):
            with h5py.File(path, "w") as f:
                Keys(data).write(f)

        def load(path):
            with h5py.File(path, "r") as f:
                return Keys.read(f, lazy=True)["key_00777"]

        return save, load
    value, kind = data, {
        "W2": np.ndarray,
        "W5": typing.Dict[str, float],
        "W6": scipy.sparse.spmatrix,
        "W7": typing.List[str],
    }.get(workload)
    if workload == "W4":
        annotations = {"id": int, "x": float, "y": float, "z": float, "name": str}
        record = type(filebacked.FileBacked)("R", (filebacked.FileBacked,), class_body(annotations))
        value, kind = [], typing.List[record]
        for r in data:
            o = record()
            o.id, o.x, o.y, o.z, o.name = r.id, r.x, r.y, r.z, r.name
            value.append(o)

    def save(path):
        with h5py.File(path, "w") as f:
            filebacked.write(f, "o", value, kind)

    def load(path):
        with h5py.File(path, "r") as f:
            return filebacked.read(f["o"], kind)

    return save, load


def class_body(annotations):
    return {"__annotations__": annotations, "__module__": "__main__"}


def with_hickle(workload, data):
    options = {"compression": "gzip", "compression_opts": 4, "shuffle": True} if workload.startswith("W3") else {}
    if workload == "W4":
        # It has no good way for objects.
        data = [{name: getattr(r, name) for name in Record.__slots__} for r in data]

    def load(path):
        loaded = hickle.load(path)
        return loaded["key_00777"] if workload == "W8" else loaded

    return lambda path: hickle.dump(data, path, mode="w", **options), load


def with_pickle(workload, data):
    def save(path):
        with open(path, "wb") as f:
            pickle.dump(data, f, protocol=5)

    def load(path):
        with open(path, "rb") as f:
            loaded = pickle.load(f)
        return loaded["key_00777"] if workload == "W8" else loaded

    return save, load


# Of each workload: the systems, and the part of the data that they get where all of it would take minutes. Their times are
# then multiplied, and their names say so.
PLAN = {
    "W1": {"h5py": 1, "h5py attributes": 1, "FileBacked": 1, "hickle": 1, "pickle": 1},
    "W2": {"h5py": 1, "FileBacked": 1, "hickle": 1, "pickle": 1},
    "W3-i32": {"h5py": 1, "hickle": 1},
    "W3-f64": {"h5py": 1, "hickle": 1},
    "W3-sine": {"h5py": 1},
    "W3-random": {"h5py": 1},
    "W4": {"h5py": 1, "FileBacked": 50, "hickle": 50, "pickle": 1},
    "W4-nested": {"pickle": 1},
    "W5": {"h5py": 1, "FileBacked": 20, "hickle": 20, "pickle": 1},
    "W6": {"h5py": 1, "FileBacked": 1, "hickle": 1, "pickle": 1},
    "W7": {"h5py": 1, "FileBacked": 200, "hickle": 200, "pickle": 1},
    "W7-skewed": {"h5py": 1, "pickle": 1},
    "W8": {"h5py": 1, "FileBacked": 1, "hickle": 1, "pickle": 1},
}
MAKE = {
    "h5py": with_h5py,
    "h5py attributes": with_attributes,
    "FileBacked": with_filebacked,
    "hickle": with_hickle,
    "pickle": with_pickle,
}


def turn(workload, data, directory, system, op, repeats, part, save, load):
    """Does one thing so many times."""
    path = os.path.join(directory, f"python_{system.replace(' ', '_').replace('/', '_')}.bin")
    seconds = []
    for repeat in range(repeats):
        if op == "save":
            if os.path.exists(path):
                os.remove(path)
            start = time.perf_counter()
            save(path)
            seconds.append(time.perf_counter() - start)
            continue
        start = time.perf_counter()
        loaded = load(path)
        seconds.append(time.perf_counter() - start)
        if repeat == repeats - 1 and not same(workload, loaded, data):
            raise ValueError("what was loaded is not what was saved")
        del loaded
    return {"seconds": [part * second for second in seconds], "bytes": part * os.path.getsize(path)}


def main():
    workload, size, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    # What libraries print is no answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    systems, made = {}, {}
    for name, part in PLAN.get(workload, {}).items():
        if (name == "FileBacked" and not filebacked) or (name == "hickle" and not hickle):
            continue
        count = size // part
        if count not in made:
            made[count] = DATA[workload](count)
        full = name if part == 1 else f"{name} 1/{part} x{part}"
        systems[full] = (part, made[count], *MAKE[name](workload, made[count]))
    print(json.dumps({"systems": list(systems)}), file=answers, flush=True)
    for line in sys.stdin:
        system, op, repeats = json.loads(line)
        part, data, save, load = systems[system]
        try:
            answer = turn(workload, data, directory, system, op, repeats, part, save, load)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
