// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of a guest's IOMMU. Ranges are kept by the kernel's own vhost_iotlb; an
 * owner can have no more of them than MOST_RANGES, the oldest of which go first.
 */
#include <linux/bitops.h>
#include <linux/overflow.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/vhost_iotlb.h>
#include <linux/vhost_net_coal.h>
#include <linux/wait.h>

#include "iotlb.h"

#define MOST_RANGES	2048

/**
 * struct vhn_iotlb - what is known
 * @lock: innermost; protects @map and @misses
 * @map: where addresses lead; NULL: the guest has no IOMMU
 * @misses: what is not known, by vring
 * @readers: wait for a miss
 */
struct vhn_iotlb {
	spinlock_t lock;	/* map and misses */
	struct vhost_iotlb *map;
	struct vhn_miss misses[VHN_NR_VRINGS];
	wait_queue_head_t readers;
};

/**
 * vhn_iotlb_alloc() - no IOMMU
 *
 * Context: process, may sleep.
 *
 * Return: what a file has, or NULL.
 */
struct vhn_iotlb *vhn_iotlb_alloc(void)
{
	struct vhn_iotlb *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	spin_lock_init(&t->lock);
	init_waitqueue_head(&t->readers);
	return t;
}

static void exchange(struct vhn_iotlb *t, struct vhost_iotlb *map)
{
	spin_lock(&t->lock);
	map = xchg(&t->map, map);
	memset(t->misses, 0, sizeof(t->misses));
	spin_unlock(&t->lock);
	if (map)
		vhost_iotlb_free(map);
	/* Whoever waits for a miss may have none to wait for any more. */
	wake_up_interruptible_all(&t->readers);
}

/**
 * vhn_iotlb_renew() - an IOMMU of which nothing is known
 * @t: what was known before is forgotten
 *
 * Context: process, may sleep.
 *
 * Return: 0, or -ENOMEM: nothing has changed.
 */
int vhn_iotlb_renew(struct vhn_iotlb *t)
{
	struct vhost_iotlb *map = vhost_iotlb_alloc(MOST_RANGES, VHOST_IOTLB_FLAG_RETIRE);

	if (!map)
		return -ENOMEM;
	exchange(t, map);
	return 0;
}

/**
 * vhn_iotlb_stop() - no IOMMU any more
 * @t: may have none
 *
 * Context: process, may sleep; no queue uses it.
 */
void vhn_iotlb_stop(struct vhn_iotlb *t)
{
	exchange(t, NULL);
}

/**
 * vhn_iotlb_free() - the file is closed
 * @t: has no IOMMU; may be NULL
 */
void vhn_iotlb_free(struct vhn_iotlb *t)
{
	kfree(t);
}

/**
 * vhn_iotlb_is_on() - does the guest have an IOMMU?
 * @t: what is known
 *
 * Context: any; what it says may change unless the device's mutex is held.
 *
 * Return: true when it does.
 */
bool vhn_iotlb_is_on(const struct vhn_iotlb *t)
{
	return READ_ONCE(t->map);
}

/**
 * vhn_iotlb_readers() - who waits for a miss
 * @t: what is known
 *
 * Return: where to wait.
 */
struct wait_queue_head *vhn_iotlb_readers(struct vhn_iotlb *t)
{
	return &t->readers;
}

/* Where one address leads, and for how many bytes. */
static int find(struct vhn_iotlb *t, u64 addr, u8 perm, u64 *user, u64 *bytes)
{
	const struct vhost_iotlb_map *found = NULL;
	int err = 0;

	spin_lock(&t->lock);
	if (t->map)
		found = vhost_iotlb_itree_first(t->map, addr, addr);
	if (!found) {
		err = -ENODATA;
	} else if ((found->perm & perm) != perm) {
		err = -EPERM;
	} else {
		*user = found->addr + (addr - found->start);
		*bytes = found->last - addr + 1;
	}
	spin_unlock(&t->lock);
	return err;
}

/**
 * vhn_iotlb_translate() - find the user memory behind a guest buffer
 * @t: what is known
 * @addr: guest address
 * @len: bytes, not 0
 * @perm: VHOST_ACCESS_*, how it is to be accessed
 * @iov: filled with one element for each range the buffer touches
 * @room: elements in @iov
 * @missed: the address that is not known, with -ENODATA
 *
 * Context: worker, queue mutex held: what is found is good until that is released.
 *
 * Return: elements filled, -ENODATA, -EPERM for memory that may not be accessed so,
 * -EFAULT for a buffer that wraps, -ENOBUFS when @iov is too small.
 */
int vhn_iotlb_translate(struct vhn_iotlb *t, u64 addr, u32 len, u8 perm, struct iovec *iov,
			unsigned int room, u64 *missed)
{
	unsigned int n = 0;

	if (unlikely(addr + len - 1 < addr))
		return -EFAULT;
	while (len) {
		u64 user, bytes;
		int err;

		err = find(t, addr, perm, &user, &bytes);
		if (err) {
			*missed = addr;
			return err;
		}
		if (unlikely(n == room))
			return -ENOBUFS;
		bytes = min_t(u64, len, bytes);
		iov[n].iov_base = (void __user *)(unsigned long)user;
		iov[n].iov_len = bytes;
		n++;
		addr += bytes;
		len -= bytes;
	}
	return n;
}

