# SPDX-License-Identifier: GPL-2.0-only
#
# What lines of the modules the suites execute.
CONFIG_GCOV_KERNEL=y
