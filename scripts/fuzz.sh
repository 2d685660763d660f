#!/usr/bin/env bash
# Fuzzes the native decoder for FUZZ_SECONDS (60 unless told), from the seeds in fuzz/seeds.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-fuzz >/dev/null && [ ! -x .tools/cargo/bin/cargo-fuzz ]; then
  cargo install --quiet cargo-fuzz --root .tools/cargo
fi
export PATH="$PWD/.tools/cargo/bin:$PATH"
# The sanitizer's flags are not stable yet; nothing but this build has them.
export RUSTC_BOOTSTRAP=1
cd fuzz
mkdir -p corpus/decode
cargo fuzz run decode corpus/decode seeds/decode -- \
  -max_total_time="${FUZZ_SECONDS:-60}" -rss_limit_mb=2048 -malloc_limit_mb=512 -timeout=10
