// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of linux/vhost.h, what concerns the whole file; vring_ioctl.c has what
 * concerns one vring, worker_ioctl.c the workers. Everything here runs under the device's
 * mutex and may wait for a worker; what may not is in coal_ioctl.c.
 */
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vhost.h>
#include <linux/vhost_worker.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_net_coal.h>

#include "event.h"
#include "learn.h"
#include "mem.h"
#include "queue.h"
#include "registry.h"

#define COAL_FEATURES (BIT_ULL(VIRTIO_NET_F_NOTF_COAL) | BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL))

/* Nothing is offered that is not carried out (FEAT-D1). */
#define VHN_FEATURES (BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | \
		      BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | BIT_ULL(VIRTIO_F_RING_PACKED) | \
		      BIT_ULL(VIRTIO_F_IN_ORDER) | BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) | \
		      BIT_ULL(VHOST_NET_F_VIRTIO_NET_HDR) | BIT_ULL(VIRTIO_NET_F_HASH_REPORT) | \
		      BIT_ULL(VHOST_F_LOG_ALL) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) | \
		      COAL_FEATURES)

#define VHN_BACKEND_FEATURES \
	(BIT_ULL(VHN_BACKEND_F_COAL) | BIT_ULL(VHOST_BACKEND_F_IOTLB_MSG_V2))

/* As many as QEMU asks for when a guest's memory can grow. */
static unsigned short max_mem_regions = 509;
module_param(max_mem_regions, ushort, 0444);
MODULE_PARM_DESC(max_mem_regions, "regions that a memory table may have (default 509)");

/**
 * vhn_dev_lock() - begin a call of the vhost ABI
 * @dev: the device
 *
 * Context: process, may sleep.
 */
void vhn_dev_lock(struct vhn_dev *dev)
{
	mutex_lock(&dev->mutex);
	WRITE_ONCE(dev->called, true);
}

/**
 * vhn_dev_unlock() - end it
 * @dev: the device
 */
void vhn_dev_unlock(struct vhn_dev *dev)
{
	WRITE_ONCE(dev->called, false);
	mutex_unlock(&dev->mutex);
}

/**
 * vhn_dev_check_owner() - may the caller act on the device?
 * @dev: the device
 *
 * The owner is a process, or rather its memory: whoever else has the file may not act
 * on it, and nobody may once that process is gone. Context: process; the device's mutex
 * held.
 *
 * Return: 0 or -EPERM.
 */
int vhn_dev_check_owner(const struct vhn_dev *dev)
{
	return dev->owner && dev->owner == current->mm ? 0 : -EPERM;
}

static void free_queues(struct vhn_dev *dev)
{
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_queue_free(&dev->queues[i]);
}

static int alloc_queues(struct vhn_dev *dev)
{
	int err = 0;
	int i;

	for (i = 0; i < VHN_NR_VRINGS && !err; i++)
		err = vhn_queue_alloc(&dev->queues[i]);
	if (err)
		free_queues(dev);
	return err;
}

static int set_owner(struct vhn_dev *dev)
{
	int err, id;
	int i;

	if (dev->owner)
		return -EBUSY;

	err = alloc_queues(dev);
	if (err)
		return err;
	id = vhn_worker_pool_add(&dev->pool);
	if (id < 0) {
		free_queues(dev);
		return id;
	}
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_attachment_set(&dev->queues[i].attachment, &dev->pool, id);
	dev->owner = current->mm;
	vhn_file_own(vhn_file_of(dev));
	vhn_event_added(dev);
	return 0;
}

static void swap_mem(struct vhn_dev *dev, struct vhn_mem *mem)
{
	struct vhn_mem *old = dev->mem;
	int i;

	dev->mem = mem;
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];

		mutex_lock(&q->mutex);
		q->mem = mem;
		/* What was missing may be there now. */
		if (q->broken) {
			WRITE_ONCE(q->broken, false);
			vhn_attachment_queue(&q->attachment, &q->work);
		}
		mutex_unlock(&q->mutex);
	}
	vhn_mem_free(old);
}

