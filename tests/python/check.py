"""Trusted readers for the Rust tests: a JSON request a line on stdin, a JSON answer a line on stdout.

    {"op": "describe", "file": path}                    every object, see `describe`
    {"op": "content", "file": path}                     all that a copy of the file must have too, see `content`
    {"op": "eval", "file": path, "expr": "f['x'][()]"}  names: f (h5py.File), h5py, np
    {"op": "exec", "file": path, "mode": "w", "code": "f['x'] = 1"}
    {"op": "pyfive", "file": path, "expr": "f['x'][()]"}   f is a pyfive.File
    {"op": "anndata", "file": path, "path": "x", "expr": "x.toarray()"}  x is read_elem(f["x"])
    {"op": "read", "file": path}                        the value in a file of ours, see layout.py
    {"op": "write", "file": path, "types": {..}, "schema": {..}, "value": .., "seed": 1}   writes such a file
    {"op": "exit"}

An answer is {"value": ...}, or {"error": text, "trace": text}. `mode` may stand in eval, too, and `file` may be missing.
`exec` answers with the variable `result`, if the code sets it. Code that names `filebacked` gets Python's FileBacked.
JSON has no NaN, infinities, bytes or complex numbers: these are "nan", "inf", "-inf", lists of bytes and [re, im].
"""

import json
import math
import sys
import traceback
import types
from collections import deque
from contextlib import nullcontext

import h5py
import numpy as np

import layout

# Larger datasets are described without their values.
LIMIT = 100_000


# ---- values to JSON

def plain(value):
    """Anything a reader may return, as JSON can say it."""
    if value is None or isinstance(value, (bool, int, str, np.bool_, np.integer)):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (float, np.floating)):
        value = float(value)
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (complex, np.complexfloating)):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, (bytes, bytearray, np.void)) and getattr(value, "dtype", None) is None:
        return list(value)
    if isinstance(value, np.void):
        return list(value.tobytes()) if value.dtype.names is None else [plain(value[n]) for n in value.dtype.names]
    if isinstance(value, dict) or hasattr(value, "items") and not hasattr(value, "to_numpy"):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value[()]) if value.shape == () and value.dtype != object else _rows(value)
    if isinstance(value, (h5py.Empty, type(None))) or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "tocsr"):
        csr = value.tocsr()
        parts = {k: plain(getattr(csr, k)) for k in ("data", "indices", "indptr")}
        return {"format": value.format, "shape": list(value.shape), **parts}
    if hasattr(value, "columns"):
        return {str(c): plain(value[c]) for c in value.columns}
    if hasattr(value, "to_numpy") or hasattr(value, "__array__"):
        return [plain(v) for v in value]
    return str(value)


def _rows(array):
    return plain(array.item()) if array.shape == () else [plain(v) for v in array]


