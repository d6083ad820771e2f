// SPDX-License-Identifier: GPL-2.0-only
/*
 * From "packets were published" to a signal on the call eventfd.
 *
 * The worker is the only one that signals: suppression stands in guest memory, and
 * an eventfd's lock sleeps on real-time kernels. The timer and changes of parameters
 * leave a notification due and wake the worker, which takes it over under the
 * queue's mutex.
 *
 * Suppression is evaluated when a condition is met and at no other time (spec 3.5):
 * each evaluation ends a batch whatever its answer, so a batch suppressed is spent
 * (AMB-4) and the driver has to look at its ring when it wants notifications again.
 */
#include <linux/eventfd.h>
#include <linux/mutex.h>

#include "defaults.h"
#include "kcompat.h"
#include "notify.h"
#include "stall.h"
#include "trace.h"

/* Have the timer expire at @deadline at the latest. */
static void arm(struct vhn_notify *n, u64 deadline)
{
	lockdep_assert_held(&n->lock);

	if (deadline >= n->armed)
		return;
	n->armed = deadline;
	hrtimer_start(&n->timer, ns_to_ktime(deadline), HRTIMER_MODE_ABS_HARD);
	trace_vhn_arm(n->id, n->index, n->coal.pending, deadline);
}

/* Carry out what an event asked for that cannot signal itself. */
static void act(struct vhn_notify *n, const struct vhn_coal_action *action)
{
	lockdep_assert_held(&n->lock);

	if (!n->open)
		return;
	if (action->verb == VHN_COAL_ARM)
		arm(n, action->deadline);
	else if (action->verb == VHN_COAL_NOTIFY)
		vhn_attachment_queue(n->attachment, &n->due);
}

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct vhn_notify *n = container_of(timer, struct vhn_notify, timer);
	enum hrtimer_restart again = HRTIMER_NORESTART;
	struct vhn_coal_action action;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&n->lock, flags);
	/* Started anew while this expiry waited for the lock: the new one counts. */
	if (!n->open || hrtimer_is_queued(timer))
		goto out;

	now = ktime_get_ns();
	n->armed = U64_MAX;
	action = vhn_coal_timer(&n->coal, now);
	trace_vhn_timer_fire(n->id, n->index, n->coal.pending, action.verb == VHN_COAL_NOTIFY);
	if (action.verb == VHN_COAL_ARM) {
		n->armed = action.deadline;
		hrtimer_set_expires(timer, ns_to_ktime(action.deadline));
		again = HRTIMER_RESTART;
	} else {
		act(n, &action);
	}
out:
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return again;
}

/* Evaluate suppression and signal; ends a batch. */
static void notify(struct vhn_notify *n, enum vhn_coal_reason reason)
{
	int wanted;

	lockdep_assert_held(n->mutex);

	n->held = 0;
	wanted = vhn_vring_wants_call(n->ring);
	/* Suppression that cannot be read suppresses nothing. */
	if (!wanted) {
		vhn_stats_add(n->stats, &n->stats->suppressed, 1);
		trace_vhn_suppress(n->id, n->index, reason);
		return;
	}
	if (!n->call)
		return;
	trace_vhn_notify(n->id, n->index, reason);
	vhn_stats_add(n->stats, &n->stats->notify[reason], 1);
	kc_eventfd_signal(n->call);
}

/**
 * vhn_notify_packets() - packets were published
 * @n: notifications of the queue
 * @packets: how many, at least 1
 * @start: when the first of them was taken, from vhn_notify_clock()
 *
 * The clock of COAL-O3 starts there and not where the packet is published: what a
 * packet waits for is then max_usecs and the wake-up, not its own copying as well.
 * Context: worker, queue mutex held.
 */
void vhn_notify_packets(struct vhn_notify *n, u32 packets, u64 start)
{
	struct vhn_coal_action action;
	unsigned long flags;

	if (likely(vhn_coal_is_off(&n->coal) && !READ_ONCE(n->coal.pending))) {
		notify(n, VHN_COAL_IMMEDIATE);
		return;
	}

	raw_spin_lock_irqsave(&n->lock, flags);
	/* No time was taken: coalescing was turned on within this batch. */
	action = vhn_coal_packets(&n->coal, packets, start ?: ktime_get_ns());
	if (action.verb == VHN_COAL_ARM)
		arm(n, action.deadline);
	raw_spin_unlock_irqrestore(&n->lock, flags);

	if (action.verb == VHN_COAL_NOTIFY)
		notify(n, action.reason);
}

/**
 * vhn_notify_flush() - notify now what is pending
 * @n: notifications of the queue
 *
 * Context: worker, queue mutex held.
 */
