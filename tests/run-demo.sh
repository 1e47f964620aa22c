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

  export PATH=\$PWD/build/release/bin:\$PATH
END
# The command line finds the socket where it is by default.
if [[ $data != data ]]; then
	echo "  export SKYCLUST_SERVER=unix:$(realpath "$data")/skyclust.sock"
fi
cat <<END
  skyclust sim instances create web --type small --image-id ubuntu-22.04 --wait --fields id,name,status,private_ip
  skyclust sim instances list
  skyclust sim instances stop web --wait
  skyclust sim instances delete web --yes

This needs no login, as it goes through the socket in $data/. The first
administrator for everybody else: skyclust login --bootstrap $data/bootstrap.token
Completion: source <(skyclust completion bash). Help: skyclust help, skyclust --man | man -l -
The whole API, readable: $url/docs
END
wait "$pid"
