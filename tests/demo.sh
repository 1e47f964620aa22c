#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make run` as a newcomer types it, and then what it and the README say to type.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
exec {out}< <(exec make run DATA="$work/data" LISTEN=127.0.0.1:0 2>&1)
make=$!
stop() { kill -TERM "$make" 2>/dev/null || true; cat <&"$out" >/dev/null; rm -rf "$work"; }
trap stop EXIT

while IFS= read -r line <&"$out"; do
	printf '%s\n' "$line" | tee -a "$work/printed"
	[[ $line != 'The whole API'* ]] || break
done
grep -q '^The whole API' "$work/printed" || { echo "make run ended early" >&2; exit 1; }
# The printed commands are run just as they stand.
sed -n '/^  export PATH=/,/^$/{s/^  //p}' "$work/printed" >"$work/typed"
# The README types the same, for the default address and folder.
sed -n '/^```console/,/^```/{s/^\$ //p}' README.md >"$work/readme"
diff <(grep -v SKYCLUST_SERVER "$work/typed") "$work/readme"
bash -euo pipefail -c "$(<"$work/typed")" | tee "$work/answers"
grep -q '^private_ip  *10\.' "$work/answers"
grep -q '^i-seed-00001 ' "$work/answers"
echo
echo "demo: the printed commands work"
