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
# What `make test-interop` installs: Octave, node with its packages, R. Unset before that, then their recipes are skipped.
if [ -e "$root/.tools/interop/complete" ]; then
  FILEBACKED_OCTAVE=$(command -v octave || true)
  FILEBACKED_NODE=$(command -v node || true)
  FILEBACKED_RSCRIPT=$(command -v Rscript || true)
  FILEBACKED_NODE_MODULES=$root/.tools/interop/node_modules
  export FILEBACKED_OCTAVE FILEBACKED_NODE FILEBACKED_RSCRIPT FILEBACKED_NODE_MODULES
fi
unset root
