# SPDX-License-Identifier: GPL-2.0
# Completion of warren(8) for fish.

function __warren_interfaces
	warren show interfaces 2>/dev/null | string split ' '
end

function __warren_verb
	__fish_seen_subcommand_from $argv
end

set -l verbs show monitor showconf set setconf addconf syncconf genkey genpsk pubkey add del up down save strip check apply resolve migrate init export

complete -c warren -f
complete -c warren -n "not __fish_seen_subcommand_from $verbs" -a "$verbs --help --version"
complete -c warren -n "__warren_verb show monitor showconf set setconf addconf syncconf del migrate up down save strip check apply resolve export" -a "(__warren_interfaces)"
complete -c warren -n "__warren_verb setconf addconf syncconf up down save strip check apply resolve export" -F
complete -c warren -n "__warren_verb show" -a "all interfaces --stats --json public-key private-key listen-port fwmark peers preshared-keys endpoints allowed-ips latest-handshakes transfer persistent-keepalive dump"
complete -c warren -n "__warren_verb monitor" -a "--json"
complete -c warren -n "__warren_verb showconf" -a "--json"
complete -c warren -n "__warren_verb set" -a "listen-port fwmark private-key bind bind-address peer remove preshared-key endpoint persistent-keepalive allowed-ips"
complete -c warren -n "__warren_verb setconf" -a ""
complete -c warren -n "__warren_verb addconf" -a ""
complete -c warren -n "__warren_verb syncconf" -a ""
complete -c warren -n "__warren_verb genkey" -a ""
complete -c warren -n "__warren_verb genpsk" -a ""
complete -c warren -n "__warren_verb pubkey" -a ""
complete -c warren -n "__warren_verb add" -a "--kind warren wireguard --mtu"
complete -c warren -n "__warren_verb del" -a ""
complete -c warren -n "__warren_verb up" -a "--kind warren wireguard"
complete -c warren -n "__warren_verb down" -a ""
complete -c warren -n "__warren_verb save" -a ""
complete -c warren -n "__warren_verb strip" -a ""
complete -c warren -n "__warren_verb check" -a "--json"
complete -c warren -n "__warren_verb apply" -a "--dry-run --json"
complete -c warren -n "__warren_verb resolve" -a ""
complete -c warren -n "__warren_verb migrate" -a ""
complete -c warren -n "__warren_verb init" -a "--dir --interface --tunnel --port"
complete -c warren -n "__warren_verb export" -a "--qr"
