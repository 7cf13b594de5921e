#!/bin/bash
# nspawn.sh NAME ROOT: runs one host as a container with its own init. A reboot restarts the container; TERM shuts it down.
set -uo pipefail
name=$1 root=$2 child=
hierarchies="systemd unified memory pids cpu cpuacct"
trap '[ -z "$child" ] || kill -TERM "$child"' TERM INT

# Each host has its own control group in every mounted hierarchy.
enter_groups() {
  local h
  for h in $hierarchies; do
    mkdir -p "/sys/fs/cgroup/$h/$name" 2>/dev/null && echo "$BASHPID" >"/sys/fs/cgroup/$h/$name/cgroup.procs"
  done 2>/dev/null
}
drop_groups() {
  local h
  for h in $hierarchies; do
    find "/sys/fs/cgroup/$h/$name" -depth -type d -exec rmdir {} + 2>/dev/null
  done
}
boot() {
  enter_groups
  # Not registered anywhere: this machine may have neither systemd nor a bus. Debian 13 requires the unified hierarchy.
  exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --boot --directory="$root" --machine="$name" \
    --network-namespace-path="/run/netns/$name" --register=no --keep-unit --console=pipe --resolv-conf=off --timezone=off \
    --link-journal=no --kill-signal=SIGRTMIN+3 --capability=CAP_NET_ADMIN
}
while :; do
  (boot) &
  child=$!
  wait "$child"
  code=$?
  while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
  drop_groups
  [ "$code" = 133 ] || exit "$code" # 133: it asks for a reboot
done
