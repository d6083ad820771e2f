/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The coalescing state machine of one virtqueue. It is pure: it knows neither
 * timers nor locks nor guests, so the module, the unit tests and virtual-time
 * tests all run this very code.
 */
#ifndef _VHN_COAL_H
#define _VHN_COAL_H

#include <linux/types.h>

/* Why a notification is sent. NONE is "it is not". */
enum vhn_coal_reason {
	VHN_COAL_NONE,
	VHN_COAL_COUNT,		/* max_packets published */
	VHN_COAL_TIMER,		/* max_usecs since the first of them */
	VHN_COAL_IMMEDIATE,	/* the queue does not coalesce */
	VHN_COAL_FLUSH,		/* somebody would wait for ever otherwise */
};

enum vhn_coal_verb {
	VHN_COAL_NOTHING,
	VHN_COAL_NOTIFY,	/* evaluate suppression and signal, for @reason */
	VHN_COAL_ARM,		/* have a timer expire at @deadline, or earlier */
};

/**
 * struct vhn_coal_action - what an event asks for
 * @verb: what to do
 * @reason: with NOTIFY
 * @deadline: with ARM, nanoseconds on the caller's clock
 */
struct vhn_coal_action {
	enum vhn_coal_verb verb;
	enum vhn_coal_reason reason;
	u64 deadline;
};

/**
 * struct vhn_coal - state of one virtqueue's coalescer
 * @hold: nanoseconds a packet may wait; 0: the queue does not coalesce
 * @first: when @pending left 0
 * @threshold: packets that may wait; meaningful while @hold is not 0
 * @pending: packets published and not notified
 * @due: set by an event that cannot signal itself (timer, new parameters),
 *	 cleared by the one that does
 */
struct vhn_coal {
	u64 hold;
	u64 first;
	u32 threshold;
	u32 pending;
	enum vhn_coal_reason due;
};

/**
 * vhn_coal_is_off() - is every batch notified at once (COAL-O5)?
 * @c: the coalescer
 *
 * May be read without the lock: a parameter change that is missed here was
 * concurrent with the batch.
 *
 * Return: true when it does not coalesce.
 */
static inline bool vhn_coal_is_off(const struct vhn_coal *c)
{
	return !READ_ONCE(c->hold);
}

struct vhn_coal_action vhn_coal_packets(struct vhn_coal *c, u32 n, u64 now);
struct vhn_coal_action vhn_coal_timer(struct vhn_coal *c, u64 now);
struct vhn_coal_action vhn_coal_change(struct vhn_coal *c, u32 packets, u32 usecs, u64 now);
struct vhn_coal_action vhn_coal_take(struct vhn_coal *c);
struct vhn_coal_action vhn_coal_flush(struct vhn_coal *c);
void vhn_coal_drop(struct vhn_coal *c);
u32 vhn_coal_room(const struct vhn_coal *c, u32 most);

#endif /* _VHN_COAL_H */
