#!/usr/bin/env bash
# Builds and runs the benchmarks; arguments go to the program (`scripts/bench.sh --help`). Without Python, or where its
# packages cannot be had, the Python peers are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

# A script of its own measures the build cost of a user's program.
if [ "${1:-}" = compile ]; then
  exec scripts/compile_cost.sh
fi

venv=.tools/bench-python
wanted=benches/python/requirements.txt
stamp=$venv/requirements.txt # a copy of what was installed, written last

# Makes the environment of the Python peers, with the Python of the tests if there is one.
environment() {
  if cmp -s "$wanted" "$stamp" && "$venv/bin/python" -c '' 2>/dev/null; then return 0; fi
  local python=${FILEBACKED_PYTHON:-python3}
  echo "installing the Python packages of $wanted into $venv"
  rm -rf "$venv"
  mkdir -p .tools
  {
    { "$python" -m venv "$venv" || python3 -m venv "$venv"; } &&
      "$venv/bin/python" -m pip install -q -r "$wanted" &&
      "$venv/bin/python" -c 'import h5py, numpy, scipy'
  } >.tools/bench-python.log 2>&1 && cp "$wanted" "$stamp"
}

cargo build --release -p filebacked-bench
if [ -z "${FILEBACKED_BENCH_PYTHON:-}" ]; then
  if environment; then
    FILEBACKED_BENCH_PYTHON=$PWD/$venv/bin/python
  else
    echo "no Python environment could be made (.tools/bench-python.log says why)" >&2
  fi
fi
export FILEBACKED_BENCH_PYTHON=${FILEBACKED_BENCH_PYTHON:-}

target=$(cargo metadata --no-deps --format-version 1 | grep -o '"target_directory":"[^"]*"' | cut -d '"' -f 4)
exec "$target/release/bench" "$@"
