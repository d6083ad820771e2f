# SPDX-License-Identifier: GPL-2.0-only
#
# Data races between threads, and between a thread and the interrupts above it; strictly: a
# plain store races, whatever its size, and so does what no barrier holds back.
CONFIG_KCSAN=y
CONFIG_KCSAN_EARLY_ENABLE=y
CONFIG_KCSAN_SELFTEST=y
CONFIG_KCSAN_STRICT=y
CONFIG_KCSAN_WEAK_MEMORY=y
CONFIG_KCSAN_INTERRUPT_WATCHER=y
CONFIG_KCSAN_DELAY_RANDOMIZE=y
CONFIG_KCSAN_SKIP_WATCH_RANDOMIZE=y