void vhn_notify_flush(struct vhn_notify *n)
{
	struct vhn_coal_action action;
	unsigned long flags;

	if (!READ_ONCE(n->coal.pending))
		return;

	raw_spin_lock_irqsave(&n->lock, flags);
	action = vhn_coal_flush(&n->coal);
	raw_spin_unlock_irqrestore(&n->lock, flags);

	if (action.verb == VHN_COAL_NOTIFY)
		notify(n, action.reason);
}

static void take_due(struct vhn_work *work)
{
	struct vhn_notify *n = container_of(work, struct vhn_notify, due);
	struct vhn_coal_action action;
	unsigned long flags;

	mutex_lock(n->mutex);
	raw_spin_lock_irqsave(&n->lock, flags);
	if (n->flushing)
		action = vhn_coal_flush(&n->coal);
	else
		action = vhn_coal_take(&n->coal);
	n->flushing = false;
	raw_spin_unlock_irqrestore(&n->lock, flags);

	if (action.verb == VHN_COAL_NOTIFY)
		notify(n, action.reason);
	mutex_unlock(n->mutex);
}

/**
 * vhn_notify_flush_wait() - have the worker notify what is pending, and wait
 * @n: notifications of the queue
 *
 * Only the worker has the memory in which suppression stands. Context: process, may
 * sleep; the device's mutex held, no queue's.
 */
void vhn_notify_flush_wait(struct vhn_notify *n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	n->flushing = true;
	raw_spin_unlock_irqrestore(&n->lock, flags);
	vhn_attachment_run(n->attachment, &n->due);
}

/**
 * vhn_notify_init() - notifications of a new queue
 * @n: zeroed but for what is set once
 *
 * Context: vhn_defaults_lock() held.
 */