def text(value):
    """Strings as h5py returns them, decoded."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


# ---- description of a file

def dtype_name(dtype):
    """A short name of a type; compounds are lists of [name, type]."""
    string = h5py.check_string_dtype(dtype)
    if string is not None:
        charset = string.encoding.replace("-", "")
        return "str-vlen" if string.length is None else f"str-fixed-{string.length}-{charset}"
    enum = h5py.check_enum_dtype(dtype)
    if enum is not None:
        return "enum:" + json.dumps(dict(sorted(enum.items(), key=lambda e: e[1])), separators=(",", ":"))
    if h5py.check_vlen_dtype(dtype) is not None:
        return ["vlen", dtype_name(h5py.check_vlen_dtype(dtype))]
    if h5py.check_ref_dtype(dtype) is not None:
        return "ref" if h5py.check_ref_dtype(dtype) is h5py.Reference else "region-ref"
    if dtype.subdtype is not None:
        return ["array", dtype_name(dtype.subdtype[0]), list(dtype.subdtype[1])]
    if dtype.names is not None:
        return [[name, dtype_name(dtype[name])] for name in dtype.names]
    if dtype.kind == "b":
        return "bool"
    if dtype.kind == "c":
        return dtype.name if dtype.isnative else dtype.str
    if dtype.kind == "V":
        return f"opaque-{dtype.itemsize}"
    return dtype.str


def type_of(tid):
    """What is to say about an HDF5 type."""
    dtype = tid.dtype
    said = {"dtype": dtype_name(dtype)}
    if isinstance(tid, h5py.h5t.TypeStringID):
        said["charset"] = {h5py.h5t.CSET_ASCII: "ascii", h5py.h5t.CSET_UTF8: "utf8"}[tid.get_cset()]
        pads = {h5py.h5t.STR_NULLTERM: "nullterm", h5py.h5t.STR_NULLPAD: "nullpad", h5py.h5t.STR_SPACEPAD: "spacepad"}
        said["pad"] = pads[tid.get_strpad()]
    if isinstance(tid, h5py.h5t.TypeEnumID):
        said["base"] = tid.get_super().dtype.str
    if dtype.names is not None and dtype.kind == "V":
        said["size"] = tid.get_size()
        said["offsets"] = [tid.get_member_offset(i) for i in range(tid.get_nmembers())]
    return said


def floats_of(dtype, array):
    """Floats exactly: `hex` as float.hex says it, `bits` as Rust's `{:016x}` of `to_bits` does."""
    if dtype.kind == "c":
        array = np.asarray(array)
        part = np.dtype(f"f{dtype.itemsize // 2}")
        array = np.ascontiguousarray(array.astype(dtype.newbyteorder("="))).view(part).reshape(array.shape + (2,))
        dtype = part
    if dtype.kind != "f" or dtype.itemsize > 8:
        return {}
    array = np.asarray(array, dtype=dtype.newbyteorder(">"))
    size, raw = dtype.itemsize, array.tobytes().hex()
    return {"hex": fold([float(v).hex() for v in array.reshape(-1)], array.shape),
            "bits": fold([raw[i:i + 2 * size] for i in range(0, len(raw), 2 * size)], array.shape)}


def fold(flat, shape):
    """A flat list as nested ones."""
    if shape == ():
        return flat[0]
    if len(shape) == 1:
        return flat
    step = math.prod(shape[1:])
    return [fold(flat[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])]


def value_of(obj, dtype, value):
    """A value that was read, in JSON: strings decoded, references as paths."""
    if isinstance(value, h5py.Empty):
        return {"value": None}
    if h5py.check_string_dtype(dtype) is not None or h5py.check_ref_dtype(dtype) is h5py.Reference:
        array = np.asarray(value, dtype=object)
        return {"value": fold([reference(obj, v) for v in array.reshape(-1)], array.shape)}
    return {"value": plain(value if dtype.names is None else strings_in(value)), **floats_of(dtype, value)}


def reference(obj, value):
    """The path behind a reference; strings as they are."""
    return text(h5py.h5r.get_name(value, obj.id) if isinstance(value, h5py.Reference) else value)


def strings_in(value):
    """Compound values as lists in which the strings are decoded."""
    if isinstance(value, (np.ndarray, list, tuple)) or isinstance(value, np.void) and value.dtype.names:
        return [strings_in(v) for v in value]
    if isinstance(value, np.void):
        return list(value.tobytes())
    return text(value)


def attribute(obj, name):
    aid = h5py.h5a.open(obj.id, name.encode())
    empty = aid.get_space().get_simple_extent_type() == h5py.h5s.NULL
    said = {**type_of(aid.get_type()), "shape": None if empty else list(aid.shape)}
    return {**said, **value_of(obj, aid.dtype, obj.attrs[name])}


