#!/usr/bin/env bash
# Checks the library with no feature, with each feature alone and with all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

package=filebacked
# Switched on in every check; set it to nothing once the library compiles without the C engine.
always="libhdf5 static"

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
  cargo check --quiet -p "$package" --no-default-features "$@"
}

check "none${always:+ (beside $always)}" --features "$always"
for feature in $features; do
  case " $always default " in *" $feature "*) continue ;; esac
  check "$feature" --features "$always $feature"
done
check "default" --features default
check "all" --all-features
