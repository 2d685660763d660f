#!/usr/bin/env bash
# Makes .tools/python, the environment of the trusted readers (h5py and others) that the tests and the demo use.
# Where that cannot be done, says so and goes on; with CI=true that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.tools/python
wanted=tests/python/requirements.txt
stamp=$venv/requirements.txt # a copy of what was installed, written last

# Gives up: a warning on a desk, an error in CI.
give_up() {
  echo "Python tests are skipped: $1" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 0
}

if cmp -s "$wanted" "$stamp" && "$venv/bin/python" -c '' 2>/dev/null; then exit 0; fi

# The first Python that the pinned packages support.
python=
for candidate in python3 python3.13 python3.12 python3.11; do
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || give_up "no Python 3.11 or newer on PATH"

echo "installing the Python packages of $wanted into $venv"
rm -rf "$venv"
mkdir -p .tools
log=.tools/python.log
create() { "$python" -m venv "$venv" >"$log" 2>&1; }
# Debian keeps the venv module in a package of its own.
create || { scripts/apt.sh python3-venv && create; } || give_up "$python cannot create a virtual environment ($log)"
"$venv/bin/python" -m pip install -q -r "$wanted" >>"$log" 2>&1 || give_up "the packages could not be installed ($log)"
"$venv/bin/python" -c 'import h5py, hdf5plugin, scipy, pyfive, anndata.io' >>"$log" 2>&1 || give_up "the packages cannot be imported ($log)"
cp "$wanted" "$stamp"
