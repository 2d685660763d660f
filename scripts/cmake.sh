#!/usr/bin/env bash
# Makes sure that there is a cmake to build HDF5 with: on PATH, or installed into .tools/cmake.
set -euo pipefail
cd "$(dirname "$0")/.."

needed=3.26 # what HDF5 2 asks for

# Is there such a program, and is it new enough?
usable() {
  local version
  version=$("$1" --version 2>/dev/null | sed -n 's/^cmake version //p') || return 1
  [ -n "$version" ] && printf '%s\n%s\n' "$needed" "$version" | sort -V -C
}

# From the Python registry, in an environment of its own.
by_python() {
  rm -rf .tools/cmake
  python3 -m venv .tools/cmake && .tools/cmake/bin/python -m pip install -q "cmake>=$needed,<5"
}

if usable .tools/bin/cmake || usable cmake; then exit 0; fi

mkdir -p .tools/bin
if ! usable .tools/cmake/bin/cmake; then
  echo "cmake $needed or newer is missing, installing it into .tools/cmake"
  by_python >.tools/cmake.log 2>&1 || { scripts/apt.sh python3-venv && by_python >.tools/cmake.log 2>&1; } || true
fi
if usable .tools/cmake/bin/cmake; then
  # Only this one program goes on PATH, not the environment's python beside it.
  ln -sf ../cmake/bin/cmake .tools/bin/cmake
  exit 0
fi

if scripts/apt.sh cmake && usable cmake; then exit 0; fi

echo "error: cmake $needed or newer is needed to build HDF5 and could not be installed (.tools/cmake.log says why): please install it" >&2
exit 1
