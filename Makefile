# SPDX-License-Identifier: GPL-2.0-only
#
# kbuild reads Kbuild and ignores this file, so
#     make -C /lib/modules/$V/build M=$PWD modules
# works in this directory with nothing run before. `make help` lists the targets.

# Kernels to build for and to test on: Debian 12's two, or full version strings.
KERNELS ?= 6.1 6.12
# For what needs only one; here also debug or kcsan.
KERNEL ?= 6.1
JOBS ?= $(shell nproc)

.PHONY: all
all: modules tools  ## build the modules and the tools

# --- building -------------------------------------------------------------------

.PHONY: deps modules tools
deps:  ## install the Debian packages that are missing (root), or say which
	@tools/vm/install-packages

modules: $(KERNELS:%=modules-%)  ## build the modules for each of KERNELS, in build/modules/ (ONLY=drivers/vhost: just those)
modules-%: deps
	@tools/vm/build-modules $(ONLY:%=--only %) $* -j$(JOBS)

tools: build/tools/build.ninja  ## build the C++ tools and tests, in build/tools/
	@flock build/tools/.lock ninja -C build/tools

build/tools/build.ninja: | deps
	@mkdir -p build
	@cmake -S tools -B build/tools -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >build/tools.log || \
		{ cat build/tools.log; false; }

# --- installing -----------------------------------------------------------------

PREFIX ?= /usr/local
# The kernel that the modules are for.
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
INSTALL_MOD_DIR ?= updates
# The program to install, if another one than is built for it.
VCOAL ?= build/vcoal/vcoal/vcoal
below = DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

.PHONY: install install-tools install-modules uninstall deb check-packages build/vcoal/vcoal/vcoal
install: $(VCOAL)  ## vcoal and its manual below PREFIX=/usr/local, modules for KVER=`uname -r` (root, or DESTDIR=)
	@$(MAKE) --no-print-directory install-tools
	@$(MAKE) --no-print-directory install-modules

install-tools: $(VCOAL)  ## of these vcoal, manual, completion, udev rule, headers
	@$(below) VCOAL='$(VCOAL)' tools/package/install-tools

install-modules:  ## of these the modules
	+@$(below) KVER='$(KVER)' KDIR='$(KDIR)' INSTALL_MOD_DIR='$(INSTALL_MOD_DIR)' \
		tools/package/install-modules

uninstall:  ## remove what `make install` put there, and nothing else
	@$(below) tools/package/uninstall

# Its own build directory: nothing that only tests are built of is needed here.
build/vcoal/vcoal/vcoal:
	@mkdir -p build
	@cmake -S tools -B build/vcoal -G Ninja -DCMAKE_BUILD_TYPE=Release -DVCOAL_TESTS=OFF \
		>build/vcoal.log || { cat build/vcoal.log; false; }
	@ninja -C build/vcoal vcoal

deb: deps  ## Debian packages, in build/deb/: virtio-net-coal-dkms, vcoal
	@tools/package/deb build/deb

check-packages: deps  ## install, reboot, upgrade, purge these in virtual machines (KERNEL=6.12)
	@tools/package/check $(KERNEL)

# --- testing --------------------------------------------------------------------

.PHONY: check check-quick check-unit check-kunit check-kunit-debug check-kunit-grafted \
	check-debug soak check-fuzz check-qemu check-vm-runner coverage coverage-tools
# Random tests run longer here than when a test program is called by hand.
check check-quick check-unit: export RC_PARAMS = max_success=2000 max_size=200

check: modules tools  ## all tests: user space, virtual machines, the demo's claims
	@build/tools/check/check $(KERNELS)

check-quick: modules tools  ## the working loop: user space, a few tests in a virtual machine
	@build/tools/check/check --quick $(KERNELS)

# All programs, or those whose names begin so: coal, driver, pair, ...; races: under KCSAN.
BATCHES ?=

check-debug: modules-debug modules-kcsan tools  ## system tests in kernels that look for errors (BATCHES=pair); an hour and more
	@build/tools/check/check --debug $(BATCHES)

soak: modules-$(KERNEL) tools  ## 1000 changes of everything that can be changed, under traffic (KERNEL=debug)
	@VCOAL_CHURN_ROUNDS=1000 tools/vm/vm --kernel $(KERNEL) --timeout 86400 --boot-timeout 300 -- \
		build/tools/tests/system/churn_test </dev/null

check-unit: tools  ## unit and property tests, in user space
	@ctest --test-dir build/tools --output-on-failure -j$(JOBS)

check-kunit: deps  ## KUnit suites in User-Mode Linux: virtual time, three runs that are the same
	@tools/kunit/run build/kunit/kunit.ktap

check-kunit-debug: deps  ## the same under KASAN, lockdep, leak detection, with allocations that fail
	@tools/kunit/run --kernel uml-debug --runs 1 build/kunit/debug.ktap

check-kunit-grafted: deps  ## the same in a kernel's own tree, by its own kunit.py
	@tools/kunit/grafted build/kunit/grafted.log

coverage: deps  ## which lines the KUnit suites execute, in build/coverage/kunit/
	@tools/kunit/coverage build/coverage/kunit

coverage-tools: build/coverage-tools/build.ninja  ## and which the unit tests, in build/coverage/tools.txt; built apart, in some minutes
	@flock build/coverage-tools/.lock ninja -C build/coverage-tools unit_tests
	@tools/check/coverage build/coverage-tools build/coverage

