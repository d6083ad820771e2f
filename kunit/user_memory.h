/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that the host module serves, played by the test: what its memory does, what
 * its eventfd and its control groups say.
 */
#ifndef _KUNIT_USER_MEMORY_H
#define _KUNIT_USER_MEMORY_H

#include <linux/types.h>

struct eventfd_ctx;

/**
 * struct user_memory - what becomes of accesses to it
 * @accesses: how many there were
 * @fault_at: number of the access that faults, counted from 1; 0: none does
 * @beyond: addresses from here on are not the user's; NULL: all are
 */
struct user_memory {
	u32 accesses;
	u32 fault_at;
	const void *beyond;
};

/**
 * struct user_eventfd - the one eventfd there is
 * @signals: how many it got
 * @when: it got the last one, nanoseconds
 */
struct user_eventfd {
	u32 signals;
	u64 when;
};

extern struct user_memory user_memory;
extern struct user_eventfd user_eventfd;
/* What joining the control groups gives. */
extern int user_cgroup_error;

void user_signalled(struct eventfd_ctx *ctx);

#endif /* _KUNIT_USER_MEMORY_H */
