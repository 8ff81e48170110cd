# SPDX-License-Identifier: GPL-2.0
# `make help` lists the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build
RELEASE = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)
# Each kernel has its own build: a folder of links to the sources, which takes
# the objects.
OUT = $(CURDIR)/build/module/$(RELEASE)
# The kernels that we test with give no warning, and it shall stay so; for
# another compiler's new ones: make WERROR=
WERROR = -Werror

export PREFIX ?= /usr/local
export DESTDIR ?=
VERSION = $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SOURCE = $(DESTDIR)/usr/src/warren-$(VERSION)
MODULE_SOURCES = Kbuild $(shell find module \( -name 'Kbuild*' -o -name '*.[chS]' -o -name '*.sh' \) \
	! -name '*.mod.c' ! -name probed.h -type f)
# Every version that DKMS holds: two would be in each other's way.
DKMS_REMOVE = dkms status warren | sed 's|^warren/\([^,:]*\).*|\1|' | sort -u | \
	while read -r version; do dkms remove warren/$$version --all; done

MAKEFLAGS += --no-print-directory

all: module tools control

help:
	@echo 'make module [KDIR=headers]  build warren.ko, for the running kernel unless KDIR says otherwise'
	@echo 'make tools                  build the tool, build/bin/warren'
	@echo 'make control                build the control server, build/bin/warren-control'
	@echo 'make install                install the module, with DKMS where present, and the tools if built'
	@echo 'make uninstall              take that away again'
	@echo 'make demo                   two sites, one tunnel, real traffic'
	@echo 'make demo-mesh              a control server, and two real tailscaled that join it'
	@echo 'make check                  every test, on three kernels'
	@echo 'make check-interop          the control server with real tailscaled'
	@echo 'make lint                   static checks and style'
	@echo 'make bench                  measure'
	@echo 'make clean                  remove everything that was built'
	@echo
	@echo 'Those from demo to bench install the Debian packages that they need.'

module: module-for
	@cp $(OUT)/warren.ko warren.ko

# No BTF: header packages lack the vmlinux that it is made from.
module-for:
	@test -n "$(RELEASE)" || { echo "no kernel headers in $(KDIR): install" \
		"linux-headers-$$(uname -r), or name another folder with KDIR=" >&2; exit 1; }
	@mkdir -p $(OUT) && find $(OUT) -xtype l -delete
	@for file in $(MODULE_SOURCES); do \
		mkdir -p "$(OUT)/$$(dirname $$file)" && \
		ln -sfn "$(CURDIR)/$$file" "$(OUT)/$$file" || exit 1; \
	done
	@+$(MAKE) -C $(KDIR) M=$(OUT) KCFLAGS=$(WERROR) CONFIG_DEBUG_INFO_BTF_MODULES= modules

tools:
	@selftests/deps tools
	@$(MAKE) -C tools

control:
	@selftests/deps control
	@$(MAKE) -C tools/control

# Without DKMS the module is built for the running kernel only.
install:
	@mkdir -p $(DKMS_SOURCE)
	@cp --parents dkms.conf $(MODULE_SOURCES) $(DKMS_SOURCE)/
ifeq ($(DESTDIR),)
	@if command -v dkms >/dev/null; then \
		$(DKMS_REMOVE) && dkms install warren/$(VERSION); \
	else \
		echo "no DKMS here: after a kernel update, make install again" && \
		$(MAKE) module WERROR= && \
		install -D -m 644 warren.ko /lib/modules/$$(uname -r)/updates/warren.ko && \
		depmod -a $$(uname -r); \
	fi
endif
	@$(MAKE) -C tools install

uninstall:
ifeq ($(DESTDIR),)
	@! command -v dkms >/dev/null || { $(DKMS_REMOVE); }
	@ko=/lib/modules/$$(uname -r)/updates/warren.ko; \
		[ ! -e $$ko ] || { rm $$ko && depmod -a $$(uname -r); }
endif
	@rm -rf $(DKMS_SOURCE)
	@$(MAKE) -C tools uninstall

demo:
	@selftests/deps build vm tools net
	@$(MAKE) tools
	@selftests/demo/run

demo-mesh:
	@selftests/deps control tailscale
	@$(MAKE) -s control
	@selftests/tailscale/demo.py

check:
	@selftests/deps build vm tools tools-tests unit net interop lint dkms control control-tests \
		tailscale
	@$(MAKE) -j2 tools control
	@selftests/run

# Part of `make check`.
check-interop:
	@selftests/deps control tailscale
	@selftests/run tailscale/interop.py

lint:
	@selftests/deps build vm lint
	@selftests/run lint

bench:
	@selftests/deps build vm tools net control tailscale
	@$(MAKE) tools
	@selftests/bench/run
	@selftests/bench/control.py

# What `make -C KDIR M=...` leaves in the sources, too.
clean:
	@rm -rf build warren.ko warren.o warren.mod warren.mod.[co] .*.cmd Module.symvers modules.order
	@find module \( -name '*.o' -o -name '.*.cmd' -o -name probed.h \) -delete

.PHONY: all help module module-for tools control install uninstall demo demo-mesh check \
	check-interop lint bench clean