/**
 * vhn_iotlb_area() - find a part of a ring
 * @t: what is known
 * @addr: guest address
 * @size: bytes, not 0
 * @perm: VHOST_ACCESS_*
 * @area: where it is for the owner
 * @missed: the address that is not known, with -ENODATA
 *
 * It may be known in pieces, but not be in pieces: drivers have it in one. Context:
 * process, queue mutex held.
 *
 * Return: 0, -ENODATA, -EPERM or -EFAULT.
 */
int vhn_iotlb_area(struct vhn_iotlb *t, u64 addr, size_t size, u8 perm, void __user **area,
		   u64 *missed)
{
	u64 begin = 0, done = 0;

	if (addr + size - 1 < addr)
		return -EFAULT;
	while (done < size) {
		u64 user, bytes;
		int err;

		err = find(t, addr + done, perm, &user, &bytes);
		if (err) {
			*missed = addr + done;
			return err;
		}
		if (!done)
			begin = user;
		else if (user != begin + done)
			return -EFAULT;
		done += min_t(u64, size - done, bytes);
	}
	*area = (void __user *)(unsigned long)begin;
	return 0;
}

/**
 * vhn_iotlb_ask() - ask the owner where an address leads
 * @t: what is known
 * @vring: who asks, VHN_VRING_*; what it asked before is no longer of interest
 * @addr: guest address
 * @perm: VHOST_ACCESS_*
 *
 * Context: worker.
 */
void vhn_iotlb_ask(struct vhn_iotlb *t, u32 vring, u64 addr, u8 perm)
{
	spin_lock(&t->lock);
	t->misses[vring] = (struct vhn_miss){
		.addr = addr,
		.perm = perm,
		.open = true,
		.unread = true,
	};
	spin_unlock(&t->lock);
	wake_up_interruptible_poll(&t->readers, EPOLLIN | EPOLLRDNORM);
}

/**
 * vhn_iotlb_next_miss() - take a question to the owner
 * @t: what is known
 * @miss: filled in; NULL: it is left there
 *
 * Return: false when there is none.
 */
bool vhn_iotlb_next_miss(struct vhn_iotlb *t, struct vhn_miss *miss)
{
	bool found = false;
	u32 i;

	spin_lock(&t->lock);
	for (i = 0; i < VHN_NR_VRINGS && !found; i++) {
		found = t->misses[i].unread;
		if (found && miss) {
			t->misses[i].unread = false;
			*miss = t->misses[i];
		}
	}
	spin_unlock(&t->lock);
	return found;
}

/* The range that a message is about: as many bytes as there are, and not none. */
static int range(const struct vhost_iotlb_msg *msg, u64 *last)
{
	*last = msg->iova + msg->size - 1;
	return msg->size && *last >= msg->iova ? 0 : -EINVAL;
}

/**
 * vhn_iotlb_update() - VHOST_IOTLB_UPDATE
 * @t: what is known
 * @msg: what is to be known as well
 * @answered: bit for each vring that has waited for it
 *
 * Context: process, in the owner's memory.
 *
 * Return: 0, -EINVAL for a range that is none, -EFAULT for memory that is not the
 * owner's or without an IOMMU, -ENOMEM.
 */
int vhn_iotlb_update(struct vhn_iotlb *t, const struct vhost_iotlb_msg *msg,
		     unsigned long *answered)
{
	u64 last, end;
	int err;
	u32 i;

	err = range(msg, &last);
	if (err)
		return err;
	if (check_add_overflow(msg->uaddr, msg->size, &end) || end > ULONG_MAX ||
	    !access_ok((void __user *)(unsigned long)msg->uaddr, msg->size))
		return -EFAULT;

	spin_lock(&t->lock);
	err = -EFAULT;
	if (t->map) {
		/* An address leads to one place. */
		vhost_iotlb_del_range(t->map, msg->iova, last);
		err = vhost_iotlb_add_range(t->map, msg->iova, last, msg->uaddr, msg->perm);
	}
	for (i = 0; !err && i < VHN_NR_VRINGS; i++) {
		struct vhn_miss *miss = &t->misses[i];

		if (!miss->open || miss->addr < msg->iova || miss->addr > last)
			continue;
		*miss = (struct vhn_miss){};
		__set_bit(i, answered);
	}
	spin_unlock(&t->lock);
	return err;
}

/**
 * vhn_iotlb_invalidate() - VHOST_IOTLB_INVALIDATE
 * @t: what is known
 * @msg: what is to be known no more
 *
 * What was found before may still be in use: the caller waits for each queue. Context:
 * process.
 *
 * Return: 0, -EINVAL for a range that is none, -EFAULT without an IOMMU.
 */
int vhn_iotlb_invalidate(struct vhn_iotlb *t, const struct vhost_iotlb_msg *msg)
{
	u64 last;
	int err;

	err = range(msg, &last);
	if (err)
		return err;
	spin_lock(&t->lock);
	if (t->map)
		vhost_iotlb_del_range(t->map, msg->iova, last);
	else
		err = -EFAULT;
	spin_unlock(&t->lock);
	return err;
}
