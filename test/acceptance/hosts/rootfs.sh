#!/bin/bash
# rootfs.sh SUITE: prints the path of a Debian release's root file system. It is built once and then the read-only lower
# layer of the hosts. The oldest release is minimal (no python3, sudo or cloud-init, and wget instead of curl), so that
# enrollment has something to install.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
suite=${1:?a release of Debian}
out=$CACHE/rootfs/$suite-$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-12)
if [ -d "$out" ]; then
  echo "$out"
  exit 0
fi
packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,ca-certificates,iproute2,procps,netbase
case $suite in
  bullseye) packages+=,wget ;;
  *) packages+=,python3,python3-apt,sudo,curl,cloud-init ;;
esac
mkdir -p "$CACHE/rootfs"
new=$(mktemp -d "$CACHE/rootfs/$suite.XXXXXX")
trap 'rm -rf --one-file-system "$new"' EXIT
nice mmdebstrap --mode=root --variant=minbase --include="$packages" --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$new/root" "$(mirror)" >&2
# The identity of a host is not part of the image.
rm -f "$new"/root/etc/ssh/ssh_host_* "$new/root/usr/sbin/policy-rc.d" "$new/root/etc/resolv.conf" "$new/root/var/lib/dbus/machine-id"
: >"$new/root/etc/machine-id"
chroot "$new/root" systemctl mask systemd-udevd.service systemd-modules-load.service sys-kernel-debug.mount \
  sys-kernel-tracing.mount getty.target console-getty.service systemd-firstboot.service >/dev/null 2>&1
# Empty package lists with today's date would count as fresh, and Ansible's apt would not update them.
touch -d @0 "$new/root/var/lib/apt/lists"
mv "$new/root" "$out"
echo "$out"
