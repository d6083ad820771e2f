/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workers of one device by their numbers, and which of them works for a virtqueue.
 * Knows nothing of virtio.
 */
#ifndef _VHN_WORKER_POOL_H
#define _VHN_WORKER_POOL_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "worker.h"

/* One for each virtqueue, and one to take over from another before that is freed. More
 * would have nothing to do; a kernel thread is in no process's count, and in no limit.
 */
#define VHN_MAX_WORKERS	3

/**
 * struct vhn_attachment - where a virtqueue hands in its work
 * @lock: raw, for work comes in hard interrupts; nothing is inside of it but the wake-up
 * @worker: who does it; NULL while the file has no owner. Written under @lock and the
 *	    device's mutex
 */
struct vhn_attachment {
	raw_spinlock_t lock;	/* whoever hands in work, against a change of the worker */
	struct vhn_worker *worker;
};

/**
 * struct vhn_worker_pool - the workers of a device; under its mutex
 * @workers: by number; one without a thread does not exist
 * @attached: to how many virtqueues each of them is
 */
struct vhn_worker_pool {
	struct vhn_worker workers[VHN_MAX_WORKERS];
	u32 attached[VHN_MAX_WORKERS];
};

int vhn_worker_pool_add(struct vhn_worker_pool *pool);
int vhn_worker_pool_remove(struct vhn_worker_pool *pool, u32 id);
void vhn_worker_pool_stop(struct vhn_worker_pool *pool);

void vhn_attachment_init(struct vhn_attachment *a);
int vhn_attachment_set(struct vhn_attachment *a, struct vhn_worker_pool *pool, u32 id);
void vhn_attachment_clear(struct vhn_attachment *a, struct vhn_worker_pool *pool);
u32 vhn_attachment_id(const struct vhn_attachment *a, const struct vhn_worker_pool *pool);
void vhn_attachment_queue(struct vhn_attachment *a, struct vhn_work *work);
void vhn_attachment_run(struct vhn_attachment *a, struct vhn_work *work);
bool vhn_attachment_is_idle(const struct vhn_attachment *a);

#endif /* _VHN_WORKER_POOL_H */
