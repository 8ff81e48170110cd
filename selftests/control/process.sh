#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The server, built with sanitizers, as a process against our own and hostile clients; prints KTAP.
out=${OUT:-$(cd "$(dirname "$0")/../.." && pwd)/build/selftests/control}
exec "$out/peer" "$out/warren-control"
