#!/usr/bin/env bash
# Checks the library with each engine alone, with each other feature beside an engine, and with all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

package=filebacked
# Switched on beside every feature: there is nothing to check without an engine.
always="native"

# The features as cargo knows them, so that a new one is checked by itself.
features=$(cargo metadata --no-deps --format-version 1 |
  sed "s/.*\"name\":\"$package\",\"version\"//" |
  grep -o '"features":{[^}]*}' | head -n 1 |
  sed 's/^"features"://' |
  grep -oE '"[^"]+":\[' | tr -d '":[')
[ -n "$features" ] || { echo "error: no features of $package found" >&2; exit 1; }

check() {
  printf '  %s\n' "$1"
  shift
  cargo clippy --quiet -p "$package" --no-default-features "$@" -- -D warnings
}

check "no C: native" --features native
check "C only: libhdf5, static" --features "libhdf5 static"
for feature in $features; do
  case " $always default libhdf5 static " in *" $feature "*) continue ;; esac
  check "$feature" --features "$always $feature"
done
check "default" --features default
check "all" --all-features

printf '  %s\n' "the conformance suite without C"
cargo test --quiet -p "$package" --no-default-features --features "native derive" --doc testing
