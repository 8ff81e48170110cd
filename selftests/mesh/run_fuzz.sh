#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs every fuzz target of a folder for a moment and prints KTAP, one case a target.
#   run_fuzz.sh [FOLDER]    mesh, unless named
# FUZZ_SECONDS is the time for each. New inputs go to a scratch folder; the corpus is only read.
set -u
folder=${1:-mesh}
here=$(cd "$(dirname "$0")/../$folder" && pwd)
out=${OUT:-$here/../../build/selftests/$folder}
fail=0
n=0

set -- "$here"/fuzz/fuzz_*.c
printf 'TAP version 13\n1..%d\n' $#
for source; do
	name=$(basename "$source" .c)
	n=$((n + 1))
	scratch=$(mktemp -d)
	if "$out/$name" -max_total_time="${FUZZ_SECONDS:-5}" -max_len=8192 -rss_limit_mb=2048 \
		-artifact_prefix="$out/" "$scratch" "$here/fuzz/corpus/${name#fuzz_}" \
		>"$out/$name.log" 2>&1; then
		grep -o 'Done [0-9]* runs.*' "$out/$name.log" | sed 's/^/# /'
		echo "ok $n $name"
	else
		tail -n 30 "$out/$name.log" | sed 's/^/# /'
		echo "not ok $n $name"
		fail=1
	fi
	rm -rf "$scratch"
done
exit $fail
