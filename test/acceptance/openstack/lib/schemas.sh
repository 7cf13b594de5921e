# Sourced by up.sh on the first start: databases, schemas and the Keystone bootstrap, three projects at a time.
# shellcheck shell=bash
for d in keystone glance cinder neutron nova nova_api nova_cell0 heat placement; do
  echo "CREATE DATABASE IF NOT EXISTS $d CHARACTER SET utf8mb3;"
done | mariadb -uroot -S "$SOCK"

sync_nova() {
  tool nova-manage api_db sync && tool nova-manage cell_v2 map_cell0 && tool nova-manage db sync || return
  tool nova-manage cell_v2 list_cells | grep -q cell1 || tool nova-manage cell_v2 create_cell --name=cell1
}

sync_keystone() {
  local url=http://127.0.0.1:5000/v3
  tool keystone-manage db_sync &&
    tool keystone-manage fernet_setup --keystone-user root --keystone-group root &&
    tool keystone-manage credential_setup --keystone-user root --keystone-group root &&
    tool keystone-manage bootstrap --bootstrap-password "$PASSWORD" --bootstrap-region-id RegionOne \
      --bootstrap-admin-url $url --bootstrap-public-url $url --bootstrap-internal-url $url &&
    tool placement-manage db sync && tool glance-manage db_sync
}

sync_others() { tool neutron-db-manage upgrade head && tool cinder-manage db sync && tool heat-manage db_sync; }

jobs_=()
for part in nova keystone others; do
  "sync_$part" >"$LOG/schema-$part.out" 2>&1 &
  jobs_+=($!)
done
for j in "${jobs_[@]}"; do
  wait "$j" || { echo "making the schemas failed, see $LOG/schema-*.out" >&2; exit 1; }
done
