#!/usr/bin/env bash
# Runs tests of what calls C, or reads what others have written, under valgrind: invalid reads and writes, use of what was
# never written, and memory that nobody can give back any more fail. ARGS are filters of tests instead of the usual ones.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
command -v valgrind >/dev/null || scripts/apt.sh valgrind

tests=("$@")
[ ${#tests[@]} -gt 0 ] ||
  tests=(smoke:: lazy:: lazy_array:: into:: compound:: foreign_values:: codecs:: errors:: store:: store_faults::)
# Their time would be that of Python.
unset FILEBACKED_PYTHON FILEBACKED_H5DUMP CI
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="valgrind --quiet --error-exitcode=99 --leak-check=full \
  --show-leak-kinds=definite --errors-for-leak-kinds=definite --num-callers=30"
cargo test --quiet -p filebacked-tests --tests -- --test-threads=2 "${tests[@]}"
