// SPDX-License-Identifier: GPL-2.0-only
/*
 * Busy polling: the worker looks for more by itself for a while before it asks to be
 * woken. It gives way to everything else: to other work of its own, which timers and the
 * other queue give it, to calls of the vhost ABI, which may be waiting for the queue's
 * mutex, and to whatever else wants the CPU.
 */
#include <linux/ktime.h>
#include <linux/sched.h>

#include "queue.h"

/* No time is longer, whatever is asked for. */
#define SPIN_LIMIT_USECS	USEC_PER_SEC

static bool gives_way(const struct vhn_queue *q)
{
	return need_resched() || READ_ONCE(q->dev->called) ||
	       !vhn_attachment_is_idle(&q->attachment);
}

/**
 * vhn_queue_spin() - look for more, if the queue is to do so
 * @q: the queue
 * @there: is there something?
 *
 * Context: worker, queue mutex held.
 *
 * Return: true when there is.
 */
bool vhn_queue_spin(struct vhn_queue *q, bool (*there)(struct vhn_queue *q))
{
	u64 end;

	if (likely(!q->spin_usecs))
		return false;
	end = ktime_get_ns() + (u64)min_t(u32, q->spin_usecs, SPIN_LIMIT_USECS) * NSEC_PER_USEC;
	while (!there(q)) {
		if (gives_way(q) || ktime_get_ns() >= end)
			return false;
		cpu_relax();
	}
	return true;
}
