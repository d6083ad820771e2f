/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For suites that are exact about time.
 */
#ifndef _KUNIT_VIRTUAL_TIME_H
#define _KUNIT_VIRTUAL_TIME_H

#include <kunit/test.h>
#include <linux/delay.h>

/* Timers are exact once the kernel has changed over to high resolution, soon after boot. */
static inline int virtual_time_init(struct kunit_suite *suite)
{
	msleep(200);
	return 0;
}

#endif /* _KUNIT_VIRTUAL_TIME_H */
