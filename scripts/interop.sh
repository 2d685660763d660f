#!/usr/bin/env bash
# Installs what reads our files in other languages, for `make test-interop`: Octave, R with hdf5r, and node with the
# packages of tests/interop/package.json in .tools/interop. All that is missing is named; then this fails.
set -euo pipefail
cd "$(dirname "$0")/.."

place=.tools/interop
stamp=$place/complete # written last; scripts/env.sh tells the tests where all of this is
wanted=tests/interop/package.json
failed=0

has() { command -v "$1" >/dev/null; }
missing() {
  echo "missing: $1" >&2
  failed=1
}

if cmp -s "$wanted" "$place/package.json" && [ -e "$stamp" ] && has octave && has node && has Rscript; then exit 0; fi
mkdir -p "$place"
rm -f "$stamp"

# Runs R without its own messages.
r_has_hdf5r() { has Rscript && Rscript -e 'library(hdf5r); library(bit64)' >/dev/null 2>&1; }

has octave || { echo "installing Octave" && scripts/apt.sh octave; } || missing "Octave (Debian package octave)"
r_has_hdf5r || { echo "installing R with hdf5r" && scripts/apt.sh r-base-core r-cran-hdf5r r-cran-bit64 && r_has_hdf5r; } ||
  missing "R with hdf5r and bit64 (Debian packages r-cran-hdf5r, r-cran-bit64)"
has node && has npm || { echo "installing node" && scripts/apt.sh nodejs npm; } ||
  missing "node and npm (Debian packages nodejs, npm)"
if has npm; then
  echo "installing the node packages of $wanted into $place"
  cp "$wanted" "$place/package.json"
  npm install --prefix "$place" --no-audit --no-fund --loglevel=error >"$place/npm.log" 2>&1 ||
    missing "the node packages of $wanted ($place/npm.log)"
fi

[ "$failed" -eq 0 ] || exit 1
touch "$stamp"
