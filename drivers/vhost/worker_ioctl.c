// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of linux/vhost.h, what concerns the workers. Of the in-tree devices vhost-scsi
 * alone has these calls; they answer as its do.
 */
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vhost_worker.h>

#include "queue.h"

/* User space has them by these numbers whichever header it was built with. */
static_assert(VHOST_NEW_WORKER == 0x8004af08);
static_assert(VHOST_FREE_WORKER == 0x4004af09);
static_assert(VHOST_ATTACH_VRING_WORKER == 0x4008af15);
static_assert(VHOST_GET_VRING_WORKER == 0xc008af16);

static int new_worker(struct vhn_dev *dev, struct vhost_worker_state __user *arg)
{
	int id = vhn_worker_pool_add(&dev->pool);

	if (id < 0)
		return id;
	if (!put_user(id, &arg->worker_id))
		return 0;
	/* Nobody knows of it. */
	vhn_worker_pool_remove(&dev->pool, id);
	return -EFAULT;
}

static int free_worker(struct vhn_dev *dev, const struct vhost_worker_state __user *arg)
{
	u32 id;

	if (get_user(id, &arg->worker_id))
		return -EFAULT;
	return vhn_worker_pool_remove(&dev->pool, id);
}

static int attach(struct vhn_queue *q, const struct vhost_vring_worker __user *arg)
{
	u32 id;

	if (get_user(id, &arg->worker_id))
		return -EFAULT;
	return vhn_attachment_set(&q->attachment, &q->dev->pool, id);
}

static int get(const struct vhn_queue *q, struct vhost_vring_worker __user *arg)
{
	struct vhost_vring_worker v = {
		.index = q->index,
		.worker_id = vhn_attachment_id(&q->attachment, &q->dev->pool),
	};

	return copy_to_user(arg, &v, sizeof(v)) ? -EFAULT : 0;
}

static int of_vring(struct vhn_dev *dev, unsigned int cmd, struct vhost_vring_worker __user *arg)
{
	struct vhn_queue *q;
	u32 index;

	if (get_user(index, &arg->index))
		return -EFAULT;
	if (index >= VHN_NR_VRINGS)
		return -ENOBUFS;
	q = &dev->queues[array_index_nospec(index, VHN_NR_VRINGS)];
	return cmd == VHOST_GET_VRING_WORKER ? get(q, arg) : attach(q, arg);
}

/**
 * vhn_worker_ioctl() - the part of the vhost ABI that names a worker
 * @dev: the device
 * @cmd: one of the four
 * @arg: argument in user space
 *
 * Context: process, may sleep; the device's mutex held.
 *
 * Return: 0, -EINVAL without an owner, -EPERM for others than the owner, -EFAULT, -ENOBUFS
 * for an unknown vring, -ENODEV for an unknown worker, -EBUSY for one to be freed that is
 * attached, -ENOSPC for one too many, or the error that its thread or control groups gave.
 */
long vhn_worker_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg)
{
	lockdep_assert_held(&dev->mutex);

	if (!dev->owner)
		return -EINVAL;
	if (vhn_dev_check_owner(dev))
		return -EPERM;
	switch (cmd) {
	case VHOST_NEW_WORKER:
		return new_worker(dev, arg);
	case VHOST_FREE_WORKER:
		return free_worker(dev, arg);
	default:
		return of_vring(dev, cmd, arg);
	}
}
