#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Stops what up.sh started, and nothing else. The data stays in $OPENSTACK_HOME.
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$HERE/lib.sh"
stop() { # names...: TERM to each one's process group, KILL after 15 seconds
    local name
    for name; do alive "$name" && kill -TERM -- "-$pid"; done
    for _ in $(seq 75); do
        local left=0; for name; do alive "$name" && left=1; done
        [ $left = 0 ] && break; sleep 0.2
    done
    for name; do alive "$name" && kill -KILL -- "-$pid"; rm -f "$PIDS/$name"; done
}
shopt -s nullglob extglob; cd "$PIDS" 2>/dev/null || exit 0
stop !(mariadb|rabbitmq|epmd)       # the services first, then what they talk to
stop mariadb rabbitmq
stop epmd
say "stopped"
