# SPDX-License-Identifier: GPL-2.0
# `make help` lists the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build
RELEASE = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
# A build of its own for each kernel, so that they do not disturb each other:
# a folder of links to the sources, which takes the objects.
OUT = $(CURDIR)/build/module/$(RELEASE)
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
MAKEFLAGS += --no-print-directory

all: module tools

help:
	@echo 'make module [KDIR=headers]  build warren.ko, for the running kernel unless KDIR says otherwise'
	@echo 'make tools                  build the user-space programs into build/bin'
	@echo 'make install                install the module (with DKMS where present) and the tools that are built'
	@echo 'make uninstall              take that away again'
	@echo 'make demo                   two sites, one tunnel, real traffic: the whole thing in a minute'
	@echo 'make check                  every test, on three kernels; installs what it needs'
	@echo 'make bench                  measure'
	@echo 'make lint                   static checks and style'
	@echo 'make clean                  remove everything that was built'

module: module-for
	@cp $(OUT)/warren.ko warren.ko

# No BTF: header packages lack the vmlinux that it is made from.
module-for:
	@test -n "$(RELEASE)" || { \
		echo "no kernel headers at $(KDIR): install linux-headers-$$(uname -r), or give KDIR=" >&2; \
		exit 1; }
	@mkdir -p $(OUT) && find $(OUT) -xtype l -delete
	@find Kbuild module \( -name 'Kbuild*' -o -name '*.[chS]' -o -name '*.sh' \) \
		! -name '*.mod.c' ! -name probed.h -type f | while read -r file; do \
		mkdir -p "$(OUT)/$$(dirname $$file)" && ln -sfn "$(CURDIR)/$$file" "$(OUT)/$$file"; \
	done
	@$(MAKE) -C $(KDIR) M=$(OUT) CONFIG_DEBUG_INFO_BTF_MODULES= modules

.PHONY: all help module module-for
