// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coalescing state machine (spec 3.5).
 *
 * There is one timer per virtqueue, and it is lazy:
 *
 *   armed      when the first packet after a notification is published, unless it
 *              already runs. Its deadline is that packet's time plus max_usecs.
 *   untouched  by every further packet, and when the count is reached: an expiry
 *              that finds its packets gone is a no-op, one that finds younger
 *              packets moves on to their deadline.
 *   moved      to an earlier time only, and only by new parameters.
 *   idle       with nothing pending it expires at most once more (COAL-O4).
 *
 * Three states: nothing pending; pending, waiting for count or time; due. "Due" is
 * for events that run where guest memory cannot be looked at (the timer, a change
 * of parameters): whoever signals next takes it. The count is cleared there and
 * nowhere else, so no notification is owed twice or lost between the two.
 *
 * All times are nanoseconds in 64 bits: max_usecs is a number chosen by the guest
 * and its product with 1000 does not fit in 32.
 */
#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/time64.h>
#else
#include <linux/kernel_shim.h>
#endif

#include "coal.h"

static const struct vhn_coal_action nothing = { .verb = VHN_COAL_NOTHING };

static struct vhn_coal_action notify(struct vhn_coal *c, enum vhn_coal_reason reason)
{
	WRITE_ONCE(c->pending, 0);
	c->due = VHN_COAL_NONE;
	return (struct vhn_coal_action){ .verb = VHN_COAL_NOTIFY, .reason = reason };
}

static struct vhn_coal_action arm(const struct vhn_coal *c)
{
	return (struct vhn_coal_action){
		.verb = VHN_COAL_ARM,
		.deadline = c->first + c->hold,
	};
}

/* The condition of COAL-O3 and COAL-O5 over what is pending. */
static enum vhn_coal_reason met(const struct vhn_coal *c, u64 now)
{
	if (!c->hold)
		return VHN_COAL_IMMEDIATE;
	if (c->pending >= c->threshold)
		return VHN_COAL_COUNT;
	if (now >= c->first + c->hold)
		return VHN_COAL_TIMER;
	return VHN_COAL_NONE;
}

/* For events that cannot signal: leave the notification to whoever can. */
static struct vhn_coal_action judge(struct vhn_coal *c, u64 now)
{
	if (!c->pending || c->due)
		return nothing;

	c->due = met(c, now);
	if (!c->due)
		return arm(c);
	return (struct vhn_coal_action){ .verb = VHN_COAL_NOTIFY, .reason = c->due };
}

/**
 * vhn_coal_packets() - packets were published in the used ring
 * @c: the coalescer
 * @n: how many packets; merged buffers are one (COAL-O9)
 * @now: nanoseconds
 *
 * The caller is the one that signals. Context: any; the caller serialises.
 *
 * Return: NOTIFY (nothing is pending then), ARM for the first packets of a batch,
 * or NOTHING.
 */
struct vhn_coal_action vhn_coal_packets(struct vhn_coal *c, u32 n, u64 now)
{
	enum vhn_coal_reason reason = c->due;
	bool first = !c->pending;
	u32 pending;

	if (!n)
		return nothing;
	if (first)
		c->first = now;
	if (check_add_overflow(c->pending, n, &pending))
		pending = U32_MAX;
	WRITE_ONCE(c->pending, pending);

	if (!reason)
		reason = met(c, now);
	if (reason)
		return notify(c, reason);
	return first ? arm(c) : nothing;
}

/**
 * vhn_coal_timer() - the timer expired
 * @c: the coalescer
 * @now: nanoseconds
 *
 * The caller cannot signal: after NOTIFY it wakes somebody who calls
 * vhn_coal_take(). Context: any; the caller serialises.
 *
 * Return: NOTIFY, ARM when younger packets wait, or NOTHING when none do.
 */
struct vhn_coal_action vhn_coal_timer(struct vhn_coal *c, u64 now)
{
	return judge(c, now);
}

/**
 * vhn_coal_change() - parameters changed
 * @c: the coalescer
 * @packets: max_packets
 * @usecs: max_usecs, microseconds
 * @now: nanoseconds
 *
 * What is pending is judged by the new values at once (COAL-O8). The caller cannot
 * signal, as with vhn_coal_timer(). Context: any; the caller serialises.
 *
 * Return: NOTIFY, ARM when packets go on waiting, or NOTHING when none do.
 */
struct vhn_coal_action vhn_coal_change(struct vhn_coal *c, u32 packets, u32 usecs, u64 now)
{
	WRITE_ONCE(c->threshold, packets);
	WRITE_ONCE(c->hold, packets ? (u64)usecs * NSEC_PER_USEC : 0);
	return judge(c, now);
}

/**
 * vhn_coal_take() - take over a notification that is due
 * @c: the coalescer
 *
 * Context: any; the caller serialises, and signals.
 *
 * Return: NOTIFY, nothing being pending any more, or NOTHING.
 */
struct vhn_coal_action vhn_coal_take(struct vhn_coal *c)
{
	return c->due ? notify(c, c->due) : nothing;
}

/**
 * vhn_coal_flush() - notify now whatever is pending
 * @c: the coalescer
 *
 * Context: any; the caller serialises, and signals.
 *
 * Return: NOTIFY, nothing being pending any more, or NOTHING.
 */
struct vhn_coal_action vhn_coal_flush(struct vhn_coal *c)
{
	if (!c->pending)
		return nothing;
	return notify(c, c->due ?: VHN_COAL_FLUSH);
}

/**
 * vhn_coal_drop() - forget what is pending
 * @c: the coalescer
 *
 * For queue and device reset: no notification may follow (VQR-D1, RST-D1). The
 * parameters stay. Context: any; the caller serialises.
 */
void vhn_coal_drop(struct vhn_coal *c)
{
	WRITE_ONCE(c->pending, 0);
	c->due = VHN_COAL_NONE;
}

/**
 * vhn_coal_room() - packets the next batch may have
 * @c: the coalescer
 * @most: packets the caller would take otherwise, at least 1
 *
 * A batch ends where the count is reached, so that notifications by count are one
 * for each max_packets packets exactly.
 *
 * Return: 1 to @most.
 */
u32 vhn_coal_room(const struct vhn_coal *c, u32 most)
{
	u32 threshold = READ_ONCE(c->threshold);
	u32 pending = READ_ONCE(c->pending);

	if (vhn_coal_is_off(c) || threshold <= pending)
		return most;
	return min(most, threshold - pending);
}
