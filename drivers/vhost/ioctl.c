// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of linux/vhost.h for two virtqueues. Everything here runs under the
 * device's mutex and may wait for the worker; what may not is in coal_ioctl.c.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_net_coal.h>

#include "mem.h"
#include "queue.h"

#define COAL_FEATURES (BIT_ULL(VIRTIO_NET_F_NOTF_COAL) | BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL))

/* Nothing is offered that is not carried out (FEAT-D1). */
#define VHN_FEATURES (BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | \
		      BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | BIT_ULL(VIRTIO_F_RING_PACKED) | \
		      BIT_ULL(VIRTIO_F_IN_ORDER) | BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) | \
		      BIT_ULL(VHOST_NET_F_VIRTIO_NET_HDR) | BIT_ULL(VIRTIO_NET_F_HASH_REPORT) | \
		      COAL_FEATURES)

#define VHN_BACKEND_FEATURES BIT_ULL(VHN_BACKEND_F_COAL)

/*
 * The owner is a process, or rather its memory: whoever else has the file may not act
 * on it, and nobody may once that process is gone.
 */
static int check_owner(const struct vhn_dev *dev)
{
	return dev->worker.mm && dev->worker.mm == current->mm ? 0 : -EPERM;
}

static int set_owner(struct vhn_dev *dev)
{
	int err;

	if (dev->worker.task)
		return -EBUSY;

	dev->iov = kvmalloc_array(VHN_MAX_IOV, sizeof(*dev->iov), GFP_KERNEL_ACCOUNT);
	if (!dev->iov)
		return -ENOMEM;
	err = -ENOMEM;
	dev->used = kvmalloc_array(VHN_MAX_IOV, sizeof(*dev->used), GFP_KERNEL_ACCOUNT);
	if (!dev->used)
		goto free_iov;
	dev->tx = vhn_tx_batch_alloc();
	if (!dev->tx)
		goto free_used;
	err = vhn_worker_start(&dev->worker);
	if (err)
		goto free_tx;
	return 0;

free_tx:
	vhn_tx_batch_free(dev->tx);
	dev->tx = NULL;
free_used:
	kvfree(dev->used);
	dev->used = NULL;
free_iov:
	kvfree(dev->iov);
	dev->iov = NULL;
	return err;
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
			q->broken = false;
			vhn_worker_queue(&dev->worker, &q->work);
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
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_queue_stop(&dev->queues[i]);
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_poll_stop(&dev->queues[i].kick_poll);
	vhn_worker_stop(&dev->worker);
	for (i = 0; i < VHN_NR_VRINGS; i++)
		vhn_queue_reset(&dev->queues[i]);

	vhn_tx_batch_free(dev->tx);
	dev->tx = NULL;
	kvfree(dev->used);
	dev->used = NULL;
	kvfree(dev->iov);
	dev->iov = NULL;
}

