#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Walks python3-openstackclient through what the driver's tests need; prints one line per step.
#   OPENSTACK_HOME=DIR ./smoke.sh      exit status: the number of steps that failed
# shellcheck disable=SC2016,SC2317,SC2001  # step() runs the functions below; bash -c expands
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$HERE/lib.sh"; export SHELL=/bin/bash     # the magnum client wants one
# shellcheck source=/dev/null
. "$OPENSTACK_HOME/openrc" || exit 99
failed=0
step() { # name, expected (extended regexp in the output), command...
    local name=$1 want=$2 out; shift 2
    if out=$("$@" 2>&1) && grep -qE -- "$want" <<<"$out"; then echo "ok    $name"
    else echo "FAIL  $name"; sed 's/^/      /' <<<"$out" | tail -8; failed=$((failed + 1)); fi
}
os() { openstack "$@"; }
# shellcheck source=/dev/null
admin() { (. "$OPENSTACK_HOME/openrc-admin"; openstack "$@"); }
until_is() { # noun..., wanted status: polls `openstack NOUN show` (60 s)
    local want=${*: -1} now; set -- "${@:1:$#-1}"
    for _ in $(seq 30); do
        now=$(openstack "${@:1:$#-1}" show "${*: -1}" -f value -c status 2>&1)
        [ "$now" = "$want" ] && { echo "$now"; return; }; sleep 0.5
    done; echo "$now"; return 1
}
gone() { for _ in $(seq 30); do openstack "${@:1:$#-1}" show "${*: -1}" >/dev/null 2>&1 || return 0; sleep 0.5; done; return 1; }

