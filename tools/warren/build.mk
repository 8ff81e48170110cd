# SPDX-License-Identifier: GPL-2.0
# warren, the tool.
programs += warren
warren-objs := $(addprefix warren/,add.o apply.o args.o check.o dns.o export.o full.o genkey.o guard.o init.o main.o migrate.o monitor.o plan.o pubkey.o quick.o resolve.o routes.o run.o save.o \
	set.o setconf.o show.o show_fields.o show_json.o show_pretty.o showconf.o strip.o up.o)
warren-pkgs := libnftables
