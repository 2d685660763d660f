"""Runs the recipes that attempts.txt lists and prints what each left in `x`, as JSON: for tests/src/interop/tools.rs."""

import json
import math
import os
import sys
import traceback
import warnings

import h5py
import numpy as np

warnings.simplefilter("ignore")


def plain(x):
    """A value as JSON can say it."""
    if x is None or x is np.ma.masked or type(x).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        x = int(x)
        return x if -(2**63) <= x < 2**64 else str(x)
    if isinstance(x, (float, np.floating)):
        return float(x) if math.isfinite(x) else str(float(x))
    if isinstance(x, (complex, np.complexfloating)):
        return [plain(x.real), plain(x.imag)]
    if isinstance(x, str):
        return x
    if isinstance(x, np.void) and x.dtype.names:
        return {name: plain(x[name]) for name in x.dtype.names}
    if isinstance(x, np.ma.MaskedArray):
        return [plain(v) for v in x]
    if isinstance(x, np.ndarray) and x.dtype.names and x.shape == ():
        return plain(x[()])
    if isinstance(x, np.ndarray):
        return plain(x.item()) if x.shape == () else [plain(v) for v in x]
    if hasattr(x, "toarray"):
        return plain(x.toarray())
    if hasattr(x, "columns"):
        return {str(name): plain(x[name]) for name in x.columns}
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)) or hasattr(x, "to_numpy"):
        return [plain(v) for v in x]
    raise TypeError(f"a recipe gave a {type(x).__name__}")


top = os.getcwd()
with open("attempts.txt") as attempts:
    attempts = [line.split() for line in attempts]
for kind, how in attempts:
    os.chdir(os.path.join(top, kind))
    try:
        names = {}
        with open(f"{how}.py", encoding="utf-8") as code:
            exec(compile(code.read(), f"{kind}/{how}", "exec"), names)
        print("@", kind, how, json.dumps(plain(names["x"]), allow_nan=False), sep="\t")
    except Exception as error:  # noqa: BLE001, the next recipe must run
        where = traceback.extract_tb(error.__traceback__)[-1]
        print("!", kind, how, f"{type(error).__name__}: {error} ({where.line})".replace("\n", " "), sep="\t")
    finally:
        if hasattr(names.get("f"), "close"):
            names["f"].close()
print("@done")
sys.stdout.flush()