/**
 * vhn_dev_disown() - stop everything and forget the owner
 * @dev: the device; may have no owner
 *
 * Context: process, may sleep; the device's mutex held, or nobody else has the device.
 */
void vhn_dev_disown(struct vhn_dev *dev)
{
	struct vhn_file *file = vhn_file_of(dev);
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_queue_stop(&dev->queues[i]);
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_poll_stop(&dev->queues[i].kick_poll);
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_attachment_clear(&dev->queues[i].attachment, &dev->pool);
	vhn_worker_pool_stop(&dev->pool);
	dev->owner = NULL;
	vhn_log_set_event(dev, NULL);
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_queue_reset(&dev->queues[i]);
	vhn_iotlb_stop(dev->iotlb);
	free_queues(dev);

	if (vhn_file_is_owned(file))
		vhn_event_removed(dev);
	vhn_file_disown(file);
}

static int reset_owner(struct vhn_dev *dev)
{
	struct vhn_mem *mem;

	if (vhn_dev_check_owner(dev))
		return -EPERM;
	/* Allocated first: afterwards nothing may fail. */
	mem = vhn_mem_empty();
	if (!mem)
		return -ENOMEM;
	vhn_dev_disown(dev);
	swap_mem(dev, mem);
	return 0;
}

static u32 header_length(u64 features)
{
	if (features & BIT_ULL(VIRTIO_NET_F_HASH_REPORT))
		return sizeof(struct virtio_net_hdr_v1_hash);
	if (features & (BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_NET_F_MRG_RXBUF)))
		return sizeof(struct virtio_net_hdr_mrg_rxbuf);
	return sizeof(struct virtio_net_hdr);
}

/* The layout of a ring cannot change while the worker is in it. Nor can its place become
 * one for the owner, which nobody has checked.
 */
static bool changes_running_ring(const struct vhn_dev *dev, bool packed, bool iotlb)
{
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++) {
		const struct vhn_queue *q = &dev->queues[i];

		if (q->sock && (q->ring.packed != packed || (q->ring.iotlb && !iotlb)))
			return true;
	}
	return false;
}

static int set_features(struct vhn_dev *dev, const u64 __user *arg)
{
	bool packed, iotlb, changed = false;
	u64 features;
	u32 hlen;
	int err;
	int i;

	if (copy_from_user(&features, arg, sizeof(features)))
		return -EFAULT;
	if (features & ~VHN_FEATURES)
		return -EOPNOTSUPP;
	/* Without VERSION_1 the ring has the guest's byte order; here that is ours. */
	if (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) && !(features & BIT_ULL(VIRTIO_F_VERSION_1)))
		return -EOPNOTSUPP;

	packed = features & BIT_ULL(VIRTIO_F_RING_PACKED);
	iotlb = features & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	if (changes_running_ring(dev, packed, iotlb))
		return -EBUSY;
	if (!vhn_log_accepts_features(dev, features))
		return -EFAULT;
	/* What was known of an IOMMU may have been another guest's. */
	err = iotlb ? vhn_iotlb_renew(dev->iotlb) : 0;
	if (err)
		return err;

	hlen = header_length(features);
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];
		bool own = features & BIT_ULL(VHOST_NET_F_VIRTIO_NET_HDR);

		mutex_lock(&q->mutex);
		WRITE_ONCE(q->features, features);
		q->vhost_hlen = own ? hlen : 0;
		q->sock_hlen = own ? 0 : hlen;
		q->log.buffers = features & BIT_ULL(VHOST_F_LOG_ALL);
		q->ring.packed = packed;
		q->ring.event_idx = features & BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
		q->ring.indirect = features & BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC);
		vhn_queue_place(q, iotlb);
		if (q->sock && iotlb)
			vhn_attachment_queue(&q->attachment, &q->work);
		mutex_unlock(&q->mutex);
		changed |= vhn_notify_set_guest(&q->notify, features & COAL_FEATURES);
	}
	if (!iotlb)
		vhn_iotlb_stop(dev->iotlb);
	if (changed)
		vhn_event_changed(dev, VHN_NL_SOURCE_GUEST);
	return 0;
}

