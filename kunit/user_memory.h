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

extern struct user_memory user_memory;
/* What joining the control groups gives. */
extern int user_cgroup_error;

/* What the test does at a signal. */
void user_signalled(struct eventfd_ctx *ctx);

#endif /* _KUNIT_USER_MEMORY_H */
