#!/usr/bin/env bash
# Makes sure that h5dump is there, the HDF5 project's own reader, which the tests use as a trusted one.
# Where it cannot be installed, says so and goes on; with CI=true that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${FILEBACKED_H5DUMP:-}" ] || command -v h5dump >/dev/null; then exit 0; fi
echo "installing h5dump"
if scripts/apt.sh hdf5-tools && command -v h5dump >/dev/null; then exit 0; fi

echo "h5dump tests are skipped: h5dump is not on PATH and could not be installed (Debian package hdf5-tools)" >&2
if [ "${CI:-}" = true ]; then exit 1; fi
