#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [SECONDS [TARGET…]]: builds the fuzz targets and runs each for SECONDS
# (60) over its seeds, from the random seed FUZZ_SEED (0: another each time).
# What it finds stays in build/fuzz/corpus; a crash is kept in build/fuzz and
# fails the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
	for source in tests/fuzz/fuzz_*.c; do
		name=${source##*/fuzz_}
		targets+=("${name%.c}")
	done
fi

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}" -j "$(nproc)"

status=0
for name in "${targets[@]}"; do
	found=build/fuzz/corpus/$name log=build/fuzz/$name.log
	mkdir -p "$found"
	if build/fuzz/bin/"fuzz_$name" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -print_final_stats=1 \
		-artifact_prefix=build/fuzz/"$name"- "$found" tests/fuzz/corpus/"$name" >"$log" 2>&1; then
		executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "fuzz_$name: $executions executions in $seconds s, no fault"
	else
		status=1
		echo "fuzz_$name: FAILED, the end of $log:"
		tail -n 40 "$log"
	fi
done
exit $status
