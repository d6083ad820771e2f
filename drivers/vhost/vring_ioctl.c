// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of linux/vhost.h, what concerns one vring: where it is, how far it has come,
 * and its eventfds.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vhost.h>

#include "queue.h"

static int put_state(const struct vhn_queue *q, void __user *arg, u32 num)
{
	struct vhost_vring_state s = { .index = q->index, .num = num };

	return copy_to_user(arg, &s, sizeof(s)) ? -EFAULT : 0;
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
	WRITE_ONCE(q->size, s.num);
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
	u32 base = q->ring.last_avail;

	if (q->ring.packed)
		base |= (u32)q->ring.last_used << 16;
	return put_state(q, arg, base);
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
	struct vhn_log log = q->log;
	struct vhost_vring_addr a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.flags & ~BIT(VHOST_VRING_F_LOG))
		return -EOPNOTSUPP;
	if (a.desc_user_addr > ULONG_MAX || a.avail_user_addr > ULONG_MAX ||
	    a.used_user_addr > ULONG_MAX)
		return -EFAULT;
	if (!aligned(&ring, &a) || !IS_ALIGNED(a.log_guest_addr, VRING_USED_ALIGN_SIZE))
		return -EINVAL;

	ring.desc = (struct vring_desc __user *)(unsigned long)a.desc_user_addr;
	ring.avail = (struct vring_avail __user *)(unsigned long)a.avail_user_addr;
	ring.used = (struct vring_used __user *)(unsigned long)a.used_user_addr;
	log.ring = a.flags & BIT(VHOST_VRING_F_LOG);
	log.ring_addr = a.log_guest_addr;
	/* While the size is not set it is checked when the back end comes; with an IOMMU it
	 * is where it is looked up.
	 */
	if (q->sock && !((ring.iotlb || vhn_vring_accessible(&ring)) &&
			 vhn_log_accessible(&log, q->mem, &ring)))
		return -EINVAL;
	q->place = (struct vhn_ring_place){
		.desc = a.desc_user_addr,
		.avail = a.avail_user_addr,
		.used = a.used_user_addr,
	};
	q->log = log;
	vhn_queue_place(q, ring.iotlb);
	/* What is where it was found is looked up again. */
	if (q->sock && ring.iotlb)
		vhn_attachment_queue(&q->attachment, &q->work);
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

static int set_spin(struct vhn_queue *q, void __user *arg)
{
	struct vhost_vring_state s;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	q->spin_usecs = s.num;
	return 0;
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
		return put_state(q, arg, VHOST_VRING_LITTLE_ENDIAN);
	case VHOST_SET_VRING_BUSYLOOP_TIMEOUT:
		return set_spin(q, arg);
	case VHOST_GET_VRING_BUSYLOOP_TIMEOUT:
		return put_state(q, arg, q->spin_usecs);
	default:
		return -ENOIOCTLCMD;
	}
}

/**
 * vhn_vring_ioctl() - the part of the vhost ABI that names a vring
 * @dev: the device; the caller is its owner
 * @cmd: VHOST_*
 * @arg: argument in user space, which begins with the vring's number
 *
 * Context: process, may sleep; the device's mutex held.
 *
 * Return: 0 or the errno that the same call has always had with vhost-net.
 */
long vhn_vring_ioctl(struct vhn_dev *dev, unsigned int cmd, void __user *arg)
{
	struct vhn_queue *q;
	u32 index;
	int err;

	lockdep_assert_held(&dev->mutex);
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