build/coverage-tools/build.ninja: | deps
	@mkdir -p build
	@cmake -S tools -B build/coverage-tools -G Ninja -DCMAKE_BUILD_TYPE=Debug \
		-DCMAKE_C_FLAGS=--coverage -DCMAKE_CXX_FLAGS=--coverage >build/coverage-tools.log || \
		{ cat build/coverage-tools.log; false; }

# Runs of each fuzz target; the first ones are the same in each check.
FUZZ_RUNS ?= 100000

check-fuzz: build/fuzz/build.ninja  ## hostile input that nobody thought of, under sanitizers (FUZZ_RUNS=100000)
	@flock build/fuzz/.lock ninja -C build/fuzz
	@tools/check/fuzz build/fuzz $(FUZZ_RUNS)

build/fuzz/build.ninja: | deps
	@mkdir -p build
	@cmake -S tools/tests/fuzz -B build/fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++ >build/fuzz.log || \
		{ cat build/fuzz.log; false; }

.PHONY: hunter
# How many packets, and which worlds they pass through.
PACKETS ?= 10000000
SEED ?= 1

hunter: build/tools/build.ninja  ## look for lost notifications in user space (PACKETS=10000000 SEED=1)
	@flock build/tools/.lock ninja -C build/tools hunter
	@build/tools/tests/hunter/hunter --packets $(PACKETS) --seed $(SEED) --trace build/hunter.trace

.PHONY: check-mutants
# All of them, or some by name.
MUTANTS ?=

check-mutants: build/tools/build.ninja  ## break coal.c, notify.c and vring_split.c in 30 small ways: tests notice each
	@flock build/tools/.lock ninja -C build/tools mutants
	@mkdir -p build/mutants
	@build/tools/check/mutants $(MUTANTS)

# Which sentence of the specification holds for whom. `make check` judges its own reports the
# same way; this runs only the tests that are needed, and writes the document.
.PHONY: conformance
conformance: modules tools  ## the specification row by row: Documentation/conformance.md, build/conformance.json
	@build/tools/tests/conformance/conformance $(KERNELS)

# The tests, all of them or some by name.
TESTS ?= *

check-qemu: modules tools  ## real guests: stock QEMU and kernels on our host module; build/qemu.json (TESTS='*Migrates*')
	@rm -rf build/qemu build/qemu.json
	@set -e; for kernel in $(KERNELS); do \
		tools/tests/qemu/run $$kernel build/qemu --gtest_filter='$(TESTS)'; \
	done
	@cp build/qemu/qemu.json build/qemu.json

check-vm-runner: build/tools/build.ninja  ## the VM runner tells a pass from every kind of failure
	@flock build/tools/.lock ninja -C build/tools vm_runner_test
	@VCOAL_KERNELS="$(KERNELS)" VCOAL_CHECKOUT=$(CURDIR) build/tools/vm/vm_runner_test

# --- showing --------------------------------------------------------------------

# The driver in the demo's guest.
DRIVER ?= virtio_net
demo_vm = tools/vm/vm --kernel $(KERNEL) --timeout 300 --out build/demo
demo_guest = build/tools/bench/demo-guest --driver $(DRIVER)

.PHONY: demo
demo: modules-$(KERNEL) build/tools/build.ninja  ## real traffic in two throw-away machines: a table, build/demo.json
	@flock build/tools/.lock ninja -C build/tools vcoal demo-guest demo-report
	@rm -rf build/demo build/demo.json
	@$(demo_vm) --smp 2 -- $(demo_guest) --mode table </dev/null
	@$(demo_vm) --icount -- $(demo_guest) --mode icount </dev/null
	@build/tools/bench/demo-report --table build/demo/table.json --icount build/demo/icount.json \
		--out build/demo.json

.PHONY: bench-driver
bench-driver: modules-$(KERNEL) build/tools/build.ninja  ## instructions per packet, our guest driver and virtio_net: build/bench-driver.json
	@flock build/tools/.lock ninja -C build/tools vcoal demo-guest
	@rm -rf build/bench-driver build/bench-driver.json
	@tools/vm/vm --kernel $(KERNEL) --timeout 300 --out build/bench-driver --icount -- \
		build/tools/bench/demo-guest --mode driver </dev/null; \
		status=$$?; cp build/bench-driver/driver.json build/bench-driver.json && exit $$status

.PHONY: bench-features
bench-features: modules-$(KERNEL) build/tools/build.ninja  ## instructions per packet, features negotiated and not used: build/bench-features.json
	@flock build/tools/.lock ninja -C build/tools vcoal demo-guest
	@rm -rf build/bench-features build/bench-features.json
	@tools/vm/vm --kernel $(KERNEL) --timeout 300 --out build/bench-features --icount -- \
		build/tools/bench/demo-guest --mode features </dev/null; \
		status=$$?; cp build/bench-features/features.json build/bench-features.json && exit $$status

# --- looking after the code -----------------------------------------------------

.PHONY: lint tidy clean help
lint: deps  ## checkpatch --strict, sparse, cppcheck, clang-format
	@tools/vm/lint $(KERNELS)

# Each file by the commands of the build that it belongs to.
tidy: tools build/fuzz/build.ninja  ## clang-tidy over the C++ side; takes half an hour, so no part of check
	@find tools -name '*.cpp' \( -path 'tools/tests/fuzz/*' -printf 'build/fuzz %p\n' \
		-o -printf 'build/tools %p\n' \) | sort -k2 | \
		xargs -P$(JOBS) -n2 clang-tidy --quiet -p 2>build/tidy.log

clean:  ## remove build/ (not the cached kernels), and what install-modules built
	rm -rf build
	@[ ! -e '$(KDIR)/Makefile' ] || $(MAKE) -s -C '$(KDIR)' M='$(CURDIR)' clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 18
