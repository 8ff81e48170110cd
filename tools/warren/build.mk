# SPDX-License-Identifier: GPL-2.0
# warren, the tool.
programs += warren
warren-objs := $(addprefix warren/,add.o args.o genkey.o main.o pubkey.o set.o setconf.o show.o \
	show_fields.o show_pretty.o showconf.o)
