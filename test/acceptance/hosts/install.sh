#!/bin/bash
# Installs what the hosts and their tests need on a Debian machine. Safe to repeat.
set -euo pipefail
need=()
want() { command -v "$1" >/dev/null || need+=("${2:-$1}"); }
want mmdebstrap
want systemd-nspawn systemd-container
want ip iproute2
want nft nftables
want ansible-playbook ansible-core
want ansible-lint
want cloud-init
want ssh-keygen openssh-client
want gpg gnupg
want pgrep procps
if [ ${#need[@]} -gt 0 ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${need[@]}"
fi
