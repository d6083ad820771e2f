// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue is bounded. Only STATUS can be produced without end, by a driver that
 * is bound over and over: those are dropped when nobody reads, and counted.
 * Questions come one at a time, each is answered or times out before the next, and
 * a driver that asked without an answer leaves a dead session: a few places suffice.
 */
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "event.h"

/**
 * vlb_events_init() - an empty queue
 * @e: the queue
 */
void vlb_events_init(struct vlb_events *e)
{
	mutex_init(&e->one);
	spin_lock_init(&e->lock);
	init_waitqueue_head(&e->readers);
	init_waitqueue_head(&e->acks);
}

/* Returns the sequence number, 0 if the event was dropped. */
static u32 queue_locked(struct vlb_events *e, const struct vlb_event *event)
{
	unsigned int room = VLB_MAX_EVENTS - 1;
	struct vlb_event *slot;

	lockdep_assert_held(&e->lock);
	if (e->closed)
		return 0;
	/* There is always a place for the last one. */
	if (event->type == VLB_EVENT_DEAD)
		room++;
	if (event->type == VLB_EVENT_STATUS)
		room -= VLB_KEPT_EVENTS;
	if (e->count >= room) {
		e->lost++;
		return 0;
	}
	slot = &e->ring[(e->first + e->count) % VLB_MAX_EVENTS];
	*slot = *event;
	/* 0 stands for no event. */
	if (!++e->seq)
		e->seq = 1;
	slot->seq = e->seq;
	slot->lost = e->lost;
	e->lost = 0;
	WRITE_ONCE(e->count, e->count + 1);
	wake_up_poll(&e->readers, EPOLLIN | EPOLLRDNORM);
	return slot->seq;
}

/**
 * vlb_event_post() - tell something
 * @e: the queue
 * @event: what; seq and lost are filled in
 *
 * Context: any but hard interrupt; takes the queue's lock.
 */
void vlb_event_post(struct vlb_events *e, const struct vlb_event *event)
{
	unsigned long flags;

	spin_lock_irqsave(&e->lock, flags);
	queue_locked(e, event);
	spin_unlock_irqrestore(&e->lock, flags);
}

static bool settled(struct vlb_events *e)
{
	return !READ_ONCE(e->awaited) || READ_ONCE(e->closed);
}

/**
 * vlb_event_ask() - tell something and wait for the answer
 * @e: the queue
 * @event: what; seq and lost are filled in
 * @timeout_ms: how long to wait
 *
 * Context: process, sleeps without regard to signals: the driver core has no way
 * to be interrupted here.
 *
 * Return: 0 or 1: answered, accepted or refused; -ETIMEDOUT: no answer, or the
 * queue is full of events nobody read; -ESHUTDOWN: the session died.
 */
int vlb_event_ask(struct vlb_events *e, const struct vlb_event *event, unsigned int timeout_ms)
{
	int ret = 0;

	mutex_lock(&e->one);
	spin_lock_irq(&e->lock);
	e->awaited = queue_locked(e, event);
	if (!e->awaited)
		ret = e->closed ? -ESHUTDOWN : -ETIMEDOUT;
	spin_unlock_irq(&e->lock);
	if (ret)
		goto out;

	wait_event_timeout(e->acks, settled(e), msecs_to_jiffies(timeout_ms));

	spin_lock_irq(&e->lock);
	if (!e->awaited)
		ret = e->answer ? 1 : 0;
	else
		ret = e->closed ? -ESHUTDOWN : -ETIMEDOUT;
	e->awaited = 0;
	spin_unlock_irq(&e->lock);
out:
	mutex_unlock(&e->one);
	return ret;
}

/**
 * vlb_event_ack() - the process answers
 * @e: the queue
 * @seq: of the event answered
 * @result: 0: accepted
 *
 * Context: process; takes the queue's lock.
 *
 * Return: 0, or -ESTALE if nobody waits for that answer.
 */
int vlb_event_ack(struct vlb_events *e, u32 seq, s32 result)
{
	int ret = -ESTALE;

	spin_lock_irq(&e->lock);
	if (seq && seq == e->awaited) {
		e->answer = result;
		WRITE_ONCE(e->awaited, 0);
		wake_up(&e->acks);
		ret = 0;
	}
	spin_unlock_irq(&e->lock);
	return ret;
}

/**
 * vlb_events_close() - the last event
 * @e: the queue
 * @last: what it is
 *
 * Whoever waits for an answer stops waiting. Context: any but hard interrupt; takes
 * the queue's lock.
 */
void vlb_events_close(struct vlb_events *e, const struct vlb_event *last)
{
	unsigned long flags;

	spin_lock_irqsave(&e->lock, flags);
	queue_locked(e, last);
	WRITE_ONCE(e->closed, true);
	wake_up(&e->acks);
	wake_up_poll(&e->readers, EPOLLIN | EPOLLHUP);
	spin_unlock_irqrestore(&e->lock, flags);
}

static bool take(struct vlb_events *e, struct vlb_event *event)
{
	bool have;

	spin_lock_irq(&e->lock);
	have = e->count;
	if (have) {
		*event = e->ring[e->first];
		e->first = (e->first + 1) % VLB_MAX_EVENTS;
		WRITE_ONCE(e->count, e->count - 1);
	}
	spin_unlock_irq(&e->lock);
	return have;
}

static bool readable(struct vlb_events *e)
{
	return READ_ONCE(e->count) || READ_ONCE(e->closed);
}

/**
 * vlb_events_read() - hand events to the process
 * @e: the queue
 * @buf: where to
 * @len: bytes there; at least one event
 * @nonblock: do not wait for the first
 *
 * Context: process, may sleep. An event that cannot be written to @buf is gone.
 *
 * Return: bytes written, 0 after the last event, or -EINVAL (@len), -EAGAIN,
 * -ERESTARTSYS, -EFAULT.
 */
ssize_t vlb_events_read(struct vlb_events *e, char __user *buf, size_t len, bool nonblock)
{
	struct vlb_event event;
	size_t done = 0;

	if (len < sizeof(event))
		return -EINVAL;
	if (!readable(e)) {
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(e->readers, readable(e)))
			return -ERESTARTSYS;
	}
	while (len - done >= sizeof(event) && take(e, &event)) {
		if (copy_to_user(buf + done, &event, sizeof(event)))
			return -EFAULT;
		done += sizeof(event);
	}
	if (!done && !READ_ONCE(e->closed))
		return -EAGAIN;
	return done;
}

/**
 * vlb_events_poll() - is there something to read
 * @e: the queue
 * @file: that is polled
 * @wait: the poller
 *
 * Return: EPOLLIN with events, EPOLLHUP after death.
 */
__poll_t vlb_events_poll(struct vlb_events *e, struct file *file,
			 struct poll_table_struct *wait)
{
	__poll_t mask = 0;

	poll_wait(file, &e->readers, wait);
	if (READ_ONCE(e->count))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(e->closed))
		mask |= EPOLLHUP;
	return mask;
}