step "token"                    gAAAA    os token issue -f value -c id
step "catalog"                  volumev3 os catalog list
step "project list (admin)"     service  admin project list
step "user list (admin)"        demo     admin user list
step "image list"               active   os image list
step "image show"               raw      os image show cirros
step "image create (upload)"    s-image  os image create --disk-format raw --container-format bare --file "$HERE/up.sh" s-image
step "  is active"              active   until_is image s-image active
step "image download"           ''       os image save --file /dev/null s-image
step "image delete"             ''       os image delete s-image
step "flavor list"              m1.small os flavor list
step "flavor create (admin)"    ''       admin flavor create --ram 64 --disk 1 --vcpus 1 s-flavor
step "flavor delete (admin)"    ''       admin flavor delete s-flavor
step "network create"           ACTIVE   os network create s-net
step "subnet create"            10.9.0.0 os subnet create --network s-net --subnet-range 10.9.0.0/24 s-subnet
step "router create"            ACTIVE   os router create s-router
step "router gateway"           ''       os router set --external-gateway public s-router
step "router add subnet"        ''       os router add subnet s-router s-subnet
step "router show"              10.9.0.1 os router show s-router
step "keypair create"           'BEGIN'  os keypair create s-key
step "keypair list"             s-key    os keypair list
step "security group create"    s-sg     os security group create s-sg
step "sg rule create"           22       os security group rule create --protocol tcp --dst-port 22 --remote-ip 0.0.0.0/0 s-sg
step "sg rule list"             tcp      os security group rule list s-sg
rule=$(os security group rule list s-sg --protocol tcp -f value -c ID | head -1)
step "sg rule delete"           ''       os security group rule delete "$rule"
step "server create --wait"     ACTIVE   os server create --wait --image cirros --flavor m1.tiny --network s-net --key-name s-key --security-group s-sg --property who=smoke --user-data "$HERE/down.sh" s-vm
step "server has an address"    's-net=.*10\.9\.0' os server show s-vm
step "server list"              s-vm     os server list
step "port is ACTIVE, bound"    ACTIVE   os port list --server s-vm
step "server stop"              ''       os server stop s-vm
step "  is SHUTOFF"             SHUTOFF  until_is server s-vm SHUTOFF
step "server start"             ''       os server start s-vm
step "  is ACTIVE"              ACTIVE   until_is server s-vm ACTIVE
step "server reboot --wait"     ''       os server reboot --wait s-vm
step "server reboot --hard"     ''       os server reboot --hard --wait s-vm
step "server pause"             ''       os server pause s-vm
step "  is PAUSED"              PAUSED   until_is server s-vm PAUSED
step "server unpause"           ''       os server unpause s-vm
step "server suspend"           ''       os server suspend s-vm
step "  is SUSPENDED"           SUSPENDED until_is server s-vm SUSPENDED
step "server resume"            ''       os server resume s-vm
step "  is ACTIVE"              ACTIVE   until_is server s-vm ACTIVE
step "server resize"            ''       os server resize --wait --flavor m1.small s-vm
step "  is VERIFY_RESIZE"       VERIFY_RESIZE until_is server s-vm VERIFY_RESIZE
step "server resize confirm"    ''       os server resize confirm s-vm
step "  is ACTIVE"              ACTIVE   until_is server s-vm ACTIVE
step "  has the new flavor"     m1.small os server show s-vm -f value -c flavor
step "server rebuild"           ''       os server rebuild --wait s-vm
step "server rescue"            ''       os server rescue s-vm
step "  is RESCUE"              RESCUE   until_is server s-vm RESCUE
step "server unrescue"          ''       os server unrescue s-vm
step "  is ACTIVE"              ACTIVE   until_is server s-vm ACTIVE
step "server shelve"            ''       os server shelve --wait s-vm
step "server unshelve"          ''       os server unshelve s-vm
step "  is ACTIVE"              ACTIVE   until_is server s-vm ACTIVE
step "server image create"      ''       os server image create --wait --name s-snap s-vm
step "  is active"              active   until_is image s-snap active
step "image delete"             ''       os image delete s-snap
step "console log"              'FAKE'   os console log show s-vm
step "console url (novnc)"      http     os console url show --novnc s-vm
step "server set property"      ''       os server set --property a=b s-vm
step "server event list"        create   os server event list s-vm
step "server lock/unlock"       ''       bash -c 'openstack server lock s-vm && openstack server unlock s-vm'
step "interface attach"         ''       os server add network s-vm private
step "floating ip create"       203.0.113 os floating ip create public
fip=$(os floating ip list -f value -c 'Floating IP Address' | tail -1)
port=$(os port list --server s-vm --network s-net -f value -c ID)
step "floating ip set port"     ''       os floating ip set --port "$port" "$fip"
step "  is ACTIVE"              ACTIVE   until_is floating ip "$fip" ACTIVE
step "  in the server's addresses" "$fip" os server show s-vm -f value -c addresses
step "floating ip unset"        ''       os floating ip unset --port "$fip"
step "floating ip delete"       ''       os floating ip delete "$fip"
step "volume create"            ''       os volume create --size 1 s-vol
step "  is available"           available until_is volume s-vol available
step "volume attach"            /dev/    os server add volume s-vm s-vol
step "  is in-use"              in-use   until_is volume s-vol in-use
step "volume detach"            ''       os server remove volume s-vm s-vol
step "  is available"           available until_is volume s-vol available
step "volume resize"            ''       os volume set --size 2 s-vol
step "  is available"           available until_is volume s-vol available
step "volume snapshot create"   ''       os volume snapshot create --volume s-vol s-vsnap
step "  is available"           available until_is volume snapshot s-vsnap available
step "volume from snapshot"     ''       os volume create --snapshot s-vsnap s-vol2
step "  is available"           available until_is volume s-vol2 available
step "volume from image"        ''       os volume create --size 1 --image cirros --bootable s-vol3
step "  is available"           available until_is volume s-vol3 available
step "server boots from volume" ACTIVE   os server create --wait --volume s-vol3 --flavor m1.tiny --network s-net s-bfv
step "server delete (bfv)"      ''       os server delete --wait s-bfv
step "image from volume"        ''       os image create --volume s-vol s-volimg
step "  is active"              active   until_is image s-volimg active
step "image delete"             ''       os image delete s-volimg
step "volume delete (2)"        ''       os volume delete s-vol2 s-vol3
step "volume snapshot delete"   ''       os volume snapshot delete s-vsnap
step "  is gone"                ''       gone volume snapshot s-vsnap
step "volume delete"            ''       os volume delete s-vol
step "server group"             anti     os server group create --policy anti-affinity s-group
step "server group delete"      ''       os server group delete s-group
step "usage show"               'CPU'    os usage show
step "usage list (admin)"       demo     admin usage list
step "quota show"               cores    os quota show
step "quota set (admin)"        ''       admin quota set --cores 30 --networks 12 --volumes 15 demo
step "  quota is set"           30       os quota show -f value -c cores
step "limits"                   maxTotalCores os limits show --absolute
step "hypervisor list (admin)"  peer     admin hypervisor list
step "hypervisor show (admin)"  fake     admin hypervisor show peer
step "compute services (admin)" nova-compute admin compute service list
step "availability zones"       nova     os availability zone list --compute --volume
step "aggregate (admin)"        az9      admin aggregate create --zone az9 s-agg
step "aggregate delete (admin)" ''       admin aggregate delete s-agg
step "placement inventory"      peer     admin resource provider list
step "extensions"               router   os extension list --network
step "quota is enforced"        'Quota exceeded|quota' bash -c '. "$OPENSTACK_HOME/openrc"; ! openstack server create --image cirros --flavor m1.medium --network s-net --min 40 --max 40 s-many 2>&1'
step "bad flavor is an error"   'No Flavor|No flavor' bash -c '! openstack server create --image cirros --flavor none --network s-net s-bad 2>&1'
step "server delete --wait"     ''       os server delete --wait s-vm
step "router remove subnet"     ''       os router remove subnet s-router s-subnet
step "router delete"            ''       os router delete s-router
step "network delete"           ''       os network delete s-net
step "security group delete"    ''       os security group delete s-sg
step "stack create"             CREATE_COMPLETE os stack create --wait -t "$HERE/stack.yaml" s-stack
step "  its server is there"    m1.tiny  os server show s-stack -f value -c flavor
step "stack list"               s-stack  os stack list
step "stack resources"          OS::Nova::Server os stack resource list s-stack
step "stack events"             CREATE_COMPLETE os stack event list s-stack
step "stack update"             UPDATE_COMPLETE os stack update --wait -t "$HERE/stack.yaml" --parameter flavor=m1.small s-stack
step "  its server is bigger"   m1.small os server show s-stack -f value -c flavor
step "stack delete"             ''       os stack delete -y --wait s-stack
step "  is gone"                ''       gone stack s-stack
step "load balancer create"     ACTIVE   os loadbalancer create --wait --name s-lb --vip-subnet-id private-subnet
step "  its address is a port"  10.0.0   os port list --device-owner Octavia
step "listener create"          ACTIVE   os loadbalancer listener create --wait --name s-listener --protocol TCP --protocol-port 80 s-lb
step "pool create"              ACTIVE   os loadbalancer pool create --wait --name s-pool --listener s-listener --protocol TCP --lb-algorithm ROUND_ROBIN
step "member create"            ACTIVE   os loadbalancer member create --wait --name s-member --address 10.0.0.77 --protocol-port 80 --subnet-id private-subnet s-pool
step "member create (2)"        ACTIVE   os loadbalancer member create --wait --address 10.0.0.78 --protocol-port 80 s-pool
step "health monitor create"    ACTIVE   os loadbalancer healthmonitor create --wait --delay 5 --timeout 3 --max-retries 3 --type TCP s-pool
step "load balancer status"     s-member os loadbalancer status show s-lb
step "member delete"            ''       os loadbalancer member delete --wait s-pool s-member
step "load balancer delete"     ''       os loadbalancer delete --wait --cascade s-lb
step "  its port is gone"       '^$'     os port list --device-owner Octavia -f value
step "cluster template create"  s-tpl    os coe cluster template create --coe kubernetes --image fedora-coreos --external-network public --flavor m1.small --master-flavor m1.small --network-driver flannel s-tpl
step "cluster create"           ''       os coe cluster create --cluster-template s-tpl --keypair s-key --master-count 1 --node-count 2 s-k8s
step "  is CREATE_COMPLETE"     CREATE_COMPLETE until_is coe cluster s-k8s CREATE_COMPLETE
step "cluster show"             6443     os coe cluster show s-k8s
step "cluster list"             s-k8s    os coe cluster list
step "cluster config"           KUBECONFIG os coe cluster config --dir "$VAR" --force s-k8s
step "  has a kubeconfig"       certificate-authority cat "$VAR/config"
step "cluster resize"           ''       os coe cluster resize s-k8s 3
step "  is UPDATE_COMPLETE"     UPDATE_COMPLETE until_is coe cluster s-k8s UPDATE_COMPLETE
step "nodegroup list"           worker   os coe nodegroup list s-k8s
step "nodegroup create"         ''       os coe nodegroup create --node-count 1 s-k8s s-group2
step "  cluster is UPDATE_COMPLETE" UPDATE_COMPLETE until_is coe cluster s-k8s UPDATE_COMPLETE
step "  nodegroup is CREATE_COMPLETE" CREATE_COMPLETE os coe nodegroup show s-k8s s-group2
step "nodegroup delete"         ''       os coe nodegroup delete s-k8s s-group2
step "  cluster is UPDATE_COMPLETE" UPDATE_COMPLETE until_is coe cluster s-k8s UPDATE_COMPLETE
step "cluster delete"           ''       os coe cluster delete s-k8s
step "  is gone"                ''       gone coe cluster s-k8s
step "cluster template delete"  ''       os coe cluster template delete s-tpl
step "keypair delete"           ''       os keypair delete s-key
step "application credential"   secret   os application credential create s-app
step "application credential delete" ''  os application credential delete s-app
echo "$failed failed"
exit $failed
