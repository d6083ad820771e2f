// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the parts of a ring are. For a guest with an IOMMU that is an address of the
 * guest's, which leads somewhere only when the owner has said so, and as long as it does
 * not take it back: each part is looked up when the worker turns to the queue.
 */
#include "queue.h"

static int find(struct vhn_queue *q, u64 addr, size_t size, u8 perm, void __user **found)
{
	u64 missed;
	int err;

	err = vhn_iotlb_area(q->ring.iotlb, addr, size, perm, found, &missed);
	if (err == -ENODATA)
		vhn_iotlb_ask(q->ring.iotlb, q->index, missed, perm);
	return err;
}

/**
 * vhn_queue_place() - the ring is where its place says, or has to be looked up
 * @q: the queue
 * @iotlb: the guest has an IOMMU
 *
 * Context: process, queue mutex held.
 */
void vhn_queue_place(struct vhn_queue *q, bool iotlb)
{
	const struct vhn_ring_place none = {};
	const struct vhn_ring_place *at = iotlb ? &none : &q->place;

	lockdep_assert_held(&q->mutex);
	q->ring.iotlb = iotlb ? q->dev->iotlb : NULL;
	q->ring.desc = (struct vring_desc __user *)(unsigned long)at->desc;
	q->ring.avail = (struct vring_avail __user *)(unsigned long)at->avail;
	q->ring.used = (struct vring_used __user *)(unsigned long)at->used;
}

/**
 * vhn_queue_find_used() - look up the part that the device writes
 * @q: the queue
 *
 * Context: process, queue mutex held.
 *
 * Return: 0, -ENODATA after asking the owner, -EPERM or -EFAULT.
 */
int vhn_queue_find_used(struct vhn_queue *q)
{
	void __user *used;
	int err;

	if (!q->ring.iotlb || q->ring.used)
		return 0;
	err = find(q, q->place.used, vhn_vring_used_size(&q->ring), VHOST_ACCESS_WO, &used);
	if (!err)
		q->ring.used = used;
	return err;
}

/**
 * vhn_queue_find_ring() - look up what of the ring has no place yet
 * @q: the queue
 *
 * Context: worker, queue mutex held.
 *
 * Return: 0, -ENODATA after asking the owner, -EPERM or -EFAULT.
 */
int vhn_queue_find_ring(struct vhn_queue *q)
{
	/* A used descriptor of a packed ring is written over an available one. */
	u8 perm = q->ring.packed ? VHOST_ACCESS_RW : VHOST_ACCESS_RO;
	void __user *desc, *avail;
	int err;

	if (likely(q->ring.desc && q->ring.avail && q->ring.used) || !q->ring.iotlb)
		return 0;
	err = find(q, q->place.desc, vhn_vring_desc_size(&q->ring), perm, &desc);
	if (!err)
		err = find(q, q->place.avail, vhn_vring_avail_size(&q->ring), VHOST_ACCESS_RO,
			   &avail);
	if (!err)
		err = vhn_queue_find_used(q);
	if (err)
		return err;
	q->ring.desc = desc;
	q->ring.avail = avail;
	return 0;
}

/**
 * vhn_queue_await() - a buffer leads nowhere yet: wait until the owner says where
 * @q: the queue, whose work begins anew then
 * @chain: what vhn_vring_pop() has left with -ENODATA
 *
 * Context: worker, queue mutex held.
 */
void vhn_queue_await(struct vhn_queue *q, const struct vhn_chain *chain)
{
	vhn_iotlb_ask(q->ring.iotlb, q->index, chain->missed, chain->perm);
}
