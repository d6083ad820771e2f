/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The notifications of one virtqueue: when they are sent, whether the driver wants
 * them, and why each was sent. Knows nothing of packets but their number.
 */
#ifndef _VHN_NOTIFY_H
#define _VHN_NOTIFY_H

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>

#include "coal.h"
#include "policy.h"
#include "stats.h"
#include "vring.h"
#include "worker_pool.h"

struct eventfd_ctx;
struct vhn_stall_view;

/**
 * struct vhn_notify - how one virtqueue notifies
 *
 * Under @lock, which is never held across an access to user memory:
 * @lock: innermost; also taken by the timer in hard interrupt context
 * @coal: state of the coalescer
 * @policy: parameters and who they come from
 * @timer: expires when a held batch has waited long enough
 * @armed: when it expires next, nanoseconds; U64_MAX while it does not run
 * @open: the ring runs; nothing is armed or queued otherwise. May be read without @lock
 * @flushing: the next run of @due takes whatever is pending
 *
 * Under the queue's mutex:
 * @call: signals the driver; NULL: nobody listens
 * @held: descriptors used and not yet evaluated, for transmit's flush
 *
 * Set once:
 * @ring: the virtqueue's ring
 * @stats: its counters
 * @attachment: the queue's; who runs @due
 * @mutex: the queue's
 * @due: takes over what timer and parameter changes cannot signal
 * @id: of the open file, in traces
 * @index: of the virtqueue
 */
struct vhn_notify {
	raw_spinlock_t lock;
	struct vhn_coal coal;
	struct vhn_policy policy;
	struct hrtimer timer;
	u64 armed;
	bool open;
	bool flushing;

	struct eventfd_ctx *call;
	u32 held;

	struct vhn_vring *ring;
	struct vhn_stats *stats;
	struct vhn_attachment *attachment;
	struct mutex *mutex;	/* the queue's */
	struct vhn_work due;
	u32 id;
	u32 index;
};

void vhn_notify_init(struct vhn_notify *n);
void vhn_notify_open(struct vhn_notify *n);
void vhn_notify_close(struct vhn_notify *n);
void vhn_notify_packets(struct vhn_notify *n, u32 packets, u64 start);
void vhn_notify_flush(struct vhn_notify *n);
void vhn_notify_flush_wait(struct vhn_notify *n);

int vhn_notify_set(struct vhn_notify *n, const struct vhn_coal_set *set);
void vhn_notify_get(struct vhn_notify *n, struct vhn_coal_state *state);
bool vhn_notify_edit(struct vhn_notify *n, const struct vhn_policy_edit *edit);
bool vhn_notify_reset(struct vhn_notify *n, enum vhn_coal_scope scope);
bool vhn_notify_set_guest(struct vhn_notify *n, bool guest);
void vhn_notify_report(struct vhn_notify *n, struct vhn_vring_stats *stats);
void vhn_notify_view(struct vhn_notify *n, struct vhn_stall_view *view);
void vhn_notify_revive(struct vhn_notify *n, struct vhn_work *work, bool count);

/**
 * vhn_notify_clock() - a batch begins
 * @n: notifications of the queue
 *
 * Return: the time, nanoseconds, for vhn_notify_packets(); 0 while nobody needs it.
 */
static inline u64 vhn_notify_clock(const struct vhn_notify *n)
{
	return vhn_coal_is_off(&n->coal) ? 0 : ktime_get_ns();
}

#endif /* _VHN_NOTIFY_H */
