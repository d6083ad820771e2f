/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks that know whether they are held, and before which others act. */
#ifndef _HUNT_LINUX_SPINLOCK_H
#define _HUNT_LINUX_SPINLOCK_H

#include <linux/hunt.h>

typedef struct {
	bool held;
} raw_spinlock_t;

static inline void hunt_acquire(bool *held)
{
	hunt_yield();
	if (*held)
		hunt_broken("a lock is taken that is held already");
	*held = true;
}

static inline void hunt_release(bool *held)
{
	if (!*held)
		hunt_broken("a lock is released that is not held");
	*held = false;
	hunt_yield();
}

#define lockdep_assert_held(lock)	\
	do { if (!(lock)->held) hunt_broken(#lock " is not held"); } while (0)

#define raw_spin_lock_init(lock)	((lock)->held = false)
#define raw_spin_lock_irqsave(lock, flags)	((flags) = 0, hunt_acquire(&(lock)->held))
#define raw_spin_unlock_irqrestore(lock, flags)	((void)(flags), hunt_release(&(lock)->held))

#endif
