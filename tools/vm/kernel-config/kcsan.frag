# SPDX-License-Identifier: GPL-2.0-only
#
# Data races between threads, and between a thread and the interrupts above it.
CONFIG_KCSAN=y
CONFIG_KCSAN_INTERRUPT_WATCHER=y
