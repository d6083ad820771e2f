/* SPDX-License-Identifier: GPL-2.0-only */
/* Timers under a clock that somebody else moves (hunter/kernel.cpp). */
#ifndef _HUNT_LINUX_HRTIMER_H
#define _HUNT_LINUX_HRTIMER_H

#include <linux/ktime.h>

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode { HRTIMER_MODE_ABS_HARD };

#define CLOCK_MONOTONIC	1

/* @queued: it will expire; @running: it has, and its function is not done yet */
struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	ktime_t expires;
	bool queued;
	bool running;
};

#ifdef __cplusplus
extern "C" {
#endif

/* Runs the function of a timer that has expired. */
void hunt_timer_run(struct hrtimer *timer);

#ifdef __cplusplus
}
#endif

static inline bool hrtimer_is_queued(struct hrtimer *timer)
{
	return timer->queued;
}

static inline void hrtimer_start(struct hrtimer *timer, ktime_t expires, enum hrtimer_mode mode)
{
	(void)mode;
	timer->expires = expires;
	timer->queued = true;
}

static inline void hrtimer_set_expires(struct hrtimer *timer, ktime_t expires)
{
	if (timer->queued)
		hunt_broken("a queued timer is moved");
	timer->expires = expires;
}

static inline void hrtimer_cancel(struct hrtimer *timer)
{
	hunt_yield();
	if (timer->running)
		hunt_timer_run(timer);
	timer->queued = false;
}

#endif
