#!/bin/bash
# Stops the hosts and their network and keeps their state. down.sh --purge deletes the state; root file
# systems and packages are kept.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# finish NAME: terminates one of our processes, and kills its session if it does not exit.
finish() {
  local pid
  if pid=$(pid_of "$1"); then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$DIR/run/$1.pid"
}
down() {
  local name=$1
  finish "$name"
  umount -R "$DIR/$name/root" 2>/dev/null || true
  ip netns del "$name" 2>/dev/null || true
  ip link del "v-$name" 2>/dev/null || true
  if [ "${2:-}" = --purge ]; then rm -rf --one-file-system "${DIR:?}/$name"; fi
}
for home in "$DIR"/mcm-host-*; do
  [ -d "$home" ] || continue
  down "$(basename "$home")" "$@" &
done
wait
finish apt
finish metadata
ip netns del $BRIDGE 2>/dev/null || true
ip link del mcm-metadata 2>/dev/null || true
ip link del $BRIDGE 2>/dev/null || true
if [ "${1:-}" = --purge ]; then rm -rf --one-file-system "${DIR:?}"; fi
