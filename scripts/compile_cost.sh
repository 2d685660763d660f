#!/usr/bin/env bash
# What a user's program costs to build: CPU seconds of the program's own crate, and bytes of its code, beside serde with
# bincode. Of each the difference between thirty fields and one counts. A few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
root=$PWD
target=$(cargo metadata --no-deps --format-version 1 | grep -o '"target_directory":"[^"]*"' | cut -d '"' -f 4)
directory=$target/bench/compile
mkdir -p "$directory/src"
cp benches/compile/main.rs "$directory/src/main.rs"
cp Cargo.lock "$directory/Cargo.lock"
cat >"$directory/Cargo.toml" <<TOML
[package]
name = "compile-cost"
version = "0.0.0"
edition = "2024"
publish = false
[workspace]
[features]
one = []
ours = ["dep:filebacked"]
twin = ["dep:serde", "dep:bincode"]
[dependencies]
filebacked = { path = "$root/filebacked", optional = true }
serde = { version = "1", features = ["derive"], optional = true }
bincode = { version = "2", features = ["serde"], optional = true }
[profile.dev]
incremental = false
[profile.dev.package.hdf5-metno-src]
opt-level = 2
debug = false
TOML
export CARGO_TARGET_DIR=$target/bench/compile/target

# CPU seconds of the last crate in the least of three builds, and the bytes of its code and data.
build() {
  local profile=$1 features=$2 flags=() folder=debug best="" seconds
  [ "$profile" = debug ] || { flags=(--release); folder=release; }
  for _ in 1 2 3 4; do
    touch "$directory/src/main.rs"
    seconds=$({ TIMEFORMAT='%U %S'; time cargo build --quiet --manifest-path "$directory/Cargo.toml" "${flags[@]}" \
      --no-default-features --features "$features" >&2; } 2>&1 | tail -n 1 | awk '{print $1 + $2}')
    # The first build makes the dependencies too.
    if [ -z "$best" ]; then best=9999; else best=$(awk -v a="$best" -v b="$seconds" 'BEGIN {print a < b ? a : b}'); fi
  done
  echo "$best $(size "$CARGO_TARGET_DIR/$folder/compile-cost" | awk 'NR == 2 {print $1 + $2}')"
}

for profile in debug release; do
  for system in ours twin; do
    read -r large large_bytes < <(build "$profile" "$system")
    read -r one one_bytes < <(build "$profile" "$system,one")
    printf '%s %s %s %s %s %s\n' "$profile" "$system" "$large" "$one" "$large_bytes" "$one_bytes"
  done
done | awk '
  { cpu[$1, $2] = $3 - $4; bytes[$1, $2] = $5 - $6; printf "%-8s %-5s thirty fields %6.2f s %9d bytes, one %6.2f s %9d bytes\n", $1, $2, $3, $5, $4, $6 }
  END {
    for (i = 1; i <= 2; i++) {
      p = i == 1 ? "debug" : "release"
      printf "%-8s difference: CPU %.2f s / %.2f s = %.2f; code %d / %d bytes = %.2f\n", p, cpu[p, "ours"], cpu[p, "twin"], cpu[p, "ours"] / cpu[p, "twin"], bytes[p, "ours"], bytes[p, "twin"], bytes[p, "ours"] / bytes[p, "twin"]
    }
  }'
