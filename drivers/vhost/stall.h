/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has a virtqueue been left lying? The judgement alone, over what somebody else has
 * looked at, once in a while. Pure, like coal.h.
 */
#ifndef _VHN_STALL_H
#define _VHN_STALL_H

#include <linux/types.h>

/* Looks that must have seen the same thing lying, the first included. */
#define VHN_STALL_LOOKS	3

/* What was left lying. */
enum vhn_stall_kind {
	VHN_STALL_NONE,
	VHN_STALL_PENDING,	/* packets that were to be notified */
	VHN_STALL_KICK,		/* a kick that nobody followed */
};

/**
 * struct vhn_stall_view - a virtqueue at one moment
 * @running: its ring is served
 * @kicked: the worker has not looked at the ring since the last kick, and waits for nobody
 *	    who is to answer it
 * @pending: packets published and not notified
 * @turn: number of the worker's last look at the ring
 * @first: when the first of them was taken, nanoseconds
 * @hold: how long they may wait from then on, nanoseconds
 */
struct vhn_stall_view {
	bool running;
	bool kicked;
	u32 pending;
	u32 turn;
	u64 first;
	u64 hold;
};

/**
 * struct vhn_stall - what is remembered of it from one look to the next
 * @kind: what seems to lie
 * @looks: that have seen it, up to VHN_STALL_LOOKS
 * @mark: which batch, or which turn, it is
 */
struct vhn_stall {
	enum vhn_stall_kind kind;
	u32 looks;
	u64 mark;
};

/**
 * struct vhn_stall_verdict - what comes of a look
 * @kind: what has stalled; is to be set going again
 * @fresh: and nobody has been told yet
 */
struct vhn_stall_verdict {
	enum vhn_stall_kind kind;
	bool fresh;
};

struct vhn_stall_verdict vhn_stall_judge(struct vhn_stall *s, const struct vhn_stall_view *view,
					 u64 now);

#endif /* _VHN_STALL_H */
