/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail, one after the other.
 */
#ifndef _KUNIT_FAILING_H
#define _KUNIT_FAILING_H

#include <linux/sched.h>

/* More allocations than anything here needs. */
#define FAILING_MOST	2000

#ifdef CONFIG_FAULT_INJECTION

/* From now on the @nth allocation of this thread fails, counted from 1. */
static inline void failing_start(u32 nth)
{
	current->fail_nth = nth;
}

/* No allocation fails any more. Return: whether that one did. */
static inline bool failing_stop(void)
{
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	return failed;
}

#else

static inline void failing_start(u32 nth)
{
}

static inline bool failing_stop(void)
{
	return false;
}

#endif

#endif /* _KUNIT_FAILING_H */