def dataset(data):
    said = {**type_of(data.id.get_type()), "shape": None if data.shape is None else list(data.shape)}
    plist = data.id.get_create_plist()
    layouts = {h5py.h5d.COMPACT: "compact", h5py.h5d.CONTIGUOUS: "contiguous", h5py.h5d.CHUNKED: "chunked"}
    said["layout"] = layouts.get(plist.get_layout(), "virtual")
    said["chunks"] = data.chunks and list(data.chunks)
    said["maxshape"] = data.maxshape and list(data.maxshape)
    said["filters"] = [text(plist.get_filter(i)[3]) or plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    if data.size is not None and data.size > LIMIT:
        return {**said, "value": None, "truncated": True}
    return {**said, **value_of(data, data.dtype, data[()])}


def guarded(said, tell):
    """One unreadable object must not hide the others."""
    try:
        said.update(tell())
    except Exception as error:  # noqa: BLE001, any reader may raise anything
        said["error"] = f"{type(error).__name__}: {error}"
    return said


def describe(file):
    """`objects` by path: kind (group, dataset, datatype, soft, external), attributes and what the kind has.

    Groups have `links`, their names in the file's order. Datasets have dtype, shape (null: no value), value, hex and bits
    (floats), layout, chunks, maxshape, filters. A further hard link to an object has `same_as`, the path met first
    (shorter paths come first); what lies below a group is listed once.
    """
    objects, seen, todo = {}, {}, deque([("/", file["/"])])
    while todo:
        path, obj = todo.popleft()
        info = h5py.h5o.get_info(obj.id)
        first = seen.setdefault((info.fileno, info.addr), path)
        kind = {h5py.Group: "group", h5py.Dataset: "dataset"}.get(type(obj), "datatype")
        said = objects[path] = {"path": path, "kind": kind}
        if first != path:
            said["same_as"] = first
        said["attributes"] = {name: guarded({}, lambda name=name: attribute(obj, name)) for name in obj.attrs}
        if kind == "dataset":
            guarded(said, lambda: dataset(obj))
        elif kind == "datatype":
            guarded(said, lambda: type_of(obj.id))
        else:
            said["links"] = list(obj)
            for name in obj if first == path else ():
                child = path.rstrip("/") + "/" + name
                link = obj.get(name, getlink=True)
                if isinstance(link, h5py.HardLink):
                    todo.append((child, obj[name]))
                else:
                    soft = isinstance(link, h5py.SoftLink)
                    target = link.path if soft else f"{link.filename}:{link.path}"
                    objects[child] = {"path": child, "kind": "soft" if soft else "external", "target": target}
    return {"superblock": file.id.get_create_plist().get_version()[0], "objects": objects}


def type_in_full(tid):
    """Everything that tells one type from another, byte order and padding included."""
    said = [type(tid).__name__, tid.get_size()]
    for ask in ("get_order", "get_precision", "get_offset", "get_pad", "get_sign", "get_fields", "get_ebias", "get_norm",
                "get_cset", "get_strpad", "get_tag", "get_array_dims", "is_variable_str"):
        if hasattr(tid, ask) and not (ask == "get_order" and isinstance(tid, h5py.h5t.TypeCompoundID)):
            said.append([ask, text(plain(getattr(tid, ask)()))])
    if isinstance(tid, (h5py.h5t.TypeEnumID, h5py.h5t.TypeCompoundID)):
        said.append([text(tid.get_member_name(i)) for i in range(tid.get_nmembers())])
    if isinstance(tid, h5py.h5t.TypeCompoundID):
        members = range(tid.get_nmembers())
        said.append([[tid.get_member_offset(i), type_in_full(tid.get_member_type(i))] for i in members])
    if isinstance(tid, h5py.h5t.TypeEnumID):
        said.append([tid.get_member_value(i) for i in range(tid.get_nmembers())])
    if isinstance(tid, (h5py.h5t.TypeEnumID, h5py.h5t.TypeVlenID, h5py.h5t.TypeArrayID)):
        said.append(type_in_full(tid.get_super()))
    return said


def content(file):
    """Nested: names in the file's order, types in full, shapes, values, attributes. Links are followed."""
    def held(obj, tid, space, read):
        said = {"type": type_in_full(tid), "null": space.get_simple_extent_type() == h5py.h5s.NULL}
        said["shape"] = list(space.shape) if not said["null"] else None
        try:
            said["value"] = repr(exact(obj, read()))
        except (TypeError, ValueError, OSError) as error:  # a type that numpy has not
            said["unread"] = type(error).__name__
        return said

    def exact(obj, value):
        if isinstance(value, h5py.Reference):
            return value and text(h5py.h5r.get_name(value, obj.id))
        if isinstance(value, np.ndarray) and value.dtype.kind in "OV" or isinstance(value, np.void) and value.dtype.names:
            names = value.dtype.names
            if isinstance(value, np.void):
                return [exact(obj, value[name]) for name in names]
            return [exact(obj, v) for v in value.reshape(-1)]
        if isinstance(value, (np.ndarray, np.generic)):
            return value.tobytes().hex()
        return value

    def walk(obj, above):
        info = h5py.h5o.get_info(obj.id)
        if (info.fileno, info.addr) in above:
            return "above"
        above = above | {(info.fileno, info.addr)}
        attributes = {}
        for name in sorted(obj.attrs):
            aid = h5py.h5a.open(obj.id, name.encode())
            attributes[name] = held(obj, aid.get_type(), aid.get_space(), lambda name=name: obj.attrs[name])
        if isinstance(obj, h5py.Dataset):
            return {"attributes": attributes, **held(obj, obj.id.get_type(), obj.id.get_space(), lambda: obj[()])}
        if isinstance(obj, h5py.Datatype):
            return {"attributes": attributes, "committed": type_in_full(obj.id)}
        members = {}
        for name in obj:
            try:
                members[name] = walk(obj[name], above)
            except (KeyError, OSError):
                link = obj.get(name, getlink=True)
                members[name] = [type(link).__name__, getattr(link, "filename", None), getattr(link, "path", None)]
            if members[name] == "above":
                link = obj.get(name, getlink=True)
                members[name] = [type(link).__name__, getattr(link, "filename", None), getattr(link, "path", None)]
        return {"attributes": attributes, "names": list(obj), "members": members}

    return walk(file["/"], frozenset())


# ---- requests

def python_filebacked():
    """Python's FileBacked as it is, on a numpy that lost four names it uses."""
    for name, old in (("float", float), ("int", int), ("int0", np.intp), ("string_", np.bytes_)):
        if name not in vars(np):
            setattr(np, name, old)
    import filebacked
    return filebacked


def run(request, names, code, mode):
    """Runs code in a module of its own: classes defined in it can be found again by their module's name."""
    module = types.ModuleType(request.get("module", "check_code"))
    sys.modules[module.__name__] = module
    names.update(h5py=h5py, np=np)
    if "filebacked" in code:
        names["filebacked"] = python_filebacked()
    vars(module).update(names)
    done = eval(compile(code, f"<{request['op']}>", mode), vars(module))
    return plain(done if mode == "eval" else vars(module).get("result"))


def answer(request):
    op, path = request["op"], request.get("file")
    if op == "read":
        return layout.read(path)
    if op == "write":
        return layout.write(path, request["types"], request["schema"], request["value"], request["seed"])
    if op == "pyfive":
        import pyfive
        with pyfive.File(path) as file:
            return run(request, {"f": file, "pyfive": pyfive}, request["expr"], "eval")
    with h5py.File(path, request.get("mode", "r")) if path else nullcontext() as file:
        if op == "describe":
            return describe(file)
        if op == "content":
            return content(file)
        if op == "eval":
            return run(request, {"f": file}, request["expr"], "eval")
        if op == "exec":
            return run(request, {"f": file}, request["code"], "exec")
        if op == "anndata":
            from anndata.io import read_elem
            element = read_elem(file[request.get("path", "/")])
            return run(request, {"f": file, "x": element, "read_elem": read_elem}, request.get("expr", "x"), "eval")
    raise ValueError(f"unknown op {op!r}")


def main():
    out, sys.stdout = sys.stdout, sys.stderr  # what the code prints must not look like an answer
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if request["op"] == "exit":
                return
            reply = json.dumps({"value": answer(request)}, allow_nan=False)
        except (Exception, SystemExit) as error:  # noqa: BLE001, the next request must be served
            reply = json.dumps({"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()})
        print(reply, file=out, flush=True)


if __name__ == "__main__":
    main()
