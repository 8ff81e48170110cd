# SPDX-License-Identifier: GPL-2.0
# Completion of warren(8) for bash.

declare -gA _warren_words=(
	[show]="all interfaces --stats --json public-key private-key listen-port fwmark peers preshared-keys endpoints allowed-ips latest-handshakes transfer persistent-keepalive dump"
	[monitor]="--json"
	[showconf]="--json"
	[set]="listen-port fwmark private-key bind bind-address peer remove preshared-key endpoint persistent-keepalive allowed-ips"
	[setconf]=""
	[addconf]=""
	[syncconf]=""
	[genkey]=""
	[genpsk]=""
	[pubkey]=""
	[add]="--kind warren wireguard --mtu"
	[del]=""
	[up]="--kind warren wireguard"
	[down]=""
	[save]=""
	[strip]=""
	[check]="--json"
	[apply]="--dry-run --json"
	[resolve]=""
	[migrate]=""
	[export]="--qr"
	[init]="--dir --interface --tunnel --port"
)

# What stands at a place: names of interfaces, files, or the verb's own words.
_warren()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
	local names

	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "${!_warren_words[*]} --help --version" -- "$word")
		return
	fi
	case $before in
	private-key | preshared-key | --dir)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return ;;
	peer)
		names=$(warren show "${COMP_WORDS[2]}" peers 2>/dev/null)
		mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
		return ;;
	esac
	names=$(warren show interfaces 2>/dev/null)
	case $verb in
	up | down | save | strip | check | apply | resolve | export)
		mapfile -t COMPREPLY < <(compgen -f -X '!*.conf' -- "$word"; compgen -d -- "$word"
			compgen -W "${_warren_words[$verb]} $names" -- "$word") ;;
	setconf | addconf | syncconf)
		if ((COMP_CWORD == 2)); then
			mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi ;;
	monitor | set | showconf | del | migrate)
		((COMP_CWORD == 2)) || names=
		mapfile -t COMPREPLY < <(compgen -W "${_warren_words[$verb]} $names" -- "$word") ;;
	show)
		mapfile -t COMPREPLY < <(compgen -W "${_warren_words[show]} $names" -- "$word") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "${_warren_words[$verb]-}" -- "$word") ;;
	esac
}

complete -o filenames -F _warren warren
