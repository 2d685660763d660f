"""The classes of the files in `golden/python`, and how two values are the same. Run as the module `make_golden`."""

from typing import Dict, List, Optional, Tuple, Union

import h5py
import numpy as np
import scipy.sparse as sp
from filebacked import FileBacked, FileBackedDict

INTS = "py_int py_int_neg py_int_max py_int_u64 np_i64 int_holding_float"
FLOATS = "py_float py_float_nan py_float_inf np_f64 float_holding_int"
ARRAYS = "i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 boolean bytes_s empty empty2d d3 fortran strided one"
MATRICES = "csr csc coo csr_typed csr_f32 csr_empty csr_i64"
ATOM = Union[int, str, float]


def fields(names, hint):
    return dict.fromkeys(names.split(), hint)


class Scalars(FileBacked):
    __annotations__ = {**fields(INTS, int), **fields(FLOATS, float), "np_f32": np.float32, "np_f16": np.float16,
                       "np_i32": np.int32, "np_i16": np.int16, "np_i8": np.int8}


class Strings(FileBacked):
    __annotations__ = fields("ascii unicode empty long trailing_space trailing_nul embedded_nul", str)


class Arrays(FileBacked):
    __annotations__ = fields(ARRAYS, np.ndarray)


class Sparse(FileBacked):
    __annotations__ = fields(MATRICES, sp.spmatrix)


class Inner(FileBacked):
    n: int
    label: str


class InnerSub(Inner):
    extra: float


class Seqs(FileBacked):
    int_tuple: Tuple[int, ...]
    str_tuple: Tuple[str, ...]
    float_list: List[float]
    int_list: List[int]
    mixed_num_list: List[float]
    str_list: List[str]
    builtin_list: list[int]
    builtin_tuple: tuple[int, ...]
    empty_float_list: List[float]
    empty_int_list: List[int]
    empty_str_list: List[str]
    empty_tuple: Tuple[int, ...]
    nested_list: List[List[int]]
    nested_list_ragged: List[List[int]]
    list_of_str_lists: List[List[str]]
    tuple_of_lists: Tuple[List[float], ...]
    obj_list: List[Inner]
    obj_tuple: Tuple[Inner, ...]
    twelve: List[str]


class Dicts(FileBacked):
    str_int: Dict[str, int]
    str_str: Dict[str, str]
    int_int: Dict[int, int]
    int_neg: Dict[int, float]
    tuple_key: Dict[Tuple[str, ...], int]
    float_key: Dict[float, str]
    str_list: Dict[str, List[int]]
    str_array: Dict[str, np.ndarray]
    str_obj: Dict[str, Inner]
    nested: Dict[str, Dict[str, int]]
    empty: Dict[str, int]
    unicode_key: Dict[str, int]
    builtin: dict[str, int]
    unordered: Dict[str, int]


class Opts(FileBacked):
    str_present: Optional[str]
    str_absent: Optional[str]
    int_present: Optional[int]
    float_present: Optional[float]
    obj_present: Optional[Inner]
    obj_absent: Optional[Inner]
    array_present: Optional[np.ndarray]


class Unions(FileBacked):
    u_int: ATOM
    u_str: ATOM
    u_float: ATOM
    u_obj: Union[Inner, int]
    u_arr: Union[np.ndarray, str]


class Nested2(FileBacked):
    inner: Inner
    name: str


class Nested(FileBacked):
    inner: Inner
    sub: Inner
    deep: Nested2


class StrDict(FileBackedDict[str, str]):
    pass


class IntDict(FileBackedDict[int, str]):
    pass


class TupleDict(FileBackedDict[Tuple[int, ...], str]):
    pass


class ObjDict(FileBackedDict[str, Inner]):
    pass


class Ignoring(FileBacked):
    saved: int


def same(a, b, path=""):
    """Asserts that two values are of the same types all the way down, and equal."""
    assert type(a) is type(b), f"{path}: {type(a)} and {type(b)}"
    if isinstance(a, FileBacked):
        for name in a.__filebacked_attribs__:
            same(getattr(a, name), getattr(b, name), f"{path}.{name}")
    elif isinstance(a, (dict, FileBackedDict)):
        # The order of numbered pairs is that of the one who wrote them, and it means nothing.
        assert sorted(a, key=repr) == sorted(b, key=repr), f"{path}: {list(a)} and {list(b)}"
        for key in a:
            same(a[key], b[key], f"{path}[{key!r}]")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), f"{path}: {len(a)} and {len(b)} values"
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{path}[{i}]")
    elif isinstance(a, sp.spmatrix):
        assert (a.format, a.shape, a.dtype) == (b.format, b.shape, b.dtype), path
        for name in ("data", "indices", "indptr", "row", "col"):
            if hasattr(a, name):
                same(getattr(a, name), getattr(b, name), f"{path}.{name}")
    elif isinstance(a, (np.ndarray, np.generic)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{path}: {a.dtype} {a.shape} and {b.dtype} {b.shape}"
        assert np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"), f"{path}: {a} and {b}"
    else:
        assert a == b, f"{path}: {a!r} and {b!r}"


def compare(name, ours, theirs):
    """Reads both files as the class, lazily and eagerly."""
    cls = globals()[name]
    for lazy in (False, True):
        with h5py.File(ours) as a, h5py.File(theirs) as b:
            same(cls.read(a, lazy=lazy), cls.read(b, lazy=lazy), name)
