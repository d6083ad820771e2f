// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of linux/vhost.h, what is read from and written to the file: questions where a
 * guest's addresses lead, and the owner's answers. Messages of two layouts; which of them
 * is read, the owner has chosen by VHOST_BACKEND_F_IOTLB_MSG_V2.
 */
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/uio.h>
#include <linux/vhost.h>

#include "queue.h"

static void fill(struct vhost_iotlb_msg *msg, const struct vhn_miss *miss)
{
	*msg = (struct vhost_iotlb_msg){
		.iova = miss->addr,
		.perm = miss->perm,
		.type = VHOST_IOTLB_MISS,
	};
}

static size_t message_size(const struct vhn_dev *dev)
{
	bool v2 = READ_ONCE(dev->backend_features) & BIT_ULL(VHOST_BACKEND_F_IOTLB_MSG_V2);

	return v2 ? sizeof(struct vhost_msg_v2) : sizeof(struct vhost_msg);
}

static ssize_t put_miss(const struct vhn_miss *miss, size_t size, struct iov_iter *to)
{
	struct vhost_msg_v2 v2 = { .type = VHOST_IOTLB_MSG_V2 };
	struct vhost_msg v1 = { .type = VHOST_IOTLB_MSG };

	if (size == sizeof(v2)) {
		fill(&v2.iotlb, miss);
		return copy_to_iter(&v2, sizeof(v2), to) == sizeof(v2) ? sizeof(v2) : -EFAULT;
	}
	fill(&v1.iotlb, miss);
	return copy_to_iter(&v1, sizeof(v1), to) == sizeof(v1) ? sizeof(v1) : -EFAULT;
}

/* 1: a question; -EBADFD: there will be none; 0: not yet. */
static int look(struct vhn_iotlb *t, struct vhn_miss *miss)
{
	if (vhn_iotlb_next_miss(t, miss))
		return 1;
	return vhn_iotlb_is_on(t) ? 0 : -EBADFD;
}

static int wait_for_miss(struct vhn_iotlb *t, struct vhn_miss *miss)
{
	int seen = 0;
	int err;

	err = wait_event_interruptible(*vhn_iotlb_readers(t), (seen = look(t, miss)));
	return err ?: min(seen, 0);
}

/**
 * vhn_iotlb_read() - the next question
 * @iocb: of the file
 * @to: room for it
 *
 * Context: process, may sleep; no lock held.
 *
 * Return: bytes of a message, 0 if there is no room for one, -EAGAIN when it would have
 * to wait, -EBADFD when the guest has no IOMMU, -ERESTARTSYS, -EFAULT.
 */
ssize_t vhn_iotlb_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct vhn_dev *dev = file->private_data;
	size_t size = message_size(dev);
	struct vhn_miss miss;
	int err = 0;

	if (iov_iter_count(to) < size)
		return 0;
	if (!(file->f_flags & O_NONBLOCK))
		err = wait_for_miss(dev->iotlb, &miss);
	else if (!vhn_iotlb_next_miss(dev->iotlb, &miss))
		err = -EAGAIN;
	return err ?: put_miss(&miss, size, to);
}

/* What was found before is used no more when this returns. */
static void forget(struct vhn_dev *dev)
{
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];

		mutex_lock(&q->mutex);
		if (q->ring.iotlb)
			vhn_queue_place(q, true);
		mutex_unlock(&q->mutex);
	}
}

static int update(struct vhn_dev *dev, const struct vhost_iotlb_msg *msg)
{
	unsigned long answered = 0;
	int err, i;

	err = vhn_iotlb_update(dev->iotlb, msg, &answered);
	if (err)
		return err;
	forget(dev);
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];

		if (answered & BIT(i))
			vhn_attachment_queue(&q->attachment, &q->work);
	}
	return 0;
}

static int invalidate(struct vhn_dev *dev, const struct vhost_iotlb_msg *msg)
{
	int err = vhn_iotlb_invalidate(dev->iotlb, msg);

	if (!err)
		forget(dev);
	return err;
}

/* Where the owner's memory is concerned, nobody else has a say. */
static int handle(struct vhn_dev *dev, const struct vhost_iotlb_msg *msg)
{
	lockdep_assert_held(&dev->mutex);
	if (!vhn_iotlb_is_on(dev->iotlb))
		return -EFAULT;
	if (vhn_dev_check_owner(dev))
		return -EPERM;
	switch (msg->type) {
	case VHOST_IOTLB_UPDATE:
		return update(dev, msg);
	case VHOST_IOTLB_INVALIDATE:
		return invalidate(dev, msg);
	default:
		return -EFAULT;
	}
}

/**
 * vhn_iotlb_write() - the owner says where an address leads, or that it does no more
 * @iocb: of the file
 * @from: a message
 *
 * Context: process, may sleep; takes the device's mutex and each queue's.
 *
 * Return: bytes of the message, -EINVAL for what is none, -EFAULT, -EPERM, -ENOMEM.
 */
ssize_t vhn_iotlb_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct vhn_dev *dev = iocb->ki_filp->private_data;
	struct vhost_iotlb_msg msg;
	size_t offset, size;
	int type, err;

	if (copy_from_iter(&type, sizeof(type), from) != sizeof(type))
		return -EINVAL;
	switch (type) {
	case VHOST_IOTLB_MSG:
		offset = offsetof(struct vhost_msg, iotlb);
		size = sizeof(struct vhost_msg);
		break;
	case VHOST_IOTLB_MSG_V2:
		offset = offsetof(struct vhost_msg_v2, iotlb);
		size = sizeof(struct vhost_msg_v2);
		break;
	default:
		return -EINVAL;
	}
	iov_iter_advance(from, offset - sizeof(type));
	if (copy_from_iter(&msg, sizeof(msg), from) != sizeof(msg))
		return -EINVAL;

	vhn_dev_lock(dev);
	err = handle(dev, &msg);
	vhn_dev_unlock(dev);
	return err ?: size;
}

/**
 * vhn_iotlb_poll() - is there a question?
 * @file: the file
 * @table: to wait with
 *
 * Context: process.
 *
 * Return: EPOLLIN when there is.
 */
__poll_t vhn_iotlb_poll(struct file *file, poll_table *table)
{
	struct vhn_dev *dev = file->private_data;

	poll_wait(file, vhn_iotlb_readers(dev->iotlb), table);
	return vhn_iotlb_next_miss(dev->iotlb, NULL) ? EPOLLIN | EPOLLRDNORM : 0;
}
