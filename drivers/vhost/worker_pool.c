// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workers of one device, and how a virtqueue passes from one of them to another while
 * it runs.
 *
 * Work is handed in under the lock of the virtqueue's attachment, where it finds the old
 * worker or the new one. What the old one has got by then it does before the change is
 * complete; that the new one waits for it meanwhile, if it has work for the same virtqueue,
 * is the business of that virtqueue's mutex.
 */
#include <linux/nospec.h>

#include "worker_pool.h"

static struct vhn_worker *find(struct vhn_worker_pool *pool, u32 id)
{
	struct vhn_worker *w;

	if (id >= VHN_MAX_WORKERS)
		return NULL;
	w = &pool->workers[array_index_nospec(id, VHN_MAX_WORKERS)];
	return w->task ? w : NULL;
}

/**
 * vhn_worker_pool_add() - one worker more
 * @pool: the workers
 *
 * It is in the caller's control groups. Context: process, may sleep; the device's mutex
 * held; the caller is the owner, or about to be.
 *
 * Return: its number, the lowest that is free; -ENOSPC when there are as many as there may
 * be, or the error that thread or control groups gave.
 */
int vhn_worker_pool_add(struct vhn_worker_pool *pool)
{
	int id, err;

	for (id = 0; id < VHN_MAX_WORKERS; id++) {
		if (pool->workers[id].task)
			continue;
		err = vhn_worker_start(&pool->workers[id]);
		return err ?: id;
	}
	return -ENOSPC;
}

/**
 * vhn_worker_pool_remove() - one worker less
 * @pool: the workers
 * @id: its number
 *
 * Context: process, may sleep; the device's mutex held, no queue's.
 *
 * Return: 0, -ENODEV for a number that none has, -EBUSY while a virtqueue is attached to it.
 */
int vhn_worker_pool_remove(struct vhn_worker_pool *pool, u32 id)
{
	struct vhn_worker *w = find(pool, id);

	if (!w)
		return -ENODEV;
	if (pool->attached[w - pool->workers])
		return -EBUSY;
	vhn_worker_stop(w);
	return 0;
}

/**
 * vhn_worker_pool_stop() - the file has no owner any more
 * @pool: the workers, none of them attached
 *
 * Context: process, may sleep; the device's mutex held, or nobody else has the device.
 */
void vhn_worker_pool_stop(struct vhn_worker_pool *pool)
{
	u32 id;

	for (id = 0; id < VHN_MAX_WORKERS; id++) {
		WARN_ON_ONCE(pool->attached[id]);
		vhn_worker_stop(&pool->workers[id]);
	}
}

/**
 * vhn_attachment_init() - nobody works for a new virtqueue
 * @a: zeroed memory
 */
void vhn_attachment_init(struct vhn_attachment *a)
{
	raw_spin_lock_init(&a->lock);
}

static void pass_on(struct vhn_attachment *a, struct vhn_worker_pool *pool, struct vhn_worker *w)
{
	struct vhn_worker *old = a->worker;
	unsigned long flags;

	raw_spin_lock_irqsave(&a->lock, flags);
	WRITE_ONCE(a->worker, w);
	raw_spin_unlock_irqrestore(&a->lock, flags);

	if (w)
		pool->attached[w - pool->workers]++;
	if (!old)
		return;
	vhn_worker_flush(old);
	pool->attached[old - pool->workers]--;
}

/**
 * vhn_attachment_set() - have a worker do what there is to do for a virtqueue
 * @a: the virtqueue's
 * @pool: the workers
 * @id: the worker's number
 *
 * When this returns the worker before it has nothing more to do with the virtqueue. No work
 * is lost or has to wait for that. Context: process, may sleep; the device's mutex held, no
 * queue's.
 *
 * Return: 0, or -ENODEV for a number that none has.
 */
int vhn_attachment_set(struct vhn_attachment *a, struct vhn_worker_pool *pool, u32 id)
{
	struct vhn_worker *w = find(pool, id);

	if (!w)
		return -ENODEV;
	if (w != a->worker)
		pass_on(a, pool, w);
	return 0;
}

/**
 * vhn_attachment_clear() - nobody works for a virtqueue any more
 * @a: the virtqueue's
 * @pool: the workers
 *
 * What it has handed in before is done when this returns; what it hands in later is
 * forgotten. Context: process, may sleep; the device's mutex held, or nobody else has the
 * device; no queue's mutex held.
 */
void vhn_attachment_clear(struct vhn_attachment *a, struct vhn_worker_pool *pool)
{
	pass_on(a, pool, NULL);
}

/**
 * vhn_attachment_id() - who works for a virtqueue
 * @a: the virtqueue's; there is an owner
 * @pool: the workers
 *
 * Context: the device's mutex held.
 *
 * Return: the worker's number.
 */
u32 vhn_attachment_id(const struct vhn_attachment *a, const struct vhn_worker_pool *pool)
{
	return a->worker - pool->workers;
}

/**
 * vhn_attachment_queue() - have something done for a virtqueue
 * @a: the virtqueue's; without an owner nothing happens
 * @work: what; nothing happens when it waits already
 *
 * Context: any, hard interrupts and raw spinlocks included.
 */
void vhn_attachment_queue(struct vhn_attachment *a, struct vhn_work *work)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a->lock, flags);
	if (likely(a->worker))
		vhn_worker_queue(a->worker, work);
	raw_spin_unlock_irqrestore(&a->lock, flags);
}

/**
 * vhn_attachment_run() - have something done for a virtqueue and wait for it
 * @a: the virtqueue's; without an owner nothing happens
 * @work: what
 *
 * Context: process, may sleep; the device's mutex held, no queue's.
 */
void vhn_attachment_run(struct vhn_attachment *a, struct vhn_work *work)
{
	if (!a->worker)
		return;
	vhn_attachment_queue(a, work);
	vhn_worker_flush(a->worker);
}

/**
 * vhn_attachment_is_idle() - has the worker nothing to do but what it does?
 * @a: of the virtqueue that it works for
 *
 * Context: worker.
 *
 * Return: false when something is queued, or when it is to end.
 */
bool vhn_attachment_is_idle(const struct vhn_attachment *a)
{
	const struct vhn_worker *w = READ_ONCE(a->worker);

	return w && vhn_worker_is_idle(w);
}
