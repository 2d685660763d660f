#!/usr/bin/env bash
# The tests that have a length, at full length, in release builds: what docs/RELIABILITY.md counts. MINUTES (30 unless told) is
# about how long it takes, fuzzing included.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

minutes=${MINUTES:-30}
run() { cargo test --quiet --release -p filebacked-tests "$@"; }

printf '\n== every call of a save, an update and a repacking, as the last one and as one that fails ==\n'
FILEBACKED_FAULTS=all run --test process --test storage -- --nocapture --test-threads=1 faults
printf '\n== every block of 20 GiB ==\n'
FILEBACKED_ALL_BLOCKS=1 run --test memory -- --nocapture twenty_gibibytes
printf '\n== mutants of files ==\n'
FILEBACKED_MUTANTS=$((minutes * 2000)) run --test process --test storage -- --nocapture --test-threads=1 hostile
printf '\n== random types and values, read and written by both languages ==\n'
FILEBACKED_CASES=$((minutes * 50)) run --test types -- --nocapture differential declared_types
printf '\n== races, again and again ==\n'
for _ in $(seq "$minutes"); do
  run --test process -- readers_find_whole_values
done
printf '\n== fuzzing ==\n'
FUZZ_SECONDS=$((minutes * 20)) scripts/fuzz.sh
