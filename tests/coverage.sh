#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Line coverage of the unit tests, by folder; fails below the limit of one.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=90
folders=(plugin-sdk/base plugin-sdk/rpc plugin-sdk/catalog plugin-sdk/cloud host/supervise)

cmake --preset coverage >/dev/null
cmake --build --preset coverage -j "$(nproc)"
find build/coverage -name '*.gcda' -delete
ctest --test-dir build/coverage -L unit --output-on-failure

status=0
for f in "${folders[@]}"; do
	gcovr --root . --object-directory build/coverage --filter "$f/" --print-summary \
		--output /dev/null 2>/dev/null | sed -n "s|^lines: |$f |p" | tee -a build/coverage/summary
	gcovr --root . --object-directory build/coverage --filter "$f/" --output /dev/null \
		--fail-under-line $limit >/dev/null 2>&1 || { echo "$f is below $limit %"; status=1; }
done
exit $status
