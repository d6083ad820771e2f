/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _HUNT_LINUX_MUTEX_H
#define _HUNT_LINUX_MUTEX_H

#include <linux/spinlock.h>

struct mutex {
	bool held;
};

#define DEFINE_MUTEX(m)	struct mutex m
#define mutex_init(m)	((m)->held = false)
#define mutex_lock(m)	hunt_acquire(&(m)->held)

static inline void mutex_unlock(struct mutex *m)
{
	hunt_yield();
	/* What was stored before is seen by whoever takes it next. */
	hunt_barrier();
	hunt_release(&m->held);
}

#endif
