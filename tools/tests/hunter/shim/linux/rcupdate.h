/* SPDX-License-Identifier: GPL-2.0-only */
/* Nothing here is replaced while somebody reads it. */
#ifndef _HUNT_LINUX_RCUPDATE_H
#define _HUNT_LINUX_RCUPDATE_H

#include <linux/hunt.h>

struct rcu_head {
	int unused;
};

#define rcu_read_lock()		((void)0)
#define rcu_read_unlock()	((void)0)
#define rcu_dereference(p)	(p)
#define rcu_access_pointer(p)	(p)
#define RCU_INITIALIZER(p)	(p)
#define unrcu_pointer(p)	(p)
#define kfree_rcu(p, head)	((void)(p))

#endif
