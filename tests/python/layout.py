"""docs/FORMAT.md in Python: values from files by their marks alone, and files from values and a schema.

Values are JSON: integers as numbers, above 64 bits as text; floats as "f" and the bits of an f64; structs, tuples and
variants (with "variant") as objects without the fields that are not there; maps as {"map": [[key as text, value], ..]},
sorted; `None` as {"none": 0}, `Some(None)` as {"none": 1}; sparse matrices as {"shape", "by_row", "entries"}.
"""

import json
import random
import struct

import h5py
import numpy as np

NONE = {"none": 0}
# Attributes that are no fields.
MARKS = {"filebacked", "filebacked_format", "filebacked_filter", "len", "variant", "encoding-type", "encoding-version",
         "shape"}


def key_text(key):
    """A key of a map as text."""
    return key if isinstance(key, str) else json.dumps(key, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def map_of(keys, values):
    return {"map": sorted([key_text(k), v] for k, v in zip(keys, values, strict=True))}


def deeper(value):
    """A value inside one more `Some`."""
    return {"none": value["none"] + 1} if isinstance(value, dict) and "none" in value else value


def unescape(name):
    from urllib.parse import unquote_to_bytes
    return "" if name == "%" else unquote_to_bytes(name).decode()


# ---- reading

def elements(array, dtype):
    """An array or an element, as nested lists of values."""
    enum = h5py.check_enum_dtype(dtype)
    if enum is not None:
        names = {value: name for name, value in enum.items()}
        return nested(array, lambda v: names[int(v)])
    if h5py.check_string_dtype(dtype) is not None:
        return nested(array, lambda v: v.decode() if isinstance(v, bytes) else v)
    if dtype.kind == "b":
        return nested(array, bool)
    if dtype.kind in "iu":
        return nested(array, int)
    if dtype.kind == "f":
        return nested(array, float_text)
    if dtype.kind == "c":
        return nested(array, lambda v: [float_text(v.real), float_text(v.imag)])
    if dtype.names == ("lo", "hi"):
        return nested(array, lambda v: str(int(v["hi"]) << 64 | int(v["lo"])))
    return nested(array, lambda v: {name: elements(v[name], dtype[name]) for name in dtype.names})


def nested(array, tell):
    if np.ndim(array) == 0:
        return tell(array[()] if isinstance(array, np.ndarray) else array)
    return [nested(part, tell) for part in array]


def float_text(value):
    return "f" + struct.pack(">d", np.float64(value)).hex()


def text_of(mark):
    """A mark, which h5py gives as bytes where its length is fixed."""
    return mark.decode() if isinstance(mark, bytes) else mark


def stamp(node):
    return text_of(node.attrs.get("filebacked", "")).split(" ")


def read_value(node):
    """The value of an object."""
    kind, *words = stamp(node)
    if isinstance(node, h5py.Dataset):
        return node[()].tobytes().decode() if kind == "text" else elements(node[()], node.dtype)
    if kind in ("struct", "tuple", "range"):
        return members(node)
    if kind == "unit":
        return {}
    if kind == "none":
        return {"none": int(words[0])}
    if kind == "enum":
        return {"variant": text_of(node.attrs["variant"]), **members(node)}
    if kind == "map":
        return map_of(read_rows(node["keys"]), read_rows(node["values"]))
    if kind == "links":
        return map_of([unescape(name) for name in node], [read_value(node[name]) for name in node])
    if kind == "sparse":
        return sparse(node)
    return read_rows(node)


def members(node):
    found = {name: read_value(member) for name, member in node.items()}
    for name in node.attrs:
        if name not in MARKS:
            aid = h5py.h5a.open(node.id, name.encode())
            found[name] = elements(node.attrs[name], aid.dtype)
    return found


def read_rows(node):
    """The values of an object that holds many."""
    if isinstance(node, h5py.Dataset):
        return elements(node[()], node.dtype)
    kind, *_ = stamp(node)
    n = int(node.attrs["len"])
    if kind == "columns":
        columns = {name: read_rows(member) for name, member in node.items()} if n else {}
        return [{name: column[i] for name, column in columns.items() if column[i] != NONE} for i in range(n)]
    if kind == "variants":
        rows = {name: iter(read_rows(member)) for name, member in node.items() if name != "variant"}
        tags = read_rows(node["variant"]) if n else []
        return [{"variant": tag, **(next(rows[tag]) if tag in rows else {})} for tag in tags]
    if kind == "optional":
        mask, values = node["mask"][:], read_rows(node["values"])
        there = iter(values if len(values) < n else [v for v, none in zip(values, mask, strict=True) if not none])
        return [NONE if none else deeper(next(there)) for none in mask]
    if kind == "packed":
        data, offsets = node["bytes"][:].tobytes(), node["offsets"][:].tolist()
        flat = [data[a:b].decode() for a, b in zip(offsets, offsets[1:])]
        return nested(np.array(flat, dtype=object).reshape(node["shape"][:]), str) if "shape" in node else flat
    if kind == "list":
        return [read_value(node[str(i)]) for i in range(n)]
    if kind == "shared":
        values = read_rows(node["values"])
        return [values[i] for i in node["index"][:]]
    if kind == "arrays":
        flat = read_rows(node["values"])
        return [flat[i * len(flat) // n:(i + 1) * len(flat) // n] for i in range(n)]
    offsets = node["offsets"][:].tolist()
    assert len(offsets) == n + 1, f"{node.name}: {len(offsets)} offsets of {n} values"
    if kind == "ragged":
        values = read_rows(node["values"])
        return [values[a:b] for a, b in zip(offsets, offsets[1:])]
    if kind == "maps":
        keys, values = read_rows(node["keys"]), read_rows(node["values"])
        return [map_of(keys[a:b], values[a:b]) for a, b in zip(offsets, offsets[1:])]
    raise ValueError(f"{node.name}: a stamp of kind {kind!r}")


def sparse(node):
    """A compressed matrix: what is stored, row by row or column by column."""
    data, inner, outer = (node[name][:] for name in ("data", "indices", "indptr"))
    lines = [line for line in range(len(outer) - 1) for _ in range(outer[line], outer[line + 1])]
    by_row = text_of(node.attrs["encoding-type"]) == "csr_matrix"
    places = zip(lines, inner.tolist()) if by_row else zip(inner.tolist(), lines)
    values = elements(data, node["data"].dtype)
    entries = [[*at, v] for at, v in zip(places, values, strict=True)]
    return {"shape": node.attrs["shape"].tolist(), "by_row": by_row, "entries": entries}


def read(path):
    with h5py.File(path) as file:
        assert text_of(file.attrs["filebacked_format"]) == "1.0"
        return read_value(file["/"] if "filebacked" in file.attrs else file["value"])


# ---- writing

SCALARS = {f"{sign}{bits}": f"{sign}{bits // 8}" for sign in "iu" for bits in (8, 16, 32, 64)} | {
    "usize": "u8", "isize": "i8", "f16": "f2", "f32": "f4", "f64": "f8"}
COMPOUNDS = {
    "u128": [("lo", "u8"), ("hi", "u8")], "i128": [("lo", "u8"), ("hi", "i8")],
    "Duration": [("secs", "u8"), ("nanos", "u4")], "SystemTime": [("secs", "i8"), ("nanos", "u4")]}
COMPLEX = {"complex<f32>": "c8", "complex<f64>": "c16"}


def float_of(text):
    return struct.unpack(">d", bytes.fromhex(text[1:]))[0]


class Writer:
    """Writes values as docs/FORMAT.md says; what it leaves open is chosen at random."""

    def __init__(self, types, seed):
        self.types, self.random, self.path = types, random.Random(seed), []

    def schema(self, schema):
        return self.types[schema["name"]] if schema["kind"] == "ref" else schema

    def group(self, parent, name, mark, **attributes):
        made = parent.create_group(name) if name else parent
        made.attrs["filebacked"] = self.text(mark)
        for key, value in attributes.items():
            made.attrs[key] = value
        return made

    def text(self, text):
        """Text for an attribute, of fixed or variable length."""
        return self.random.choice([np.bytes_(text.encode()), text])

    def dataset(self, parent, name, data, dtype):
        """A dataset in any byte order; with several elements perhaps in chunks and compressed."""
        if dtype.kind in "iufc" and self.random.random() < 0.3:
            dtype = dtype.newbyteorder(">")
        data = np.asarray(data, dtype=dtype)
        options = {}
        if data.size and data.shape and self.random.random() < 0.3:
            options = {"compression": self.random.choice([None, "gzip", "lzf"]), "shuffle": self.random.random() < 0.5,
                       "fletcher32": not dtype.hasobject and self.random.random() < 0.3,
                       "maxshape": tuple(None for _ in data.shape)}
        parent.create_dataset(name, data=data, dtype=dtype, **options)

    # -- elements

    def scalars(self, schema, values, shape):
        """Elements as an array, or `None` where they are no elements of one dataset."""
        kind = schema["kind"]
        if kind == "enumeration":
            numbers = dict(zip(schema["variants"], self.random.sample(range(-9, 100), len(schema["variants"]))))
            dtype = h5py.enum_dtype(numbers, basetype="i2")
            return np.array([numbers[v] for v in values], dtype="i2").reshape(shape), dtype
        if kind == "text":
            return self.strings(values, shape)
        if kind != "scalar":
            return None
        name = schema["name"]
        if name == "char":
            return self.strings(values, shape, width=4)
        if name == "bool":
            return np.array(values, dtype=bool).reshape(shape), np.dtype(self.random.choice(["?", "u1"]))
        if name in COMPOUNDS:
            dtype = np.dtype(COMPOUNDS[name])
            rows = [(int(v) & 2**64 - 1, int(v) >> 64) if isinstance(v, str) else (v["secs"], v["nanos"]) for v in values]
            return np.array(rows, dtype=dtype).reshape(shape), dtype
        if name in COMPLEX:
            rows = [complex(float_of(re), float_of(im)) for re, im in values]
            return np.array(rows, dtype=COMPLEX[name]).reshape(shape), np.dtype(COMPLEX[name])
        dtype = np.dtype(SCALARS[name])
        values = [float_of(v) for v in values] if dtype.kind == "f" else values
        return np.array(values, dtype=dtype).reshape(shape), dtype

    def strings(self, values, shape, width=1):
        if any("\0" in v for v in values):
            return None
        raw = [v.encode() for v in values]
        if self.random.random() < 0.5:
            return np.array(values, dtype=object).reshape(shape), h5py.string_dtype("utf-8")
        width = max([width, *map(len, raw)])
        return np.array(raw, dtype=f"S{width}").reshape(shape), h5py.string_dtype("utf-8", width)

    def filler(self, schema):
        """What stands where there is no value."""
        if schema["kind"] == "text" or schema["name"] == "char":
            return ""
        if schema["name"] in ("u128", "i128"):
            return "0"
        if schema["name"] in COMPOUNDS:
            return {"secs": 0, "nanos": 0}
        zero = float_text(0.0)
        return [zero, zero] if schema["name"] in COMPLEX else zero if schema["name"].startswith("f") else 0

    # -- one value

    def write(self, parent, name, schema, value):
        """A value under a name, or as the group itself where there is no name."""
        schema = self.schema(schema)
        kind = schema["kind"]
        while kind == "option":
            if isinstance(value, dict) and "none" in value:
                self.group(parent, name, f"none {value['none']}")
                return
            schema = self.schema(schema["of"])
            kind = schema["kind"]
        if kind in ("scalar", "text", "enumeration"):
            found = self.scalars(schema, [value], ())
            if found is None:
                parent.create_dataset(name, data=np.frombuffer(value.encode(), "u1"))
                parent[name].attrs["filebacked"] = self.text("text")
            else:
                self.dataset(parent, name, *found)
        elif kind == "array":
            array = np.array(value, dtype=object)
            shape = array.shape if array.size else tuple(value_shape(value, schema["rank"]))
            flat = array.reshape(-1).tolist()
            found = self.scalars(self.schema(schema["of"]), flat, shape)
            if found is None:
                self.packed(parent, name, flat)["shape"] = np.array(shape, "u8")
            else:
                self.dataset(parent, name, *found)
        elif kind == "sparse":
            self.sparse(self.group(parent, name, "sparse"), self.schema(schema["of"]), value)
        elif kind == "unit":
            self.group(parent, name, "unit")
        elif kind == "sequence":
            self.rows(parent, name, schema["of"], value)
        elif kind == "tuple":
            self.fields(self.group(parent, name, "tuple"), schema["fields"], value)
        elif kind == "struct":
            self.fields(self.group(parent, name, f"struct {schema['name']} 1"), schema["fields"], value)
        elif kind == "variants":
            variant = value["variant"]
            group = self.group(parent, name, f"enum {schema['name']} 1", variant=self.text(variant))
            self.fields(group, schema["variants"][variant], value)
        elif kind == "map" and schema["links"]:
            group = self.group(parent, name, "links", len=np.uint64(len(value["map"])))
            for key, v in value["map"]:
                self.write(group, escape(key), schema["value"], v)
        elif kind == "map":
            group = self.group(parent, name, "map", len=np.uint64(len(value["map"])))
            self.entries(group, schema, value["map"])
        else:
            raise ValueError(kind)

    def fields(self, group, fields, value):
        for field in self.random.sample(fields, len(fields)):
            name = field["name"]
            if name not in value:
                continue
            if field["attribute"]:
                schema = self.schema(field["schema"])
                schema = self.schema(schema["of"]) if schema["kind"] == "option" else schema
                data, dtype = self.scalars(schema, [value[name]], ())
                group.attrs.create(name, data, dtype=dtype)
            else:
                self.write(group, name, field["schema"], value[name])

    def entries(self, group, schema, entries):
        key = self.schema(schema["key"])
        plain = key["kind"] == "text" or key.get("name") == "char" or key["kind"] == "enumeration"
        keys = [k if plain else json.loads(k) for k, _ in entries]
        self.rows(group, "keys", key, keys)
        self.rows(group, "values", schema["value"], [v for _, v in entries])

    # -- many values

    def rows(self, parent, name, schema, values):
        schema = self.schema(schema)
        kind, n = schema["kind"], np.uint64(len(values))
        found = self.scalars(schema, values, (len(values),))
        if found is not None and (kind != "text" or self.random.random() < 0.8):
            self.dataset(parent, name, *found)
        elif kind == "text":
            self.packed(parent, name, values)
        elif kind == "option":
            group = self.group(parent, name, "optional", len=n)
            none = [v == NONE for v in values]
            self.dataset(group, "mask", none, np.dtype("?"))
            inner = self.schema(schema["of"])
            values = [{"none": v["none"] - 1} if isinstance(v, dict) and "none" in v else v
                      for v, gone in zip(values, none, strict=True) if not gone]
            if inner["kind"] in ("scalar", "text"):
                there = iter(values)
                values = [self.filler(inner) if gone else next(there) for gone in none]
            self.rows(group, "values", inner, values)
        elif kind == "sequence":
            group = self.group(parent, name, "ragged", len=n)
            self.offsets(group, values)
            self.rows(group, "values", schema["of"], [v for row in values for v in row])
        elif kind == "map":
            group = self.group(parent, name, "maps", len=n)
            self.offsets(group, [v["map"] for v in values])
            self.entries(group, schema, [entry for v in values for entry in v["map"]])
        elif kind in ("tuple", "unit"):
            self.columns(self.group(parent, name, "columns", len=n), schema.get("fields", []), values)
        elif kind == "struct":
            group = self.group(parent, name, f"columns {schema['name']} 1", len=n)
            self.once(schema, values, lambda: self.columns(group, schema["fields"], values))
        elif kind == "variants":
            group = self.group(parent, name, f"variants {schema['name']} 1", len=n)
            self.once(schema, values, lambda: self.variants(group, schema["variants"], values))
        elif kind == "array":
            group = self.group(parent, name, "list", len=n)
            for i, value in enumerate(values):
                self.write(group, str(i), schema, value)
        else:
            raise ValueError(kind)

    def once(self, schema, values, write):
        """Not the table without rows of a type inside itself: that has no end."""
        if not values and schema["name"] in self.path:
            return
        self.path.append(schema["name"])
        write()
        self.path.pop()

    def columns(self, group, fields, values):
        for field in self.random.sample(fields, len(fields)):
            self.rows(group, field["name"], field["schema"], [v.get(field["name"], NONE) for v in values])

    def variants(self, group, variants, values):
        numbers = {name: i for i, name in enumerate(variants)}
        tags = [numbers[v["variant"]] for v in values]
        self.dataset(group, "variant", np.array(tags, "u1"), h5py.enum_dtype(numbers, basetype="u1"))
        for name, fields in variants.items():
            if fields:
                rows = [v for v in values if v["variant"] == name]
                self.columns(self.group(group, name, "columns", len=np.uint64(len(rows))), fields, rows)

    def sparse(self, group, of, value):
        """A compressed matrix of either order, as AnnData marks it."""
        rows, columns = value["shape"]
        by_row = value["by_row"]
        entries = sorted(value["entries"], key=lambda e: (e[0], e[1]) if by_row else (e[1], e[0]))
        outer, inner, n = (0, 1, rows) if by_row else (1, 0, columns)
        counts = np.bincount([e[outer] for e in entries], minlength=n) if entries else np.zeros(n, int)
        small = self.random.choice(["i4", "i8"])
        group.attrs["encoding-type"] = "csr_matrix" if by_row else "csc_matrix"
        group.attrs["encoding-version"] = "0.1.0"
        group.attrs["shape"] = np.array([rows, columns], "i8")
        self.dataset(group, "data", *self.scalars(of, [e[2] for e in entries], (len(entries),)))
        self.dataset(group, "indices", [e[inner] for e in entries], np.dtype(small))
        self.dataset(group, "indptr", np.cumsum([0, *counts]), np.dtype(small))

    def packed(self, parent, name, texts):
        group = self.group(parent, name, "packed", len=np.uint64(len(texts)))
        raw = [text.encode() for text in texts]
        self.dataset(group, "bytes", np.frombuffer(b"".join(raw), "u1"), np.dtype("u1"))
        self.offsets(group, raw)
        return group

    def offsets(self, group, parts):
        starts = np.cumsum([0, *map(len, parts)])
        self.dataset(group, "offsets", starts, np.dtype("u8"))


def value_shape(value, rank):
    """The shape of an array that has no elements."""
    for _ in range(rank):
        yield len(value)
        value = value[0] if value else []


def escape(key):
    special = {"": "%", ".": "%2E", "..": "%2E%2E"}
    special |= {f".filebacked under way{end}": f"%2Efilebacked under way{end}" for end in ["", "\u2026"]}
    return special.get(key) or key.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")


def write(path, types, schema, value, seed):
    writer = Writer(types, seed)
    options = {"libver": writer.random.choice(["earliest", "latest"]), "track_order": writer.random.random() < 0.3}
    with h5py.File(path, "w", **options) as file:
        file.attrs["filebacked_format"] = np.bytes_("1.0")
        rooted = writer.schema(schema)
        whole = rooted["kind"] in ("struct", "variants") or rooted["kind"] == "map" and rooted["links"]
        writer.write(file["/"] if whole else file, "" if whole else "value", schema, value)
