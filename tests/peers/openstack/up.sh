#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real OpenStack control plane on this machine, from Debian 12's own packages: keystone, glance,
# placement, nova, neutron, cinder, heat, octavia and magnum, over MariaDB and RabbitMQ. Only what lies under
# the APIs is fake: nova's fake hypervisor, cinder's fake volumes, neutron ports without a data plane,
# magnum clusters and octavia load balancers without machines (fakes/*.py). So a server turns ACTIVE, gets an address and takes
# volumes, but runs nothing.
#
#   OPENSTACK_HOME=DIR ./up.sh      installs, configures, starts; may be run again at any time
#   . $OPENSTACK_HOME/openrc        the tests' user (project demo); openrc-admin is the cloud's admin
#   ./up.sh versions                names and versions of the packages that make the peer
#   OPENSTACK_HOME=DIR ./down.sh    stops it; the data stays. rm -r $OPENSTACK_HOME forgets it
#
# Everything listens on 127.0.0.1, on the services' usual ports. Root is needed for apt-get only.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$HERE/lib.sh"
if [ "${1:-}" = versions ]; then versions; exit; fi
mkdir -p "$OPENSTACK_HOME"; chmod 700 "$OPENSTACK_HOME"; mkdir -p "$ETC" "$LOG" "$PIDS" "$VAR"/{keystone,glance,nova,neutron,cinder,heat,octavia,magnum,rabbit,lock}

# ---- packages: the Python libraries only, so that no Debian service is set up or started ----------
PACKAGES=(python3-keystone python3-placement python3-glance python3-nova python3-neutron
 python3-cinder python3-heat python3-heatclient python3-octavia python3-octaviaclient
 python3-magnum python3-magnumclient python3-openstackclient python3-osc-placement
 python3-pymysql mariadb-server-core mariadb-client-core rabbitmq-server uwsgi-core uwsgi-plugin-python3
 curl openssl)