static int set_backend_features(struct vhn_dev *dev, const u64 __user *arg)
{
	u64 features;

	if (copy_from_user(&features, arg, sizeof(features)))
		return -EFAULT;
	if (features & ~VHN_BACKEND_FEATURES)
		return -EOPNOTSUPP;
	WRITE_ONCE(dev->backend_features, features);
	return 0;
}

static int put_u64(u64 __user *arg, u64 value)
{
	return copy_to_user(arg, &value, sizeof(value)) ? -EFAULT : 0;
}

static int set_mem_table(struct vhn_dev *dev, void __user *arg)
{
	struct vhn_mem *mem = vhn_mem_from_user(arg, max_mem_regions);
	int i;

	if (IS_ERR(mem))
		return PTR_ERR(mem);
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];

		if ((mem->partial && q->sock) || !vhn_log_accepts(q, &q->log, mem)) {
			vhn_mem_free(mem);
			return -EFAULT;
		}
	}
	swap_mem(dev, mem);
	return 0;
}

static int set_backend(struct vhn_dev *dev, void __user *arg)
{
	struct vhost_vring_file backend;
	struct vhn_queue *q;
	int err;

	if (copy_from_user(&backend, arg, sizeof(backend)))
		return -EFAULT;
	if (vhn_dev_check_owner(dev))
		return -EPERM;
	if (backend.index >= VHN_NR_VRINGS)
		return -ENOBUFS;
	backend.index = array_index_nospec(backend.index, VHN_NR_VRINGS);
	q = &dev->queues[backend.index];
	err = vhn_queue_set_backend(q, backend.fd);
	if (!err && q->sock)
		vhn_learn_interface(dev, q->sock->file);
	return err;
}

/**
 * vhn_ioctl() - the vhost ABI
 * @dev: the device
 * @cmd: VHOST_*
 * @arg: argument in user space
 *
 * Context: process, may sleep; the device's mutex held.
 *
 * Return: 0 or the errno that the same call has always had with vhost-net.
 */
long vhn_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg)
{
	lockdep_assert_held(&dev->mutex);

	switch (cmd) {
	case VHOST_GET_FEATURES:
		return put_u64(arg, VHN_FEATURES);
	case VHOST_SET_FEATURES:
		return set_features(dev, arg);
	case VHOST_GET_BACKEND_FEATURES:
		return put_u64(arg, VHN_BACKEND_FEATURES);
	case VHOST_SET_BACKEND_FEATURES:
		return set_backend_features(dev, arg);
	case VHOST_SET_OWNER:
		return set_owner(dev);
	case VHOST_RESET_OWNER:
		return reset_owner(dev);
	case VHOST_NET_SET_BACKEND:
		return set_backend(dev, arg);
	case VHOST_NEW_WORKER:
	case VHOST_FREE_WORKER:
	case VHOST_ATTACH_VRING_WORKER:
	case VHOST_GET_VRING_WORKER:
		return vhn_worker_ioctl(dev, cmd, arg);
	}

	if (vhn_dev_check_owner(dev))
		return -EPERM;
	switch (cmd) {
	case VHOST_SET_MEM_TABLE:
		return set_mem_table(dev, arg);
	case VHOST_SET_LOG_BASE:
		return vhn_log_set_base(dev, arg);
	case VHOST_SET_LOG_FD:
		return vhn_log_set_fd(dev, arg);
	default:
		return vhn_vring_ioctl(dev, cmd, arg);
	}
}
