#!/usr/bin/env bash
# Builds every example of the workspace and runs each one from the root of the project.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --workspace --examples --all-features
metadata=$(cargo metadata --no-deps --format-version 1)
directory=$(grep -o '"target_directory":"[^"]*"' <<<"$metadata" | cut -d '"' -f 4)/debug/examples
names=$(grep -oE '"kind":\["example"\],"crate_types":\["bin"\],"name":"[^"]+"' <<<"$metadata" | cut -d '"' -f 12 || true)

for name in $names; do
  printf '  %s\n' "$name"
  # The output of an example only matters when it fails.
  if ! output=$("$directory/$name" 2>&1 </dev/null); then
    printf '%s\nerror: example %s failed\n' "$output" "$name" >&2
    exit 1
  fi
done
