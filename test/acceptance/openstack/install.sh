#!/bin/bash
# Installs the Debian packages of the real OpenStack: the Python libraries and the three servers below them, no
# service packages, so that nothing is configured, started or given a user by Debian. Does nothing when all is there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
mkdir -p "$ROOT"
mapfile -t packages < <(grep -v '^#' "$HERE/packages.txt")

installed() {
  local count
  count=$(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -c '^installed$') || true
  [ "$count" = "${#packages[@]}" ]
}

install_packages() {
  # Byte-compiling 300 packages one by one takes as long as everything else, so it is done once at the end,
  # on all cores. policy-rc.d prevents rabbitmq and memcached from starting on their default ports.
  local shim=$ROOT/shim policy=/usr/sbin/policy-rc.d
  mkdir -p "$shim"
  printf '#!/bin/sh\nexit 0\n' >"$shim/py3compile"
  chmod +x "$shim/py3compile"
  if ! [ -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-cache policy python3-heat | grep 'Candidate: [0-9]' >/dev/null || apt-get update -qq
  if ! DEBIAN_FRONTEND=noninteractive PATH=$shim:/usr/sbin:/usr/bin:/sbin:/bin apt-get install -y -qq \
    --no-install-recommends -o DPkg::Lock::Timeout=900 -o Dpkg::Options::=--force-unsafe-io \
    -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "${packages[@]}" >"$ROOT/install.log" 2>&1; then
    tail -n 20 "$ROOT/install.log" >&2
    return 1
  fi
  $PYTHON -m compileall -q -j 0 -x '/(tests|locale)/' /usr/lib/python3/dist-packages >>"$ROOT/install.log" 2>&1 || true
}

# The paste pipelines are files of packages that are not installed; they are extracted from the .debs of the
# same versions.
take_paste_files() {
  local debs=$ROOT/debs p
  rm -rf "$debs" "$PASTE.new"
  mkdir -p "$debs/root" "$PASTE.new"
  (cd "$debs" && apt-get download -qq -o APT::Sandbox::User=root glance-common cinder-common neutron-common \
    nova-common heat-common)
  for p in "$debs"/*.deb; do dpkg -x "$p" "$debs/root"; done
  for p in cinder neutron nova; do
    cp "$debs/root/usr/share/$p-common/api-paste.ini" "$PASTE.new/$p-api-paste.ini"
  done
  cp "$debs/root/usr/share/glance-common/glance-api-paste.ini" "$debs/root/etc/cinder/resource_filters.json" "$PASTE.new/"
  cp "$debs/root/etc/heat/api-paste.ini" "$PASTE.new/heat-api-paste.ini"
  rm -rf "$PASTE" "$debs"
  mv "$PASTE.new" "$PASTE"
}

installed || install_packages
[ -e "$PASTE/heat-api-paste.ini" ] || take_paste_files
