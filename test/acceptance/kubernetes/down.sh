#!/bin/bash
# Stops the cluster: nodes, control plane, namespace. down.sh --purge also deletes its objects, keys and
# volumes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
for file in "$DIR"/run/*.pid; do
  [ -e "$file" ] || continue
  name=$(basename "$file" .pid)
  case $name in control | gate) ;; *) finish "$name" ;; esac
done
finish gate
finish control
if [ -e /run/netns/$NETNS ]; then ip netns del $NETNS; fi
for group in /sys/fs/cgroup/*/mcm-kube-* /sys/fs/cgroup/mcm-kube-*; do
  [ -d "$group" ] || continue
  find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
done
if [ "${1:-}" = --purge ]; then rm -rf "$DIR"; fi
