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

# Lines of code (no comments) that hold a word, in library sources outside the given places.
code_outside() {
  local word=$1 places=$2
  files 'filebacked/src/*.rs' 'filebacked-derive/src/*.rs' | grep -vE "^filebacked/src/($places)" |
    xargs -r grep -nHwE "$word" | grep -vE '^[^:]+:[0-9]+:[[:space:]]*//' || true
}

breach "the C engine is named only under storage/libhdf5/ and in the escape hatches" \
  "$(code_outside 'hdf5_metno(_sys)?' 'storage/libhdf5/|file\.rs|lib\.rs|hdf5\.rs')"

breach "unsafe stands only where it is argued for" \
  "$(code_outside 'unsafe' 'storage/|lazy/mapped\.rs|rows\.rs|erased\.rs|impls/ext/')"

breach "no paths of a machine in tracked files" \
  "$(files | xargs -r grep -nHIE '(^|[^[:alnum:]_.~-])/(work|root|home)/' | cut -c1-160 || true)"

breach "every source file of the library starts with its doc (//!)" \
  "$(files 'filebacked/src/*.rs' | while read -r f; do head -n 1 "$f" | grep -q '^//!' || echo "$f"; done)"

# How many lines each source file has.
lengths=$(files '*.rs' '*.py' '*.sh' | xargs -r wc -l | awk '$2 != "total"' | sort -rn)
breach "no source file over 800 lines" "$(awk '$1 > 800 {print $1, $2}' <<<"$lengths")"
awk '$1 > 500 && $1 <= 800 {print "over 500 lines, is it still one thing? " $2 " (" $1 ")"}' <<<"$lengths"

exit "$failed"
