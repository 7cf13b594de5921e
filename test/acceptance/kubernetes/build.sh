#!/bin/bash
# Builds the control plane, the kubelet and the helpers, takes containerd, runc and the network plugins out of their
# Debian packages, and makes the images of the real node. What is there is kept; the first build takes minutes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
mkdir -p "$CACHE" "$IMAGES"

need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=900 "$2" >/dev/null
}

build_binaries() {
  local info=k8s.io/component-base/version flags new=$BIN.new
  flags="-s -w -X $info.gitVersion=$VERSION -X $info.gitMajor=1 -X $info.gitMinor=36 -X $info.gitTreeState=clean"
  rm -rf "$new"
  mkdir -p "$new"
  cd "$HERE"
  CGO_ENABLED=0 nice "$GO" build -trimpath -ldflags "$flags" -o "$new/" ./cmd/... k8s.io/kubernetes/cmd/kubelet
  find "$CACHE" -maxdepth 1 -name 'bin-*' ! -path "$new" -exec rm -rf {} +
  mv "$new" "$BIN"
}

unpack_runtime() {
  local new=$RUNTIME.new d
  rm -rf "$new"
  mkdir -p "$new/debs"
  (cd "$new/debs" && apt-get download -qq -o APT::Sandbox::User=root containerd runc containernetworking-plugins)
  for d in "$new"/debs/*.deb; do dpkg -x "$d" "$new"; done
  rm -rf "$new/debs" "$RUNTIME"
  mv "$new" "$RUNTIME"
}

make_pause() {
  mkdir -p "$CACHE/pause"
  cp "$BIN/pause" "$CACHE/pause/"
  "$BIN/mkimage" "$CACHE/pause" docker.io/mcm/pause:1 "$IMAGES/pause.tar" /pause
}

# The only application image: Debian with chrony, for the app ntp.
make_chrony() {
  local root=$CACHE/chrony-root
  need debootstrap debootstrap
  rm -rf "$root"
  if ! debootstrap --variant=minbase --include=chrony,procps bookworm "$root" >"$CACHE/chrony.log" 2>&1; then
    tail -n 20 "$CACHE/chrony.log" >&2
    return 1
  fi
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
  "$BIN/mkimage" "$root" docker.io/mcm/chrony:1 "$IMAGES/chrony.tar" /usr/sbin/chronyd -d -x
  rm -rf "$root"
}

need ip iproute2
need pgrep procps
need nsenter util-linux
[ -x "$BIN/kubelet" ] || build_binaries
[ -x "$RUNTIME/usr/bin/containerd" ] || unpack_runtime
[ -s "$IMAGES/pause.tar" ] || make_pause
[ -s "$IMAGES/chrony.tar" ] || make_chrony
