// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of linux/vhost.h, what concerns the dirty log. Where a queue runs, what it is to
 * note has its place in the bitmap, or the call is refused and nothing changes.
 */
#include <linux/eventfd.h>
#include <linux/uaccess.h>
#include <linux/vhost.h>

#include "mem.h"
#include "queue.h"

/**
 * vhn_log_accepts() - may a queue log like this?
 * @q: the queue
 * @log: what it is to log, and where
 * @mem: memory table it is to use
 *
 * Context: process, may sleep; the device's mutex held, no queue's.
 *
 * Return: false where it runs and the bitmap is not in user space.
 */
bool vhn_log_accepts(struct vhn_queue *q, const struct vhn_log *log, const struct vhn_mem *mem)
{
	bool ok;

	mutex_lock(&q->mutex);
	ok = !q->sock || vhn_log_accessible(log, mem, &q->ring);
	mutex_unlock(&q->mutex);
	return ok;
}

/**
 * vhn_log_accepts_features() - may the queues log what these features ask for?
 * @dev: the device
 * @features: to be acknowledged
 *
 * Context: process, may sleep; the device's mutex held.
 *
 * Return: false where one may not.
 */
bool vhn_log_accepts_features(struct vhn_dev *dev, u64 features)
{
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_log log = dev->queues[i].log;

		log.buffers = features & BIT_ULL(VHOST_F_LOG_ALL);
		if (!vhn_log_accepts(&dev->queues[i], &log, dev->mem))
			return false;
	}
	return true;
}

/**
 * vhn_log_set_base() - VHOST_SET_LOG_BASE
 * @dev: the device
 * @arg: address of the bitmap, in user space
 *
 * Context: process, may sleep; the device's mutex held.
 *
 * Return: 0 or -EFAULT.
 */
int vhn_log_set_base(struct vhn_dev *dev, const u64 __user *arg)
{
	u64 base;
	int i;

	if (copy_from_user(&base, arg, sizeof(base)))
		return -EFAULT;
	if (base > ULONG_MAX)
		return -EFAULT;
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_log log = dev->queues[i].log;

		log.base = (u8 __user *)(unsigned long)base;
		if (!vhn_log_accepts(&dev->queues[i], &log, dev->mem))
			return -EFAULT;
	}
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];

		mutex_lock(&q->mutex);
		q->log.base = (u8 __user *)(unsigned long)base;
		mutex_unlock(&q->mutex);
	}
	return 0;
}

/**
 * vhn_log_set_event() - who is told that something was logged
 * @dev: the device
 * @event: taken over; NULL: nobody
 *
 * Context: process, may sleep; the device's mutex held, or nobody else has the device.
 */
void vhn_log_set_event(struct vhn_dev *dev, struct eventfd_ctx *event)
{
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];

		mutex_lock(&q->mutex);
		q->log.event = event;
		mutex_unlock(&q->mutex);
	}
	swap(dev->log_event, event);
	if (event)
		eventfd_ctx_put(event);
}

/**
 * vhn_log_set_fd() - VHOST_SET_LOG_FD
 * @dev: the device
 * @arg: file descriptor of an eventfd or -1, in user space
 *
 * Context: process, may sleep; the device's mutex held.
 *
 * Return: 0, -EFAULT, or what is wrong with the descriptor.
 */
int vhn_log_set_fd(struct vhn_dev *dev, const int __user *arg)
{
	struct eventfd_ctx *event = NULL;
	int fd;

	if (copy_from_user(&fd, arg, sizeof(fd)))
		return -EFAULT;
	if (fd != VHOST_FILE_UNBIND)
		event = eventfd_ctx_fdget(fd);
	if (IS_ERR(event))
		return PTR_ERR(event);
	vhn_log_set_event(dev, event);
	return 0;
}
