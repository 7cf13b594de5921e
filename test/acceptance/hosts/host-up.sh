#!/bin/bash
# host-up.sh N: starts the Nth host and waits for its SSH server. Prints its name, address and release.
#   MCM_USER_DATA=FILE   user data of cloud-init's first boot; without it cloud-init is disabled
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
host "${1:?the number of the host}"
home=$DIR/$name
root=$home/root

make_network() {
  if ! [ -e "/run/netns/$name" ]; then
    ip netns add "$name"
    ip link add "v-$name" type veth peer name eth0 netns "$name"
    ip link set "v-$name" master $BRIDGE up
    ip -n "$name" link set lo up
    ip -n "$name" addr add "$address/24" dev eth0
  fi
  ip -n "$name" link set eth0 up # a test may have disconnected it
  ip -n "$name" route replace default via $GATEWAY
  ip -n "$name" route replace 169.254.169.254/32 via $METADATA
}

# personalise configures the image for one host: its name, its keys and its package sources.
personalise() {
  [ -e "$home/personalised" ] && return
  echo "$name" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >"$root/etc/hosts"
  : >"$root/etc/resolv.conf"
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  printf 'Acquire::http::Proxy "http://%s:%s";\nAcquire::http::Proxy::%s "DIRECT";\nAcquire::Languages "none";\n' $GATEWAY $APT_PORT $GATEWAY >"$root/etc/apt/apt.conf.d/01proxy"
  # A container may not set the clock, and systemd would not even start the time service: chrony only follows its sources.
  mkdir -p "$root/etc/systemd/system/chrony.service.d"
  printf '[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd -F 1 -x\n' >"$root/etc/systemd/system/chrony.service.d/container.conf"
  if [ -n "${MCM_USER_DATA:-}" ]; then
    mkdir -p "$root/var/lib/cloud/seed/nocloud" "$root/etc/cloud/cloud.cfg.d"
    cp "$MCM_USER_DATA" "$root/var/lib/cloud/seed/nocloud/user-data"
    printf 'instance-id: %s\nlocal-hostname: %s\n' "$name" "$name" >"$root/var/lib/cloud/seed/nocloud/meta-data"
    printf 'datasource_list: [NoCloud]\nnetwork: {config: disabled}\nlocale: false\nmanage_etc_hosts: false\n' >"$root/etc/cloud/cloud.cfg.d/99-acceptance.cfg"
  else
    mkdir -p "$root/etc/cloud"
    touch "$root/etc/cloud/cloud-init.disabled"
    ssh-keygen -A -f "$root" >/dev/null
  fi
  touch "$home/personalised"
}

mkdir -p "$home"/{upper,work,root}
if ! mountpoint -q "$root"; then
  mount -t overlay "$name" -o "lowerdir=$(bash "$HERE/rootfs.sh" "$suite"),upperdir=$home/upper,workdir=$home/work" "$root"
fi
make_network
personalise
background "$name" bash "$HERE/nspawn.sh" "$name" "$root"
for _ in $(seq 600); do
  if { exec 3<>"/dev/tcp/$address/22"; } 2>/dev/null && read -rt 2 banner <&3 && [[ $banner == SSH-* ]]; then
    echo "$name $address $suite"
    exit 0
  fi
  pid_of "$name" >/dev/null || break
  sleep 0.1
done
echo "$name has no SSH server, see $DIR/run/$name.log" >&2
tail -20 "$DIR/run/$name.log" >&2
exit 1
