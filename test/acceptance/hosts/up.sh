#!/bin/bash
# up.sh [N]: starts N real hosts (6 by default) with three Debian releases in turn, on a separate bridge. Idempotent: running
# hosts are left unchanged. The first run builds the root file systems, which takes a few minutes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
count=${1:-6}
mkdir -p "$DIR"/{run,servers,bin} "$CACHE/packages"
chmod 700 "$DIR"
read -ra suites <<<"$SUITES"
for ((i = 0; i < ${#suites[@]} && i < count; i++)); do bash "$HERE/rootfs.sh" "${suites[$i]}" >/dev/null; done
(cd "$HERE" && GOTOOLCHAIN=local "$GO" build -trimpath -o "$DIR/bin/lan" ./lan)

if ! ip link show $BRIDGE >/dev/null 2>&1; then
  ip link add $BRIDGE type bridge
  ip addr add $GATEWAY/24 dev $BRIDGE
  ip link set $BRIDGE up
fi
# The metadata service runs in a separate namespace: this machine may need the well-known address for its own.
if ! [ -e /run/netns/$BRIDGE ]; then
  ip netns add $BRIDGE
  ip link add mcm-metadata type veth peer name eth0 netns $BRIDGE
  ip link set mcm-metadata master $BRIDGE up
  ip -n $BRIDGE link set lo up
  ip -n $BRIDGE addr add $METADATA/24 dev eth0
  ip -n $BRIDGE addr add 169.254.169.254/32 dev eth0
  ip -n $BRIDGE link set eth0 up
fi
upstream=$(mirror)
upstream=${upstream#http://}
background apt "$DIR/bin/lan" apt -listen "$GATEWAY:$APT_PORT" -dir "$CACHE/packages" -host "${upstream%%/*}"
background metadata ip netns exec $BRIDGE "$DIR/bin/lan" metadata -listen 169.254.169.254:80 -dir "$DIR/servers"

pids=()
for ((i = 1; i <= count; i++)); do
  bash "$HERE/host-up.sh" "$i" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
