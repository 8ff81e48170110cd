#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real tailscaled against warren-control, in network namespaces that this script makes:
#
#   srv 10.99.0.1 ---- bridge ---- a 10.99.0.11, b 10.99.0.12        (own addresses)
#                         |
#                        nat 10.99.0.2 ---- c 10.98.0.13             (behind a masquerading NAT)
#
# a and c run the current release, b the oldest that is accepted. The programs come through the Go
# module proxy into CACHE and are built once; where that is not possible all cases are skipped.
set -u
BUILD=${BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
CACHE=${WARREN_CACHE:-/var/cache/warren}
NEW=${TAILSCALE_NEW:-v1.102.3}
OLD=${TAILSCALE_OLD:-v1.80.3}
CONTROL=${CONTROL:-$BUILD/bin/warren-control}
URL=http://10.99.0.1:8080

skip_all() {
	echo "TAP version 13"
	echo "1..0 # SKIP $1"
	exit 4
}

[ "$(id -u)" = 0 ] || skip_all "needs root for network namespaces"
command -v ip >/dev/null && command -v nft >/dev/null || skip_all "needs iproute2 and nftables"
[ -c /dev/net/tun ] || skip_all "needs /dev/net/tun"
[ -x "$CONTROL" ] || skip_all "warren-control is not built"

fetch() { # version
	local dir=$CACHE/tailscale-$1
	[ -x "$dir/tailscaled" ] && [ -x "$dir/tailscale" ] && return
	command -v go >/dev/null || return 1
	mkdir -p "$dir"
	GOBIN=$dir GOPATH=$CACHE/gopath GOFLAGS=-modcacherw nice -n 19 timeout 1500 go install -p 1 \
		"tailscale.com/cmd/tailscaled@$1" "tailscale.com/cmd/tailscale@$1" >"$dir/build.log" 2>&1
}
fetch "$NEW" && fetch "$OLD" || skip_all "n/a: tailscaled cannot be built (no Go, or no module proxy)"

T=$(mktemp -d)
P=wrn$$
PIDS=""
declare -A BIN PID

cleanup() {
	for pid in $PIDS; do kill "$pid" 2>/dev/null; done
	for pid in $PIDS; do wait "$pid" 2>/dev/null; done
	for n in srv a b c nat; do ip netns del "$P$n" 2>/dev/null; done
	rm -rf "/etc/netns/${P}a"
	[ -n "${KEEP:-}" ] && echo "# logs are in $T" || rm -rf "$T"
}
trap cleanup EXIT

in_ns() { local n=$1; shift; ip netns exec "$P$n" "$@"; }

link() { # namespace address gateway: a cable to the bridge
	ip netns add "$P$1"
	ip -n "$P$1" link set lo up
	ip link add "v$1" netns "${P}srv" type veth peer name eth0 netns "$P$1"
	ip -n "${P}srv" link set "v$1" master br0 up
	ip -n "$P$1" addr add "$2/24" dev eth0
	ip -n "$P$1" link set eth0 up
	[ -n "$3" ] && ip -n "$P$1" route add default via "$3"
	return 0
}

setup_net() {
	# In namespace a, /etc/resolv.conf is this file: a may change it.
	mkdir -p "/etc/netns/${P}a"
	echo "nameserver 10.99.0.1" >"/etc/netns/${P}a/resolv.conf"
	ip netns add "${P}srv"
	ip -n "${P}srv" link set lo up
	ip -n "${P}srv" link add br0 type bridge
	ip -n "${P}srv" addr add 10.99.0.1/24 dev br0
	ip -n "${P}srv" link set br0 up
	link a 10.99.0.11 10.99.0.1
	link b 10.99.0.12 10.99.0.1
	link nat 10.99.0.2 10.99.0.1
	ip netns add "${P}c"
	ip -n "${P}c" link set lo up
	ip link add in0 netns "${P}nat" type veth peer name eth0 netns "${P}c"
	ip -n "${P}nat" addr add 10.98.0.1/24 dev in0
	ip -n "${P}nat" link set in0 up
	ip -n "${P}c" addr add 10.98.0.13/24 dev eth0
	ip -n "${P}c" link set eth0 up
	ip -n "${P}c" route add default via 10.98.0.1
	in_ns nat sysctl -qw net.ipv4.ip_forward=1
	in_ns nat nft -f - <<-NFT
		table ip nat {
			chain post {
				type nat hook postrouting priority 100
				oifname "eth0" masquerade
			}
			chain inbound {
				type filter hook forward priority 0
				iifname "eth0" ct state new drop
			}
		}
	NFT
}

start_server() {
	# Not in_ns: in the background that would be a shell, and the kill would only end the shell.
	ip netns exec "${P}srv" "$CONTROL" -c "$T/control.hujson" serve >>"$T/control.log" 2>&1 &
	PID[srv]=$!
	PIDS="$PIDS $!"
	for _ in $(seq 300); do
		ctl status >/dev/null 2>&1 && return
		kill -0 "${PID[srv]}" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

ctl() { "$CONTROL" -c "$T/control.hujson" "$@"; }

# A member of the JSON of a command: json MEMBERS... < JSON
json() { python3 -c '
import json, sys
v = json.load(sys.stdin)
for k in sys.argv[1:]:
    v = v[int(k)] if k.isdigit() else v[k]
print(v if isinstance(v, str) else json.dumps(v))' "$@"; }

start_node() { # name version [extra tailscaled options]
	local n=$1 bin=$CACHE/tailscale-$2
	shift 2
	mkdir -p "$T/$n"
	BIN[$n]=$bin
	ip netns exec "$P$n" env TS_DEBUG_FIREWALL_MODE=nftables TS_DISABLE_UPNP=1 "$bin/tailscaled" \
		--no-logs-no-support --statedir="$T/$n" --socket="$T/$n/sock" --tun=ts0 "$@" \
		>>"$T/$n/log" 2>&1 &
	PID[$n]=$!
	PIDS="$PIDS $!"
	for _ in $(seq 100); do
		[ -S "$T/$n/sock" ] && return
		sleep 0.1
	done
	return 1
}

ts() { # node, arguments of tailscale
	local n=$1
	shift
	in_ns "$n" timeout 40 "${BIN[$n]}/tailscale" --socket="$T/$n/sock" "$@"
}

up() { # node, more options
	local n=$1
	shift
	ts "$n" up --login-server "$URL" --hostname "box-$n" --accept-dns=false "$@"
}

# Waits for a condition that others bring about: until SECONDS COMMAND...
until_ok() {
	local end=$((SECONDS + $1))
	shift
	while [ $SECONDS -lt $end ]; do
		"$@" >"$T/last.log" 2>&1 && return 0
		sleep 0.2
	done
	echo "waited in vain for: $*"
	tail -n 8 "$T/last.log"
	return 1
}

ip_of() { ctl nodes list -o json | python3 -c '
import json, sys
for n in json.load(sys.stdin)["nodes"]:
    if n["name"] == sys.argv[1]: print(n["ipAddresses"][0])' "$1"; }
node_is() { ctl nodes list -o json | python3 -c '
import json, sys
for n in json.load(sys.stdin)["nodes"]:
    if n["name"] == sys.argv[1]: sys.exit(0 if str(n[sys.argv[2]]).lower() == sys.argv[3] else 1)
sys.exit(0 if sys.argv[3] == "absent" else 1)' "$@"; }
pings() { in_ns "$1" ping -c 1 -W 2 "$(ip_of "$2")"; }
# A web server on a port of a node; open NODE FROM PORT tells whether it is reached.
serves() { ip netns exec "$P$1" python3 -m http.server --bind 0.0.0.0 "$2" >"$T/http-$1-$2" 2>&1 & PIDS="$PIDS $!"; }
opens() { in_ns "$1" curl -s -o /dev/null --max-time 3 "http://$(ip_of "$2"):$3/"; }
closed() { ! opens "$@"; }

n_case=0
failed=0
cases=()
check() { # name, command: one case
	cases+=("$1")
	n_case=$((n_case + 1))
	if "${@:2}" >"$T/case.log" 2>&1; then
		echo "ok $n_case $1"
	else
		sed 's/^/# /' "$T/case.log" | tail -n 15
		echo "not ok $n_case $1"
		failed=1
	fi
}

setup_net
cat >"$T/control.hujson" <<-CONF
	{ // the relay's certificate comes from a small CA that the nodes are told to trust
		"server_url": "$URL", "listen": "0.0.0.0:8080", "state_dir": "$T/state",
		"tls": {"certificate": "$T/tls.crt", "key": "$T/tls.key"},
		"nodes": {"ephemeral_timeout": "5s"},
	}
CONF
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=relay \
	-addext subjectAltName=IP:10.99.0.1 -keyout "$T/tls.key" -out "$T/tls.crt" 2>/dev/null
export SSL_CERT_FILE=$T/tls.crt

echo "TAP version 13"
start_server || { cat "$T/control.log" | sed 's/^/# /'; echo "Bail out! the server does not start"; exit 1; }
start_node a "$NEW" && start_node b "$OLD" && start_node c "$NEW" || { echo "Bail out! tailscaled does not start"; exit 1; }

ctl users create ann >/dev/null
ctl users create bob >/dev/null
KEY=$(ctl preauthkeys create --user ann --reusable)

check "new_release_joins_by_key" up a --auth-key "$KEY"
check "oldest_release_joins_by_key" up b --auth-key "$KEY"
check "device_behind_nat_joins_by_key" up c --auth-key "$KEY"
check "peers_see_each_other" until_ok 15 sh -c "ip netns exec ${P}a ${BIN[a]}/tailscale --socket=$T/a/sock status | grep -q box-b"
check "ping_a_to_b" until_ok 15 pings a box-b
check "ping_b_to_a" until_ok 15 pings b box-a
check "ping_by_the_clients_name" ts a ping --c 5 box-b
check "direct_path_a_b" until_ok 20 sh -c "ip netns exec ${P}a ${BIN[a]}/tailscale --socket=$T/a/sock ping -c 5 box-b | grep -q 'via 10.99.0.12:'"
check "direct_path_out_of_the_nat" until_ok 30 sh -c "ip netns exec ${P}c ${BIN[c]}/tailscale --socket=$T/c/sock ping -c 5 box-a | grep -q 'via 10.99.0.11:'"
serves b 8000
check "http_through_the_tunnel" until_ok 10 opens a box-b 8000

no_udp() { in_ns a nft -f - <<<'table inet t { chain o { type filter hook output priority 0; oifname "eth0" meta l4proto udp drop; }; }'; }
relayed() { ts a ping --c 3 --until-direct=false box-b | grep -q 'via DERP(own)'; }
no_udp
check "relay_when_udp_is_blocked" until_ok 40 relayed
check "http_through_the_relay" until_ok 15 opens a box-b 8000
in_ns a nft delete table inet t

policy() { echo "$1" >"$T/policy" && ctl policy set "$T/policy"; }
check "policy_cuts_the_port" policy '{"acls": [{"action": "accept", "src": ["ann@"], "dst": ["ann@:22"]}]}'
check "port_is_cut" until_ok 10 closed a box-b 8000
check "policy_opens_the_port" policy '{"acls": [{"action": "accept", "src": ["ann@"], "dst": ["ann@:22,8000"]}]}'
check "port_is_open" until_ok 10 opens a box-b 8000
check "bad_policy_is_refused" sh -c "echo '{\"acls\": [{}]}' >$T/bad; ! $CONTROL -c $T/control.hujson policy set $T/bad"
check "empty_policy_parts_them" policy '{}'
check "peer_is_gone" until_ok 10 sh -c "! ip netns exec ${P}a ${BIN[a]}/tailscale --socket=$T/a/sock status | grep -q box-b"
check "policy_for_routes" policy '{"tagOwners": {"tag:x": ["ann@"]}, "acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}'
check "peer_is_back" until_ok 10 pings a box-b

check "rename" ctl nodes rename box-b bee
seen_as() { ts a ping --c 3 --until-direct=false "$1" || { ts a status; false; }; }
check "accept_dns" ts a set --accept-dns=true
check "name_resolves" until_ok 20 in_ns a ping -c 1 -W 2 bee.mesh.internal
check "short_name_resolves" until_ok 10 in_ns a ping -c 1 -W 2 bee
check "old_name_is_gone" sh -c "! ip netns exec ${P}a getent hosts box-b.mesh.internal"
check "no_dns_again" ts a set --accept-dns=false
check "new_name_is_seen" until_ok 40 seen_as bee
# A network behind b: an address on its loopback.
ip -n "${P}b" addr add 10.77.0.1/32 dev lo
in_ns b sysctl -qw net.ipv4.ip_forward=1
check "advertise_a_route" ts b set --advertise-routes=10.77.0.0/24
check "accept_routes" ts a set --accept-routes
check "route_waits_for_approval" sh -c "ip netns exec ${P}a ping -c 1 -W 2 10.77.0.1; test \$? -ne 0"
check "approve_the_route" ctl nodes approve-routes bee --routes 10.77.0.0/24
check "route_carries_traffic" until_ok 15 in_ns a ping -c 1 -W 2 10.77.0.1
# A second router of the same network takes over when the first one goes, and gives it up again never.
ip -n "${P}c" addr add 10.77.0.1/32 dev lo
in_ns c sysctl -qw net.ipv4.ip_forward=1
second() { ts c set --advertise-routes=10.77.0.0/24 && until_ok 10 ctl nodes approve-routes box-c --routes 10.77.0.0/24; }
check "second_router_of_the_network" second
primary() { ts a status --json | python3 -c '
import json, sys
for p in json.load(sys.stdin)["Peer"].values():
    if p["HostName"] == sys.argv[1]: sys.exit("10.77.0.0/24" not in (p.get("PrimaryRoutes") or []))
sys.exit(1)' "$1"; }
check "first_router_is_used" until_ok 10 primary box-b
kill "${PID[b]}"
wait "${PID[b]}" 2>/dev/null
check "second_router_takes_over" until_ok 40 primary box-c
check "route_carries_traffic_by_the_second" until_ok 20 in_ns a ping -c 1 -W 2 10.77.0.1
start_node b "$OLD"
check "first_router_comes_back" until_ok 30 node_is bee online true
check "second_router_stays" primary box-c
check "second_router_stops" ts c set --advertise-routes=
check "first_router_is_used_again" until_ok 20 primary box-b
check "advertise_exit_node" ts b set --advertise-exit-node
check "approve_exit_node" ctl nodes approve-routes bee --routes 0.0.0.0/0,::/0
exits() { ts a exit-node list | grep -q bee; }
check "exit_node_is_offered" until_ok 15 exits

# The tunnel does not need the server while it is away.
restart() {
	local ip ok
	ip=$(ip_of bee)
	kill -9 "${PID[srv]}"
	wait "${PID[srv]}" 2>/dev/null
	until_ok 15 in_ns a ping -c 1 -W 2 "$ip"
	ok=$?
	start_server && return $ok
}
check "server_killed_and_started_under_traffic" restart
check "devices_come_back" until_ok 40 node_is box-a online true
check "traffic_goes_on" until_ok 15 pings a bee

check "logout" ts c logout
check "logged_out_device_is_expired" until_ok 10 node_is box-c expired true
approve() {
	up c --timeout 35s >"$T/login" 2>&1 &
	local pid=$! id
	until_ok 15 grep -q /register/ "$T/login" || return 1
	id=$(grep -o 'register/[0-9a-f]*' "$T/login" | head -n 1 | cut -d/ -f2)
	in_ns a curl -sf "$URL/register/$id" | grep -q "auth approve $id" || return 1
	ctl auth list | grep -q "$id" || return 1
	ctl auth approve "$id" bob || return 1
	wait $pid
}
check "join_by_approval" approve
check "approved_device_is_bobs" until_ok 10 sh -c "$CONTROL -c $T/control.hujson nodes list | grep box-c | grep -q bob"
check "approved_device_has_traffic" until_ok 20 pings c bee

check "tag_a_node" ctl nodes tag box-c --tags tag:x
check "tagged_device_stays" until_ok 15 pings c bee
expire_b() { ctl nodes expire bee && until_ok 15 sh -c "! ip netns exec ${P}a ping -c 1 -W 1 $(ip_of bee)"; }
check "expired_device_is_cut_off" expire_b
reauth() { up b --auth-key "$KEY" --force-reauth --advertise-routes= --advertise-exit-node=false; }
before=$(ctl nodes list -o json | json nodes 1 nodeKey)
check "new_login_with_a_new_node_key" reauth
check "node_key_was_rotated" sh -c "test '$before' != \"\$($CONTROL -c $T/control.hujson nodes list -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"nodes\"][1][\"nodeKey\"])')\""
check "rotated_device_has_traffic" until_ok 20 pings a bee

EKEY=$(ctl preauthkeys create --user bob --ephemeral)
ephemeral() { ts c logout && up c --auth-key "$EKEY"; }
check "ephemeral_device_joins" ephemeral
check "ephemeral_device_is_there" until_ok 10 node_is box-c-1 ephemeral true
stop_c() { kill "${PID[c]}"; wait "${PID[c]}" 2>/dev/null; return 0; }
stop_c
check "ephemeral_device_is_removed" until_ok 40 node_is box-c-1 ephemeral absent
check "delete_a_node" ctl nodes delete bee
check "deleted_device_is_gone" until_ok 10 sh -c "! ip netns exec ${P}a ${BIN[a]}/tailscale --socket=$T/a/sock status | grep -q bee"
check "no_crash_in_the_log" sh -c "! grep -iE 'sanitizer|assert|segfault' $T/control.log"

echo "1..$n_case"
exit $failed
