#!/usr/bin/env bash
# Installs system packages where that is allowed (root and apt-get); otherwise fails silently.
set -euo pipefail

[ "$(id -u)" -eq 0 ] || exit 1
command -v apt-get >/dev/null || exit 1
export DEBIAN_FRONTEND=noninteractive

# Waits for another package manager instead of failing beside it.
install() { apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; }

# Package lists may be missing or old on a fresh machine.
install "$@" || { apt-get -o DPkg::Lock::Timeout=120 update -qq >/dev/null 2>&1 && install "$@"; }