void vhn_notify_init(struct vhn_notify *n)
{
	raw_spin_lock_init(&n->lock);
	kc_hrtimer_setup(&n->timer, expired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	n->armed = U64_MAX;
	vhn_work_init(&n->due, take_due);
	vhn_defaults_get(n->index, &n->policy);
	vhn_notify_set_guest(n, false);
}

/**
 * vhn_notify_open() - the ring starts
 * @n: notifications of the queue
 *
 * Context: process; queue mutex held.
 */
void vhn_notify_open(struct vhn_notify *n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	WRITE_ONCE(n->open, true);
	raw_spin_unlock_irqrestore(&n->lock, flags);
}

/**
 * vhn_notify_close() - the ring has stopped
 * @n: notifications of the queue
 *
 * What is pending is notified first; afterwards no timer runs and nothing is
 * signalled (RST-D1, VQR-D1). Context: process, may sleep; the device's mutex held,
 * no queue's; nothing publishes packets any more.
 */
void vhn_notify_close(struct vhn_notify *n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	WRITE_ONCE(n->open, false);
	raw_spin_unlock_irqrestore(&n->lock, flags);

	hrtimer_cancel(&n->timer);
	vhn_notify_flush_wait(n);

	raw_spin_lock_irqsave(&n->lock, flags);
	n->armed = U64_MAX;
	vhn_coal_drop(&n->coal);
	raw_spin_unlock_irqrestore(&n->lock, flags);
}

/* Bring the coalescer in line with the policy. Tells whether that has changed. */
static bool apply(struct vhn_notify *n, const struct vhn_policy *before)
{
	struct vhn_coal_params now = vhn_policy_effective(&n->policy);
	struct vhn_coal_action action;

	lockdep_assert_held(&n->lock);

	action = vhn_coal_change(&n->coal, now.max_packets, now.max_usecs, ktime_get_ns());
	act(n, &action);
	return !vhn_policy_is_same(before, &n->policy);
}

/**
 * vhn_notify_set() - VHN_SET_COAL
 * @n: notifications of the queue
 * @set: what to change
 *
 * In force at once, for what is pending too (COAL-O8). Context: any; waits neither
 * for the worker nor for guest memory.
 *
 * Return: 1, or 0 if all was so before; -EPERM, -ERANGE or -EINVAL as vhn_policy_set():
 * nothing changes then.
 */
int vhn_notify_set(struct vhn_notify *n, const struct vhn_coal_set *set)
{
	struct vhn_policy before;
	unsigned long flags;
	int r;

	raw_spin_lock_irqsave(&n->lock, flags);
	before = n->policy;
	r = vhn_policy_set(&n->policy, set, vhn_max_usecs());
	if (!r)
		r = apply(n, &before);
	else if (r != -EINVAL)
		n->stats->refused++;
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return r;
}

/**
 * vhn_notify_edit() - the host's operator changes something
 * @n: notifications of the queue
 * @edit: what, as vhn_policy_apply() wants it
 *
 * In force at once, for what is pending too. Context: any; waits neither for the worker
 * nor for guest memory.
 *
 * Return: false if all was so before.
 */
bool vhn_notify_edit(struct vhn_notify *n, const struct vhn_policy_edit *edit)
{
	struct vhn_policy before;
	unsigned long flags;
	bool changed;

	raw_spin_lock_irqsave(&n->lock, flags);
	before = n->policy;
	vhn_policy_apply(&n->policy, edit, vhn_max_usecs());
	changed = apply(n, &before);
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return changed;
}

/**
 * vhn_notify_get() - VHN_GET_COAL
 * @n: notifications of the queue
 * @state: filled but for its index
 *
 * Context: any; waits neither for the worker nor for guest memory.
 */
void vhn_notify_get(struct vhn_notify *n, struct vhn_coal_state *state)
{
	const struct vhn_policy *p = &n->policy;
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	*state = (struct vhn_coal_state){
		.flags = (p->locked ? VHN_COAL_F_LOCKED : 0) | (p->guest ? VHN_COAL_F_GUEST : 0),
		.effective = vhn_policy_effective(p),
		.requested = p->requested,
		.direction = p->direction,
		.host = p->host,
		.limit = p->limit,
		.pending = n->coal.pending,
	};
	raw_spin_unlock_irqrestore(&n->lock, flags);
}

/**
 * vhn_notify_reset() - VHN_RESET_COAL
 * @n: notifications of the queue
 * @scope: queue or device
 *
 * What is pending is dropped, not notified: a reset queue owes its driver nothing
 * (VQR-D1). Context: any; waits neither for the worker nor for guest memory.
 *
 * Return: false if all parameters were so before.
 */
bool vhn_notify_reset(struct vhn_notify *n, enum vhn_coal_scope scope)
{
	struct vhn_policy before;
	unsigned long flags;
	bool changed;

	raw_spin_lock_irqsave(&n->lock, flags);
	vhn_coal_drop(&n->coal);
	before = n->policy;
	vhn_policy_reset(&n->policy, scope);
	changed = apply(n, &before);
	if (scope == VHN_RESET_DEVICE)
		vhn_stats_rebase(n->stats);
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return changed;
}

/**
 * vhn_notify_set_guest() - features were acknowledged
 * @n: notifications of the queue
 * @guest: a coalescing feature is among them, so that the guest decides
 *
 * Context: any.
 *
 * Return: false if it was so before.
 */
bool vhn_notify_set_guest(struct vhn_notify *n, bool guest)
{
	struct vhn_policy before;
	unsigned long flags;
	bool changed;

	raw_spin_lock_irqsave(&n->lock, flags);
	before = n->policy;
	n->policy.guest = guest;
	changed = apply(n, &before);
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return changed;
}

/**
 * vhn_notify_report() - VHN_GET_STATS
 * @n: notifications of the queue
 * @stats: filled but for its index
 *
 * Context: any; waits neither for the worker nor for guest memory.
 */
void vhn_notify_report(struct vhn_notify *n, struct vhn_vring_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	vhn_stats_read(n->stats, stats);
	raw_spin_unlock_irqrestore(&n->lock, flags);
}

/**
 * vhn_notify_view() - for the stall detector: is something left lying?
 * @n: notifications of the queue
 * @view: filled in but for what concerns kicks
 *
 * Context: any; waits neither for the worker nor for guest memory.
 */
void vhn_notify_view(struct vhn_notify *n, struct vhn_stall_view *view)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	*view = (struct vhn_stall_view){
		.running = n->open,
		.pending = n->coal.pending,
		.first = n->coal.first,
		.hold = n->coal.hold,
	};
	raw_spin_unlock_irqrestore(&n->lock, flags);
}

/**
 * vhn_notify_revive() - set a queue going again whose work got lost
 * @n: notifications of the queue
 * @work: that of its ring
 * @count: count it as a stall
 *
 * The worker looks at the ring and takes what is pending; it does nothing that it would
 * not do anyway. Context: any; waits neither for the worker nor for guest memory.
 */
void vhn_notify_revive(struct vhn_notify *n, struct vhn_work *work, bool count)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	n->stats->stalls += count;
	if (n->open) {
		n->flushing = true;
		vhn_attachment_queue(n->attachment, &n->due);
		vhn_attachment_queue(n->attachment, work);
	}
	raw_spin_unlock_irqrestore(&n->lock, flags);
}
