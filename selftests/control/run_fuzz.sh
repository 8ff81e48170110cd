#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The fuzz targets of this folder; prints KTAP.
exec "$(dirname "$0")/../mesh/run_fuzz.sh" control