if ! dpkg-query -W "${PACKAGES[@]}" >/dev/null 2>&1; then
    say "installing packages"
    policy=/usr/sbin/policy-rc.d    # 101: the packages' scripts may start nothing
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; trap 'rm -f $policy' EXIT; }
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${PACKAGES[@]}" >"$LOG/apt.log" 2>&1
fi
umask 077
# The APIs' paste files come with packages that would also set up services: take just the files.
paste() { # service...
    local p files
    (cd "$ETC" && apt-get -qq -o APT::Sandbox::User=root download "${@/%/-common}"
     for p; do
         files=('*api-paste.ini'); [ "$p" != cinder ] || files+=('*resource_filters.json')
         mkdir -p "$p"
         dpkg-deb --fsys-tarfile "$p"-common_*.deb | tar -x -C "$p" --wildcards --transform='s,.*/,,' "${files[@]}"
     done; rm -f ./*.deb)
}
missing=(); for p in nova cinder neutron glance heat magnum; do [ -e "$ETC/$p" ] || missing+=("$p"); done
[ ${#missing[@]} = 0 ] || paste "${missing[@]}"

# ---- configuration ---------------------------------------------------------------------------------
db() { echo "mysql+pymysql://root@localhost/$1?unix_socket=$VAR/mysql.sock&charset=utf8mb4"; }
auth() { cat <<-END              # how a service authenticates to keystone (one account serves all)
	auth_type = password
	auth_url = $OS_URL:5000/v3
	username = service
	password = $PASSWORD
	project_name = service
	user_domain_name = Default
	project_domain_name = Default
	region_name = RegionOne
	END
}
common() { cat <<-END            # the sections which all services share; $1: database
	[database]
	connection = $(db "$1")
	max_pool_size = 5
	[keystone_authtoken]
	$(auth)
	www_authenticate_uri = $OS_URL:5000/v3
	service_token_roles = service
	service_token_roles_required = true
	[oslo_concurrency]
	lock_path = $VAR/lock
	[oslo_messaging_notifications]
	driver = noop
	END
}
RPC="transport_url = rabbit://guest:guest@127.0.0.1:5672/"

cat >"$ETC/keystone.conf" <<END
[database]
connection = $(db keystone)
[cache]
enabled = true
backend = dogpile.cache.memory
[identity]
password_hash_rounds = 4
# Each of its processes would have a cache of its own, and know nothing of the other's changes.
[token]
caching = false
[revoke]
caching = false
[catalog]
caching = false
[fernet_tokens]
key_repository = $VAR/keystone/fernet
[credential]
key_repository = $VAR/keystone/credential
[fernet_receipts]
key_repository = $VAR/keystone/fernet
END
cat >"$ETC/placement.conf" <<END
$(common placement)
[placement_database]
connection = $(db placement)
END
cat >"$ETC/glance.conf" <<END
[DEFAULT]
bind_host = 127.0.0.1
workers = 0
node_staging_uri = file://$VAR/glance/staging
$(common glance)
[glance_store]
stores = file,http
default_store = file
filesystem_store_datadir = $VAR/glance/images
[paste_deploy]
flavor = keystone
config_file = $ETC/glance/glance-api-paste.ini
END
cat >"$ETC/neutron.conf" <<END
[DEFAULT]
bind_host = 127.0.0.1
api_workers = 0
rpc_workers = 0
rpc_state_report_workers = 0
$RPC
core_plugin = ml2
service_plugins = router
api_paste_config = $ETC/neutron/api-paste.ini
state_path = $VAR/neutron
$(common neutron)
[nova]
$(auth)
[ml2]
type_drivers = local,flat,vlan,vxlan
tenant_network_types = vxlan
mechanism_drivers = fake_network
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:199
[ml2_type_vxlan]
vni_ranges = 1:1000
END
cat >"$ETC/cinder.conf" <<END
[DEFAULT]
$RPC
host = peer
osapi_volume_listen = 127.0.0.1
osapi_volume_workers = 1
api_paste_config = $ETC/cinder/api-paste.ini
state_path = $VAR/cinder
resource_query_filters_file = $ETC/cinder/resource_filters.json
glance_api_servers = $OS_URL:9292
enabled_backends = fake
default_volume_type = fake
$(common cinder)
[nova]
$(auth)
[fake]
volume_driver = fake_volume.Driver
volume_backend_name = fake
END
cat >"$ETC/nova.conf" <<END
[DEFAULT]
$RPC
host = peer
my_ip = 127.0.0.1
state_path = $VAR/nova
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_workers = 1
compute_driver = fake_compute.Driver
allow_resize_to_same_host = true
sync_power_state_interval = -1
reclaim_instance_interval = 0
[wsgi]
api_paste_config = $ETC/nova/api-paste.ini
$(common nova)
# A revoked token is refused at once.
[keystone_authtoken]
token_cache_time = -1
[api_database]
connection = $(db nova_api)
[conductor]
workers = 1
[scheduler]
workers = 1
[vnc]
novncproxy_base_url = http://127.0.0.1:6080/vnc_lite.html
[glance]
api_servers = $OS_URL:9292
[placement]
$(auth)
[neutron]
$(auth)
[cinder]
$(auth)
[service_user]
send_service_user_token = true
$(auth)
END
cat >"$ETC/heat.conf" <<END
[DEFAULT]
$RPC
host = peer
num_engine_workers = 1
stack_user_domain_name = heat
stack_domain_admin = heat-admin
stack_domain_admin_password = $PASSWORD
heat_metadata_server_url = $OS_URL:8000
environment_dir = $VAR/heat
region_name_for_services = RegionOne
$(common heat)
[heat_api]
bind_host = 127.0.0.1
workers = 1
[paste_deploy]
api_paste_config = $ETC/heat/api-paste.ini
[trustee]
$(auth | grep -v project_)
[clients_keystone]
auth_uri = $OS_URL:5000
END
cat >"$ETC/octavia.conf" <<END
[DEFAULT]
$RPC
host = peer
$(common octavia)
[oslo_messaging]
topic = octavia
[api_settings]
bind_host = 127.0.0.1
enabled_provider_drivers = amphora:the one driver
default_provider_driver = amphora
[service_auth]
$(auth)
[certificates]
ca_certificate = $VAR/octavia/ca.pem
ca_private_key = $VAR/octavia/ca.key
ca_private_key_passphrase = $PASSWORD
[controller_worker]
workers = 1
amp_active_wait_sec = 1
client_ca = $VAR/octavia/ca.pem
amphora_driver = amphora_noop_driver
compute_driver = compute_noop_driver
network_driver = fake_balancer
volume_driver = volume_noop_driver
image_driver = image_noop_driver
[health_manager]
heartbeat_key = $PASSWORD
[house_keeping]
cert_expiry_buffer = 1
END
[ -e "$VAR/octavia/ca.pem" ] || openssl req -x509 -newkey rsa:2048 -days 3650 -subj /CN=peer -passout "pass:$PASSWORD" \
    -keyout "$VAR/octavia/ca.key" -out "$VAR/octavia/ca.pem" 2>"$LOG/octavia-ca.log"
cat >"$ETC/magnum.conf" <<END
[DEFAULT]
$RPC
host = peer
state_path = $VAR/magnum
$(common magnum)
[keystone_auth]
$(auth)
[api]
host = 127.0.0.1
workers = 1
api_paste_config = $ETC/magnum/api-paste.ini
[conductor]
workers = 1
[certificates]
cert_manager_type = x509keypair
[trust]
trustee_domain_name = magnum
trustee_domain_admin_name = magnum-admin
trustee_domain_admin_password = $PASSWORD
[drivers]
disabled_drivers = k8s_coreos_v1,k8s_fedora_atomic_v1,k8s_fedora_coreos_v1,k8s_fedora_ironic_v1,mesos_ubuntu_v1,swarm_fedora_atomic_v1,swarm_fedora_atomic_v2
END
# neutron, octavia and magnum find drivers by entry point only: a small dist-info declares ours.
mkdir -p "$VAR/python/openstack_peer-1.dist-info"
printf 'Metadata-Version: 2.1\nName: openstack-peer\nVersion: 1\n' >"$VAR/python/openstack_peer-1.dist-info/METADATA"
cat >"$VAR/python/openstack_peer-1.dist-info/entry_points.txt" <<END
[neutron.ml2.mechanism_drivers]
fake_network = fake_network:Driver
[octavia.network.drivers]
fake_balancer = fake_balancer:Driver
[magnum.drivers]
fake_cluster = fake_cluster:Driver
END
openrc demo demo >"$OPENSTACK_HOME/openrc"
openrc admin admin >"$OPENSTACK_HOME/openrc-admin"

# ---- database and message broker -------------------------------------------------------------------
say "starting MariaDB and RabbitMQ"
[ -d "$VAR/mysql/mysql" ] || mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$VAR/mysql" \
    --auth-root-authentication-method=normal --skip-test-db >"$LOG/mariadb-install.log" 2>&1
start mariadb mariadbd --no-defaults --user="$(id -un)" --datadir="$VAR/mysql" --socket="$VAR/mysql.sock" \
    --skip-networking --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M \
    --performance-schema=OFF --max-connections=300
# Below the ports that clients get by themselves, or one of theirs may hold it.
start epmd epmd -address 127.0.0.1 -port 14369
wait_for "epmd" bash -c 'exec 3<>/dev/tcp/127.0.0.1/14369'
start rabbitmq env HOME="$VAR/rabbit" ERL_EPMD_PORT=14369 ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME=peer@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=5672 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2" \
    RABBITMQ_CONF_ENV_FILE=/nonexistent RABBITMQ_CONFIG_FILE="$VAR/rabbit/none" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$VAR/rabbit/plugins" \
    RABBITMQ_MNESIA_BASE="$VAR/rabbit" RABBITMQ_LOG_BASE="$LOG" /usr/lib/rabbitmq/bin/rabbitmq-server
sql() { mariadb --no-defaults -uroot -S "$VAR/mysql.sock" "$@"; }
wait_for "MariaDB" sql -e 'SELECT 1'

# A step is done again when this folder is newer: a peer that was kept may lack a service.
done_since() { [ "$VAR/$1-done" -nt "$HERE/$2" ]; }
if ! done_since schema up.sh; then
    say "creating the schemas"
    for d in keystone placement glance neutron cinder heat octavia magnum nova_api nova_cell0 nova; do
        sql -e "CREATE DATABASE IF NOT EXISTS $d CHARACTER SET utf8mb4"
    done
    keystone() { keystone-manage --config-file "$ETC/keystone.conf" "$@"; }
    job() { local n=$1; shift; "$@" >"$LOG/schema-$n.log" 2>&1 || { tail -5 "$LOG/schema-$n.log" >&2; return 1; }; }
    keystone_setup() {
        local user; user=$(id -un)
        keystone db_sync
        keystone fernet_setup --keystone-user "$user" --keystone-group "$(id -gn)"
        keystone credential_setup --keystone-user "$user" --keystone-group "$(id -gn)"
        keystone bootstrap --bootstrap-password "$PASSWORD" --bootstrap-region-id RegionOne \
            --bootstrap-{public,internal,admin}-url="$OS_URL:5000/v3"
    }
    nova_setup() {
        local n="py nova.cmd.manage --config-file $ETC/nova.conf"
        $n api_db sync
        $n cell_v2 map_cell0 --database_connection "$(db nova_cell0)"
        $n cell_v2 create_cell --name cell1 || [ $? = 2 ]       # 2: already there
        $n db sync
    }
    set +e; jobs=()
    job keystone keystone_setup & jobs+=($!)
    job nova nova_setup & jobs+=($!)
    { job placement py placement.cmd.manage --config-file "$ETC/placement.conf" db sync &&
      job cinder py cinder.cmd.manage --config-file "$ETC/cinder.conf" db sync &&
      job heat py heat.cmd.manage --config-file "$ETC/heat.conf" db_sync &&
      job octavia py octavia.db.migration.cli --config-file "$ETC/octavia.conf" upgrade head &&
      job magnum py magnum.cmd.db_manage --config-file "$ETC/magnum.conf" upgrade &&
      job glance py glance.cmd.manage --config-file "$ETC/glance.conf" db_sync &&
      job neutron py neutron.db.migration.cli --config-file "$ETC/neutron.conf" upgrade heads; } & jobs+=($!)
    for j in "${jobs[@]}"; do wait "$j" || { echo "schema failed, see $LOG" >&2; exit 1; }; done
    set -e; touch "$VAR/schema-done"
fi

# ---- services --------------------------------------------------------------------------------------
say "starting the services"
wsgi() { # name, port, script, environment...
    local name=$1 port=$2 script=$3; shift 3
    start "$name" env "$@" uwsgi --plugin python3 --http-socket 127.0.0.1:"$port" --wsgi-file "$script" \
        --master --processes 2 --threads 2 --lazy-apps --die-on-term --buffer-size 65535 --need-app \
        --add-header "Connection: close"
}
wsgi keystone 5000 /usr/bin/keystone-wsgi-public OS_KEYSTONE_CONFIG_FILES="$ETC/keystone.conf"
wait_for "keystone" curl -sf -o /dev/null "$OS_URL:5000/v3"
done_since identity seed.py || { /usr/bin/python3 "$HERE/seed.py" identity && touch "$VAR/identity-done"; }
wait_for "RabbitMQ" bash -c 'exec 3<>/dev/tcp/127.0.0.1/5672'
wsgi placement 8778 /usr/bin/placement-api OS_PLACEMENT_CONFIG_DIR="$ETC"
service() { start "$1" py "$2" --config-file "$ETC/${1%%-*}.conf"; }
service neutron         neutron.cmd.eventlet.server
service glance          glance.cmd.api
service nova-conductor  nova.cmd.conductor
service nova-compute    nova.cmd.compute
service nova-scheduler  nova.cmd.scheduler
service nova-api        nova.cmd.api_os_compute
service cinder-api      cinder.cmd.api
service cinder-scheduler cinder.cmd.scheduler
service cinder-volume   cinder.cmd.volume
service heat-api        heat.cmd.api
service heat-engine     heat.cmd.engine
service octavia-api     octavia.cmd.api
service octavia-worker  octavia.cmd.octavia_worker
service magnum-api      magnum.cmd.api
service magnum-conductor magnum.cmd.conductor
for s in placement:8778/ glance:9292/healthcheck neutron:9696/ nova:8774/ cinder:8776/healthcheck heat:8004/ octavia:9876/ magnum:9511/; do
    wait_for "${s%%:*}" curl -s -o /dev/null "$OS_URL:${s#*:}"
done
# The first start maps the compute host into its cell, and creates what the tests find there.
/usr/bin/python3 "$HERE/seed.py" ready
if ! done_since seed seed.py; then
    py nova.cmd.manage --config-file "$ETC/nova.conf" cell_v2 discover_hosts >"$LOG/discover.log" 2>&1
    /usr/bin/python3 "$HERE/seed.py" resources && touch "$VAR/seed-done"
fi
say "ready"
cat "$OPENSTACK_HOME/openrc"
