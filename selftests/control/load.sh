#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A few devices of the load generator: all join, and all are told of each change. One case by its
# exit code; how fast that was decides nothing.
top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/build/selftests/control/load" "$top/build/bin/warren-control" 200
