/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_KTIME_H
#define _HUNT_LINUX_KTIME_H

#include <linux/hunt.h>

typedef s64 ktime_t;

#define ktime_get_ns()		hunt_clock()
#define ns_to_ktime(ns)		((ktime_t)(ns))

#endif
