#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The mesh in a minute: warren-control with its defaults, two real tailscaled in network namespaces,
# a ping by name and an HTTP transfer between them. Cleans up behind itself.
set -u
BUILD=${BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
CACHE=${WARREN_CACHE:-/var/cache/warren}
VERSION=${TAILSCALE_NEW:-v1.102.3}
CONTROL=$BUILD/bin/warren-control
DIR=$CACHE/tailscale-$VERSION

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { echo "demo: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "needs root for network namespaces"
[ -x "$CONTROL" ] || fail "build warren-control first: make -C tools/control"
[ -c /dev/net/tun ] || fail "needs /dev/net/tun"
if [ ! -x "$DIR/tailscaled" ]; then
	command -v go >/dev/null || fail "needs Go to build tailscaled $VERSION"
	say "building tailscaled $VERSION (once, some minutes)"
	mkdir -p "$DIR"
	GOBIN=$DIR GOPATH=$CACHE/gopath GOFLAGS=-modcacherw go install \
		"tailscale.com/cmd/tailscaled@$VERSION" "tailscale.com/cmd/tailscale@$VERSION" ||
		fail "tailscaled cannot be built; is a Go module proxy reachable?"
fi

T=$(mktemp -d)
P=wrd$$
PIDS=""
cleanup() {
	for pid in $PIDS; do kill "$pid" 2>/dev/null; done
	for pid in $PIDS; do wait "$pid" 2>/dev/null; done
	for n in srv one two; do ip netns del "$P$n" 2>/dev/null; done
	rm -rf "$T"
}
trap cleanup EXIT

ip netns add "${P}srv"
ip -n "${P}srv" link set lo up
ip -n "${P}srv" link add br0 type bridge
ip -n "${P}srv" addr add 10.99.0.1/24 dev br0
ip -n "${P}srv" link set br0 up
# The default URL is the address of the default route.
ip -n "${P}srv" route add default via 10.99.0.254 dev br0
for n in one two; do
	ip netns add "$P$n"
	ip -n "$P$n" link set lo up
	ip link add "v$n" netns "${P}srv" type veth peer name eth0 netns "$P$n"
	ip -n "${P}srv" link set "v$n" master br0 up
	ip -n "$P$n" addr add "10.99.0.1$([ $n = one ] && echo 1 || echo 2)/24" dev eth0
	ip -n "$P$n" link set eth0 up
done

say "starting warren-control with its defaults"
echo '{"state_dir": "'"$T/state"'"}' >"$T/control.hujson"
ip netns exec "${P}srv" "$CONTROL" -c "$T/control.hujson" serve &
PIDS="$!"
ctl() { "$CONTROL" -c "$T/control.hujson" "$@"; }
for _ in $(seq 100); do ctl status >/dev/null 2>&1 && break; sleep 0.1; done
ctl status || fail "the server does not start"

say "a user and a pre-auth key"
ctl users create ann || fail "no user"
KEY=$(ctl preauthkeys create --user ann --reusable) || fail "no key"
echo "${KEY%-*}-..."

for n in one two; do
	say "device $n joins"
	mkdir -p "$T/$n"
	ip netns exec "$P$n" env TS_DEBUG_FIREWALL_MODE=nftables "$DIR/tailscaled" --no-logs-no-support \
		--statedir="$T/$n" --socket="$T/$n/sock" --tun=ts0 >"$T/$n/log" 2>&1 &
	PIDS="$PIDS $!"
	for _ in $(seq 100); do [ -S "$T/$n/sock" ] && break; sleep 0.1; done
	ip netns exec "$P$n" timeout 60 "$DIR/tailscale" --socket="$T/$n/sock" up --hostname "$n" \
		--login-server http://10.99.0.1:8080 --auth-key "$KEY" --accept-dns=false ||
		fail "device $n cannot join"
done
ts() { ip netns exec "$P$1" timeout 60 "$DIR/tailscale" --socket="$T/$1/sock" "${@:2}"; }

say "ping by name"
for _ in $(seq 50); do ts one status | grep -q two && break; sleep 0.2; done
ts one ping --c 5 two || fail "no ping"

say "HTTP through the tunnel"
head -c 20000000 /dev/urandom >"$T/data"
ip netns exec "${P}two" python3 -m http.server --bind 0.0.0.0 --directory "$T" 8000 >/dev/null 2>&1 &
PIDS="$PIDS $!"
TWO=$(ts two ip -4)
for _ in $(seq 50); do
	ip netns exec "${P}one" curl -s -o /dev/null "http://$TWO:8000/" && break
	sleep 0.2
done
ip netns exec "${P}one" curl -s -o "$T/copy" -w '%{size_download} bytes, %{speed_download} bytes a second\n' \
	"http://$TWO:8000/data"
cmp "$T/data" "$T/copy" || fail "the file arrived damaged"

say "the devices, and what happened"
ctl nodes list
ctl audit list
echo
echo "demo: all well"
