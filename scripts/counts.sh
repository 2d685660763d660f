#!/usr/bin/env bash
# Counts the instructions that it takes to save and to load W1 in memory: the same on a busy machine as on a quiet one.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

if ! command -v valgrind >/dev/null; then
  echo "instructions are not counted: valgrind is missing" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 0
fi

cargo build --quiet --release -p filebacked-bench
target=$(cargo metadata --no-deps --format-version 1 | grep -o '"target_directory":"[^"]*"' | cut -d '"' -f 4)
directory=$target/bench
mkdir -p "$directory"

# The instructions of so many repetitions, with the start of the program.
instructions() {
  valgrind --tool=callgrind --callgrind-out-file="$directory/callgrind.$1" \
    "$target/release/bench" --repeat "$1" "$2" 2>&1 | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

for what in encode decode; do
  # The difference of two runs is without the start, and without what only the first repetition does.
  few=$(instructions "$what" 1000)
  many=$(instructions "$what" 3000)
  printf 'W1 %s: %d instructions\n' "$what" $(((many - few) / 2000))
done
echo "where they go: callgrind_annotate $directory/callgrind.encode (or .decode)"
