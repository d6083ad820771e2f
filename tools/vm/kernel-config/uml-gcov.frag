# SPDX-License-Identifier: GPL-2.0-only
#
# What lines of the modules the suites execute.
CONFIG_GCOV_KERNEL=y
# Error exits for want of memory are lines, too.
CONFIG_DEBUG_KERNEL=y
CONFIG_FAULT_INJECTION=y
CONFIG_FAILSLAB=y
CONFIG_FAULT_INJECTION_DEBUG_FS=y
