#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# probe.sh PROBES OUTPUT COMPILER FLAGS...: see Kbuild.probe.
#
# An error belongs to the last WARREN_PROBE at or above its line. An error in a
# kernel header or above the first probe, or a header that is not there, means
# that nothing can be told: then the build stops with the compiler's words.
set -u
probes=$1
output=$2
shift 2

# An error in an expanded macro counts where the macro is used; no error is left
# out. Compilers call that differently.
for option in -ftrack-macro-expansion=0 -fmax-errors=0 -ferror-limit=0; do
	if "$@" -Werror $option -fsyntax-only -x c /dev/null >/dev/null 2>&1; then
		set -- "$@" $option
	fi
done

errors=$(LC_ALL=C "$@" -Wno-error -Wno-unused -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion \
	-fsyntax-only -fdiagnostics-color=never -x c "$probes" 2>&1 >/dev/null)

printf '%s\n' "$errors" | awk -v probes="$probes" -v output="$output.tmp" '
BEGIN {
	while ((getline line < probes) > 0) {
		number++
		if (match(line, /^WARREN_PROBE\([A-Z0-9_]+/))
			names[++count] = substr(line, 14, RLENGTH - 13)
		owner[number] = count
	}
}
/: (fatal )?error: / {
	at = /: fatal error: / ? 0 : index($0, probes ":")
	rest = substr($0, length(probes) + 2)
	split(rest, part, ":")
	if (at == 1 && owner[part[1] + 0])
		failed[names[owner[part[1] + 0]]] = 1
	else
		stray = stray $0 "\n"
}
END {
	if (failed["ALWAYS"] || !failed["NEVER"])
		stray = stray "the probes ALWAYS and NEVER must pass and fail\n"
	if (stray != "") {
		printf "cannot probe the kernel headers:\n%s", stray
		exit 1
	}
	print "/* Made by probe.sh from probes.h: what this kernel has. */" > output
	for (i = 1; i <= count; i++)
		if (names[i] != "ALWAYS" && names[i] != "NEVER")
			printf(failed[names[i]] ? "/* no %s */\n" : "#define WARREN_HAVE_%s 1\n", names[i]) > output
}' >&2 || {
	printf '%s\n' "$errors" >&2
	exit 1
}
mv "$output.tmp" "$output"
