# shellcheck shell=bash
# Sourced, not run: puts the tools that set-up installed before everything else. Also fine in a shell of your own.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$root/.tools/bin:$PATH"
# Python with h5py and its friends; unset where it is missing, then the Python tests are skipped.
if [ -z "${FILEBACKED_PYTHON:-}" ] && [ -e "$root/.tools/python/requirements.txt" ]; then
  export FILEBACKED_PYTHON="$root/.tools/python/bin/python"
fi
# The HDF5 project's own reader; unset where it is missing, then its tests are skipped.
if [ -z "${FILEBACKED_H5DUMP:-}" ] && command -v h5dump >/dev/null; then
  FILEBACKED_H5DUMP=$(command -v h5dump)
  export FILEBACKED_H5DUMP
fi
unset root
