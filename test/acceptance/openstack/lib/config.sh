# Sourced by up.sh: writes every configuration file below $ETC.
# shellcheck shell=bash
dburl() { echo "mysql+pymysql://root@localhost/$1?charset=utf8&unix_socket=$SOCK"; }
db() { printf '[database]\nconnection = %s\nmax_pool_size = 5\nmax_overflow = 20\n' "$(dburl "$1")"; }
ident() { cat <<X
auth_type = password
auth_url = http://127.0.0.1:5000/v3
project_domain_name = Default
user_domain_name = Default
project_name = service
username = $1
password = $PASSWORD
region_name = RegionOne
X
}
authtoken() { cat <<X
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:5000/v3
memcached_servers = 127.0.0.1:11219
service_token_roles_required = true
$(ident "$1")
X
}
common() { # project: logging, messaging
cat <<X
[DEFAULT]
use_stderr = true
debug = false
host = mcm
rpc_response_timeout = 20
transport_url = ${2:-rabbit://guest:guest@127.0.0.1:5672/}
default_log_levels = amqp=WARN,sqlalchemy=WARN,oslo.messaging=WARN,oslo_messaging=WARN,urllib3=WARN,keystonemiddleware=WARN,keystoneauth=WARN,stevedore=WARN,taskflow=WARN,routes.middleware=WARN,eventlet.wsgi.server=WARN
X
}
messaging() { printf '[oslo_messaging_rabbit]\nrabbit_retry_interval = 1\nrabbit_retry_backoff = 0\nrabbit_interval_max = 1\nheartbeat_timeout_threshold = 20\n[oslo_concurrency]\nlock_path = %s\n[oslo_messaging_notifications]\ndriver = noop\n' "$STATE/locks"; }

cat >"$ETC/my.cnf" <<X
[mariadbd]
datadir=$STATE/mysql
socket=$SOCK
pid-file=$STATE/mysql/mysqld.pid
user=root
skip-networking
skip-name-resolve
log-error=$LOG/mariadb.err
max_connections=400
innodb_buffer_pool_size=128M
innodb_log_file_size=48M
innodb_flush_log_at_trx_commit=0
innodb_doublewrite=0
innodb_flush_method=nosync
innodb_file_per_table=0
performance_schema=OFF
skip-log-bin
character-set-server=utf8mb3
X
cat >"$ETC/rabbitmq.conf" <<X
loopback_users = none
log.file.level = warning
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
X
echo '[].' >"$STATE/rabbit/enabled_plugins"

{ cat <<X
[DEFAULT]
use_stderr = true
$(db keystone)
[token]
provider = fernet
expiration = 43200
[fernet_tokens]
key_repository = $STATE/keystone/fernet
[credential]
key_repository = $STATE/keystone/credential
[identity]
password_hash_rounds = 4
[cache]
enabled = true
backend = oslo_cache.dict
X
} >"$ETC/keystone/keystone.conf"

cat >"$ETC/placement/placement.conf" <<X
[DEFAULT]
use_stderr = true
[api]
auth_strategy = keystone
[placement_database]
connection = $(dburl placement)
$(authtoken placement)
X

{ common glance; cat <<X
bind_host = 127.0.0.1
bind_port = 9292
workers = 0
node_staging_uri = file://$STATE/glance/staging
enabled_import_methods = [glance-direct,copy-image]
[glance_store]
stores = file
default_store = file
filesystem_store_datadir = $STATE/glance/images
[paste_deploy]
flavor = keystone
config_file = $PASTE/glance-api-paste.ini
X
db glance; authtoken glance; messaging; } >"$ETC/glance/glance.conf"

{ common cinder; cat <<X
state_path = $STATE/cinder
osapi_volume_listen = 127.0.0.1
osapi_volume_workers = 1
api_paste_config = $PASTE/cinder-api-paste.ini
resource_query_filters_file = $PASTE/resource_filters.json
auth_strategy = keystone
periodic_fuzzy_delay = 0
enabled_backends = fakecloud
glance_api_servers = http://127.0.0.1:9292
report_interval = 5
service_down_time = 30
[fakecloud]
volume_driver = fakecloud.cinder_driver.FileDriver
volume_backend_name = fakecloud
fakecloud_volumes_dir = $STATE/cinder/volumes
volume_clear = none
[nova]
interface = public
$(ident cinder)
[service_user]
send_service_user_token = true
$(ident cinder)
X
db cinder; authtoken cinder; messaging; } >"$ETC/cinder/cinder.conf"

{ common neutron fake://; cat <<X
state_path = $STATE/neutron
bind_host = 127.0.0.1
bind_port = 9696
api_workers = 0
rpc_workers = 0
rpc_state_report_workers = 0
auth_strategy = keystone
api_paste_config = $PASTE/neutron-api-paste.ini
core_plugin = ml2
service_plugins = fakecloud_router
enable_traditional_dhcp = false
dhcp_agent_notification = false
router_auto_schedule = false
notify_nova_on_port_status_changes = true
notify_nova_on_port_data_changes = true
[ml2]
type_drivers = local,flat,vlan,vxlan
tenant_network_types = vxlan
mechanism_drivers = fakecloud
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:200
[ml2_type_vxlan]
vni_ranges = 1:10000
[nova]
$(ident neutron)
X
db neutron; authtoken neutron; messaging; } >"$ETC/neutron/neutron.conf"

{ common nova; cat <<X
state_path = $STATE/nova
instances_path = $STATE/nova/instances
compute_driver = fakecloud.nova_driver.FileFakeDriver
osapi_compute_listen = 127.0.0.1
osapi_compute_workers = 1
enabled_apis = osapi_compute
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
allow_resize_to_same_host = true
report_interval = 5
service_down_time = 30
sync_power_state_interval = 60
running_deleted_instance_action = noop
periodic_fuzzy_delay = 0
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = $PASTE/nova-api-paste.ini
[api_database]
connection = $(dburl nova_api)
max_pool_size = 5
max_overflow = 20
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 3
[vnc]
enabled = true
server_listen = 127.0.0.1
server_proxyclient_address = 127.0.0.1
novncproxy_base_url = http://127.0.0.1:6080/vnc_auto.html
[neutron]
$(ident nova)
[placement]
$(ident nova)
[cinder]
os_region_name = RegionOne
$(ident nova)
[glance]
api_servers = http://127.0.0.1:9292
[service_user]
send_service_user_token = true
$(ident nova)
X
db nova; authtoken nova; messaging; } >"$ETC/nova/nova.conf"

# nova-compute must not have a database configured: it would try to connect and be refused
sed -e '/^\[api_database\]/,/^max_overflow/d' -e '/^\[database\]/,/^max_overflow/d' "$ETC/nova/nova.conf" >"$ETC/nova/nova-compute.conf"

{ common heat; cat <<X
num_engine_workers = 1
deferred_auth_method = trusts
trusts_delegated_roles =
stack_user_domain_name = heat
stack_domain_admin = heat_domain_admin
stack_domain_admin_password = $PASSWORD
auth_encryption_key = 0123456789abcdef0123456789abcdef
region_name_for_services = RegionOne
heat_metadata_server_url = http://127.0.0.1:8000
heat_waitcondition_server_url = http://127.0.0.1:8000/v1/waitcondition
environment_dir = $STATE/heat/env
template_dir = $STATE/heat/tpl
[heat_api]
bind_host = 127.0.0.1
bind_port = 8004
workers = 0
[paste_deploy]
api_paste_config = $PASTE/heat-api-paste.ini
[clients]
endpoint_type = publicURL
[clients_keystone]
auth_uri = http://127.0.0.1:5000
[trustee]
auth_type = password
auth_url = http://127.0.0.1:5000
username = heat
password = $PASSWORD
user_domain_name = Default
X
db heat; authtoken heat; messaging; } >"$ETC/heat/heat.conf"

cat >"$ETC/swift/swift.conf" <<X
[swift-hash]
swift_hash_path_suffix = mcm
swift_hash_path_prefix = mcm
[storage-policy:0]
name = Policy-0
default = yes
X
back() { cat <<X
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
workers = 0
user = root
swift_dir = $ETC/swift
devices = $STATE/swift
mount_check = false
[pipeline:main]
pipeline = healthcheck $1-server
[app:$1-server]
use = egg:swift#$1
fallocate_reserve = 0
[filter:healthcheck]
use = egg:swift#healthcheck
[container-updater]
interval = 10
concurrency = 1
X
}
back object 6210 >"$ETC/swift/object-server.conf"; back container 6211 >"$ETC/swift/container-server.conf"; back account 6212 >"$ETC/swift/account-server.conf"
cat >"$ETC/swift/proxy-server.conf" <<X
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = 8889
workers = 0
user = root
swift_dir = $ETC/swift
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl authtoken keystoneauth copy container-quotas account-quotas slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:11219
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:tempurl]
use = egg:swift#tempurl
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = http://127.0.0.1:5000/v3
delay_auth_decision = True
memcached_servers = 127.0.0.1:11219
$(ident swift)
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
reseller_prefix = AUTH_
[filter:copy]
use = egg:swift#copy
[filter:container-quotas]
use = egg:swift#container_quotas
[filter:account-quotas]
use = egg:swift#account_quotas
[filter:slo]
use = egg:swift#slo
min_segment_size = 1
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
X

# Three users of one project: administrator, operator, viewer.
openrc() {
  cat <<X
export OS_AUTH_URL=http://127.0.0.1:5000/v3
export OS_IDENTITY_API_VERSION=3
export OS_REGION_NAME=RegionOne
export OS_PROJECT_NAME=demo
export OS_USERNAME=$1
export OS_PASSWORD=$PASSWORD
export OS_PROJECT_DOMAIN_NAME=Default
export OS_USER_DOMAIN_NAME=Default
export OS_INTERFACE=public
X
}
for user in admin demo viewer; do
  (umask 077 && openrc $user >"$ROOT/openrc-$user")
done
(
  umask 077
  echo 'clouds:'
  for user in admin demo viewer; do
    cat <<X
  $user:
    region_name: RegionOne
    auth:
      auth_url: http://127.0.0.1:5000/v3
      username: $user
      password: $PASSWORD
      project_name: demo
      user_domain_name: Default
      project_domain_name: Default
X
  done
) >"$ROOT/clouds.yaml"
