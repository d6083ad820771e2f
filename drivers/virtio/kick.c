// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the driver's kick to the kick eventfd, and the control queue's bounded wait.
 *
 * Some drivers spin for the answer to a control command with rtnl held, without
 * ever scheduling. So the kick of such a queue sleeps until there is an answer, which
 * the driver then finds at once. Where it may not sleep, and where there is no kick
 * because the device says that it needs none, a watchdog breaks the queue: that, too,
 * ends the driver's loop, be it on the only CPU.
 */
#include <linux/eventfd.h>
#include <linux/rcupdate.h>
#include <linux/virtio_config.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>
#include <kcompat.h>

#include "queue.h"
#include "session.h"

/* Without the count a spinlock held by the caller does not show. */
static bool may_sleep(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_COUNT) && !preempt_count() && !irqs_disabled() &&
	       !rcu_preempt_depth();
}

static bool signal_device(struct vlb_queue *q)
{
	struct eventfd_ctx *kick;

	rcu_read_lock();
	kick = vlb_session_dead(q->session) ? NULL : rcu_dereference(q->kick);
	if (kick)
		kc_eventfd_signal(kick);
	rcu_read_unlock();
	atomic64_inc(kick ? &q->kicks : &q->kicks_suppressed);
	return kick;
}

static bool wait_is_over(struct vlb_queue *q, struct virtqueue *vq, unsigned int seen)
{
	return virtqueue_poll(vq, seen) || virtqueue_is_broken(vq) ||
	       vlb_session_dead(q->session);
}

/*
 * The call eventfd wakes the sleeper. Looking at the ring once in a tick as well
 * serves a device that does not signal.
 */
static bool sleep_for_answer(struct vlb_queue *q, struct virtqueue *vq, unsigned int seen)
{
	unsigned long end = jiffies + msecs_to_jiffies(q->session->control_ms);

	while (!wait_event_timeout(q->answered, wait_is_over(q, vq, seen), 1)) {
		if (time_after(jiffies, end)) {
			vlb_session_kill(q->session, VLB_DEATH_CONTROL);
			return false;
		}
	}
	return !virtqueue_is_broken(vq);
}

static ktime_t watchdog_period(struct vlb_queue *q)
{
	/* A CPU that spins for longer makes the kernel complain. */
	return ms_to_ktime(min_t(u32, q->session->control_ms, VLB_MAX_SPIN_MS));
}

/* Commands come one at a time: without any of this the one under way is stuck. */
static u64 happened(struct vlb_queue *q)
{
	u64 n = atomic64_read(&q->kicks) + atomic64_read(&q->kicks_suppressed) +
		atomic64_read(&q->signals);

	/* Of a packed ring only the driver knows where it stands. */
	if (virtio_has_feature(q->vq->vdev, VIRTIO_F_RING_PACKED))
		return n;
	return n + (__force u16)READ_ONCE(virtqueue_get_vring(q->vq)->used->idx);
}

static bool command_under_way(struct vlb_queue *q)
{
	return READ_ONCE(q->vq->num_free) < virtqueue_get_vring_size(q->vq);
}

/* Hard interrupt, on RT too: no lock may be taken, and none is needed. */
static enum hrtimer_restart watchdog_expired(struct hrtimer *timer)
{
	struct vlb_queue *q = container_of(timer, struct vlb_queue, watchdog);
	bool busy = command_under_way(q) && !atomic_read(&q->sleepers);
	u64 now = happened(q);

	if (vlb_session_dead(q->session) || !(READ_ONCE(q->flags) & VLB_VQ_CONTROL))
		return HRTIMER_NORESTART;
	if (busy && q->watched_busy && now == q->watched) {
		__virtqueue_break(q->vq);
		vlb_session_doom(q->session, VLB_DEATH_CONTROL);
		return HRTIMER_NORESTART;
	}
	q->watched = now;
	q->watched_busy = busy;
	hrtimer_forward_now(timer, watchdog_period(q));
	return HRTIMER_RESTART;
}

/* A full period from now, unless something happens meanwhile. */
static void restart_watchdog(struct vlb_queue *q, bool busy)
{
	hrtimer_cancel(&q->watchdog);
	q->watched = happened(q);
	q->watched_busy = busy;
	hrtimer_start(&q->watchdog, watchdog_period(q), HRTIMER_MODE_REL_HARD);
}

static bool kick_control(struct vlb_queue *q, struct virtqueue *vq)
{
	/* Also asks the device to signal, which a driver that spins does not. */
	unsigned int seen = virtqueue_enable_cb_prepare(vq);
	bool answered;

	if (!may_sleep()) {
		signal_device(q);
		restart_watchdog(q, true);
		return true;
	}
	atomic_inc(&q->sleepers);
	signal_device(q);
	answered = sleep_for_answer(q, vq, seen);
	atomic_dec(&q->sleepers);
	return answered;
}

/**
 * vlb_kick() - the driver notifies the device
 * @vq: the ring
 *
 * Context: any in which the driver may call virtqueue_notify(). For a control
 * queue the driver does so serialised with its other operations on the queue.
 *
 * Return: false if the queue is broken, or to be considered so; see vlb_queue_break().
 */
bool vlb_kick(struct virtqueue *vq)
{
	struct vlb_queue *q = vq->priv;

	if (vlb_session_dead(q->session)) {
		atomic64_inc(&q->kicks_suppressed);
		return !(READ_ONCE(q->flags) & VLB_VQ_CONTROL);
	}
	if (READ_ONCE(q->flags) & VLB_VQ_CONTROL)
		return kick_control(q, vq);
	signal_device(q);
	return true;
}

/**
 * vlb_kick_init() - nothing attached yet
 * @q: the queue; zeroed
 */
void vlb_kick_init(struct vlb_queue *q)
{
	init_waitqueue_head(&q->answered);
	kc_hrtimer_setup(&q->watchdog, watchdog_expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
}

/**
 * vlb_kick_attach() - have kicks signal an eventfd
 * @q: the queue
 * @kick: the eventfd; the reference becomes ours; NULL: none
 *
 * Replaces one attached before. Context: process, may sleep; session's lock.
 */
void vlb_kick_attach(struct vlb_queue *q, struct eventfd_ctx *kick)
{
	kick = rcu_replace_pointer(q->kick, kick, lockdep_is_held(&q->session->lock));
	if (!kick)
		return;
	synchronize_rcu();
	eventfd_ctx_put(kick);
}

/**
 * vlb_kick_watch() - see to it that the driver does not wait for ever
 * @q: the queue, live
 *
 * Does nothing for a queue that is not VLB_VQ_CONTROL. Context: any but hard
 * interrupt; queue's lock.
 */
void vlb_kick_watch(struct vlb_queue *q)
{
	if ((q->flags & VLB_VQ_CONTROL) && !hrtimer_active(&q->watchdog))
		restart_watchdog(q, false);
}

/**
 * vlb_kick_quiesce() - nobody waits for an answer of the device any more
 * @q: the queue, no longer live
 *
 * Context: process.
 */
void vlb_kick_quiesce(struct vlb_queue *q)
{
	hrtimer_cancel(&q->watchdog);
}
