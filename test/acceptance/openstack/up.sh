#!/bin/bash
# Starts a complete OpenStack on loopback, from Debian packages, with a fake hypervisor, network and block device.
# Idempotent: it starts the services that are down and waits until all respond.
#   up.sh           start, and create the state on the first run
#   up.sh --fresh   delete the state first
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

bash "$HERE/install.sh"
if [ "${1:-}" = --fresh ]; then bash "$HERE/down.sh" --purge; fi
mkdir -p "$LOG" "$RUN" "$ETC"/{keystone,glance,cinder,neutron,nova,heat,placement,swift} \
  "$STATE"/{mysql,rabbit,glance/images,glance/staging,cinder/volumes,nova/instances,keystone,heat/env,heat/tpl,locks,swift/d1}
if ! [ "$ETC/.done" -nt "$HERE/lib/config.sh" ] || ! [ "$ETC/.done" -nt "$HERE/env.sh" ]; then
  # shellcheck source-path=SCRIPTDIR source=lib/config.sh
  . "$HERE/lib/config.sh"
  touch "$ETC/.done"
  say 'configuration written'
fi

# The template is the freshly seeded state (database, keys, images) for these package versions, so that a new
# cloud costs no more than a restart. The password and the directory are part of the database's content.
template() {
  {
    dpkg-query -W -f '${Package} ${Version}\n' python3-{keystone,glance,cinder,neutron,nova,heat,placement} mariadb-server-core
    cat "$HERE/lib/seed.py" "$HERE/lib/config.sh" "$HERE/lib/schemas.sh"
    echo "$PASSWORD $ROOT"
  } | sha256sum | cut -c1-12
}
TEMPLATE=$ROOT/template-$(template).tgz

keep_template() { # a copy of the files is consistent only while mariadb is down; the services reconnect
  stop mariadb
  tar -C "$STATE" -czf "$TEMPLATE.new" mysql keystone glance .seeded
  mv "$TEMPLATE.new" "$TEMPLATE"
  find "$ROOT" -maxdepth 1 -name 'template-*.tgz' ! -path "$TEMPLATE" -delete
  start mariadb
  wait_mariadb
  say "template kept"
}

seed() { PASSWORD=$PASSWORD PYTHONDONTWRITEBYTECODE=1 $PYTHON "$HERE/lib/seed.py" "$@"; }

first=
if ! [ -e "$STATE/.seeded" ]; then
  first=yes
  if [ -e "$TEMPLATE" ]; then
    rm -rf "$STATE/mysql"
    tar -C "$STATE" -xzf "$TEMPLATE"
    first=
    say 'state unpacked from the template'
  fi
fi
start epmd
start memcached
# RabbitMQ fails immediately if epmd does not listen yet, as on a busy machine.
for _ in $(seq 100); do
  if epmd -port 43690 -names >/dev/null 2>&1; then break; fi
  start epmd
  sleep 0.1
done
start rabbitmq
if ! [ -d "$STATE/mysql/mysql" ]; then
  mariadb-install-db --defaults-file="$ETC/my.cnf" --user=root --auth-root-authentication-method=normal \
    --skip-test-db --skip-name-resolve >"$LOG/mariadb-install.out" 2>&1
  say 'database directory made'
fi
start mariadb
wait_mariadb
say 'mariadb answers'
if [ -n "$first" ]; then
  # shellcheck source-path=SCRIPTDIR source=lib/schemas.sh
  . "$HERE/lib/schemas.sh"
  say 'schemas made, keystone bootstrapped'
fi
[ -e "$ETC/swift/object.ring.gz" ] || bash "$HERE/lib/rings.sh"

# Keystone and placement first: nova-scheduler exits without them, and conductor and compute wait in vain.
# The start is CPU-bound, so waiting for these two costs nothing.
start keystone
start placement
wait_http keystone
wait_http placement
say 'keystone, placement answer'
if [ -n "$first" ]; then seed identity && say 'identity seeded'; fi
for s in $SERVICES; do
  if [ "$s" != nova-compute ]; then start "$s"; fi
done
for s in nova-api neutron-server glance-api cinder-api; do wait_http $s; done
start nova-compute # if it starts before nova-conductor, its first calls are lost for a minute
for s in heat-api swift-object swift-container swift-account swift-proxy; do wait_http $s; done
say 'every API answers'
seed wait
say 'compute, volume, heat engine up'
if [ -n "$first" ]; then
  seed cloud
  touch "$STATE/.seeded"
  say 'cloud seeded (flavors, images, public network, quotas)'
  keep_template
fi
say "ready: . $ROOT/openrc-demo   (also openrc-admin, openrc-viewer, clouds.yaml)"
