# SPDX-License-Identifier: GPL-2.0
# libwarren: what all programs share.
lib-objs := $(addprefix lib/,addr.o check.o config.o config_print.o device.o error.o event.o genl.o ipc.o json.o key.o \
	link.o netlink_get.o netlink_set.o qr.o route.o rtnl.o rule.o stats.o sync.o uapi.o)
lib-pkgs := libmnl libnl-route-3.0 libsodium libqrencode
