/* SPDX-License-Identifier: GPL-2.0-only */
/* In place of include/kcompat.h: this kernel is of one kind. */
#ifndef _HUNT_KCOMPAT_H
#define _HUNT_KCOMPAT_H

#include <linux/eventfd.h>
#include <linux/hrtimer.h>

#define kc_eventfd_signal(ctx)	hunt_signal(ctx)

#define kc_hrtimer_setup(timer, fn, clock, mode)	\
	(*(timer) = (struct hrtimer){ .function = (fn) })

#endif