static int reset_owner(struct vhn_dev *dev)
{
	struct vhn_mem *mem;

	if (check_owner(dev))
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

/* The layout of a ring cannot change while the worker is in it. */
static bool changes_running_ring(const struct vhn_dev *dev, bool packed)
{
	int i;

	for (i = 0; i < VHN_NR_VRINGS; i++)
		if (dev->queues[i].sock && dev->queues[i].ring.packed != packed)
			return true;
	return false;
}

static int set_features(struct vhn_dev *dev, const u64 __user *arg)
{
	u64 features;
	bool packed;
	u32 hlen;
	int i;

	if (copy_from_user(&features, arg, sizeof(features)))
		return -EFAULT;
	if (features & ~VHN_FEATURES)
		return -EOPNOTSUPP;
	/* Without VERSION_1 the ring has the guest's byte order; here that is ours. */
	if (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) && !(features & BIT_ULL(VIRTIO_F_VERSION_1)))
		return -EOPNOTSUPP;

	packed = features & BIT_ULL(VIRTIO_F_RING_PACKED);
	if (changes_running_ring(dev, packed))
		return -EBUSY;

	hlen = header_length(features);
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		struct vhn_queue *q = &dev->queues[i];
		bool own = features & BIT_ULL(VHOST_NET_F_VIRTIO_NET_HDR);

		mutex_lock(&q->mutex);
		q->features = features;
		q->vhost_hlen = own ? hlen : 0;
		q->sock_hlen = own ? 0 : hlen;
		q->ring.packed = packed;
		q->ring.event_idx = features & BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
		q->ring.indirect = features & BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC);
		mutex_unlock(&q->mutex);
		vhn_notify_set_guest(&q->notify, features & COAL_FEATURES);
	}
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
	struct vhn_mem *mem = vhn_mem_from_user(arg);
	int i;

	if (IS_ERR(mem))
		return PTR_ERR(mem);
	for (i = 0; i < VHN_NR_VRINGS; i++) {
		if (mem->partial && dev->queues[i].sock) {
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

	if (copy_from_user(&backend, arg, sizeof(backend)))
		return -EFAULT;
	if (check_owner(dev))
		return -EPERM;
	if (backend.index >= VHN_NR_VRINGS)
		return -ENOBUFS;
	backend.index = array_index_nospec(backend.index, VHN_NR_VRINGS);
	return vhn_queue_set_backend(&dev->queues[backend.index], backend.fd);
}

static int set_num(struct vhn_queue *q, void __user *arg)
{
	struct vhost_vring_state s;

	if (q->sock)
		return -EBUSY;
	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	if (!s.num || s.num > VHN_MAX_RING || (!q->ring.packed && !is_power_of_2(s.num)))
		return -EINVAL;
	q->ring.num = s.num;
	return 0;
}

/*
 * A split ring's base is its available index; the used index stands in the ring. That
 * of a packed ring has both in its halves, each a slot and, in its highest bit, the
 * wrap counter. Whether the ring has such a slot is seen when the back end comes.
 */
static int set_base(struct vhn_queue *q, void __user *arg)
{
	struct vhost_vring_state s;

	if (q->sock)
		return -EBUSY;
	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	if (q->ring.packed)
		q->ring.last_used = s.num >> 16;
	else if (s.num > 0xffff)
		return -EINVAL;
	q->ring.last_avail = s.num;
	q->ring.avail_idx = s.num;
	q->ring.signalled_valid = false;
	return 0;
}

static int get_base(struct vhn_queue *q, void __user *arg)
{
	struct vhost_vring_state s = { .index = q->index, .num = q->ring.last_avail };

	if (q->ring.packed)
		s.num |= (u32)q->ring.last_used << 16;
	return copy_to_user(arg, &s, sizeof(s)) ? -EFAULT : 0;
}

/* Each part where its layout wants it. */
static bool aligned(const struct vhn_vring *ring, const struct vhost_vring_addr *a)
{
	const u32 event = sizeof(struct vring_packed_desc_event);

	if (ring->packed)
		return IS_ALIGNED(a->desc_user_addr, sizeof(struct vring_packed_desc)) &&
		       IS_ALIGNED(a->avail_user_addr, event) &&
		       IS_ALIGNED(a->used_user_addr, event);
	return IS_ALIGNED(a->avail_user_addr, VRING_AVAIL_ALIGN_SIZE) &&
	       IS_ALIGNED(a->used_user_addr, VRING_USED_ALIGN_SIZE);
}

static int set_addr(struct vhn_queue *q, void __user *arg)
{
	struct vhn_vring ring = q->ring;
	struct vhost_vring_addr a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	/* The only flag there is asks for the dirty log. */
	if (a.flags)
		return -EOPNOTSUPP;
	if (a.desc_user_addr > ULONG_MAX || a.avail_user_addr > ULONG_MAX ||
	    a.used_user_addr > ULONG_MAX)
		return -EFAULT;
	if (!aligned(&ring, &a) || !IS_ALIGNED(a.log_guest_addr, VRING_USED_ALIGN_SIZE))
		return -EINVAL;

	ring.desc = (struct vring_desc __user *)(unsigned long)a.desc_user_addr;
	ring.avail = (struct vring_avail __user *)(unsigned long)a.avail_user_addr;
	ring.used = (struct vring_used __user *)(unsigned long)a.used_user_addr;
	/* While the size is not set it is checked when the back end comes. */
	if (q->sock && !vhn_vring_accessible(&ring))
		return -EINVAL;
	q->ring = ring;
	return 0;
}

static int set_kick(struct vhn_queue *q, void __user *arg)
{
	struct vhost_vring_file f;
	struct file *file = NULL;
	int err;

	if (copy_from_user(&f, arg, sizeof(f)))
		return -EFAULT;
	if (f.fd != VHOST_FILE_UNBIND)
		file = eventfd_fget(f.fd);
	if (IS_ERR(file))
		return PTR_ERR(file);

	vhn_poll_stop(&q->kick_poll);
	/* A kick sent before counts: the poll sees the eventfd's value. */
	err = file ? vhn_poll_start(&q->kick_poll, file) : 0;
	if (!err)
		swap(file, q->kick);
	else if (q->kick)
		vhn_poll_start(&q->kick_poll, q->kick);
	if (file)
		fput(file);
	return err;
}

static int swap_eventfd(struct eventfd_ctx **where, void __user *arg)
{
	struct eventfd_ctx *ctx = NULL;
	struct vhost_vring_file f;

	if (copy_from_user(&f, arg, sizeof(f)))
		return -EFAULT;
	if (f.fd != VHOST_FILE_UNBIND)
		ctx = eventfd_ctx_fdget(f.fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);

	swap(ctx, *where);
	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
}

static int set_call(struct vhn_queue *q, void __user *arg)
{
	int err = swap_eventfd(&q->notify.call, arg);

	/* Whoever listens now has not seen what was signalled before. */
	if (!err)
		q->ring.signalled_valid = false;
	return err;
}

static int set_endian(struct vhn_queue *q, void __user *arg)
{
	struct vhost_vring_state s;

	if (q->sock)
		return -EBUSY;
	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	return s.num == VHOST_VRING_LITTLE_ENDIAN ? 0 : -EINVAL;
}

static int get_endian(struct vhn_queue *q, void __user *arg)
{
	struct vhost_vring_state s = { .index = q->index, .num = VHOST_VRING_LITTLE_ENDIAN };

	return copy_to_user(arg, &s, sizeof(s)) ? -EFAULT : 0;
}

static int vring_locked(struct vhn_queue *q, unsigned int cmd, void __user *arg)
{
	lockdep_assert_held(&q->mutex);

	switch (cmd) {
	case VHOST_SET_VRING_NUM:
		return set_num(q, arg);
	case VHOST_SET_VRING_BASE:
		return set_base(q, arg);
	case VHOST_GET_VRING_BASE:
		return get_base(q, arg);
	case VHOST_SET_VRING_ADDR:
		return set_addr(q, arg);
	case VHOST_SET_VRING_KICK:
		return set_kick(q, arg);
	case VHOST_SET_VRING_CALL:
		return set_call(q, arg);
	case VHOST_SET_VRING_ERR:
		return swap_eventfd(&q->error, arg);
	case VHOST_SET_VRING_ENDIAN:
		return set_endian(q, arg);
	case VHOST_GET_VRING_ENDIAN:
		return get_endian(q, arg);
	default:
		return -ENOIOCTLCMD;
	}
}

static int vring_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg)
{
	struct vhn_queue *q;
	u32 index;
	int err;

	if (get_user(index, (u32 __user *)arg))
		return -EFAULT;
	if (index >= VHN_NR_VRINGS)
		return -ENOBUFS;
	q = &dev->queues[array_index_nospec(index, VHN_NR_VRINGS)];

	/* Held notifications belong to who listens now, and to the state exported. */
	if (q->sock && (cmd == VHOST_SET_VRING_CALL || cmd == VHOST_GET_VRING_BASE))
		vhn_notify_flush_wait(&q->notify);

	mutex_lock(&q->mutex);
	err = vring_locked(q, cmd, arg);
	mutex_unlock(&q->mutex);
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
	}

	if (check_owner(dev))
		return -EPERM;
	if (cmd == VHOST_SET_MEM_TABLE)
		return set_mem_table(dev, arg);
	return vring_ioctl(dev, cmd, arg);
}
