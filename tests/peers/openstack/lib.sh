# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# Shared by up.sh, down.sh and smoke.sh: places, and processes that are ours and nobody else's.
OPENSTACK_HOME=$(realpath -m "${OPENSTACK_HOME:-${TMPDIR:-/tmp}/openstack-peer}"); export OPENSTACK_HOME
ETC=$OPENSTACK_HOME/etc LOG=$OPENSTACK_HOME/log PIDS=$OPENSTACK_HOME/pid VAR=$OPENSTACK_HOME/var
OS_URL=http://127.0.0.1
PASSWORD=secret                     # of every account: nothing here is reachable from outside
export PYTHONPATH=$HERE/fakes:$VAR/python PYTHONDONTWRITEBYTECODE=1 OS_URL PASSWORD

say() { printf '%s openstack: %s\n' "$(date +%T)" "$*" >&2; }

openrc() { cat <<-END               # user, project
	export OS_AUTH_URL=$OS_URL:5000/v3
	export OS_USERNAME=$1
	export OS_PASSWORD=$PASSWORD
	export OS_PROJECT_NAME=$2
	export OS_USER_DOMAIN_NAME=Default
	export OS_PROJECT_DOMAIN_NAME=Default
	export OS_REGION_NAME=RegionOne
	export OS_IDENTITY_API_VERSION=3
	END
}

PEERS=(python3-keystone python3-nova python3-neutron python3-glance python3-placement python3-cinder
 python3-heat python3-octavia python3-magnum python3-openstackclient mariadb-server-core
 rabbitmq-server uwsgi-core)
versions() { # "peer: NAME VERSION", a line each
    dpkg-query -W -f 'peer: ${Package} ${Version}\n' "${PEERS[@]}"
}

py() { /usr/bin/python3 "$HERE/run.py" "$@"; }      # MODULE ARGS...

# A pid file holds the pid and its start time, so that a pid which was used again is not taken for ours.
# shellcheck disable=SC2086    # the words of /proc/PID/stat are what we split at
started() { local s; s=$(cat "/proc/$1/stat" 2>/dev/null) || return 1; s=${s##*) }; set -- $s; [ "$1" != Z ] && echo "${20}"; }
pid=                                # of the process that alive() found
alive() { # name: is it running? its pid goes into $pid
    local at; read -r pid at 2>/dev/null <"$PIDS/$1" && [ "$(started "$pid")" = "$at" ]
}
start() { # name, command...: in its own process group, unless it is running already
    local name=$1; shift
    alive "$name" && return
    [ "$1" = py ] && { shift; set -- /usr/bin/python3 "$HERE/run.py" "$@"; }
    setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null &
    echo "$! $(started $!)" >"$PIDS/$name"
}
wait_for() { # what, command...: until the command succeeds
    local what=$1; shift
    for _ in $(seq 300); do "$@" >/dev/null 2>&1 && return; sleep 0.4; done
    echo "$what did not come up; see $LOG" >&2; return 1
}
