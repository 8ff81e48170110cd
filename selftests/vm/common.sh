# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts of the VM runner share.

# shellcheck disable=SC2034 # used by those who source this
cache=${WARREN_CACHE:-${HOME:-/root}/.cache/warren}

complain() { echo "${0##*/}: $*" >&2; }
say() { echo "${0##*/}: $*" >&2; }

die()
{
	complain "$*"
	exit 1
}

# The comment at the head of script $1 is its manual.
usage()
{
	sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$1" >&2
	exit 2
}

# Run a command, show what it printed only when it failed.
quietly()
{
	local log status
	log=$(mktemp) || return 1
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	[ $status = 0 ] || cat "$log" >&2
	rm -f "$log"
	return $status
}
