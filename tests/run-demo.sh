#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make run` ends with: starts the host and prints what to type next.
#   tests/run-demo.sh DATA_DIR LISTEN
set -euo pipefail
cd "$(dirname "$0")/.."
data=$1 listen=$2

mkdir -p "$data"
coproc host { exec build/release/bin/skyclustd --config config/skyclust.yaml \
	--data-dir "$data" --listen "$listen"; }
pid=${host_PID:?}
trap 'kill -TERM $pid 2>/dev/null; wait $pid 2>/dev/null' EXIT
trap 'exit 0' INT TERM
read -r line <&"${host[0]}" || { wait "$pid"; exit 1; }
url=${line#listening on }
cat <<END

SkyClust is up at $url (Ctrl-C stops it; its state is in $data/).

In another terminal, in this folder:

  TOKEN=\$(cat $data/admin.token)
  curl -H "Authorization: Bearer \$TOKEN" $url/api/v1/providers
  curl -H "Authorization: Bearer \$TOKEN" $url/api/v1/providers/sim/instances
  curl -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' \\
       -d '{"name":"web","instance_type":"small","image_id":"ubuntu-22.04"}' \\
       $url/api/v1/providers/sim/instances

The whole API, readable: $url/docs
END
wait "$pid"
