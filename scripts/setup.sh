#!/usr/bin/env bash
# Installs what tests need on a Debian machine: a browser and the linters of shell scripts. Safe to repeat.
set -euo pipefail
need=()
command -v chromium >/dev/null || need+=(chromium fonts-dejavu-core)
command -v shellcheck >/dev/null || need+=(shellcheck)
if [ ${#need[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "install these packages first: ${need[*]}" >&2
    exit 1
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${need[@]}"
fi
