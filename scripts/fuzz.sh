#!/usr/bin/env bash
# Fuzzes the native decoder for FUZZ_SECONDS (60 unless told): files of this library from the seeds in fuzz/seeds, and files of
# others, which are made where there is Python, that nobody trusts.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-fuzz >/dev/null && [ ! -x .tools/cargo/bin/cargo-fuzz ]; then
  cargo install --quiet cargo-fuzz --root .tools/cargo
fi
export PATH="$PWD/.tools/cargo/bin:$PATH"
# The sanitizer's flags are not stable yet; nothing but this build has them.
export RUSTC_BOOTSTRAP=1
seconds=${FUZZ_SECONDS:-60}

foreign=fuzz/corpus/foreign
mkdir -p fuzz/corpus/decode fuzz/corpus/handles "$foreign"
[ -z "${FILEBACKED_PYTHON:-}" ] || "$FILEBACKED_PYTHON" tests/python/hostile.py "$foreign"

cd fuzz
run() {
  cargo fuzz run "$1" "corpus/$1" "${@:2}" -- \
    -max_total_time=$((seconds / 2)) -rss_limit_mb=2048 -malloc_limit_mb=512 -timeout=10 -max_len=65536
}
run decode seeds/decode
run handles seeds/decode corpus/foreign
