#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Unit tests, the server as a process, and a short fuzz of every target named; prints KTAP.
# Needs OUT (where the programs are) and FUZZ_SECONDS from the Makefile.
set -u
here=$(cd "$(dirname "$0")" && pwd)
fail=0

"$OUT/control_test" || fail=1
"$OUT/peer" "$OUT/warren-control" || fail=1

# One case a target. New inputs go to a scratch folder, the corpus in the tree is only read.
printf 'TAP version 13\n1..%d\n' $#
n=0
for target; do
	n=$((n + 1))
	scratch=$(mktemp -d)
	if "$OUT/fuzz_$target" -max_total_time="$FUZZ_SECONDS" -max_len=8192 -rss_limit_mb=2048 \
		-artifact_prefix="$OUT/" "$scratch" "$here/fuzz/corpus/$target" \
		>"$OUT/fuzz_$target.log" 2>&1; then
		echo "ok $n fuzz_$target # $(grep -o 'Done [0-9]* runs.*' "$OUT/fuzz_$target.log")"
	else
		tail -n 30 "$OUT/fuzz_$target.log" | sed 's/^/# /'
		echo "not ok $n fuzz_$target"
		fail=1
	fi
	rm -rf "$scratch"
done
exit $fail
