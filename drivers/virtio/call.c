// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the call eventfd to the driver's callback. The eventfd's wake-up only reads
 * the counter and raises an irq_work: a driver that kicks inside its callback would
 * otherwise come back here through the very wake-up that called it.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/virtio_loopback.h>
#include <linux/virtio_ring.h>

#include "queue.h"

static void raise_call(struct vlb_queue *q)
{
	/* Without an interrupt of its own, irq_work waits for the next tick. */
	if (arch_irq_work_has_interrupt())
		irq_work_queue(&q->irq);
	else
		tasklet_hi_schedule(&q->tasklet);
}

static void run_callback(struct vlb_queue *q)
{
	bool ran = false;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->live && !virtqueue_is_broken(q->vq))
		ran = vring_interrupt(0, q->vq) == IRQ_HANDLED;
	spin_unlock_irqrestore(&q->lock, flags);

	atomic64_inc(ran ? &q->callbacks : &q->idle);
	if (READ_ONCE(q->flags) & VLB_VQ_CONTROL)
		wake_up(&q->answered);
}

static void call_irq(struct irq_work *work)
{
	run_callback(container_of(work, struct vlb_queue, irq));
}

static void call_tasklet(struct tasklet_struct *t)
{
	run_callback(container_of(t, struct vlb_queue, tasklet));
}

/**
 * vlb_call_init() - nothing attached yet
 * @q: the queue; zeroed
 */
void vlb_call_init(struct vlb_queue *q)
{
	init_irq_work(&q->irq, call_irq);
	tasklet_setup(&q->tasklet, call_tasklet);
}

/* The eventfd's lock is held. */
static void consume(struct vlb_queue *q)
{
	u64 n;

	eventfd_ctx_do_read(q->call_ctx, &n);
	if (!n)
		return;
	atomic64_add(n, &q->signals);
	atomic64_inc(&q->wakeups);
	raise_call(q);
}

static int call_wakeup(wait_queue_entry_t *entry, unsigned int mode, int sync, void *key)
{
	if (key_to_poll(key) & EPOLLIN)
		consume(container_of(entry, struct vlb_queue, call_entry));
	return 0;
}

static void call_queue_proc(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct vlb_queue *q = container_of(table, struct vlb_queue, call_table);

	q->call_head = head;
	add_wait_queue(head, &q->call_entry);
}

/**
 * vlb_call_attach() - have an eventfd call the driver
 * @q: the queue; nothing is attached
 * @file: the eventfd; the reference becomes ours, and keeps the wait queue from
 *	going away under us
 *
 * What has been signalled on it already is delivered. Context: process, session's
 * lock.
 */
void vlb_call_attach(struct vlb_queue *q, struct file *file)
{
	q->call_file = file;
	q->call_ctx = eventfd_ctx_fileget(file);
	init_waitqueue_func_entry(&q->call_entry, call_wakeup);
	init_poll_funcptr(&q->call_table, call_queue_proc);
	vfs_poll(file, &q->call_table);

	spin_lock_irq(&q->call_head->lock);
	consume(q);
	spin_unlock_irq(&q->call_head->lock);
}

/**
 * vlb_call_detach() - undo vlb_call_attach()
 * @q: the queue; nothing attached is fine
 *
 * Signals after the return stay in the eventfd. Context: process, may sleep;
 * session's lock, or nobody else left.
 */
void vlb_call_detach(struct vlb_queue *q)
{
	u64 n;

	if (!q->call_ctx)
		return;
	eventfd_ctx_remove_wait_queue(q->call_ctx, &q->call_entry, &n);
	if (n) {
		atomic64_add(n, &q->signals);
		atomic64_inc(&q->wakeups);
		raise_call(q);
	}
	irq_work_sync(&q->irq);
	tasklet_kill(&q->tasklet);
	eventfd_ctx_put(q->call_ctx);
	fput(q->call_file);
	q->call_ctx = NULL;
	q->call_file = NULL;
}
