#!/bin/bash
# Shows that cloud-init takes the user data in deploy/cloud-init and that this OpenStack takes, makes and removes the
# stack in deploy/heat with each preset.   check-stack.sh [PRESET...]
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
deploy=$HERE/../../../deploy
if [ $# = 0 ]; then set -- small ha; fi

# cloud-init's own checker, extracted from its package: an installed cloud-init would configure this machine
# at the next boot.
checker() {
  local new=$ROOT/cloud-init.new
  if ! [ -d "$ROOT/cloud-init" ]; then
    rm -rf "$new"
    mkdir -p "$new"
    (cd "$new" && apt-get download -qq -o APT::Sandbox::User=root cloud-init && dpkg -x cloud-init_*.deb .)
    mv "$new" "$ROOT/cloud-init"
  fi
  PYTHONPATH=$ROOT/cloud-init/usr/lib/python3/dist-packages $PYTHON -m cloudinit.cmd.main schema "$@"
}

parameters() {
  cat <<X
parameters:
  image: debian-12
  external_network: public
  manager_public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBfGsZPfpc9Gd4Hbkd3Kx8Yq5a4ROKHLpHvKUwD8m0pQ check
  k3s_token: $(head -c 24 /dev/urandom | base64 | tr -dc a-zA-Z0-9)
  cloud_conf: $(printf '[Global]\nauth-url=http://192.0.2.1:5000/v3\n' | base64 -w0)
X
}

for role in master node etcd; do checker -c "$deploy/cloud-init/$role.yaml"; done
# shellcheck source=/dev/null
. "$ROOT/openrc-demo"
mine=$(mktemp)
trap 'rm -f "$mine"' EXIT
parameters >"$mine"
for preset; do
  stack=(-t "$deploy/heat/stack.yaml" -e "$deploy/heat/$preset.env.yaml" -e "$mine")
  openstack orchestration template validate "${stack[@]}" >/dev/null
  say "$preset: valid"
  openstack stack create "${stack[@]}" --tags mcm --timeout 10 --wait "check-$preset" >/dev/null
  say "$preset: $(openstack stack show -f value -c stack_status "check-$preset")"
  openstack stack delete --yes --wait "check-$preset" >/dev/null
  say "$preset: removed"
done
