#!/usr/bin/env bash
# Checks the rules of the house that no compiler knows. Lists every breach, then fails.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
# Prints the breaches of one rule, if there are any.
breach() {
  [ -n "$2" ] || return 0
  printf 'house rule: %s\n%s\n' "$1" "$2" >&2
  failed=1
}

# Files of the project that exist, also those not yet committed.
files() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while read -r f; do [ -f "$f" ] && echo "$f"; done || true; }

# The sources of the library's crates.
sources() { files 'filebacked/src/*.rs' 'filebacked-*/src/*.rs'; }

# Lines of code (no comments) that hold a word, in library sources outside the given places.
code_outside() {
  local word=$1 places=$2
  sources | grep -vE "^($places)" |
    xargs -r grep -nHwE "$word" | grep -vE '^[^:]+:[0-9]+:[[:space:]]*//' || true
}

breach "the C engine is named only under libhdf5/ and in the escape hatches" \
  "$(code_outside 'hdf5_metno(_sys)?' 'filebacked-storage/src/libhdf5/|filebacked/src/(file|lib|hdf5)\.rs')"

breach "unsafe stands only where it is argued for" \
  "$(code_outside 'unsafe' 'filebacked-storage/src/|filebacked/src/(lazy/array/mapped\.rs|rows\.rs|erased\.rs|layout/sparse/parts\.rs)')"

# Crates in their order; each may depend on those before it.
order="filebacked-prerequisites filebacked-storage filebacked-derive filebacked-remote filebacked filebacked-array filebacked-stream filebacked-cli"
later=" $order "
for crate in $order; do
  later=${later/ $crate / }
  [ -f "$crate/Cargo.toml" ] || continue
  # What the crate itself needs; its tests may need more.
  needs=$(awk '/^\[/ {in_needs = /^\[dependencies\]|^\[target.*\.dependencies\]/} in_needs' "$crate/Cargo.toml" | grep -oE '^filebacked[a-z-]*' || true)
  for need in $needs; do
    case "$later" in *" $need "*) breach "a crate depends only on those before it in: $order" "$crate needs $need" ;; esac
  done
done

# The names that the root of the library re-exports; modules have names of their own.
names=$(tr '\n' ' ' <filebacked/src/lib.rs | grep -oE 'pub use [^;]*;' |
  sed -E 's/.*pub use //; s/.*::\{?//; s/[};]//g' | tr ',' '\n' | tr -d ' ' | grep -v '^$' | sort -u | wc -l)
[ "$names" -le 40 ] || breach "at most 40 names at the root of filebacked" "$names"

# Lists and modules decide what a build contains, not conditions inside functions.
conditions=$(sources | xargs -r grep -hE 'cfg(_attr)?!?\(.*feature' | grep -vcE '^[[:space:]]*//' || true)
[ "$conditions" -le 150 ] || breach "at most 150 conditions on features" "$conditions"
breach "no condition on a feature inside a function of filebacked" \
  "$(files 'filebacked/src/*.rs' | xargs -r grep -nE '^ {8,}#\[cfg\(.*feature|cfg!\(.*feature' | grep -v 'filebacked/src/value/build.rs' || true)"

breach "no paths of a machine in tracked files" \
  "$(files | xargs -r grep -nHIE '(^|[^[:alnum:]_.~-])/(work|root|home)/' | cut -c1-160 || true)"

breach "every source file of the library starts with its doc (//!)" \
  "$(sources | grep -v '^filebacked-derive/' | while read -r f; do head -n 1 "$f" | grep -q '^//!' || echo "$f"; done)"

# How many lines each source file has.
lengths=$(files '*.rs' '*.py' '*.sh' | xargs -r wc -l | awk '$2 != "total"' | sort -rn)
breach "no source file over 800 lines" "$(awk '$1 > 800 {print $1, $2}' <<<"$lengths")"
awk '$1 > 500 && $1 <= 800 {print "over 500 lines, is it still one thing? " $2 " (" $1 ")"}' <<<"$lengths"

exit "$failed"
